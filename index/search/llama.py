"""The archive for users of llama-index: our search as a retriever, our model as an embedding."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from pydantic import PrivateAttr

from index.archive import Archive
from index.articles import Hit
from index.model.embedder import Embedder
from index.search.search import search


class ArchiveRetriever(BaseRetriever):
    """Hybrid search over the archive, as llama-index's query engines expect it."""

    def __init__(self, archive: Archive, embedder: Embedder, limit: int = 10) -> None:
        """Retrieve up to ``limit`` passages a question."""
        super().__init__()
        self._archive = archive
        self._embedder = embedder
        self._limit = limit

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = search(self._archive, self._embedder, query_bundle.query_str, limit=self._limit)
        return [NodeWithScore(node=_node(hit), score=hit.score) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class ArchiveEmbedding(BaseEmbedding):
    """An embedder of ours as llama-index's embedding, for reading the collection with its own ``VectorStoreIndex``."""

    _embedder: Any = PrivateAttr()

    def __init__(self, embedder: Embedder, **values: Any) -> None:
        """Wrap an embedder."""
        super().__init__(model_name=embedder.identity, **values)
        self._embedder = embedder

    def _get_text_embedding(self, text: str) -> list[float]:
        vector: list[float] = self._embedder.embed([text])[0].tolist()
        return vector

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed(texts).tolist()
        return vectors

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)


def _node(hit: Hit) -> TextNode:
    source = hit.article.source
    metadata = {
        "article_id": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "published": source.published and source.published.isoformat(),
        "date_source": source.date_source,
        "url": source.url,
        "path": source.path,
    }
    return TextNode(
        id_=hit.passage.id,
        text=hit.passage.text,
        metadata=metadata,
        start_char_idx=hit.passage.start,
        end_char_idx=hit.passage.end,
    )
