"""How well a sentence answers: by meaning, rare words, who speaks, and what kind of thing it contains (a number, a
time, a reason, a name).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from bot.answer.candidates import Candidate, coverage
from bot.question.parse import Question
from index.model.embedder import CoarseEmbedder, Embedder, Vectors
from index.text import term_of, terms, words
from index.words import first_fields, numbers, one_of

_NUMBERS = one_of(
    [word for word, value in numbers().items() if value] + ["dozen", "half", "third", "quarter", "none", "no"]
)
_DAYS = one_of(first_fields("calendar", "months", "weekdays"))
NUMBER = re.compile(rf"\d|\b(?:{_NUMBERS})s?\b", re.I)
TIME = re.compile(
    rf"\b(?:1\d{{3}}s?|20\d\ds?|\d{{1,2}}:\d\d|\d{{1,2}}(?:st|nd|rd|th)|{_DAYS}|"
    r"today|yesterday|tomorrow|tonight|noon|midnight|(?:minute|hour|day|week|month|year|decade|century|centurie)s?|"
    r"morning|afternoon|evening|night|spring|summer|autumn|winter|easter|christmas|ago|era|bc|ad)\b",
    re.I,
)
_BECAUSE = re.compile(
    (
        r"\b(?:because|since|as|so that|in order to|due to|owing to|therefore|reason|to avoid|after|for fear|which "
        r"is why|would|hard|difficult)\b"
    ),
    re.I,
)
# "What does the coalition demand": what a body wants is often written without a verb of speech.
WILL = re.compile(
    r"\b(?:demand|propose|promise|offer|suggest|call\s+for|claim|want|plan|ask\s+for|expect|require)(?:s|d|ed)?\b", re.I
)
_WILLED = re.compile(
    r"\b(?:demand|want|insist|require|call(?:s|ed|ing)?\s+for|urg|propos|offer|pledg|promis|seek|press|push)\w*\b"
    r"|\b(?:must|should|ought|condition|ready\s+to|willing\s+to)\b",
    re.I,
)
_WHAT_IS = re.compile(
    r"\W*(?:what|who)\s+(?:is|are|was|were)\s+(?:the\s+|an?\s+)?(?P<what>\w[^?]{1,60}?)\s*\?*\s*\Z", re.I
)
_DEFINED = 3  # terms of what is asked the meaning of; of more, something else is asked


def holds_what_is_asked(question: Question, sentence: str, asked: Collection[str]) -> bool:
    """Tell whether a sentence holds the kind of thing that is asked for, other than what the question says itself."""
    if question.kind in ("said", "other") and WILL.search(question.asked):
        return _WILLED.search(sentence) is not None
    if question.kind == "why":
        return _BECAUSE.search(sentence) is not None
    found = words(sentence)
    new = [word for word in found if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return NUMBER.search(" ".join(new)) is not None
    if question.kind == "when":
        return TIME.search(" ".join(new)) is not None
    if question.kind in ("who", "where", "list"):
        return any(word[:1].isupper() and term_of(word) and word != found[0] for word in new)
    return question.kind == "other" and _defines(question.asked, sentence)


def _defines(asked: str, sentence: str) -> bool:
    """Tell whether a sentence says what something is ("X is a …", "X, the …", "known as X") that a question asks the
    meaning of.
    """
    match = _WHAT_IS.match(asked)
    if match is None or len(terms(match["what"])) > _DEFINED:
        return False
    name = re.escape(words(match["what"])[-1])
    return (
        re.search(
            rf"\b{name}\b[\"”’']*,?\s+(?:\([^()]*\)\s*)?(?:(?:is|are|was|were)\s+(?:an?|the|one|any|also)\b|means?\b|refers?\b|describes?\b)"
            rf"|\b{name}\b[\"”’']*,\s+(?:an?|the)\s|\b(?:known|referred\s+to)\s+as\s+[^,.;]{{0,30}}\b{name}\b|\b(?:called|named|dubbed)\s+[^,.;]{{0,30}}\b{name}\b",
            sentence,
            re.I,
        )
        is not None
    )


GATE = 0.35  # how far below the best sentence one may score and still be shown, or prove a name, a number or a speaker


def sentence_vectors(embedder: Embedder, sentences: Sequence[Candidate]) -> Vectors:
    """Return a vector a sentence, shape (len(sentences), dimensions), nearly that of ``embed`` where an embedder can do
    it faster. Of sentences with one text, one is embedded.

    Of a hundred questions, one or two get another answer for it, and no figure falls (decision 12).
    """
    embed = embedder.embed_coarsely if isinstance(embedder, CoarseEmbedder) else embedder.embed
    places = {text: place for place, text in enumerate(dict.fromkeys(sentence.text for sentence in sentences))}
    return embed(list(places))[[places[sentence.text] for sentence in sentences]]


def score_by_words(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> None:
    """Score sentences: 0.7 cov(s) + 0.3 cov(before+s+title) + 0.3 kind + 0.3 speaker + passage; weights: four sets."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    newest = max((c.hit.article.source.published for c in candidates if c.hit.article.source.published), default=None)
    for candidate in candidates:
        candidate.score = (
            0.7 * candidate.coverage
            + 0.3 * coverage(candidate.near, weights)
            + 0.3 * holds_what_is_asked(question, candidate.text, asked)
            + 0.3 * candidate.has_speaker
            + candidate.hit.score
        )
        # A heading or a quiz repeats the question; what a headline repeats of "Has X resigned" is the answer.
        if candidate.terms <= asked and not (candidate.headline and question.kind == "yesno"):
            candidate.score -= GATE
        if not candidate.hit.dated:  # a time was asked for, and nothing tells whether this is of it
            candidate.score -= GATE
        published = candidate.hit.article.source.published
        if question.latest and newest is not None:
            # A preference, not a filter: half a point for the newest, less by the day, none for the undated.
            candidate.score += 0.5 / (1 + (newest - published).days / 7) if published else 0.0


def score_by_meaning(candidates: Sequence[Candidate], asked: Vectors, vectors: Vectors) -> None:
    """Add cos(question, sentence) to the scores; ``asked`` is the question's vector, ``vectors`` are those of
    ``sentence_vectors``.
    """
    for candidate, cosine in zip(candidates, vectors @ asked, strict=True):
        candidate.meaning = float(cosine)
        candidate.score += candidate.meaning


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return sentences, best first."""
    return sorted(candidates, key=lambda c: (-c.score, c.hit.passage.id, c.start))
