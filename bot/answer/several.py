"""One result for a message that asks several questions: each is answered or refused on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from bot.reply import Answer, Citation, NoAnswer, Sentence
from index.articles import Hit

_NEAREST = 3


def joined(question: str, asked: Sequence[str], results: Sequence[Answer | NoAnswer]) -> Answer | NoAnswer:
    """Return the results of a message's questions as one: the answers in order, and which questions have none."""
    answered = [(text, result) for text, result in zip(asked, results, strict=True) if isinstance(result, Answer)]
    answers = [result for _, result in answered]
    dropped = tuple(chain.from_iterable(result.dropped for result in results))
    if not answers:
        refused = [result for result in results if isinstance(result, NoAnswer)]
        best = max(refused, key=lambda one: (one.closest is not None, one.reason != "nothing_found"))
        nearest = {hit.passage.id: hit for one in refused for hit in one.nearest}
        return replace(best, question=question, nearest=tuple(nearest.values())[:_NEAREST], dropped=dropped)
    citations: dict[tuple[str, int, int, bool], Citation] = {}
    sentences: list[Sentence] = []
    for text, answer in answered:
        numbers: dict[int, int] = {}
        for one in answer.citations:
            place = (one.article.source.id, one.start, one.end, one.headline)
            citations.setdefault(place, replace(one, number=len(citations) + 1))
            numbers[one.number] = citations[place].number
        for position, said in enumerate(answer.sentences):
            renumbered = tuple(numbers[number] for number in said.numbers)
            if not any(one.numbers == renumbered and one.text == said.text for one in sentences):
                sentences.append(replace(said, numbers=renumbered, asked="" if position else text))
    open_ = [
        text
        for text, result in zip(asked, results, strict=True)
        if isinstance(result, NoAnswer) and result.reason != "said_above"  # one sentence answers two of them
    ]
    nothing = "Found nothing on " + " and ".join(f"“{text.rstrip(' ?')}”" for text in open_) + "." if open_ else ""
    lead = " ".join(filter(None, [nothing, *dict.fromkeys(answer.lead for answer in answers)]))
    if len({said.asked for said in sentences} - {""}) == 1 and not open_:  # one sentence answers all
        sentences = [replace(said, asked="") for said in sentences]
    return replace(
        answers[0],
        question=question,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        dropped=dropped,
        lead=lead,
    )


def interleaved(found: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Return the hits of several questions, the best of each first, each passage once."""
    ranked = (hit for row in zip_longest(*found) for hit in row if hit is not None)
    return tuple({hit.passage.id: hit for hit in ranked}.values())
