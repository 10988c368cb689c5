"""The question box in this process, as the settings make it, over an archive of hashed words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from hash_embedder import HashEmbedder
from lxml import html
from reading_room import served_in_thread

from bot.desk_threads import DeskThreads
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal, journal_at
from bot.journal.stored_answer import answers
from bot.wiring import desk_loader, question_box
from settings import Settings, load
from web.app import app

HERE = "http://127.0.0.1:8080"


@dataclass
class AskingRoom:
    """The application, and what a browser does with it."""

    app: Any
    settings: Settings

    def browser(self, base: str = HERE, address: str = "127.0.0.1", **options: Any) -> httpx.AsyncClient:
        """Somebody with a browser at an address."""
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=base, **options)

    def asked(self) -> list[JournalEntry]:
        """What the journal has, oldest first."""
        journal = Journal(journal_at(self.settings.database(), self.settings.data_dir), to_read=True)
        try:
            return journal.asked_between(0, 2e10)
        finally:
            journal.close()


@contextlib.asynccontextmanager
async def asking_room() -> AsyncIterator[AskingRoom]:
    """A room with a question box, by the settings of the environment, until the block ends."""
    settings = load()
    desk = DeskThreads(desk_loader(settings, HashEmbedder()), settings.slack.workers)
    with contextlib.closing(desk), question_box(settings, desk) as asking:
        await asking.box.load()
        found = answers(journal_at(settings.database(), settings.data_dir))
        yield AskingRoom(app(settings.signed_links(), settings.open_catalog, found, asking=asking), settings)


def served_room() -> contextlib.AbstractContextManager[str]:
    """Serve such a room in a thread and give its address."""

    @contextlib.asynccontextmanager
    async def application() -> AsyncIterator[Any]:
        async with asking_room() as room:
            yield room.app

    return served_in_thread(application())


def in_room(scenario: Callable[[AskingRoom, httpx.AsyncClient], Awaitable[None]]) -> None:
    """Play a scenario in such a room, with somebody on this machine."""

    async def play() -> None:
        async with asking_room() as room, room.browser() as browser:
            await scenario(room, browser)

    asyncio.run(asyncio.wait_for(play(), 60))


def page(answered: httpx.Response) -> Any:
    return html.document_fromstring(answered.text)


def texts(found: Any, path: str) -> list[str]:
    return [" ".join(item.text_content().split()) for item in found.cssselect(path)]


def fields(found: Any, path: str = "form") -> dict[str, str]:
    """What a form of a page sends along."""
    return {item.get("name"): item.get("value") for item in found.cssselect(f"{path} input[type=hidden]")}


async def ask(browser: httpx.AsyncClient, question: str, path: str = "/", **more: str) -> httpx.Response:
    """Fill in the first form of a page, send it, and follow to the answer."""
    form = fields(page(await browser.get(path)), "form.ask")
    return await browser.post(path, data={**form, "q": question, **more}, follow_redirects=True)
