"""The report on usage: what was asked in some days, what was answered, and what should be ingested next."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.stored_answer import StoredAnswer
from bot.question.parse import parse_question
from index.archive import Archive
from index.text import printable, term_of, words

End = Literal["answered", "unsure", "refused", "other"]

_ANSWERS: tuple[End, ...] = ("answered", "unsure", "refused")

_LISTED = 10
_TOPICS = 15
_SHARED = 0.6  # of a topic's questions: a word that so many of them hold belongs to its name
_OTHERS = ("hint", "trouble", "left", "stopped", "failed", "removed", "waiting")


@dataclass(frozen=True, slots=True)
class _Item:
    entry: JournalEntry
    answer: StoredAnswer | None
    outcome: str  # one of _ANSWERS or of _OTHERS

    @property
    def seconds(self) -> float:
        """How long the person waited."""
        return max(0.0, (self.entry.finished or self.entry.asked) - self.entry.asked)


def usage(journal: Journal, archive: Archive | None, since: date, until: date) -> dict[str, Any]:
    """Return what was asked from one day to another, both included, and what became of it.

    It holds texts of questions, and no names of people.
    """
    begin, end = (time.mktime(day.timetuple()) for day in (since, until + timedelta(days=1)))
    items = [_item(entry) for entry in journal.asked_between(begin, end)]
    votes = journal.usage.votes_between(begin, end)
    outcomes = Counter(item.outcome for item in items)
    waited = sorted((item for item in items if item.outcome in _ANSWERS), key=lambda item: item.seconds)
    waits, slowest = [item.seconds for item in waited], waited[: -_LISTED - 1 : -1]
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "questions": len(items),
        "people": len({item.entry.user for item in items}),
        **{end: outcomes[end] for end in _ANSWERS},
        "other": {name: outcomes[name] for name in _OTHERS if outcomes[name]},
        "votes": {vote: sum(each["vote"] == vote for each in votes) for vote in ("up", "down")},
        "seconds": {"median": _quantile(waits, 0.5), "p95": _quantile(waits, 0.95), "longest": _quantile(waits, 1.0)},
        "days": _days(items, since, until),
        "unanswered": _topics(
            [item.entry.text for item in items if item.outcome in ("unsure", "refused")], archive, until
        ),
        "low_rated": [{"question": each["text"], "reason": each["reason"]} for each in votes if each["vote"] == "down"][
            :_LISTED
        ],
        "slowest": [{"question": item.entry.text, "seconds": round(item.seconds, 2)} for item in slowest],
        "most_cited": _cited([item.answer for item in items if item.answer and item.outcome == "answered"]),
    }


def _item(entry: JournalEntry) -> _Item:
    answer = StoredAnswer.from_json(entry.answer) if entry.answer else None
    if entry.state == "answered":
        return _Item(entry, answer, answer.outcome if answer else "answered")
    if entry.state in ("removing", "removed"):
        return _Item(entry, None, "removed")
    return _Item(entry, None, "waiting" if entry.state in ("waiting", "working") else entry.state)


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2) if ordered else None


def _days(items: Sequence[_Item], since: date, until: date) -> list[dict[str, Any]]:
    counts = Counter((datetime.fromtimestamp(item.entry.asked).date(), _end(item.outcome)) for item in items)  # noqa: DTZ006  a day is the team's
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    return [{"day": day.isoformat(), **{end: counts[day, end] for end in (*_ANSWERS, "other")}} for day in days]


def _end(outcome: str) -> End:
    return next((end for end in _ANSWERS if end == outcome), "other")


def _cited(answers: Sequence[StoredAnswer]) -> list[dict[str, Any]]:
    """Return the articles that most answers cite."""
    origins = {cited.origin.article_id: cited.origin for answer in answers for cited in answer.cited}
    counts = Counter(id_ for answer in answers for id_ in {cited.origin.article_id for cited in answer.cited})
    found = sorted(counts.items(), key=lambda pair: (-pair[1], origins[pair[0]].title))[:_LISTED]
    return [
        {
            "article_id": id_,
            "title": origins[id_].title,
            "publisher": origins[id_].publisher,
            "published": origins[id_].published,
            "date_source": origins[id_].date_source,
            "answers": count,
        }
        for id_, count in found
    ]


def _topics(texts: Sequence[str], archive: Archive | None, today: date) -> list[dict[str, Any]]:
    """Group the questions without an answer by rare words and names that they share, the largest group first."""
    terms_of = {number: parse_question(text, today) for number, text in enumerate(texts)}
    spelled = Counter((term_of(word), word) for text in texts for word in words(text))
    everything = {term for question in terms_of.values() for term in question.terms}
    known, passages = _known(archive, everything)
    named = Counter(name for question in terms_of.values() for name in question.names)
    found: list[dict[str, Any]] = []
    left = {number: set(question.terms) for number, question in terms_of.items() if question.terms}
    while left and len(found) < _TOPICS:
        counts = Counter(term for terms in left.values() for term in terms)

        def worth(term: str, counts: Mapping[str, int] = counts) -> tuple[float, str]:
            rarity = math.log(1 + (passages + 1) / (known.get(term, 0) + 1))
            return counts[term] ** 1.5 * rarity * (2 if named[term] else 1), term

        best = max(counts, key=worth)
        group = sorted(number for number, terms in left.items() if best in terms)
        others = [
            term
            for term in counts
            if term != best and sum(term in left[number] for number in group) >= _SHARED * len(group)
        ]
        label = [best, *sorted(others, key=worth, reverse=True)[:2]]
        name = [_spelled(spelled, term) for term in label]
        found.append({
            "topic": " ".join(sorted(name, key=texts[group[0]].find)),
            "questions": len(group),
            "passages": known.get(best, 0),
            "asked": list(dict.fromkeys(texts[number] for number in group))[:5],
        })  # fmt: skip
        left = {number: terms for number, terms in left.items() if number not in group}
    return sorted(found, key=lambda topic: -int(topic["questions"]))


def _known(archive: Archive | None, terms: set[str]) -> tuple[dict[str, int], int]:
    """Return how many passages hold each term, and how many passages there are."""
    if archive is None:
        return {}, 0
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.generation()
        return snapshot.document_frequencies(sorted(terms)), generation.passages if generation else 0


def _spelled(spelled: Counter[tuple[str, str]], term: str) -> str:
    return max(
        (word for known, word in spelled if known == term), key=lambda word: (spelled[term, word], word), default=term
    )


def usage_text(values: Mapping[str, Any]) -> str:
    """Return the report as a person reads it on a terminal."""
    seconds, others = values["seconds"], ", ".join(f"{count} {name}" for name, count in values["other"].items())
    lines = [
        f"{values['since']} to {values['until']}: {values['questions']} questions of {values['people']} people",
        f"answered   {_of(values['answered'], values['questions'])}",
        f"unsure     {_of(values['unsure'], values['questions'])}",
        f"refused    {_of(values['refused'], values['questions'])}",
        f"other      {others or 'none'}",
        f"rated      {values['votes']['up']} up, {values['votes']['down']} down",
        (
            f"waited     median {_seconds(seconds['median'])}, 95 % within {_seconds(seconds['p95'])}, longest "
            f"{_seconds(seconds['longest'])}"
        ),
    ]
    for head, topics in by_what_is_known(values["unanswered"]).items():
        for topic in topics:
            known = f" ({known_text(topic['passages'])})" if topic["passages"] else ""
            lines += _headed(lines, f"{head}:")
            lines.append(f"  {topic['questions']:>3}  {printable(topic['topic'])}{known}")
            lines += [f"         {printable(text)}" for text in topic["asked"][:3]]
    for item in values["low_rated"]:
        lines += _headed(lines, "Rated down:")
        lines.append(f"  {printable(item['question'])}" + (f": {printable(item['reason'])}" if item["reason"] else ""))
    for item in values["slowest"][:5]:
        lines += _headed(lines, "Slowest:")
        lines.append(f"  {_seconds(item['seconds']):>8}  {printable(item['question'])}")
    for item in values["most_cited"]:
        lines += _headed(lines, "Most cited:")
        lines.append(
            f"  {item['answers']:>3}  {printable(item['publisher'] or 'unknown publisher')}: {printable(item['title'])}"
        )
    return "\n".join(lines)


def _headed(lines: Sequence[str], head: str) -> list[str]:
    return [] if head in lines else ["", head]


def by_what_is_known(topics: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the topics of questions without an answer under two heads: those of which the archive has no passage are
    what is to be ingested.
    """
    return {
        "Asked for, and no passage speaks of it (to ingest next)": [one for one in topics if not one["passages"]],
        "Asked for and not answered": [one for one in topics if one["passages"]],
    }


def known_text(passages: int) -> str:
    """Return as half a sentence how many passages speak of a topic."""
    return f"{passages:,} passage{'s speak' if passages > 1 else ' speaks'} of it, none answers"


def _of(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.0f} %)" if total else "0"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
