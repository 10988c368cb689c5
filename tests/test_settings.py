"""Settings: every name, every refusal, and the example file that lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from index.errors import SettingsError
from settings import ids, load, names

EXAMPLE = Path(__file__).resolve().parents[1] / ".env.example"

VALUES = {
    "NEWSDESK_DATA_DIR": ("elsewhere", lambda settings: settings.data_dir == Path("elsewhere")),
    "NEWSDESK_MODEL__NAME": ("some/model", lambda settings: settings.model.name == "some/model"),
    "NEWSDESK_MODEL__RUNTIME": ("torch", lambda settings: settings.model.runtime == "torch"),
    "NEWSDESK_CATALOG__URL": (
        "postgresql+psycopg://desk:hunter2@db.example/news",
        lambda settings: (
            settings.database() == "postgresql+psycopg://desk:hunter2@db.example/news"
            and "hunter2" not in repr(settings)
        ),
    ),
    "NEWSDESK_CHROMA__URL": (
        "http://chroma.example:8000",
        lambda settings: "chroma.example" in str(settings.chroma.url),
    ),
    "NEWSDESK_VECTORS__ENGINE": ("pgvector", lambda settings: settings.vectors.engine == "pgvector"),
    "NEWSDESK_CHROMA__TENANT": ("desk", lambda settings: settings.chroma.tenant == "desk"),
    "NEWSDESK_CHROMA__DATABASE": ("news", lambda settings: settings.chroma.database == "news"),
    "NEWSDESK_CHROMA__TOKEN": (
        "ck-1",
        lambda settings: settings.chroma.token and settings.chroma.token.get_secret_value() == "ck-1",
    ),
    "NEWSDESK_CHROMA__HEADERS": (
        '{"X-Key": "k"}',
        lambda settings: [each.get_secret_value() for each in settings.chroma.headers.values()] == ["k"],
    ),
    "NEWSDESK_CHROMA__CA": ("/etc/ca.pem", lambda settings: str(settings.chroma.ca) == "/etc/ca.pem"),
    "NEWSDESK_CHROMA__COLLECTION": ("press", lambda settings: settings.chroma.collection == "press"),
    "NEWSDESK_CHROMA__TEXT": ("true", lambda settings: settings.chroma.text),
    "NEWSDESK_INGEST__MAX_MB": ("7", lambda settings: settings.ingest.max_mb == 7),
    "NEWSDESK_INGEST__ROOTS": (
        '["/srv/news", "wire"]',
        lambda settings: settings.ingest.roots == [Path("/srv/news"), Path("wire")],
    ),
    "NEWSDESK_INGEST__PRIVATE_NETWORKS": (
        '["10.20.0.0/24", "fd00::/8"]',
        lambda settings: [str(network) for network in settings.ingest.private_networks] == ["10.20.0.0/24", "fd00::/8"],
    ),
    "NEWSDESK_SEARCH__RERANKER": ("some/reranker", lambda settings: settings.search.reranker == "some/reranker"),
    "NEWSDESK_ANSWERS__READER": ("some/reader", lambda settings: settings.answers.reader == "some/reader"),
    "NEWSDESK_ANSWERS__REFUSAL": ("eager", lambda settings: settings.answers.refusal == "eager"),
    "NEWSDESK_LLM__MODEL": ("openai-like:some/model", lambda settings: settings.llm.model == "openai-like:some/model"),
    "NEWSDESK_LLM__BASE_URL": (
        "http://llm.example:8080/v1",
        lambda settings: "llm.example" in str(settings.llm.base_url),
    ),
    "NEWSDESK_LLM__API_KEY": (
        "k",
        lambda settings: settings.llm.api_key and settings.llm.api_key.get_secret_value() == "k",
    ),
    "NEWSDESK_LLM__SECONDS": ("7.5", lambda settings: settings.llm.seconds == 7.5),
    "NEWSDESK_LLM__PASSAGES": ("7", lambda settings: settings.llm.passages == 7),
    "NEWSDESK_LLM__TOKENS_IN": ("700", lambda settings: settings.llm.tokens_in == 700),
    "NEWSDESK_LLM__TOKENS_OUT": ("70", lambda settings: settings.llm.tokens_out == 70),
    "NEWSDESK_LLM__PRICE_IN": ("0.5", lambda settings: settings.llm.price_in == 0.5),
    "NEWSDESK_LLM__PRICE_OUT": ("1.5", lambda settings: settings.llm.price_out == 1.5),
    "NEWSDESK_LOG__FORMAT": ("json", lambda settings: settings.log.format == "json"),
    "NEWSDESK_LOG__LEVEL": ("debug", lambda settings: settings.log.level == "debug"),
    "NEWSDESK_CHECK__JUDGE": ("llm", lambda settings: settings.check.judge == "llm"),
    "NEWSDESK_SLACK__ADMINS": ("U0AA, U0BB", lambda settings: ids(settings.slack.admins) == {"U0AA", "U0BB"}),
    "NEWSDESK_SLACK__TEAMS": ('["T0AA"]', lambda settings: ids(settings.slack.teams) == {"T0AA"}),
    "NEWSDESK_SLACK__GUESTS": ("*", lambda settings: ids(settings.slack.guests) == {"*"}),
    "NEWSDESK_SLACK__SHARED_CHANNELS": ("C0AA", lambda settings: ids(settings.slack.shared_channels) == {"C0AA"}),
    "NEWSDESK_SLACK__ASK_A_PERSON": ("S0AA", lambda settings: settings.slack.ask_a_person == "S0AA"),
    "NEWSDESK_SLACK__REPORT_CHANNEL": ("C0AA", lambda settings: settings.slack.report_channel == "C0AA"),
    "NEWSDESK_SLACK__FOLLOW_UPS": ("false", lambda settings: not settings.slack.follow_ups),
    "NEWSDESK_SLACK__MAX_AGE_HOURS": ("1.5", lambda settings: settings.slack.max_age_hours == 1.5),
    "NEWSDESK_SLACK__LEASE_SECONDS": ("12", lambda settings: settings.slack.lease_seconds == 12),
    "NEWSDESK_SLACK__WORKERS": ("7", lambda settings: settings.slack.workers == 7),
    "NEWSDESK_SLACK__PER_USER": ("9", lambda settings: settings.slack.per_user == 9),
    "NEWSDESK_SLACK__HOST": ("0.0.0.0", lambda settings: settings.slack.host == "0.0.0.0"),
    "NEWSDESK_SLACK__PORT": ("8080", lambda settings: settings.slack.port == 8080),
    "NEWSDESK_WEB__URL": (
        "https://desk.example/news",
        lambda settings: str(settings.web.url) == "https://desk.example/news",
    ),
    "NEWSDESK_WEB__HOST": ("0.0.0.0", lambda settings: settings.web.host == "0.0.0.0"),
    "NEWSDESK_WEB__PORT": ("8080", lambda settings: settings.web.port == 8080),
    "NEWSDESK_WEB__DAYS": ("7", lambda settings: settings.web.days == 7),
    "NEWSDESK_WEB__SECRET": (
        "s" * 32,
        lambda settings: settings.web.secret and settings.web.secret.get_secret_value() == "s" * 32,
    ),
    "NEWSDESK_WEB__PASSWORD": (
        "open sesame",
        lambda settings: settings.web.password and settings.web.password.get_secret_value() == "open sesame",
    ),
    "NEWSDESK_WEB__USER_HEADER": ("X-User", lambda settings: settings.web.user_header == "X-User"),
    "NEWSDESK_WEB__TOKEN": (
        "one long enough to be",
        lambda settings: settings.web.token and settings.web.token.get_secret_value() == "one long enough to be",
    ),
    "NEWSDESK_WEB__PER_MINUTE": ("9", lambda settings: settings.web.per_minute == 9),
    "SLACK_BOT_TOKEN": (
        "xoxb-1",
        lambda settings: settings.slack_bot_token and settings.slack_bot_token.get_secret_value() == "xoxb-1",
    ),
    "SLACK_APP_TOKEN": (
        "xapp-1",
        lambda settings: settings.slack_app_token and settings.slack_app_token.get_secret_value() == "xapp-1",
    ),
    "SLACK_SIGNING_SECRET": (
        "s",
        lambda settings: settings.slack_signing_secret and settings.slack_signing_secret.get_secret_value() == "s",
    ),
    "SLACK_API_URL": (
        "https://slack.example/api/",
        lambda settings: settings.slack_api_url and "slack.example" in str(settings.slack_api_url),
    ),
}


def test_every_setting_is_tried_here():
    assert set(VALUES) == set(names())
    assert len(names()) == len(set(names()))


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_is_read_from_the_environment(name, monkeypatch):
    value, holds = VALUES[name]
    monkeypatch.delenv("NEWSDESK_DATA_DIR")
    assert not holds(load())
    monkeypatch.setenv(name, value)
    assert holds(load())


def test_every_setting_is_read_from_the_env_file_too(monkeypatch):
    monkeypatch.delenv("NEWSDESK_DATA_DIR")
    for name, (value, holds) in VALUES.items():
        Path(".env").write_text(f"{name}='{value}'\n")
        assert holds(load()), name


def test_the_environment_wins_over_the_env_file(monkeypatch):
    Path(".env").write_text("NEWSDESK_MODEL__NAME=from/file\n")
    monkeypatch.setenv("NEWSDESK_MODEL__NAME", "from/environment")
    assert load().model.name == "from/environment"


def test_an_empty_value_means_the_default(monkeypatch):
    for name in names():
        monkeypatch.setenv(name, "")
    settings = load()
    assert settings.model.name == "all-MiniLM-L6-v2"
    assert settings.chroma.url is None
    assert not settings.chroma.text
    assert settings.data_dir == Path("data")


def test_variables_of_other_programs_are_left_alone(monkeypatch):
    monkeypatch.setenv("NEWSPAPER", "x")
    Path(".env").write_text("OTHER_PROGRAM=1\nPATH_TO=2\n")
    assert load().ingest.max_mb == 50


MISSPELT = [
    pytest.param("NEWSDESK_MODEL_NAME", "NEWSDESK_MODEL__NAME", id="one-underscore"),
    pytest.param("NEWSDESK_MODEL__NAM", "NEWSDESK_MODEL__NAME", id="letter-lost"),
    pytest.param("NEWSDESK_MODLE__NAME", "NEWSDESK_MODEL__NAME", id="group-misspelt"),
    pytest.param("NEWSDESK_DATADIR", "NEWSDESK_DATA_DIR", id="underscore-lost"),
    pytest.param("newsdesk_ingest__max", "NEWSDESK_INGEST__MAX_MB", id="lower-case"),
    pytest.param("NEWSDESK_CHROMA__URI", "NEWSDESK_CHROMA__URL", id="letter-swapped"),
]


@pytest.mark.parametrize(("given", "nearest"), MISSPELT)
@pytest.mark.parametrize("place", ["environment", "env-file"])
def test_an_unknown_name_is_refused_with_the_nearest(given, nearest, place, monkeypatch):
    if place == "environment":
        monkeypatch.setenv(given, "x")
    else:
        Path(".env").write_text(f"{given}=x\n")
    with pytest.raises(SettingsError) as caught:
        load()
    assert given in str(caught.value)
    assert f"Did you mean {nearest}?" in str(caught.value)


def test_a_name_that_is_near_to_none_is_refused_with_all(monkeypatch):
    monkeypatch.setenv("NEWSDESK_QQQQQQQQQQQQQQQQQQ", "x")
    with pytest.raises(SettingsError) as caught:
        load()
    assert all(name in str(caught.value) for name in names())


BAD = [
    pytest.param("NEWSDESK_INGEST__MAX_MB", "many", id="not-a-number"),
    pytest.param("NEWSDESK_INGEST__MAX_MB", "0", id="zero"),
    pytest.param("NEWSDESK_INGEST__MAX_MB", "-5", id="negative"),
    pytest.param("NEWSDESK_INGEST__MAX_MB", "1000000", id="too-large"),
    pytest.param("NEWSDESK_MODEL__RUNTIME", "cuda", id="not-a-runtime"),
    pytest.param("NEWSDESK_CHROMA__URL", "localhost", id="no-address"),
    pytest.param("NEWSDESK_CHROMA__URL", "ftp://localhost", id="other-protocol"),
    pytest.param("NEWSDESK_CHROMA__COLLECTION", "a b/c", id="collection-with-spaces"),
    pytest.param("NEWSDESK_CHROMA__TOKEN", "two words", id="token-with-spaces"),
    pytest.param("NEWSDESK_CHROMA__HEADERS", '{"a b": "c"}', id="header-with-spaces"),
    pytest.param("NEWSDESK_CHROMA__HEADERS", "Authorization: Bearer x", id="headers-not-as-json"),
    pytest.param("NEWSDESK_VECTORS__ENGINE", "qdrant", id="unknown-engine"),
    pytest.param("NEWSDESK_INGEST__ROOTS", "/srv/news", id="list-not-json"),
    pytest.param("NEWSDESK_INGEST__ROOTS", "{}", id="list-is-an-object"),
    pytest.param("NEWSDESK_INGEST__PRIVATE_NETWORKS", "10.0.0.0/8", id="networks-not-json"),
    pytest.param("NEWSDESK_INGEST__PRIVATE_NETWORKS", '["10.0.0.0/99"]', id="no-network"),
    pytest.param("NEWSDESK_LLM__MODEL", "gpt-4o", id="model-without-provider"),
    pytest.param("NEWSDESK_LLM__MODEL", "cohere:command", id="unknown-provider"),
    pytest.param("NEWSDESK_LLM__SECONDS", "0", id="no-time"),
    pytest.param("NEWSDESK_LLM__BASE_URL", "localhost:8080", id="model-address"),
    pytest.param("NEWSDESK_SLACK__ADMINS", "anna", id="name-for-an-id"),
    pytest.param("NEWSDESK_SLACK__ASK_A_PERSON", "@anna", id="name-for-a-person"),
    pytest.param("NEWSDESK_SLACK__PORT", "0", id="port-zero"),
    pytest.param("SLACK_API_URL", "slack.com", id="slack-address"),
    pytest.param("NEWSDESK_WEB__URL", "desk.example", id="web-address"),
    pytest.param("NEWSDESK_WEB__DAYS", "91", id="links-longer-than-versions-are-kept"),
    pytest.param("NEWSDESK_WEB__SECRET", "too-short", id="short-secret"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_variable(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert name in str(caught.value)
    assert "pattern" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_never_change_while_a_program_runs():
    settings = load()
    with pytest.raises(ValidationError):
        settings.data_dir = Path("elsewhere")
    with pytest.raises(ValidationError):
        settings.model.name = "another"


def test_the_example_file_lists_every_setting_and_no_other():
    listed = re.findall(r"^#\s*((?:NEWSDESK|SLACK)_\w+)=", EXAMPLE.read_text(), re.M)
    assert sorted(listed) == sorted(names())


def test_the_example_file_changes_nothing_as_it_stands(monkeypatch):
    monkeypatch.delenv("NEWSDESK_DATA_DIR")
    before = load()
    Path(".env").write_text(EXAMPLE.read_text())
    assert load() == before


def test_the_example_file_can_be_used_with_every_line_switched_on(monkeypatch):
    monkeypatch.delenv("NEWSDESK_DATA_DIR")
    Path(".env").write_text(re.sub(r"^#\s*(?=(?:NEWSDESK|SLACK)_)", "", EXAMPLE.read_text(), flags=re.M))
    assert load().data_dir


def test_tokens_are_never_shown(monkeypatch):
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "NEWSDESK_LLM__API_KEY",
        "NEWSDESK_WEB__SECRET",
    ):
        monkeypatch.setenv(name, "very-secret" * 3)
    assert "very-secret" not in repr(load())
    assert "very-secret" not in load().model_dump_json()
