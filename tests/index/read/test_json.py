"""JSON files: an article or a list of them, in the names that exports use."""

from __future__ import annotations

import json
from datetime import date

import pytest
from saved import STORY, html, items, only, reason, written

from index.read.fields import Unread
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
    pytest.param({"post_title": "Ferry"}, "title", "Ferry", id="post-title"),
    pytest.param({"titel": "Ferry", "datum": "7.3.2025"}, "published", date(2025, 3, 7), id="german"),
    pytest.param({"post_date": "2025-03-07 09:30:00"}, "published", date(2025, 3, 7), id="post-date"),
    pytest.param({"date": {"$date": "2025-03-07T09:30:00Z"}}, "published", date(2025, 3, 7), id="mongo"),
    pytest.param({"date": {"$date": {"$numberLong": "1741339800000"}}}, "published", date(2025, 3, 7), id="mongo-ms"),
]


@pytest.mark.parametrize(("fields", "name", "expected"), FIELDS)
def test_the_usual_names_of_a_field_are_known(fields, name, expected, tmp_path):
    assert (
        getattr(only(written(tmp_path, "a.json", json.dumps({"text": "The ship left.", **fields}))).metadata, name)
        == expected
    )


AROUND = [
    pytest.param({"data": [{"id": 1, "attributes": {"title": "Ferry", "body": TEXT}}]}, id="attributes"),
    pytest.param({"article": {"title": "Ferry", "text": TEXT}}, id="article"),
    pytest.param({"posts": [{"title": "Ferry", "html": f"<p>{TEXT}</p>"}]}, id="html"),
    pytest.param({"url": "https://h.example/1", "html": html(body="<h1>Ferry</h1>", story=[TEXT])}, id="a-whole-page"),
]


@pytest.mark.parametrize("said", AROUND)
def test_an_article_is_found_in_what_is_around_it(said, tmp_path):
    record = only(written(tmp_path, "a.json", json.dumps(said)))
    assert (record.metadata.title, record.text.removeprefix("Ferry\n")) == ("Ferry", TEXT)


EXPORTS = [
    pytest.param(
        {
            "id": 7,
            "date": "2025-03-07T09:30:00",
            "title": {"rendered": "Ferry &amp; bridge"},
            "content": {"rendered": f"<p>{TEXT}</p>", "protected": False},
            "link": "https://h.example/7",
            "author": 5,
            "_embedded": {"author": [{"name": "Ines Carrow"}]},
        },
        ("Ferry & bridge", None, "Ines Carrow", "https://h.example/7"),
        id="wordpress",
    ),
    pytest.param(
        {
            "source": {"id": None, "name": "Island Herald"},
            "author": "Ines Carrow",
            "title": "Ferry",
            "url": "https://h.example/7",
            "publishedAt": "2025-03-07T09:30:00Z",
            "content": f"{TEXT}… [+1200 chars]",
        },
        ("Ferry", "Island Herald", "Ines Carrow", "https://h.example/7"),
        id="newsapi",
    ),
    pytest.param(
        {"title": "Ferry", "media_name": "Island Herald", "publish_date": "2025-03-07 09:30:00", "story_text": TEXT},
        ("Ferry", "Island Herald", None, None),
        id="media-cloud",
    ),
    pytest.param(
        {
            "uri": "7",
            "title": "Ferry",
            "body": TEXT,
            "dateTimePub": "2025-03-07T09:30:00Z",
            "source": {"uri": "h.example", "title": "Island Herald"},
            "authors": [{"uri": "i@h.example", "name": "Ines Carrow"}, {"name": "Bo Dahl"}],
        },
        ("Ferry", "Island Herald", "Ines Carrow, Bo Dahl", None),
        id="event-registry",
    ),
    pytest.param(
        {"title": "Ferry", "maintext": TEXT, "date_publish": "2025-03-07 09:30:00", "source_domain": "h.example"},
        ("Ferry", "h.example", None, None),
        id="news-please",
    ),
    pytest.param(
        {
            "webTitle": "Ferry",
            "webUrl": "https://h.example/7",
            "webPublicationDate": "2025-03-07T09:30:00Z",
            "fields": {"bodyText": TEXT, "byline": "Ines Carrow"},
        },
        ("Ferry", None, "Ines Carrow", "https://h.example/7"),
        id="guardian",
    ),
    pytest.param(
        {
            "Headline": "Ferry",
            "Publication": "Island Herald",
            "Byline": "By Ines Carrow",
            "Date": "March 7, 2025",
            "Body": TEXT,
        },
        ("Ferry", "Island Herald", "Ines Carrow", None),
        id="nexis",
    ),
    pytest.param(
        {"HD": "Ferry", "SN": "Island Herald", "BY": "Ines Carrow", "PD": "7 March 2025", "LP": STORY[0], "TD": TEXT},
        ("Ferry", "Island Herald", "Ines Carrow", None),
        id="factiva",
    ),
    pytest.param(
        {"_id": "7", "_source": {"title": "Ferry", "body": TEXT, "date": "7/3/2025", "created": "2025-03-07"}},
        ("Ferry", None, None, None),
        id="elasticsearch",
    ),
    pytest.param({"article": TEXT, "highlights": "x", "date": "20250307"}, (None, None, None, None), id="hugging-face"),
]


@pytest.mark.parametrize(("said", "expected"), EXPORTS)
def test_the_names_that_exports_use_are_known(said, expected, tmp_path):
    record = only(written(tmp_path, "a.json", json.dumps([said])))
    known = record.metadata
    assert (known.publisher, known.author, record.url) == expected[1:]
    assert known.title == expected[0] or expected[0] is None
    assert known.published == date(2025, 3, 7)
    assert STORY[3] in record.text
    assert "chars]" not in record.text
    assert record.teaser == ("chars]" in str(said.get("content")))


AROUND = [{"articles": []}, {"response": {"results": []}}, {"articles": {"results": []}}, {"hits": {"hits": []}}]


@pytest.mark.parametrize("around", AROUND, ids=["articles", "response", "results", "hits"])
def test_the_articles_in_what_an_interface_answers_are_found(around, tmp_path):
    raw = json.dumps({"status": "ok", "total": 2, **around})
    raw = raw.replace("[]", json.dumps([{"id": 1, "text": TEXT}, {"id": 2, "text": TEXT}]))
    path = written(tmp_path, "a.json", raw)
    assert [item[0].removeprefix(f"{path}#") for item in items(path)] == ["1", "2"]


DATES = [
    pytest.param(1741338600, (date(2025, 3, 7), "2025-03-07T09:10:00+00:00"), id="seconds"),
    pytest.param(1741338600000, (date(2025, 3, 7), "2025-03-07T09:10:00+00:00"), id="thousandths"),
    pytest.param("2025/03/07", (date(2025, 3, 7), None), id="slashes"),
    pytest.param("27/03/2025", (date(2025, 3, 27), None), id="day-first"),
    pytest.param("03/27/2025", (date(2025, 3, 27), None), id="month-first"),
    pytest.param("null", (None, None), id="nothing"),
    pytest.param(0, (None, None), id="zero"),
]


@pytest.mark.parametrize(("said", "expected"), DATES)
def test_dates_are_read_in_their_usual_forms(said, expected, tmp_path):
    known = only(written(tmp_path, "a.json", json.dumps({"text": TEXT, "date": said}))).metadata
    assert (known.published, known.published_at) == expected


ORDERS = [("27/03/2025", date(2025, 4, 3)), ("03/27/2025", date(2025, 3, 4)), ("2025-03-27", None)]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(("other", "expected"), ORDERS, ids=["day-first", "month-first", "nothing-tells"])
def test_the_other_dates_of_a_file_settle_what_a_date_means(name, other, expected, tmp_path):
    said = [{"id": 1, "text": TEXT, "date": "03/04/2025"}, {"id": 2, "text": TEXT, "date": other}]
    raw = json.dumps(said) if name == "a.json" else "\n".join(map(json.dumps, said))
    [first, _] = [item[1] for item in items(written(tmp_path, name, raw))]
    assert first.metadata.published == expected


HTML_TEXTS = [
    pytest.param(
        "<p>It cost <del>four</del> six million.</p><p>So he said.</p>",
        ["It cost six million.", "So he said."],
        id="struck",
    ),
    pytest.param("<p>It will <span class='tip'>not</span> close.</p>", ["It will not close."], id="span"),
    pytest.param("<p>It left.</p><script>if (a < b) {}</script><div hidden>x</div>", ["It left."], id="script"),
    pytest.param("5 < 6, and a <word> in brackets.", ["5 < 6, and a <word> in brackets."], id="no-html"),
]


@pytest.mark.parametrize(("said", "expected"), HTML_TEXTS)
def test_html_in_a_text_is_read_as_a_browser_shows_it(said, expected, tmp_path):
    record = only(written(tmp_path, "a.json", json.dumps({"text": said})))
    assert [line for line in record.text.split("\n") if line] == expected


AUTHORS = [
    pytest.param("Ines Carrow;Bo Dahl", "Ines Carrow, Bo Dahl", id="semicolon"),
    pytest.param("Carrow, Ines; Dahl, Bo", "Ines Carrow, Bo Dahl", id="last-names-first"),
    pytest.param(["Ines Carrow; Bo Dahl", "Ines Carrow"], "Ines Carrow, Bo Dahl", id="list"),
    pytest.param(17, None, id="number"),
]


@pytest.mark.parametrize(("said", "expected"), AUTHORS)
def test_each_author_is_one(said, expected, tmp_path):
    assert only(written(tmp_path, "a.json", json.dumps({"text": TEXT, "author": said}))).metadata.author == expected


def test_fields_that_are_not_read_are_counted(tmp_path):
    said = [{"id": 1, "text": TEXT, "tone": 1, "tags": []}, {"id": 2, "text": TEXT, "tone": 2, "Zeitung": "x"}]
    found = items(written(tmp_path, "a.jsonl", "\n".join(map(json.dumps, said))))
    assert found[-1] == Unread({"tone": 2, "Zeitung": 1})


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
