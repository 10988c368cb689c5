"""Answers of the journal as the reading room shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.journal.journal import Asked, Journal
from bot.slack.messages.blocks import REASONS
from bot.slack.messages.stored_answer import Cited, Given
from index.store.dialect import Place
from web.answers import Answers, Quoted, Sentence, Shown
from web.links import Place as ArticlePlace
from web.links import version_of


def answers(place: Place) -> Answers:
    """Return what finds an answer in a journal; the journal is opened when it is first needed."""
    opened: list[Journal] = []

    def find(id_: str) -> Shown | None:
        if not opened:
            if isinstance(place, Path) and not place.exists():
                return None
            opened.append(Journal(place))
        asked = opened[0].by_id(id_)
        return _shown(asked) if asked and asked.answer else None

    return find


def _shown(asked: Asked) -> Shown:
    given = Given.from_json(asked.answer or "{}")
    told = "" if given.answered else REASONS.get(given.reason, given.reason)
    moment = datetime.fromtimestamp(asked.asked, UTC)
    sentences = tuple(Sentence(said.text, said.numbers) for said in given.said)
    return Shown(
        given.question or asked.text,
        moment,
        sentences,
        tuple(_quoted(cited, given) for cited in given.cited),
        told,
        given.verbatim,
    )


def _quoted(cited: Cited, given: Given) -> Quoted:
    origin = cited.origin
    others = tuple(
        (other.start, other.end)
        for other in given.cited
        if other.origin.article_id == origin.article_id and other is not cited
    )
    place = ArticlePlace(origin.article_id, version_of(origin.digest), (cited.start, cited.end), others)
    return Quoted(cited.number, cited.quote, origin.title, origin.publisher, origin.day, cited.also_in, place)
