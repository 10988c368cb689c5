"""An admin's own questions, and what is right about the replies to them."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bot.answer.desk import Reply
from bot.reply import Answer, NoAnswer
from evals.data import DataError, squashed
from evals.desk import deciding, matches
from index.articles import Source

_FIELDS = ("id", "question", "answerable", "gold", "sentences", "answers", "article", "today", "thread")
_SHORTEST_PART = 20  # characters of an expected sentence that a quote must show
_SHORTEST_ID = 6  # characters of the start of an article's id
# From the best to the worst; a question without an expectation is only answered, unsure or refused.
VERDICTS = {
    "right": "the sentence that was expected comes first, or what has no answer got none",
    "in the excerpt": "it is in the first excerpt, but another sentence is marked as the answer",
    "shown": "it is in a later excerpt, or the article is cited, but not first",
    "answered": "answered, and nothing was expected",
    "unsure": "only the closest sentence was shown",
    "refused": "nothing was shown",
    "wrong": "something else was shown, or what has no answer got one",
}


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A question with what its author expects: ``gold`` are regular expressions for the sentence that answers,
    ``sentences`` are such sentences, ``article`` is the id, path, address or title of the article.
    """

    id: str
    question: str
    answerable: bool | None = None
    gold: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    article: str | None = None
    today: date | None = None
    thread: tuple[str, ...] = ()

    @property
    def expects_text(self) -> bool:
        """Tell whether it says what the answer is."""
        return bool(self.gold or self.sentences)

    def fits(self, text: str) -> bool:
        """Tell whether a text says what is expected; without an expectation every text does."""
        if not self.expects_text or matches(text, self.gold):
            return True
        said = squashed(text)
        return any(
            squashed(each) in said or (len(said) >= _SHORTEST_PART and said in squashed(each))
            for each in self.sentences
        )


@dataclass(frozen=True, slots=True)
class OwnReply:
    """A question and what came of it; ``reply`` is None where it could not be asked, and ``trouble`` says why."""

    asked: OwnQuestion
    reply: Reply | None
    verdict: str
    seconds: float
    trouble: str = ""

    @property
    def words(self) -> int:
        """How many words were shown."""
        result = self.reply.result if self.reply else None
        return len(result.text.split()) if isinstance(result, Answer) else 0


def read_questions(file: Path) -> list[OwnQuestion]:
    """Read questions, one a line: JSON objects, or bare questions. Raises DataError, naming the line."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read ({error}). Name a file with a question on each line.") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_question(line.strip(), number))
            except (ValueError, TypeError, re.error) as error:
                raise DataError(f"{file}: line {number}: {error}.") from error
    if not found:
        raise DataError(f"{file} holds no question. Write one on each line.")
    return found


def _question(line: str, number: int) -> OwnQuestion:
    if not line.startswith("{"):
        return OwnQuestion(str(number), line)
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"not a JSON object ({error})") from error
    for name in row:
        if name not in _FIELDS and "question" in row and (near := difflib.get_close_matches(name, _FIELDS, 1, 0.8)):
            raise ValueError(f'there is no field "{name}"; did you mean {near[0]}?')
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise ValueError('it has no "question"')
    short = (re.escape(" ".join(each.split())) for each in _texts(row, "answers"))
    said = [*_texts(row, "gold"), *(rf"(?i)(?<!\w){each}(?!\w)" for each in short)]
    sentences = _texts(row, "sentences")
    for pattern in said:
        re.compile(pattern)
    answerable = row.get("answerable", False if row.get("sentences") == [] else None)
    if answerable not in (True, False, None):
        raise ValueError('"answerable" is true or false')
    if answerable is False and (said or sentences or row.get("article")):
        raise ValueError("it cannot be unanswerable and have an answer")
    article, day = row.get("article"), row.get("today")
    if article is not None and not isinstance(article, str):
        raise ValueError('"article" is an id, a path, an address or a title')
    return OwnQuestion(
        str(row.get("id", number)),
        text,
        answerable,
        tuple(said),
        tuple(sentences),
        article,
        date.fromisoformat(day) if day else None,
        tuple(_texts(row, "thread")),
    )


def _texts(row: dict[str, Any], name: str) -> list[str]:
    value = row.get(name, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) and each.strip() for each in texts):
        raise ValueError(f'"{name}" is a list of texts')
    return texts


def verdict(asked: OwnQuestion, reply: Reply) -> str:
    """Return how good a reply is, one of VERDICTS."""
    result = reply.result
    if asked.answerable is False:
        return "wrong" if isinstance(result, Answer) else "right"
    if isinstance(result, NoAnswer):
        return result.outcome
    if not asked.expects_text and asked.article is None:
        return "answered"
    fitting = [one for one in result.citations if is_from(one.article.source, asked.article)]
    shown = [one for one in fitting if asked.fits(one.quote)]
    if result.citations[0] not in shown:
        return "shown" if shown else "wrong"
    return "right" if asked.fits(deciding(result.citations[0])) else "in the excerpt"


def is_from(source: Source, article: str | None) -> bool:
    """Tell whether an article is the expected one: its id or the start of it, its path, address or title."""
    if article is None:
        return True
    wanted = article.strip()
    return (
        (len(wanted) >= _SHORTEST_ID and source.id.startswith(wanted))
        or wanted in (source.path, source.url)
        or source.path.endswith(f"/{wanted}")
        or source.title.casefold() == wanted.casefold()
    )


def figures_of(replies: Sequence[OwnReply]) -> dict[str, str]:
    """Return the figures, each as a line for people."""
    outcomes = Counter(each.reply.result.outcome if each.reply else "refused" for each in replies)
    expected = [
        each
        for each in replies
        if each.asked.answerable is not False and (each.asked.expects_text or each.asked.article)
    ]
    no = [each for each in replies if each.asked.answerable is False]
    yes = [each for each in replies if each.asked.answerable is True or each in expected]
    figures = {"questions": str(len(replies))}
    figures |= {name: _of(outcomes[name], len(replies)) for name in ("answered", "unsure", "refused")}
    if expected:
        counts = Counter(each.verdict for each in expected)
        figures["with an expected answer"] = str(len(expected))
        figures |= {f"  {name}": _of(counts[name], len(expected)) for name in VERDICTS if name != "answered"}
        figures["  found by the search"] = _of(sum(map(_is_found, expected)), len(expected))
    if yes and not expected:
        figures["answered, of the answerable"] = _of(sum(each.words > 0 for each in yes), len(yes))
    if no:
        figures["not answered, of the unanswerable"] = _of(sum(each.verdict == "right" for each in no), len(no))
    words = [each.words for each in replies if each.words]
    seconds = [each.seconds for each in replies]
    figures["words of an answer (median)"] = str(round(median(words))) if words else "-"
    slow = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    figures["seconds (median, 95 % within)"] = f"{median(seconds):.2f}, {slow:.2f}"
    return figures


def _is_found(item: OwnReply) -> bool:
    """Tell whether what was expected is among the passages that the answer was chosen from."""
    asked = item.asked
    return item.reply is not None and any(
        is_from(hit.article.source, asked.article) and asked.fits(hit.passage.text) for hit in item.reply.hits
    )


def _of(count: int, total: int) -> str:
    return f"{count} of {total} ({100 * count / total:.0f} %)"
