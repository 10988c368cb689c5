"""What is read out of an article when it is put in: who says what, and what its acronyms stand for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hash_embedder import HashEmbedder

import index.statements
from bot.admin.views import article_json, article_text
from bot.answer.candidates import candidates_of, weights_of
from bot.question.parse import parse_question
from index.archive import Archive
from index.articles import Article, Hit, Source
from index.batch import Batch, Prepared
from index.ingest.changes import Options
from index.ingest.report import Progress
from index.ingest.run import embed, run
from index.search.names import other_names
from index.search.search import Preference, find
from index.statements import acronyms, reading_of
from index.store.rows import ANYTHING, Scope
from index.store.upgrade import read_all
from index.text import passages_of, term_of, terms

DAM = (
    "The dam above Vellburg holds, Ingrid Sand said on Monday.\n\n"
    "“Nobody has to leave the valley,” she told reporters at the town hall.\n\n"
    "Rain fell for nine days, and the river rose by two metres.\n\n"
    "According to the Vellburg Water Agency (VWA), the gates were opened twice."
)
LOAN = "The International Monetary Fund lent the valley money after the flood."
NO_LOAN = "Money was lent after the flood, and fund managers were monetary about international things."
FISH = "The harbour sold more herring than last year.\n\nPetter Lind said the quota was too small for the fleet."


def article(id_: str, text: str, title: str = "A report", published: date | None = None) -> Article:
    return Article.of(Source(id_, title, published=published), text)


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path, create=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def valley(tmp_path_factory):
    made = Archive(tmp_path_factory.mktemp("valley"), create=True)
    put(made, article("aa", DAM), article("bb", FISH), article("cc", LOAN), article("dd", NO_LOAN))
    yield made
    made.close()


def put(archive: Archive, *articles: Article) -> None:
    items = [Prepared.of(each, "", "", ()) for each in articles]
    embed(archive, HashEmbedder(), items)
    archive.publish(Batch(articles=items), HashEmbedder().identity)


def told(archive: Archive, *ids: str) -> dict[str, list[tuple[str, str | None, bool]]]:
    with archive.catalog.snapshot() as snapshot:
        return {
            id_: [(each.speaker, each.verb, each.carried) for each in found]
            for id_, found in snapshot.statements_of(ids).items()
        }


SAID = [("Ingrid Sand", "said", False), ("Ingrid Sand", "told", True), ("Vellburg Water Agency", "according to", False)]


def test_a_reading_gives_every_statement_with_its_place_speaker_and_verb():
    reading = reading_of(article("aa", DAM))
    assert [(each.speaker, each.verb, each.carried) for each in reading.statements][:2] == SAID[:2]
    assert (
        DAM[reading.statements[1].start : reading.statements[1].end]
        == "“Nobody has to leave the valley,” she told reporters at the town hall."
    )
    assert reading.acronyms == {("vwa", " ".join(terms("Vellburg Water Agency")))}


def test_statements_come_with_the_article_change_with_it_and_go_with_it(archive):
    put(archive, article("aa", DAM), article("bb", FISH))
    assert told(archive, "aa", "bb", "cc")["bb"] == [("Petter Lind", "said", False)]
    put(archive, article("bb", "The harbour is quiet.\n\nOda Brekke said so."))
    assert told(archive, "bb") == {"bb": [("Oda Brekke", "said", False)]}
    archive.publish(Batch(removed=["bb"]), HashEmbedder().identity)
    with archive.catalog.snapshot() as snapshot:
        assert not snapshot.spoken_in([term_of("Brekke")], list(snapshot.all_passage_ids()))
        assert snapshot.statements_of(["bb"]).get("bb", []) == []


def test_what_an_older_newsdesk_put_in_is_read_by_the_next_run_and_only_once(archive, monkeypatch):
    put(archive, article("aa", DAM), article("bb", FISH), article("cc", FISH + "\n\nNo more was said."))
    before = told(archive, "aa", "bb", "cc")
    with archive.catalog.transaction() as transaction:
        for id_ in ("aa", "bb", "cc"):
            transaction.put_reading(id_, index.statements.Reading())
        transaction.put_fact("readings", "0")
    assert told(archive, "aa", "bb") == {}  # not read is something else than nobody speaks
    monkeypatch.setattr("index.store.upgrade._AT_ONCE", 2)
    stops = iter([False, True])
    assert read_all(archive.catalog, lambda: next(stops)) == 2  # stopped half-way
    run(archive, HashEmbedder(), Options([]), Progress())
    assert told(archive, "aa", "bb", "cc") == before
    assert read_all(archive.catalog) == 0


def test_what_no_run_has_read_yet_is_read_at_the_question(archive):
    said = article("aa", DAM)
    put(archive, said)
    question = parse_question("What did Ingrid Sand say about the valley?", date(2025, 3, 3))
    hits = [Hit(passage, said, 1.0, 1.0, 1.0) for passage in passages_of(said)]

    def speakers() -> list[tuple[str, bool]]:
        found = archive.read(lambda view: candidates_of(view, hits, question, weights_of(view, question)))
        return [(each.text, each.has_speaker) for each in found]

    stored = speakers()
    assert [speaks for _, speaks in stored] == [True, True, False, False]
    with archive.catalog.transaction() as transaction:
        transaction.put_reading("aa", index.statements.Reading())
        transaction.put_fact("readings", "0")
    assert speakers() == stored


def test_show_lists_who_speaks(valley):
    with valley.catalog.snapshot() as snapshot:
        values = article_json(snapshot, "aa")
    first = values["statements"][0]
    words = DAM[first["start"] : first["end"]]
    assert (first["speaker"], first["verb"], words) == (
        "Ingrid Sand",
        "said",
        "The dam above Vellburg holds, Ingrid Sand said on Monday.",
    )
    assert "Ingrid Sand (told) " in article_text(values)


def found(archive: Archive, question: str, scope: Scope = ANYTHING, preference: Preference | None = None) -> list[str]:
    vector = HashEmbedder().embed([question])[0]
    hits = archive.read(
        lambda view: find(view, question, vector, HashEmbedder().identity, scope, 24, preference or Preference())
    )
    return [hit.article.source.id for hit in hits]


def test_whoever_is_asked_about_is_found_where_he_speaks_and_not_only_where_he_is_named(archive, monkeypatch):
    monkeypatch.setattr("index.search.search.CANDIDATES", 5)
    named = [
        article(
            f"n{number}",
            f"Petter Lind and the quota were the talk of harbour {number}. Petter Lind sold herring under the quota.",
        )
        for number in range(9)
    ]
    put(archive, *named, article("bb", FISH))
    question = "What did Petter Lind say about the quota?"
    assert "bb" not in found(archive, question)
    assert "bb" in found(archive, question, preference=Preference(speaker=(term_of("Lind"),)))


def test_a_time_that_is_wished_for_comes_first_and_no_other_is_left_out(archive):
    text = "The crane at the quay of Skelvik fell into the water."
    put(
        archive,
        article("aa", text, published=date(2025, 3, 3)),
        article("bb", text + " Nobody was hurt.", published=date(2025, 4, 1)),
        article("cc", text + " So it was."),
    )
    april = (date(2025, 4, 1), date(2025, 4, 30))
    assert found(archive, "Where did the crane fall?", preference=Preference(*april)) == [
        "bb",
        "aa",
        "cc",
    ]  # undated last
    assert found(archive, "Where did the crane fall?", Scope(*april)) == ["bb", "cc"]


ACRONYMS = [
    pytest.param("The European Union (EU) met.", {("EU", "European Union")}, id="in-brackets"),
    pytest.param(
        "The head of the International Monetary Fund (IMF) left.",
        {("IMF", "International Monetary Fund")},
        id="what-stands-before-is-left-out",
    ),
    pytest.param("The Bank of England (BoE) waits.", set(), id="small-letters-are-no-acronym"),
    pytest.param(
        "The Organization for Security and Co-operation in Europe (OSCE) went.",
        {("OSCE", "Organization for Security and Co-operation in Europe")},
        id="small-words",
    ),
    pytest.param(
        "The Board of Trade and Customs (BT) warned.",
        {("BT", "Board of Trade and Customs")},
        id="a-word-without-a-letter",
    ),
    pytest.param(
        "The IMF (International Monetary Fund) left.", {("IMF", "International Monetary Fund")}, id="turned-round"
    ),
    pytest.param(
        "The IMF, the International Monetary Fund, left.", {("IMF", "International Monetary Fund")}, id="in-apposition"
    ),
    pytest.param("Emmanuel Macron (France) and Olaf Scholz (SPD) met.", set(), id="other-brackets"),
    pytest.param("Ann Example, an MP (LD), spoke.", set(), id="one-letter-missing"),
    pytest.param("The NATO, the European allies said, is ready.", set(), id="another-name-behind-a-comma"),
    pytest.param("the very small ships (VSS)", set(), id="no-name"),
]


@pytest.mark.parametrize(("text", "pairs"), ACRONYMS)
def test_an_acronym_stands_for_what_the_article_says(text, pairs):
    assert acronyms(text) == {(term_of(short), " ".join(terms(long))) for short, long in pairs}


NAMES = [
    pytest.param("What did the VWA say?", {"VWA": "Vellburg Water Agency"}, id="learned-from-the-articles"),
    pytest.param("What did the Vellburg Water Agency say?", {"Vellburg Water Agency": "VWA"}, id="the-other-way-round"),
    pytest.param("Did the E.U. agree?", {"EU": "European Union"}, id="known-to-every-newsroom"),
    pytest.param("What did the European Union agree to?", {"European Union": "EU"}, id="known-the-other-way-round"),
    pytest.param(
        "What did NATO say about Iran and Iraq?", {"NATO": "North Atlantic Treaty Organization"}, id="no-other-names"
    ),
    pytest.param("who told us about it", {}, id="small-letters"),
    pytest.param(
        "what did the vwa say to the imf",
        {"VWA": "Vellburg Water Agency", "IMF": "International Monetary Fund"},
        id="no-capitals-at-all",
    ),
    pytest.param("WHO TOLD US ABOUT THE VWA", {}, id="shouting"),
    pytest.param("Did Austria or Australia sign?", {}, id="alike-is-not-the-same"),
]


@pytest.mark.parametrize(("question", "names"), NAMES)
def test_the_other_form_of_a_name(valley, question, names):
    with valley.catalog.snapshot() as snapshot:
        expected = {" ".join(terms(name)): " ".join(terms(other)) for name, other in names.items()}
        assert other_names(snapshot, question) == expected


def test_the_who_is_a_name_only_in_capitals(valley):
    with valley.catalog.snapshot() as snapshot:
        assert list(other_names(snapshot, "Did we leave the WHO, or who left us?").values()) == [
            " ".join(terms("World Health Organization"))
        ]


def test_an_article_that_spells_a_name_out_is_found_by_its_acronym(valley):
    vector = np.zeros(HashEmbedder().dimensions, np.float32)  # by words alone
    hits = valley.read(lambda view: find(view, "What of the IMF?", vector, HashEmbedder().identity, ANYTHING, 24))
    assert [hit.article.source.id for hit in hits if hit.keyword] == ["cc"]
