"""Reads who says what in articles, and what their acronyms stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, and_, func, select

from index.articles import StoredStatement
from index.statements import VERSION
from index.store.rows import chunks
from index.store.schema import acronyms, facts, passages, speakers, statements


class StatementQueries:
    """The part of a snapshot about statements, speakers and acronyms."""

    _connection: Connection

    def statements_of(self, article_ids: Sequence[str]) -> dict[str, list[StoredStatement]]:
        """Return the statements of some articles, in order.

        An article without any has an empty list. One that an older newsdesk added is missing until the next ingest has
        read it.
        """
        whole = self._connection.scalar(select(facts.c.value).where(facts.c.name == "readings")) == VERSION
        found: dict[str, list[StoredStatement]] = {id_: [] for id_ in article_ids} if whole else {}
        for chunk in chunks(article_ids):
            rows = (
                select(statements)
                .where(statements.c.article_id.in_(chunk))
                .order_by(statements.c.article_id, statements.c.start)
            )
            for row in self._connection.execute(rows):
                found.setdefault(row.article_id, []).append(
                    StoredStatement(row.article_id, row.start, row.end, row.speaker, row.verb, bool(row.carried))
                )
        return found

    def spoken_in(self, speaker: Collection[str], ids: Sequence[str]) -> set[str]:
        """Return the passages, of those given, in which a speaker is quoted whose name has one of the terms."""
        by = and_(statements.c.article_id == speakers.c.article_id, statements.c.speaker == speakers.c.speaker)
        here = and_(
            passages.c.article_id == statements.c.article_id,
            passages.c.start < statements.c.end,
            passages.c.end > statements.c.start,
        )
        spoken = (
            select(passages.c.id).join(statements, here).join(speakers, by).where(speakers.c.term.in_(sorted(speaker)))
        )
        found: set[str] = set()
        for chunk in chunks(ids):
            found.update(self._connection.scalars(spoken.where(passages.c.id.in_(chunk))))
        return found

    def long_forms(self, shorts: Iterable[str]) -> dict[str, list[str]]:
        """Return what acronyms stand for, by acronym (as search terms); first what most articles say."""
        rows = (
            select(acronyms.c.short, acronyms.c.long)
            .where(acronyms.c.short.in_(sorted(shorts)))
            .group_by(acronyms.c.short, acronyms.c.long)
        )
        found: dict[str, list[str]] = {}
        for row in self._connection.execute(rows.order_by(acronyms.c.short, func.count().desc(), acronyms.c.long)):
            found.setdefault(row.short, []).append(row.long)
        return found

    def short_forms(self, longs: Iterable[str]) -> dict[str, str]:
        """Return the usual acronym of each name that has one, by name (search terms with one space between)."""
        rows = (
            select(acronyms.c.long, acronyms.c.short)
            .where(acronyms.c.long.in_(sorted(longs)))
            .group_by(acronyms.c.long, acronyms.c.short)
        )
        found: dict[str, str] = {}
        for row in self._connection.execute(rows.order_by(acronyms.c.long, func.count().desc(), acronyms.c.short)):
            found.setdefault(row.long, row.short)
        return found
