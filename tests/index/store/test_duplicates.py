"""Near-duplicates: copies of one report are linked, everything that only looks like one is not, and a quote is "also
in" what prints it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hash_embedder import HashEmbedder
from llm_server import KEY, LlmServer, Play
from newsroom import catalog_at
from pydantic import SecretStr

import index.store.duplicates
from bot.admin.views import article_json
from bot.answer.copies import other_publishers
from bot.answer.desk import Desk, Request
from bot.write.desk import WrittenDesk
from bot.write.llm import Llm
from index.archive import Archive
from index.articles import Article, Source
from index.batch import Batch, Prepared
from index.errors import ArchiveError
from index.ingest.changes import Options
from index.ingest.embedding import embed
from index.ingest.report import Progress
from index.ingest.run import run
from index.store.catalog import Catalog
from index.store.duplicates import Fingerprint, copied, figures, link, link_all, says
from index.text import passages_of
from settings import LlmSettings

LEAD = (
    "The port of Skelvik closed its northern quay on Tuesday after a crane toppled into the harbour, killing 20 "
    "dock workers and "
    "sinking a barge that was loaded with timber, the harbour master said."
)
BODY = (
    (
        "Divers searched the cold water until dark for three men who had been seen on the barge shortly before the "
        "crane fell."
    ),
    (
        'Harbour master Oda Brekke said that nobody had heard a warning. "The steel gave way without a sound," she '
        "told reporters at the gate."
    ),
    (
        "The crane was built in 1974 and passed its last inspection in October, according to papers that the port "
        "made public in the evening."
    ),
    (
        "A union of dock workers had complained twice this year that bolts at the foot of the crane were rusted "
        "through and no longer held."
    ),
    (
        "Ships bound for Skelvik were sent to the neighbouring port of Arnes, where merchants expect delays of at "
        "least two weeks."
    ),
    (
        "The prosecutor of the district opened an inquiry and asked the builder of the crane, a firm in Lorvik, for "
        "its drawings."
    ),
    (
        "Skelvik handles a third of the country's timber, and its mills keep stocks for ten days, the traders' "
        "association said."
    ),
)
WIRE = "\n\n".join((LEAD, *BODY))
EDITED = "SKELVIK, March 4 (Northern Agency) - " + WIRE.replace("toppled into", "collapsed into").replace(
    "until dark ", "until nightfall "
).replace("in the evening", "late on Tuesday").replace('"', "”")
UPDATED = WIRE.replace("killing 20 dock workers", "killing 31 dock workers")
INDEPENDENT = "\n\n".join(
    (
        (
            "At least 20 people died when a harbour crane came down in Skelvik on Tuesday, in what the mayor called "
            "the blackest day of the town."
        ),
        "Witnesses in the fish market spoke of a groan of metal and then a wave that threw small boats on to the pier.",
        (
            "Rescuers pulled eleven survivors from a timber barge, some of them badly hurt, and took them to the "
            "hospital at Arnes."
        ),
        (
            "Mayor Tove Lund said the town had asked for years that the old crane be taken down, and that the port "
            "would have to explain itself."
        ),
        (
            "The government promised money for the families. A minute of silence is to be held at noon on Wednesday "
            "in all ports of the coast."
        ),
    )
)
FOLLOW_UP = "\n\n".join(
    (
        (
            "Prosecutors searched the offices of a crane builder in Lorvik on Wednesday, a day after one of its "
            "machines fell into the harbour."
        ),
        (
            "Investigators carried away forty boxes of drawings and letters, and questioned two engineers for most "
            "of the morning."
        ),
        *BODY[1:],
    )
)
FURNITURE = (
    "Register now to read on. We use the details that you share with us to manage your subscription and to send "
    "you letters about offers of "
    "our partners, as our privacy notice explains at length. You may object to this use at any time by writing "
    "to the address at the foot."
)
UNRELATED = (
    "The baker of Tromhus has won the prize for the best rye loaf of the county for the fourth year in a row, "
    "with a dough that rests for "
    "thirty hours in a cellar. Judges praised the crust. Second came a school, whose pupils bake for the old "
    "people of the village each week."
)
GREEK = (
    "Το λιμάνι έκλεισε την Τρίτη αφού ένας γερανός έπεσε στη θάλασσα και σκότωσε είκοσι εργάτες, είπε ο λιμενάρχης "
    "στους δημοσιογράφους. "
)
CHINESE = (
    "周二，一台起重机倒入港口，造成二十名码头工人死亡，港务局长对记者表示。"
    "潜水员一直搜寻到天黑，寻找事发前在驳船上的三个人。检察官已经展开调查。"
)
DAY = date(2025, 3, 4)


def article(id_: str, text: str, day: date | None = DAY, publisher: str = "", title: str = "") -> Article:
    return Article.of(
        Source(id_, title or f"Headline of {id_}", publisher or f"{id_} Gazette", path=f"/{id_}.txt", published=day),
        text,
    )


def are_copies(one: Article, other: Article, cosine: float = 0.0) -> bool:
    first, second = (Fingerprint.of(each) for each in (one, other))
    found = copied(first, second, lambda: cosine)
    assert copied(second, first, lambda: cosine) == found
    return found


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        pytest.param(WIRE, DAY, True, id="the-same"),
        pytest.param(WIRE, None, True, id="the-same-undated"),
        pytest.param(EDITED, DAY, True, id="edited-with-a-dateline"),
        pytest.param(EDITED, date(2025, 3, 5), True, id="edited-and-printed-a-day-later"),
        pytest.param("\n\n".join((LEAD, *BODY[:2])), DAY, True, id="shortened"),
        pytest.param("\n\n".join((LEAD, *BODY[::2])), DAY, True, id="every-second-paragraph-left-out"),
        pytest.param(
            WIRE.replace("three men", "3 men").replace("two weeks", "2 weeks"), DAY, True, id="numbers-spelt-otherwise"
        ),
        pytest.param(UPDATED, DAY, False, id="another-number-of-dead"),
        pytest.param(WIRE.replace("20 dock", "thirty dock"), DAY, False, id="another-number-in-words"),
        pytest.param(WIRE.replace("Skelvik", "Hammerby"), DAY, False, id="another-town-from-the-same-mould"),
        pytest.param(WIRE.replace("on Tuesday", "on March 4"), DAY, True, id="the-day-as-a-date"),
        pytest.param(INDEPENDENT, DAY, False, id="another-paper's-own-report"),
        pytest.param(FOLLOW_UP, date(2025, 3, 5), False, id="the-next-day-with-the-background-repeated"),
        pytest.param(FOLLOW_UP, DAY, False, id="a-follow-up-of-the-same-day"),
        pytest.param(f"{UNRELATED}\n\n{FURNITURE}", DAY, False, id="something-else"),
        pytest.param(
            f"The week in short. {UNRELATED} {INDEPENDENT}\n\n{WIRE}\n\n{UNRELATED}",
            DAY,
            False,
            id="a-round-up-that-holds-it",
        ),
        pytest.param("The port of Skelvik closed.", DAY, False, id="very-short"),
        pytest.param("", DAY, False, id="empty"),
    ],
)
def test_a_copy_is_told_from_what_only_resembles_one(text, day, expected):
    assert are_copies(article("a", WIRE), article("b", text, day)) == expected


def test_page_furniture_in_common_makes_no_copies():
    assert not are_copies(article("a", f"{WIRE}\n\n{FURNITURE}"), article("b", f"{UNRELATED}\n\n{FURNITURE}"))


def test_a_much_edited_copy_of_the_same_day_is_told_by_its_meaning():
    words = WIRE.split(" ")
    much = " ".join("indeed" if place % 8 == 7 else word for place, word in enumerate(words))
    assert are_copies(article("a", WIRE), article("b", much), cosine=0.95)
    assert not are_copies(article("a", WIRE), article("b", much), cosine=0.7)
    assert not are_copies(article("a", WIRE), article("b", much, date(2025, 3, 6)), cosine=0.95)


@pytest.mark.parametrize("text", [GREEK, CHINESE], ids=["greek", "chinese"])
def test_other_scripts_are_compared_alike(text):
    assert are_copies(article("a", text), article("b", text + text[:5]))
    assert not are_copies(article("a", text), article("b", WIRE))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000 men in 3.5 hours", {"1000", "3.5"}),
        ("Twenty-one of five", {"20", "5"}),
        ("no one, alone", set()),
        ("", set()),
    ],
)
def test_figures_of_a_text(text, expected):
    assert figures(text) == expected


def test_a_passage_is_said_already_only_with_its_figures():
    assert says(WIRE, BODY[2])
    assert says(WIRE, BODY[2].replace("made public", "published"))
    assert not says(WIRE, BODY[2].replace("1974", "1979"))
    assert not says(WIRE, INDEPENDENT)
    assert not says(WIRE, "")


class Newspaper:
    """An archive with a hashing embedder, changed by batches as a run changes it."""

    def __init__(self, folder: Path) -> None:
        self.embedder = HashEmbedder()
        self.archive = Archive(folder, create=True)

    def put(self, *articles: Article, removed: Sequence[str] = ()) -> None:
        batch = Batch([Prepared.of(each, each.source.path, each.digest, ()) for each in articles], list(removed))
        embed(self.archive, self.embedder, batch.articles)
        self.archive.publish(batch, self.embedder.identity)

    def ask(self, question: str):
        return Desk(self.archive, self.embedder, level="eager").ask(Request(question, date(2025, 3, 31)))


@pytest.fixture
def desk(tmp_path):
    made = Newspaper(tmp_path / "desk")
    yield made
    made.archive.close()


def both(*pairs: tuple[str, str]) -> set[tuple[str, str]]:
    return {pair for one, other in pairs for pair in ((one, other), (other, one))}


STORIES = [
    article("aa", WIRE),
    article("bb", EDITED),
    article("cc", "\n\n".join((LEAD, *BODY[:2]))),
    article("dd", INDEPENDENT),
    article("ee", UNRELATED),
]
LINKS = both(("aa", "bb"), ("aa", "cc"), ("bb", "cc"))


@pytest.fixture
def catalog(tmp_path):
    opened = Catalog(catalog_at(tmp_path / "catalog.sqlite3"))
    yield opened
    opened.close()


def put(catalog: Catalog, *articles: Article, removed: Sequence[str] = ()) -> None:
    with catalog.transaction() as transaction:
        transaction.remove_articles(removed)
        for each in articles:
            transaction.put_article(each, "", "", (), ())
        link(transaction, articles)


def links(catalog: Catalog) -> set[tuple[str, str]]:
    with catalog.snapshot() as snapshot:
        every = [source.id for source, _ in snapshot.sources()]
        return {(one, other) for one, others in snapshot.duplicates(every).items() for other in others}


@pytest.mark.parametrize(
    "order",
    itertools.islice(itertools.permutations(STORIES), 0, 120, 13),
    ids=lambda order: "-".join(each.source.id for each in order),
)
@pytest.mark.parametrize("together", [True, False], ids=["together", "one-by-one"])
def test_copies_are_linked_in_whatever_order_they_come(catalog, order, together):
    for group in [order] if together else [[each] for each in order]:
        put(catalog, *group)
    assert links(catalog) == LINKS


@pytest.mark.both
def test_a_change_breaks_a_link_and_another_mends_it(catalog):
    put(catalog, *STORIES)
    put(catalog, article("bb", UPDATED.replace("20", "31")))
    assert links(catalog) == both(("aa", "cc"))
    put(catalog, article("bb", EDITED))
    assert links(catalog) == LINKS
    put(catalog, removed=["aa"])
    assert links(catalog) == both(("bb", "cc"))


@pytest.mark.both
def test_links_come_and_go_with_the_transaction_that_puts_the_article_in(catalog):
    class KilledError(Exception):
        pass

    def put_and_die() -> None:
        with catalog.transaction() as transaction:
            transaction.put_article(STORIES[1], "", "", (), ())
            link(transaction, [STORIES[1]])
            assert transaction.duplicates(["aa"]) == {"aa": ["bb"]}
            raise KilledError

    put(catalog, STORIES[0])
    with pytest.raises(KilledError):
        put_and_die()
    assert links(catalog) == set()
    put(catalog, STORIES[1])
    assert links(catalog) == both(("aa", "bb"))


@pytest.mark.both
def test_a_much_edited_copy_is_compared_by_the_vectors_in_the_catalog(catalog):
    much = article("bb", " ".join("indeed" if place % 8 == 7 else word for place, word in enumerate(WIRE.split(" "))))
    for near, expected in ((0.95, both(("aa", "bb"))), (0.5, set())):
        vectors = {"aa": np.array([1, 0], np.float32), "bb": np.array([near, np.sqrt(1 - near**2)], np.float32)}
        with catalog.transaction() as transaction:
            transaction.put_fact("model", f"model-{near}")
            transaction.put_embeddings(f"model-{near}", vectors)
            for each in (STORIES[0], much):
                passage = passages_of(each)[0]
                transaction.put_article(each, "", "", (), [(passage, each.source.id, "", "")])
            link(transaction, [STORIES[0], much])
        assert links(catalog) == expected


@pytest.mark.both
def test_an_older_archive_is_sketched_by_the_next_run_and_only_once(desk, monkeypatch):
    desk.put(*STORIES)
    with desk.archive.catalog.transaction() as transaction:
        transaction.forget_sketches()
        transaction.put_fact("sketches", "0")
    monkeypatch.setattr(index.store.duplicates, "_AT_ONCE", 2)
    stops = iter([False, True])
    assert link_all(desk.archive.catalog, lambda: next(stops)) == 2  # stopped half-way
    run(desk.archive, desk.embedder, Options([]), Progress())
    assert links(desk.archive.catalog) == LINKS
    assert link_all(desk.archive.catalog) == 0


@pytest.mark.both
def test_a_page_that_stands_in_place_of_every_article_makes_no_thousands_of_pairs(catalog):
    put(catalog, *[article(f"{number:03}", FURNITURE) for number in range(60)])
    assert links(catalog) == set()  # equal texts are found by their digest


def put_files(folder: Path, stories: Sequence[Article]) -> None:
    folder.mkdir(exist_ok=True)
    lines = [
        {
            "id": a.source.id,
            "title": a.source.title,
            "source": a.source.publisher,
            "date": a.source.published and a.source.published.isoformat(),
            "text": a.text,
        }
        for a in stories
    ]
    (folder / "wire.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.both
def test_a_run_counts_copies_and_show_names_them(newsroom):
    put_files(newsroom.articles, STORIES)
    assert newsroom.ingest()["duplicates"] == 2
    archive = newsroom.open()
    with archive.catalog.snapshot() as snapshot:
        ids = {source.path.rsplit("#")[-1]: source.id for source, _ in snapshot.sources()}
        assert article_json(snapshot, ids["aa"])["duplicates"] == sorted((ids["bb"], ids["cc"]))
        assert article_json(snapshot, ids["dd"])["duplicates"] == []
    archive.close()
    put_files(newsroom.articles, [*STORIES, article("ff", EDITED)])
    assert newsroom.ingest()["duplicates"] == 1


@pytest.mark.both
def test_copies_count_once_in_a_search_and_other_figures_are_not_hidden(desk):
    other_figures = article("zz", UPDATED.replace("1974", "1979"), date(2025, 3, 5))
    desk.put(*STORIES, other_figures)
    ids = [hit.article.source.id for hit in desk.ask("How many dock workers did the crane of Skelvik kill?").hits]
    best = next(id_ for id_ in ids if id_ in ("aa", "bb", "cc"))
    first_copy = min(ids.index(id_) for id_ in ("aa", "bb", "cc") if id_ != best)
    assert {best, "dd", "ee", "zz"} == set(ids[:first_copy])
    assert {"aa", "bb", "cc"} <= set(ids)  # behind everything else, not lost


@pytest.mark.both
def test_also_in_names_only_papers_that_print_the_quote(desk):
    cut = article("cc", "\n\n".join((LEAD, *BODY[:1], *BODY[2:])), publisher="Island Herald")  # without Brekke's words
    changed = article("bb", WIRE.replace("without a sound", "without any sound"), publisher="Coast Post")
    curly = article("gg", WIRE.replace('"', "”").replace("\n\n", "\n"), publisher="Valley News")
    desk.put(STORIES[0], cut, changed, curly, STORIES[3])
    assert both(("aa", "bb"), ("aa", "cc"), ("aa", "gg")) <= links(desk.archive.catalog)
    with desk.archive.catalog.snapshot() as snapshot:
        [where, of_lead] = other_publishers(snapshot, [(STORIES[0], " ".join(BODY[1].split())), (STORIES[0], LEAD)], [])
    assert where == ("Valley News",)
    assert set(of_lead) == {"Coast Post", "Island Herald", "Valley News"}


@pytest.mark.both
def test_an_answer_says_where_else_its_quote_stands(desk):
    desk.put(article("aa", WIRE, publisher="Meridian Wire"), article("bb", EDITED, publisher="Coast Post"), STORIES[4])
    reply = desk.ask("What did Oda Brekke say about the crane?").as_json()
    [citation] = [each for each in reply["citations"] if "steel gave way" in each["quote"]]
    assert {citation["publisher"], *citation["also_in"]} == {"Meridian Wire", "Coast Post"}


def written(desk, before=lambda: None):
    """What a model answers by copying a sentence that two papers print; ``before`` is done while it writes."""

    def copied(seen):
        before()
        return f"{BODY[4]} [{next(key for key, text in seen.passages.items() if BODY[4] in text)}]"

    desk.put(article("aa", WIRE, publisher="Meridian Wire"), article("bb", EDITED, publisher="Coast Post"), STORIES[4])
    with LlmServer(Play(copied)) as server:
        settings = LlmSettings(model="openai-like:stand-in", base_url=server.url, api_key=SecretStr(KEY), seconds=30)
        answerer = WrittenDesk(Desk(desk.archive, desk.embedder), Llm(settings), desk.embedder, settings)
        return answerer.ask(Request("What did Oda Brekke say about the crane?", date(2025, 3, 31))).as_json()


def test_an_answer_that_a_model_wrote_says_it_too(desk):
    reply = written(desk)
    [citation] = reply["citations"]
    assert reply["answerer"] == "llm"
    assert {citation["publisher"], *citation["also_in"]} == {"Meridian Wire", "Coast Post"}


def test_a_catalog_that_goes_down_while_a_model_writes_takes_no_sentence_back(desk, monkeypatch):
    def down(_work):
        raise ArchiveError("The catalog is down.")

    reply = written(desk, lambda: monkeypatch.setattr(desk.archive, "read", down))
    assert (reply["answerer"], [citation["also_in"] for citation in reply["citations"]]) == ("llm", [[]])


def test_the_same_paper_is_not_named_as_another(desk):
    desk.put(
        article("aa", WIRE, publisher="Meridian Wire"),
        article("bb", WIRE, publisher="Meridian Wire"),
        article("cc", WIRE, publisher="Coast Post"),
    )
    citations = desk.ask("What did Oda Brekke say about the crane?").as_json()["citations"]
    assert citations
    for citation in citations:
        assert citation["also_in"] == (
            ["Coast Post"] if citation["publisher"] == "Meridian Wire" else ["Meridian Wire"]
        )
