"""Questions as people type them in Slack: does the right sentence come first, and is the rest to the point.

``tests/desk.jsonl`` is of our own writing, on ``sample_articles/``. Patterns decide what is right (``Query.gold``). So
another true sentence, which no pattern knows, counts as wrong. The half "blind" was not looked at while tuning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from bot.reply import Citation, NoAnswer
from evals.asking import Asked
from evals.data import Query, questions_of
from evals.metrics import auc, mean
from evals.own import DESK
from index.sentences import spans

HALVES = ("dev", "blind", "both")
_NOT_ANSWERED = ("unsure", "refused")
_BINS = 5  # of the reliability table, with the same number of answers each


def questions() -> tuple[Query, ...]:
    """Return our own questions."""
    return questions_of(DESK)


def half_of(query: Query) -> str:
    """Return which half a question is in, by its id. It is not ``Query.half``: these halves were drawn first."""
    return "blind" if hashlib.sha256(query.id.encode()).digest()[0] % 2 == 0 else "dev"


def measured(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures by half, of newsdesk and of the best passage shown whole, and tables by kind of question and
    by confidence.

    ``right or wrong`` has the dev half by question, so that a change can be followed.
    """
    figures: dict[str, Any] = {}
    for half in HALVES:
        chosen = [item for item in asked if half in ("both", half_of(item.query))]
        figures[half] = {"newsdesk": _figures(chosen), "top passage": _figures_of_passage(chosen)}
    return {
        "questions": len(asked),
        "figures": figures,
        "kinds": _kinds(asked),
        "reliability": reliability(asked),
        "right or wrong": {item.query.id: verdict(item) for item in asked if half_of(item.query) == "dev"},
    }


def verdict(item: Asked) -> str:
    """Return how good a reply is: "right" (the sentence that decides), "in the excerpt", "shown", "wrong", "unsure" or
    "refused". An unanswerable question has no patterns, so an answer to it is wrong.
    """
    if item.answer is None:
        return item.reply.result.outcome
    gold, citations = item.query.gold, item.answer.citations
    if matches(deciding(citations[0]), gold):
        return "right"
    if matches(citations[0].quote, gold):
        return "in the excerpt"
    return "shown" if any(matches(citation.quote, gold) for citation in citations) else "wrong"


def deciding(citation: Citation) -> str:
    """Return the sentence of a quote that answers, the whole quote if none is marked."""
    if citation.answering is None:
        return citation.quote
    return citation.article.part(*citation.answering, headline=citation.headline)


def matches(text: str, patterns: Sequence[str]) -> bool:
    """Tell whether one of the patterns is found in a text, in which white space is as good as a space."""
    line = " ".join(text.split())
    return any(re.search(pattern, line) for pattern in patterns)


def reliability(asked: Sequence[Asked]) -> list[dict[str, float | int]]:
    """Return for the answers, by confidence and in groups of the same size, which share is right."""
    answers = sorted((item.reply.confidence, verdict(item) == "right") for item in asked if item.answer)
    edges = [round(len(answers) * at / _BINS) for at in range(_BINS + 1)]
    groups = [answers[start:end] for start, end in pairwise(edges) if end > start]
    return [
        {
            "answers": len(group),
            "confidence": round(sum(sure for sure, _ in group) / len(group), 4),
            "right": round(sum(right for _, right in group) / len(group), 4),
        }
        for group in groups
    ]


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    yes = [item for item in asked if item.query.answerable]
    no = [item for item in asked if not item.query.answerable]
    answered = [item for item in asked if item.answer]
    found = {id(item): verdict(item) for item in asked}

    def share(among: Sequence[Asked], *verdicts: str) -> dict[str, Any] | None:
        return mean([float(found[id(item)] in verdicts) for item in among]) if among else None

    values = {
        "first right": share(yes, "right"),
        "in the first excerpt": share(yes, "right", "in the excerpt"),
        "shown anywhere": share(yes, "right", "in the excerpt", "shown"),
        "sentences to the point": _to_the_point(
            [(item, [c.quote for c in item.answer.citations]) for item in yes if item.answer]
        ),
        "every part": _every_part(yes),
        "threads right": share([item for item in yes if item.query.thread], "right"),
        "unsure of answerable": share(yes, "unsure"),
        "closest right, of the unsure": _closest_right([item for item in yes if found[id(item)] == "unsure"]),
        "refused of answerable": share(yes, "refused"),
        "answered of unanswerable": share(no, "wrong"),
        **{
            f"answered of {kind}": share([item for item in no if item.query.kind == kind], "wrong")
            for kind in sorted({item.query.kind for item in no})
        },
        "words (median)": median([len(item.answer.text.split()) for item in answered if item.answer] or [0]),
        "AUC of right against wrong": auc(
            [item.reply.confidence for item in answered if found[id(item)] == "right"],
            [item.reply.confidence for item in answered if found[id(item)] != "right"],
        ),
    }
    return {name: value for name, value in values.items() if value is not None}


def _figures_of_passage(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures of a bot that shows the first passage of the same search, whole."""
    yes = [(item, [hit.passage.text for hit in item.reply.hits[:1]]) for item in asked if item.query.answerable]
    right = [float(any(matches(text, item.query.gold) for text in texts)) for item, texts in yes]
    threads = [hit for hit, (item, _) in zip(right, yes, strict=True) if item.query.thread]
    return {
        "in the first excerpt": mean(right),
        "among the passages found": mean(
            [float(any(matches(hit.passage.text, item.query.gold) for hit in item.reply.hits)) for item, _ in yes]
        ),
        "sentences to the point": _to_the_point(yes),
        **({"threads right": mean(threads)} if threads else {}),
        "words (median)": median([len(" ".join(texts).split()) for _, texts in yes] or [0]),
    }


def _to_the_point(shown: Sequence[tuple[Asked, Sequence[str]]]) -> dict[str, Any]:
    return mean(
        [
            float(matches(text[start:end], (*item.query.gold, *item.query.relevant)))
            for item, texts in shown
            for text in texts
            for start, end in spans(text)
        ]
    )


def _every_part(asked: Sequence[Asked]) -> dict[str, Any] | None:
    """Return how many answers have each side of a comparison, or a sentence for each of several questions."""
    several = [item for item in asked if item.query.parts]
    if not several:
        return None
    quotes = [[c.quote for c in item.answer.citations] if item.answer else [] for item in several]
    return mean(
        [
            float(all(matches(" ".join(shown), [part]) for part in item.query.parts))
            for item, shown in zip(several, quotes, strict=True)
        ]
    )


def _closest_right(unsure: Sequence[Asked]) -> dict[str, Any] | None:
    right = [
        float(matches(deciding(result.closest), item.query.gold))
        for item in unsure
        if isinstance(result := item.reply.result, NoAnswer) and result.closest
    ]
    return mean(right) if right else None


def _kinds(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the share that is right by kind of question; of the unanswerable, the share that is not answered."""
    found = {}
    for kind in sorted({item.query.kind for item in asked}):
        good = ("right",) if any(item.query.answerable for item in asked if item.query.kind == kind) else _NOT_ANSWERED
        of_kind = [item for item in asked if item.query.kind == kind]
        found[kind] = {
            half: f"{sum(verdict(item) in good for item in chosen)} of {len(chosen)}"
            for half in HALVES
            if (chosen := [item for item in of_kind if half in ("both", half_of(item.query))])
        }
    return found
