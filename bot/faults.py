"""An error as the log may tell it."""

from __future__ import annotations

import traceback
from pathlib import Path

from index.errors import NewsdeskError


def told(error: BaseException) -> str:
    """Return an error's kind and place; its message only where it is our own, because another's may hold what was
    asked.
    """
    if isinstance(error, NewsdeskError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
        if frames
        else type(error).__name__
    )
