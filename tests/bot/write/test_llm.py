"""Language models through their real clients, against a server that plays every kind of trouble."""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
import traceback

import pytest
from llm_server import KEY, LlmServer, Play
from pydantic import SecretStr

from bot.write.llm import Llm, LlmError, Tally
from index.errors import SettingsError
from settings import LlmSettings

PROVIDERS = ["openai:gpt-4o-mini", "openai-like:stand-in", "ollama:stand-in", "anthropic:claude-sonnet-4-5"]
HELLO = "Hello there, this is a text."
RULES, QUESTION = "the rules", "the question"


def llm_of(server: LlmServer, model: str = "openai-like:stand-in", key: str = KEY, **more) -> Llm:
    place = server.url if model.startswith("openai") else server.origin
    return Llm(LlmSettings(model=model, base_url=place, api_key=SecretStr(key), **{"seconds": 30, **more}))


def written(llm: Llm, seconds: float = 30, tally: Tally | None = None) -> str:
    return "".join(llm.write(RULES, QUESTION, time.monotonic() + seconds, tally or Tally()))


@pytest.mark.parametrize("model", PROVIDERS)
def test_every_provider_is_spoken_to_by_its_own_client(model):
    with LlmServer(Play(HELLO)) as server:
        if model.startswith("anthropic") and importlib.util.find_spec("llama_index.llms.anthropic") is None:
            with pytest.raises(SettingsError, match=r"pip install 'llama-index-llms-anthropic[^']*' 'anthropic<1'"):
                llm_of(server, model)
            return
        tally = Tally()
        assert written(llm_of(server, model, tokens_out=321), tally=tally) == HELLO
        [asked] = server.requests
    assert asked.messages == [RULES, QUESTION]
    assert asked.body["model"] == model.partition(":")[2]
    assert 321 in (asked.body.get("max_tokens"), asked.body.get("options", {}).get("num_predict"))
    assert 0.0 in (asked.body.get("temperature"), asked.body.get("options", {}).get("temperature"))
    assert tally == Tally(len(asked.text) // 4, 4, 1, counted=True)


def test_tokens_nobody_counted_are_estimated_and_marked_so():
    with LlmServer(Play(HELLO * 10, usage=False)) as server:
        tally = Tally()
        written(llm_of(server), tally=tally)
    assert not tally.counted
    assert 50 < tally.tokens_out < 100


def test_cost_is_counted_at_the_prices_that_are_set():
    with LlmServer(Play(HELLO)) as server:
        tally = Tally(tokens_in=1_000_000, tokens_out=100_000)
        assert llm_of(server).cost(tally) is None
        assert llm_of(server, price_in=2.0, price_out=10.0).cost(tally) == pytest.approx(3.0)
        assert llm_of(server, price_out=10.0).cost(tally) == pytest.approx(1.0)


PASSING = [
    pytest.param(Play(status=429, headers={"Retry-After": "0.01"}), id="429-that-says-when"),
    pytest.param(
        Play(status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), id="429-with-a-day-that-is-over"
    ),
    pytest.param(Play(status=500), id="500"),
    pytest.param(Play(status=503, headers={"Retry-After": "0"}), id="503"),
    pytest.param(Play(ends="cut"), id="connection-reset"),
    pytest.param(Play(ends="error"), id="error-in-the-stream"),
    pytest.param(Play(ends="silent"), id="closed-without-a-word"),
]


@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_before_the_first_word_is_tried_again(trouble):
    with LlmServer(trouble, Play(HELLO)) as server:
        assert written(llm_of(server)) == HELLO
        assert len(server.requests) == 2


LASTING = [
    pytest.param(
        Play(status=401), "refuses the key (status 401). Set NEWSDESK_LLM__API_KEY", "cannot be used", id="401"
    ),
    pytest.param(Play(status=403), "refuses the key", "cannot be used", id="403"),
    pytest.param(
        Play(status=404, code="model_not_found"),
        "has no model stand-in (status 404, model_not_found)",
        "cannot be used",
        id="404",
    ),
    pytest.param(
        Play(status=400, code="context_length_exceeded"),
        "status 400, context_length_exceeded",
        "cannot be used",
        id="400",
    ),
    pytest.param(Play(status=429, code="insufficient_quota"), "has nothing left", "cannot be used", id="no-quota"),
    pytest.param(
        Play(status=429, headers={"Retry-After": "3600"}),
        "does not answer now (status 429)",
        "is overloaded",
        id="429-for-an-hour",
    ),
    pytest.param(Play(HELLO, ends="length"), "NEWSDESK_LLM__TOKENS_OUT", "broke off", id="cut-at-the-limit"),
    pytest.param(Play(HELLO, ends="silent"), "broke off in the middle", "broke off", id="no-end"),
    pytest.param(Play(HELLO, ends="cut"), "or broke off", "cannot be reached", id="reset-in-the-middle"),
    pytest.param(Play(HELLO, ends="garbage"), "no answer", "cannot be used", id="garbage-in-the-middle"),
]


@pytest.mark.parametrize(("trouble", "told", "why"), LASTING)
def test_lasting_trouble_is_told_at_once(trouble, told, why):
    with LlmServer(trouble, Play(HELLO)) as server:
        with pytest.raises(LlmError) as caught:
            written(llm_of(server))
        assert len(server.requests) == 1
    assert told in str(caught.value)
    assert caught.value.why == why


def test_what_is_always_down_is_tried_four_times_and_no_more():
    with LlmServer(Play(status=503, headers={"Retry-After": "0"})) as server:
        with pytest.raises(LlmError, match="status 503"):
            written(llm_of(server))
        assert len(server.requests) == 4


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_counts_no_tokens_is_asked_without(status):
    with LlmServer(Play(status=status), Play(HELLO, usage=False)) as server:
        llm, tally = llm_of(server), Tally()
        assert written(llm, tally=tally) == written(llm) == HELLO
        assert ["stream_options" in asked.body for asked in server.requests] == [True, False, False]
        assert not tally.counted


def test_a_server_that_is_not_there_is_told():
    with LlmServer(Play()) as server:
        llm = llm_of(server)
    with pytest.raises(LlmError, match=r"127\.0\.0\.1 cannot be reached"):
        written(llm, 2)


@pytest.mark.parametrize("model", ["openai-like:stand-in", "ollama:stand-in"])
def test_the_time_is_kept_whatever_the_server_does(model):
    """The client itself would wait 30 seconds for the next piece."""
    with LlmServer(Play(HELLO, ends="hang")) as server:
        llm, found = llm_of(server, model), []
        until = time.monotonic() + 1
        with pytest.raises(LlmError, match="NEWSDESK_LLM__SECONDS"):
            found += llm.write("r", "q", until, Tally())
        assert time.monotonic() < until + 10
        server.closing.set()


@pytest.mark.parametrize("model", ["openai-like:stand-in", "ollama:stand-in"])
def test_what_nobody_reads_any_more_is_ended_at_the_provider(model):
    may = threading.Semaphore(2)
    with LlmServer(Play("word " * 1_000, gate=may)) as server:
        pieces = llm_of(server, model).write("r", "q", time.monotonic() + 30, Tally())
        next(pieces)
        pieces.close()
        deadline = time.monotonic() + 20
        while not server.gone and time.monotonic() < deadline:
            may.release()  # the client sees that nobody reads when the next piece comes
            time.sleep(0.02)
        assert server.gone == [0]
        assert len(server.sent) < 1_000


MISSING = [
    pytest.param({"model": "openai:gpt-4o"}, "NEWSDESK_LLM__API_KEY is not set", id="openai-without-key"),
    pytest.param({"model": "anthropic:claude-x"}, "NEWSDESK_LLM__API_KEY is not set", id="anthropic-without-key"),
    pytest.param({"model": "openai-like:x"}, "NEWSDESK_LLM__BASE_URL is not set", id="openai-like-without-address"),
    pytest.param(
        {"model": "openai:gpt-99", "api_key": SecretStr(KEY)},
        "openai-like:gpt-99 with NEWSDESK_LLM__BASE_URL=https://api.openai",
        id="unknown",
    ),
]


@pytest.mark.parametrize(("values", "told"), MISSING)
def test_what_is_not_set_is_said_before_anything_is_sent(values, told):
    with pytest.raises(SettingsError) as caught:
        Llm(LlmSettings(**values))
    assert told in str(caught.value)


def test_a_package_that_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(
        __import__("sys").modules, "llama_index.llms.ollama", None
    )  # what Python does for a missing module
    with pytest.raises(SettingsError, match=r"pip install 'llama-index-llms-ollama>=0\.11,<0\.12'"):
        Llm(LlmSettings(model="ollama:x"))


def test_the_key_and_the_words_are_in_no_error_and_no_log(caplog):
    """The server repeats the key in what it says, as providers do."""
    caplog.set_level(logging.DEBUG)
    told = []
    for trouble in [
        *[param.values[0] for param in [*PASSING, *LASTING]],
        Play(status=400, code=KEY),
        Play(status=400, code=KEY[3:11].lower()),
    ]:
        with LlmServer(trouble) as server:
            try:
                written(llm_of(server), 1)
            except LlmError as error:
                told += [str(error), repr(error), error.why, "".join(traceback.format_exception(error))]
    with LlmServer(Play(HELLO), key="another") as server, pytest.raises(LlmError) as caught:
        written(llm_of(server))
    told += [
        "".join(traceback.format_exception(caught.value)),
        repr(llm_of(server)),
        repr(LlmSettings(api_key=SecretStr(KEY))),
    ]
    assert len(told) > 30
    for secret in (KEY, KEY[3:], QUESTION, RULES, HELLO):
        assert not [text for text in told if secret in text]
        assert secret not in caplog.text
