"""Reads articles, their former versions, their duplicates and the lines that were cut from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from index.articles import Article, Source
from index.store.rows import (
    Scope,
    Version,
    article_of,
    chunks,
    portions,
    source_of,
    version_of,
)
from index.store.schema import (
    articles,
    duplicates,
    lines,
    sketches,
    unsettled,
    versions,
)


class ArticleQueries:
    """The part of a snapshot about articles."""

    _connection: Connection

    def count_articles(self) -> int:
        """Return how many articles there are."""
        return int(self._connection.scalar(select(func.count()).select_from(articles)) or 0)

    def article_ids(self, path: str) -> list[str]:
        """Return the ids of the articles that a file gave."""
        return list(self._connection.scalars(select(articles.c.id).where(articles.c.file == path)))

    def ids_after(self, last: str, limit: int) -> list[str]:
        """Return the next ids of articles, in the order of the ids."""
        return list(
            self._connection.scalars(
                select(articles.c.id).where(articles.c.id > last).order_by(articles.c.id).limit(limit)
            )
        )

    def original_digest(self, article_id: str) -> str | None:
        """Return the digest of what an article was read from, None if there is no such article."""
        value: str | None = self._connection.scalar(
            select(articles.c.original_digest).where(articles.c.id == article_id)
        )
        return value

    def original_digests(self, path: str) -> dict[str, str]:
        """Return the digests of what the articles of a file were read from, by the articles' ids."""
        rows = self._connection.execute(
            select(articles.c.id, articles.c.original_digest).where(articles.c.file == path)
        )
        return {row.id: row.original_digest for row in rows}

    def twins(self, digest: str, other_than: str) -> list[str]:
        """Return the ids of other articles with exactly this cleaned text."""
        return list(
            self._connection.scalars(
                select(articles.c.id)
                .where(articles.c.digest == digest, articles.c.id != other_than)
                .order_by(articles.c.id)
            )
        )

    def duplicates(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of the near-duplicates of some articles, in order; articles without any are left out."""
        found: dict[str, list[str]] = {}
        for chunk in chunks(article_ids):
            rows = (
                select(duplicates)
                .where(duplicates.c.article_id.in_(chunk))
                .order_by(duplicates.c.article_id, duplicates.c.other_id)
            )
            for row in self._connection.execute(rows):
                found.setdefault(row.article_id, []).append(row.other_id)
        return found

    def sharing(self, sketch: Sequence[int], digest: str, *, common: int, shared: int, limit: int) -> list[str]:
        """Return the ids of articles with another text whose sketches share at least ``shared`` hashes with this one,
        those that share most first.

        Hashes that more than ``common`` articles have do not count.
        """
        rare = (
            select(sketches.c.hash)
            .where(sketches.c.hash.in_(sketch))
            .group_by(sketches.c.hash)
            .having(func.count() <= common)
        )
        twins = select(articles.c.id).where(articles.c.digest == digest)
        rows = (
            select(sketches.c.article_id)
            .where(sketches.c.hash.in_(rare), sketches.c.article_id.not_in(twins))
            .group_by(sketches.c.article_id)
        )
        most = func.count().desc()
        return list(
            self._connection.scalars(
                rows.having(func.count() >= shared).order_by(most, sketches.c.article_id).limit(limit)
            )
        )

    def articles_at(self, path_or_url: str, limit: int) -> list[tuple[str, str, str]]:
        """Return (id, title, path) of articles by their path, their file's path or their address."""
        wanted = or_(articles.c.path == path_or_url, articles.c.file == path_or_url, articles.c.url == path_or_url)
        query = (
            select(articles.c.id, articles.c.title, articles.c.path)
            .where(wanted)
            .order_by(articles.c.path)
            .limit(limit)
        )
        return [tuple(row) for row in self._connection.execute(query)]

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return articles with their text, by id."""
        found = {}
        for chunk in chunks(ids):
            for row in self._connection.execute(select(articles).where(articles.c.id.in_(chunk))):
                found[row.id] = article_of(row)
        return found

    def version(self, article_id: str, digest: str) -> Version | None:
        """Return a former version of an article by the beginning of its text's digest, None if it is not kept."""
        named = versions.c.digest.between(digest, digest + "g")
        row = self._connection.execute(
            select(versions).where(versions.c.article_id == article_id, named).limit(1)
        ).first()
        return version_of(row) if row else None

    def replaced(self, article_id: str) -> list[tuple[str, str]]:
        """Return the former versions of an article that are kept: (digest, when it was replaced), newest first."""
        query = select(versions.c.digest, versions.c.replaced).where(versions.c.article_id == article_id)
        return [
            (row.digest, row.replaced)
            for row in self._connection.execute(query.order_by(versions.c.replaced.desc(), versions.c.digest))
        ]

    def sources(self) -> Iterator[tuple[Source, str]]:
        """Yield every article's source and text digest, newest first, undated ones last."""
        columns = [column for column in articles.c if column.name not in ("text", "cut")]
        query = select(*columns).order_by(articles.c.published.is_(None), articles.c.published.desc(), articles.c.title)
        for row in self._connection.execute(query, execution_options={"yield_per": 1_000}):
            yield source_of(row), row.digest

    def newest_articles(self, scope: Scope, limit: int) -> list[Article]:
        """Return the newest dated articles of a scope with their text, newest first."""
        query = inside(select(articles).where(articles.c.published.is_not(None)), scope)
        order = (articles.c.published.desc(), func.coalesce(articles.c.published_at, "").desc(), articles.c.title)
        return [article_of(row) for row in self._connection.execute(query.order_by(*order).limit(limit))]

    def count_dated(self, scope: Scope) -> int:
        """Return how many dated articles are in a scope."""
        query = select(func.count()).select_from(articles).where(articles.c.published.is_not(None))
        return int(self._connection.scalar(inside(query, scope)) or 0)

    def inside(self, scope: Scope) -> Select[tuple[str]]:
        """Return a statement for the ids of the articles in a scope."""
        return inside(select(articles.c.id), scope)

    def days_and_publishers(self) -> Iterator[tuple[str, Any, str | None]]:
        """Yield the id, the day (as the driver has it) and the publisher of every article."""
        return (
            row
            for rows in portions(self._connection, select(articles.c.id, articles.c.published, articles.c.publisher))
            for row in rows
        )

    def articles_within(self, scope: Scope) -> set[str]:
        """Return the ids of the articles in a scope."""
        return {id_ for rows in portions(self._connection, self.inside(scope)) for (id_,) in rows}

    def file_of(self, article_id: str) -> str:
        """Return the path of the file that an article came from."""
        return str(self._connection.scalar(select(articles.c.file).where(articles.c.id == article_id)))

    def cut_of(self, article_id: str) -> list[tuple[int, str]]:
        """Return the lines that are cut from an article because they recur: (position, line)."""
        rows = self._connection.execute(
            select(lines.c.place, lines.c.cut).where(lines.c.article_id == article_id, lines.c.cut.is_not(None))
        )
        return [(row.place, row.cut) for row in rows]

    def cut_lines(self, publisher: str, digests: Sequence[int]) -> set[int]:
        """Return which of some lines are cut from an article of a publisher because they recur."""
        query = select(lines.c.digest).where(
            lines.c.publisher == publisher, lines.c.digest.in_(digests), lines.c.cut.is_not(None)
        )
        return set(self._connection.scalars(query.distinct()))

    def all_cut_lines(self) -> frozenset[tuple[str, int]]:
        """Return the lines that are cut from any article because they recur: (publisher, digest)."""
        rows = self._connection.execute(
            select(lines.c.publisher, lines.c.digest).where(lines.c.cut.is_not(None)).distinct()
        )
        return frozenset((row.publisher, row.digest) for row in rows)

    def recurring(self, publisher: str, digests: Sequence[int], stories: int) -> set[int]:
        """Return which of some lines stand in at least so many different stories of a publisher."""
        query = (
            select(lines.c.digest)
            .where(lines.c.publisher == publisher, lines.c.digest.in_(digests))
            .group_by(lines.c.digest)
        )
        # Copies of one story share its title or its longest paragraph.
        different = and_(
            func.count(lines.c.title.distinct()) >= stories, func.count(lines.c.longest.distinct()) >= stories
        )
        return set(self._connection.scalars(query.having(different)))

    def wrongly_cut(self, stories: int) -> set[str]:
        """Return the ids of articles with an unsettled line that is cut and does not recur, or stands there and
        does.
        """
        found: set[str] = set()
        digests: dict[str, list[int]] = {}
        for row in self._connection.execute(select(unsettled)):
            digests.setdefault(row.publisher, []).append(row.digest)
        for publisher, every in digests.items():
            for chunk in chunks(every):
                known = self.recurring(publisher, chunk, stories)
                wrong = or_(
                    and_(lines.c.digest.in_(known), lines.c.cut.is_(None)),
                    and_(lines.c.digest.not_in(known), lines.c.cut.is_not(None)),
                )
                query = select(lines.c.article_id).where(
                    lines.c.publisher == publisher, lines.c.digest.in_(chunk), wrong
                )
                found.update(self._connection.scalars(query))
        return found


def inside(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a statement about articles to those in a scope."""
    if scope.since:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published >= scope.since))
    if scope.until:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published <= scope.until))
    if scope.publisher:
        statement = statement.where(func.lower(articles.c.publisher).contains(scope.publisher.lower(), autoescape=True))
    return statement
