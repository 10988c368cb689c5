"""Text files: pages saved as text, Markdown with front matter, JSON and JSON lines, and sidecars (NAME.meta.yaml)."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import yaml

from index.articles import digest_of
from index.clean.clean import lines_of, unwrapped
from index.dates import days_come_first
from index.errors import UnreadableError
from index.read.fields import CUT, Unread, articles_in, dates_in, not_read, text_in, unread
from index.read.record import LIGATURES, Failure, Record, decoded, filled, line_of, record_of
from index.read.stores import is_store, opened
from index.read.text_metadata import Metadata

_UNQUOTED = re.compile(
    r"^([A-Za-z_][\w -]{0,40}:[ \t]+)([^\s\[{\"'|>&*!#][^\r\n]*[:#][^\r\n]*?)[ \t]*$", re.M
)  # title: A: b
_NESTED = 200  # brackets: PyYAML's time grows with the square of them


def yaml_fields(text: str, what: str, first_line: int = 1) -> Any:
    """Return what a YAML text holds.

    Raises UnreadableError with its line, counted from ``first_line``; ``what`` names the text.
    """
    try:
        if text.count("[") + text.count("{") > _NESTED:
            raise ValueError("too many brackets")
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            quoted = _UNQUOTED.sub(lambda line: f"{line[1]}{json.dumps(line[2], ensure_ascii=False)}", text)
            if quoted == text:
                raise
            with contextlib.suppress(yaml.YAMLError):
                return yaml.safe_load(quoted)
            raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableError(
            f"line {mark.line + first_line if mark else 1}: {what} is not valid YAML; correct it or remove it"
        ) from error


_HTML = re.compile(
    r"\A\ufeff?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head)\b", re.I | re.S
)


def read_text(path: str, raw: bytes) -> Record:
    """Read a text file, or an HTML page if its first line begins one."""
    text = decoded(raw)
    if _HTML.match(text):
        from index.read.html.page import read_html

        return read_html(path, raw)
    return Record(path, digest_of(raw), text.translate(LIGATURES), Metadata())


_TOML = re.compile(r"\A\ufeff?\+\+\+[ \t]*\r?\n(?P<toml>.{0,20000}?)^\+\+\+[ \t]*\r?$\n?", re.S | re.M)  # of Hugo
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.{0,20000}?)^(?:---|\.\.\.)[ \t]*\r?$\n?", re.S | re.M)
_MARKUP = (
    (re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$", re.M), r"\n\1\n"),  # headings
    (re.compile(r"^[ \t]{0,3}>[ \t]?", re.M), ""),  # block quotes
    (re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)"), ""),  # pictures
    (re.compile(r"\[([^\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)"), r"\1"),  # links
    (re.compile(r"^\[\^[^\]\s]{1,40}\]:[ \t]*", re.M), ""),  # footnotes, whose text stays
    (re.compile(r"\[\^[^\]\s]{1,40}\]"), ""),  # their marks
    (re.compile(r"^[ \t]{0,3}\[[^\]\n]{1,200}\]:[ \t]+\S+[^\n]*$", re.M), ""),  # addresses of links
    (re.compile(r"\[([^\]\n]+)\]\[[^\]\n]{0,200}\]"), r"\1"),
    (re.compile(r"[ \t]?~~(?=\S)[^~\n]{1,2000}(?<=\S)~~"), ""),  # struck out
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),  # bold
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),  # italics
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"^(?:[-*_=][ \t]*){3,}$", re.M), ""),  # rules
    (re.compile(r"\\([\\`*_{}\[\]()#+.!~>-])"), r"\1"),  # signs that are no markup
)


def read_markdown(path: str, raw: bytes) -> Record:
    """Read a Markdown file: metadata from its front matter, and without a title there, from its first heading."""
    text = decoded(raw)
    said: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        loaded = yaml_fields(front["yaml"], "the front matter", 2)
        said = loaded if isinstance(loaded, dict) else {}
        text = text[front.end() :]
    elif front := _TOML.match(text):
        try:
            said = tomllib.loads(front["toml"].replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            raise UnreadableError(f"the front matter is not valid TOML ({error}); correct it or remove it") from error
        text = text[front.end() :]
    heading = re.search(r"^#[ \t]+(.+?)[ \t#]*$", text, re.M)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    if heading and not said.get("title"):
        said["title"] = heading[1]
    return replace(record_of(path, digest_of(raw), _lines(text), said), extracted=True)


def _lines(text: str) -> str:
    """Return the text of an article without HTML, one line a paragraph."""
    return "\n".join(unwrapped(lines_of(text))).strip()


ENDING = ".meta.yaml"
_LARGEST = 100_000  # bytes; a dozen fields need a thousand


def sidecar_of(path: str) -> str | None:
    """Return the sidecar of an article file: ``x.pdf.meta.yaml``, else ``x.meta.yaml``, None if there is neither."""
    return next((near for near in sidecars_of(path) if os.path.lexists(near)), None)


def sidecars_of(path: str) -> tuple[str, str]:
    """Return the names that the sidecar of an article file may have, best first."""
    stem, dot, _ = path.rpartition(".")
    return path + ENDING, (stem if dot else path) + ENDING


def is_sidecar(name: str) -> bool:
    """Tell whether a file describes an article."""
    return name.lower().endswith(ENDING)


def read_sidecar(path: str) -> Record:
    """Return a sidecar as a record without text. Raises UnreadableError, naming it, if it cannot be read."""
    name = Path(path).name
    in_store = is_store(path)
    if not in_store and Path(path).is_symlink():
        raise UnreadableError(f"its sidecar {name} is a link; put the file itself there")
    try:
        with opened(path) if in_store else open(path, "rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(
            f"its sidecar {name} cannot be read ({error.strerror or error}); check its permissions"
        ) from error
    if len(raw) > _LARGEST:
        raise UnreadableError(
            f"its sidecar {name} is larger than {_LARGEST // 1000} kB; it should hold a title, a date and the "
            "like, no more"
        )
    try:
        said = yaml_fields(decoded(raw), "it")
    except UnreadableError as error:
        raise UnreadableError(f"its sidecar {name}: {error}") from error
    if said is not None and not isinstance(said, dict):
        raise UnreadableError(f"its sidecar {name} holds no fields; write lines like title: …, publisher: …, date: …")
    return record_of(
        path, digest_of(raw), "", {key: value for key, value in (said or {}).items() if isinstance(key, str)}
    )


_HTML_IN_IT = re.compile(r"<(?:p|br|div|li|h[1-6]|blockquote|table|del|s|strike|span)\b[^<>]{0,2000}>", re.I)
_SLASHED = re.compile(rb"\"\s{0,5}:\s{0,5}\"(\d{1,2}/\d{1,2}/(?:19|20)\d\d)\b")
_AHEAD = 16 * 2**20  # bytes in which the dates of a file are looked at before it is read
Found = Iterator["tuple[str, Record] | Failure | Unread"]


def read_json(path: str, raw: bytes) -> Found:
    """Yield the article in a JSON file under its path, or those of a list under their ids."""
    try:
        said = json.loads(decoded(raw))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            f"is not JSON ({error}); correct it, or name it .jsonl if every line is an article"
        ) from error
    articles = articles_in(said)
    if not isinstance(articles, list):
        names: Counter[str] = Counter()
        yield path, _record(path, digest_of(raw), articles, None, names)
        if found := unread(names):
            yield found
        return
    several = _Several(path, "article", days_come_first(dates_in(articles)))
    for number, item in enumerate(articles, start=1):
        line = json.dumps(item, ensure_ascii=False, sort_keys=True)
        yield from several.read(item, digest_of(line), number)
    if not articles:
        raise UnreadableError("is an empty list; there is no article in it")
    if found := unread(several.names):
        yield found


def read_jsonl_gz(packed: IO[bytes], path: str, limit: int, day_first: bool | None = None) -> Found:
    """Yield the articles of a packed stream of JSON lines, up to where it is damaged; ``path`` names it."""
    try:
        with gzip.open(packed, "rb") as stream:
            yield from read_lines(cast(IO[bytes], stream), path, limit, day_first)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableError(
            f"is a damaged gzip file ({error}); what stood before the damage is in, pack it again"
        ) from error


def order_of_days(path: str) -> bool | None:
    """Tell whether "03/04/2025" is 3 April in a file of JSON lines, by its other dates; None if they do not say."""
    with gzip.open(path) if path.lower().endswith(".gz") else open(path, "rb") as stream:
        try:
            ahead = stream.read(_AHEAD)
        except (EOFError, zlib.error, gzip.BadGzipFile):  # reported when it is read
            return None
    return days_come_first({date.decode() for date in _SLASHED.findall(ahead)})


def read_lines(stream: IO[bytes], path: str, limit: int, day_first: bool | None = None) -> Found:
    """Yield the articles of a stream of JSON lines; ``path`` names it.

    ``day_first`` says how it means "03/04/2025", None where that is not known.
    """
    several = _Several(path, "line", day_first)
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
            yield from several.read(said, digest_of(line.strip()), number)
    if found := unread(several.names):
        yield found


class _Several:
    """Reads the articles of one file, each under its id, its address or, without these, its digest."""

    def __init__(self, path: str, unit: str, day_first: bool | None) -> None:
        self.names: Counter[str] = Counter()
        self._path, self._unit, self._day_first = path, unit, day_first
        self._seen: dict[str, int] = {}

    def read(self, said: Any, digest: str, number: int) -> Iterator[tuple[str, Record] | Failure]:
        """Yield the article, or what is wrong with it."""
        given = (said.get("id") or said.get("@id") or said.get("url")) if isinstance(said, dict) else None
        name = line_of(given) or digest[:16]
        if self._day_first is None:
            self._day_first = days_come_first(dates_in([said]))
        try:
            record = _record(f"{self._path}#{name}", digest, said, self._day_first, self.names)
        except UnreadableError as error:
            yield Failure(self._path, f"{self._unit} {number}: {error}", number)
            return
        if name in self._seen:
            yield Failure(
                self._path,
                f"{self._unit} {number}: has the same id as {self._unit} {self._seen[name]}; give every article an id "
                "of its own",
                number,
            )
            return
        self._seen[name] = number
        yield f"{self._path}#{name}", record


def _record(path: str, digest: str, said: Any, day_first: bool | None, names: Counter[str]) -> Record:
    if not isinstance(said, dict):
        raise UnreadableError('is not a JSON object; expected {"title": …, "text": …}')
    text = text_in(said)
    if text is None:
        raise UnreadableError('has no "text"; every article needs a field "text" with its words')
    whole = CUT.sub("…", text)
    teaser, text = whole != text, whole
    names.update(not_read(said))
    known = record_of(path, digest, "", said, day_first)
    if _HTML.match(text):
        from index.read.html.page import read_html

        page = read_html(path, text.encode("utf-8", "replace"), known.url, "utf-8")
        language, metadata = known.language or page.language, filled(known.metadata, page.metadata)
        return replace(page, digest=digest, metadata=metadata, url=known.url or page.url, language=language)
    if _HTML_IN_IT.search(text):
        from index.read.html.fragment import lines_of as lines_of_tree
        from index.read.html.fragment import tree_of

        tree = tree_of(text)
        text = "\n".join(lines_of_tree(tree)) if tree is not None else text
    return replace(known, text=_lines(text), teaser=teaser, extracted=True)
