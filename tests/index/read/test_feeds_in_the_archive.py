"""Feeds and pages in the archive: which article a page is, what is fetched again, what stays when pages go."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from datetime import date
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder
from saved import entry, rss
from web_server import Reply, page_of, site, visitor

import ingest
from index.archive import Archive
from index.articles import article_id
from index.batch import Prepared
from index.ingest.changes import Gone, Options, changes
from index.ingest.report import Progress, Report, Step
from index.ingest.run import plan, run
from index.read.pages import identity
from index.store.rows import FetchRecord


class Steps(Progress):
    def __init__(self) -> None:
        self.taken: list[Step] = []

    def step(self, step: Step) -> None:
        self.taken.append(step)


class Paper:
    """A site and an archive that takes its pages in."""

    def __init__(self, web, newsroom):
        self.web, self.newsroom = web, newsroom

    def run(self, *paths: str, feeds=(), visit=None, **options) -> Report:
        """Take pages into the catalog, real in all but Chroma, whose part knows nothing of the web."""
        archive = Archive(self.newsroom.archive, create=True)
        report, steps = Report(), Steps()
        try:
            found = list(changes(archive, self.options(*paths, feeds=feeds, visit=visit, **options), report, steps))
            with archive.catalog.transaction() as transaction:
                for change in found:
                    if isinstance(change, Prepared):
                        transaction.put_article(change.article, change.file, change.original_digest, change.cut, [])
                    elif isinstance(change, FetchRecord):
                        transaction.put_fetch(change)
                    elif isinstance(change, Gone):
                        report.removed += len(change.ids)
                        transaction.remove_articles(change.ids)
                        transaction.remove_file(change.file or "")
        finally:
            archive.close()
        report.added, report.updated = (
            sum(step.action == action for step in steps.taken) for action in ("add", "update")
        )
        report.failed = len(report.failures)
        return report

    def publish(self, *paths: str, feeds=(), **options) -> Report:
        """The whole run, Chroma and all."""
        archive = Archive(self.newsroom.archive, create=True)
        try:
            return run(archive, self.newsroom.embedder, self.options(*paths, feeds=feeds, **options), Progress())
        finally:
            archive.close()

    def options(self, *paths: str, feeds=(), visit=None, **options) -> Options:
        given = [path if "://" in path or Path(path).exists() else self.web.url + path for path in paths]
        return Options(given, feeds=[self.web.url + feed for feed in feeds], web=visit or visitor(), **options)

    def plan(self, *paths: str, feeds=()):
        archive = Archive(self.newsroom.archive) if self.newsroom.archive.exists() else None
        try:
            return plan(archive, self.options(*paths, feeds=feeds))
        finally:
            if archive:
                archive.close()

    def sources(self) -> dict[str, object]:
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                return {source.path.removeprefix(self.web.url): source for source, _ in snapshot.sources()}
        finally:
            archive.close()

    def text(self, path: str) -> str:
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                stored = snapshot.article(self.sources()[path].id)
                assert stored
                return stored.article.text
        finally:
            archive.close()

    def fetch(self, path: str):
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                return snapshot.fetch(self.web.url + path)
        finally:
            archive.close()

    def feed(self, *items: str, path: str = "/feed", **headers: str) -> None:
        self.web.pages[path] = Reply(rss(*items), kind="application/rss+xml", headers=headers)


@pytest.fixture
def paper(newsroom):
    with site() as server:
        yield Paper(server, newsroom)


def counts(report) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, report.failed


def reasons(report) -> str:
    return "\n".join(f"{failure.path}: {failure.reason}" for failure in report.failures)


def test_a_page_is_put_in_and_an_unchanged_one_is_not_even_sent(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    assert counts(paper.publish("/a")) == (1, 0, 0, 0, 0)
    source = paper.sources()["/a"]
    assert (source.title, source.url) == ("Title of grain", f"{paper.web.url}/a")
    assert counts(paper.publish("/a")) == (0, 0, 1, 0, 0)
    assert paper.web.asked[-1][1]["if-none-match"] == '"1"'
    paper.web.story("/a", "salt", ETag='"2"')
    assert counts(paper.publish("/a")) == (0, 1, 0, 0, 0)
    assert "salt" in paper.text("/a")
    assert "grain" not in paper.text("/a")
    paper.newsroom.assert_index_agrees()


def test_a_page_that_differs_only_around_its_article_is_unchanged(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    paper.web.story("/a", "grain", head="<meta name=nonce content=8273>")
    assert counts(paper.run("/a")) == (0, 0, 1, 0, 0)
    assert b"8273" in paper.fetch("/a").body


def test_the_page_as_it_came_is_kept(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    paper.run("/a")
    kept = paper.fetch("/a")
    assert kept.body == page_of("grain", "Title of grain").encode()
    assert (kept.etag, kept.final_url) == ('"1"', f"{paper.web.url}/a")


def test_force_reads_an_unchanged_page_again(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    paper.run("/a")
    assert counts(paper.run("/a", force=True)) == (0, 1, 0, 0, 0)
    assert "grain" in paper.text("/a")


def test_every_way_to_a_page_is_one_article(paper):
    link = f'<link rel="canonical" href="{paper.web.url}/story">'
    paper.web.story("/story", "grain", head=link)
    paper.web.story("/story?utm_source=rss", "grain", head=link)
    paper.web.story("/amp/story", "grain", head='<link href="/story" rel="canonical"/>')
    paper.web.pages["/old"] = Reply(status=301, headers={"Location": "/story"})
    assert counts(paper.run("/amp/story", "/old", "/story?utm_source=rss", "/story", "/story#part")) == (1, 0, 3, 0, 0)
    [source] = paper.sources().values()
    assert source.url == f"{paper.web.url}/story"
    assert counts(paper.run("/story", "/amp/story")) == (0, 0, 2, 0, 0)


def test_a_dry_run_says_the_same_and_changes_nothing(paper):
    paper.web.story("/story", "grain")
    paper.web.pages["/old"] = Reply(status=301, headers={"Location": "/story"})
    steps, report = paper.plan("/old", "/story", "/none")
    assert [(step.action, step.title) for step in steps] == [("add", "Title of grain")]
    assert counts(report) == (1, 0, 1, 0, 1)
    assert not paper.newsroom.archive.exists()


@pytest.mark.parametrize(
    "head",
    [
        '<link rel="canonical" href="/">',
        '<link rel=canonical href="/news">',
        '<link rel="canonical" href="https://other.example/x">',
    ],
)
def test_pages_that_all_claim_to_be_one_stay_articles_of_their_own(paper, head):
    for words in ("grain", "salt", "copper"):
        paper.web.story(f"/{words}", words, head=head)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (3, 0, 0, 0, 0)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (0, 0, 3, 0, 0)
    for words in ("grain", "salt", "copper"):
        paper.web.story(f"/{words}", f"more {words}", title=f"New title {words}", head=head)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (0, 3, 0, 0, 0)
    assert sorted(source.title for source in paper.sources().values()) == [
        "New title copper",
        "New title grain",
        "New title salt",
    ]


def test_an_article_keeps_its_id_when_its_page_gets_a_canonical_address(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    before = paper.sources()["/a"].id
    paper.web.story("/a", "salt", head='<link rel="canonical" href="/b">')
    assert counts(paper.run("/a")) == (0, 1, 0, 0, 0)
    assert paper.sources()["/a"].id == before


def test_a_page_that_has_gone_stays_in_until_prune_names_it(paper):
    paper.web.story("/a", "grain")
    paper.web.story("/b", "salt")
    paper.publish("/a", "/b")
    del paper.web.pages["/a"]
    report = paper.run("/a", "/b")
    assert counts(report) == (0, 0, 1, 0, 1)
    assert "Its article stays in; to remove it, run again with --prune" in reasons(report)
    assert counts(paper.run("/b", prune=True)) == (0, 0, 1, 0, 0)
    assert counts(paper.publish("/a", prune=True)) == (0, 0, 0, 1, 0)
    assert list(paper.sources()) == ["/b"]
    assert paper.fetch("/a") is None
    paper.newsroom.assert_index_agrees()
    assert "Its article" not in reasons(paper.run("/a", prune=True))


def test_a_page_that_now_leads_to_the_front_page_does_not_become_the_front_page(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    paper.web.pages["/a"] = Reply(status=302, headers={"Location": "/"})
    paper.web.story("/", "weather")
    report = paper.run("/a")
    assert "front page" in reasons(report)
    assert "grain" in paper.text("/a")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"\x89PNG", kind="image/png"), "is not a page but image/png; save it"),
        (Reply(b"PK", kind="application/zip"), "is not a page but application/zip"),
        (Reply(rss(), kind="application/rss+xml"), "--feed"),
        (Reply(b"  ", kind="text/plain"), "empty"),
        (Reply(b"<html><body></body></html>"), "article text"),
    ],
)
def test_what_holds_no_article_is_told_and_tried_again(paper, reply, said):
    paper.web.pages["/a"] = reply
    for _ in range(2):
        report = paper.run("/a")
        assert counts(report) == (0, 0, 0, 0, 1)
        assert said in reasons(report)
    assert paper.web.paths == ["/a", "/a"]


def test_plain_text_is_read_as_a_saved_page(paper):
    text = (
        "Grain ships sail again\n\nThe captain said on Monday that the grain will sail before the winter comes to "
        "the harbour.\n"
    )
    paper.web.pages["/a.txt"] = Reply(text, kind="text/plain; charset=utf-8")
    assert counts(paper.run("/a.txt")) == (1, 0, 0, 0, 0)
    assert "the grain will sail" in paper.text("/a.txt")


def test_a_bad_page_stops_neither_pages_nor_files(paper):
    paper.newsroom.write(1, 1)
    paper.web.story("/b", "salt")
    report = paper.run("/none", str(paper.newsroom.articles), "ftp://x/y", "/b")
    assert counts(report) == (2, 0, 0, 0, 2)
    assert f"{paper.web.url}/none: the page is not there (404)" in reasons(report)
    assert "ftp://x/y: is not a web address" in reasons(report)


# --- feeds in the archive


def test_a_feed_brings_its_entries_newest_first_and_later_only_the_new(paper):
    for number in (1, 2, 3):
        paper.web.story(f"/{number}", f"order {number}")
    paper.feed(entry("/1", 1), entry("/2", 2), ETag='"f1"')
    assert counts(paper.run(feeds=["/feed"])) == (2, 0, 0, 0, 0)
    assert paper.web.paths == ["/feed", "/2", "/1"]
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 2, 0, 0)
    assert paper.web.paths[3:] == ["/feed"]
    paper.feed(entry("/1", 1), entry("/2", 2), entry("/3", 3), ETag='"f2"')
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 2, 0, 0)
    assert paper.web.paths[4:] == ["/feed", "/3"]


def test_a_feed_says_what_its_pages_do_not(paper):
    paper.web.story("/1", "grain")
    paper.feed(entry("/1", 3, "<dc:creator>Ann Lee</dc:creator>"))
    paper.run(feeds=["/feed"])
    source = paper.sources()["/1"]
    assert (source.publisher, source.author, source.published) == ("Nordlys & Co", "Ann Lee", date(2025, 3, 3))
    assert source.title == "Title of grain"
    paper.web.story("/1", "salt")
    assert counts(paper.run("/1")) == (0, 1, 0, 0, 0)
    source = paper.sources()["/1"]
    assert (source.publisher, source.author, source.published) == ("Nordlys & Co", "Ann Lee", date(2025, 3, 3))


def test_an_entry_that_failed_is_tried_again_though_the_feed_is_unchanged(paper):
    paper.web.pages["/1"] = Reply(status=500)
    paper.web.story("/2", "salt")
    paper.feed(entry("/1"), entry("/2"), ETag='"f1"')
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (1, 0, 0, 0, 1)
    assert f"{paper.web.url}/1: the site has an error of its own (500)" in reasons(report)
    paper.web.story("/1", "grain")
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 1, 0, 0)
    assert paper.web.asked[-2][1]["if-none-match"] == '"f1"'


WHOLE = "".join(
    (
        f"<p>The captain of ship{number} said on Monday that the grain of harbour{number} will be sold before the "
        "winter.</p>"
    )
    for number in range(9)
)


def test_a_page_behind_a_paywall_is_read_from_the_feed_if_that_has_all_of_it(paper):
    paper.web.pages["/1"] = Reply(status=403)
    paper.web.pages["/2"] = Reply(status=403)
    paper.web.pages["/3"] = Reply(status=500)
    paper.feed(
        entry("/1", 1, f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"),
        entry(
            "/2",
            2,
            (
                f"<description><![CDATA[{WHOLE}]]></description><content:encoded><![CDATA[{WHOLE}<p>Read "
                "more]]></content:encoded>"
            ),
        ),
        entry("/3", 3, f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"),
    )
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (1, 0, 0, 0, 2)
    assert "/2: the site refuses" in reasons(report)
    assert "/3: the site has an error of its own" in reasons(report)
    source = paper.sources()["/1"]
    assert (source.title, source.url, source.publisher) == ("About /1", f"{paper.web.url}/1", "Nordlys & Co")
    assert "ship8 said on Monday" in paper.text("/1")
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 1, 0, 2)


def test_entries_without_a_page(paper):
    whole = f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"
    paper.feed(
        f"<title>Whole</title><guid isPermaLink='false'>7</guid>{whole}",
        f"<title>Bad link</title><link>javascript:alert(1)</link>{whole.replace('ship', 'boat')}",
        "<title>Nothing</title>",
    )
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (2, 0, 0, 0, 1)
    assert "no link to a page" in reasons(report)
    assert {(source.title, source.url) for source in paper.sources().values()} == {("Whole", None), ("Bad link", None)}
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 2, 0, 1)


def test_two_entries_with_one_link_are_one_page(paper):
    paper.web.story("/1", "grain")
    paper.feed(entry("/1", 1), entry("/1", 2))
    assert counts(paper.run("/1", feeds=["/feed"])) == (1, 0, 0, 0, 0)
    assert paper.web.paths == ["/1", "/feed"]


def test_entries_that_share_a_page_and_have_whole_articles_are_articles_of_their_own(paper):
    paper.feed(
        *(
            f"<title>Post {number}</title><link>/live#{number}</link><guid isPermaLink='false'>post-{number}</guid>"
            f"<content:encoded><![CDATA[{WHOLE.replace('ship', f'boat{number}x')}]]></content:encoded>"
            for number in range(3)
        )
    )
    assert counts(paper.run(feeds=["/feed"])) == (3, 0, 0, 0, 0)
    assert {source.title for source in paper.sources().values()} == {"Post 0", "Post 1", "Post 2"}
    assert {source.url.partition("#")[0] for source in paper.sources().values()} == {f"{paper.web.url}/live"}
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 3, 0, 0)


def test_a_long_feed_is_read_in_parts(paper):
    paper.feed(*(entry(f"/{number}") for number in range(205)))
    for number in range(205):
        paper.web.story(f"/{number}", f"order {number}")
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (200, 0, 0, 0, 1)
    assert "has 205 entries that are not in; the newest 200 were tried" in reasons(report)
    assert counts(paper.run(feeds=["/feed"])) == (5, 0, 200, 0, 0)


def test_a_feed_cannot_lead_into_a_private_network(paper):
    paper.feed(entry("http://169.254.169.254/latest"), entry("http://10.0.0.1/"), entry("http://localhost:9000/"))
    report = paper.run(
        feeds=["/feed"], visit=visitor(resolve=lambda host, port: ["10.1.1.1"] if host == "localhost" else [host])
    )
    assert counts(report) == (0, 0, 0, 0, 3)
    assert reasons(report).count("private network") == 3


def test_a_run_that_is_stopped_keeps_what_it_has_read(paper):
    for number in (1, 2, 3):
        paper.web.story(f"/{number}", f"order {number}")
    paper.feed(entry("/1", 1), entry("/2", 2), entry("/3", 3))
    visit = visitor(stopped=lambda: len(paper.web.paths) >= 3)  # the feed and two pages
    report = paper.run(feeds=["/feed"], visit=visit)
    assert report.failures == []
    assert report.added in (1, 2)
    rest = paper.run(feeds=["/feed"])
    assert report.added + rest.added == 3


class Broken(HashEmbedder):
    def embed(self, texts):
        raise OSError("the machine fell over")


def test_a_run_that_dies_after_a_page_was_fetched_fetches_it_again(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    good, paper.newsroom.embedder = paper.newsroom.embedder, Broken()
    with pytest.raises(OSError, match="fell over"):
        paper.publish("/a")
    assert paper.fetch("/a") is None
    paper.newsroom.embedder = good
    assert counts(paper.run("/a")) == (1, 0, 0, 0, 0)
    assert "if-none-match" not in paper.web.asked[-1][1]


def test_half_a_character_in_a_json_feed_stops_nothing(paper):
    item = {"url": "/\ud800", "title": "Half \ud800", "content_html": WHOLE + "\udfff", "authors": [{"name": "\ud800"}]}
    said = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
    paper.web.pages["/feed"] = Reply(json.dumps(said), kind="application/feed+json")
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 0, 0, 0)


def test_addresses_that_cannot_be_are_told(paper):
    odd = ["http://a/\udcff", "http://xn--/", "http://]/", "http://a.example:99999/", "http://", "https://[::1/x"]
    report = paper.run(*odd)
    assert counts(report) == (0, 0, 0, 0, len(odd))
    assert counts(paper.run(feeds=["\udcff"])) == (0, 0, 0, 0, 1)


# --- the door


def ingested(capsys, newsroom, *arguments: str) -> tuple[int, dict]:
    code = ingest.main([*arguments, "--json"], embedder=newsroom.embedder)
    return code, json.loads(capsys.readouterr().out)


def test_the_door_takes_addresses_and_feeds(paper, capsys, monkeypatch):
    monkeypatch.setenv("NEWSDESK_INGEST__PRIVATE_NETWORKS", '["127.0.0.0/8"]')
    paper.web.story("/a", "grain", ETag='"1"')
    paper.feed(entry("/a"))
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a", "--feed", f"{paper.web.url}/feed")
    assert (code, report["added"], report["failed"]) == (0, 1, 0)
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a")
    assert (code, report["added"], report["unchanged"]) == (0, 0, 1)


def test_the_door_refuses_this_machine_without_the_setting(paper, capsys):
    paper.web.story("/a", "grain")
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a", "--feed", f"{paper.web.url}/feed")
    assert code == 1
    assert [failure["path"] for failure in report["failures"]] == [f"{paper.web.url}/a", f"{paper.web.url}/feed"]
    assert all("NEWSDESK_INGEST__PRIVATE_NETWORKS" in failure["reason"] for failure in report["failures"])
    assert paper.web.asked == []


def test_a_password_in_an_address_is_neither_used_nor_printed(paper, capsys):
    code = ingest.main([paper.web.url.replace("http://", "http://ann:secret@")], embedder=paper.newsroom.embedder)
    said = capsys.readouterr()
    assert code == 1
    assert "user name or password" in said.out
    assert "secret" not in said.out + said.err


def test_the_door_wants_something_to_do(capsys):
    with pytest.raises(SystemExit) as caught:
        ingest.main([])
    assert caught.value.code == 2
    assert "--feed" in capsys.readouterr().err


def test_ids_of_pages_do_not_hang_on_the_scheme():
    assert article_id(identity("http://a.example/x")) == article_id(identity("https://a.example/x"))


@pytest.mark.slow
def test_ctrl_c_ends_a_page_that_does_not_come(paper):
    done, asked = threading.Event(), threading.Event()

    def silent(handler):
        asked.set()
        done.wait(60)

    paper.web.pages["/slow"] = silent
    paper.web.story("/a", "grain")
    allowed = {"NEWSDESK_INGEST__PRIVATE_NETWORKS": '["127.0.0.0/8"]'}
    urls = [f"{paper.web.url}/a", f"{paper.web.url}/slow", f"{paper.web.url}/never"]
    with paper.newsroom.start(
        "ingest", *urls, "--json", env=allowed, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=40)  # the page itself would have taken 15 s, and then /never
        finally:
            process.kill()
            done.set()
    report = json.loads(out)
    assert process.returncode == 1
    assert (report["added"], report["failed"], report["interrupted"]) == (1, 0, True)
    assert "Traceback" not in err
    assert paper.web.paths == ["/a", "/slow"]
