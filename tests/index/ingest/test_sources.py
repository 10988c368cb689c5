"""Sources that are taken by themselves: their file, dead ones among them, when each is due, and who is told."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from newsroom import Newsroom, eventually, page
from saved import entry, rss
from web_server import Reply, Site, site, visitor

import ingest
from bot.__main__ import main as bot
from bot.slack.messages.home import source_lines
from index.errors import SettingsError
from index.ingest.changes import Options
from index.ingest.schedule import Lines, Schedule
from index.ingest.sources import NamedSource, is_due, is_late, read_sources, state_after, states, troubles

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(text)
    return file


def test_the_file_names_paths_feeds_and_pages(tmp_path):
    file = written(
        tmp_path,
        """
every: 2 h
sources:
  - path: saved
    prune: true
  - path: s3://bucket/news
    every: 1 day
  - feed: https://herald.example/rss.xml
    every: 15 min
    publisher: The  Herald
  - page: https://herald.example/notices
""",
    )
    assert read_sources(file) == (
        NamedSource("path", str(tmp_path / "saved"), timedelta(hours=2), prune=True),
        NamedSource("path", "s3://bucket/news", timedelta(days=1)),
        NamedSource("feed", "https://herald.example/rss.xml", timedelta(minutes=15), "The Herald"),
        NamedSource("page", "https://herald.example/notices", timedelta(hours=2)),
    )


FEED = "- feed: https://herald.example/rss.xml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it names no sources"),
        ("sources: []", "it names no sources"),
        ("- feed: https://herald.example", "it names no sources"),
        ("sources:\n  - [", "line 2: it is not valid YAML"),
        (f"evry: 1 h\nsources:\n  {FEED}", '"evry", which is no setting of a source; did you mean every?'),
        (f"sources:\n  {FEED}\n    evry: 1 h", '(https://herald.example/rss.xml) has "evry", which is no setting'),
        (f"sources:\n  {FEED}\n    publsher: A", "did you mean publisher?"),
        (
            "sources:\n  - rss: https://herald.example/rss.xml",
            'source 1 has "rss", which is no setting of a source; did',
        ),
        ("sources:\n  - store: s3://bucket", "did you mean path?"),
        ("sources:\n  - colour: red", "known: path, feed, page, every, publisher, prune"),
        (f"sources:\n  {FEED}\n    feed: https://courier.example", "two paths, feeds or pages stand in one source"),
        (f"sources:\n  {FEED}\n    every: 30", 'has every: 30; write it like "30 min"'),
        (f"sources:\n  {FEED}\n    every: 10 s", "from 1 min to 31 days"),
        (f"sources:\n  {FEED}\n    every: 0 min", "from 1 min to 31 days"),
        (f"sources:\n  {FEED}\n    every: 99999 days", "from 1 min to 31 days"),
        (f"every: often\nsources:\n  {FEED}", "every: often; write it like"),
        (f"sources:\n  {FEED}\n    path: saved", "has to name exactly one of path, feed, page"),
        ("sources:\n  - every: 1 h", "has to name exactly one of path, feed, page"),
        ("sources:\n  - saved", 'names nothing; write it like "- feed: ADDRESS"'),
        ("sources:\n  - path: 7", "has a path that is no text"),
        ("sources:\n  - path: https://herald.example", 'is an address; name it with "feed:" or "page:"'),
        ("sources:\n  - feed: saved", "is not a web address"),
        ("sources:\n  - feed: https://me:secret@herald.example/rss", "has a user name or password in it"),
        (f"sources:\n  {FEED}\n    prune: true", "what leaves a feed stays"),
        ("sources:\n  - path: saved\n    prune: maybe", "neither true nor false"),
        ("sources:\n  - path: saved\n    publisher: [A]", "has a publisher that is no name"),
        (f"sources:\n  {FEED}\n  {FEED}", "source 2 (https://herald.example/rss.xml) is named twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(text, said, tmp_path, capsys):
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        read_sources(file)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert ingest.main(["--sources", str(file)]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there_and_options_that_do_not_go_together_are_refused(tmp_path, capsys):
    assert ingest.main(["--sources", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml cannot be read: No such file" in capsys.readouterr().err
    file = written(tmp_path, "sources:\n  - path: saved")
    for wrong in (["--dry-run"], ["--prune"], ["--ray", "auto"], ["--watch", "--force"]):
        assert ingest.main(["--sources", str(file), *wrong]) == 2
    with pytest.raises(SystemExit):
        ingest.main(["--sources", str(file), "saved"])


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as server:
        yield server


@pytest.fixture
def take(newsroom: Newsroom, tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str]]:
    """``python ingest.py --sources`` with these entries, without pauses between the pages of a host."""
    monkeypatch.setattr(ingest, "_web", lambda settings, stopped: visitor(stopped=stopped))

    def run(*entries: str, arguments=()) -> tuple[int, str]:
        file = written(tmp_path, "sources:\n" + "".join(f"  - {entry}\n" for entry in entries))
        code = ingest.main(["--sources", str(file), *arguments], embedder=newsroom.embedder)
        return code, capsys.readouterr().out

    return run


def known(newsroom: Newsroom):
    archive = newsroom.open()
    with contextlib.closing(archive), archive.catalog.snapshot() as snapshot:
        return states(snapshot)


def publishers(newsroom: Newsroom) -> dict[str, str | None]:
    archive = newsroom.open()
    with contextlib.closing(archive), archive.catalog.snapshot() as snapshot:
        return {source.title: source.publisher for source, _ in snapshot.sources()}


def feed(web: Site, *stories: str, path: str = "/feed") -> str:
    for words in stories:
        web.story(f"/{words}", words)
    web.pages[path] = Reply(rss(*(entry(f"{web.url}/{words}") for words in stories)), kind="application/rss+xml")
    return web.url + path


def test_one_run_takes_all_and_a_dead_one_ends_none(newsroom, web, take):
    newsroom.write(1, 1)
    web.story("/page", "notices")
    lives, dead = feed(web, "grain", "salt"), f"{web.url}/dead"
    entries = [
        f"{{feed: {dead}}}",
        f"{{path: {newsroom.articles}, publisher: The Courier}}",
        f"{{feed: {lives}, publisher: The Herald}}",
        f"{{page: {web.url}/page}}",
    ]
    code, out = take(*entries)
    assert code == 0  # a dead feed is no reason to ring every night
    assert f"failed: feed {dead}: the page is not there (404); check the address (never read yet)" in out
    assert "path articles: 1 added" in out
    assert f"feed {lives}: 2 added" in out
    assert "4 sources, 1 of them could not be read" in out
    titles = publishers(newsroom)
    assert titles["Title of grain"] == titles["Title of salt"] == "The Herald"
    assert titles["A new voyage for ship1 begins"] == "The Courier"
    assert titles["Title of notices"] == "127.0.0.1"
    code, out = take(*entries)
    assert (code, out.count(" 0 added, 0 updated")) == (0, 3)


def test_exit_code_1_says_that_nothing_could_be_read(newsroom, web, take):
    assert take(f"feed: {web.url}/dead", "path: nowhere")[0] == 1


def test_a_source_without_one_readable_article_fails_and_one_with_some_does_not(newsroom, web, take):
    address = feed(web, "grain", "salt")
    web.pages["/salt"] = Reply("", 503)
    code, out = take(f"feed: {address}")
    assert code == 0
    assert "1 added, 0 updated, 0 unchanged, 0 removed, 1 failed" in out
    assert known(newsroom)[address].failed == 1
    web.pages["/rope"] = Reply("", 403)
    closed = feed(web, path="/closed")
    web.pages["/closed"] = Reply(rss(entry(f"{web.url}/rope")), kind="application/rss+xml")
    code, out = take(f"feed: {closed}")
    assert code == 1
    assert f"feed {closed}: 1 of it failed, the first: {web.url}/rope: " in out


def test_the_last_good_time_stays_and_what_failed_is_forgotten_once_it_is_read(newsroom, web, take, capsys):
    address = feed(web, "grain")
    take(f"feed: {address}")
    good = known(newsroom)[address].good
    whole = web.pages.pop("/feed")
    code, out = take(f"feed: {address}", arguments=["--json"])
    [line] = map(json.loads, out.splitlines())
    assert (code, line["place"], line["good"]) == (1, address, good)
    assert line["reason"] == line["report"]["failures"][0]["reason"] == "the page is not there (404); check the address"
    assert bot(["status", "--failures"]) == 0
    assert address in capsys.readouterr().out
    web.pages["/feed"] = whole
    assert take(f"feed: {address}")[0] == 0
    assert known(newsroom)[address].reason is None
    bot(["status", "--failures"])
    assert "Nothing failed" in capsys.readouterr().out


def test_a_page_of_a_feed_that_came_at_last_no_longer_counts_as_failed(newsroom, web, take, capsys):
    address = feed(web, "grain", "salt")
    whole, web.pages["/salt"] = web.pages["/salt"], Reply("", 503)
    take(f"feed: {address}")
    web.pages["/salt"] = whole
    take(f"feed: {address}")
    bot(["status", "--failures"])
    assert "Nothing failed" in capsys.readouterr().out


def test_the_articles_of_a_vanished_folder_stay_and_its_source_fails(newsroom, take):
    newsroom.write(1, 1)
    newsroom.write(2, 1)
    entries = f"{{path: {newsroom.articles}, prune: true}}"
    take(entries)
    newsroom.path(2).unlink()
    assert "1 removed" in take(entries)[1]
    newsroom.path(1).unlink()
    code, out = take(entries)
    assert code == 1
    assert "it holds no article any more (a disk that is not mounted?)" in out
    assert newsroom.versions() == {1: 1}


def test_a_fault_of_newsdesk_in_one_source_ends_no_other(newsroom, web, take, monkeypatch):
    def falls(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("index.read.feeds.read_feed", falls)
    newsroom.write(1, 1)
    code, out = take(f"feed: {web.url}/feed", f"feed: {feed(web, 'grain')}2", f"path: {newsroom.articles}")
    assert code == 0
    assert "ZeroDivisionError: a fault" in out
    assert "path articles: 1 added" in out


def test_status_doctor_and_home_tab_name_what_fails(newsroom, web, take, capsys):
    dead, lives = f"{web.url}/dead", feed(web, "grain")
    take(f"feed: {dead}", f"feed: {lives}")
    assert bot(["status"]) == 0
    out = capsys.readouterr().out
    assert "sources    2, 1 of them read" in out
    assert f"feed {dead}: the page is not there (404); check the address (never read yet)" in out
    bot(["status", "--json"])
    values = json.loads(capsys.readouterr().out)["sources"]
    assert [(each["place"], each["failed"], each["late"]) for each in values["named"]] == [
        (dead, 1, False),
        (lives, 0, False),
    ]
    archive = newsroom.open()
    with contextlib.closing(archive):
        assert source_lines(archive) == (
            f"feed {dead}: the page is not there (404); check the address (never read yet)",
        )
    bot(["doctor", "--json"])
    [finding] = [each for each in json.loads(capsys.readouterr().out) if each["what"] == "sources"]
    assert finding["ok"]
    assert finding["told"].startswith(f"1 of 2 read; feed {dead}")
    take(f"feed: {dead}")  # the other is no longer named
    assert list(known(newsroom)) == [dead]
    bot(["doctor", "--json"])
    [finding] = [each for each in json.loads(capsys.readouterr().out) if each["what"] == "sources"]
    assert not finding["ok"]


def test_when_a_source_is_due_and_when_it_is_late():
    source = NamedSource("feed", "https://herald.example/rss.xml", timedelta(minutes=30))
    state = state_after(source, "broken", None, file=Path("sources.yaml"), began=NOW, again=True)
    assert is_due(source, None, NOW)
    assert not is_due(source, state, NOW + timedelta(minutes=29))
    assert is_due(source, state, NOW + timedelta(minutes=30))
    assert is_due(source, state, NOW - timedelta(days=1))  # the clock was wrong
    assert is_due(replace(source, every=timedelta(minutes=10)), state, NOW + timedelta(minutes=10))
    assert not is_late(state, NOW + timedelta(hours=2))
    assert is_late(state, NOW + timedelta(hours=3))
    assert "1 has not been tried since" in troubles([state], NOW + timedelta(hours=3))[-1]


class Stop:
    """Asks a watch to stop once something has been said, or after so many looks."""

    def __init__(self, said: list[str], until: str = "", looks: int = 10_000) -> None:
        self._said, self._until, self._looks = said, until, looks

    def is_set(self) -> bool:
        self._looks -= 1
        return self._looks < 0 or bool(self._until and any(self._until in line for line in self._said))


@pytest.fixture
def watch(newsroom: Newsroom, tmp_path) -> Callable[..., list[str]]:
    """Keep on in this process until something is said, as a process that begins anew."""

    def run(*, until: str = "", looks: int = 10_000) -> list[str]:
        said: list[str] = []
        schedule = Schedule(
            tmp_path / "sources.yaml",
            Options([]),
            newsroom.embedder,
            lambda: ingest._opened(ingest.load(), newsroom.embedder),
            visitor,
            Stop(said, until, looks),
            Lines(said.append, said.append),
        )
        if newsroom.archive.exists():
            schedule.remember(known(newsroom))
        schedule.keep_on()
        return said

    return run


def taken_hours_ago(newsroom: Newsroom, hours: float) -> None:
    archive = newsroom.open()
    with contextlib.closing(archive), archive.catalog.transaction() as transaction:
        found = json.loads(transaction.fact("sources") or "[]")
        ago = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")
        transaction.put_fact("sources", json.dumps([{**each, "tried": ago} for each in found]))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_watch_takes_a_source_when_it_is_due_also_after_a_new_start(database, newsroom, web, watch, tmp_path):
    written(tmp_path, f"sources:\n  - feed: {feed(web, 'grain')}\n  - feed: {web.url}/other\n")
    assert watch(until="failed") == [
        "2 sources, each is read when it is due. Ctrl-C stops.",
        f"added    {web.url}/grain  Title of grain",
        f"failed   feed {web.url}/other: the page is not there (404); check the address (never read yet)",
    ]
    feed(web, "grain", "salt")
    feed(web, "rope", path="/other")
    asked = len(web.asked)
    assert watch(looks=4) == ["2 sources, each is read when it is due. Ctrl-C stops."]
    assert len(web.asked) == asked
    taken_hours_ago(newsroom, 2)
    assert watch(until="can be read again")[1:] == [
        f"added    {web.url}/salt  Title of salt",
        f"added    {web.url}/rope  Title of rope",
        f"read     feed {web.url}/other: it can be read again",
    ]


def test_a_watch_says_once_what_fails(newsroom, web, watch, tmp_path):
    dead, address = f"{web.url}/dead", feed(web, "grain", "salt")
    web.pages["/salt"] = Reply("", 404)
    written(tmp_path, f"sources:\n  - feed: {dead}\n  - feed: {address}\n")
    assert any(f"{web.url}/salt: the page is not there" in line for line in watch(until="/salt"))
    runs = newsroom.last_run()
    taken_hours_ago(newsroom, 2)
    feed(web, "grain", "tea")
    said = watch(until="added    ")
    assert not [line for line in said if line.startswith("failed   feed")]
    assert newsroom.last_run() == runs + 1  # the dead one again: no run to speak of


def test_a_watch_reads_a_changed_file_again_and_keeps_the_old_if_it_is_wrong(newsroom, watch, tmp_path, monkeypatch):
    newsroom.write(1, 1)
    file = written(tmp_path, f"sources:\n  - path: {newsroom.articles}\n")
    texts = iter(["sources:\n  - paht: x\n", f"sources:\n  - path: {newsroom.articles}\n  - path: nowhere\n"])
    monkeypatch.setattr("index.ingest.schedule.pause", lambda *_: file.write_text(next(texts)))
    said = watch(until="nowhere: ")
    assert said[1].startswith("added    ")
    assert said[2].endswith("did you mean path? Until then the sources stay as they were.")
    assert said[3] == "sources.yaml was read again: 2 sources."
    assert said[4].startswith("failed   path nowhere: there is no such file or folder")


def test_a_source_that_left_the_file_is_forgotten_where_the_file_is_a_link_to_its_newest_version(newsroom, tmp_path):
    newsroom.write(1, 1)
    link = tmp_path / "sources.yaml"
    for version, text in (("old", f"  - path: {newsroom.articles}\n  - path: gone\n"), ("new", "  - path: other\n")):
        (tmp_path / version).mkdir()
        link.unlink(missing_ok=True)
        link.symlink_to(written(tmp_path / version, f"sources:\n{text}"))
        ingest.main(["--sources", str(link)], embedder=newsroom.embedder)
    assert list(known(newsroom)) == [str(tmp_path / "other")]


@pytest.mark.slow
def test_the_command_watches_in_a_process_of_its_own(newsroom, tmp_path):
    newsroom.write(1, 1)
    written(tmp_path, f"sources:\n  - path: {newsroom.articles}\n")
    out = tmp_path / "watch.out"
    with out.open("w") as stream:
        process = newsroom.start("ingest", "--sources", "sources.yaml", "--watch", stdout=stream, stderr=stream)
    try:
        eventually(lambda: "added    articles/00001.txt" in out.read_text(), "the article is in")
        eventually(lambda: newsroom.versions() == {1: 1}, "its source is known")
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_a_folder_of_an_object_store_is_a_path(newsroom, take):
    store = fsspec.filesystem("memory")
    store.pipe("/news/00007.txt", page(7, 1).encode())
    try:
        code, out = take("path: memory://news", "path: memory://nothing")
        assert code == 0
        assert "path memory://news: 1 added" in out
        assert "path memory://nothing: there is no such file or folder; check the path (never read yet)" in out
        assert newsroom.versions() == {7: 1}
    finally:
        store.rm("/news", recursive=True)


def test_a_run_says_which_source_it_took(newsroom, web, take, capsys):
    address = feed(web, "grain")
    web.pages["/feed?key=topsecret"] = web.pages["/feed"]
    take(f"feed: {address}?key=topsecret")
    bot(["status", "--runs", "1"])
    assert capsys.readouterr().out.rstrip().endswith(f"0 failed, from {address}")
