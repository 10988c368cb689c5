"""JSON files: an article or a list of them, in the names that exports use."""

from __future__ import annotations

import json
from datetime import date

import pytest
from saved import STORY, items, only, reason, written

from index.read.record import Failure

TEXT = " ".join(STORY)


def test_an_object_is_an_article_under_its_files_path(tmp_path):
    path = written(
        tmp_path,
        "a.json",
        json.dumps({"title": "Ferry", "text": TEXT, "date": "2025-03-07T09:30:00+01:00", "source": "Island Herald"}),
    )
    [(key, record)] = items(path)
    assert (key, record.path) == (str(path), str(path))
    assert (record.metadata.title, record.metadata.publisher, record.metadata.published_at) == (
        "Ferry",
        "Island Herald",
        "2025-03-07T09:30:00+01:00",
    )


def test_each_of_a_list_is_an_article_under_its_id(tmp_path):
    path = written(
        tmp_path,
        "a.json",
        json.dumps([{"id": 1, "text": TEXT}, {"id": "b", "text": TEXT}, {"url": "https://h.example/c", "text": TEXT}]),
    )
    assert [key.removeprefix(f"{path}#") for key, _ in items(path)] == ["1", "b", "https://h.example/c"]


def test_a_bad_one_in_a_list_does_not_keep_the_others_out(tmp_path):
    found = items(
        written(
            tmp_path,
            "a.json",
            json.dumps([{"id": 1, "text": TEXT}, {"id": 1, "text": TEXT}, {"id": 2}, 7, {"id": 3, "text": TEXT}]),
        )
    )
    assert [item.reason.split(":")[0] if isinstance(item, Failure) else item[1].path[-2:] for item in found] == [
        "#1",
        "article 2",
        "article 3",
        "article 4",
        "#3",
    ]


FIELDS = [
    pytest.param({"headline": "Ferry"}, "title", "Ferry", id="headline"),
    pytest.param({"byline": "By Ines Carrow"}, "author", "Ines Carrow", id="byline"),
    pytest.param({"author": {"name": "Ines Carrow"}}, "author", "Ines Carrow", id="author-object"),
    pytest.param(
        {"authors": [{"name": "Ines Carrow"}, "Bo Dahl"]}, "author", "Ines Carrow, Bo Dahl", id="authors-mixed"
    ),
    pytest.param({"publisher": {"name": "Island Herald"}}, "publisher", "Island Herald", id="publisher-object"),
    pytest.param({"published_at": "2025-03-07T09:30:00Z"}, "published", date(2025, 3, 7), id="published-at"),
    pytest.param({"datePublished": "2025-03-07"}, "published", date(2025, 3, 7), id="json-ld-date"),
    pytest.param({"pubDate": "Fri, 07 Mar 2025 09:30:00 GMT"}, "published", date(2025, 3, 7), id="feed-date"),
    pytest.param({"date": "07/03/2025"}, "published", None, id="ambiguous-date"),
    pytest.param({"date": 20250307}, "published", date(2025, 3, 7), id="number-for-a-date"),
    pytest.param({"title": ["a"]}, "title", None, id="list-for-a-title"),
]


@pytest.mark.parametrize(("fields", "name", "expected"), FIELDS)
def test_the_usual_names_of_a_field_are_known(fields, name, expected, tmp_path):
    assert (
        getattr(only(written(tmp_path, "a.json", json.dumps({"text": "The ship left.", **fields}))).metadata, name)
        == expected
    )


TEXTS = [
    {"body": TEXT},
    {"content": TEXT},
    {"articleBody": TEXT},
    {"body": list(STORY)},
    {"@graph": [{"@id": "x", "articleBody": TEXT}]},
]


@pytest.mark.parametrize("said", TEXTS, ids=["body", "content", "json-ld", "list-of-paragraphs", "graph"])
def test_the_text_is_found_under_its_usual_names(said, tmp_path):
    assert STORY[3] in only(written(tmp_path, "a.json", json.dumps(said))).text


HOSTILE = [
    pytest.param('{"text": "cut', "is not JSON", id="truncated"),
    pytest.param("[" * 100_000, "is not JSON", id="deep"),
    pytest.param("[]", "empty list", id="empty-list"),
    pytest.param("7", "not a JSON object", id="number"),
    pytest.param('{"title": "x"}', 'has no "text"', id="no-text"),
    pytest.param('{"text": {"a": 1}}', 'has no "text"', id="text-is-an-object"),
    pytest.param('{"a": 1}\n{"a": 2}', ".jsonl", id="json-lines"),
    pytest.param(b"\x89PNG" + bytes(range(256)) * 9, "binary", id="picture"),
]


@pytest.mark.parametrize(("content", "words"), HOSTILE)
def test_a_file_that_holds_no_article_is_named_for_what_it_is(content, words, tmp_path):
    assert words in reason(written(tmp_path, "a.json", content))
