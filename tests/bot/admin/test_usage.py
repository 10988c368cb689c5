"""The report on usage: counted from a real journal, topics grouped by what they share, and a page that shows hostile
text as text.
"""

from __future__ import annotations

import json
import re
import time
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from newsroom import Newsroom
from slack_room import answered, article, draft, refused

from bot.__main__ import main
from bot.admin.usage import usage, usage_text
from bot.admin.usage_page import page
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.stored_answer import StoredAnswer, stored_answer
from index.archive import Archive

EVIL = "<script>alert(1)</script>\x1b[31m\u202e & \"'"
NOON = time.mktime((2026, 3, 11, 12, 0, 0, 0, 0, -1))
DAY = 86_400.0
FERRY = article("The ferry left on Monday.", "Ferries & <b>ships</b>")


def put(
    journal: Journal,
    text: str,
    reply: StoredAnswer | None,
    *,
    at: float = NOON,
    seconds: float = 2.0,
    user: str = "U1",
    state: str = "answered",
) -> JournalEntry:
    """Write down a question as the bot does, with times of our own."""
    mine = journal.claim(JournalEntry(f"C1:{time.monotonic_ns()}", "mention", "C1", "1", "1", user, text), "bot")
    assert mine
    started = journal.start(mine.id, "bot")
    assert started
    if state != "waiting":
        journal.finish(started, state, reply.as_json() if reply else None)  # type: ignore[arg-type]
    with journal._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE questions SET asked = ?, finished = ? WHERE id = ?", (at, at + seconds, mine.id)
        )
    found = journal.by_id(mine.id)
    assert found
    return found


def said(text: str, *articles) -> StoredAnswer:
    return stored_answer(answered(text, [draft(each, each.text) for each in articles or (FERRY,)]))


def not_said(text: str) -> StoredAnswer:
    return stored_answer(refused(text))


def unsure(text: str) -> StoredAnswer:
    return stored_answer(refused(text, [FERRY], draft(FERRY, FERRY.text)))


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "archive" / "journal.sqlite3")
    made.forget = lambda: None  # the times are of a fixed week
    yield made
    made.close()


def of_the_week(journal: Journal, archive: Archive | None = None) -> dict:
    return usage(journal, archive, date(2026, 3, 9), date(2026, 3, 15))


def test_what_was_asked_is_counted_by_how_it_ended(journal):
    put(journal, "When did the ferry leave?", said("q"), user="U1", seconds=1)
    put(
        journal, "Where is the ferry?", said("q", FERRY, article("Another ship sank.", "Another")), user="U2", seconds=9
    )
    put(journal, "Who paid the piper?", not_said("q"), at=NOON + DAY, seconds=3)
    put(journal, "Who saw the ferry leave?", unsure("q"), at=NOON + DAY, seconds=2)
    put(journal, "hello", StoredAnswer("hello", "hint"), at=NOON + 2 * DAY)
    put(journal, "broken", StoredAnswer("broken", "trouble"), at=NOON + 2 * DAY)
    put(journal, "left alone", None, state="left", at=NOON + 2 * DAY)
    put(journal, "still waiting", None, state="waiting", at=NOON + 2 * DAY)
    put(journal, "long ago", said("q"), at=NOON - 30 * DAY)
    put(journal, "too new", said("q"), at=NOON + 30 * DAY)
    found = of_the_week(journal)
    assert (found["questions"], found["people"]) == (8, 2)
    assert (found["answered"], found["unsure"], found["refused"]) == (2, 1, 1)
    assert found["other"] == {"hint": 1, "trouble": 1, "left": 1, "waiting": 1}
    assert found["seconds"] == {"median": 2.0, "p95": 9.0, "longest": 9.0}
    assert [item["question"] for item in found["slowest"]] == [
        "Where is the ferry?",
        "Who paid the piper?",
        "Who saw the ferry leave?",
        "When did the ferry leave?",
    ]
    assert [(item["title"], item["answers"]) for item in found["most_cited"]] == [
        ("Ferries & <b>ships</b>", 2),
        ("Another", 1),
    ]
    assert [tuple(day.values()) for day in found["days"]][2:5] == [
        ("2026-03-11", 2, 0, 0, 0),
        ("2026-03-12", 0, 1, 1, 0),
        ("2026-03-13", 0, 0, 0, 4),
    ]
    assert len(found["days"]) == 7


def test_the_first_and_the_last_moment_of_the_days_count(journal):
    first, after = (time.mktime((2026, 3, day, 0, 0, 0, 0, 0, -1)) for day in (9, 16))
    for at in (first - 0.001, first, after - 0.001, after):
        put(journal, "q", said("q"), at=at)
    assert of_the_week(journal)["questions"] == 2


def test_votes_of_the_week_are_told_with_their_reasons(journal):
    asked = put(journal, "Where is the ferry?", said("q"))
    journal.usage.rate(asked, "U1", "down")
    journal.usage.explain(asked.id, "U1", "the wrong ferry")
    journal.usage.rate(asked, "U2", "up")
    today = date.today()  # noqa: DTZ011
    found = usage(journal, None, today - timedelta(days=1), today)
    assert found["votes"] == {"up": 1, "down": 1}
    assert found["low_rated"] == [{"question": "Where is the ferry?", "reason": "the wrong ferry"}]


def test_refused_questions_are_grouped_by_the_names_and_rare_words_they_share(journal, newsroom: Newsroom):
    newsroom.write(1, 1)
    newsroom.ingest()
    for text in (
        "What did Valborg say about the tram strike?",
        "When will the tram strike end?",
        "Is the Tram strike over?",
        "Who owns ship1?",
        "What does ship1 carry on Sundays?",
        "Why is the sky blue?",
    ):
        put(journal, text, not_said(text))
    archive = Archive(newsroom.archive)
    topics = of_the_week(journal, archive)["unanswered"]
    archive.close()
    assert (topics[0]["topic"], topics[0]["questions"]) == ("tram strike", 3)
    by_name = {topic["topic"]: topic for topic in topics}
    assert by_name["tram strike"]["passages"] == 0
    [ship] = [topic for name, topic in by_name.items() if "ship1" in name]
    assert ship["questions"] == 2
    assert ship["passages"] > 0
    assert sum(topic["questions"] for topic in topics) == 6


def test_hostile_text_is_text_on_the_page_and_the_terminal(journal):
    asked = put(journal, f"What is {EVIL}?", said("q", article("It is.", f"Title {EVIL}", EVIL)))
    put(journal, f"Who is Evil {EVIL}?", not_said("q"))
    journal.usage.rate(asked, "U1", "down")
    journal.usage.explain(asked.id, "U1", EVIL)
    today = date.today()  # noqa: DTZ011
    with journal._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE questions SET asked = ?", (time.time(),))
    found = usage(journal, None, today, today)

    tags, leaks = set(), []

    class Look(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.add(tag)
            leaks.extend(
                value
                for name, value in attributes
                if name in ("src", "href", "onload", "onclick") or "://" in (value or "")
            )

    Look().feed(page(found))
    assert "script" not in tags
    assert leaks == []
    assert "default-src 'none'" in page(found)
    assert page(found).count("&lt;script&gt;") >= 4
    assert not re.search(r"[\x1b\u202e]", usage_text(found))


def test_the_command_tells_the_week_as_text_json_and_page(journal, newsroom: Newsroom, tmp_path, capsys):
    put(journal, "Where is the ferry?", said("q"), at=time.time())
    put(journal, "Where is Valborg?", not_said("q"), at=time.time())
    put(journal, "Where is the ship1 museum?", unsure("q"), at=time.time())
    newsroom.write(1, 1)
    newsroom.ingest()
    assert main(["report", "--week"]) == 0
    told = capsys.readouterr().out
    assert "3 questions of 1 people" in told
    assert "unsure     1 (33 %)" in told
    missing, known = told.split("Asked for and not answered:")
    assert "ship1" not in missing
    assert "ship1" in known
    assert "Asked for, and no passage speaks of it (to ingest next):\n    1  Valborg\n" in told
    assert main(["report", "--json", "--html", str(tmp_path / "report.html")]) == 0
    assert json.loads(capsys.readouterr().out)["answered"] == 1
    assert "Asked for, and no passage speaks of it" in (tmp_path / "report.html").read_text()
    assert "U1" not in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--since", "2026-03-02", "--until", "2026-03-01"], "is after"),
        (["--week", "--since", "2026-03-02"], "leave it out"),
        (["--html", "missing/folder/x.html"], "cannot be written"),
    ],
    ids=["backwards", "week-and-days", "no-folder"],
)
def test_what_cannot_be_reported_is_told(journal, arguments, sentence, capsys):
    assert main(["report", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_without_a_journal_the_report_says_that_nobody_asked(capsys):
    assert main(["report"]) == 2
    assert "nobody has asked in Slack or in the browser yet" in capsys.readouterr().err


def test_a_week_without_questions_is_a_report_too(journal):
    found = of_the_week(journal)
    assert found["seconds"]["median"] is None
    assert "0 questions" in usage_text(found)
    assert "<h1>" in page(found)
