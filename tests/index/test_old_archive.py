"""A data folder that newsdesk 0.1 wrote opens, answers and takes new articles, and nothing is embedded again.

data/archive-0.1.tar.xz holds three of the sample articles, put in by that version with the hashing embedder.
"""

from __future__ import annotations

import tarfile
from datetime import date
from pathlib import Path

import pytest
from newsroom import Newsroom

from bot.answer.desk import Desk, Request
from bot.reply import Answer, NoAnswer

pytestmark = pytest.mark.chroma

PACKED = Path(__file__).with_name("data") / "archive-0.1.tar.xz"
TODAY = date(2025, 9, 1)
SAID = "France and Britain want to halt the war in Ukraine in stages, beginning with a one-month truce"


@pytest.fixture
def old(newsroom: Newsroom) -> Newsroom:
    with tarfile.open(PACKED) as packed:
        packed.extractall(newsroom.archive, filter="data")
    return newsroom


def ask(newsroom: Newsroom, question: str) -> Answer | NoAnswer:
    archive = newsroom.open()
    try:
        return Desk(archive, newsroom.embedder).ask(Request(question, TODAY)).result
    finally:
        archive.close()


def test_an_old_archive_answers_as_it_did(old: Newsroom) -> None:
    old.assert_index_agrees()
    reply = ask(old, "What did Macron say about the truce?")
    assert isinstance(reply, Answer)
    assert reply.text.startswith(SAID)
    assert reply.citations[0].article.source.path == "/srv/articles/london-summit-truce.txt"
    assert isinstance(ask(old, "Who won the Wimbledon final?"), NoAnswer)


def test_an_old_archive_takes_one_more_article(old: Newsroom) -> None:
    old.write(7, 1)
    report = old.ingest()
    assert (report["added"], report["updated"], report["removed"]) == (1, 0, 0)
    assert old.embedder.texts == report["passages"]  # what was in kept its vectors
    old.assert_index_agrees()
    reply = ask(old, "What did the captain of ship7 say about harbour7?")
    assert isinstance(reply, Answer)
    assert "order a7v1" in reply.text
    reply = ask(old, "What did Macron say about the truce?")
    assert isinstance(reply, Answer)
    assert reply.text.startswith(SAID)
