"""Files: what lies in folders, how each kind is read, and what is said of those that cannot be."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import random
import struct
import zlib
from datetime import date
from pathlib import Path

import pytest
from saved import STORY

from index.errors import UnreadableError
from index.ingest.file_reader import cleaned
from index.read.files import Listing, read, read_stream, walk
from index.read.record import Failure, File, Record, decoded

LIMIT = 2**20
TEXT = "Le président a déclaré que la trêve durerait un mois.\nThe ferry – «late» again – costs 5 €.\n"
needs_a_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def file_of(path: Path) -> File:
    status = path.stat()
    return File(str(path), status.st_size, status.st_mtime_ns)


def all_of(path: Path, limit: int = LIMIT) -> tuple[dict[str, Record], list[Failure]]:
    """What a file gives: records by the end of their key, and failures."""
    items = list(read(file_of(path), limit))
    records = [item for item in items if not isinstance(item, Failure)]
    return {key.removeprefix(str(path)).removeprefix("#"): record for key, record in records}, [
        item for item in items if isinstance(item, Failure)
    ]


def only(path: Path, limit: int = LIMIT) -> Record:
    records, failures = all_of(path, limit)
    assert failures == []
    [record] = records.values()
    return record


def failure(path: Path, limit: int = LIMIT) -> Failure:
    records, failures = all_of(path, limit)
    assert records == {}
    [found] = failures
    assert found.path == str(path)
    return found


def walked(*paths: object, roots: tuple[Path, ...] = ()) -> tuple[list[str], Listing]:
    listing = Listing()
    return [file.path for file in walk([str(path) for path in paths], listing, roots)], listing


# --- text and its encodings
# ----------------------------------------------------------------------------------------------

ENCODED = [
    pytest.param(TEXT.encode("utf-8"), id="utf-8"),
    pytest.param(TEXT.encode("utf-8-sig"), id="utf-8-with-mark"),
    pytest.param(TEXT.encode("utf-16"), id="utf-16-with-mark"),
    pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), id="utf-16-little-endian-with-mark"),
    pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), id="utf-16-big-endian-with-mark"),
    pytest.param(TEXT.encode("utf-32"), id="utf-32-with-mark"),
    pytest.param(TEXT.encode("utf-16-le"), id="utf-16-without-mark"),
    pytest.param(TEXT.encode("cp1252"), id="windows-latin-1"),
]


@pytest.mark.parametrize("raw", ENCODED)
def test_text_is_read_in_whatever_encoding_it_was_saved(raw, tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(raw)
    assert only(path).text.lstrip("\ufeff") == TEXT


def test_latin_1_is_read(tmp_path):
    path = tmp_path / "article.txt"
    text = "Das Büro des Präsidenten erklärte, die Größe der Flotte sei überschätzt worden.\n" * 20
    path.write_bytes(text.encode("latin-1"))
    assert only(path).text == text


def test_cyrillic_bytes_are_not_read_as_latin(tmp_path):
    path = tmp_path / "article.txt"
    text = "Президент України Володимир Зеленський заявив у понеділок, що готовий до перемир'я в небі та на морі. " * 10
    path.write_bytes(text.encode("windows-1251"))
    assert "Зеленський" in only(path).text


def test_a_text_cut_in_the_middle_of_a_character_is_still_read(tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(b"The ship left. Le bateau est parti \xc3")
    assert only(path).text.startswith("The ship left.")


def test_ligatures_are_their_letters(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text("The oﬃce of the ﬁnance minister conﬁrmed the ﬂood.", encoding="utf-8")
    assert only(path).text == "The office of the finance minister confirmed the flood."


BINARY = [
    pytest.param(bytes(range(256)) * 40, id="every-byte"),
    pytest.param(b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(5_000), id="picture"),
    pytest.param(zlib.compress(TEXT.encode() * 200), id="compressed"),
    pytest.param(b"\x00" * 5_000, id="zeros"),
    pytest.param(struct.pack("<2000I", *range(1_000, 3_000)), id="numbers"),
]


@pytest.mark.parametrize("raw", BINARY)
def test_a_binary_file_is_refused(raw, tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(raw)
    assert "binary" in failure(path).reason


def test_bytes_that_are_no_text_raise():
    with pytest.raises(UnreadableError, match="binary"):
        decoded(b"\x00\x01\x02\x03" * 1_000)


@pytest.mark.parametrize("name", ["article.txt", "article.md"])
@pytest.mark.parametrize("raw", [pytest.param(b"", id="no-byte"), pytest.param(b" \n\r\n\t", id="white-space")])
def test_an_empty_file_is_named(name, raw, tmp_path):
    path = tmp_path / name
    path.write_bytes(raw)
    assert "is empty" in failure(path).reason


@pytest.mark.parametrize("name", ["article.txt", "article.md"])
def test_a_file_larger_than_allowed_is_refused_with_both_sizes_and_the_setting(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"The ship left the harbour at dawn. " * 35_000)
    reason = failure(path, limit=2**20).reason
    assert "1.2 MB" in reason
    assert "NEWSDESK_INGEST__MAX_MB" in reason


def test_a_file_exactly_as_large_as_allowed_is_read(tmp_path):
    path = tmp_path / "article.txt"
    path.write_bytes(b"x" * 1_000)
    assert len(only(path, limit=1_000).text) == 1_000


def test_a_file_that_vanishes_before_it_is_read_is_a_failure(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text(TEXT)
    known = file_of(path)
    path.unlink()
    [found] = read(known, LIMIT)
    assert isinstance(found, Failure)
    assert found.path == str(path)
    assert "cannot be read" in found.reason


@needs_a_user
def test_a_file_that_may_not_be_read_is_a_failure(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text(TEXT)
    path.chmod(0)
    assert "permissions" in failure(path).reason


def test_the_digest_is_that_of_the_bytes(tmp_path):
    one, other, third = tmp_path / "one.txt", tmp_path / "other.txt", tmp_path / "third.txt"
    one.write_text(TEXT)
    other.write_text(TEXT)
    third.write_text(TEXT + " ")
    assert only(one).digest == only(other).digest != only(third).digest


# --- markdown
# ------------------------------------------------------------------------------------------------------------

FRONT = """---
title: "Ukraine says yes"
publisher: Meridian Wire
authors: [Aldo Brannick, Salma Khoury]
date: 2025-03-12
url: https://meridianwire.example/jeddah
language: en
---

# Ukraine says yes

The talks ended on **Tuesday** after [eight hours](https://meridianwire.example/talks), *both* sides said.
"""


def markdown(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "article.md"
    path.write_text(text)
    return path


def test_front_matter_says_what_an_article_is(tmp_path):
    record = only(markdown(tmp_path, FRONT))
    assert record.metadata.title == "Ukraine says yes"
    assert record.metadata.publisher == "Meridian Wire"
    assert record.metadata.author == "Aldo Brannick, Salma Khoury"
    assert record.metadata.published == date(2025, 3, 12)
    assert record.url == "https://meridianwire.example/jeddah"
    assert record.language == "en"


COLONS = [
    pytest.param("title: Ferry: a debate of four hours", "Ferry: a debate of four hours", id="colon"),
    pytest.param('title: Ines & Bo: "we stay"', 'Ines & Bo: "we stay"', id="colon-and-marks"),
]


@pytest.mark.parametrize(("line", "title"), COLONS)
def test_a_title_with_a_colon_needs_no_quotes(line, title, tmp_path):
    known = only(markdown(tmp_path, f"---\n{line}\ndate: 2025-03-07\n---\nThe ship left.\n")).metadata
    assert (known.title, known.published) == (title, date(2025, 3, 7))


def test_front_matter_in_toml_says_what_an_article_is(tmp_path):
    record = only(markdown(tmp_path, '+++\ntitle = "Ferry: the end"\ndate = 2025-03-07\n+++\nThe ship left.\n'))
    assert (record.metadata.title, record.metadata.published, record.text) == (
        "Ferry: the end",
        date(2025, 3, 7),
        "The ship left.",
    )
    assert "not valid TOML" in failure(markdown(tmp_path, "+++\ntitle = \n+++\nThe ship left.\n")).reason


ENDS = [
    pytest.param("| Boat | Seats |\n|---|---|\n| Aurora | 48 |\n| Birka | 12 |", "| Birka | 12 |", id="table"),
    pytest.param("- Aurora has 48 seats\n- Birka has 12", "- Birka has 12", id="list"),
    pytest.param("## Seats\n\nAurora: 48\n\nBirka: 12", "Birka: 12", id="labels"),
]


@pytest.mark.parametrize(("end", "last"), ENDS)
def test_a_markdown_file_is_its_article_to_the_last_line(end, last, tmp_path):
    body = "\n\n".join([*STORY, end])
    path = markdown(tmp_path, f"---\ntitle: Ferry\n---\n{body}\n\nShare this article\n")
    [article] = cleaned(read(file_of(path), LIMIT), lambda _: None)
    assert article.text.endswith(last)


def test_front_matter_is_no_part_of_the_text(tmp_path):
    text = only(markdown(tmp_path, FRONT)).text
    assert "publisher" not in text
    assert "---" not in text


def test_markup_is_taken_off_and_the_words_stay(tmp_path):
    text = only(markdown(tmp_path, FRONT)).text
    assert "The talks ended on Tuesday after eight hours, both sides said." in text


MARKUP = [
    pytest.param("> “We stay,” he said.", "“We stay,” he said.", id="block-quote"),
    pytest.param("## The money", "The money", id="heading"),
    pytest.param("## The money ##", "The money", id="closed-heading"),
    pytest.param("![the harbour](pier.jpg)The ship left.", "The ship left.", id="picture"),
    pytest.param("It was __very__ late.", "It was very late.", id="bold-underscores"),
    pytest.param("It was _very_ late.", "It was very late.", id="italic-underscores"),
    pytest.param(
        "The file some_file_name.txt is gone.", "The file some_file_name.txt is gone.", id="underscores-in-a-word"
    ),
    pytest.param("2 * 3 * 4 is 24.", "2 * 3 * 4 is 24.", id="times"),
    pytest.param("See [the law](https://x.example/a_(b)) today.", "See the law today.", id="brackets-in-a-link"),
    pytest.param("The [sic] stays.", "The [sic] stays.", id="square-brackets"),
    pytest.param("It cost ~~four~~ six million.", "It cost six million.", id="struck-out"),
    pytest.param("About ~5 of ~~ them.", "About ~5 of ~~ them.", id="tildes"),
    pytest.param("It left.[^1] It came back.[^note]", "It left. It came back.", id="marks-of-footnotes"),
    pytest.param("[^1]: Minutes of the council.", "Minutes of the council.", id="footnote"),
    pytest.param("See [the law][1] today.", "See the law today.", id="link-by-number"),
    pytest.param(r"Five \* two is ten\_here.", "Five * two is ten_here.", id="signs-that-are-no-markup"),
]


@pytest.mark.parametrize(("given", "expected"), MARKUP)
def test_markup_of_each_kind(given, expected, tmp_path):
    text = only(markdown(tmp_path, f"First line.\n\n{given}\n\nLast line.\n")).text
    assert expected in [line.strip() for line in text.splitlines()]


def test_the_first_heading_is_the_title_where_front_matter_has_none(tmp_path):
    record = only(
        markdown(
            tmp_path,
            "---\npublisher: Meridian Wire\n---\n# Ukraine says yes to a truce\n\nThe talks ended on Tuesday.\n",
        )
    )
    assert record.metadata.title == "Ukraine says yes to a truce"


def test_markdown_without_front_matter_is_read(tmp_path):
    record = only(markdown(tmp_path, "# Ukraine says yes to a truce\n\nThe talks ended on Tuesday.\n"))
    assert record.metadata.title == "Ukraine says yes to a truce"
    assert record.metadata.published is None


def test_front_matter_with_windows_line_ends_and_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "article.md"
    path.write_bytes(codecs.BOM_UTF8 + FRONT.replace("\n", "\r\n").encode())
    record = only(path)
    assert record.metadata.publisher == "Meridian Wire"
    assert "publisher" not in record.text


def test_broken_front_matter_is_refused_with_its_line(tmp_path):
    found = failure(
        markdown(tmp_path, '---\ntitle: "Ukraine says yes\npublisher: [Meridian\n---\n\nThe talks ended on Tuesday.\n')
    )
    assert "line " in found.reason
    assert "YAML" in found.reason


def test_the_line_named_for_broken_front_matter_is_the_broken_one(tmp_path):
    found = failure(
        markdown(
            tmp_path, "---\ntitle: Yes\ndate: 2025-03-12\nauthor: [Aldo: [Brannick]: Salma]]\n---\n\nThe talks ended.\n"
        )
    )
    assert "line 4" in found.reason


UNUSUAL = [
    pytest.param("title: [a, b]", None, None, id="title-is-a-list"),
    pytest.param("title: 1984", "1984", None, id="title-is-a-number"),
    pytest.param("title: true", None, None, id="title-is-a-truth-value"),
    pytest.param("date: 2025-03-12T08:15:00Z", None, date(2025, 3, 12), id="date-with-time"),
    pytest.param('date: "12 March 2025"', None, date(2025, 3, 12), id="date-in-words"),
    pytest.param("date: soon", None, None, id="date-is-no-date"),
    pytest.param("- a\n- b", None, None, id="front-matter-is-a-list"),
    pytest.param("date:", None, None, id="empty-field"),
]


@pytest.mark.parametrize(("front", "title", "published"), UNUSUAL)
def test_an_unusual_field_is_read_or_left_unknown_and_never_breaks(front, title, published, tmp_path):
    record = only(markdown(tmp_path, f"---\n{front}\n---\nThe talks ended on Tuesday.\n"))
    assert record.metadata.title == title
    assert record.metadata.published == published


def test_front_matter_that_names_code_is_refused(tmp_path):
    found = failure(
        markdown(
            tmp_path, f"---\ntitle: !!python/object/apply:os.mkdir [{tmp_path / 'made'}]\n---\n\nThe talks ended.\n"
        )
    )
    assert "YAML" in found.reason
    assert not (tmp_path / "made").exists()


def test_an_address_that_is_no_web_address_is_left_out(tmp_path):
    assert only(markdown(tmp_path, "---\nurl: javascript:alert(1)\n---\nThe talks ended on Tuesday.\n")).url is None


# --- JSON lines
# ----------------------------------------------------------------------------------------------------------

GOOD = {"id": "a1", "title": "One", "text": "The ship left the harbour at dawn."}


def lines_of(*values: object) -> bytes:
    return b"".join(
        (value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()) + b"\n"
        for value in values
    )


def jsonl(tmp_path: Path, *values: object) -> Path:
    path = tmp_path / "wire.jsonl"
    path.write_bytes(lines_of(*values))
    return path


def test_each_line_is_an_article_under_its_id(tmp_path):
    records, failures = all_of(jsonl(tmp_path, GOOD, {**GOOD, "id": "a2", "text": "The ship came back."}))
    assert failures == []
    assert {name: record.text for name, record in records.items()} == {"a1": GOOD["text"], "a2": "The ship came back."}


def test_the_fields_of_a_line_say_what_the_article_is(tmp_path):
    full = {
        **GOOD,
        "date": "2025-03-06",
        "source": "Meridian Wire",
        "url": "https://m.example/1",
        "authors": ["Ann Lee", "Bo Dahl"],
        "language": "en",
    }
    record = only(jsonl(tmp_path, full))
    known = record.metadata
    assert (known.title, known.publisher, known.author, known.published) == (
        "One",
        "Meridian Wire",
        "Ann Lee, Bo Dahl",
        date(2025, 3, 6),
    )
    assert (record.url, record.language) == ("https://m.example/1", "en")
    assert record.path.endswith("wire.jsonl#a1")


def test_a_line_without_id_goes_by_its_address(tmp_path):
    records, _ = all_of(jsonl(tmp_path, {"title": "One", "text": GOOD["text"], "url": "https://m.example/1"}))
    assert list(records) == ["https://m.example/1"]


def test_lines_without_id_and_address_stay_apart_and_keep_their_key(tmp_path):
    lines = [{"text": "The ship left."}, {"text": "The ship came back."}]
    once, _ = all_of(jsonl(tmp_path, *lines))
    again, _ = all_of(jsonl(tmp_path, *reversed(lines)))
    assert len(once) == 2
    assert set(once) == set(again)


BAD_LINES = [
    pytest.param(b"not json at all", "is not JSON", id="not-json"),
    pytest.param(b'{"id": "x", "text": "cut', "is not JSON", id="cut-off"),
    pytest.param(b"[1, 2]", "is not a JSON object", id="list"),
    pytest.param(b'"only a text"', "is not a JSON object", id="text-alone"),
    pytest.param(b"null", "is not a JSON object", id="null"),
    pytest.param(b'{"id": "x", "title": "no text"}', 'has no "text"', id="no-text"),
    pytest.param(b'{"id": "x", "text": ""}', 'has no "text"', id="empty-text"),
    pytest.param(b'{"id": "x", "text": "  "}', 'has no "text"', id="blank-text"),
    pytest.param(b'{"id": "x", "text": 5}', 'has no "text"', id="text-is-a-number"),
    pytest.param(b'{"id": "x", "text": null}', 'has no "text"', id="text-is-null"),
    pytest.param(b'{"id": "x", "text": "\xe9t\xe9"}', "is not UTF-8", id="latin-1"),
    pytest.param(b"[" * 50_000, "is not JSON", id="nested-too-deep"),
    pytest.param(json.dumps({"id": "x", "text": "y" * 5_000}).encode(), "longer than", id="too-long"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_bad_line_is_named_and_the_rest_of_the_file_is_read(line, reason, tmp_path):
    limit = 4_000 if b"yyyy" in line else LIMIT
    path = jsonl(tmp_path, GOOD, line, b"", {**GOOD, "id": "a2"})
    records, failures = all_of(path, limit)
    assert list(records) == ["a1", "a2"]
    [found] = failures
    assert (found.path, found.line) == (str(path), 2)
    assert found.reason.startswith("line 2: ")
    assert reason in found.reason


def test_two_lines_with_one_id_keep_the_first_and_name_both(tmp_path):
    records, [found] = all_of(jsonl(tmp_path, GOOD, {**GOOD, "id": "a2"}, {**GOOD, "text": "Another text."}))
    assert records["a1"].text == GOOD["text"]
    assert found.line == 3
    assert "line 1" in found.reason


@pytest.mark.parametrize("id_", [7, 7.5, " a1 "], ids=["whole-number", "fraction", "with-spaces"])
def test_an_id_may_be_a_number_or_have_spaces_around_it(id_, tmp_path):
    records, failures = all_of(jsonl(tmp_path, {**GOOD, "id": id_}))
    assert failures == []
    assert list(records) == [str(id_).strip()]


def test_empty_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = tmp_path / "wire.jsonl"
    path.write_bytes(codecs.BOM_UTF8 + lines_of(GOOD) + b"\r\n\n  \n" + lines_of({**GOOD, "id": "a2"}).strip())
    records, failures = all_of(path)
    assert list(records) == ["a1", "a2"]
    assert failures == []


def test_line_ends_of_windows_do_not_change_an_article(tmp_path):
    path = jsonl(tmp_path, GOOD)
    before = only(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert only(path) == before


def test_an_empty_file_of_lines_gives_nothing_and_no_failure(tmp_path):
    assert all_of(jsonl(tmp_path)) == ({}, [])


def test_a_field_with_control_characters_becomes_one_line(tmp_path):
    assert only(jsonl(tmp_path, {**GOOD, "title": "One\n\x1b[31mtwo\x00"})).metadata.title == "One [31mtwo"


def test_a_stream_is_read_as_a_file_is():
    items = list(read_stream(io.BytesIO(lines_of(GOOD, b"broken", {**GOOD, "id": "a2"})), "standard input", LIMIT))
    assert [item[0] for item in items if not isinstance(item, Failure)] == ["standard input#a1", "standard input#a2"]
    [found] = [item for item in items if isinstance(item, Failure)]
    assert (found.path, found.line) == ("standard input", 2)


# --- packed JSON lines
# ---------------------------------------------------------------------------------------------------


def packed(tmp_path: Path, raw: bytes) -> Path:
    path = tmp_path / "wire.jsonl.gz"
    path.write_bytes(raw)
    return path


def many(count: int) -> bytes:
    noise = random.Random(3)
    return lines_of(
        *({"id": f"a{number}", "text": f"The ship left. {noise.randbytes(600).hex()}"} for number in range(count))
    )


def test_packed_lines_are_read(tmp_path):
    records, failures = all_of(packed(tmp_path, gzip.compress(lines_of(GOOD, {**GOOD, "id": "a2"}))))
    assert (list(records), failures) == (["a1", "a2"], [])


def test_several_packed_parts_in_one_file_are_read(tmp_path):
    records, failures = all_of(
        packed(tmp_path, gzip.compress(lines_of(GOOD)) + gzip.compress(lines_of({**GOOD, "id": "a2"})))
    )
    assert (list(records), failures) == (["a1", "a2"], [])


def test_a_truncated_file_gives_what_stood_before_the_end_and_a_failure(tmp_path):
    whole = gzip.compress(many(600))
    records, failures = all_of(packed(tmp_path, whole[: len(whole) // 2]))
    assert 200 < len(records) < 400
    assert list(records) == [f"a{number}" for number in range(len(records))]
    [found] = failures
    assert "damaged" in found.reason


def test_a_damaged_file_gives_what_stood_before_the_damage_and_a_failure(tmp_path):
    whole = bytearray(gzip.compress(many(600)))
    whole[len(whole) // 2 : len(whole) // 2 + 400] = bytes(400)
    records, failures = all_of(packed(tmp_path, bytes(whole)))
    assert len(records) > 200
    assert any("damaged" in found.reason for found in failures)


NOT_PACKED = [
    pytest.param(b"this is not a gzip file", id="plain-text"),
    pytest.param(b"\x1f\x8b", id="two-bytes"),
    pytest.param(b"\x1f\x8b\x08\x00garbage-garbage-garbage", id="garbage"),
]


@pytest.mark.parametrize("raw", NOT_PACKED)
def test_what_is_no_packed_file_is_refused(raw, tmp_path):
    assert "gzip" in failure(packed(tmp_path, raw)).reason


def test_a_bad_packed_line_is_named_by_its_number(tmp_path):
    records, [found] = all_of(packed(tmp_path, gzip.compress(lines_of(GOOD, b"broken", {**GOOD, "id": "a2"}))))
    assert list(records) == ["a1", "a2"]
    assert found.line == 2


def test_a_packed_line_that_unpacks_beyond_the_limit_is_refused_and_the_next_is_read(tmp_path):
    bomb = json.dumps({"id": "bomb", "text": "y" * 5_000_000}).encode()
    records, [found] = all_of(
        packed(tmp_path, gzip.compress(lines_of(GOOD, bomb, {**GOOD, "id": "a2"}))), limit=100_000
    )
    assert list(records) == ["a1", "a2"]
    assert found.line == 2


# --- folders
# -------------------------------------------------------------------------------------------------------------


def test_folders_are_walked_in_depth_and_in_order(tmp_path):
    for name in ("b.txt", "a/z.md", "a/b/c.jsonl", "c.jsonl.gz"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    found, listing = walked(tmp_path)
    assert [str(Path(path).relative_to(tmp_path)) for path in found] == ["b.txt", "c.jsonl.gz", "a/z.md", "a/b/c.jsonl"]
    assert listing.failures == []


def test_endings_are_known_in_any_case(tmp_path):
    (tmp_path / "A.TXT").write_text("x")
    assert walked(tmp_path)[0] == [str(tmp_path / "A.TXT")]


def test_files_of_other_kinds_are_counted_by_ending(tmp_path):
    for name in ("a.jpg", "b.jpg", "Makefile", "c.txt"):
        (tmp_path / name).write_text("x")
    found, listing = walked(tmp_path)
    assert len(found) == 1
    assert listing.skipped == {".jpg": 2, "no ending": 1}


def test_hidden_files_and_folders_are_left_out(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.txt").write_text("x")
    (tmp_path / ".hidden.txt").write_text("x")
    assert walked(tmp_path)[0] == []


def test_a_missing_path_is_a_failure(tmp_path):
    _, listing = walked(tmp_path / "nowhere")
    [found] = listing.failures
    assert found.path == str(tmp_path / "nowhere")
    assert "no such file" in found.reason


def test_a_named_file_of_another_kind_is_a_failure_that_says_which_are_read(tmp_path):
    (tmp_path / "a.jpg").write_text("x")
    [found] = walked(tmp_path / "a.jpg")[1].failures
    assert ".jsonl.gz" in found.reason


def test_a_pipe_is_no_article(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    found, listing = walked(tmp_path)
    assert found == []
    assert [item.path for item in listing.failures] == [str(tmp_path / "pipe.txt")]
    assert "not a regular file" in listing.failures[0].reason


def test_a_folder_with_the_name_of_an_article_is_walked(tmp_path):
    (tmp_path / "odd.txt").mkdir()
    (tmp_path / "odd.txt" / "a.txt").write_text("x")
    assert walked(tmp_path)[0] == [str(tmp_path / "odd.txt" / "a.txt")]


def test_a_link_within_the_folder_is_followed(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert walked(tmp_path)[0] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.txt").write_text("x")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    found, listing = walked(tmp_path / "in")
    assert found == []
    assert [item.path for item in listing.failures] == [str(tmp_path / "in" / name) for name in ("folder", "link.txt")]
    assert all("leads out" in item.reason and "command line" in item.reason for item in listing.failures)


def test_a_link_to_a_folder_that_is_read_anyway_is_no_failure(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("x")
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    found, listing = walked(tmp_path)
    assert (found, listing.failures) == ([str(tmp_path / "real" / "a.txt")], [])


def test_a_link_to_nothing_is_a_failure(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "gone.txt")
    found, listing = walked(tmp_path)
    assert found == []
    assert [item.path for item in listing.failures] == [str(tmp_path / "link.txt")]


@pytest.mark.parametrize("named", [True, False], ids=["named", "in-a-folder"])
def test_a_link_to_itself_is_a_failure(named, tmp_path):
    link = tmp_path / "loop.txt"
    link.symlink_to(link)
    found, listing = walked(link if named else tmp_path)
    assert found == []
    assert [item.path for item in listing.failures] == [str(link)]


@needs_a_user
def test_a_folder_that_may_not_be_read_is_a_failure_and_the_others_are_read(tmp_path):
    for name in ("closed", "open"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("x")
    (tmp_path / "closed").chmod(0)
    try:
        found, listing = walked(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert found == [str(tmp_path / "open" / "a.txt")]
    assert "permissions" in listing.failures[0].reason


def test_nothing_outside_the_allowed_folders_is_read(tmp_path):
    for name in ("allowed", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("x")
    (tmp_path / "allowed" / "link").symlink_to(tmp_path / "other")
    outside = [
        tmp_path / "other",
        tmp_path / "other" / "a.txt",
        tmp_path / "allowed" / ".." / "other",
        tmp_path / "allowed" / "link",
    ]
    found, listing = walked(tmp_path / "allowed", *outside, roots=(tmp_path / "allowed",))
    assert found == [str(tmp_path / "allowed" / "a.txt")]
    assert [item.path for item in listing.failures] == [str(tmp_path / "allowed" / "link"), *map(str, outside)]
    assert all("NEWSDESK_INGEST__ROOTS" in item.reason for item in listing.failures[1:])


def test_a_folder_whose_name_begins_like_an_allowed_one_is_outside(tmp_path):
    for name in ("news", "newspapers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("x")
    assert walked(tmp_path / "newspapers", roots=(tmp_path / "news",))[0] == []


def test_a_bad_path_does_not_keep_the_others_from_being_read(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    found, listing = walked(tmp_path / "nowhere", tmp_path / "a.txt")
    assert found == [str(tmp_path / "a.txt")]
    assert len(listing.failures) == 1
