"""Sidecars: what NAME.meta.yaml says of an article that does not say it itself."""

from __future__ import annotations

import contextlib
import io
import json
import os
from datetime import date

import pytest
from newsroom import Newsroom
from saved import STORY, file_of, html, items, only, pdf, reason, wrapped, written

from bot.__main__ import main
from index.errors import UnreadableError
from index.ingest.file_reader import language_of
from index.read.files import Listing, digest_of_file, walk

SAID = (
    "title: Ferry stops\npublisher: Island Herald\nauthors: [Ines Carrow, Bo Dahl]\ndate: 2025-03-07T09:30:00+01:00\n"
    "url: https://h.example/1\nlanguage: en\n"
)
TEXT = "\n\n".join(STORY)


@pytest.mark.parametrize("name", ["a.txt.meta.yaml", "a.meta.yaml"])
def test_a_sidecar_says_what_a_text_does_not(name, tmp_path):
    path = written(tmp_path, "a.txt", TEXT)
    written(tmp_path, name, SAID)
    record = only(path)
    known = record.metadata
    assert (known.title, known.publisher, known.author, known.published) == (
        "Ferry stops",
        "Island Herald",
        "Ines Carrow, Bo Dahl",
        date(2025, 3, 7),
    )
    assert (known.published_at, record.url, record.language) == (
        "2025-03-07T09:30:00+01:00",
        "https://h.example/1",
        "en",
    )


def test_the_sidecar_that_names_the_whole_file_comes_first(tmp_path):
    path = written(tmp_path, "a.txt", TEXT)
    written(tmp_path, "a.meta.yaml", "title: Other")
    written(tmp_path, "a.txt.meta.yaml", "title: Right")
    assert only(path).metadata.title == "Right"


def test_the_order_is_file_then_sidecar_then_text(tmp_path):
    info = "/Title (Of the file)"
    path = written(
        tmp_path,
        "a.pdf",
        pdf([[(60, 780, "Published: 1 March 2025"), (60, 755, "By Bo Dahl"), *wrapped(STORY[0], 60, 725)]], info),
    )
    assert (only(path).metadata.title, only(path).metadata.published) == ("Of the file", date(2025, 3, 1))
    written(tmp_path, "a.pdf.meta.yaml", "title: Of the sidecar\ndate: 2025-03-07\n")
    known = only(path).metadata
    assert (known.title, known.published, known.author) == ("Of the file", date(2025, 3, 7), "Bo Dahl")


def test_a_page_is_filled_from_its_sidecar(tmp_path):
    path = written(tmp_path, "a.html", html("<title>Ferry stops</title>"))
    written(tmp_path, "a.html.meta.yaml", "title: Other\nsource: Island Herald\n")
    assert (only(path).metadata.title, only(path).metadata.publisher) == ("Ferry stops", "Island Herald")


def test_a_sidecar_of_json_lines_speaks_for_every_line(tmp_path):
    path = written(
        tmp_path,
        "a.jsonl",
        json.dumps({"text": TEXT, "source": "Own"}) + "\n" + json.dumps({"id": 2, "text": TEXT}) + "\n",
    )
    written(tmp_path, "a.jsonl.meta.yaml", "publisher: Island Herald")
    assert [item[1].metadata.publisher for item in items(path)] == ["Own", "Island Herald"]


def test_a_sidecar_is_no_article_and_not_counted_as_left_out(tmp_path):
    written(tmp_path, "a.txt", TEXT)
    written(tmp_path, "a.txt.meta.yaml", SAID)
    listing = Listing()
    assert [file.path for file in walk([str(tmp_path)], listing)] == [str(tmp_path / "a.txt")]
    assert (listing.failures, listing.skipped) == ([], {})


def test_a_sidecar_named_as_an_article_is_refused(tmp_path):
    listing = Listing()
    assert list(walk([str(written(tmp_path, "a.txt.meta.yaml", SAID))], listing)) == []
    assert "describes an article" in listing.failures[0].reason


BROKEN = [
    pytest.param("title: x\npublisher: [a\n", "line 3", id="not-closed"),
    pytest.param("title: x\n: [y: z\n", "line 2", id="no-name"),
    pytest.param("- a\n- b\n", "holds no fields", id="a-list"),
    pytest.param("!!python/object/apply:os.getcwd []", "not valid YAML", id="code"),
    pytest.param("a: " + "x" * 200_000, "larger than", id="too-large"),
    pytest.param("[" * 5_000, "not valid YAML", id="deep"),
]


@pytest.mark.parametrize(("content", "words"), BROKEN)
def test_a_broken_sidecar_is_named_with_its_line(content, words, tmp_path):
    path = written(tmp_path, "a.txt", TEXT)
    written(tmp_path, "a.txt.meta.yaml", content)
    found = reason(path)
    assert "a.txt.meta.yaml" in found
    assert words in found
    with pytest.raises(UnreadableError, match="sidecar"):
        digest_of_file(file_of(path), 10**6)


def test_a_sidecar_that_is_a_link_is_not_followed(tmp_path):
    path = written(tmp_path, "a.txt", TEXT)
    secret = written(tmp_path, "secret.yaml", "title: Secret")
    (tmp_path / "a.txt.meta.yaml").symlink_to(secret)
    assert "link" in reason(path)


def test_an_empty_sidecar_says_nothing(tmp_path):
    path = written(tmp_path, "a.txt", TEXT)
    written(tmp_path, "a.txt.meta.yaml", "")
    assert only(path).metadata.publisher is None


def test_a_change_of_only_the_sidecar_is_seen_by_the_next_run(newsroom: Newsroom):
    path = written(newsroom.articles, "a.txt", TEXT)
    assert newsroom.ingest()["added"] == 1
    written(newsroom.articles, "a.txt.meta.yaml", "publisher: Island Herald\n")
    report = newsroom.ingest()
    assert (report["updated"], report["unchanged"], report["skipped"]) == (1, 0, {})
    assert newsroom.ingest()["unchanged"] == 1
    assert only(path).metadata.publisher == "Island Herald"


def test_each_state_of_a_sidecar_gives_a_file_another_stamp_and_digest(tmp_path):
    path, seen = written(tmp_path, "a.txt", TEXT), set()
    for step, content in enumerate(["", "publisher: Island Herald\n", "publisher: Island Gazett\n"]):
        if content:
            os.utime(written(tmp_path, "a.txt.meta.yaml", content), ns=(10**18 + step, 10**18 + step))
        file = file_of(path)
        assert only(path).digest == digest_of_file(file, 10**6)
        seen |= {(file.size, file.mtime_ns), digest_of_file(file, 10**6)}
    assert len(seen) == 6


LANGUAGES = [
    pytest.param(TEXT, None, "en", id="told-by-its-words"),
    pytest.param(TEXT, "en-GB", "en", id="stated"),
    pytest.param(TEXT, "de", "en", id="stated-wrongly"),
    pytest.param(TEXT, "klingon", "en", id="stated-as-no-code"),
    pytest.param(
        "Statsministeren kunngjorde tirsdag at forsvarsutgiftene skal økes for å oppfylle forpliktelsene.",
        "nb",
        "nb",
        id="a-near-relation",
    ),
    pytest.param(
        "Le président a déclaré lundi que la trêve durerait un mois et que tout irait bien.",
        "en",
        "fr",
        id="a-template-says-english",
    ),
    pytest.param(
        "Президент України заявив у понеділок, що готовий до перемир'я в небі та на морі.", None, "uk", id="cyrillic"
    ),
    pytest.param("首相は火曜日、同盟への約束を果たすため防衛費を増額すると発表した。", None, "ja", id="without-spaces"),
    pytest.param("The ship.", None, None, id="too-short"),
    pytest.param("The ship.", "fr", "fr", id="too-short-to-doubt"),
    pytest.param("1 2 3 4 5 6 7 8 9 10 11 12", None, None, id="numbers"),
    pytest.param("", None, None, id="empty"),
]


@pytest.mark.parametrize(("text", "stated", "expected"), LANGUAGES)
def test_the_language_is_the_stated_one_unless_the_words_say_otherwise(text, stated, expected):
    assert language_of(text, stated) == expected


def test_language_and_moment_reach_the_archive(newsroom: Newsroom):
    written(newsroom.articles, "a.txt", TEXT)
    written(newsroom.articles, "a.txt.meta.yaml", SAID.replace("language: en\n", ""))
    newsroom.ingest()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main(["articles", "--json"])
        main(["show", json.loads(said.getvalue())["id"], "--json"])
    shown = json.loads(said.getvalue().splitlines()[1])
    assert (shown["published"], shown["published_at"], shown["language"]) == (
        "2025-03-07",
        "2025-03-07T09:30:00+01:00",
        "en",
    )
