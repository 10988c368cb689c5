"""What a user would pick instead: llama-index's own index on Chroma, with its defaults and the same model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import chromadb
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine.citation_query_engine import (
    DEFAULT_CITATION_CHUNK_OVERLAP,
    DEFAULT_CITATION_CHUNK_SIZE,
)
from llama_index.vector_stores.chroma import ChromaVectorStore

from evals.data import DataSet, Found, Query, System
from index.model.embedder import Embedder
from index.search.llama import ArchiveEmbedding

_DEPTH = 24


def llama_index_systems(data: DataSet, embedder: Embedder, cache: Path) -> dict[str, System]:
    """Return two systems: the nodes of ``VectorStoreIndex`` (1,024 tokens each), and the pieces its CitationQueryEngine
    makes of them.
    """
    index = _index(data, embedder, cache)
    retriever = index.as_retriever(similarity_top_k=_DEPTH)
    pieces = SentenceSplitter(chunk_size=DEFAULT_CITATION_CHUNK_SIZE, chunk_overlap=DEFAULT_CITATION_CHUNK_OVERLAP)
    known: dict[str, list[Found]] = {}

    def nodes(query: Query) -> Sequence[Found]:
        if query.id not in known:
            known[query.id] = [
                Found(node.node.metadata["article"], node.node.get_content())
                for node in retriever.retrieve(query.question)
            ]
        return known[query.id]

    def cited(query: Query) -> Sequence[Found]:
        return [Found(found.article, text) for found in nodes(query) for text in pieces.split_text(found.text)][:_DEPTH]

    return {"llama-index": nodes, "llama-index, cited pieces": cited}


def _index(data: DataSet, embedder: Embedder, cache: Path) -> VectorStoreIndex:
    """Build the index as its documentation shows, once: title, date and publisher are metadata, which it embeds with
    the text.
    """
    embedding = ArchiveEmbedding(embedder, embed_batch_size=256)
    digest = hashlib.sha256(json.dumps([embedder.identity, data.articles]).encode()).hexdigest()[:12]
    collection = chromadb.PersistentClient(str(cache / f"llama-{data.name}-{digest}")).get_or_create_collection(
        "articles"
    )
    store = ChromaVectorStore(chroma_collection=collection)
    if collection.count():
        return VectorStoreIndex.from_vector_store(store, embed_model=embedding)
    documents = [
        Document(
            text=article["text"],
            metadata={
                "article": article["id"],
                **{key: article[key] for key in ("title", "date", "source") if article.get(key)},
            },
            excluded_embed_metadata_keys=["article"],
        )
        for article in data.articles
    ]
    return VectorStoreIndex.from_documents(
        documents, StorageContext.from_defaults(vector_store=store), embed_model=embedding
    )
