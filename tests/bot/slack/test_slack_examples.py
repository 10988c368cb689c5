# ruff: noqa: E501
"""The examples: questions in plain English, whatever the headlines, that the archive answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from slack_room import article

from bot.answer.examples import example_questions, examples, mixed
from index.archive import Archive
from index.articles import Article, StoredStatement
from index.statements import statements
from index.text import spans

HEADLINES = [
    "What we know about the day the ferry sank", "Is it over?", "'We will not leave'", "How one click emptied the till", "LIVE: talks resume", "Why Visby waits",
    "10 things to know", "They said yes – then what?", "Who did it and why it matters", "Watch | Storm hits coast", "“Nobody waved”: a captain speaks", "Opinion: let them vote",
]  # fmt: skip
FIRST = "Ada Björn Carla Dmitri Elif Farid Greta Henrik".split()
LAST = "Lindqvist Marlow Ngata Okafor Petrov Quist Rask Sørensen Tull Ulvaeus".split()
ABOUT = ["Visby", "the Baltic Pact", "Turku Shipyard", "the Kattegat"]
# Capital letters as names, and nothing else that could be the object of a sentence.
NAME = r"(?:the )?(?:[A-ZÀ-Þ][\w’'-]*)(?: (?:[A-ZÀ-Þ][\w’'-]*|van|von|der|den|de|del|di|da|al|bin|ibn|la|le))*"
ROLE = r"the [a-z-]+(?: [a-z-]+)? of (?:the )?[\w-]+"
FORM = re.compile(rf"What did (?:{NAME}|{ROLE}) say(?: about {NAME})?\?")
ASKING = re.compile(r"\b(?:who|what|when|where|why|which|how|whether|is|are|was|we|they|it)\b", re.I)


def stored(source: Article) -> list[StoredStatement]:
    """The statements of an article as ingest stores them."""
    places = spans(source.text)
    said = statements([source.text[start:end] for start, end in places])
    return [StoredStatement(source.source.id, *places[one.index], one.speaker, one.verb, one.carried) for one in said]


def news() -> Iterator[Article]:
    """An article for each of 80 people, under headlines that no question can hold."""
    for number, (first, last) in enumerate(product(FIRST, LAST)):
        one, other, third = (ABOUT[(number + step) % len(ABOUT)] for step in range(3))
        text = (
            f"The talks went on until Sunday. Mayor {first} {last} said that {one} was ready. “{other} has waited long "
            f"enough,” said {first} {last}. On Monday {last} told reporters that {third} would follow {one}, and that "
            f"nobody in {other} had asked {third} yet."
        )
        yield article(text, HEADLINES[number % len(HEADLINES)])


def questions_of(archive: Archive) -> list[tuple[str, str]]:
    with archive.catalog.snapshot() as snapshot:
        ids = [source.id for source, _ in snapshot.sources() if source.language == "en"]
        articles, said = snapshot.articles(ids), snapshot.statements_of(ids)
    return [(asked, articles[id_].source.title) for id_ in ids for asked in examples(articles[id_], said[id_])]


def test_two_hundred_examples_are_plain_questions(sample_archive):
    archive = Archive(sample_archive)
    found = questions_of(archive)
    archive.close()
    assert len(found) > 40
    found += [(asked, one.source.title) for one in news() for asked in examples(one, stored(one))]
    assert len({asked for asked, _ in found}) >= 200
    for asked, headline in found:
        assert FORM.fullmatch(asked), asked
        assert not ASKING.search(asked.removeprefix("What did ").removesuffix("?")), asked
        assert headline.strip("?!.").lower() not in asked.lower()
        assert len(asked) < 120


def test_the_examples_are_of_the_newest_articles_and_none_comes_twice(sample_archive):
    archive = Archive(sample_archive)
    number, asked = example_questions(archive)
    archive.close()
    assert number == 1
    assert len(asked) == len(set(asked)) == 12
    assert len({question.partition(" say")[0] for question in asked}) > 4


def test_questions_on_several_articles_take_turns():
    assert list(mixed([["a", "b", "c"], [], ["A", "d"]])) == ["a", "b", "d", "c"]


def test_an_article_that_names_nobody_gives_no_example():
    one = article("It rained on Monday. Nobody said a word. The street was wet.", "Who knew?")
    assert examples(one, stored(one)) == []


def test_names_that_never_end_are_no_names():
    name = "A" + "b" * 5_000
    one = article(f"In the end {name} {name} said that {name}x went to {name}x.", "x")
    assert examples(one, [StoredStatement(one.source.id, 0, len(one.text), f"{name} {name}", "said", False)]) == []
