"""The keyword index: BM25 over the passages' search terms, in SQLite by FTS5, in PostgreSQL by tsvector and GIN with
the same formula.

index/text.py makes the terms for both, so neither database splits, stems or folds anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Label,
    Select,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
)

from index.store.dialect import Number, is_postgresql
from index.store.rows import chunks
from index.store.schema import KEYWORD_TABLE, keywords, passages

TITLE_WEIGHT = 2.0  # measured: a title word counts double

# FTS5's own formula and constants: k1 = 1.2, b = 0.75, and the weight of a term is never below 1e-6. A word counts more
# in the title (weight A); the length of a passage is the number of its terms. The statement counts on the way how many
# passages hold a term. PostgreSQL cannot tell quickly how often a word stands in a tsvector; but ts_rank of one word is
# the sum of 1/i² for i from 1 to that number, from which the number follows.
_BM25 = """
WITH wanted AS MATERIALIZED (
    SELECT rowid, length, number, CASE WHEN number = ANY (CAST(:phrases AS bigint[])) THEN 1 ELSE
        width_bucket(ts_rank('{1, 1, 1, 1}', vector, term)::float, CAST(:marks AS float[]))
        + CAST(:extra AS float) * width_bucket(ts_rank('{0, 0, 0, 1}', vector, term)::float, CAST(:marks AS
        float[])) END AS count
    FROM passage_terms, unnest(CAST(:terms AS tsquery[])) WITH ORDINALITY AS each (term, number)
    WHERE vector @@ CAST(:query AS tsquery) AND vector @@ term
), totals AS (
    SELECT passages, length / greatest(passages, 1)::float AS average FROM passage_totals
), weight AS (
    SELECT number, greatest(ln((max(passages) - count(*) + 0.5) / (count(*) + 0.5)), 1e-6) AS idf FROM wanted,
    totals GROUP BY number
)
SELECT rowid, CAST(sum(idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * wanted.length / average))) AS float) AS score
FROM wanted JOIN weight USING (number), totals GROUP BY rowid
"""
_INLINE = "toast_tuple_target = 8160"  # a vector that is stored compressed would be unpacked each time it is read
_COUNTED = 255  # positions of one word that a tsvector keeps
_SQUARES = [sum(1 / number**2 for number in range(1, count + 1)) / (math.pi**2 / 6) for count in range(_COUNTED + 1)]
_MARKS = [
    (less + more) / 2 for less, more in pairwise(_SQUARES)
]  # halfway between the ts_rank of n - 1 positions and of n


def create(connection: Connection) -> None:
    """Make the index, empty."""
    if not is_postgresql(connection):
        # The terms are made by index.text, so the tokenizer has only to split at spaces.
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {KEYWORD_TABLE} USING fts5(title, body, tokenize = 'ascii')")
        return
    connection.exec_driver_sql(
        f"CREATE TABLE {KEYWORD_TABLE} (rowid bigint PRIMARY KEY, length integer NOT NULL, vector tsvector NOT "
        f"NULL) WITH ({_INLINE})"
    )
    connection.exec_driver_sql(f"CREATE INDEX passage_terms_vector ON {KEYWORD_TABLE} USING gin (vector)")
    connection.exec_driver_sql("CREATE TABLE passage_totals (passages bigint NOT NULL, length bigint NOT NULL)")
    connection.exec_driver_sql("INSERT INTO passage_totals VALUES (0, 0)")


def put(connection: Connection, found: Sequence[tuple[int, str, str]]) -> None:
    """Add new passages: (passages.row, terms of the title, terms of the text), each with spaces between the terms."""
    if not found:
        return
    if not is_postgresql(connection):
        connection.execute(
            insert(keywords), [{"rowid": row, "title": title, "body": body} for row, title, body in found]
        )
        return
    split = [(row, title.split(), body.split()) for row, title, body in found]
    rows = [
        {"rowid": row, "length": len(title) + len(body), "vector": _vector(title, body)} for row, title, body in split
    ]
    connection.execute(text("INSERT INTO passage_terms VALUES (:rowid, :length, CAST(:vector AS tsvector))"), rows)
    _count(connection, len(rows), sum(len(title) + len(body) for _, title, body in split))


def drop(connection: Connection, rows: Sequence[int]) -> None:
    """Remove passages, by passages.row."""
    if not is_postgresql(connection):
        connection.execute(delete(keywords).where(keywords.c.rowid.in_(rows)))
        return
    gone = (
        connection.execute(
            text("DELETE FROM passage_terms WHERE rowid = ANY (:rows) RETURNING length"), {"rows": list(rows)}
        )
        .scalars()
        .all()
    )
    _count(connection, -len(gone), -sum(gone))


def ranking(connection: Connection, terms: Sequence[str], limit: int | None = None) -> Select[Any]:
    """Return a statement that selects passages.id and ``score`` of every passage with any of the terms.

    The score is BM25: higher is better. With a ``limit`` only the best are selected. A term may be a phrase, several
    terms with spaces between; PostgreSQL counts a phrase once in a passage.
    """
    wanted = list(dict.fromkeys(terms))
    if not is_postgresql(connection):
        score: Label[float] = literal_column(f"-bm25({KEYWORD_TABLE}, {TITLE_WEIGHT}, 1.0)").label("score")
        either = " OR ".join(f'"{term}"' for term in wanted)
        found = select(keywords.c.rowid, score).where(literal_column(KEYWORD_TABLE).op("MATCH")(either))
        if limit is not None:  # before the join: else each of thousands of rows would be joined, then thrown away
            found = found.order_by(score.desc(), keywords.c.rowid).limit(limit)
        ranked = found.subquery("scored")
        return select(passages.c.id, ranked.c.score).join(ranked, ranked.c.rowid == passages.c.row)
    queries = [_query(term) for term in wanted]
    phrases = [number for number, term in enumerate(wanted, start=1) if " " in term]
    either = " | ".join(f"({query})" for query in queries)
    statement = text(_BM25).bindparams(
        query=either, terms=queries, phrases=phrases, extra=TITLE_WEIGHT - 1, marks=_MARKS
    )
    scored = statement.columns(column("rowid", Number), column("score", Float)).subquery("scored")
    return select(passages.c.id, scored.c.score).join(scored, scored.c.rowid == passages.c.row)


def document_frequencies(connection: Connection, terms: Iterable[str]) -> dict[str, int]:
    """Return how many passages hold each term, in their text or title."""
    found = {}
    for term in dict.fromkeys(terms):
        if is_postgresql(connection):
            holds = text("vector @@ CAST(:term AS tsquery)").bindparams(term=_query(term))
            query = select(func.count()).select_from(table(KEYWORD_TABLE)).where(holds)
        else:
            query = (
                select(func.count()).select_from(keywords).where(literal_column(KEYWORD_TABLE).op("MATCH")(f'"{term}"'))
            )
        found[term] = int(connection.scalar(query) or 0)
    return found


def known_terms(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return which of many terms (of one word each) stand in any passage, and in how many: each is looked up."""
    if is_postgresql(connection):
        counted = """SELECT term, (SELECT count(*) FROM passage_terms WHERE vector @@ CAST(quoted AS tsquery)) AS often
            FROM unnest(CAST(:terms AS text[]), CAST(:quoted AS text[])) AS each (term, quoted)"""
        rows = connection.execute(text(counted), {"terms": list(terms), "quoted": [_query(term) for term in terms]})
        return {row.term: int(row.often) for row in rows if row.often}
    # FTS5's own view of its terms; a temporary table may be made also where the catalog is only read.
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab('main', '{KEYWORD_TABLE}', 'row')"
    )
    found: dict[str, int] = {}
    for chunk in chunks(terms):
        marks = ",".join("?" * len(chunk))
        query = f"SELECT term, doc FROM temp.vocabulary WHERE term IN ({marks})"  # noqa: S608  only question marks
        found.update((row[0], int(row[1])) for row in connection.exec_driver_sql(query, tuple(chunk)))
    return found


def terms_of(connection: Connection, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return the terms of the title and of the text of some passages, by passages.row, as ``put`` took them."""
    if not is_postgresql(connection):
        found = connection.execute(
            select(keywords.c.rowid, keywords.c.title, keywords.c.body).where(keywords.c.rowid.in_(rows))
        )
        return {row.rowid: (row.title, row.body) for row in found}
    query = """SELECT rowid, coalesce(string_agg(lexeme, ' ' ORDER BY place) FILTER (WHERE weight = 'A'), '') AS title,
            coalesce(string_agg(lexeme, ' ' ORDER BY place) FILTER (WHERE weight <> 'A'), '') AS body
        FROM passage_terms LEFT JOIN LATERAL (
            SELECT lexeme, place, weight FROM unnest(vector) word, unnest(word.positions, word.weights) AS
            each (place, weight)
        ) AS placed ON true WHERE rowid = ANY (:rows) GROUP BY rowid"""
    return {row.rowid: (row.title, row.body) for row in connection.execute(text(query), {"rows": list(rows)})}


def all_terms(connection: Connection, portion: int) -> Iterator[list[tuple[int, str, str]]]:
    """Yield the terms of all passages in portions: (passages.row, terms of the title, terms of the text)."""
    if not is_postgresql(connection):
        rows = connection.execute(select(keywords.c.rowid, keywords.c.title, keywords.c.body))
        assert rows.cursor is not None
        # The driver's own rows: to make SQLAlchemy's would take as long as to read them.
        while found := rows.cursor.fetchmany(portion):
            yield list(found)
        rows.close()
        return
    numbers = connection.scalars(text("SELECT rowid FROM passage_terms ORDER BY rowid")).all()
    for start in range(0, len(numbers), portion):
        yield [(row, *both) for row, both in terms_of(connection, numbers[start : start + portion]).items()]


def _count(connection: Connection, passages: int, length: int) -> None:
    totals = "UPDATE passage_totals SET passages = passages + :passages, length = length + :length"
    connection.execute(text(totals), {"passages": passages, "length": length})


def _vector(title: Sequence[str], body: Sequence[str]) -> str:
    """Return terms as the text of a tsvector: each with its positions, and an A at those in the title."""
    positions: dict[str, list[str]] = {}
    for number, term in enumerate([*title, *body], start=1):
        positions.setdefault(term, []).append(f"{number}A" if number <= len(title) else str(number))
    return " ".join(f"{_quoted(term)}:{','.join(numbers)}" for term, numbers in positions.items())


def _query(term: str) -> str:
    return " <-> ".join(map(_quoted, term.split()))


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
