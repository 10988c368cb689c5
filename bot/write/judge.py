"""A language model as judge, in a call of its own: does the evidence say what a sentence says?

It sees nothing but pairs of evidence and sentence, between marks that no text can imitate, and answers yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from bot.check.judge import Weighed
from bot.write.llm import Llm, Tally
from bot.write.prompt import Prompt, harmless, mark_for
from index.dates import day_text

_PASSAGES = 4  # that are read for a sentence
_VERDICT = re.compile(r"\W*(\d{1,3})\W{1,4}(yes|no)\W*", re.I)


def verdicts(llm: Llm, prompt: Prompt, sentences: Sequence[Weighed], until: float, tally: Tally) -> list[bool]:
    """Return for each sentence whether the model finds it in the passages that it cites; what it does not say clearly
    is no. Raises LlmError.
    """
    texts = [f"Text:\n{harmless(_text(one))}\n\nSentence: {' '.join(harmless(one.text).split())}" for one in sentences]
    mark = mark_for("\n".join([prompt.rules, *texts]))
    fenced = (
        f"<<<pair {number} {mark}>>>\n{text}\n<<<end of pair {number} {mark}>>>" for number, text in enumerate(texts, 1)
    )
    rules, asked = prompt.filled(mark=mark, pairs="\n\n".join(fenced))
    with closing(llm.write(rules, asked, until, tally)) as pieces:
        written = "".join(pieces)
    said: dict[int, set[str]] = {}
    for line in written.splitlines():
        if verdict := _VERDICT.fullmatch(line):
            said.setdefault(int(verdict[1]), set()).add(verdict[2].lower())
    return [said.get(number) == {"yes"} for number in range(1, len(sentences) + 1)]


def _text(weighed: Weighed) -> str:
    """Return the passages that a sentence cites, each under its publisher, day and title."""
    found = []
    for hit in (evidence.hit for evidence in weighed.cited[:_PASSAGES]):
        source = hit.article.source
        day = day_text(source.published, source.date_source)
        found.append(f"({source.publisher or 'unknown'}, {day}: {source.title})\n{hit.passage.text}")
    return "\n\n".join(found)
