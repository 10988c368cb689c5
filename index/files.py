"""Articles as they lie in files: which files there are, and the records in them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, cast

import yaml

from index.articles import digest_of
from index.errors import UnreadableError
from index.metadata import Metadata, from_text, parse_date


@dataclass(frozen=True, slots=True)
class File:
    """A file that may hold articles, as the file system describes it; ``path`` is absolute."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be read, and what to do about it.

    What is not ``passing`` failed for good: it is not read again until its file changes.
    """

    path: str
    reason: str
    line: int | None = None
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One article as it was saved; ``place`` names it for people, ``digest`` is of everything it was made from."""

    place: str
    digest: str
    text: str
    metadata: Metadata
    url: str | None = None
    language: str | None = None


@dataclass(slots=True)
class Listing:
    """What a walk over folders found besides the files it yields."""

    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)  # endings of files that are no articles


def walk(paths: Sequence[str], listing: Listing, roots: Sequence[Path] = (), changed: Collection[str] | None = None) -> Iterator[File]:
    """Yield the article files that some paths name, folders in depth and in order of name.

    Hidden files and links that lead out of a folder are not followed. With ``roots``, nothing outside of them is read. With
    ``changed`` (absolute paths), only folders in which something changed are looked into.
    """
    allowed = [root.resolve() for root in roots]
    for given in paths:
        path = Path(given)
        if not os.path.lexists(path):
            listing.failures.append(Failure(given, "there is no such file or folder; check the path"))
            continue
        try:
            real = path.resolve()
        except (OSError, RuntimeError):  # a link to itself
            listing.failures.append(Failure(given, "is a link that leads nowhere; remove it"))
            continue
        if allowed and not any(real.is_relative_to(root) for root in allowed):
            listing.failures.append(Failure(given, "lies outside the folders of NEWSDESK_INGEST__ROOTS; add its folder there to allow it"))
        elif real.is_dir() and changed is None:
            yield from _walk_folder(real, listing)
        elif real.is_dir():
            for folder, in_depth in _touched(real, changed or ()):
                yield from _walk_folder(folder, listing, real, in_depth)
        elif _reader(real.name) is None:
            listing.failures.append(Failure(given, f"is not a type newsdesk reads ({', '.join(READERS)})"))
        else:
            yield from _described(real, listing)


def _touched(top: Path, changed: Iterable[str]) -> list[tuple[Path, bool]]:
    """Return the folders under ``top`` in which something changed, and whether all that is in them is new (a folder that was moved in)."""
    found: dict[Path, bool] = {}
    for path in map(Path, changed):
        within = [path, *path.parents]
        if top not in within or any(part.name.startswith(".") or part.is_symlink() for part in within[1 : within.index(top)]):
            continue
        if path.is_dir() and not path.is_symlink() and not (path != top and path.name.startswith(".")):
            found[path] = True
        elif path != top and path.parent.is_dir():
            found.setdefault(path.parent, False)
    return sorted(found.items())


def holds_articles(path: str) -> bool:
    """Tell whether there is at least one article file at a path or, in any depth, in it."""
    return any(True for _ in walk([path], Listing()))


def _walk_folder(folder: Path, listing: Listing, top: Path | None = None, in_depth: bool = True) -> Iterator[File]:
    def unreadable(error: OSError) -> None:
        listing.failures.append(Failure(str(error.filename), f"the folder cannot be read ({error.strerror}); check its permissions"))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if in_depth and not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if _reader(name) is None:
                ending = path.suffix.lower() or "no ending"
                listing.skipped[ending] = listing.skipped.get(ending, 0) + 1
            elif path.is_symlink() and not _leads_into(path, top or folder):
                listing.failures.append(Failure(str(path), "is a link that leads out of the folder or nowhere; name its target on the command line instead"))
            else:
                yield from _described(path, listing)


def _leads_into(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def _described(path: Path, listing: Listing) -> Iterator[File]:
    name = str(path).encode("utf-8", "backslashreplace").decode()
    if name != str(path):
        listing.failures.append(Failure(name, "its name is not UTF-8; rename it"))
        return
    try:
        status = path.stat()
    except OSError as error:
        listing.failures.append(Failure(str(path), f"cannot be looked at ({error.strerror}); check its permissions"))
        return
    if stat.S_ISREG(status.st_mode):
        yield File(str(path), status.st_size, status.st_mtime_ns)
    else:
        listing.failures.append(Failure(str(path), "is not a regular file"))


def digest_of_file(file: File, limit: int) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises UnreadableError if it cannot be read or is one article of more than ``limit`` bytes.
    """
    if not file.path.lower().endswith(_MANY):
        _check_size(file, limit)

    try:
        with open(file.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(error) from error


def read(file: File, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    """Yield the articles in a file as (key, record), and what could not be read.

    ``key`` identifies the article over its versions: the path, or path and record id. ``limit`` bounds one article, in bytes.
    Never raises for what a file contains.
    """
    reader = _reader(Path(file.path).name)
    assert reader is not None
    try:
        yield from reader(file, limit)
    except UnreadableError as error:
        yield Failure(file.path, str(error), passing=error.passing)
    except OSError as error:
        yield Failure(file.path, str(_unreadable(error)), passing=True)


def decoded(raw: bytes) -> str:
    """Return the text of some bytes: by their byte order mark, as UTF-8, else as whatever they most likely are.

    Raises UnreadableError for what is not text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    even, odd = raw[:4_000:2].count(0), raw[1:4_000:2].count(0)
    if max(even, odd) > 0.3 * len(raw[:4_000]) and min(even, odd) * 10 < max(even, odd):  # UTF-16 without a mark, of Latin text
        text = raw.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
        if sum(char.isprintable() or char.isspace() for char in text[:2_000]) > 0.9 * len(text[:2_000]):
            return text
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _guessed(raw)
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]", text[:100_000]))
    if controls > 0.1 * min(len(text), 100_000):
        raise UnreadableError("is not text but binary; convert it to text, or remove it")
    return text


def _guessed(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(raw[:200_000])
    best = matches.best()
    # Short texts fit several code pages alike; Windows' Latin-1 is by far the most common.
    western = next((match for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset)), None)
    if best is None or (western is not None and western.chaos <= best.chaos) or _reads_as_western(raw):
        return raw.decode("cp1252", "replace")
    return raw.decode(best.encoding, "replace")


def _reads_as_western(raw: bytes) -> bool:
    """Tell whether the bytes above ASCII are few and are accented letters or typographic marks in Windows' Latin-1."""
    high = [byte for byte in raw[:200_000] if byte >= 0x80]
    usual = set("àâäáãåæçèéêëìíîïñòóôõöøùúûüßœÀÂÄÁÅÆÇÈÉÊËÎÏÑÓÔÖØÙÛÜ€£§°«»“”„‘’–—…·".encode("cp1252"))
    return len(high) < 0.1 * len(raw[:200_000]) and all(byte in usual for byte in high)


def _check_size(file: File, limit: int) -> None:
    if file.size > limit:
        raise UnreadableError(f"is {file.size / 2**20:,.1f} MB, more than the {limit / 2**20:,.0f} MB an article may have (NEWSDESK_INGEST__MAX_MB)")


def _whole(file: File, limit: int) -> bytes:
    _check_size(file, limit)
    with open(file.path, "rb") as stream:
        raw = stream.read(limit + 1)
    if not raw.strip():
        raise UnreadableError("is empty; save the article again, or remove the file")
    return raw


def _read_text(file: File, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    raw = _whole(file, limit)
    text = decoded(raw)
    yield file.path, Record(file.path, digest_of(raw), text, from_text(text))


_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.{0,20000}?)^(?:---|\.\.\.)[ \t]*\r?$\n?", re.S | re.M)
_MARKUP = (
    (re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$", re.M), r"\n\1\n"),  # headings
    (re.compile(r"^[ \t]{0,3}>[ \t]?", re.M), ""),  # block quotes
    (re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)"), ""),  # pictures
    (re.compile(r"\[([^\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)"), r"\1"),  # links
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),  # bold
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),  # italics
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"^(?:[-*_][ \t]*){3,}$", re.M), ""),  # rules
)


def _read_markdown(file: File, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    raw = _whole(file, limit)
    text = decoded(raw)
    said: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        try:
            loaded = yaml.safe_load(front["yaml"])
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            raise UnreadableError(f"line {mark.line + 2 if mark else 1}: the front matter is not valid YAML; correct it or remove it") from error
        said = loaded if isinstance(loaded, dict) else {}
        text = text[front.end() :]
    heading = re.search(r"^#[ \t]+(.+?)[ \t#]*$", text, re.M)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    if heading and not said.get("title"):
        said["title"] = heading[1]
    yield file.path, _record(file.path, digest_of(raw), text, said)


def _read_jsonl(file: File, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    with open(file.path, "rb") as stream:
        yield from _json_lines(file.path, stream, limit)


def _read_jsonl_gz(file: File, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    try:
        with gzip.open(file.path, "rb") as stream:
            yield from _json_lines(file.path, cast(IO[bytes], stream), limit)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableError(f"is a damaged gzip file ({error}); what stood before the damage is in, pack it again") from error


def read_stream(stream: IO[bytes], name: str, limit: int) -> Iterator[tuple[str, Record] | Failure]:
    """Yield the articles of a stream of JSON lines, as ``read`` does for a file; ``name`` stands for its path."""
    yield from _json_lines(name, stream, limit)


def _json_lines(path: str, stream: IO[bytes], limit: int) -> Iterator[tuple[str, Record] | Failure]:
    lines: dict[str, int] = {}
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 20)
            yield Failure(path, f"line {number}: longer than the {limit / 2**20:,.0f} MB an article may have (NEWSDESK_INGEST__MAX_MB)", number)
            continue
        if not line.strip() or line.strip() == b"\xef\xbb\xbf":
            continue
        try:
            name, record = _json_record(path, line)
        except UnreadableError as error:
            yield Failure(path, f"line {number}: {error}", number)
            continue
        if name in lines:
            yield Failure(path, f"line {number}: has the same id as line {lines[name]}; give every article an id of its own", number)
            continue
        lines[name] = number
        yield f"{path}#{name}", record


def _json_record(path: str, line: bytes) -> tuple[str, Record]:
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableError("is not UTF-8; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is not JSON ({error}); one article a line is expected") from error
    if not isinstance(said, dict):
        raise UnreadableError('is not a JSON object; expected {"title": …, "text": …}')
    text = said.get("text")
    if not isinstance(text, str) or not text.strip():
        raise UnreadableError('has no "text"; every article needs a field "text" with its words')
    digest = digest_of(line.strip())
    given = said.get("id") or said.get("url")
    name = _line_of(given) or digest[:16]
    return name, _record(f"{path}#{name}", digest, text, said)


def _record(place: str, digest: str, text: str, said: dict[str, Any]) -> Record:
    """Make a record from fields that a file names; what it does not name is looked for in the text."""
    authors = said.get("authors") or said.get("author")
    given = Metadata(
        _line_of(said.get("title")),
        _line_of(said.get("source") or said.get("publisher")),
        ", ".join(filter(None, map(_line_of, authors))) if isinstance(authors, list) else _line_of(authors),
        _date_of(said.get("date") or said.get("published")),
    )
    seen = given if given.title and given.publisher and given.published else from_text(text)
    metadata = Metadata(given.title or seen.title, given.publisher or seen.publisher, given.author or seen.author, given.published or seen.published)
    url = _line_of(said.get("url"))
    return Record(place, digest, text, metadata, url if url and url.startswith(("http://", "https://")) else None, _line_of(said.get("language")))


def _line_of(value: object) -> str | None:
    """Return a field as one line of text without control characters, None if it is empty or not a text or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", str(value)).split())[:1_000] or None


def _date_of(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return parse_date(value) if isinstance(value, str) else None


def _unreadable(error: OSError) -> UnreadableError:
    return UnreadableError(f"cannot be read ({error.strerror or error}); check its permissions", passing=True)


Reader = Callable[[File, int], Iterator["tuple[str, Record] | Failure"]]
_MANY = (".jsonl", ".jsonl.gz")  # read line by line, so of any size
# Another format is one more reader here.
READERS: dict[str, Reader] = {".txt": _read_text, ".md": _read_markdown, ".jsonl": _read_jsonl, ".jsonl.gz": _read_jsonl_gz}


def _reader(name: str) -> Reader | None:
    lower = name.lower()
    return next((reader for ending, reader in READERS.items() if lower.endswith(ending)), None)
