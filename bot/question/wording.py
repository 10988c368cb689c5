"""A question in the wording of the passages found: names that it has without capitals, figures in another form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.question.parse import ASKING, Question
from index.articles import Hit
from index.model.embedder import KnowsWords
from index.search.figures import figures_in
from index.text import term_of, words
from index.view import View

_SHARE = 0.9  # of its occurrences inside sentences that a name has a capital in
_INSIDE = re.compile(r"(?<=[^\W\d_][ ,])[^\W\d_][\w'’-]*")  # words inside a sentence, not at its beginning


def with_names(view: View, question: Question, hits: Sequence[Hit], embedder: object) -> Question:
    """Return a question with its names known, if it has no capitals itself: "macron" where the articles have
    "Macron", and words that neither the articles nor the model's vocabulary have.
    """
    written = {term_of(word): word for word in words(question.text) if word.islower() and len(word) > 2}
    wanted = (written.keys() & frozenset(question.terms)) - ASKING
    if question.names or not wanted:
        return question
    capital, small = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0)
    for hit in hits:
        for word in _INSIDE.findall(hit.passage.text):
            if (term := term_of(word)) in wanted:
                (capital if word[0].isupper() else small)[term] += 1
    names = frozenset(
        term for term in wanted if capital[term] and capital[term] >= _SHARE * (capital[term] + small[term])
    )
    if isinstance(embedder, KnowsWords):
        unseen = [term for term in wanted if not capital[term] + small[term] and not embedder.knows(written[term])]
        names |= {term for term, count in view.document_frequencies(unseen).items() if not count}
    return replace(question, names=names)


def in_their_figures(question: str, hits: Sequence[Hit]) -> str:
    """Return a question with each figure that no passage has as the first passage has it: "1.5 million" for
    "1,500,000".
    """
    for written, others in figures_in(question):
        texts = [f"{hit.article.source.title} {hit.passage.text}" for hit in hits]
        if any(_figure(written).search(text) for text in texts):
            continue
        there = (form.group() for text in texts for other in others if (form := _figure(other).search(text)))
        question = question.replace(written, next(there, written))
    return question


def _figure(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.,]){re.escape(form)}(?!\w|[.,]\d)", re.I)
