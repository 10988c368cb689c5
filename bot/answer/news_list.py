"""Lists the articles of a time: "what happened yesterday", "what's new", "any news on the ferry"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from bot.answer.candidates import coverage
from bot.check.checker import Draft
from bot.question.parse import POLITE, Question
from index.articles import Article, Hit
from index.dates import day_text
from index.store.rows import Scope
from index.text import terms
from index.view import View
from index.words import lines

_MOST = 10  # articles of a list
_READ = 3  # times as many are read: some are copies
HITS = 60  # passages among which the articles on a topic are looked for
_ON_TOPIC = 0.7  # share of a topic's weight that an article's title and passage have
_OFTEN = 3  # times that an article names what it is about; once in its title is enough
_TOPIC = re.compile(r"\s*(?:on|about|regarding|concerning|around|re|with|from|of|in)\b\s*(?P<topic>\S.*)", re.I)
_SMALL = re.compile(
    r"\W*(?:(?:for|from|of|in|on|over|since|so\s+far|here|the|our|is|now|there|news|world|papers?)\b\W*)*", re.I
)


@dataclass(frozen=True, slots=True)
class NewsList:
    """The headlines of a list as drafts, newest first, and the line that introduces them."""

    drafts: tuple[Draft, ...]
    lead: str


@cache
def _requests(part: str) -> re.Pattern[str]:
    found = sorted((_pattern(line) for line in lines("news_requests", part)), key=len, reverse=True)
    return re.compile(rf"\W*(?:and\s+|so\s+)?(?:{'|'.join(found)})(?![\w'’])", re.I)


def _pattern(line: str) -> str:
    """Return a line of the list as a regular expression."""
    first, *others = re.findall(r"\([^)]*\)|\S+", line)
    return _either(first) + "".join(
        rf"(?:\s+{_either(part[1:-1])})?" if part.startswith("(") else rf"\s+{_either(part)}" for part in others
    )


def _either(part: str) -> str:
    return f"(?:{'|'.join(word.replace('_', '[ ]') for word in part.split('/'))})"


def topic_of_list(question: Question) -> str | None:
    """Return the topic on which a question wants a list of articles, "" for all topics; None if it wants no list.

    "What is new with X" wants to be told, "any news on X" wants a list.
    """
    text = re.sub(r"(?<!\w)\s*['’]s\b", "", question.untimed)  # "today's headlines", without its day
    text = POLITE.sub("", re.sub(r"['’]s\b", " is", text)).strip(" ?!.")
    match = _requests("of everything").match(text)
    if match and _SMALL.fullmatch(text[match.end() :]):
        return ""
    match = _requests("of a topic").match(text)
    if match is None:
        return None
    if _SMALL.fullmatch(text[match.end() :]):
        return ""
    topic = _TOPIC.fullmatch(text[match.end() :])
    told = re.search(r"\bwhat\b.*\bnew(?:\s+in)?$", match.group(), re.I)
    return topic["topic"] if topic and not told else None


def news_list(view: View, topic: str, hits: Sequence[Hit], wanted: Scope, today: date) -> NewsList | None:
    """List the articles of a time, of the newest day before if it has none, or those of the hits that are on a topic;
    None if there are none.
    """
    named = wanted.since is not None or wanted.until is not None
    wanted = replace(wanted, until=min(wanted.until or today, today))
    if topic:
        found = _on_topic(view, topic, hits, wanted)
        return _listed(view, found, f"Articles on {topic}, the newest first") if found else None
    found = view.snapshot.newest_articles(wanted, _READ * _MOST)
    if found:
        total = view.snapshot.count_dated(wanted)
        count = f"The newest {_MOST} of {total:,}" if total > _MOST else f"{total:,}"
        return _listed(
            view, found, f"{count} article{'s' * (total > 1)} {_time(wanted)}" if named else "The newest articles"
        )
    before = view.snapshot.newest_articles(replace(wanted, since=None), 1)
    there = before or view.snapshot.newest_articles(replace(wanted, since=None, until=today), 1)
    if not there:
        return None
    day = there[0].source.published
    listed = view.snapshot.newest_articles(replace(wanted, since=day, until=day), _READ * _MOST)
    newest = f"The newest{' before that' * bool(before)} are of {day_text(day, full=True)}"
    return _listed(view, listed, f"There is no article {_time(wanted)}. {newest}")


def _time(scope: Scope) -> str:
    first, last = day_text(scope.since, full=True), day_text(scope.until, full=True)
    if scope.since is None:
        return f"from before {last}" if scope.until else "dated"
    return f"of {first}" if scope.since == scope.until else f"from {first} to {last}"


def _on_topic(view: View, topic: str, hits: Sequence[Hit], wanted: Scope) -> list[Article]:
    """Return the articles of hits that are on a topic, newest first: those whose title names it, or that name it often;
    if none does, those that name it.
    """
    weights = {term: 1 / (1 + count) ** 0.5 for term, count in view.document_frequencies(terms(topic)).items()}
    found: dict[str, tuple[bool, Article]] = {}
    for hit in hits:
        source, day = hit.article.source, hit.article.source.published
        timely = day and (wanted.since is None or wanted.since <= day) and (wanted.until is None or day <= wanted.until)
        own = frozenset(terms(f"{source.title} {hit.passage.text}"))
        if timely and source.id not in found and coverage(own, weights) >= _ON_TOPIC:
            often = Counter(terms(f"{source.title} {source.title} {source.title} {hit.article.text}"))
            named = frozenset(term for term in weights if often[term] >= _OFTEN)
            found[source.id] = (coverage(named, weights) >= _ON_TOPIC, hit.article)
    articles = [one for often, one in found.values() if often] or [one for _, one in found.values()]
    return sorted(articles, key=lambda one: (str(one.source.published), one.source.published_at or ""), reverse=True)


def _listed(view: View, articles: Sequence[Article], lead: str) -> NewsList:
    drafts: dict[str, Draft] = {}
    for article in articles:
        title = " ".join(article.source.title.split())
        passages = view.snapshot.passages_of(article) if title and title not in drafts else []
        if passages and len(drafts) < _MOST:
            drafts[title] = Draft(title, article, passages[0], 0, len(article.source.title), headline=True)
    return NewsList(tuple(drafts.values()), f"{lead[:1].upper()}{lead[1:]}:")
