"""The reading room's pages: the cited sentence marked, versions, copies, originals, answers; and texts that try to do
something.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import html
from reading_room import DAY, ReadingRoom, article, span

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.stored_answer import Cited, Near, Origin, StoredAnswer, answers
from bot.reply import Sentence
from index.articles import digest_of
from index.errors import ArchiveError
from index.store.rows import FetchRecord
from web.app import app
from web.links import LinkTarget, target, version_of
from web.pages import LONGEST

TEXT = (
    "The harbour was full.\n\nThe ship left on Monday, the captain said. Nobody waved.\n\nTimber was dear. The hold "
    "was empty."
)
QUOTE = "The ship left on Monday, the captain said."
STORY = article(
    TEXT, author="Ann Lee", url="https://courier.example/ship?x=1&y=2#top", published_at="2025-03-03T09:05:00+01:00"
)


@pytest.fixture
def room(tmp_path):
    room = ReadingRoom(tmp_path)
    room.put(STORY)
    return room


def page(answered):
    assert answered.status == 200, answered.text
    return html.document_fromstring(answered.text)


def texts(found, path):
    return [" ".join(item.text_content().split()) for item in found.cssselect(path)]


def hrefs(found, words):
    return [item.get("href") for item in found.cssselect("a") if words in item.text_content()]


# --- an article ---


def test_a_guessed_day_is_shown_with_about(tmp_path):
    room = ReadingRoom(tmp_path)
    guessed = article(TEXT, published_at="2025-03-03T09:05:00+01:00", date_source="layout")
    room.put(guessed)
    found = page(room.get(room.link(guessed, QUOTE)))
    assert "about 3 March 2025" in texts(found, ".kicker")[0]
    assert "about 3 March 2025" in texts(found, "dd")


def test_the_cited_sentence_is_marked_where_it_stands_and_the_link_leads_there(room):
    link = room.link(STORY, QUOTE, "Timber was dear.", "Nobody waved.")
    assert link.endswith("#c")
    found = page(room.get(link))
    [cited] = found.cssselect("#c")
    assert (cited.tag, cited.get("class"), cited.text_content()) == ("mark", "cited", QUOTE)
    assert texts(found, "mark.other") == ["Nobody waved.", "Timber was dear."]
    assert texts(found, ".text p") == [" ".join(line.split()) for line in TEXT.split("\n\n")]
    assert found.cssselect("a.skip")[0].get("href") == "#c"


def test_the_page_tells_what_is_known_of_the_article_and_where_else_it_is(room):
    found = page(room.get(room.link(STORY, QUOTE)))
    assert texts(found, "h1") == ["The ship leaves"]
    told = dict(zip(texts(found, "dt"), texts(found, "dd"), strict=True))
    assert told == {
        "Publisher": "Harbour Courier", "Author": "Ann Lee", "Published": "3 March 2025, 09:05 UTC+01:00",
        "Language": "en", "File": "0123456789abcdef.txt"
    }  # fmt: skip
    there = "https://courier.example/ship?x=1&y=2#top:~:text=The%20ship%20left%20on%20Monday%2C%20the%20captain%20said."
    assert hrefs(found, "courier.example") == [there]
    assert "/srv/" not in html.tostring(found, encoding="unicode")
    assert "This link works until 9 April 2025." in texts(found, "footer p")


def test_what_is_not_known_is_not_invented(room):
    bare = article("The ship left.", "f" * 16, "A headline", None, publisher=None, language=None, path="")
    room.put(bare)
    found = page(room.get(room.link(bare)))
    assert dict(zip(texts(found, "dt"), texts(found, "dd"), strict=True)) == {
        "Publisher": "unknown",
        "Published": "undated",
    }
    assert found.cssselect("mark, .actions, .legend, #c") == []
    assert found.cssselect("a.skip")[0].get("href") == "#main"


def test_a_cited_headline_is_marked_at_the_top_and_the_link_leads_there(room):
    quoted = (0, len(STORY.source.title), True)
    link = room.links.article(target(STORY.source.id, STORY.digest, STORY.source.title, quoted, [(0, 3, False)]))
    assert link.endswith("#c")
    found = page(room.get(link))
    assert [(mark.getparent().tag, mark.text_content()) for mark in found.cssselect("mark.cited#c")] == [
        ("h1", "The ship leaves")
    ]
    assert texts(found, "mark.other") == ["The"]
    assert found.cssselect(".actions")[0].get("data-quote") == "The ship leaves"
    assert hrefs(found, "courier.example")[0].endswith(":~:text=The%20ship%20leaves")


def test_the_page_of_a_teaser_says_that_it_is_one(room):
    room.put(article(TEXT, teaser=True))
    assert texts(page(room.get(room.link(STORY))), ".note")[0].startswith("A teaser only.")


def test_beside_a_cited_sentence_the_headline_is_marked_as_cited_too(room):
    place = target(STORY.source.id, STORY.digest, STORY.source.title, (0, 3, False), [(0, 8, True)])
    found = page(room.get(room.links.article(place)))
    assert (texts(found, "mark.cited#c"), texts(found, "h1 mark.other")) == (["The"], ["The ship leaves"])


def test_a_headline_that_has_changed_is_not_marked_and_the_page_says_so(room):
    link = room.links.article(target(STORY.source.id, STORY.digest, STORY.source.title, (0, 8, True)))
    room.put(article(TEXT, title="The ship stays"))
    found = page(room.get(link))
    assert (texts(found, "h1"), found.cssselect("mark")) == (["The ship stays"], [])
    assert [note for note in texts(found, ".note") if note.startswith("The headline has changed.")]


@pytest.mark.parametrize(
    ("cited", "others", "shown", "lighter"),
    [
        pytest.param((0, 3), [], ["The"], [], id="from-the-start"),
        pytest.param((0, len(TEXT)), [(3, 9)], TEXT.split("\n\n"), [], id="all-of-it"),
        pytest.param((17, 30), [], ["ull.", "The shi"], [], id="over-a-paragraph"),
        pytest.param((23, 40), [(30, 50)], ["The ship left on "], ["Monday, th"], id="overlapping"),
        pytest.param((30, 35), [(23, 45)], ["p lef"], ["The shi", "t on Monda"], id="inside-another"),
        pytest.param((5, 5), [], [], [], id="empty"),
        pytest.param((len(TEXT) - 2, len(TEXT) + 9), [(9, 4)], [], [], id="past-the-end"),
    ],
)
def test_marks_fall_on_their_characters(cited, others, shown, lighter, room):
    found = page(
        room.get(room.links.article(LinkTarget(STORY.source.id, version_of(STORY.digest), cited, tuple(others))))
    )
    assert [item.text_content() for item in found.cssselect("mark.cited")] == shown
    assert [item.text_content() for item in found.cssselect("mark.other")] == lighter
    assert len(found.cssselect("#c")) == bool(shown)


def test_a_long_text_is_shown_in_parts_that_leave_nothing_out(room):
    lines = [f"Line {number} of a very long report about the harbour and its ships." for number in range(20_000)]
    long = article("\n".join(lines), "a" * 16)
    room.put(long)
    answered = room.get(room.link(long, lines[15_000]))
    found = page(answered)
    assert len(answered.body) < 3 * LONGEST
    assert texts(found, "mark#c") == [lines[15_000]]
    seen, at = texts(found, ".text p"), found
    while later := hrefs(at, "Later part"):
        at = page(room.get(later[0]))
        seen = [*seen, *texts(at, ".text p")]
    at = found
    while earlier := hrefs(at, "Earlier part"):
        at = page(room.get(earlier[0]))
        seen = [*texts(at, ".text p"), *seen]
    assert set(seen) == set(lines)
    assert len(seen) < 1.1 * len(lines)
    assert (seen[0], seen[-1]) == (lines[0], lines[-1])


BEFORE, AFTER = "The harbour was full of ships on Monday.", "Nobody on the quay waved when they left."


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("Dear timber", True),
        ("What happens to the crew now?", True),
        ("‘Nobody waved’", True),
        ("1 September: nine ships", False),  # as a label
        ("Die Reederei schweigt", True),
        ("Екіпаж чекає", True),
        ("Nobody waved.", False),
        ("- Timber", False),
        ("Image: Ann Lee", False),
        ("The quay at noon © Ann Lee", False),
        ("10:45 a ship", False),
        ("and timber", False),
        ("The list", True),
        ("The list:", False),
        ("Crew | Days", False),
        ("The captain " * 8, False),
    ],
)
def test_a_subheading_is_a_heading_and_other_short_lines_are_none(line, is_heading, room):
    item = article(f"{BEFORE}\n\n{line}\n\n{AFTER}\n{line}", "a" * 16)
    room.put(item)
    found = page(room.get(room.link(item, f"{line}\n\n{AFTER}")))
    assert texts(found, ".text h2") == ([line] if is_heading else [])
    assert [item.text_content() for item in found.cssselect(".text mark")] == [line, AFTER]
    assert found.cssselect("#c")[0].text_content() == line
    assert texts(found, ".text > *") == [" ".join(each.split()) for each in (BEFORE, line, AFTER, line)]


# --- versions ---


def test_the_version_that_was_cited_opens_after_the_article_has_changed(room):
    old = room.link(STORY, QUOTE)
    second = article(
        TEXT.replace("Nobody", "One man").replace("The harbour", "At noon the harbour"),
        author="Ann Lee",
        title="The ship has left",
    )
    room.put(second)
    found = page(room.get(old))
    assert texts(found, "#c") == [QUOTE]
    assert "Nobody waved." in " ".join(texts(found, ".text"))
    assert texts(found, "h1") == ["The ship leaves"]
    assert "An earlier version." in texts(found, ".note")[0]
    [newer] = hrefs(found, "Read the newer version")
    assert hrefs(found, "The newest") == [newer]
    now = page(room.get(newer))
    assert texts(now, "#c") == [QUOTE]
    assert "One man waved." in " ".join(texts(now, ".text"))
    assert texts(now, ".note") == []
    [earlier] = hrefs(now, "Until ")
    assert room.get(earlier).body == room.get(old).body


def test_an_article_that_goes_back_to_an_earlier_text_is_not_its_own_earlier_version(room):
    room.put(article(TEXT + " More."))
    room.put(STORY)
    found = page(room.get(room.link(STORY, QUOTE)))
    assert texts(found, ".note") == []
    assert len(hrefs(found, "Until ")) == 1


def test_what_changes_around_the_text_is_no_new_version(room):
    room.put(article(TEXT, title="Another headline"))
    found = page(room.get(room.link(STORY, QUOTE)))
    assert (texts(found, "h1"), texts(found, ".note"), hrefs(found, "Until ")) == (["Another headline"], [], [])


def test_twenty_versions_are_kept_and_an_older_one_is_told_to_be_gone(room):
    for number in range(25):
        room.put(article(f"{TEXT} Edition {number}."))
    lost = page(room.get(room.link(STORY, QUOTE)))
    assert "no longer kept" in texts(lost, ".note")[0]
    assert lost.cssselect("mark") == []
    assert "Edition 24." in " ".join(texts(lost, ".text"))
    assert len(hrefs(lost, "Until ")) == 20
    kept = page(room.get(room.link(article(f"{TEXT} Edition 5."), QUOTE)))
    assert texts(kept, "#c") == [QUOTE]


def test_a_removed_article_is_gone_with_its_versions(room):
    old = room.link(STORY, QUOTE)
    room.put(article(TEXT + " More."))
    room.remove(STORY.source.id)
    assert room.get(old).status == 404
    assert "has been removed" in room.get(old).text
    room.put(article("Something else."))
    assert "no longer kept" in room.get(old).text


def test_a_page_shows_the_state_of_the_archive_a_second_ago_at_the_latest(room):
    link = room.link(STORY, QUOTE)
    first = room.get(link).body
    assert room.get(link).body == first
    room.put(article(TEXT + " More."))  # a second and more goes by
    assert "An earlier version." in room.get(link).text


# --- other papers ---


def test_the_same_report_elsewhere_opens_at_the_same_words(room):
    twin = article("Agency report.\n\n" + TEXT, "1" * 16, "Ship leaves harbour", publisher="Evening Post")
    other = article("A ship left the harbour, says its captain.", "2" * 16, "Departure", None, publisher=None)
    room.put(twin, other)
    room.twins(STORY.source.id, twin.source.id)
    room.twins(STORY.source.id, other.source.id)
    found = page(room.get(room.link(STORY, QUOTE)))
    listed = {item.split(" ")[0]: item for item in texts(found, ".list li")}
    assert listed == {"Evening": "Evening Post 3 March 2025, the same words", "Departure": "Departure undated"}
    there = page(room.get(hrefs(found, "Evening Post")[0]))
    assert (texts(there, "h1"), texts(there, "#c")) == (["Ship leaves harbour"], [QUOTE])
    assert page(room.get(hrefs(found, "Departure")[0])).cssselect("mark") == []


# --- the original ---


def original(room, item):
    [link] = hrefs(page(room.get(room.link(item, QUOTE))), "The original as saved")
    return page(room.get(link))


def test_the_original_is_the_file_as_long_as_it_is_what_was_read(room, tmp_path):
    raw = f"Menu | <b>Log in</b>\r\n\r\n{TEXT}\r\n<script>alert(1)</script>"
    path = tmp_path / "ship.txt"
    path.write_bytes(raw.encode())
    item = article(TEXT, "a" * 16, path=str(path))
    room.put(
        item,
        digest=digest_of(raw.encode()),
        cut=(("Menu | <b>Log in</b>", "menu", 0), ("share", "button", 23), ("placeless", "old", None)),
    )
    assert original(room, item).cssselect("pre")[0].text_content().strip("\n") == raw.replace("\r\n", "\n")
    assert texts(original(room, item), ".byline")[0].startswith("The file as it was saved.")
    for change in (lambda: path.write_text(raw + " changed"), path.unlink, lambda: path.symlink_to("/etc/passwd")):
        change()
        put_together = original(room, item)
        shown = put_together.cssselect("pre")[0].text_content()
        assert "changed" not in shown
        assert "root:" not in shown
        assert shown.split() == f"Menu | <b>Log in</b> {TEXT[:23]} share {TEXT[23:]} placeless".split()
        assert "where they stood" in texts(put_together, ".byline")[0]


def test_the_original_of_a_record_is_its_text_alone(room, tmp_path):
    path = tmp_path / "wire.jsonl"
    line = json.dumps({"id": "7", "title": "The ship leaves", "text": f"Share this\n\n{TEXT}"})
    path.write_text(f'{{"id": "6", "title": "Other", "text": "Nobody must see this."}}\n{line}\n')
    item = article(TEXT, "a" * 16, path=f"{path}#7")
    room.put(item, file=str(path), digest=digest_of(line.encode()))
    shown = original(room, item).cssselect("pre")[0].text_content()
    assert shown.split() == f"Share this {TEXT}".split()


def test_the_original_of_a_page_is_what_was_fetched(room):
    from index.articles import article_id

    url = "https://courier.example/a"
    item = article(TEXT, article_id(url), path=url)
    body = f"<html><script>x()</script><p>{TEXT}</p>".encode()
    with room.catalog.transaction() as transaction:
        transaction.put_fetch(
            FetchRecord(url, url, url, None, None, "text/html", digest_of(body), "2025-03-03T10:00:00+00:00", body)
        )
    room.put(item, file=url, digest="d")
    found = original(room, item)
    assert found.cssselect("pre")[0].text_content().strip("\n") == body.decode()
    assert found.cssselect("script") == []
    [frame] = found.cssselect("iframe")
    assert frame.get("sandbox") == ""
    assert texts(page(room.get(frame.get("src"))), "p") == [" ".join(TEXT.split())]


def test_a_saved_page_is_framed_by_us_alone_and_may_do_nothing(room, tmp_path):
    path = tmp_path / "ship.html"
    path.write_bytes("<meta charset=windows-1251><p>Корабль ушёл в понедельник.</p>".encode("cp1251"))
    item = article(TEXT, "a" * 16, path=str(path))
    room.put(item, digest=digest_of(path.read_bytes()))
    outer = room.get(room.links.original(item.source.id))
    assert "frame-src 'self'" in outer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in outer.headers["content-security-policy"]
    answered = room.get(page(outer).cssselect("iframe")[0].get("src"))
    assert texts(page(answered), "p") == ["Корабль ушёл в понедельник."]
    policy = dict(rule.strip().partition(" ")[::2] for rule in answered.headers["content-security-policy"].split(";"))
    assert policy.pop("style-src").startswith("'sha256-")
    assert policy == {
        "default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'self'",
        "sandbox": "",
    }  # fmt: skip
    assert answered.headers["x-frame-options"] == "SAMEORIGIN"
    path.write_text("<p>Something else.</p>")
    assert page(room.get(room.links.original(item.source.id))).cssselect("iframe") == []
    assert room.get(room.links.saved_page(item.source.id)).status == 404


def test_behind_a_path_of_a_proxy_the_frame_is_at_the_address_of_the_reader(tmp_path):
    room = ReadingRoom(tmp_path, url="https://example.org/newsdesk")
    path = tmp_path / "ship.htm"
    path.write_text("<p>The ship left.</p>")
    room.put(article(TEXT, path=str(path)), digest=digest_of(path.read_bytes()))
    link = room.links.original(STORY.source.id).removeprefix("https://example.org/newsdesk")
    assert page(room.get(link)).cssselect("iframe")[0].get("src").startswith("/newsdesk/p/")


def test_a_link_to_the_original_does_not_open_the_article_and_the_other_way_round(room):
    article_link, original_link = room.link(STORY, QUOTE), room.links.original(STORY.source.id)
    assert room.get(original_link).status == 200
    assert room.get(article_link.replace("/a/", "/o/")).status == 403
    assert room.get(original_link.replace("/o/", "/a/")).status == 403
    assert room.get(original_link.replace("/o/", "/q/")).status == 403
    assert room.get(original_link.replace("/o/", "/p/")).status == 403
    assert room.get(room.links.saved_page(STORY.source.id).replace("/p/", "/o/")).status == 403


# --- answers ---


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite3")
    yield journal
    journal.close()


def kept(journal, stored):
    asked = journal.claim(JournalEntry("D1:1", "direct", "D1", "1", "1", "U1", stored.question), "me")
    journal.start(asked.id, "me")
    assert journal.finish(journal.by_id(asked.id), "answered", stored.as_json())
    return asked.id


ORIGIN = Origin(STORY.source.id, STORY.digest, STORY.source.title, "Harbour Courier", "2025-03-03", None)
GIVEN = StoredAnswer(
    "When did <it> leave?", "answered", "", (Sentence("It left on Monday.", (1,)), Sentence("Nobody waved.", (1, 2))),
    (Cited(1, ORIGIN, QUOTE, *span(STORY, QUOTE), also_in=("Evening Post",)),
    Cited(2, ORIGIN, "Nobody waved.", *span(STORY, "Nobody waved."))), verbatim=False,
)  # fmt: skip


def test_an_answer_has_a_page_whose_sources_open_at_their_sentences(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    room.put(STORY)
    found = page(room.get(room.links.answer(kept(journal, GIVEN))))
    assert texts(found, "h1") == ["When did <it> leave?"]
    assert texts(found, ".answer p") == ["It left on Monday. [1]", "Nobody waved. [1] [2]"]
    assert [item.get("href") for item in found.cssselect("a.number")] == ["#s1", "#s1", "#s2"]
    assert texts(found, "#s1 blockquote") == [QUOTE]
    assert texts(found, "#s1 .when") == ["also in Evening Post"]
    there = page(room.get(found.cssselect("#s2 a")[0].get("href")))
    assert (texts(there, "#c"), texts(there, "mark.other")) == (["Nobody waved."], [QUOTE])


def test_a_quoted_headline_is_named_on_the_page_of_its_answer_and_opens_there(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    room.put(STORY)
    cited = Cited(1, replace(ORIGIN, teaser=True), "The ship leaves", 0, 15, headline=True)
    given = StoredAnswer("Does it leave?", "answered", said=(Sentence("The ship leaves", (1,)),), cited=(cited,))
    found = page(room.get(room.links.answer(kept(journal, given))))
    assert texts(found, "#s1 .kicker")[0].endswith("· headline · teaser only")
    there = page(room.get(found.cssselect("#s1 a")[0].get("href")))
    assert texts(there, "h1 mark#c") == ["The ship leaves"]


EXCERPT = TEXT[TEXT.index("The ship") : TEXT.index("\n\nTimber")]
CITED = Cited(
    1, ORIGIN, EXCERPT, *span(STORY, EXCERPT), "The harbour was full. ", " Timber was dear.",
    answering=span(STORY, "Nobody waved."), speaker="Ann <b>Lee</b>",
)  # fmt: skip


def test_the_sentence_that_answers_is_bold_and_its_speaker_named_before_it(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    room.put(STORY)
    said = Sentence(EXCERPT, (1,), (len(QUOTE) + 1, len(EXCERPT)))
    found = page(room.get(room.links.answer(kept(journal, StoredAnswer("Who?", "answered", "", (said,), (CITED,))))))
    assert texts(found, ".answer p") == [f"Ann <b>Lee</b>: {EXCERPT} [1]"]
    assert texts(found, ".answer strong") == texts(found, "#s1 mark strong") == ["Nobody waved."]
    assert texts(found, "#s1 mark") == [EXCERPT]
    assert found.cssselect("b, details") == []


def test_an_answer_that_is_unsure_has_the_closest_sentence_and_hides_its_passages(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    room.put(STORY)
    near = (Near(ORIGIN, "Timber was dear.", None, *span(STORY, "Timber was dear.")),)
    given = StoredAnswer("Who waved?", "unsure", "not_supported", near=near, closest=CITED)
    found = page(room.get(room.links.answer(kept(journal, given))))
    assert texts(found, ".answer p") == [
        "I found no sentence that says so. Closest:",
        "Ann <b>Lee</b>: “Nobody waved.”",
        "Harbour Courier · 3 March 2025",
        "The ship leaves",
    ]
    [hidden] = found.cssselect("details:not([open])")
    assert texts(hidden, "summary") == ["Show closest passages"]
    assert texts(hidden, ".excerpt") == [f"The harbour was full. {EXCERPT} Timber was dear.", "Timber was dear."]
    there = page(room.get(found.cssselect(".answer a")[0].get("href")))
    assert texts(there, "#c") == [EXCERPT]


def test_a_list_of_articles_names_each_once(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    room.put(STORY)
    cited = (Cited(1, replace(ORIGIN, time="09:05"), "The ship leaves", 0, 15, headline=True),)
    said = (Sentence("The ship leaves", (1,)),)
    given = StoredAnswer("what's new", "answered", said=said, cited=cited, lead="1 article of 3 March 2025:")
    found = page(room.get(room.links.answer(kept(journal, given))))
    assert texts(found, ".answer p") == ["1 article of 3 March 2025:"]
    assert texts(found, "h2")[0] == "Articles"
    assert texts(found, "#s1") == ["Harbour Courier · 3 March 2025, 09:05 The ship leaves"]


def test_a_refusal_has_a_page_without_sources(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    found = page(room.get(room.links.answer(kept(journal, StoredAnswer("How many?", "refused", "not_supported")))))
    assert texts(found, ".answer") == ["The articles do not say."]
    assert found.cssselect(".sources, details") == []


def test_a_removed_answer_is_gone_and_a_room_without_a_journal_has_none(tmp_path, journal):
    room = ReadingRoom(tmp_path, answers(tmp_path / "journal.sqlite3"))
    id_ = kept(journal, GIVEN)
    journal.note_removed(id_)
    assert [room.get(room.links.answer(each)).status for each in (id_, "never")] == [404, 404]
    alone = ReadingRoom(tmp_path / "alone", answers(tmp_path / "alone" / "journal.sqlite3"))
    assert alone.get(alone.links.answer(id_)).status == 404
    assert not (tmp_path / "alone" / "journal.sqlite3").exists()


# --- texts that try to do something ---

HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</p></article></main><script>alert(1)</script>",
    "\"><svg onload=alert(1)>' onmouseover='alert(1)",
    "[click](javascript:alert(1)) javascript:alert(1) data:text/html,<script>alert(1)</script>",
    "{{ 7 * 7 }} {% for x in y %} {# #} ${x}",
    "paid \u202eecnanif\u202c in \u2066full\u2069 \u200fnow \x00\x07\x1b[31m",
    "&lt;script&gt; &amp; <!-- --> ]]> <?php ?>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text, room, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(text.encode())
    said = {"publisher": text, "author": text, "language": text, "url": text, "path": str(path)}
    item = article(f"Before.\n{text}\nAfter.", "a" * 16, text, **said)
    room.put(item, digest=digest_of(path.read_bytes()))
    link = room.link(item, text)
    for there in (link, room.links.original(item.source.id)):
        answered = room.get(there)
        found = page(answered)
        assert [item.get("src") for item in found.cssselect("script")] == re.findall(
            r'src="(/static/room\.js\?\w+)"', answered.text
        )
        assert found.cssselect("img, svg, iframe, object, embed, form, base, style, [style]") == []
        assert [name for item in found.iter("*") for name in item.keys() if name.startswith("on")] == []  # noqa: SIM118  an element is no mapping
        assert all(item.get("href").startswith(("/", "#", "http://", "https://")) for item in found.cssselect("[href]"))
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200f\x00-\x08\x1b]", answered.text)
        assert "49" not in " ".join(texts(found, "h1, .text, pre"))
    visible = "".join(char for char in text if char.isalnum() and char.isascii())
    assert visible in "".join(char for char in page(room.get(link)).cssselect("#c")[0].text_content() if char.isalnum())


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://bank.example@evil.example/",
        "https://a.example/<b>",
        "//evil.example",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_none_is_no_link(url, room):
    item = article(TEXT, "a" * 16, url=url)
    room.put(item)
    answered = room.get(room.link(item, QUOTE))
    assert hrefs(page(answered), "Open at") == []
    assert "evil" not in answered.text


# --- faults ---


def test_a_catalog_that_cannot_be_opened_is_told_without_internals(room):
    def broken():
        raise ArchiveError("The catalog /srv/secret/catalog.sqlite3 is damaged")

    room.app = app(room.links, broken)
    answered = room.get(room.link(STORY, QUOTE))
    assert (answered.status, answered.headers["retry-after"]) == (503, "60")
    assert "secret" not in answered.text


def test_a_fault_of_our_own_shows_nothing_and_keeps_the_headers(room):
    def broken():
        raise ZeroDivisionError("secret")

    room.app = app(room.links, broken)
    answered = room.get(room.link(STORY, QUOTE))
    assert answered.status == 500
    assert "secret" not in answered.text
    assert "default-src 'none'" in answered.headers["content-security-policy"]


def test_versions_of_an_archive_made_before_there_were_any_begin_with_the_next_change(tmp_path, room):
    with room.catalog._engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TABLE versions")
        connection.exec_driver_sql("UPDATE facts SET value = '1' WHERE name = 'schema'")
    room.catalog.close()
    again = ReadingRoom(tmp_path)
    again._number = 5
    again.put(article(TEXT + " More."))
    assert "An earlier version." in again.get(again.link(STORY, QUOTE)).text


def test_a_kept_version_is_compressed_and_dated_in_utc(room):
    room.put(article(TEXT + " More."))
    with room.catalog._engine.connect() as connection:
        [row] = connection.exec_driver_sql("SELECT text, replaced FROM versions").all()
    assert zlib.decompress(row.text).decode() == TEXT
    assert row.replaced.endswith("+00:00")
    assert date.fromisoformat(row.replaced[:10]) >= DAY
    assert Path(room.catalog.where).exists()
