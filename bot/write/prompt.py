"""The words said to a language model: Markdown files in prompts/ with $placeholders, read once and checked at the
start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from string import Template

from index.errors import SettingsError

FOLDER = Path(__file__).resolve().parents[1] / "prompts"
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
