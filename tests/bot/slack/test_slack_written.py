"""Written answers in Slack: the model's server on one side, Slack's stand-in on the other, everything between them as
it is.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder
from llm_server import KEY, LlmServer, Play, Prompted
from newsroom import question, ships
from pydantic import SecretStr
from slack_room import bot, run
from slack_server import ANNA, BELA, NEWS, SlackServer, seen

from bot.__main__ import main
from bot.answer.desk import Desk
from bot.slack import streaming
from bot.slack.bot import Rules
from bot.write.desk import DECLINED, WrittenDesk
from bot.write.llm import Llm
from index.archive import Archive
from settings import LlmSettings

ABOUT = question(1)
SENTENCES = [
    "The captain of ship1 said on Monday that order a1v1 sends the vessel to harbour1 [KEY]. ",
    "For the merchants of harbour1 the order a1v1 puts grain1 into the hold of ship1, more than last year [KEY]. ",
    "For the merchants of harbour1 the order a1v1 puts timber1 into the hold of ship1, more than last year [KEY]. ",
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive of five stories about ships."""
    opened = Archive(ships(tmp_path_factory.mktemp("slack-written"), 5))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick_flush(monkeypatch):
    """Every sentence goes to Slack at once."""
    monkeypatch.setattr(streaming, "_FLUSH", 0.0)


def desk_of(archive: Archive, server: LlmServer, **more) -> WrittenDesk:
    settings = LlmSettings(
        model="openai-like:stand-in",
        base_url=server.url,
        api_key=SecretStr(KEY),
        price_in=1.0,
        price_out=1.0,
        **{"seconds": 30, **more},
    )
    embedder = HashEmbedder()
    return WrittenDesk(Desk(archive, embedder), Llm(settings), embedder, settings)


def citing(text: str):
    def made(prompted: Prompted) -> str:
        return text.replace("KEY", next(key for key, passage in prompted.passages.items() if "a1v1" in passage))

    return made


def by_sentence(text: str) -> list[str]:
    return re.split(r"(?<=\. )", text)


def scenario(play, archive, folder: Path, server: LlmServer, rules: Rules | None = None, **more):
    async def whole() -> None:
        async with (
            SlackServer() as slack,
            bot(slack, archive.folder, folder, rules, desk_of(archive, server, **more)) as room,
        ):
            await play(slack, room)
            await slack.quiet()
            assert slack.wrong == slack.refused() == slack.stuck() == []

    run(whole())


def state(room, ts: str) -> str:
    found = room.journal.by_key(f"{NEWS}:{ts}")
    return found.state if found else ""


def test_a_sentence_appears_when_it_is_checked_and_nothing_is_taken_back(archive, tmp_path):
    """Every other sentence is a lie: Slack never sees one of them, and what it has seen stays."""
    may = threading.Semaphore(0)
    lies = ["It sank with all hands [KEY, z9z9]. ", 'The captain said "we shall drown" [KEY]. ', "Nobody knows why. "]
    text = "".join(part for pair in zip(SENTENCES, lies, strict=True) for part in pair)
    shown: list[str] = []

    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT)
        slack.on_call = lambda method, when: (
            shown.append(slack.thread(asked.ts)[0]["text"]) if slack.thread(asked.ts) else None
        )
        for number in range(3):
            told = re.sub(r" \[KEY\]", "", SENTENCES[number]).strip()
            may.release(2)
            await slack.until(
                lambda told=told: slack.thread(asked.ts) and told in slack.thread(asked.ts)[0]["text"], told
            )
            assert slack.thread(asked.ts)[0].get("streaming_state") == "in_progress"
        may.release(2)
        await slack.until(lambda: state(room, asked.ts) == "answered", "the end")
        [message] = slack.thread(asked.ts)
        assert message["streaming_state"] == "completed"
        assert "no publisher, undated: A new voyage for ship1 begins" in seen(message["blocks"])
        assert not any(word in text for text in shown for word in ("sank", "drown", "Nobody"))
        assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(shown))
        assert not slack.made("chat.update")
        assert not slack.made("chat.delete")
        [writing] = room.journal.usage.writings(0)
        counts = [sum(writing[name].values()) for name in ("replaced", "dropped")]
        assert (writing["kept"], counts, writing["instead"]) == (3, [1, 2], "")
        kept = json.loads(room.journal.by_key(f"{NEWS}:{asked.ts}").answer)
        assert kept["versions"]["prompt"] == writing["prompt"]
        assert kept["versions"]["llm"] == "openai-like:stand-in"

    with LlmServer(Play(citing(text), pieces=by_sentence, gate=may)) as server:
        scenario(play, archive, tmp_path, server)


@pytest.mark.parametrize(
    ("trouble", "instead"),
    [
        pytest.param(Play(status=503, headers={"Retry-After": "60"}), "is overloaded", id="down"),
        pytest.param(Play("", ends="hang"), "did not answer in time", id="hangs"),
        pytest.param(Play("All of it invented [z9z9]."), "wrote nothing that could be confirmed", id="lies"),
    ],
)
def test_quotes_answer_once_and_say_so_where_the_model_fails(archive, tmp_path, trouble, instead):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT)
        await slack.until(lambda: state(room, asked.ts) == "answered", "the end")
        [shown] = slack.seen(asked.ts)
        assert "a1v1" in shown
        assert f"Quotes from the articles: the language model {instead}." in shown
        assert KEY not in json.dumps(slack.thread(asked.ts))

    with LlmServer(trouble) as server:
        scenario(play, archive, tmp_path, server, seconds=1.5)


def test_a_model_that_breaks_off_leaves_what_was_told(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT)
        await slack.until(lambda: state(room, asked.ts) == "answered", "the end")
        [message] = slack.thread(asked.ts)
        assert message["text"].strip() == SENTENCES[0].strip().replace(" [KEY].", ". [1]")
        assert "[1] no publisher, undated" in seen(message["blocks"])

    with LlmServer(Play(citing(f"{SENTENCES[0]}The order a1v1 sends the vessel"), ends="cut")) as server:
        scenario(play, archive, tmp_path, server)


def test_where_a_model_declines_what_quotes_would_answer_is_the_closest(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT)
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the refusal")
        assert shown.startswith("I found no sentence that says so. Closest: “")
        assert "a1v1" in shown
        assert "[1]" not in shown

    with LlmServer(Play(DECLINED)) as server:
        scenario(play, archive, tmp_path, server)


def test_nobody_asked_so_the_model_is_not_asked(archive, tmp_path):
    """Loading, the Home tab and its examples cost nothing."""

    async def play(slack, room):
        slack.open_home(ANNA)
        home = await slack.until(lambda: slack.homes.get(ANNA), "the Home tab")
        assert "Ask this" in json.dumps(home)
        slack.open_home(ANNA, "messages")
        await slack.until(lambda: slack.prompts, "the prompts")

    with LlmServer(Play("x")) as server:
        scenario(play, archive, tmp_path, server)
        assert server.requests == []


def test_admins_see_what_the_model_cost_and_what_was_dropped(archive, tmp_path, monkeypatch, capsys):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT)
        await slack.until(lambda: state(room, asked.ts) == "answered", "the end")
        slack.open_home(BELA)
        home = await slack.until(lambda: slack.homes.get(BELA), "the Home tab")
        told = json.dumps(home)
        assert "openai-like:stand-in (prompt " in told
        assert "1 sentence confirmed, 0 replaced by quotes, 2 dropped" in told
        slack.open_home(ANNA)
        await slack.until(lambda: slack.homes.get(ANNA), "the other Home tab")
        assert "openai-like" not in json.dumps(slack.homes[ANNA])

    with LlmServer(Play(citing(f"{SENTENCES[0]}No key here. None here."))) as server:
        scenario(play, archive, tmp_path, server, Rules(admins=frozenset({BELA})))
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(archive.folder))
    (tmp_path / "journal.sqlite3").rename(archive.folder / "journal.sqlite3")
    assert main(["status"], HashEmbedder()) == 0
    shown = capsys.readouterr().out
    assert re.search(
        r"llm +openai-like:stand-in \(prompt \w{12}\): 1 answer in 7 days, [\d,]+ tokens in, \d+ out, cost 0\.00", shown
    )
    assert main(["status", "--json"], HashEmbedder()) == 0
    values = json.loads(capsys.readouterr().out)["llm"]
    assert values["sentences"]["confirmed"] == 1
    [counts] = values["versions"].values()
    assert counts == {"confirmed": 1, "replaced": 0, "dropped": 2}
    assert sum(values["sentences"]["dropped"].values()) == 2
    assert values["cost"] > 0
