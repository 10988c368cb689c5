"""A bot in this process, connected to the stand-in, for tests; and desks that say what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from hash_embedder import HashEmbedder
from slack_server import SlackServer

from bot.answer.desk import Desk, Reply, Request
from bot.check.checker import Draft, check
from bot.reply import Answer, NoAnswer, Sentence
from bot.slack.bot import Rules, SlackBot
from bot.slack.process import Tokens, running_bot
from index.archive import Archive
from index.articles import Article, Hit, Source
from index.text import passages_of


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Play a scenario to its end."""
    asyncio.run(asyncio.wait_for(scenario, 60))


def access(slack: SlackServer, port: int = 0) -> Tokens:
    tokens = (slack.bot_token, None, slack.signing_secret) if port else (slack.bot_token, slack.app_token, None)
    return Tokens(*tokens, url=slack.url, port=port or 3000)


@contextlib.asynccontextmanager
async def bot(
    slack: SlackServer, archive: Path, folder: Path, rules: Rules | None = None, desk: Any = None, port: int = 0
) -> AsyncIterator[SlackBot]:
    """A bot that answers from an archive, or from the desk given, until the block ends; its journal is in the folder,
    or where the settings say.
    """

    def load() -> tuple[Any, Archive]:
        opened = Archive(archive)
        return desk or Desk(opened, HashEmbedder()), opened

    async with running_bot(
        access(slack, port), load, folder, rules or Rules(), 2, os.environ.get("NEWSDESK_CATALOG__URL")
    ) as room:
        if not port:
            await slack.until(lambda: slack.sockets, "the bot connects")
        yield room


def article(
    text: str,
    title: str = "A headline",
    publisher: str | None = "Harbour Courier",
    published: date | None = date(2025, 3, 3),
    url: str | None = None,
) -> Article:
    return Article.of(
        Source(f"id-{abs(hash((text, title))):x}"[:16], title, publisher, None, url, "a.txt", published, "en"), text
    )


passages = functools.cache(passages_of)


def draft(
    source: Article, quote: str, also_in: Sequence[str] = (), answering: str | None = None, speaker: str = ""
) -> Draft:
    start = source.text.index(quote)
    [passage] = [p for p in passages(source) if p.start <= start < p.end]
    at = source.text.index(answering, start) if answering else 0
    span = (at, at + len(answering)) if answering else None
    text = " ".join(quote.split())
    return Draft(text, source, passage, start, start + len(quote), tuple(also_in), answering=span, speaker=speaker)


def headline(source: Article) -> Draft:
    title = source.source.title
    return Draft(title, source, passages(source)[0], 0, len(title), headline=True)


def answered(question: str, drafts: Sequence[Draft], answerer: str = "quotes", lead: str = "") -> Reply:
    sentences, citations, dropped = check(drafts)
    return Reply(Answer(question, sentences, citations, answerer, dropped, lead), {}, (), "scripted", 1.0)


def refused(question: str, near: Sequence[Article] = (), closest: Draft | None = None) -> Reply:
    """A refusal; with ``closest`` an answer that is unsure."""
    hits = tuple(Hit(passages_of(item)[0], item, 1.0, 1.0, 1.0) for item in near)
    _, found, _ = check([closest] if closest else [])
    return Reply(NoAnswer(question, "not_supported", hits, (), found[0] if found else None), {}, hits, "scripted", 0.0)


class Scripted:
    """A desk that gives the replies it was told, keeps what it was asked, and can be held."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Request] = []
        self.open = threading.Event()
        self.open.set()

    def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        assert self.open.wait(30)
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


def single() -> Scripted:
    """A desk that answers everything with one quote."""
    return Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))


class Streaming(Scripted):
    """A desk that tells its reply sentence by sentence; each waits until it may go."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.quotes = Scripted(reply)
        self.may = threading.Semaphore(0)
        self.closed = threading.Event()

    def stream(self, request: Request) -> Iterator[Sentence | Reply]:
        self.asked.append(request)
        try:
            result = self.replies[0].result
            assert isinstance(result, Answer)
            for sentence in result.sentences:
                assert self.may.acquire(timeout=30)
                yield Sentence(sentence.text, sentence.numbers)
            yield self.replies[0]
        finally:
            self.closed.set()
