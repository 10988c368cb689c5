"""A follow-up as a question that stands alone, in the words of its conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from bot.answer.desk import LONGEST_QUESTION, Request
from bot.terminal import day
from bot.write.fenced import harmless
from bot.write.llm import Llm, LlmError, Tally
from bot.write.prompt import Prompt
from index.terms import term_of, words

_LONGEST = 400  # characters of a rewritten question
_EARLIER = 6  # questions before it that are told
_NUMBER_WORDS = frozenset(
    """
        one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion
        trillion dozen half
    """.split()
)


def rewritten(llm: Llm, prompt: Prompt, request: Request, until: float, tally: Tally) -> str | None:
    """Return the question with what it leaves out, None if the model fails or brings in what nobody has said."""
    earlier = [" ".join(harmless(question).split()) for question in request.thread[-_EARLIER:]]
    question = " ".join(harmless(request.question).split())[:LONGEST_QUESTION]
    rules, asked = prompt.filled(
        today=day(request.today), earlier="\n".join(f"- {item}" for item in earlier), question=question
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
    if not line or "\n" in line or len(line) > _LONGEST or added(line, [*earlier, question]):
        return None
    return line


def added(question: str, said: Sequence[str]) -> list[str]:
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
