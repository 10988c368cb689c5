"""newsdesk in a notebook or a program of your own: ``import newsdesk; newsdesk.Desk().ask("…")``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType

from bot.answer.desk import Request
from bot.reply import Answer, NoAnswer
from bot.wiring import answering_desk, llm_of, quotes_desk
from index.articles import Article, Hit, Source
from index.model.embedder import Embedder
from settings import load

__all__ = ["Answer", "Desk", "NoAnswer"]


class Desk:
    """An archive to ask, by the settings of the environment and ``.env``."""

    def __init__(self, data_dir: str | Path | None = None, *, embedder: Embedder | None = None) -> None:
        """``data_dir``: folder of the archive, in place of the one that is set. Raises ArchiveError if it has none."""
        settings = load()
        if data_dir is not None:
            settings = settings.model_copy(update={"data_dir": Path(data_dir)})
        llm, model = llm_of(settings), embedder or settings.embedder()
        self._archive = settings.archive()
        self._quotes = quotes_desk(self._archive, settings, model)
        self._desk = answering_desk(self._quotes, llm, settings, model)

    def ask(
        self,
        question: str,
        *,
        since: date | None = None,
        until: date | None = None,
        publisher: str | None = None,
        thread: Sequence[str] = (),
    ) -> Answer | NoAnswer:
        """Answer a question; ``thread``: the questions before it, oldest first. Raises NewsdeskError."""
        return self._desk.ask(self._request(question, since, until, publisher, thread)).result

    def search(
        self,
        question: str,
        limit: int = 24,
        *,
        since: date | None = None,
        until: date | None = None,
        publisher: str | None = None,
    ) -> list[Hit]:
        """Return the passages that a question is answered from, best first. Raises NewsdeskError."""
        return self._quotes.search(self._request(question, since, until, publisher, ()), limit)

    def articles(self) -> list[Source]:
        """Return what is known of every article, newest first."""
        with self._archive.catalog.snapshot() as snapshot:
            return [source for source, _ in snapshot.sources()]

    def article(self, id_: str) -> Article | None:
        """Return an article with its text, None if it is not in the archive."""
        with self._archive.catalog.snapshot() as snapshot:
            return snapshot.articles([id_]).get(id_)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @staticmethod
    def _request(
        question: str, since: date | None, until: date | None, publisher: str | None, thread: Sequence[str]
    ) -> Request:
        today = date.today()  # noqa: DTZ011  the day is the user's
        return Request(question, today, since, until, publisher, tuple(thread))
