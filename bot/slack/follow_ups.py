"""Whether a remark in the thread of an answer, without a mention, is a further question to the bot.

People talk to each other there. A remark is answered only if the articles answer it by its own words, or if it asks
about the answer that stands directly above it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import partial

from bot.answer.desk import Reply, Request
from bot.desk_threads import DeskThreads
from bot.journal.entry import JournalEntry
from bot.journal.stored_answer import StoredAnswer
from bot.question.chatter import questions_in
from bot.question.parse import parse_question
from bot.reply import Answer
from bot.slack.web_api.api import Api
from index.articles import Article
from index.errors import NewsdeskError
from index.text import terms

_SURE = 0.4  # confidence from which a remark of one or two words of its own is answered; a mention is from 0.35
_VERY_SURE = 0.55  # the same where its own words do not tell what it is about, or its articles are not the thread's
_MOST = 2 / 3  # share of three or more words that the passage has
# "And Starmer?", "what about the sea?": only a further question is put so.
_ANOTHER = re.compile(r"\W*(?:(?:and|but|or)\b.{2,60}|(?:and\s+|but\s+)?(?:what|how)\s+about\b.{2,60})\?\W*", re.I)
_REFERS = re.compile(r"\b(?:he|she|they|it|him|her|them|his|its|their|this|that|these|those)\b", re.I)


class FollowUps:
    """Tells further questions from what people say to each other."""

    def __init__(self, api: Api, desk: DeskThreads) -> None:
        self._api, self._desk = api, desk

    async def asked_in(self, entry: JournalEntry, request: Request, thread: Sequence[JournalEntry]) -> Request | None:
        """Return what a remark asks the bot, None if it is for people. ``thread``: the questions before it there.

        Quotes decide, also where a language model answers: asking it about every remark would cost money.
        """
        answers = [StoredAnswer.from_json(item.answer) for item in thread if item.answer]
        cited = {source.origin.article_id for answer in answers for source in answer.cited}
        # With the words of the questions before, and else alone.
        for asked in (request, replace(request, thread=())) if request.thread else (request,):
            try:
                reply = await self._desk.ask_quotes(asked)
            except NewsdeskError:
                return None
            if not isinstance(reply.result, Answer):
                continue
            decide = partial(belongs_to_the_bot, asked, reply, request.thread, cited)
            if await asyncio.to_thread(decide, directly_below=False) or (
                asked.thread
                and await asyncio.to_thread(decide, directly_below=True)
                and await self._is_directly_below(entry, thread)
            ):
                return asked
        return None

    async def _is_directly_below(self, entry: JournalEntry, thread: Sequence[JournalEntry]) -> bool:
        """Tell whether nobody has written anything since the bot's last answer in the thread."""
        last = max((ts for item in thread for ts in item.messages if ts < entry.ts), default="")
        if not last:
            return False
        async for message in self._api.messages(entry.channel, entry.thread, oldest=last, most=200):
            if last < str(message["ts"]) < entry.ts:
                return False
        return True


def belongs_to_the_bot(
    request: Request, reply: Reply, earlier: Sequence[str], cited: Set[str], *, directly_below: bool
) -> bool:
    """Tell whether a remark is to be answered with this reply.

    ``earlier``: the questions of the thread; ``cited``: the articles of its answers. ``directly_below``: nothing was
    written between the bot's answer and the remark.
    """
    if not isinstance(reply.result, Answer):
        return False
    question = parse_question(" ".join(questions_in(request.question)), request.today)
    own, citations = question.terms, reply.result.citations
    topics = [parse_question(item, request.today).terms for item in earlier]
    if not any(_is_of_the_thread(citation.article, topics, cited) for citation in citations):
        # a question of its own: it must say a good deal, and the quote all of it
        quoted = max(_found(own, citation.quote) for citation in citations)
        return len(own) > 2 and bool(question.names) and quoted == len(own) and reply.confidence >= _VERY_SURE
    if not own:  # "For how long?", "When did he say that?"; "Is that all?" says nothing to the bot
        return directly_below and question.kind not in ("yesno", "topic") and reply.confidence >= _VERY_SURE
    quoted = max(_found(own, citation.quote) for citation in citations)
    around = max(_found(own, citation.passage.text) for citation in citations)
    if len(own) > 2:
        return around / len(own) >= _MOST
    if quoted == len(own) or around == len(own) == 2:
        known = any(citation.article.source.id in cited for citation in citations)
        return reply.confidence >= (_SURE if known else _VERY_SURE) or _ANOTHER.fullmatch(request.question) is not None
    refers = directly_below and _REFERS.search(request.question) is not None
    return refers and 2 * around >= len(own) and reply.confidence >= _VERY_SURE


def _is_of_the_thread(article: Article, topics: Sequence[tuple[str, ...]], cited: Set[str]) -> bool:
    """Tell whether an article was cited in the thread, or has most words of a question there."""
    if article.source.id in cited:
        return True
    return any(
        topic and _found(topic, f"{article.source.title} {article.text}") / len(topic) > _MOST for topic in topics
    )


def _found(own: Sequence[str], text: str) -> int:
    return len(set(own) & set(terms(text)))
