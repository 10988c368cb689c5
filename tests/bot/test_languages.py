# ruff: noqa: E501
"""The language of a question, and the refusal in it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.languages import language_of, languages, refusal_in

ASKED = [
    ("de", "Wer hat den Waffenstillstand vorgeschlagen?"), ("de", "Wie viele Menschen sind bei dem Unglück gestorben?"), ("de", "Was sagte Macron über die Ukraine?"),
    ("fr", "Qui a proposé la trêve ?"), ("fr", "Combien de personnes sont mortes dans le naufrage ?"), ("fr", "Qu'est-ce que Macron a dit sur l'Ukraine ?"),
    ("es", "¿Quién propuso la tregua?"), ("es", "¿Cuántas personas murieron en el naufragio?"), ("es", "¿Qué dijo Macron sobre Ucrania?"),
    ("it", "Chi ha proposto la tregua?"), ("it", "Quante persone sono morte nel naufragio?"), ("it", "Che cosa ha detto Macron della tregua?"),
    ("pt", "Quem propôs a trégua?"), ("pt", "Quantas pessoas morreram no naufrágio?"), ("pt", "O que disse Macron sobre a trégua?"),
    ("nl", "Wie heeft het bestand voorgesteld?"), ("nl", "Hoeveel mensen zijn er verdronken?"), ("nl", "Wat zei Macron over de oorlog?"),
    ("pl", "Kto zaproponował rozejm i kiedy?"), ("pl", "Ile osób zginęło w katastrofie na morzu?"), ("pl", "Co powiedział Macron o wojnie?"),
    ("sv", "Vem föreslog vapenvilan och när?"), ("sv", "Hur många dog på färjan?"), ("sv", "Vad sa Macron om kriget?"),
    ("uk", "Хто запропонував перемир'я і коли?"), ("uk", "Скільки людей загинуло на поромі?"), ("uk", "Що сказав Макрон про війну?"),
    ("ru", "Кто предложил перемирие и когда?"), ("ru", "Сколько человек погибло на пароме?"), ("ru", "Что сказал Макрон о войне?"),
    ("tr", "Ateşkesi kim önerdi ve ne zaman?"), ("tr", "Feribotta kaç kişi öldü, neden oldu?"), ("tr", "Macron savaş hakkında ne dedi?"),
    ("ar", "من اقترح الهدنة في أوكرانيا؟"), ("ar", "كم عدد القتلى في العبارة؟"), ("ar", "ماذا قال ماكرون عن الحرب؟"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "question"), ASKED)
def test_the_language_of_a_short_question_is_told(code, question):
    assert language_of(question) in (code, None)
    assert sum(language_of(asked) == one for one, asked in ASKED if one == code) >= 2


@pytest.mark.parametrize(
    "question", ["Jonas Ek", "Pokrovsk?", "Le Figaro", "ReArm Europe", "", "???", "2025", "Die Zeit"]
)
def test_a_name_has_no_language(question):
    assert language_of(question) is None


def test_no_english_question_is_taken_for_another():
    rows = Path(__file__).resolve().parents[1].joinpath("questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(row)["question"] for row in rows]
    assert {language_of(question) for question in asked} <= {"en", "de", None}
    assert sum(language_of(question) == "de" for question in asked) <= len(asked) // 50


def test_there_are_twelve_languages_and_each_refuses_in_its_own_words():
    assert len(languages()) >= 13
    for code, language in languages().items():
        assert language.refusal.count("{}") == 1
        said = refusal_in(code, Counter(["xx", "en" if code != "en" else "de"]))
        assert ("English" in said) if code != "en" else ("Deutsch" in said)


def test_a_language_that_articles_have_is_not_refused_and_a_rare_one_not_named():
    assert refusal_in("de", Counter(en=50, de=50)) == ""
    assert "Français" not in refusal_in("de", Counter(en=99, fr=1))
    assert refusal_in("de", Counter()) == ""
