"""Where a citation leads: into the reading room if there is one, else to the article's own page, at the passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.articles import Article
from web.addresses import address, at_passage
from web.links import Place, SignedLinks, Span, version_of

if TYPE_CHECKING:
    from bot.reply import Citation


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of answers.

    Text of articles decides where no link leads, but for an article's own address, which must be one.
    """

    room: SignedLinks | None = None

    def cited(self, citation: Citation, among: Sequence[Citation]) -> str | None:
        """Return the link of one of an answer's citations, None if there is nowhere to go."""
        same = [
            other for other in among if other is not citation and other.article.source.id == citation.article.source.id
        ]
        return self.passage(
            citation.article, (citation.start, citation.end), [(other.start, other.end) for other in same]
        )

    def passage(self, article: Article, span: Span, others: Sequence[Span] = ()) -> str | None:
        """Return the link to a place in an article, None if there is nowhere to go."""
        if self.room is not None:
            return self.room.article(Place(article.source.id, version_of(article.digest), span, tuple(others)))
        url = address(article.source.url)
        return at_passage(url, article.text, *span) if url else None

    def answer(self, id_: str) -> str | None:
        """Return the link to an answer's own page, None without a reading room."""
        return self.room.answer(id_) if self.room is not None else None
