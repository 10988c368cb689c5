"""Passages as a language model sees them: each between two lines that nothing in it can imitate, under a key that means
nothing elsewhere.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.terminal import day
from index.articles import Hit
from index.printable import printable

# What the templates of chat models read as their own marks: a server may take it for the end of a turn.
_CONTROL = re.compile(r"<(?=\|)|\|(?=>)|\[(?=/?INST\])|<(?=/?s>)|<(?=/?(?:start|end)_of_turn>)|<(?=</?SYS>>)", re.I)
_LETTERS, _DIGITS = "abcdefghjkmnpqrstuvwxyz", "23456789"  # none that is read as another


@dataclass(frozen=True, slots=True)
class Fenced:
    """Passages for one prompt: the text, the mark on its fences, and which key stands for which passage."""

    text: str
    mark: str
    passages: Mapping[str, Hit]


def fenced(hits: Sequence[Hit], most: int, tokens: int, around: str = "") -> Fenced:
    """Fence the best hits: at most ``most`` of them, and as many as fit into about ``tokens``, the first in any case.

    Mark and keys are drawn anew for each request, until they stand in no passage and not in the text ``around`` them.
    """
    chosen: list[Hit] = []
    used = 0
    for hit in hits[:most]:
        used += tokens_of(_block(hit, "", ""))
        if chosen and used > tokens:
            break
        chosen.append(hit)
    texts = "\n".join([around, *(_block(hit, "", "") for hit in chosen)]).lower()
    mark = _drawn(lambda: secrets.token_hex(8), texts)
    passages: dict[str, Hit] = {}
    for hit in chosen:
        passages[_drawn(_key, texts + " ".join(passages))] = hit
    return Fenced("\n\n".join(_block(hit, key, mark) for key, hit in passages.items()), mark, passages)


def harmless(text: str) -> str:
    """Return a text without control characters and with the marks of chat templates broken by a space; its words
    stay.
    """
    return _CONTROL.sub(lambda match: f"{match.group()} ", "\n".join(printable(line) for line in text.split("\n")))


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has: a token is about four bytes of English."""
    return len(text.encode("utf-8", "replace")) // 4 + 1


def _block(hit: Hit, key: str, mark: str) -> str:
    source = hit.article.source
    about = [
        f"Publisher: {_line(source.publisher or 'unknown')}",
        f"Date: {day(source.published)}",
        f"Title: {_line(source.title)}",
    ]
    return "\n".join(
        [
            f"<<<passage [{key}] {mark}>>>",
            *about,
            "",
            harmless(hit.passage.text),
            f"<<<end of passage [{key}] {mark}>>>",
        ]
    )


def _line(text: str) -> str:
    return " ".join(harmless(text).split())[:300]


def _key() -> str:
    return "".join(secrets.choice(_LETTERS) + secrets.choice(_DIGITS) for _ in range(2))


def _drawn(draw: Callable[[], str], texts: str) -> str:
    while (drawn := draw()) in texts:
        pass
    return drawn
