"""Lines that recur over one publisher's articles are furniture; which they are depends on the articles alone, not on
their order.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from newsroom import Newsroom

from index.archive import Archive
from index.articles import Source
from index.clean.recurring import candidates, counted, whole, without
from index.ingest.changes import Options
from index.ingest.report import Progress
from index.ingest.run import run

HARBOURS = "Leith Bergen Gdynia Ostend Cuxhaven Visby".split()
CLOSING = "Have an idea for the Harbour Desk? Tell it to the night editor over at the old customs house."
BACKGROUND = "The ferry company lost its licence in January after two of its ships ran aground on the same morning."


def paragraphs(number: int) -> list[str]:
    """An article of its own, about a harbour."""
    harbour = HARBOURS[number]
    return [
        f"The council of {harbour} voted on Monday to close its ferry terminal number {number} before the summer.",
        (
            f"Some {number}00 people from {harbour} use the ferry each week, and the ferry company says that it is "
            "losing money on them."
        ),
        (
            f"The mayor of {harbour} wants a bridge instead, for which the ministry would have to pay {number} "
            "million a year."
        ),
        (
            f"A second vote on the ferry follows in May, when {harbour} elects a new council and the company opens "
            "its books."
        ),
    ]


@pytest.fixture
def newsroom(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "archive"))
    monkeypatch.chdir(tmp_path)
    return Newsroom(tmp_path)


def write(
    newsroom: Newsroom, number: int, *extra: str, publisher: str = "Island Herald", copy: str = "", title: str = ""
) -> Path:
    """An article of a publisher as a JSON line, with some lines under it."""
    path = newsroom.articles / f"{number}{copy}.jsonl"
    record = {
        "id": path.stem,
        "title": title or f"{HARBOURS[number]} closes its terminal",
        "source": publisher,
        "text": "\n\n".join([*paragraphs(number), *extra]),
    }
    path.write_text(json.dumps(record))
    return path


def texts(newsroom: Newsroom) -> dict[str, str]:
    """The stored text of every article, by the name of its file; what is cut and what stands there are told apart
    everywhere.
    """
    found = {}
    archive = newsroom.open()
    try:
        with archive.catalog.snapshot() as snapshot:
            for source, _ in snapshot.sources():
                stored = snapshot.article(source.id)
                assert stored is not None
                found[Path(source.path.split("#")[0]).stem] = stored.article.text
                assert all(stored.article.text[p.start : p.end] == p.text for p in stored.passages)
    finally:
        archive.close()
    return found


def followed_by(newsroom: Newsroom, line: str) -> dict[str, str]:
    """What stands behind the place of a cut line, by the name of the article's file."""
    archive = newsroom.open()
    try:
        with archive.catalog.snapshot() as snapshot:
            stored = [snapshot.article(source.id) for source, _ in snapshot.sources()]
    finally:
        archive.close()
    return {
        Path(item.article.source.path.split("#")[0]).stem: item.article.text[at:]
        for item in stored
        if item
        for cut, _, at in item.cut
        if cut == line
    }


def told(newsroom: Newsroom) -> set[str]:
    """The files of the articles whose cut lines tell of the closing line."""
    return set(followed_by(newsroom, CLOSING))


def whole_text(number: int, *extra: str) -> str:
    return "\n\n".join([*paragraphs(number), *extra])


@pytest.mark.both
def test_a_line_is_cut_from_every_article_once_a_third_story_holds_it(newsroom):
    for number in range(2):
        write(newsroom, number, CLOSING)
    newsroom.ingest()
    assert texts(newsroom) == {str(number): whole_text(number, CLOSING) for number in range(2)}
    write(newsroom, 2, CLOSING)
    report = newsroom.ingest()
    assert (report["added"], report["updated"]) == (1, 0)
    assert texts(newsroom) == {str(number): whole_text(number) for number in range(3)}
    assert told(newsroom) == {"0", "1", "2"}
    newsroom.assert_index_agrees()


def test_copies_other_publishers_and_running_coverage_do_not_make_furniture(newsroom):
    for copy in "abc":
        write(newsroom, 0, CLOSING, copy=copy, title=f"Terminal to close, edition {copy}")  # one story, three times
    write(newsroom, 1, CLOSING, publisher="Baltic Post")
    for number in range(2, 6):
        write(newsroom, number, BACKGROUND)
    newsroom.ingest()
    found = texts(newsroom)
    assert {found.pop(f"0{copy}") for copy in "abc"} == {whole_text(0, CLOSING)}
    assert found.pop("1") == whole_text(1, CLOSING)
    assert found == {str(number): whole_text(number, BACKGROUND) for number in range(2, 6)}


def test_the_order_of_the_articles_does_not_matter(newsroom, tmp_path):
    orders = ([0, 1, 2, 3], [3, 1, 0, 2])
    found = []
    for attempt, order in enumerate(orders):
        other = Newsroom(tmp_path / str(attempt))
        for some in (order[:2], order[2:]):
            for number in some:
                write(other, number, CLOSING if number != 1 else "")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("NEWSDESK_DATA_DIR", str(other.archive))
                other.ingest()
        found.append(texts(other))
    assert found[0] == found[1] == {str(number): whole_text(number) for number in range(4)}


@pytest.mark.both
@pytest.mark.parametrize("changed", [False, True], ids=["article-gone", "article-changed"])
def test_a_line_comes_back_to_its_place_when_too_few_stories_hold_it(newsroom, changed):
    after, last = "“We will see,” said the mayor.", "Then she left the hall by the back door."
    for number in range(3):
        write(newsroom, number, CLOSING, after, "Advertisement", last)  # not at the very end
    newsroom.ingest()
    assert texts(newsroom)["0"] == whole_text(0, after, last)
    assert followed_by(newsroom, "Advertisement") == dict.fromkeys("012", last)
    if changed:
        write(newsroom, 2)
    else:
        (newsroom.articles / "2.jsonl").unlink()
    report = newsroom.ingest()
    assert (report["updated"], report["removed"]) == (int(changed), int(not changed))
    expected = {str(number): whole_text(number, CLOSING, after, last) for number in range(2)}
    assert texts(newsroom) == expected | ({"2": whole_text(2)} if changed else {})
    assert told(newsroom) == set()
    assert followed_by(newsroom, "Advertisement") == dict.fromkeys("01", last)
    newsroom.assert_index_agrees()


@pytest.mark.both
def test_a_second_run_changes_nothing_and_embeds_nothing(newsroom):
    for number in range(4):
        write(newsroom, number, CLOSING)
    newsroom.ingest()
    embedded, before = newsroom.embedder.texts, texts(newsroom)
    assert newsroom.ingest()["unchanged"] == 4
    newsroom.ingest(str(newsroom.articles), "--force", "--json")
    assert (newsroom.embedder.texts, texts(newsroom)) == (embedded, before)


@pytest.mark.both
def test_what_a_run_that_stopped_left_undone_the_next_one_does(newsroom):
    for number in range(3):
        write(newsroom, number, CLOSING)
    archive = Archive(newsroom.archive, create=True)
    try:
        asked = iter([False] * 6)  # three articles and their files

        report = run(
            archive, newsroom.embedder, Options([str(newsroom.articles)]), Progress(), lambda: next(asked, True)
        )
    finally:
        archive.close()
    assert (report.added, report.interrupted) == (3, True)
    assert CLOSING in texts(newsroom)["0"]
    assert newsroom.ingest()["unchanged"] == 3
    assert texts(newsroom) == {str(number): whole_text(number) for number in range(3)}


COUNTED = [
    pytest.param(CLOSING, True, id="closing-line"),
    pytest.param("Send what you know to the night editor at the customs house.", True, id="speaks-to-the-reader"),
    pytest.param("You may want to drive beyond the last lights to have the best view.", False, id="advice"),
    pytest.param("Every tide: all arrivals and departures", True, id="long-label"),
    pytest.param(BACKGROUND, False, id="background-in-the-story's-words"),
    pytest.param(
        "“Have an idea? Tell it to the night editor over at the customs house,” he said.", False, id="quotation"
    ),
    pytest.param("What happens next", False, id="short-subheading"),
    pytest.param("Our rating: False", False, id="verdict"),
    pytest.param("• Kirkwall, Lerwick, Stromness and Wick", False, id="item-of-a-list"),
]


@pytest.mark.parametrize(("line", "expected"), COUNTED)
def test_only_lines_that_stand_where_furniture_stands_and_are_not_of_the_story_count(line, expected):
    assert (line in [found.text for found in candidates([*paragraphs(0), line])]) is expected


def test_prose_inside_an_article_counts_only_if_it_speaks_to_the_reader():
    odd = "Nobody expected snow that afternoon, least of all the two fishermen."
    advice = "You may want to drive beyond the last lights to have the best view."
    invitation = "Write and tell the editors what your summer looked like this time around."
    middle = [*paragraphs(0), odd, advice, invitation, *paragraphs(1), *paragraphs(2)]
    found = [line.text for line in candidates(middle)]
    assert [line for line in (odd, advice, invitation) if line in found] == [invitation]


def test_an_article_that_is_mostly_lines_that_recur_keeps_them():
    text = ["The pier is closed.", CLOSING]
    counts = counted(Source("a", "Pier", "Island Herald"), text)
    kept, marked = without(text, counts, {line.digest for line in counts.lines})
    assert kept == text
    assert not any(line.cut for line in marked.lines)


def test_what_was_taken_out_goes_back_where_it_was():
    opening = "This page keeps updating: follow the Harbour Desk through the night."
    text = [opening, *paragraphs(0), *paragraphs(1), *paragraphs(2), "All tides and all departures tonight", CLOSING]
    counts = counted(Source("a", "Pier", "Island Herald"), text)
    kept, marked = without(text, counts, {line.digest for line in counts.lines})
    assert len(kept) == len(text) - 3
    assert whole(kept, [(line.position, line.text) for line in marked.lines if line.cut]) == text
