"""Articles as JSON: an object or a list of them in a file, or one a line (JSON lines, also packed)."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import IO, Any, cast

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.encoding import decoded
from index.read.record import Failure, Record, field_of, line_of, record_of


def read_json(path: str, raw: bytes) -> Iterator[tuple[str, Record] | Failure]:
    """Yield the article in a JSON file under its path, or those of a list under their ids."""
    try:
        said = json.loads(decoded(raw))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            f"is not JSON ({error}); correct it, or name it .jsonl if every line is an article"
        ) from error
    articles = (
        said.get("@graph") if isinstance(said, dict) and "@graph" in said and not field_of(said, "text") else said
    )
    if not isinstance(articles, list):
        yield path, _record(path, digest_of(raw), articles)
        return
    seen: dict[str, int] = {}
    for number, item in enumerate(articles, start=1):
        line = json.dumps(item, ensure_ascii=False, sort_keys=True)
        yield from _named(path, item, digest_of(line), number, "article", seen)
    if not articles:
        raise UnreadableError("is an empty list; there is no article in it")


def read_jsonl_gz(packed: IO[bytes], path: str, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    """Yield the articles of a packed stream of JSON lines, up to where it is damaged; ``path`` names it."""
    try:
        with gzip.open(packed, "rb") as stream:
            yield from read_lines(cast(IO[bytes], stream), path, limit)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableError(
            f"is a damaged gzip file ({error}); what stood before the damage is in, pack it again"
        ) from error


def read_lines(stream: IO[bytes], path: str, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    """Yield the articles of a stream of JSON lines; ``path`` names it."""
    seen: dict[str, int] = {}
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 20)
            yield Failure(
                path,
                f"line {number}: longer than the {limit / 2**20:,.0f} MB an article may have (NEWSDESK_INGEST__MAX_MB)",
                number,
            )
            continue
        if not line.strip() or line.strip() == b"\xef\xbb\xbf":
            continue
        try:
            said = json.loads(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield Failure(path, f"line {number}: is not UTF-8; save the file as UTF-8", number)
        except (ValueError, RecursionError) as error:
            yield Failure(path, f"line {number}: is not JSON ({error}); one article a line is expected", number)
        else:
            yield from _named(path, said, digest_of(line.strip()), number, "line", seen)


def _named(
    path: str, said: Any, digest: str, number: int, unit: str, seen: dict[str, int]
) -> Iterator[tuple[str, Record] | Failure]:
    """Yield one of several articles under its id, its address or, without these, its digest."""
    given = (said.get("id") or said.get("@id") or said.get("url")) if isinstance(said, dict) else None
    name = line_of(given) or digest[:16]
    try:
        record = _record(f"{path}#{name}", digest, said)
    except UnreadableError as error:
        yield Failure(path, f"{unit} {number}: {error}", number)
        return
    if name in seen:
        yield Failure(
            path,
            f"{unit} {number}: has the same id as {unit} {seen[name]}; give every article an id of its own",
            number,
        )
        return
    seen[name] = number
    yield f"{path}#{name}", record


def _record(place: str, digest: str, said: Any) -> Record:
    if not isinstance(said, dict):
        raise UnreadableError('is not a JSON object; expected {"title": …, "text": …}')
    text = field_of(said, "text")
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = "\n\n".join(text)
    if not isinstance(text, str) or not text.strip():
        raise UnreadableError('has no "text"; every article needs a field "text" with its words')
    return record_of(place, digest, text, said)
