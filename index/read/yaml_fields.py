"""Fields written as YAML, in front matter and in sidecars."""

from __future__ import annotations

from typing import Any

import yaml

from index.errors import UnreadableError

_NESTED = 200  # brackets: PyYAML's time grows with the square of them


def yaml_fields(text: str, what: str, first_line: int = 1) -> Any:
    """Return what a YAML text holds.

    Raises UnreadableError with its line, counted from ``first_line``; ``what`` names the text.
    """
    try:
        if text.count("[") + text.count("{") > _NESTED:
            raise ValueError("too many brackets")
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableError(
            f"line {mark.line + first_line if mark else 1}: {what} is not valid YAML; correct it or remove it"
        ) from error
