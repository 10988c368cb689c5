"""Answers that a model writes: through the real client, search, checker and commands, against a server that plays what
a model may do.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from datetime import date

import pytest
from hash_embedder import HashEmbedder
from llm_server import KEY, LlmServer, Play, Prompted
from newsroom import Newsroom, question
from pydantic import SecretStr

from bot.__main__ import main
from bot.answer.desk import Desk, Reply, Request
from bot.reply import Answer, NoAnswer, Sentence
from bot.write.desk import DECLINED, WrittenDesk, names_not_said
from bot.write.llm import Llm
from evals import answer, writing
from evals.asking import ask_all
from evals.data import Query
from index.archive import Archive
from settings import LlmSettings

TODAY = date(2025, 3, 31)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive of five stories about ships."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("written"))
        patch.setenv("NEWSDESK_DATA_DIR", str(room.archive))
        for number in range(1, 6):
            room.write(number, 1)
        room.ingest()
    opened = Archive(room.archive)
    yield opened
    opened.close()


def desk_of(archive: Archive, server: LlmServer, *, judge=None, **more) -> WrittenDesk:
    values = {"seconds": 30, **more}
    settings = LlmSettings(model="openai-like:stand-in", base_url=server.url, api_key=SecretStr(KEY), **values)
    embedder = HashEmbedder()
    return WrittenDesk(Desk(archive, embedder), Llm(settings), embedder, settings, judge)


def asked(
    archive: Archive, *plays: Play, thread: tuple[str, ...] = (), about: str = question(1), **more
) -> tuple[list[Sentence], Reply, LlmServer]:
    """Ask about the first ship; return what was told on the way, the reply, and the server."""
    with LlmServer(*plays) as server:
        *told, reply = desk_of(archive, server, **more).stream(Request(about, TODAY, thread=thread))
    assert isinstance(reply, Reply)
    return [item for item in told if isinstance(item, Sentence)], reply, server


def key_of(prompted: Prompted, word: str = "a1v1") -> str:
    return next(key for key, text in prompted.passages.items() if word in text)


def citing(template: str):
    """A script: KEY in it becomes the key of the passage about the first ship, OTHER that of another."""
    return lambda prompted: template.replace("KEY", key_of(prompted)).replace(
        "OTHER", next(key for key in prompted.passages if key != key_of(prompted))
    )


TRUE = "The captain of ship1 said on Monday that order a1v1 sends the vessel to harbour1 [KEY]."
QUOTED = 'For the merchants of harbour1 "the order a1v1 puts grain1 into the hold of ship1, more than last year" [KEY].'


def test_what_the_model_writes_is_told_checked_and_cited(archive):
    told, reply, server = asked(archive, Play(citing(f"{TRUE} {QUOTED}")))
    given = reply.result
    assert isinstance(given, Answer)
    assert given.answerer == "llm"
    assert given.question == question(1)
    assert [sentence.text for sentence in told] == [re.sub(r" \[KEY\]", "", text) for text in (TRUE, QUOTED)]
    assert given.sentences == tuple(told)
    assert {number for sentence in told for number in sentence.numbers} == {
        citation.number for citation in given.citations
    }
    assert all(citation.article.text[citation.start : citation.end] == citation.quote for citation in given.citations)
    [prompt] = server.requests
    assert "Today is 31 Mar 2025" in prompt.messages[0]
    assert prompt.question == question(1)
    assert reply.writing.as_json() | {"seconds": 0} == {
        "model": "openai-like:stand-in", "prompt": reply.writing.prompt, "tokens_in": len(prompt.text) // 4,
        "tokens_out": reply.writing.tokens_out,
        "counted": True, "cost": None, "seconds": 0, "kept": 2, "replaced": {}, "dropped": {}, "instead": "",
        "fault": "",
    }  # fmt: skip
    assert reply.timings_ms.keys() == {"search", "answer", "check", "total", "first"}


def test_a_sentence_is_told_before_the_next_is_written(archive):
    may = threading.Semaphore(0)
    parts: list[str] = []

    def cut(text: str) -> list[str]:
        parts[:] = re.split(r"(?<=\. )", text)
        return parts

    with LlmServer(Play(citing(f"{TRUE} {QUOTED} And no more."), pieces=cut, gate=may)) as server:
        stream = desk_of(archive, server).stream(Request(question(1), TODAY))
        may.release(2)  # the second piece tells that no key follows the first sentence
        first = next(stream)
        assert isinstance(first, Sentence)
        assert len(server.sent) == 2
        assert len(parts) == 3
        may.release()
        *_, reply = stream
        assert reply.result.sentences[0] == first


INSTEAD = [
    pytest.param(Play(""), "wrote nothing that could be confirmed", id="empty-output"),
    pytest.param(Play("No key here. None here either."), "wrote nothing that could be confirmed", id="no-keys"),
    pytest.param(Play("The ship sank [z9z9]."), "wrote nothing that could be confirmed", id="unknown-key"),
    pytest.param(
        Play(citing('The owners of the lighthouse said "we are all mad" [KEY].')),
        "wrote nothing that could be confirmed",
        id="invented",
    ),
    pytest.param(Play(status=401), "cannot be used", id="wrong-key"),
    pytest.param(Play(status=503, headers={"Retry-After": "60"}), "is overloaded", id="down"),
    pytest.param(Play(citing(TRUE[:40]), ends="cut"), "cannot be reached", id="broken-in-the-first-sentence"),
    pytest.param(Play(citing(TRUE[:40]), ends="hang"), "did not answer in time", id="slow"),
]


@pytest.mark.parametrize(("play", "instead"), INSTEAD)
def test_where_the_model_fails_quotes_answer_and_say_so(archive, play, instead):
    told, reply, _ = asked(archive, play, **({"seconds": 1.5} if play.ends == "hang" else {}))
    assert told == []
    given = reply.result
    assert isinstance(given, Answer)
    assert given.answerer == "quotes"
    assert "a1v1" in given.text
    assert reply.writing.instead == instead
    assert reply.writing.note == f"Quotes from the articles: the language model {instead}."
    assert sum(reply.writing.dropped.values()) == len(given.dropped)
    assert instead in reply.why


FALSE = "The captain of ship1 said on Monday that order a1v1 does not send the vessel to harbour1 [KEY]."


def test_what_is_not_confirmed_is_shown_as_the_article_has_it(archive):
    told, reply, _ = asked(archive, Play(citing(f"{FALSE} {QUOTED}")))
    [quote, own] = told
    first = reply.result.citations[0]
    assert quote.text == f"“{first.quote}”"
    assert "sends the vessel to harbour1" in first.quote
    assert (quote.numbers, own.numbers) == ((1,), (2,))
    assert own.text == QUOTED.replace(" [KEY]", "")
    assert (reply.writing.kept, sum(reply.writing.replaced.values()), reply.writing.dropped) == (1, 1, {})
    assert reply.writing.note == "1 sentence could not be confirmed and is shown as the article has it."
    assert [item.text for item in reply.result.dropped] == [FALSE.replace(" [KEY]", "")]


def test_two_sentences_on_one_quote_show_it_once(archive):
    told, reply, _ = asked(archive, Play(citing(f"{FALSE} {FALSE.replace('Monday', 'Tuesday')}")))
    assert len(told) == len(reply.result.citations) == 1
    assert sum(reply.writing.replaced.values()) == 2
    assert reply.writing.note == "2 sentences could not be confirmed and are shown as the article has them."


def test_a_sentence_without_a_key_is_quoted_from_the_passage_it_rests_on(archive):
    told, reply, _ = asked(archive, Play(citing(TRUE.replace(" [KEY]", ""))))
    [citation] = reply.result.citations
    assert [sentence.text for sentence in told] == [f"“{citation.quote}”"]
    assert "a1v1" in citation.quote


def test_the_words_that_a_model_rests_on_choose_the_quote_and_are_not_shown(archive):
    words = "the order a1v1 puts grain1 into the hold of ship1"
    loose = f'The town gets its cereals by that voyage [KEY: "{words}"].'
    told, reply, _ = asked(archive, Play(citing(f"{loose} {TRUE.replace('KEY', 'KEY: “nowhere to be read”')}")))
    first, second = reply.result.citations
    assert words in first.quote
    assert [sentence.text for sentence in told] == [f"“{first.quote}”", TRUE.replace(" [KEY]", "")]
    assert "sends the vessel" in second.quote


LOOSE = "Order a1v1 brings the vessel to harbour1, its skipper told people on Monday [KEY]."
VERDICTS = [
    pytest.param(Play("1 yes"), True, id="yes"),
    pytest.param(Play("1. **Yes**\n"), True, id="yes-with-marks"),
    pytest.param(Play("1 no"), False, id="no"),
    pytest.param(Play("1 yes\n1 no"), False, id="both"),
    pytest.param(Play("2 yes"), False, id="another-number"),
    pytest.param(Play("Yes, the text says so."), False, id="in-words"),
    pytest.param(Play("1 yes, as the text orders"), False, id="and-more"),
    pytest.param(Play(""), False, id="nothing"),
    pytest.param(Play(status=401), False, id="fails"),
]


@pytest.mark.parametrize(("play", "confirmed"), VERDICTS)
def test_a_judge_confirms_other_words_or_the_article_is_quoted(archive, play, confirmed):
    told, reply, server = asked(archive, Play(citing(LOOSE)), play, judge="llm")
    _, judging = server.requests
    assert "<<<pair 1 " in judging.text
    assert question(1) not in judging.text
    [citation] = reply.result.citations
    assert "a1v1" in citation.quote
    own = LOOSE.replace(" [KEY]", "")
    assert [sentence.text for sentence in told] == [own if confirmed else f"“{citation.quote}”"]
    assert reply.writing.kept == int(confirmed)
    assert bool(reply.writing.fault) == (play.status == 401)
    assert reply.writing.tokens_in >= len(judging.text) // 4


def test_a_judge_overrules_no_name_and_no_denial(archive):
    wrong = LOOSE.replace("harbour1", "Atlantis")
    told, reply, server = asked(archive, Play(citing(f"{wrong} {FALSE}")), Play("1 yes\n2 yes"), judge="llm")
    assert len(server.requests) == 1
    assert reply.writing.kept == 0
    assert all(sentence.text.startswith("“") for sentence in told)


@pytest.mark.parametrize("ends", ["cut", "silent", "length", "garbage", "error"])
def test_what_was_told_before_the_model_broke_off_stands(archive, ends):
    told, reply, _ = asked(archive, Play(citing(f"{TRUE} The merchants of harbour1 have"), ends=ends))
    assert len(told) == 1
    assert reply.result.sentences == tuple(told)
    assert reply.result.answerer == "llm"
    assert reply.writing.fault
    assert reply.writing.dropped == {"the model broke off in it": 1}
    assert reply.writing.note == ""


DECLINES = [
    pytest.param(DECLINED, id="as-told"),
    pytest.param(f'"{DECLINED}" [KEY]', id="with-a-source"),
    pytest.param(f"**{DECLINED.rstrip('.').upper()}**\n", id="emphasised"),
    pytest.param(f"I looked at all passages.\n\n{DECLINED} {TRUE}", id="and-talks-on"),
]


@pytest.mark.parametrize("text", DECLINES)
def test_a_model_that_declines_is_believed(archive, text):
    told, reply, _ = asked(archive, Play(citing(text)))
    assert told == []
    assert isinstance(reply.result, NoAnswer)
    assert reply.result.reason == "declined"
    assert reply.result.nearest
    assert reply.as_json()["citations"] == []


def test_declining_after_an_answer_takes_nothing_back(archive):
    told, reply, _ = asked(archive, Play(citing(f"{TRUE} {DECLINED}")))
    assert len(told) == 1
    assert isinstance(reply.result, Answer)
    assert reply.writing.dropped == {"it declines after it has answered": 1}


def test_nothing_is_sent_where_nothing_was_found(tmp_path):
    empty = Archive(tmp_path / "empty", create=True)
    told, reply, server = asked(empty, Play("x"))
    empty.close()
    assert told == []
    assert isinstance(reply.result, NoAnswer)
    assert server.requests == []


def test_no_more_is_sent_and_asked_for_than_the_budget_says(archive):
    _, _, server = asked(archive, Play(citing(TRUE)), passages=2, tokens_out=77)
    assert len(server.requests[0].passages) == 2
    assert server.requests[0].body["max_tokens"] == 77


FOLLOW_UPS = [
    pytest.param("What did the captain of ship1 say about harbour1?", True, id="completed"),
    pytest.param('"What did the captain of ship1 say about harbour1?"\n', True, id="in-quotation-marks"),
    pytest.param("What did the captain of ship2 say about harbour1?", False, id="another-name"),
    pytest.param("What did the captain of ship1 say about Captain Nemo?", False, id="name-nobody-said"),
    pytest.param("What did the captain of ship1 say about 20,000 tons?", False, id="number-nobody-said"),
    pytest.param("What did the captain of ship1 say about twenty tons?", False, id="number-in-words"),
    pytest.param("The question is:\nWhat did the captain of ship1 say?", False, id="two-lines"),
    pytest.param("word " * 500, False, id="endless"),
    pytest.param("", False, id="nothing"),
]


@pytest.mark.parametrize(("text", "taken"), FOLLOW_UPS)
def test_a_follow_up_is_completed_in_the_conversations_own_words_or_by_rule(archive, text, taken):
    earlier, follow_up = "Who is the captain of ship1?", "And what did he say about harbour1?"
    told, reply, server = asked(archive, Play(text), Play(citing(TRUE)), thread=(earlier,), about=follow_up)
    first, second = server.requests
    assert earlier in first.text
    assert first.question == follow_up
    assert second.question == ("What did the captain of ship1 say about harbour1?" if taken else follow_up)
    assert told
    assert reply.result.question == follow_up
    assert reply.writing.tokens_in == len(first.text) // 4 + len(second.text) // 4 if len(text) < 1_000 else True


def test_a_follow_up_is_answered_when_the_model_is_down(archive):
    thread, about = ("What did the captain of ship1 say about harbour1?",), "And what did he say about order a1v1?"
    _, reply, server = asked(archive, Play(status=401), thread=thread, about=about)
    assert len(server.requests) == 2
    by_rule = Desk(archive, HashEmbedder()).ask(Request(about, TODAY, thread=thread))
    assert (reply.result, reply.hits) == (by_rule.result, by_rule.hits)
    assert reply.hits != Desk(archive, HashEmbedder()).ask(Request(about, TODAY)).hits


@pytest.mark.parametrize(
    ("question_", "found"),
    [
        ("What did Zelenskyy say in 2025?", []),
        ("What did Macron say?", ["Macron"]),
        ("Did he pay 2,000 euros?", []),
        ("Did he pay 2,001 euros?", ["2001"]),
        ("When was that in June 2024?", ["June", "2024"]),
    ],
)
def test_names_and_numbers_that_nobody_said_are_found(question_, found):
    assert names_not_said(question_, ["What did Zelensky do in 2025?", "Did he pay 2000 euros?"]) == found


def test_the_evals_count_what_a_model_wrote(archive):
    queries = [Query(f"q{number}", question(number), True, (f"order a{number}v1",)) for number in (1, 2)]
    with LlmServer(Play(citing(f"{TRUE} It sank [z9z9].")), Play(DECLINED)) as server:
        found = ask_all(desk_of(archive, server, price_in=3.0), queries)
    figures = answer.figures_of(found)["both"]
    assert figures["answered"]["mean"] == figures["answer string"]["mean"] == 0.5
    assert figures["verbatim"]["mean"] == 1
    counted = writing.figures_of(found)
    assert (
        counted["answered by the model"],
        counted["declined"],
        counted["sentences kept"],
        counted["sentences dropped"],
    ) == (1, 1, 1, 1)
    assert counted["cost"] > 0


# --- the commands
# --------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings_of(archive, monkeypatch):
    def use(server: LlmServer, **more: str) -> None:
        monkeypatch.setenv("NEWSDESK_DATA_DIR", str(archive.folder))
        values = {"MODEL": "openai-like:stand-in", "BASE_URL": server.url, "API_KEY": KEY, **more}
        for name, value in values.items():
            monkeypatch.setenv(f"NEWSDESK_LLM__{name}", value)

    return use


class Terminal(io.StringIO):
    """A terminal that keeps how often it was written to."""

    def isatty(self) -> bool:
        return True


def test_ask_prints_the_whole_as_json(settings_of, capsys):
    with LlmServer(Play(citing(TRUE))) as server:
        settings_of(server, PRICE_IN="3")
        assert main(["ask", question(1), "--json"], HashEmbedder()) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["answerer"] == "llm"
    assert said["text"].endswith("to harbour1. [1]")
    assert said["writing"]["prompt"]
    assert said["writing"]["cost"] > 0
    assert KEY not in json.dumps(said)


def test_ask_streams_to_a_terminal(settings_of, monkeypatch):
    may = threading.Semaphore(0)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    with LlmServer(
        Play(citing(f"{TRUE} {QUOTED} No."), pieces=lambda text: re.split(r"(?<=\. )", text), gate=may)
    ) as server:
        settings_of(server)
        running = threading.Thread(target=main, args=(["ask", question(1)], HashEmbedder()))
        running.start()
        may.release(2)
        while "[1]" not in screen.getvalue():
            assert running.is_alive()
        assert "grain1" not in screen.getvalue()
        may.release()
        running.join()
    lines = screen.getvalue().splitlines()
    assert lines[0].startswith("The captain of ship1 said on Monday")
    assert (
        " ".join(screen.getvalue().split()).count(
            "The captain of ship1 said on Monday that order a1v1 sends the vessel to harbour1. [1]"
        )
        == 1
    )
    assert "[1] undated: A new voyage for ship1 begins" in screen.getvalue()


def test_ask_tells_on_the_terminal_why_it_quotes(settings_of, capsys):
    with LlmServer(Play(status=401)) as server:
        settings_of(server)
        assert main(["ask", question(1)], HashEmbedder()) == 0
    assert "(Quotes from the articles: the language model cannot be used.)" in capsys.readouterr().out


def test_the_doctor_tries_the_model_and_never_tells_the_key(settings_of, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    for play in (Play("Yes."), Play(status=401), Play(status=404)):
        with LlmServer(play) as server:
            settings_of(server)
            main(["doctor", "--json"], HashEmbedder())
        [found] = [finding for finding in json.loads(capsys.readouterr().out) if finding["what"] == "language model"]
        said.append(found)
    assert [finding["ok"] for finding in said] == [True, False, False]
    assert "openai-like:stand-in at 127.0.0.1 answers" in said[0]["told"]
    assert "NEWSDESK_LLM__API_KEY" in said[1]["told"]
    assert KEY not in json.dumps(said) + caplog.text


def test_a_model_that_cannot_be_used_stops_the_program_before_it_asks(settings_of, capsys, monkeypatch):
    with LlmServer(Play("x")) as server:
        settings_of(server)
        monkeypatch.delenv("NEWSDESK_LLM__BASE_URL")
        assert main(["ask", question(1)], HashEmbedder()) == 2
    assert "NEWSDESK_LLM__BASE_URL is not set" in capsys.readouterr().err
