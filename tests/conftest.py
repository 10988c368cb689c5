"""Fixtures for every test: a clean environment in an empty folder, and a newsroom in it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import postgres
import pytest

pytest.register_assert_rewrite("newsroom", "kills")

import exact_vectors  # noqa: E402
from chroma_server import ChromaServer  # noqa: E402
from hash_embedder import HashEmbedder  # noqa: E402
from newsroom import Newsroom  # noqa: E402

hypothesis.settings.register_profile("newsdesk", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("newsdesk")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(("NEWSDESK_", "SLACK_")):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in an empty folder (no .env lies in it), with its own archive."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "archive"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Chroma writes and searches the vectors of tests that are marked ``chroma``; exact_vectors.py those of all others.

    ``chroma(False)`` exempts one of a marked file.
    """
    marked = item.get_closest_marker("chroma")
    exact_vectors.use(marked is None or marked.args == (False,))


# The longest files go first, so that no process is left alone with one of them at the end.
_LONG = [
    "test_crashes",
    "test_server",
    "test_concurrency",
    "test_slack_conduct",
    "test_ray",
    "test_deploy",
    "test_generations",
    "test_pgvector",
    "test_embed",
    "test_real_model",
    "test_slack_many",
    "test_browser",
    "test_postgresql",
]


# What starts a server, or a stand-in for one: modules of ours and fixtures.
_SERVERS = {"chroma_gate", "chroma_server", "llm_server", "postgres", "slack_room", "slack_server", "web_server"}
_SERVED = {"chroma", "cluster", "pgvector", "vector_cluster"}


def _needs_server(item: pytest.Function) -> bool:
    from_where = {getattr(value, "__module__", None) for value in vars(item.module).values()}
    database = item.callspec.params.get("database") if hasattr(item, "callspec") else None
    return bool(_SERVERS & from_where or _SERVED & set(item.fixturenames) or database == "postgresql")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _needs_server(item):
            item.add_marker("server")
    rank = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that is marked ``both`` runs with its archive and journal in SQLite, and again with both in PostgreSQL."""
    if metafunc.definition.get_closest_marker("both"):
        if "database" not in metafunc.fixturenames:
            metafunc.fixturenames.insert(0, "database")
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = [
        report for report in terminalreporter.stats.get("skipped", []) if postgres.MISSING in str(report.longrepr)
    ]
    if left_out:
        terminalreporter.section("PostgreSQL", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(left_out)} tests were skipped. {postgres.MISSING}", red=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A running PostgreSQL of this test run."""
    yield from _cluster(postgres.binaries())


@pytest.fixture(scope="session")
def vector_cluster() -> Iterator[postgres.Cluster]:
    """The same, of a PostgreSQL that has pgvector."""
    yield from _cluster(postgres.with_pgvector())


def _cluster(programs: Path | None) -> Iterator[postgres.Cluster]:
    if programs is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip(postgres.MISSING)
    with postgres.cluster(programs) as running:
        yield running


@pytest.fixture
def database(
    _no_settings_from_outside: None, _own_folder: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str | None:
    """The URL of an empty PostgreSQL database, which the settings name; None where the test is to use files."""
    if getattr(request, "param", "postgresql") == "sqlite":
        return None
    url: str = request.getfixturevalue("cluster").database()
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url)
    return url


@pytest.fixture
def pgvector(vector_cluster: postgres.Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database in which the settings have catalog and vectors; every search asks pgvector, however
    few they are.
    """
    url = vector_cluster.database()
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url)
    monkeypatch.setenv("NEWSDESK_VECTORS__ENGINE", "pgvector")
    return url


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.fixture
def chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChromaServer]:
    """A running server that the settings name."""
    folder = tmp_path / "server"
    folder.mkdir()
    server = ChromaServer(folder)
    server.start()
    monkeypatch.setenv("NEWSDESK_CHROMA__URL", server.url)
    yield server
    server.kill()
