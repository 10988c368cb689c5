"""A real browser for tests. TEST_CHROMIUM names the Chromium; by default it is looked for under its usual names."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("TEST_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

NEEDED = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="THERE IS NO BROWSER: the pages were not looked at. Install one: apt-get install chromium",
    ),
]

SIZES = {"phone": {"width": 375, "height": 667}, "desk": {"width": 1280, "height": 800}}


@dataclass
class Reader:
    """Someone with a browser; ``asked`` is every address it asked for, ``told`` every complaint of its console."""

    page: Any
    asked: list[str]
    told: list[str]


class Readers:
    """People with browsers; ``room`` is what the test has put behind the address."""

    def __init__(self, browser: Any, url: str, room: Any = None) -> None:
        self.browser, self.url, self.room = browser, url, room
        self._open: list[Any] = []

    def __call__(self, path: str, size: str = "desk", **options: Any) -> Reader:
        context = self.browser.new_context(viewport=SIZES[size], **options)
        self._open.append(context)
        page = context.new_page()
        reader = Reader(page, [], [])
        page.on("request", lambda request: reader.asked.append(request.url))
        page.on("console", lambda message: reader.told.append(message.text))
        page.on("pageerror", lambda error: reader.told.append(str(error)))
        page.on("dialog", lambda dialog: reader.told.append(f"dialog: {dialog.message}"))
        page.goto(path if "://" in path else self.url + path)
        return reader

    def close(self) -> None:
        for context in self._open:
            context.close()
        self._open.clear()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser, until the block ends."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def violations(reader: Reader) -> list[tuple[str, str]]:
    """What axe finds wrong on a page for people who cannot see it, or not well."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(reader.page).response["violations"]
    serious = ("serious", "critical", "moderate")
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in serious]


def keep_pictures(reader: Reader, name: str) -> None:
    """Keep pictures of a page, light and dark, if SHOTS names a folder for them."""
    if folder := os.environ.get("SHOTS"):
        for scheme in ("light", "dark"):
            reader.page.emulate_media(color_scheme=scheme)
            reader.page.screenshot(path=Path(folder) / f"{name}-{scheme}.png")
