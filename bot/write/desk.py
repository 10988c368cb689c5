"""The written answerer: a language model writes from the passages found, and each sentence is shown once it is complete
and checked. A follow-up is first completed in the words of its conversation.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from bot.answer.desk import LONGEST_QUESTION, Desk, Reply, Request
from bot.check.checker import SentenceChecker
from bot.check.judge import Judge, Weighed
from bot.reply import Answer, Dropped, NoAnswer, Sentence, Writing
from bot.write.judge import verdicts
from bot.write.llm import Llm, LlmError, Tally
from bot.write.prompt import FencedPassages, Prompt, fence_passages, harmless, prompt
from bot.write.sentence_stream import SentenceStream
from index.dates import day_text
from index.model.embedder import Embedder
from index.text import term_of, words
from index.words import numbers

if TYPE_CHECKING:
    from settings import LlmSettings

_LONGEST = 400  # characters of a rewritten question
_EARLIER = 6  # earlier questions that the model sees
_NUMBER_WORDS = frozenset(word for word, value in numbers().items() if value) | {"dozen", "half"}


def completed_follow_up(llm: Llm, prompt: Prompt, request: Request, until: float, tally: Tally) -> str | None:
    """Return the question completed from the conversation, None if the model fails or adds a name or number."""
    earlier = [" ".join(harmless(question).split()) for question in request.thread[-_EARLIER:]]
    question = " ".join(harmless(request.question).split())[:LONGEST_QUESTION]
    rules, asked = prompt.filled(
        today=day_text(request.today), earlier="\n".join(f"- {item}" for item in earlier), question=question
    )
    written = ""
    try:
        with closing(llm.write(rules, asked, until, tally)) as pieces:
            for piece in pieces:
                written += piece
                if len(written.strip()) > 2 * _LONGEST:
                    return None
    except LlmError:
        return None
    line = written.strip().strip("\"“”'` ")
    if not line or "\n" in line or len(line) > _LONGEST or names_not_said(line, [*earlier, question]):
        return None
    return line


def names_not_said(question: str, said: Sequence[str]) -> list[str]:
    """Return the names and numbers of a question that stand in none of the texts said before."""
    known = {term_of(word) for text in said for word in _words(text)}
    telling = [
        word
        for word in _words(question)
        if word[:1].isupper() or any(char.isdigit() for char in word) or word.lower() in _NUMBER_WORDS
    ]
    return [word for word in telling if term_of(word) and term_of(word) not in known]


def _words(text: str) -> list[str]:
    return words(re.sub(r"(?<=\d)[,.](?=\d)", "", text))


NAME = "llm"
DECLINED = "The passages do not answer this question."
UNCONFIRMED = "wrote nothing that could be confirmed"
_FOR_FOLLOW_UP = 0.25  # share of an answer's time that completing the question may take


@dataclass(slots=True)
class _Draft:
    """An answer on its way."""

    sentences: list[Sentence] = field(default_factory=list)
    confirmed: int = 0  # sentences shown in the model's words
    replaced: list[Dropped] = field(default_factory=list)  # the article's own sentences are shown in their place
    dropped: list[Dropped] = field(default_factory=list)
    declined: bool = False
    fault: LlmError | None = None
    checking: float = 0.0  # seconds
    first: float | None = None  # when the first sentence was shown


def prompts() -> tuple[Prompt, Prompt, Prompt]:
    """Read the prompts for an answer, a follow-up and a judge. Raises SettingsError if one is damaged."""
    return (
        prompt("answer", {"today", "decline", "mark", "passages", "question"}),
        prompt("followup", {"today", "earlier", "question"}),
        prompt("judge", {"mark", "pairs"}),
    )


class WrittenDesk:
    """Answers by a language model, and with quotes where that fails."""

    def __init__(
        self,
        quotes: Desk,
        llm: Llm,
        embedder: Embedder,
        settings: LlmSettings,
        judge: Judge | Literal["llm"] | None = None,
    ) -> None:
        """Answer from what a desk finds; ``judge`` must confirm each sentence ("llm": the language model, in a second
        call). Raises SettingsError if a prompt is damaged.
        """
        self.quotes = quotes
        self._llm, self._embedder, self._settings, self._judge = llm, embedder, settings, judge
        self._prompt, self._follow_up, self._judging = prompts()

    def ask(self, request: Request) -> Reply:
        """Answer a question. Raises what bot.answer.desk.Desk.ask raises; a model that fails raises nothing."""
        *_, reply = self.stream(request)
        assert isinstance(reply, Reply), "a stream ends with its reply"
        return reply

    def stream(self, request: Request) -> Iterator[Sentence | Reply]:
        """Yield the sentences of an answer, each one checked, then the reply; what has been yielded is in it.

        Closing it ends the work.
        """
        began, tally = time.monotonic(), Tally()
        until = began + self._settings.seconds
        asked = self._completed(request, began, tally)
        plain = self.quotes.ask(asked)
        plain = replace(plain, result=replace(plain.result, question=" ".join(request.question.split())))
        if not plain.hits:
            yield plain
            return
        draft = _Draft()
        passages = fence_passages(
            plain.hits,
            self._settings.passages,
            self._settings.tokens_in,
            around=f"{self._prompt.rules}\n{asked.question}",
        )
        judge = self._llm_judge(until, tally, draft) if self._judge == "llm" else self._judge
        checker = SentenceChecker(passages.passages, self._embedder, judge)
        texts = self._texts(asked, passages, until, tally, draft)
        decided = self._decided(self._weighed(texts, checker, draft), checker, draft)
        for sentence in self._shown(decided, checker, draft):
            draft.first = draft.first or time.monotonic()
            yield sentence
        yield self._reply(plain, draft, checker, tally, began)

    def _completed(self, request: Request, began: float, tally: Tally) -> Request:
        """Return a follow-up as a question that stands alone, if the model can write it in the conversation's own
        words.
        """
        if not request.thread:
            return request
        until = began + self._settings.seconds * _FOR_FOLLOW_UP
        complete = completed_follow_up(self._llm, self._follow_up, request, until, tally)
        return (
            replace(request, question=complete, thread=()) if complete else request
        )  # the quotes desk has its own way

    def _texts(
        self, asked: Request, passages: FencedPassages, until: float, tally: Tally, draft: _Draft
    ) -> Generator[str, None, None]:
        """Yield the model's sentences as they become complete; what ends it early is noted."""
        rules, question = self._prompt.filled(
            today=day_text(asked.today),
            decline=DECLINED,
            mark=passages.mark,
            passages=passages.text,
            question=" ".join(asked.question.split()),
        )
        stream = SentenceStream()
        try:
            with closing(self._llm.write(rules, question, until, tally)) as pieces:
                for piece in pieces:
                    yield from stream.feed(piece)
            yield from stream.end()
        except LlmError as error:
            draft.fault = error
            if stream.rest:
                draft.dropped.append(Dropped(stream.rest, "the model broke off in it"))

    @staticmethod
    def _weighed(texts: Generator[str, None, None], checker: SentenceChecker, draft: _Draft) -> Iterator[Weighed]:
        """Yield each sentence of the model's with what the rules find, until it declines."""
        with closing(texts):
            for text in texts:
                if not _declines(text):
                    began = time.monotonic()
                    weighed = checker.weigh(text)
                    draft.checking += time.monotonic() - began
                    yield weighed
                elif not draft.sentences:
                    draft.declined = True
                    return
                else:
                    draft.dropped.append(Dropped(text, "it declines after it has answered"))

    def _llm_judge(self, until: float, tally: Tally, draft: _Draft) -> Judge:
        """Return the language model as judge; where its call fails it confirms nothing."""

        def confirms(sentences: Sequence[Weighed]) -> Sequence[bool]:
            try:
                return verdicts(self._llm, self._judging, sentences, until, tally)
            except LlmError as error:
                draft.fault = draft.fault or error
                return [False] * len(sentences)

        return Judge(confirms, at_once=False, every_language=True)

    @staticmethod
    def _decided(sentences: Iterator[Weighed], checker: SentenceChecker, draft: _Draft) -> Iterator[Weighed]:
        """Yield sentences as they come; a judge that is asked once delays those from the first that it must judge."""
        at_once = checker.judge is None or checker.judge.at_once
        waiting: list[Weighed] = []
        for weighed in sentences:
            waiting.append(weighed)
            if at_once or all(each.settled for each in waiting):
                began = time.monotonic()
                decided = checker.decide(waiting)
                draft.checking += time.monotonic() - began
                yield from decided
                waiting.clear()
        yield from checker.decide(waiting)

    @staticmethod
    def _shown(sentences: Iterator[Weighed], checker: SentenceChecker, draft: _Draft) -> Iterator[Sentence]:
        """Yield a sentence in the model's words if it is confirmed, else the article's sentences that it rests on."""
        for weighed in sentences:
            began = time.monotonic()
            shown = checker.quoted(weighed) if weighed.fault else [checker.confirm(weighed)]
            draft.checking += time.monotonic() - began
            if not weighed.fault:
                draft.confirmed += 1
            elif shown is None:
                draft.dropped.append(Dropped(weighed.text, weighed.fault))
            else:
                draft.replaced.append(Dropped(weighed.text, weighed.fault))
            draft.sentences += shown or []
            yield from shown or []

    def _reply(self, plain: Reply, draft: _Draft, checker: SentenceChecker, tally: Tally, began: float) -> Reply:
        total = time.monotonic() - began
        fault = str(draft.fault) if draft.fault else ""
        instead = "" if draft.sentences or draft.declined else (draft.fault.why if draft.fault else UNCONFIRMED)
        used = (tally.tokens_in, tally.tokens_out, tally.counted, self._llm.cost(tally), total)
        replaced, reasons = (dict(Counter(item.reason for item in items)) for items in (draft.replaced, draft.dropped))
        counts = (draft.confirmed, reasons, instead, fault, replaced)
        writing = Writing(self._llm.name, self._prompt.version, *used, *counts)
        question, dropped = plain.result.question, (*draft.replaced, *draft.dropped)
        spent = {
            "answer": round(1_000 * (total - draft.checking)),
            "check": round(1_000 * draft.checking),
            "total": round(1_000 * total),
        }
        if draft.first is not None:
            spent["first"] = round(1_000 * (draft.first - began))
        timings = {**plain.timings_ms, **spent}
        if draft.sentences:
            why = (
                f"{self._llm.name} wrote {draft.confirmed + len(dropped)} sentences: {draft.confirmed} confirmed, "
                f"{len(draft.replaced)} replaced by quotes, {len(draft.dropped)} dropped{f'; {fault}' if fault else ''}"
            )
            answer = Answer(
                question, tuple(draft.sentences), self.quotes.also_in(checker.citations, plain.hits), NAME, dropped
            )
            return replace(plain, result=answer, timings_ms=timings, why=why, writing=writing)
        if draft.declined:
            # what quotes would have answered with is close at best
            close = plain.result.closest if isinstance(plain.result, NoAnswer) else plain.result.citations[0]
            refusal = NoAnswer(question, "declined", plain.hits[:3], dropped, close)
            return replace(
                plain,
                result=refusal,
                timings_ms=timings,
                why=f"{self._llm.name} found no answer in the passages",
                writing=writing,
            )
        why = f"{self._llm.name} {instead}{f' ({fault})' if fault else ''}, so quotes were chosen: {plain.why}"
        return replace(
            plain,
            result=replace(plain.result, dropped=(*plain.result.dropped, *dropped)),
            timings_ms=timings,
            why=why,
            writing=writing,
        )


def _declines(text: str) -> bool:
    """Tell whether a sentence is the phrase that says there is no answer, whatever keys or quotation marks it
    carries.
    """
    return [word.lower() for word in words(re.sub(r"\[[^\[\]]*\]", " ", text))] == [
        word.lower() for word in words(DECLINED)
    ]
