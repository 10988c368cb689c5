"""What else a user could build on the same machine with the same model: each takes articles in and finds passages for a
question.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from index.model.embedder import SentenceTransformerEmbedder

Article = dict[str, Any]


class System(Protocol):
    """Something that takes articles in, a portion at a time, and finds what fits a question."""

    def add(self, articles: Sequence[Article]) -> None:
        """Take articles in."""

    def ask(self, question: str) -> object:
        """Return what it finds."""


def systems(folder: Path) -> dict[str, Callable[[], System]]:
    """Return what builds each system that is installed, by name."""
    found: dict[str, Callable[[], System]] = {
        "llama-index, its defaults": lambda: LlamaIndex(folder / "llama", None),
        "llama-index, all of the text": lambda: LlamaIndex(folder / "llama-all", 200),
        "sentence-transformers and Chroma": lambda: Direct(folder / "direct"),
    }
    if importlib.util.find_spec("txtai"):
        found["txtai, hybrid"] = Txtai
    return found


class LlamaIndex:
    """llama-index's IngestionPipeline into its ChromaVectorStore, as its documentation shows; ``size``: tokens of a
    chunk, None: its default.
    """

    def __init__(self, folder: Path, size: int | None) -> None:
        import chromadb
        from llama_index.core import VectorStoreIndex
        from llama_index.core.ingestion import IngestionPipeline
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.vector_stores.chroma import ChromaVectorStore

        from index.search.llama import ArchiveEmbedding

        embedding = ArchiveEmbedding(SentenceTransformerEmbedder(), embed_batch_size=10)  # llama-index's own size
        store = ChromaVectorStore(
            chroma_collection=chromadb.PersistentClient(str(folder)).get_or_create_collection("articles")
        )
        splitter = SentenceSplitter(chunk_size=size, chunk_overlap=0) if size else SentenceSplitter()
        self._pipeline = IngestionPipeline(transformations=[splitter, embedding], vector_store=store)
        self._retriever = VectorStoreIndex.from_vector_store(store, embed_model=embedding).as_retriever(
            similarity_top_k=24
        )

    def add(self, articles: Sequence[Article]) -> None:
        """Take articles in."""
        from llama_index.core import Document

        documents = [
            Document(
                text=article["text"],
                id_=article["id"],
                metadata={key: article[key] for key in ("title", "date", "source") if article.get(key)},
            )
            for article in articles
        ]
        self._pipeline.run(documents=documents)

    def ask(self, question: str) -> object:
        """Return the nodes found."""
        return self._retriever.retrieve(question)


class Direct:
    """SentenceSplitter, sentence-transformers and Chroma, called directly."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from llama_index.core.node_parser import SentenceSplitter

        self._model = _sentence_transformer()
        self._splitter = SentenceSplitter(chunk_size=200, chunk_overlap=0)
        self._collection = chromadb.PersistentClient(str(folder)).get_or_create_collection(
            "articles", embedding_function=None
        )

    def add(self, articles: Sequence[Article]) -> None:
        """Take articles in."""
        chunks = [
            (f"{article['id']}-{n}", f"{article.get('title', '')}\n{text}")
            for article in articles
            for n, text in enumerate(self._pieces(article))
        ]
        vectors = self._model.encode([text for _, text in chunks], normalize_embeddings=True, show_progress_bar=False)
        for start in range(0, len(chunks), 5_000):
            part = chunks[start : start + 5_000]
            self._collection.add(
                ids=[id_ for id_, _ in part],
                documents=[text for _, text in part],
                embeddings=vectors[start : start + 5_000],
            )

    def ask(self, question: str) -> object:
        """Return the chunks found."""
        return self._collection.query(
            query_embeddings=self._model.encode([question], normalize_embeddings=True, show_progress_bar=False),
            n_results=24,
        )

    def _pieces(self, article: Article) -> list[str]:
        return self._splitter.split_text(article["text"])


class Txtai:
    """txtai with its hybrid index (dense and BM25), its articles cut as the others'."""

    def __init__(self) -> None:
        from llama_index.core.node_parser import SentenceSplitter
        from txtai import Embeddings

        self._splitter = SentenceSplitter(chunk_size=200, chunk_overlap=0)
        self._embeddings = Embeddings(path=str(SentenceTransformerEmbedder().folder()), hybrid=True, content=True)

    def add(self, articles: Sequence[Article]) -> None:
        """Take articles in."""
        pieces = [
            (article, n, text)
            for article in articles
            for n, text in enumerate(self._splitter.split_text(article["text"]))
        ]
        self._embeddings.upsert(
            [(f"{article['id']}-{n}", f"{article.get('title', '')}\n{text}", None) for article, n, text in pieces]
        )

    def ask(self, question: str) -> object:
        """Return the chunks found."""
        return self._embeddings.search(question, 24)


def _sentence_transformer() -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(SentenceTransformerEmbedder().folder()))
