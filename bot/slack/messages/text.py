"""Text that can do nothing in Slack: ping no one, forge no link, break no block."""

from __future__ import annotations

import re

from index.printable import printable

_ZERO = "\u200b"
_FORM = re.compile("<(?=[!@#])")  # how Slack's own markup names people and channels
_AT = re.compile(r"@(?=channel|here|everyone)", re.I)
_LINKED = re.compile(r"(?<=\w):(?=//)|(?<=\bwww)\.|(?<=\bmailto):", re.I)  # what Slack makes links of by itself
_ADDRESS = re.compile(r"(?:https?:|www\.|\b[\w-]+\.[a-z]{2,}(?:/|\b))", re.I)


def plain(text: str) -> str:
    """Return a text for rich_text and plain_text: one line, without control or direction marks; never empty.

    Slack parses nothing there. Forms that ping are broken all the same, invisibly: text is copied and forwarded.
    """
    return _FORM.sub(f"<{_ZERO}", " ".join(printable(text).split())) or "(no text)"


def paragraphs(text: str) -> str:
    """Return a text for rich_text as ``plain`` does, its line breaks kept."""
    return "\n".join(_FORM.sub(f"<{_ZERO}", " ".join(printable(line).split())) for line in text.split("\n"))


def mrkdwn(text: str) -> str:
    """Return a text for Slack's own markup (the field ``text``): nothing in it is markup any more."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _AT.sub(f"@{_ZERO}", _LINKED.sub(rf"\g<0>{_ZERO}", escaped))


def markdown(text: str) -> str:
    """Return a text for Markdown (streams): mentions, links, fences and headings in it are dead, its words unchanged to
    the eye.
    """
    dead = plain(text).replace("<", f"<{_ZERO}").replace("](", f"]{_ZERO}(").replace("]:", f"]{_ZERO}:")
    dead = dead.replace("`", "'").replace("~~~", f"~{_ZERO}~{_ZERO}~")
    dead = re.sub(r"^([#>|+*-]|\d+[.)])", rf"{_ZERO}\1", dead)
    dead = _LINKED.sub(rf"\g<0>{_ZERO}", dead)
    return _AT.sub(f"@{_ZERO}", dead)


def names_an_address(text: str) -> bool:
    """Tell whether a text looks like an address itself, so that as a link's label it could name another one."""
    return bool(_ADDRESS.search(text))
