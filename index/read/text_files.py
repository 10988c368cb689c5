"""Text files: a saved page as text, or Markdown with front matter."""

from __future__ import annotations

import re
from typing import Any

from index.articles import digest_of
from index.read.encoding import decoded
from index.read.record import Record, record_of
from index.read.text_metadata import Metadata
from index.read.yaml_fields import yaml_fields

_HTML = re.compile(
    r"\A\ufeff?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head)\b", re.I | re.S
)


def read_text(place: str, raw: bytes) -> Record:
    """Read a text file. One that is an HTML page from its first line on is read as that."""
    text = decoded(raw)
    if _HTML.match(text):
        from index.read.html import read_html

        return read_html(place, raw)
    return Record(place, digest_of(raw), text, Metadata())


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


def read_markdown(place: str, raw: bytes) -> Record:
    """Read a Markdown file: metadata from its front matter, the title else from its first heading."""
    text = decoded(raw)
    said: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        loaded = yaml_fields(front["yaml"], "the front matter", 2)
        said = loaded if isinstance(loaded, dict) else {}
        text = text[front.end() :]
    heading = re.search(r"^#[ \t]+(.+?)[ \t#]*$", text, re.M)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    if heading and not said.get("title"):
        said["title"] = heading[1]
    return record_of(place, digest_of(raw), text, said)
