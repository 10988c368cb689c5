"""Whatever is done to a good file, reading it gives an article or a failure, and never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from saved import LIMIT, STORY, docx, html, paragraph, pdf, wrapped

from index.read.files import READERS, read
from index.read.record import Failure, File

MAIL = (
    b"From: Island Herald <news@herald.example>\nSubject: Ferry\nDate: Fri, 07 Mar 2025 09:30:00 +0100\n"
    b"Content-Type: text/html; charset=utf-8\n\n"
)
GOOD = {
    ".txt": "\n\n".join(STORY).encode(),
    ".md": ("---\ntitle: Ferry\ndate: 2025-03-07\n---\n" + "\n\n".join(STORY)).encode(),
    ".html": html(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry", "datePublished": '
        '"2025-03-07T09:30:00Z"}</script>'
    ).encode(),
    ".pdf": pdf([wrapped(" ".join(STORY), 60, 780)], "/Title (Ferry) /CreationDate (D:20250307093000Z)"),
    ".docx": docx("".join(map(paragraph, STORY)), "<dc:title>Ferry</dc:title>"),
    ".eml": MAIL + html().encode(),
    ".json": json.dumps([{"id": "a", "text": STORY[0], "date": "2025-03-07"}, {"id": "b", "body": STORY[1]}]).encode(),
}
change = st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=4), st.integers(0, 40))


def outcome(folder: Path, ending: str, raw: bytes) -> list[object]:
    path = folder / f"x{ending}"
    path.write_bytes(raw)
    return list(read(File(str(path), len(raw), 1), LIMIT))


def test_every_kind_of_file_is_here():
    assert {ending for ending in READERS if not ending.startswith(".jsonl")} == {*GOOD, ".htm"}


@pytest.mark.parametrize("ending", GOOD)
def test_the_good_file_is_read(ending, tmp_path):
    found = outcome(tmp_path, ending, GOOD[ending])
    assert found
    assert not [item for item in found if isinstance(item, Failure)]


@pytest.mark.parametrize("ending", GOOD)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(change, min_size=1, max_size=8), cut=st.floats(0.2, 1.0))
def test_a_file_with_bytes_changed_is_read_or_refused_with_a_sentence(ending, tmp_path, changes, cut):
    raw = GOOD[ending]
    for place, new, length in changes:
        at = int(place * len(raw))
        raw = raw[:at] + new + raw[at + length :]
    for item in outcome(tmp_path, ending, raw[: int(cut * len(raw)) + 1]):
        if isinstance(item, Failure):
            assert item.reason
            assert "Traceback" not in item.reason
        else:
            item[1].text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("ending", GOOD)
@pytest.mark.parametrize("other", GOOD)
def test_a_file_of_one_kind_under_the_name_of_another_is_read_or_refused(ending, other, tmp_path):
    assert outcome(tmp_path, ending, GOOD[other])


@pytest.mark.parametrize("ending", GOOD)
def test_no_kind_of_file_may_be_larger_than_allowed(ending, tmp_path):
    path = tmp_path / f"x{ending}"
    path.write_bytes(GOOD[ending] + b" " * 10_000)
    [item] = read(File(str(path), path.stat().st_size, 1), 9_000)
    assert isinstance(item, Failure)
    assert "NEWSDESK_INGEST__MAX_MB" in item.reason
