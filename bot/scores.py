"""How well a sentence answers: by meaning, rare words, what kind of thing it holds, and who speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.candidates import Candidate, coverage
from bot.fitting import fits
from bot.question import Question
from index.embed import Embedder, Vectors
from index.terms import term_of, words

GATE = 0.35  # a sentence this far below the best one is not shown, and does not vouch for a name, a number or a speaker


def sentence_vectors(embedder: Embedder, sentences: Sequence[Candidate]) -> Vectors:
    """Return a vector a sentence, shape (len(sentences), dimensions). Of sentences with the same text, one is embedded."""
    places = {text: place for place, text in enumerate(dict.fromkeys(sentence.text for sentence in sentences))}
    return embedder.embed(list(places))[[places[sentence.text] for sentence in sentences]]


def by_words(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> None:
    """Score sentences: 0.7 cov(s) + 0.3 cov(before+s+title) + 0.3 kind + 0.3 speaker + passage (weights measured on four sets)."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    newest = max((c.hit.article.source.published for c in candidates if c.hit.article.source.published), default=None)
    for candidate in candidates:
        candidate.score = (
            0.7 * candidate.coverage
            + 0.3 * coverage(candidate.near, weights)
            + 0.3 * fits(question, candidate.text, asked)
            + 0.3 * candidate.spoken
            + candidate.hit.score
        )
        if candidate.terms <= asked:  # a heading or a quiz repeats the question
            candidate.score -= GATE
        if not candidate.hit.dated:  # a time was asked for, and nothing tells whether this is of it
            candidate.score -= GATE
        published = candidate.hit.article.source.published
        if question.latest and newest is not None:
            # A preference, not a filter: half a point for the newest, less by the day, none for the undated.
            candidate.score += 0.5 / (1 + (newest - published).days / 7) if published else 0.0


def by_meaning(candidates: Sequence[Candidate], asked: Vectors, vectors: Vectors) -> None:
    """Add cos(q,s) to the scores, which then are whole; ``asked`` is the vector of what is asked, ``vectors`` as ``sentence_vectors`` returns them."""
    for candidate, cosine in zip(candidates, vectors @ asked, strict=True):
        candidate.meaning = float(cosine)
        candidate.score += candidate.meaning


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return sentences, best first."""
    return sorted(candidates, key=lambda c: (-c.score, c.hit.passage.id, c.start))
