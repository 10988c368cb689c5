"""What a language model is sent: the files of prompts/ with $placeholders filled, and the passages. Each passage has a
random key and is between two marker lines that its text cannot imitate.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from string import Template

from index.articles import Hit
from index.dates import day_text
from index.errors import SettingsError
from index.text import printable

# What the templates of chat models read as their own marks: a server may take it for the end of a turn.
_CONTROL = re.compile(r"<(?=\|)|\|(?=>)|\[(?=/?INST\])|<(?=/?s>)|<(?=/?(?:start|end)_of_turn>)|<(?=</?SYS>>)", re.I)
_LETTERS, _DIGITS = "abcdefghjkmnpqrstuvwxyz", "23456789"  # none that is read as another


@dataclass(frozen=True, slots=True)
class FencedPassages:
    """Passages for one prompt: the text, the mark on its fences, and which key stands for which passage."""

    text: str
    mark: str
    passages: Mapping[str, Hit]


def fence_passages(hits: Sequence[Hit], most: int, tokens: int, around: str = "") -> FencedPassages:
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
    mark = mark_for(texts)
    passages: dict[str, Hit] = {}
    for hit in chosen:
        passages[_drawn(_key, texts + " ".join(passages))] = hit
    return FencedPassages("\n\n".join(_block(hit, key, mark) for key, hit in passages.items()), mark, passages)


def mark_for(texts: str) -> str:
    """Return a mark for fences that stands in none of some texts."""
    return _drawn(lambda: secrets.token_hex(8), texts.lower())


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
        f"Date: {day_text(source.published, source.date_source)}",
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


FOLDER = Path(__file__).resolve().parents[2] / "prompts"
_LINE = "\n---\n"  # above it: the rules; below: what is asked


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in two parts, the rules and what is asked. ``version`` is the start of its file's SHA-256."""

    name: str
    version: str
    rules: str
    asked: str

    def filled(self, **values: str) -> tuple[str, str]:
        """Return both parts with every placeholder filled; a ``$`` in a value is a dollar sign."""
        return Template(self.rules).substitute(values).strip(), Template(self.asked).substitute(values).strip()


def prompt(name: str, placeholders: Set[str], folder: Path = FOLDER) -> Prompt:
    """Read a prompt.

    Raises SettingsError if it cannot be read, or if its placeholders are not exactly those there are values for.
    """
    path = folder / f"{name}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}). Restore it from the repository."
        ) from error
    rules, line, asked = text.partition(_LINE)
    if not line or not asked.strip():
        raise SettingsError(f"{path} has no line --- between the rules and what is asked. Put it back.")
    template = Template(text)
    if not template.is_valid():
        raise SettingsError(f"{path} has a $ that begins no placeholder. Write $$ for a dollar sign.")
    used = set(template.get_identifiers())
    if unknown := sorted(used - placeholders):
        raise SettingsError(
            f"{path} uses ${unknown[0]}, for which there is no value. Known: "
            f"{', '.join(f'${known}' for known in sorted(placeholders))}"
        )
    if missing := sorted(placeholders - used):
        raise SettingsError(f"{path} does not use ${missing[0]}, so a model would not see it. Put it back.")
    return Prompt(name, hashlib.sha256(text.encode()).hexdigest()[:12], rules, asked)
