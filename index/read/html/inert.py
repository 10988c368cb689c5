"""A saved page to look at: its words and their structure, and nothing that loads, runs or leads anywhere.

The page is written anew from a list of elements and attributes that do nothing. What is not in the list goes, or only
its words stay. So a page can hold whatever it likes: no address of it is in what a browser gets.
"""

from __future__ import annotations

import re
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from index.errors import UnreadableError
from index.read.html.fragment import tree_of
from index.text import printable

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LARGEST = 3_000_000  # characters of a page
_KEPT = frozenset(
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code dd del details dfn div dl dt em "
    "figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main mark nav ol p pre q rp rt ruby s samp "
    "section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split()
)
_EMPTY = frozenset(("br", "hr", "wbr"))
_BLOCKS = dict.fromkeys("body dialog dir fieldset form hgroup legend menu optgroup search".split(), "div")
# What has no words, or words that a browser does not show. Of an <svg> and a <math> the words stay, and the parser puts
# what follows an <embed> inside it.
_DROPPED = frozenset(
    "applet area audio base canvas col colgroup datalist frame frameset iframe input link meta noembed "
    "noframes noscript object option param picture script select style template textarea title video".split()
)
_VALUES = {
    "dir": re.compile(r"ltr|rtl|auto", re.I),
    "lang": re.compile(r"[A-Za-z0-9-]{2,20}"),
    "colspan": re.compile(r"[1-9]\d?"),
    "rowspan": re.compile(r"[1-9]\d{0,2}"),
    "start": re.compile(r"-?\d{1,6}"),
    "value": re.compile(r"-?\d{1,6}"),
}
_HOLDERS = {"colspan": ("td", "th"), "rowspan": ("td", "th"), "start": ("ol",), "value": ("li",)}
_PICTURE = 500  # characters of the words for a picture
_STARTS = ("h1", "article", "main")  # the first that a page has


def inert(source: str) -> str | None:
    """Return what a page shows, made harmless; None if it is too large or no page. Takes linear time.

    Where its article begins stands the id "start".
    """
    from lxml import etree

    if len(source) > LARGEST:
        return None
    try:
        tree = tree_of(source)
    except UnreadableError:
        return None
    if tree is None:
        return None
    start = next((element for name in _STARTS for element in islice(tree.iter(name), 1)), None)
    written: list[str] = []
    walk = etree.iterwalk(tree, events=("start", "end"))  # all of it: the parser puts what has no body before it
    for event, element in walk:
        tag = _BLOCKS.get(element.tag, element.tag)
        if event == "start":
            if tag == "img" or tag in _DROPPED:
                written += _in_its_place(element)
                walk.skip_subtree()
                continue
            if tag in _KEPT:
                mark = ' id="start"' if element is start else ""
                written.append(f"<{tag}{mark}{_attributes(element)}>")
            written.append(_text(element.text))
            continue
        if tag in _KEPT and tag not in _EMPTY:
            written.append(f"</{tag}>")
        if element is not tree:
            written.append(_text(element.tail))
    return "".join(written)


def _in_its_place(element: HtmlElement) -> list[str]:
    """Return the words that stand for a picture; of a ``<picture>`` those of its image."""
    image = element.find(".//img") if element.tag == "picture" else element
    if image is None or image.tag != "img" or not (words := " ".join((image.get("alt") or "").split())):
        return []
    return [f'<span class="picture">{_text(words[:_PICTURE])}</span>']


def _attributes(element: HtmlElement) -> str:
    kept = [
        f' {name}="{value}"'
        for name, form in _VALUES.items()
        if (value := element.get(name)) and form.fullmatch(value) and element.tag in _HOLDERS.get(name, (element.tag,))
    ]
    return "".join(kept)


def _text(text: str | None) -> str:
    return "\n".join(escape(printable(line)) for line in text.split("\n")) if text else ""
