"""Addresses of other sites: which may be shown as a link, and how one leads to a passage of its page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

LONGEST = 3_000  # characters; Slack refuses longer ones
_WHOLE = 10  # words; a longer quote is named by its first and last words
_ENDS = 4  # words, or more until they stand nowhere else before the quote
_MOST = 150  # characters of each part


def address(url: str | None) -> str | None:
    """Return an address a person may be sent to: http or https, no user name in it, not too long; else None."""
    if not url or len(url) > LONGEST or any(char.isspace() or not char.isprintable() or char in '<>|"' for char in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and host and "." in host and "@" not in parts.netloc else None


def at_passage(url: str, text: str, start: int, end: int) -> str:
    """Return a page's address with a text fragment (https://wicg.github.io/scroll-to-text-fragment/) for
    ``text[start:end]``.

    ``text`` is the article's, as we have it: browsers find the first place that the fragment fits, so its words are
    chosen to fit the quote before anything else. An address that would become too long is returned without it.
    """
    page, _, fragment = url.partition("#")
    directive = _directive(text, start, end)
    led = f"{page}#{fragment.partition(':~:')[0]}:~:text={directive}"
    return led if directive and len(led) <= LONGEST else url


def _directive(text: str, start: int, end: int) -> str:
    lines = [line.split() for line in text[start:end].split("\n") if line.strip()]
    if not lines:
        return ""
    flat, quoted, until = (" ".join(part.split()) for part in (text, text[start:end], text[:end]))
    low = flat.lower()
    low = (
        low if len(low) == len(flat) else flat
    )  # browsers compare without case; a few letters have no small form of one character
    stop = len(until)
    at = stop - len(quoted)  # a quotation mark may stand before the quote, or a space
    first, last = quoted, ""
    if len(lines) > 1 or len(lines[0]) > _WHOLE or len(quoted) > _MOST:
        # Each part must lie in one paragraph of the page, and the line breaks of our text are its paragraphs'.
        first = _grown(lines[0], lambda part: low.find(low[at : at + len(part)]) == at)
        rest = at + len(first)
        last = _grown(
            lines[-1][::-1],
            lambda part: low.find(low[stop - len(part) : stop], rest) == stop - len(part),
            backwards=True,
        )
        if len(lines) == 1 and len(first) + len(last) >= len(quoted):
            first, last = quoted, ""
    alone = low.find(low[at : at + len(first)]) == at
    prefix = "" if alone else " ".join(flat[max(0, at - _MOST) : at].split()[-6:])
    return (f"{_encoded(prefix)}-," if prefix else "") + _encoded(first) + (f",{_encoded(last)}" if last else "")


def _grown(words: list[str], alone: Callable[[str], bool], backwards: bool = False) -> str:
    """Return as many words from one end of a line as it takes until they fit one place only, if they ever do."""
    part = ""
    for count in range(min(_ENDS, len(words)), len(words) + 1):
        longer = " ".join(words[:count][::-1] if backwards else words[:count])
        if len(longer) > _MOST and part:
            break
        part = longer[-_MOST:] if backwards else longer[:_MOST]
        if alone(part):
            break
    return part


def _encoded(text: str) -> str:
    # A hyphen, a comma and an ampersand mean something in a directive.
    return quote(text, safe="", errors="replace").replace("-", "%2D")
