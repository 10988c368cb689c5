"""Slack's text, in and out: what a message asks, without Slack's markup; and text that cannot ping or forge a link."""

from __future__ import annotations

import html
import re

from index.text import printable

_ZERO = "\u200b"
_FORM = re.compile("<(?=[!@#])")  # how Slack's own markup names people and channels
_AT = re.compile(r"@(?=channel|here|everyone)", re.I)
_LINKED = re.compile(r"(?<=\w):(?=//)|(?<=\bwww)\.|(?<=\bmailto):", re.I)  # what Slack makes links of by itself
_ADDRESS = re.compile(r"(?:https?:|www\.|\b[\w-]+\.[a-z]{2,}(?:/|\b))", re.I)


def plain(text: str) -> str:
    """Return a text for rich_text and plain_text: one line, without control characters; never empty.

    Slack parses nothing there. What would ping elsewhere is broken all the same, invisibly, because people copy and
    forward it.
    """
    return _FORM.sub(f"<{_ZERO}", " ".join(printable(text).split())) or "(no text)"


def paragraphs(text: str) -> str:
    """Return a text for rich_text as ``plain`` does, its line breaks kept."""
    return "\n".join(_FORM.sub(f"<{_ZERO}", " ".join(printable(line).split())) for line in text.split("\n"))


def mrkdwn(text: str) -> str:
    """Return a text for Slack's own markup (the field ``text``) in which nothing is markup."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _AT.sub(f"@{_ZERO}", _LINKED.sub(rf"\g<0>{_ZERO}", escaped))


def markdown(text: str) -> str:
    """Return a text for Markdown (streams) in which no mention, link, code or heading works; it looks the same."""
    dead = plain(text).replace("<", f"<{_ZERO}").replace("](", f"]{_ZERO}(").replace("]:", f"]{_ZERO}:")
    dead = dead.replace("`", "'").replace("~~~", f"~{_ZERO}~{_ZERO}~")
    dead = re.sub(r"^([#>|+*-]|\d+[.)])", rf"{_ZERO}\1", dead)
    dead = _LINKED.sub(rf"\g<0>{_ZERO}", dead)
    return _AT.sub(f"@{_ZERO}", dead)


def names_an_address(text: str) -> bool:
    """Tell whether a text looks like an address. As the label of a link it could name another address."""
    return bool(_ADDRESS.search(text))


_MENTION = re.compile(r"<@([A-Z0-9_]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#[A-Z0-9_]+(?:\|([^>]*))?>")
_LINK = re.compile(r"<((?:https?|mailto|tel):[^>|]+)(?:\|([^>]*))?>")
_SPECIAL = re.compile(r"<![^>]*>")
_EMOJI = re.compile(r"(?<![\w:]):[a-z0-9_+'-]+:(?:skin-tone-[2-6]:)?")
_STYLE = re.compile(r"(?<!\w)([*_~`]+)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.S)


def mentions(text: str) -> list[str]:
    """Return the ids of the people a message names."""
    return _MENTION.findall(text)


def question_text(text: str, bot: str) -> str:
    """Return the words of a message: without the bot's name and Slack's markup, a line for each of its lines."""
    text = _MENTION.sub(lambda found: " " if found[1] == bot else " someone ", text)
    text = _CHANNEL.sub(lambda found: found[1] or " ", text)
    text = _LINK.sub(lambda found: found[2] or found[1], text)
    text = html.unescape(_EMOJI.sub(" ", _SPECIAL.sub(" ", text)))
    lines = (" ".join(line.split()) for line in _STYLE.sub(r"\2", text).splitlines())
    return "\n".join(filter(None, lines))


def end_of(text: str, most: int) -> str:
    """Return the end of a text that is too long, from the beginning of a sentence or word: people ask there."""
    if len(text) <= most:
        return text
    end = text[-most:]
    sentence = re.search(r"[.!?]\s+(?=\S)", end[: most // 2])
    return end[sentence.end() :] if sentence else end.partition(" ")[2] or end
