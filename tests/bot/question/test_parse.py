"""Questions taken apart: kind, speaker, names, and what a follow-up means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.question.follow_up import complete_follow_up
from bot.question.parse import parse_question
from index.store.rows import ANYTHING, Scope
from index.text import term_of, terms

TODAY = date(2025, 3, 20)

KINDS = [
    pytest.param("what did Macron say about the truce", "said", id="what-did-x-say"),
    pytest.param("What has Macron said about the truce?", "said", id="what-has-x-said"),
    pytest.param("What did Kaja Kallas write after the argument?", "said", id="write"),
    pytest.param("What does Putin think of the truce?", "said", id="think"),
    pytest.param("How did Macron react to the summit?", "said", id="how-did-x-react"),
    pytest.param("According to Macron, what would the truce cover?", "said", id="according-to"),
    pytest.param("What did Macron say last week about the truce?", "said", id="said-with-a-time"),
    pytest.param("How many seats does the AfD have?", "number", id="how-many"),
    pytest.param("how much was stolen from Bybit", "number", id="how-much"),
    pytest.param("What percentage of the vote did the Left get?", "number", id="percentage"),
    pytest.param("How long would the truce last?", "number", id="how-long"),
    pytest.param("Who represented Ukraine in Jeddah?", "who", id="who"),
    pytest.param("Which minister resigned?", "who", id="which-minister"),
    pytest.param("When did the Bundestag vote?", "when", id="when"),
    pytest.param("On which day did the lights go out?", "when", id="on-which-day"),
    pytest.param("Where did the leaders meet?", "where", id="where"),
    pytest.param("In which city did the leaders meet?", "where", id="in-which-city"),
    pytest.param("The leaders met in London. On what date did they meet?", "when", id="the-last-sentence-asks"),
    pytest.param("The barristers will strike from when?", "when", id="at-the-end"),
    pytest.param("Why did Bavaria vote in favour?", "why", id="why"),
    pytest.param("What is ReArm Europe?", "other", id="what-is"),
    pytest.param("truce", "topic", id="one-word"),
    pytest.param("minerals deal", "topic", id="two-words"),
    pytest.param("Tell me about the Bybit heist.", "topic", id="tell-me-about"),
    pytest.param("what happened to the grain deal?", "happened", id="what-happened"),
    pytest.param("What has been happening with the minerals deal", "other", id="not-every-happening"),
    pytest.param("what's the latest on the ceasefire", "happened", id="the-latest"),
    pytest.param("timeline of the truce talks", "happened", id="timeline"),
    pytest.param("News Corp bought whom?", "who", id="a-company-is-no-news"),
    pytest.param("How do Macron and Starmer differ on the truce?", "compare", id="differ"),
    pytest.param("What is the difference between Macron and Starmer on the truce?", "compare", id="difference-between"),
    pytest.param("Compare the positions of Merz and Scholz on the debt brake", "compare", id="compare"),
    pytest.param("How does Merz's plan compare to Scholz's?", "compare", id="plans-compared"),
    pytest.param("compare Merz's and Scholz's reaction to the vote", "compare", id="reactions-compared"),
    pytest.param("Merz vs Scholz on the debt brake", "compare", id="versus"),
    pytest.param("Selby vs Aldmoor", "topic", id="a-match-is-no-comparison"),
    pytest.param("the fire chief was fired why", "why", id="why-at-the-end"),
    pytest.param("plane crash how many dead", "number", id="how-many-inside"),
    pytest.param("the talks were held where", "where", id="where-at-the-end"),
    pytest.param("Did China sign?", "yesno", id="yes-no"),
    pytest.param("Isn't entry free?", "yesno", id="yes-no-negated"),
    pytest.param("Do you know whether China signed?", "yesno", id="whether"),
    pytest.param("Was it France or Britain that proposed it?", "other", id="one-or-the-other"),
    pytest.param("Can you tell me who signed?", "who", id="politely"),
    pytest.param("Which countries did not sign?", "list", id="which-countries"),
    pytest.param("which three ports were opened", "list", id="which-three"),
    pytest.param("List the ports.", "list", id="list"),
    pytest.param("What are the conditions of the deal?", "list", id="what-are-the"),
    pytest.param("Who are the members of the coalition?", "list", id="who-are-the"),
    pytest.param("What makes the truce fragile?", "other", id="a-verb-is-no-plural"),
    pytest.param("Which country leaves the euro?", "who", id="one-country"),
]


@pytest.mark.parametrize(("question", "kind"), KINDS)
def test_the_kind_of_a_question(question, kind):
    assert parse_question(question, TODAY).kind == kind


SPEAKERS = [
    pytest.param("what did Macron say about the truce", "Macron", id="last-name"),
    pytest.param("What did Emmanuel Macron say about the truce?", "Macron", id="full-name"),
    pytest.param("What did President Macron say about the truce?", "Macron", id="title-before"),
    pytest.param("What did French President Emmanuel Macron say about the truce?", "Macron", id="long-title"),
    pytest.param("what did macron say about the truce", "Macron", id="lower-case"),
    pytest.param("WHAT DID MACRON SAY ABOUT THE TRUCE", "Macron", id="shouting"),
    pytest.param("What did Зеленський say about the truce?", "Zelensky", id="cyrillic"),
    pytest.param("What has Zelenskyy said on the minerals deal?", "Zelensky", id="another-spelling"),
    pytest.param("What did Trump tell Zelensky about the cards?", "Trump", id="not-the-one-told"),
    pytest.param("According to Putin, who broke the truce?", "Putin", id="according-to"),
    pytest.param("according to the harbour master how many ships left", "master", id="according-to-without-a-comma"),
    pytest.param("how many ships left according to Reyes?", "Reyes", id="according-to-at-the-end"),
    pytest.param("macron said what about the truce", "Macron", id="what-at-the-end"),
    pytest.param("what Macron said about the truce", "Macron", id="without-did"),
    pytest.param("what's Macron saying about the truce", "Macron", id="what-s-saying"),
    pytest.param("Macron's reaction to the truce", "Macron", id="his-reaction"),
    pytest.param("what was the EU's response to the toll", "EU", id="a-body-that-is-a-title-elsewhere"),
    pytest.param("reaction of Macron to the truce", "Macron", id="reaction-of"),
    pytest.param("Did Macron's comments on troops upset Moscow?", None, id="his-comments-are-no-question"),
    pytest.param("What is the response time of the fire brigade?", None, id="a-time-is-no-speech"),
    pytest.param("How did Zelensky describe the answer?", "Zelensky", id="how-described"),
    pytest.param("What did the pilot and the people say?", "pilot", id="people-beside-somebody"),
    pytest.param("What did people say about the truce?", None, id="people-are-nobody"),
    pytest.param("What was said about the truce?", None, id="nobody-named"),
    pytest.param("What do the articles say about the truce?", None, id="articles-are-nobody"),
    pytest.param("Who said the truce would hold?", None, id="who-said"),
    pytest.param("What is the truce?", None, id="no-speech"),
    pytest.param("How many ships did Macron send?", None, id="a-deed"),
]


@pytest.mark.parametrize(("question", "speaker"), SPEAKERS)
def test_the_one_whose_words_are_wanted(question, speaker):
    expected = term_of(speaker) if speaker else ""
    assert parse_question(question, TODAY).speaker == ((expected,) if expected else ())


@pytest.mark.parametrize(
    "question", ["reaction of Macron and Starmer to the truce", "how did Macron and Starmer react"]
)
def test_two_who_react(question):
    assert parse_question(question, TODAY).speaker == (term_of("Macron"), term_of("Starmer"))


def test_two_who_are_asked_about_together_both_speak():
    assert parse_question("What did Emmanuel Macron and Starmer say about the truce?", TODAY).speaker == (
        term_of("Macron"),
        term_of("Starmer"),
    )


def test_the_speaker_is_no_part_of_the_topic():
    question = parse_question("what did Macron say about the truce in Ukraine", TODAY)
    assert question.topic == (term_of("truce"), term_of("Ukraine"))
    assert term_of("Macron") in question.terms


@pytest.mark.parametrize(
    "question", ["what did Zelensky say", "what did Zelenskyy say", "what did Zelenskiy say", "what did Зеленський say"]
)
def test_a_name_is_the_same_in_every_spelling(question):
    assert parse_question(question, TODAY).terms == (term_of("Zelensky"),)


NAMES = [
    pytest.param("What did Macron say about Russia?", {"Macron", "Russia"}, id="capitals"),
    pytest.param("How many seats has Volt won in 2025?", {"Volt"}, id="a-year-as-time-is-no-name"),
    pytest.param("What is TraderTraitor or APT38?", {"TraderTraitor", "APT38"}, id="letters-and-digits"),
    pytest.param("what did macron say", set(), id="lower-case"),
    pytest.param("WHAT DID MACRON SAY ABOUT RUSSIA", set(), id="shouting"),
    pytest.param("Which countries did not sign?", set(), id="first-word-is-no-name"),
    pytest.param("Bybit?", {"Bybit"}, id="a-name-alone"),
]


@pytest.mark.parametrize(("question", "names"), NAMES)
def test_the_names_in_a_question(question, names):
    assert parse_question(question, TODAY).names == {term_of(name) for name in names}


def test_time_and_topic_are_told_apart():
    question = parse_question("what did Merz say in February 2025 about the debt brake", TODAY)
    assert question.since == date(2025, 2, 1)
    assert set(question.topic) == set(terms("debt brake"))
    assert not question.latest


def test_a_time_in_passing_is_wished_for_and_a_bound_is_the_scope():
    passing, bound = (
        parse_question("what did Merz say last week", TODAY),
        parse_question("what did Merz say since Monday", TODAY),
    )
    assert (passing.scope(), passing.preference.since, passing.preference.speaker) == (
        ANYTHING,
        date(2025, 3, 10),
        (term_of("Merz"),),
    )
    assert (bound.scope().since, bound.preference.since) == (date(2025, 3, 17), None)


def test_what_the_asker_sets_limits_whatever_the_question_says():
    found = parse_question("what did Merz say last week", TODAY).scope(date(2025, 1, 1), None, "Courier")
    assert found == Scope(date(2025, 1, 1), None, "Courier")


def test_latest_is_a_wish_and_no_topic():
    question = parse_question("what is the latest death toll of the quake", TODAY)
    assert question.latest
    assert set(question.terms) == set(terms("death toll quake"))


ASKED = "what did Macron say about the truce"
FOLLOW_UPS = [
    pytest.param("and Starmer?", [ASKED], "what did Starmer say about the truce", id="and-another"),
    pytest.param("And Keir Starmer?", [ASKED], "what did Keir Starmer say about the truce", id="and-another-in-full"),
    pytest.param("what about Zelensky?", [ASKED], "what did Zelensky say about the truce", id="what-about"),
    pytest.param("how about Meloni", [ASKED], "what did Meloni say about the truce", id="how-about"),
]


@pytest.mark.parametrize(
    "question",
    [
        "How does Merz's plan compare to Scholz's?",
        "Compare Merz with Olaf Scholz on the debt brake",
        "compare Merz's and Scholz's reaction to the vote",
        "compare how Merz and Scholz reacted to the vote",
        "compare the reactions of Merz and Scholz to the vote",
        "Merz vs Scholz on the debt brake",
    ],
)
def test_the_two_who_are_compared(question):
    assert parse_question(question, TODAY).compared == (term_of("Merz"), term_of("Scholz"))


def test_the_two_who_differ_are_known_by_their_last_names():
    assert parse_question("How do Emmanuel Macron and Keir Starmer differ on the truce?", TODAY).compared == (
        term_of("Macron"),
        term_of("Starmer"),
    )
    assert parse_question("How do ships and trains run?", TODAY).compared == ()


def test_a_topic_follow_up_gets_the_subject_and_not_every_question_before():
    thread = ["Tell me about the Bybit heist.", "Who did it?"]
    assert set(terms("Bybit heist")) <= set(terms(complete_follow_up("How was it found out?", thread)))


@pytest.mark.parametrize(("question", "thread", "expected"), FOLLOW_UPS)
def test_a_follow_up_about_another_speaker_keeps_the_topic(question, thread, expected):
    assert complete_follow_up(question, thread) == expected


@pytest.mark.parametrize(
    "question", ["and what about the minerals deal?", "what about the minerals deal", "and the minerals deal?"]
)
def test_a_follow_up_about_another_topic_keeps_the_speaker(question):
    assert {term_of("Macron"), *terms("minerals deal")} <= set(terms(complete_follow_up(question, [ASKED])))


def test_follow_ups_in_a_row_keep_the_topic():
    third = complete_follow_up("and Meloni?", [ASKED, "and Starmer?"])
    assert {term_of("Meloni"), term_of("truce")} <= set(terms(third))
    assert term_of("Macron") not in terms(third)


LEANING = [
    pytest.param("why?", id="one-word"),
    pytest.param("When did he say that?", id="he-and-that"),
    pytest.param("Where was it?", id="it"),
    pytest.param("who else?", id="who-else"),
    pytest.param("and what about his conditions for European soldiers?", id="his"),
]


@pytest.mark.parametrize("question", LEANING)
def test_a_question_that_leans_on_the_one_before_gets_its_words(question):
    assert {term_of("Macron"), term_of("truce")} <= set(terms(complete_follow_up(question, [ASKED])))


ALONE = [
    pytest.param("How much was stolen from the Bybit exchange?", id="another-topic"),
    pytest.param("How many people died in the earthquake that hit Myanmar?", id="that-belongs-to-the-question"),
    pytest.param("How many seats are there in the new Bundestag?", id="there-is-no-pronoun"),
    pytest.param("What did Zelensky say about his visit to Washington?", id="his-is-zelensky"),
    pytest.param("Which bank said that it would cut rates in March?", id="it-is-the-bank"),
]


@pytest.mark.parametrize("question", ALONE)
def test_a_question_that_stands_alone_is_left_alone(question):
    assert complete_follow_up(question, [ASKED]) == question


@pytest.mark.parametrize("thread", [[], [""], ["?", " "]], ids=["no-thread", "empty", "without-words"])
def test_a_question_without_anything_before_is_left_alone(thread):
    assert complete_follow_up("and Starmer?", thread) == "and Starmer?"


def test_the_newest_question_of_a_thread_counts():
    found = complete_follow_up("why?", [ASKED, "How much was stolen from Bybit?"])
    assert term_of("Bybit") in terms(found)
    assert term_of("Macron") not in terms(found)


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=3))
def test_no_question_whatever_breaks_the_reading(text, thread):
    question = parse_question(complete_follow_up(text, thread), TODAY)
    assert set(question.topic) <= set(question.terms)
    assert "" not in question.names
