"""Answers: does the answer hold what was asked for, is it short, is every quote true."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from bot.answer.quotes import NAME as QUOTES
from bot.reply import Citation
from evals.archives import data_id
from evals.asking import Asked
from evals.data import squashed
from evals.metrics import holds_answer, mean


def figures_of(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures of the answerable questions, by half.

    ``answer string`` counts a refused question as wrong; ``gold sentence`` is over questions with gold sentences: cited
    first, cited at all, and which share of all gold sentences is cited (recall). ``verbatim`` is the share of quotes
    that stand in their article at their place and, unless a model wrote it, make up the text of their sentence, checked
    here once more without the checker.
    """
    return {
        half: _figures([item for item in asked if item.query.answerable and half in ("both", item.query.half)])
        for half in ("dev", "test", "both")
    }


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    answered = [item for item in asked if item.answer]
    citations = [(item, citation) for item in answered if item.answer for citation in item.answer.citations]
    values: dict[str, Any] = {
        "answered": mean([float(item.answer is not None) for item in asked]),
        "citations on a gold article": mean(
            [float(data_id(c.article) in item.query.gold_ids) for item, c in citations if item.query.gold_ids]
        ),
        "verbatim": mean([float(_verbatim(item, citation)) for item, citation in citations]),
        "citations an answer": mean([float(len(item.answer.citations)) for item in answered if item.answer]),
    }
    with_strings = [item for item in asked if item.query.answers and not item.query.evidence]
    if with_strings:
        values["answer string"] = mean(
            [
                float(item.answer is not None and holds_answer(item.answer.text, item.query.answers))
                for item in with_strings
            ]
        )
        values["answer string, of the answered"] = mean(
            [float(holds_answer(item.answer.text, item.query.answers)) for item in with_strings if item.answer]
        )
    with_evidence = [item for item in asked if item.query.evidence]
    if with_evidence:
        values["gold sentence first"] = mean([float(_cites(item, 1)) for item in with_evidence])
        values["gold sentence cited"] = mean([float(_cites(item, None)) for item in with_evidence])
        values["gold sentence first, of the answered"] = mean(
            [float(_cites(item, 1)) for item in with_evidence if item.answer]
        )
        values["gold sentence cited, of the answered"] = mean(
            [float(_cites(item, None)) for item in with_evidence if item.answer]
        )
        values["gold sentences cited (recall)"] = mean([_recall(item) for item in with_evidence])
    lengths = [len(item.answer.text.split()) for item in answered if item.answer]
    values["words (median)"] = median(lengths) if lengths else 0
    return values


def _verbatim(item: Asked, citation: Citation) -> bool:
    assert item.answer is not None
    stands = citation.article.part(citation.start, citation.end, headline=citation.headline) == citation.quote
    own = [sentence for sentence in item.answer.sentences if citation.number in sentence.numbers]
    if item.answer.answerer != QUOTES:
        return stands and bool(own)
    return stands and bool(own) and all(squashed(sentence.text) == squashed(citation.quote) for sentence in own)


def _cites(item: Asked, first: int | None) -> bool:
    citations = item.answer.citations[:first] if item.answer else ()
    return any(_same(citation.quote, evidence) for citation in citations for evidence in item.query.evidence)


def _recall(item: Asked) -> float:
    citations = item.answer.citations if item.answer else ()
    return sum(
        any(_same(citation.quote, evidence) for citation in citations) for evidence in item.query.evidence
    ) / len(item.query.evidence)


def _same(quote: str, evidence: str) -> bool:
    """Tell whether a quote holds a gold sentence, or most of it (the data's own cuts between sentences differ a
    little).
    """
    mine, gold = squashed(quote), squashed(evidence)
    return gold in mine or (mine in gold and len(mine) > len(gold) / 2)
