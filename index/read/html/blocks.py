"""The paragraphs of a page as a browser shows them, and which of them extraction keeps.

Extraction (trafilatura) judges elements by tag and class. That is right for blocks and takes words out of sentences: it
drops ``<span class="widget">not</span>``. So it only chooses. Each block gets a mark of two characters that no page
has; the text of a block whose mark is in what was extracted is taken from the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.text import is_prose

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Variation selectors: printable, no letters, without width, and only behind Chinese characters in real texts.
_FIRST, _DIGITS = 0xE0100, 240
_MARK = re.compile(f"([{chr(_FIRST)}-{chr(_FIRST + _DIGITS - 1)}]{{2}})")
_MOST = _DIGITS * _DIGITS
_BLOCK = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup p pre search section "
    "summary table tbody td tfoot th thead tr ul".split()
)
_INLINE = tuple(
    "abbr b big cite code data del dfn em font i ins kbd mark q small span strong sub sup template time tt u var "
    "wbr".split()
)
_MOST_INLINE = 10_000
# What a browser does not show, or only where it cannot show something else.
_NOT_SHOWN = frozenset(
    "applet area audio canvas datalist embed frame frameset head iframe link meta noembed noframes noscript param "
    "rp rt rtc script source style template title track video annotation annotation-xml".split()
)
_OPENS = _BLOCK | {"a", "br", "cite"}
_HIDES = _NOT_SHOWN | {"dialog", "object", "select", "svg"}
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 dt caption legend summary".split())
_WORD = re.compile(r"\w+")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_STOPS = re.compile(r"""[.!?…:;。！？।؟۔|»”"’)\]]\s*$""")


@dataclass(slots=True)
class Block:
    """A paragraph, a heading, an item of a list, a row of a table or a line of any of them.

    ``holder`` is the block element it stands in. ``places`` are where its text begins and goes on: in an element or
    behind one. ``linked`` counts the characters that are links. ``loose`` text has a line break or another block next
    to it in the same element.
    """

    text: str
    item: bool
    holder: HtmlElement
    places: list[tuple[HtmlElement, str]]
    linked: int
    loose: bool
    words: int = 0

    @property
    def heading(self) -> bool:
        """Tell whether it is a heading."""
        return self.holder.tag in _HEADINGS


def blocks_of(tree: HtmlElement) -> list[Block]:
    """Return the blocks of a page that have words, in order. Takes linear time.

    A line break in the middle of a sentence ends no block, nor does a block that stands there.
    """
    body = tree.find(".//body")
    apart = [block for block in _Walk(tree if body is None else body).blocks() if _WORD.search(block.text)]
    goes_on = [False] * (len(apart) + 1)  # whether the sentence before a block goes on in it
    for number in range(len(apart) - 1, 0, -1):
        before, block = apart[number - 1 : number + 1]
        goes_on[number] = _follows(before, block) and (before.loose or block.loose or goes_on[number + 1])
    found: list[Block] = []
    texts: list[list[str]] = []
    for block, joins in zip(apart, goes_on, strict=False):
        block.words = len(_WORD.findall(block.text))
        if joins and not found[-1].heading:
            texts[-1].append(block.text)
            found[-1].places += block.places
            found[-1].linked += block.linked
            found[-1].words += block.words
        else:
            texts.append([block.text])
            found.append(block)
    for block, parts in zip(found, texts, strict=True):
        block.text = f"{'- ' if block.item else ''}{' '.join(parts)}"
    return found


def _follows(before: Block, block: Block) -> bool:
    return block.text[0].islower() and not _STOPS.search(before.text[-8:])


def mark(blocks: Sequence[Block]) -> None:
    """Put a mark before the text of each block, in the page's tree."""
    for number, block in enumerate(blocks[:_MOST]):
        sign = chr(_FIRST + number // _DIGITS) + chr(_FIRST + number % _DIGITS)
        for element, side in block.places:
            setattr(element, side, sign + (getattr(element, side) or ""))


def lighten(tree: HtmlElement) -> None:
    """Make the inline elements of a page plain text, if it has so many that extraction would take the square of them.

    Their marks stay.
    """
    from lxml import etree

    if sum(1 for _ in tree.iter(*_INLINE)) <= _MOST_INLINE:
        return
    etree.strip_tags(tree, *_INLINE)
    for element in tree.iter():
        element.text, element.tail = element.text, element.tail  # one text each, not many


def unmarked(extracted: str) -> str:
    """Return an extracted text without marks."""
    return _MARK.sub("", extracted)


def chosen(extracted: str, blocks: Sequence[Block]) -> list[int]:
    """Return the numbers of the blocks that are in an extracted text with their marks.

    A label of which extraction leaves less than half is none ("By", without the author's name).
    """
    parts = _MARK.split(extracted)
    words = dict.fromkeys(range(len(blocks)), 0)
    for sign, text in zip(parts[1::2], parts[2::2], strict=True):
        number = (ord(sign[0]) - _FIRST) * _DIGITS + ord(sign[1]) - _FIRST
        if number in words:
            words[number] += len(_WORD.findall(text))
    return [
        number
        for number, count in words.items()
        if count * 2 >= blocks[number].words or (count and is_prose(blocks[number].text))
    ]


class _Walk:
    """One pass over a page; ``run`` is the text since the last block began or ended."""

    def __init__(self, body: HtmlElement) -> None:
        self.body = body
        self.found: list[Block] = []
        self.run: list[str] = []
        self.blank = True
        self.linked = self.links = self.pre = 0
        self.bullet = False
        self.holders = [body]
        self.place = (body, "text")
        self.row: HtmlElement | None = None

    def blocks(self) -> list[Block]:
        from lxml import etree

        walk = etree.iterwalk(self.body, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag in _OPENS:
                    self._start(element, tag)
                if tag in _HIDES and self._hides(element, tag):
                    walk.skip_subtree()
                elif isinstance(tag, str):  # no comment
                    self._add(element.text)
            else:
                self._end(element, tag)
                self._add(element.tail)
        self._flush(False)
        return self.found

    def _hides(self, element: HtmlElement, tag: str) -> bool:
        """Tell whether a browser does not show what is in an element; add what it shows in its place."""
        if (
            tag in _NOT_SHOWN
            or (tag == "object" and element.get("data"))
            or (tag == "dialog" and "open" not in element.attrib)
        ):
            return True
        if tag == "select":
            options = list(element.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options
            self._add("".join((chosen or [element])[0].itertext()))
            return True
        if tag == "svg":
            self._add(
                " ".join("".join(text.itertext()) for text in element.iter("text", "{http://www.w3.org/2000/svg}text"))
            )
            return True
        return False

    def _start(self, element: HtmlElement, tag: str) -> None:
        if tag == "a":
            self.links += 1
        elif self.row is not None:
            if tag in ("td", "th"):
                if self.blank:
                    self.place = (element, "text")
                self._add(" | ")
            elif tag in _BLOCK or tag == "br":
                self._add(" ")
        elif tag == "br" or tag in _BLOCK:
            self._flush(True)
            self.place = (element, "text")
            if tag == "li":
                self.bullet = True
            elif tag == "pre":
                self.pre += 1
            elif tag == "tr":
                self.row = element
            if tag != "br":
                self.holders.append(element)
        elif tag == "cite" and not self.blank and _STOPS.search(self.run[-1][-1:]):  # who said a pull quote
            self._flush(True)
            self.place = (element, "text")

    def _end(self, element: HtmlElement, tag: str) -> None:
        if tag == "a":
            self.links -= 1
        if self.row is not None and element is not self.row:
            if tag in _BLOCK:
                self._add(" ")
        elif tag == "br" or tag in _BLOCK:
            if tag != "br":
                self._flush(False)
                self.holders.pop()
            self.row = None
            self.pre -= tag == "pre"
            self.place = (element, "tail")
        elif self.blank:
            self.place = (element, "tail")

    def _add(self, text: str | None) -> None:
        if not text:
            return
        self.run.append(text)
        if self.blank and not text.isspace() and text != " | ":
            self.blank = False
        if self.links:
            self.linked += len(text)

    def _flush(self, more: bool) -> None:
        if not self.blank:
            whole = "".join(self.run)
            text = _folded(whole, self.pre > 0)
            if self.row is not None:
                text = f"{text} |" if " | " in text else text.removeprefix("| ")
            loose = more or self.place[1] == "tail"
            self.found.append(Block(text, self.bullet, self.holders[-1], [self.place], self.linked, loose))
            self.bullet = False
        self.run, self.blank, self.linked = [], True, 0


def _folded(text: str, lines: bool) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    text = _UNSEEN.sub("", text)
    if lines:
        return "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return " ".join(text.split())
