"""A question in another language than the articles: asked again by its names, and answered in its language where the
articles are in others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.languages import asked_in_english, language_of, languages, refusal_in
from index.articles import Hit
from index.text import term_of
from index.view import View

_FORMS = {"who": "who is {}", "say": "what did {} say", "what": "{}", "": "{}"}


def is_foreign(question: str, hits: Sequence[Hit]) -> str | None:
    """Return the language of a question that is none of those of the passages found, None if it is one of them."""
    language = language_of(question)
    found = {hit.article.source.language for hit in hits} - {None}
    return language if language and found and language not in found else None


def by_its_names(view: View, question: str, language: str) -> tuple[str, bool]:
    """Return a question in English made of what the articles have of it: its names and the words that both languages
    share; and whether that is all of it.
    """
    asked, kept = asked_in_english(question, language)
    known = view.document_frequencies(filter(None, map(term_of, kept)))
    there = [word for word in kept if known.get(term_of(word))]
    if not there:
        return "", False
    names = [word for word in there if word[0].isupper()] or there
    others = [word for word in there if word not in names]
    text = _FORMS.get(asked, f"{asked} {{}}").format(" ".join(names))
    more = ["about"] if asked == "say" and others else []
    return " ".join([text, *more, *others]), len(there) == len(kept)


def refusal(language: str, hits: Sequence[Hit], *, closest: bool) -> str:
    """Return the refusal in the language of a question, "" if it is one of the articles found."""
    codes = Counter(hit.article.source.language for hit in hits if hit.article.source.language)
    said = refusal_in(language, codes)
    return f"{said} {languages()[language].closest}" if said and closest else said
