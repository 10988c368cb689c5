"""A question that the headline alone answers is answered with it; what a sentence of the text says is quoted there."""

from __future__ import annotations

import json
from datetime import date

import pytest
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.answer.headlines import headline
from bot.check.checker import Draft, check
from bot.journal.stored_answer import StoredAnswer, stored_answer
from bot.reply import Answer, Links, as_json
from bot.slack.messages.blocks import answer as slack_answer
from bot.terminal import answer_text
from index.articles import Article, Source
from index.model.reader import OWN, reader_of
from index.model.runtime import Model
from index.text import passages_of

ARTICLES = {
    "Bus fare in Tervik rises to 38 kroner": "The decision fell late on Monday. Schoolchildren and pensioners had "
    "protested in front of the town hall. Diesel has become dearer, the operator explains.",
    "Dockers in Marhavn end strike after nine days": "Both sides signed the paper on Sunday at dawn. The cranes move "
    "again from Tuesday. Hundreds of containers had been left standing on the quay.",
    "Head of Tervik library steps down": "Ragna Lund gave no reasons in her short letter. Her deputy will look after "
    "the house until summer. There had been quarrels about the opening hours.",
    "Oda Strand wins the Tervik ski race": "Fog hung over the course all morning. More than nine hundred people "
    "started at the old mill. The organisers speak of a record.",
    "Avalanche above Marhavn kills four": "The snow came loose shortly after ten in the morning. Helicopters searched "
    "until dark. The mountain rescue warns of further slides.",
    "Skarnes tunnel to reopen on 12 September": "New fans and lamps have been built in. Until then the road over the "
    "pass must do. The repair cost more than planned because of water in the rock.",
    "Judges block fish farm off Marhavn because of seals": "A group of divers had brought the complaint. The company "
    "may appeal within a month. It had wanted to begin in spring.",
    "Dairy Kvitost recalls cheese over metal splinters": "Customers can bring the packets back without a receipt. "
    "Nobody has complained of an injury so far. The plant is being searched.",
    "Brewery Haugen buys rival Fossum for 70 million kroner": "Both firms announced it on Friday. The competition "
    "authority has yet to agree. All 12 pubs stay open, and no jobs are to go.",
    "Minister Dagny Moe says dental care will be free from January": "She presented the plan in the capital on "
    "Wednesday. Dentists were surprised. The opposition calls the plan badly prepared.",
    "Lynx returns to Skarnes forest after 60 years": "A camera at a feeding place took the picture at night. Hunters "
    "and farmers are to be heard in a meeting. The place is kept secret.",
    "What we know about the gas leak in Osdal": "Two streets were cleared on Thursday evening. The pipe had been laid "
    "in the sixties. Specialists are looking for the hole.",
    "Will the Osdal cinema close next year?": "The owner has spoken with several buyers. The roof needs repairs. The "
    "town would like to keep the house.",
    "Opinion: Osdal must save its theatre": "Hardly any house means so much to us. The council is saving in the wrong "
    "place. Let us collect money together.",
    "Council of Osdal rejects plan for a wind park": "The vote was taken late in the evening. The parties in power "
    "were divided. The county governor said he accepted the result.",
    "Unemployment in Skarnes rises to 7.4 percent": "The labour office speaks of a seasonal effect. Building firms in "
    "particular let people go. Trade unions demand a programme.",
    "Author Mira Solbakk dies aged 88": "Her novels were translated into thirty languages. She received the state "
    "prize twice. The funeral takes place privately.",
    "Drought forces Lomvik to ration water": "Gardens may no longer be watered. The reservoir is at its lowest level. "
    "Rain is not in sight.",
    "Toll on the Osdal bridge doubles to 6 euros": "Drivers pay 6 euros for the Osdal bridge from Monday, twice as "
    "much as before, the county said.",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headlines")
    lines = [
        {"id": str(number), "title": title, "date": "2025-03-01", "source": "The Quay", "text": text,
         "url": f"https://quay.example/{number}"}
        for number, (title, text) in enumerate(ARTICLES.items())
    ]  # fmt: skip
    with ingested(folder, lines, Model()) as archive:
        yield Desk(archive, Model(), reader=reader_of(OWN))


def asked(desk, question):
    return desk.ask(Request(question, date(2025, 3, 31)))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How much is the bus fare in Tervik?", "38 kroner"),
        ("How many kroner does the bus fare in Tervik rise to?", "38 kroner"),
        ("How long did the strike of the dockers in Marhavn last?", "nine days"),
        ("Has the head of the Tervik library stepped down?", "steps down"),
        ("Did the dockers in Marhavn end their strike?", "end strike"),
        ("Who won the Tervik ski race?", "Oda Strand"),
        ("How many people did the avalanche above Marhavn kill?", "four"),
        pytest.param(
            "How many people died in the avalanche above Marhavn?",
            "four",
            marks=pytest.mark.xfail(strict=True, reason="the reader does not take 'kills four' for four who died"),
        ),
        ("When does the Skarnes tunnel reopen?", "12 September"),
        ("When will the Skarnes tunnel open?", "12 September"),
        ("Why did judges block the fish farm off Marhavn?", "seals"),
        ("How much did Haugen pay for Fossum?", "70 million"),
        ("Who bought Fossum?", "Haugen"),
        ("What did Dagny Moe say about dental care?", "free from January"),
        ("Will dental care be free?", "free from January"),
        ("Which animal has returned to the Skarnes forest?", "Lynx"),
        ("How high is unemployment in Skarnes?", "7.4 percent"),
        ("What is the unemployment rate in Skarnes?", "7.4 percent"),
        ("How old was Mira Solbakk when she died?", "88"),
        ("Why does Lomvik ration water?", "Drought"),
        ("What forces Lomvik to ration water?", "Drought"),
        ("After how many years did the lynx return to the Skarnes forest?", "60 years"),
    ],
)
def test_what_the_headline_alone_says_is_answered_with_it(question, words, desk):
    result = asked(desk, question).result
    assert isinstance(result, Answer)
    first = result.citations[0]
    assert first.headline
    assert words in first.quote == first.article.source.title[first.start : first.end]


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("Who lost the Tervik ski race?", id="the opposite"),
        pytest.param("How many people did the avalanche above Marhavn injure?", id="another verb"),
        pytest.param("Has the head of the Tervik museum stepped down?", id="another house"),
        pytest.param("Why did the head of the Tervik library step down?", id="no reason"),
        pytest.param("How old is Oda Strand who won the Tervik ski race?", id="no age"),
        pytest.param("Will the Osdal cinema close next year?", id="a question"),
        pytest.param("What do we know about the gas leak in Osdal?", id="points below"),
        pytest.param("What must Osdal save?", id="an opinion"),
        pytest.param("How much is the toll on the Osdal bridge?", id="the text says it too"),
        pytest.param("How many pubs does Fossum have?", id="only the text says it"),
        pytest.param("Who wins the Lomvik ski race?", id="another race"),
    ],
)
def test_what_the_headline_does_not_answer_is_not_answered_with_it(question, desk):
    result = asked(desk, question).result
    assert not isinstance(result, Answer) or not any(citation.headline for citation in result.citations)


def test_a_sentence_that_says_the_same_is_quoted_before_the_headline(desk):
    result = asked(desk, "How much is the toll on the Osdal bridge?").result
    assert [(citation.headline, citation.quote[:19]) for citation in result.citations] == [
        (False, "Drivers pay 6 euros")
    ]


@pytest.mark.parametrize(
    ("title", "stated"),
    [
        ("Bus fare in Tervik rises to 38 kroner", "Bus fare in Tervik rises to 38 kroner"),
        ("News | Bus fare in Tervik rises to 38 kroner | The Quay", "Bus fare in Tervik rises to 38 kroner"),
        ("WHO warns of measles in Osdal", "WHO warns of measles in Osdal"),
        ("Will buses in Tervik become dearer?", None),
        ("Why buses in Tervik become dearer", None),
        ("How Tervik saved its buses from ruin", None),
        ("Here’s what the new fares mean for you", None),
        ("Five things to know about the new fares", None),
        ("Live: Storm reaches the coast at Marhavn", None),
        ("The storm at Marhavn in pictures", None),
        ("Storm at Marhavn – as it happened", None),
        ("Bus fare in Tervik rises to …", None),
        ("Warum die Busse in Tervik teurer werden", None),
        ("Latest news from Tervik and Osdal", None),
        ("All the top stories", None),
        ("Local news", None),
        ("Bus fares rise", None),
    ],
)
def test_only_a_title_that_states_something_is_a_headline(title, stated):
    found = headline(Source("a", title, path="news.jsonl#1"))
    assert (found and title[slice(*found)]) == stated


def test_the_name_of_a_file_is_no_headline():
    assert headline(Source("a", "bus fare in tervik.txt", path="/news/bus fare in tervik.txt")) is None


def test_the_checker_compares_a_headline_with_the_title():
    article = Article.of(Source("a", "Bus fare in Tervik rises to 38 kroner"), "The decision fell late on Monday.")
    [passage] = passages_of(article)
    true = Draft("Bus fare in Tervik rises", article, passage, 0, 24, headline=True)
    false = Draft("Bus fare in Tervik falls", article, passage, 0, 24, headline=True)
    beyond = Draft("Bus fare in Tervik rises to 38 kroner", article, passage, 0, 99, headline=True)
    sentences, citations, dropped = check([true, false, beyond])
    assert [sentence.text for sentence in sentences] == ["Bus fare in Tervik rises"]
    assert [(citation.quote, citation.headline) for citation in citations] == [("Bus fare in Tervik rises", True)]
    assert [item.reason for item in dropped] == [
        "the sentence is not what the article says",
        "the quoted place lies outside the article",
    ]


def test_it_is_said_everywhere_that_the_headline_is_quoted(desk):
    reply = asked(desk, "Who won the Tervik ski race?")
    [cited] = [item for item in as_json(reply.result)["citations"] if item["number"] == 1]
    assert (cited["place"], cited["start"], cited["end"]) == ("headline", 0, len("Oda Strand wins the Tervik ski race"))
    assert cited["link"].endswith("#:~:text=Oda%20Strand%20wins%20the%20Tervik%20ski%20race")
    assert "[1] The Quay, 1 Mar 2025: Oda Strand wins the Tervik ski race (headline)" in answer_text(reply)
    stored = StoredAnswer.from_json(stored_answer(reply, links=Links()).as_json())
    [message] = slack_answer(stored, "x")
    assert "(headline)" in message.text
    assert " (headline)" in json.dumps(message.blocks)
    assert (stored.cited[0].before, stored.cited[0].after) == ("", "")
