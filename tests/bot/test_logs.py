"""The log: a line of JSON or text an event, one reference from Slack's event to the post, and never a word of what was
said.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, question
from slack_room import Scripted, bot, refused, run
from slack_server import ANNA, BELA, BOT, NEWS, SlackServer

from bot import telemetry

SAID = ("xylophone", "harbour1", "ship1", "grain1", "trombone", "clarinet", "bassoon", "harpsichord", "order a1v1")


@contextlib.contextmanager
def written(form: telemetry.Format) -> Iterator[None]:
    """Write the log as the bot does, our own lines from debug on."""
    root, own, handler = logging.getLogger(), logging.getLogger("newsdesk"), telemetry.handler(form)
    before = root.level, own.level
    root.addHandler(handler)
    root.setLevel("WARNING")
    own.setLevel("DEBUG")
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("logs"))
        patch.setenv("NEWSDESK_DATA_DIR", str(room.archive))
        room.write(1, 1)
        room.ingest()
    return room.archive


async def converse(slack: SlackServer) -> str:
    """Ask, ask on, edit, rate, explain, ask in private, be refused, while Slack stumbles; return the key of the first
    question.
    """
    slack.fail("500", "chat.postMessage", times=1)
    slack.fail("429", "assistant.threads.setStatus", times=1, wait="0.2")
    asked = slack.mention(ANNA, question(1))
    [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
    slack.mention(ANNA, "What did the xylophone player of ship1 say?", thread=asked.ts)
    await slack.until(lambda: len(slack.thread(asked.ts)) > 1, "the answer to the follow-up")
    slack.press(BELA, "feedback", message, side="negative")
    [window] = await slack.until(lambda: slack.windows, "the window that asks why")
    slack.submit(BELA, window, reason="a trombone is missing")
    slack.say(ANNA, f"D{ANNA}", "where is the clarinet of harbour1?")
    slack.command(BELA, NEWS, "how many a bassoon has ship1?")
    await slack.until(lambda: slack.whispers, "the private answer")
    slack.fail("html", "chat.update", times=1)
    slack.edit(NEWS, asked.ts, f"<@{BOT}> What did the captain of ship1 say about the harpsichord in harbour1?")
    await slack.until(lambda: slack.made("chat.update"), "the edited answer")
    await slack.quiet(0.5)
    return f"{NEWS}:{asked.ts}"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_whole_conversation_leaves_ids_in_the_log_and_no_words(archive, tmp_path, capsys, form):
    ids = []

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path) as room:
            key = await converse(slack)
            ids.append(room.journal.by_key(key).id)

    with written(form):
        run(whole())
    log = capsys.readouterr().err
    assert len(log.splitlines()) > 8
    assert [word for word in SAID if word in log.lower()] == []
    assert "post unclear" in log  # Slack's stumbling was told
    about = [line for line in log.splitlines() if ids[0] in line]
    assert any("heard" in line for line in about)
    assert any("done" in line for line in about)
    if form == "json":
        lines = [json.loads(line) for line in log.splitlines()]
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
        done = next(line for line in lines if line["message"].startswith("done") and line["question"] == ids[0])
        assert (done["kind"], done["state"], done["request"]) == ("mention", "answered", ids[0])
        assert isinstance(done["seconds"], float)
        assert any(line["request"] == ids[0] for line in lines if line["message"].startswith("post unclear"))


def test_an_error_is_told_to_the_asker_with_the_reference_that_the_log_has(archive, tmp_path, capsys):
    class Broken(Scripted):
        def ask(self, request):
            raise RuntimeError(f"no {request.question}")

    shown = []

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=Broken(refused("q"))) as room:
            asked = slack.mention(ANNA, "Where is the xylophone?")
            shown.extend(await slack.until(lambda: slack.seen(asked.ts), "the apology"))
            shown.append(room.journal.by_key(f"{NEWS}:{asked.ts}").id)

    with written("json"):
        run(whole())
    apology, id_ = shown
    assert f"(reference {id_})" in apology
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [failed] = [line for line in lines if line["message"].startswith("could not answer") and line.get("request") == id_]
    assert failed["level"] == "error"
    assert "xylophone" not in json.dumps(lines)


def test_a_line_of_a_library_is_cut_where_a_message_may_begin(capsys):
    with written("json"):
        logging.getLogger("some.library").warning("got %s\nmore", {"text": "xylophone"})
        logging.getLogger("some.library").error("broke: ", exc_info=ValueError("xylophone"))
        logging.getLogger("some.library").info("not told")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["got ", "broke: "]


@pytest.mark.parametrize(
    ("template", "values", "fields"),
    [
        ("done question=%s seconds=%.2f", ("ab", 1.5), {"question": "ab", "seconds": 1.5}),
        ("odd %s then id=%s, 5%% of=%d", ("x", "y", 3), {"id": "y", "of": 3}),
        ("nothing", (), {}),
        ("too few a=%s b=%s", ("x",), {"a": "x"}),
        ("mark=%r", ({"question": "ab"},), {}),  # logging takes a single mapping for named values
    ],
    ids=["two", "unnamed", "none", "too-few", "mapping"],
)
def test_the_names_in_a_line_are_its_fields(template, values, fields):
    record = logging.LogRecord("newsdesk", 20, "", 0, template, values, None)
    assert telemetry._fields(record) == fields
