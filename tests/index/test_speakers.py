"""Who speaks in a sentence."""

from __future__ import annotations

import pytest

from bot.answer.candidates import is_bare_quote, stands_alone
from index.statements import acting_in, statements
from index.text import term_of

CASES = [
    # subject of a verb of speech
    pytest.param(["Macron said the truce would last a month."], 0, "Macron", True, id="plain"),
    pytest.param(["Emmanuel Macron told reporters the truce would last."], 0, "Macron", True, id="full-name"),
    pytest.param(
        ["French President Emmanuel Macron said on Sunday that it would last."], 0, "Macron", True, id="with-title"
    ),
    pytest.param(
        ["Macron, who was on his way to Rome, said the truce would last."], 0, "Macron", True, id="clause-between"
    ),
    pytest.param(["A truce must come first, Macron said."], 0, "Macron", True, id="behind-the-words"),
    pytest.param(["“We want peace,” Macron said."], 0, "Macron", True, id="behind-a-quote"),
    pytest.param(["“We want peace,” said Macron."], 0, "Macron", True, id="inverted"),
    pytest.param(
        ["“We want peace,” said the French president, Emmanuel Macron."], 0, "Macron", True, id="inverted-with-title"
    ),
    pytest.param(
        ["“We want peace,” said the harbour master, Tom Reyes, in Aldmoor."], 0, "Reyes", True, id="inverted-with-role"
    ),
    pytest.param(
        ["“Dear friends, you are not alone,” wrote the Polish prime minister, Donald Tusk."],
        0,
        "Tusk",
        True,
        id="inverted-wrote",
    ),
    pytest.param(
        ["“We want peace,” Macron said, “but not at any price.”"],
        0,
        "Macron",
        True,
        id="quote-split-around-the-speaker",
    ),
    pytest.param(
        ["“The question is how we use this time,” Macron told Le Figaro, “with weeks of talks.”"],
        0,
        "Macron",
        True,
        id="split-and-told",
    ),
    pytest.param(["According to Macron, the truce would last a month."], 0, "Macron", True, id="according-to-first"),
    pytest.param(
        ["The truce would last a month, according to Emmanuel Macron."], 0, "Macron", True, id="according-to-last"
    ),
    pytest.param(["Macron and Starmer said the truce would last."], 0, "Macron", True, id="two-speakers-first"),
    pytest.param(["Macron and Starmer said the truce would last."], 0, "Starmer", True, id="two-speakers-second"),
    pytest.param(["Macron urged European governments to raise their budgets."], 0, "Macron", True, id="urged"),
    pytest.param(
        ["Zelenskyy’s answer was short: “A ceasefire is not enough,” Zelenskiy said."],
        0,
        "Zelensky",
        True,
        id="spelling",
    ),
    pytest.param(["Зеленський said he was ready."], 0, "Zelensky", True, id="cyrillic"),
    pytest.param(["„Das ist ein bitteres Ergebnis“, sagte Scholz am Sonntagabend."], 0, "Scholz", True, id="german"),
    pytest.param(["Bis Ostern wolle er eine Regierung bilden, sagte Merz."], 0, "Merz", True, id="german-indirect"),
    pytest.param(["»Wir bleiben. Macron geht«, sagte Scholz."], 0, "Scholz", True, id="german-inward-marks"),
    pytest.param(["« C’est fini », a déclaré Emmanuel Macron."], 0, "Macron", True, id="french-inverted"),
    pytest.param(["Macron a dit que la trêve durerait un mois."], 0, "Macron", True, id="french-has-said"),
    pytest.param(["“Why now?” Macron asked."], 0, "Macron", True, id="question-then-he-asked"),
    pytest.param(["“Never!” shouted Macron."], 0, "Macron", True, id="shouted"),
    pytest.param(["An earlier version of this article said he had left."], 0, "version", False, id="a-version"),
    # spoken to, spoken of, quoted within
    pytest.param(["Starmer told Macron that the truce would not last."], 0, "Macron", False, id="told-macron"),
    pytest.param(["“You don’t have the cards,” he told Zelensky."], 0, "Zelensky", False, id="he-told-zelensky"),
    pytest.param(["Trump said Macron was wrong about the truce."], 0, "Macron", False, id="said-macron-was-wrong"),
    pytest.param(
        ["“Macron said nothing to me,” Starmer told reporters."], 0, "Macron", False, id="named-inside-a-quote"
    ),
    pytest.param(["Putin asked whether Macron had read the paper."], 0, "Macron", False, id="asked-whether"),
    pytest.param(["The plan of Emmanuel Macron was praised by many."], 0, "Macron", False, id="praised-by-many"),
    pytest.param(["Macron's aide Jean Dupont said the truce would last."], 0, "Macron", False, id="his-aide"),
    pytest.param(["Macron's aide Jean Dupont said the truce would last."], 0, "Dupont", True, id="the-aide-himself"),
    pytest.param(
        ["Macron’s foreign minister, Jean-Noël Barrot, said the truce was a test."],
        0,
        "Macron",
        False,
        id="his-minister",
    ),
    pytest.param(
        ["Macron’s foreign minister, Jean-Noël Barrot, said the truce was a test."],
        0,
        "Barrot",
        True,
        id="the-minister-himself",
    ),
    pytest.param(["An adviser to Macron said the truce would last."], 0, "Macron", False, id="an-adviser-to"),
    pytest.param(["A spokesman for Macron said the truce would last."], 0, "Macron", False, id="a-spokesman-for"),
    pytest.param(["Asked about Macron, Putin said that he had nothing to add."], 0, "Macron", False, id="asked-about"),
    pytest.param(
        ["After talks with Macron, Starmer said that the plan was good."], 0, "Macron", False, id="after-talks-with"
    ),
    pytest.param(["Macron flew to London for the summit."], 0, "Macron", False, id="a-deed"),
    pytest.param(["The truce would last a month."], 0, "Macron", False, id="nobody"),
    pytest.param(["Starmer, unlike Macron, said nothing about a length."], 0, "Macron", False, id="unlike"),
    pytest.param(
        ["According to Putin, Macron had broken the truce himself."], 0, "Macron", False, id="named-behind-according-to"
    ),
    pytest.param(
        ["According to Putin, Macron had broken the truce himself."], 0, "Putin", True, id="according-to-the-other"
    ),
    pytest.param(
        ["The presidential chief of staff Andriy Yermak confirmed that Kyiv was ready."],
        0,
        "Yermak",
        True,
        id="chief-of-staff",
    ),
    pytest.param(["The mayor of New York said the bridge would stay shut."], 0, "York", True, id="mayor-of-a-town"),
    pytest.param(
        ["The armed forces minister, Luke Pollard, told the radio it was early."],
        0,
        "minister",
        True,
        id="by-his-office",
    ),
    pytest.param(["The captain of the ferry said it was late."], 0, "ferry", True, id="holder-of-an-office"),
    pytest.param(["Hundreds gathered near the house, calling for an end to it."], 0, "house", False, id="calling-for"),
    pytest.param(
        ["A change announced on Thursday will raise the fees."], 0, "change", False, id="announced-by-somebody-else"
    ),
    pytest.param(
        ["„Das ist bitter“, sagte Scholz.", "Der Rhein ist lang."], 1, "Scholz", False, id="german-quotation-is-closed"
    ),
    pytest.param(
        ["»Das ist bitter«, sagte Scholz.", "Der Rhein ist lang."], 1, "Scholz", False, id="german-inward-is-closed"
    ),
    pytest.param(["Scholz sagte: „Das ist bitter.", "Wir bleiben.“"], 1, "Scholz", True, id="german-quotation-runs-on"),
    pytest.param(
        ["Correction, March 3: An earlier version said he had left.", "He said no."],
        1,
        "Correction",
        False,
        id="a-correction",
    ),
    # carried over from the sentences before
    pytest.param(["Macron gave an interview.", "He said the truce would last."], 1, "Macron", True, id="he-said"),
    pytest.param(["Macron spoke first.", "“We want peace,” he said."], 1, "Macron", True, id="quote-he-said"),
    pytest.param(["Macron said he was glad.", "“We want peace.”"], 1, "Macron", True, id="bare-quote"),
    pytest.param(
        ["Kaja Kallas went further.", "“The free world needs a new leader,” she wrote."],
        1,
        "Kallas",
        True,
        id="she-wrote",
    ),
    pytest.param(
        ["Macron said it would last.", "It was a start.", "“We want peace,” he said."],
        2,
        "Macron",
        True,
        id="one-sentence-between",
    ),
    pytest.param(
        ["Macron said it would last.", "Starmer was less sure.", "“We shall see,” he said."],
        2,
        "Macron",
        False,
        id="another-between",
    ),
    pytest.param(
        ["Macron said it would last.", "Starmer was less sure.", "“We shall see,” he said."],
        2,
        "Starmer",
        True,
        id="the-other-speaks",
    ),
    pytest.param(
        ["Starmer told Macron it was late.", "He said it would not last."], 1, "Macron", False, id="he-is-who-told"
    ),
    pytest.param(
        ["Starmer told Macron it was late.", "He said it would not last."], 1, "Starmer", True, id="he-is-the-teller"
    ),
    pytest.param(
        ["Macron left the room.", "Putin said the truce was a trick."], 1, "Macron", False, id="another-named"
    ),
    pytest.param(["Macron said it would last.", "The ferry was late."], 1, "Macron", False, id="no-speech-after"),
    pytest.param(
        ["The chief of staff Andriy Yermak confirmed that he had come.", "“They delay it,” he said."],
        1,
        "Yermak",
        True,
        id="he-of-a-title",
    ),
    pytest.param(
        ["The Union’s foreign policy chief, Kaja Kallas, went furthest.", "“It is clear,” she wrote."],
        1,
        "Kallas",
        True,
        id="she-of-a-title",
    ),
    pytest.param(["“We want peace,” he said."], 0, "Macron", False, id="he-with-nobody-before"),
    pytest.param(
        ["Putin was received in Minsk.", "It rained.", "Snow fell.", "“We want peace,” he said."],
        3,
        "Putin",
        False,
        id="too-far-back",
    ),
]


@pytest.mark.parametrize(("sentences", "index", "speaker", "expected"), CASES)
def test_who_speaks_in_a_sentence(sentences, index, speaker, expected):
    speaking = [one for one in statements(sentences) if one.index == index and term_of(speaker) in one.keys]
    assert bool(speaking) == expected


STANDING = [
    pytest.param("Macron said the truce would last.", True, id="named"),
    pytest.param("The truce would last a month.", True, id="no-pronoun"),
    pytest.param("He said the truce would last.", False, id="he"),
    pytest.param("“We want peace,” he said.", False, id="quote-he-said"),
    pytest.param("“We want peace,” Macron said.", True, id="quote-macron-said"),
    pytest.param("This was the point.", False, id="this"),
    pytest.param("It would last a month.", False, id="it"),
    pytest.param("Italy would last a month.", True, id="italy-is-not-it"),
]


@pytest.mark.parametrize(("sentence", "expected"), STANDING)
def test_whether_a_sentence_is_understood_alone(sentence, expected):
    assert stands_alone(sentence) is expected


BARE = [
    pytest.param("“We want peace.”", True, id="quote-alone"),
    pytest.param('"We want peace," he said.', True, id="he-said"),
    pytest.param("''The only imperial power is called Russia.''", True, id="typewriter-quote"),
    pytest.param("“We want peace,” Macron said.", False, id="speaker-named"),
    pytest.param("Macron said “we want peace”.", False, id="speaker-first"),
    pytest.param("We want peace.", False, id="no-quote"),
]


@pytest.mark.parametrize(("sentence", "expected"), BARE)
def test_whether_a_sentence_is_a_quotation_without_a_speaker(sentence, expected):
    assert is_bare_quote(sentence) is expected


ACTING = [
    pytest.param("Reyes repeated his doubts about the toll.", "Reyes", True, id="acts"),
    pytest.param("In Aldmoor, the former mayor Ilse Brandt welcomed the plan.", "Brandt", True, id="behind-a-place"),
    pytest.param("After talks with Brandt the toll was dropped.", "Brandt", False, id="behind-a-preposition"),
    pytest.param(
        "The council of the town, which met for the third time that winter, thanked Reyes.",
        "Reyes",
        False,
        id="late",
    ),
]


@pytest.mark.parametrize(("sentence", "name", "acts"), ACTING)
def test_who_acts_in_a_sentence_is_named_near_its_beginning(sentence, name, acts):
    assert (term_of(name) in acting_in(sentence)) == acts
