"""The archive for users of llama-index: the collection opens with their own classes, and our search is a retriever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import NodeWithScore
from llama_index.vector_stores.chroma import ChromaVectorStore
from newsroom import Newsroom, question, story

from index.archive import Archive
from index.articles import article_id
from index.search.llama import ArchiveEmbedding, ArchiveRetriever

pytestmark = pytest.mark.chroma


@pytest.fixture
def archive(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("NEWSDESK_CHROMA__TEXT", "true")
    newsroom.fill(range(12))
    archive = Archive(newsroom.archive)
    yield archive
    archive.close()


def is_about(newsroom: Newsroom, found: NodeWithScore, number: int) -> bool:
    return found.node.metadata["article_id"] == article_id(
        str(newsroom.path(number))
    ) and found.node.get_content() in story(number, 1)


@pytest.mark.slow
def test_plain_llama_index_retrieves_nodes_whose_text_and_metadata_make_sense(
    newsroom: Newsroom, archive: Archive
) -> None:
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.generation()
        passages = set(snapshot.all_passage_ids())
    assert generation is not None
    with newsroom.collection(generation.name) as collection:
        store = ChromaVectorStore(chroma_collection=collection)
        index = VectorStoreIndex.from_vector_store(store, embed_model=ArchiveEmbedding(newsroom.embedder))
        found = index.as_retriever(similarity_top_k=4).retrieve(question(7))
        found_async = asyncio.run(index.as_retriever(similarity_top_k=4).aretrieve(question(7)))
    assert len(found) == 4
    assert is_about(newsroom, found[0], 7)
    assert is_about(newsroom, found[1], 7)
    assert {item.node.node_id for item in found} <= passages
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert [item.node.node_id for item in found_async] == [item.node.node_id for item in found]
    # Others reading a published generation must not harm it.
    newsroom.assert_index_agrees(with_text=True)


@pytest.mark.slow
def test_the_retriever_gives_passages_with_where_they_come_from(newsroom: Newsroom, archive: Archive) -> None:
    retriever = ArchiveRetriever(archive, newsroom.embedder, limit=5)
    found = retriever.retrieve(question(7))
    assert len(found) == 5
    first = found[0]
    assert is_about(newsroom, first, 7)
    assert first.node.metadata["title"] == "A new voyage for ship7 begins"
    assert first.node.metadata["path"] == str(newsroom.path(7))
    assert (first.node.metadata["publisher"], first.node.metadata["published"]) == (None, None)
    assert story(7, 1)[first.node.start_char_idx : first.node.end_char_idx] == first.node.get_content()
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert asyncio.run(retriever.aretrieve(question(7))) == found

    newsroom.write(7, 2)
    newsroom.ingest()
    assert "a7v2" in retriever.retrieve(question(7))[0].node.get_content()


def test_the_embedding_gives_what_our_embedder_gives(newsroom: Newsroom) -> None:
    embedding = ArchiveEmbedding(newsroom.embedder)
    text = story(1, 1)
    expected = newsroom.embedder.embed([text])[0].tolist()
    assert embedding.model_name == "hash-256"
    assert embedding.get_text_embedding(text) == expected
    assert embedding.get_query_embedding(text) == expected
    assert embedding.get_text_embedding_batch([text, "another"])[0] == expected
    assert asyncio.run(embedding.aget_query_embedding(text)) == expected


@pytest.mark.slow
def test_a_rebuild_puts_the_text_in_or_leaves_it_out_as_the_setting_says(
    newsroom: Newsroom, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.assert_index_agrees(with_text=True)
    monkeypatch.delenv("NEWSDESK_CHROMA__TEXT")
    assert newsroom.run("bot", "rebuild").returncode == 0
    newsroom.assert_index_agrees(with_text=False)
