"""A language model as judge, in a call of its own: does the evidence say what a sentence says?

It sees nothing but pairs of evidence and sentence, between marks that no text can imitate, and answers yes or no.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from bot.write.llm import Llm, Tally
from bot.write.prompt import Prompt, harmless, mark_for

_VERDICT = re.compile(r"\W*(\d{1,3})\W{1,4}(yes|no)\W*", re.I)


def verdicts(llm: Llm, prompt: Prompt, pairs: Sequence[tuple[str, str]], until: float, tally: Tally) -> list[bool]:
    """Return for each pair of evidence and sentence whether the model confirms it; what it does not say clearly is no.

    Raises LlmError.
    """
    texts = [f"Text:\n{harmless(evidence)}\n\nSentence: {' '.join(harmless(said).split())}" for evidence, said in pairs]
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
    return [said.get(number) == {"yes"} for number in range(1, len(pairs) + 1)]
