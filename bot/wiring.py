"""Makes the archive, the desk, the journal and the links from the settings."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import ModelError
from settings import Settings

if TYPE_CHECKING:
    from bot.answer.desk import Desk
    from bot.check.judge import Judge
    from bot.desk_threads import DeskThreads
    from bot.desks import AnsweringDesk
    from bot.journal.journal import Journal
    from bot.reply import Links
    from bot.write.llm import Llm
    from index.archive import Archive
    from index.model.embedder import Embedder
    from index.model.reader import Reader
    from web.app import Asking
    from web.door import Door

_FOLLOWS, _FOLLOWS_NEAR = 2.5, 0.0  # what our own judge must say; of what stands there nearly word for word
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def opened_archive(settings: Settings) -> Iterator[Archive]:
    """Open the archive for a block. Raises ArchiveError if there is none."""
    archive = settings.archive()
    try:
        yield archive
    finally:
        archive.close()


def quotes_desk(archive: Archive, settings: Settings, embedder: Embedder) -> Desk:
    """Return the desk that answers with quotes.

    Raises ModelError if the reranker or cross-encoder that is set cannot be loaded.
    """
    from bot.answer.desk import Desk
    from index.model.embedder import cross_encoder

    return Desk(
        archive,
        embedder,
        cross_encoder(settings.search.reranker) if settings.search.reranker else None,
        settings.answers.refusal,
        _reader(settings),
    )


def _reader(settings: Settings) -> Reader | None:
    from index.model.reader import OFF, OWN, SMALL, reader_of

    name = settings.answers.reader
    for less in {OWN: (OWN, SMALL, OFF), SMALL: (SMALL, OFF)}.get(name, (name,)):
        try:
            return reader_of(less)
        except ModelError as error:
            if name not in (OWN, SMALL):
                raise
            _log.warning("Questions are answered with less reading than NEWSDESK_ANSWERS__READER asks for: %s", error)
    return None


def llm_of(settings: Settings) -> Llm | None:
    """Return the language model that is set. Raises SettingsError if it cannot be used."""
    if not settings.llm.model:
        return None
    from bot.write.llm import Llm

    return Llm(settings.llm)


def answering_desk(desk: Desk, llm: Llm | None, settings: Settings, embedder: Embedder) -> AnsweringDesk:
    """Return the desk to ask: the one with quotes, or a language model in front of it."""
    if llm is None:
        return desk
    from bot.write.desk import WrittenDesk

    name = settings.check.judge
    return WrittenDesk(desk, llm, embedder, settings.llm, "llm" if name == "llm" else judge_of(name))


def judge_of(name: str) -> Judge | None:
    """Return a judge of sentences by its name: own, or a cross-encoder; None if it is off, or our own cannot be
    loaded. Raises ModelError if a cross-encoder cannot be loaded.
    """
    from bot.check.judge import Judge, Weighed
    from index.model import judge
    from index.model.reader import OWN

    try:
        scores = judge.judge_of(name)
    except ModelError as error:
        if name != OWN:
            raise
        _log.warning("Written sentences are shown only where they stand in an article: %s", error)
        return None
    if scores is None:
        return None
    bound = _FOLLOWS if name == OWN else _FOLLOWS_NEAR  # docs/understand/checker.md

    def confirms(asked: Sequence[Weighed]) -> list[bool]:
        return [
            scores(one.said, [(one.context, one.evidence)])[0] > (_FOLLOWS_NEAR if one.near else bound) for one in asked
        ]

    return Judge(confirms)


def desk_loader(settings: Settings, embedder: Embedder | None = None) -> Callable[[], tuple[AnsweringDesk, Archive]]:
    """Return a function that opens archive and model and returns the desk to ask, warm, and its archive.

    Raises SettingsError if the language model that is set cannot be used.
    """
    llm = llm_of(settings)

    def load() -> tuple[AnsweringDesk, Archive]:
        from bot.answer.desk import Request

        with contextlib.ExitStack() as opened:
            archive = settings.archive()
            opened.callback(archive.close)
            model = embedder or settings.embedder()
            desk = quotes_desk(archive, settings, model)
            desk.ask(Request("what opens the archive", date.today()))  # noqa: DTZ011  any day
            answers = answering_desk(desk, llm, settings, model)
            opened.pop_all()  # it stays open
        return answers, archive

    return load


def door_of(settings: Settings) -> Door:
    """Return what decides who may ask in the browser."""
    from web.door import Door, is_loopback

    web = settings.web
    return Door(
        local=is_loopback(web.host) and (web.url is None or is_loopback(web.url.host or "")),
        password=web.password.get_secret_value() if web.password else "",
        user_header=web.user_header,
        token=web.token.get_secret_value() if web.token else "",
        per_minute=web.per_minute,
    )


@contextlib.contextmanager
def question_box(settings: Settings, desk: DeskThreads) -> Iterator[Asking]:
    """Make the question box of the reading room for a block: what answers, and who may ask."""
    from bot.journal.journal import journal_at
    from bot.question_box import QuestionBox
    from web.app import Asking

    box = QuestionBox(desk, journal_at(settings.database(), settings.data_dir), links_of(settings))
    try:
        yield Asking(box, door_of(settings))
    finally:
        box.close()


@contextlib.contextmanager
def opened_journal(settings: Settings) -> Iterator[Journal | None]:
    """Open the bot's journal to read it, for a block; None if there is none."""
    from bot.journal.journal import Journal, journal_at

    place = journal_at(settings.database(), settings.data_dir)
    if isinstance(place, Path) and not place.exists():
        yield None
        return
    journal = Journal(place, to_read=True)
    try:
        yield journal
    finally:
        journal.close()


def links_of(settings: Settings) -> Links:
    """Return the maker of links: into the reading room if it has an address, else to the articles' own pages."""
    from bot.reply import Links

    return Links(settings.signed_links() if settings.web.url else None)
