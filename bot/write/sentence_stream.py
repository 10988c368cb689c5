"""Cuts the text of a language model into sentences while it arrives: yields a sentence when it and its keys are
complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.sentences import Span, may_go_on, spans

# Keys in brackets, one or more, each with or without the words it rests on ('[h3v8: "words"]'): they belong to the
# sentence before them even where they stand behind its full stop.
_INSIDE = r"(?:\w{1,8}:[ \t]*[\"“][^\[\]\n]{0,600}|[^\[\]\n]{0,80})"
_KEYS = re.compile(rf"[ \t]*\[{_INSIDE}\](?:[ \t]*[,;]?[ \t]*\[{_INSIDE}\])*")
_HALF_KEY = re.compile(rf"[ \t]*\[{_INSIDE}$")
_KEYS_OR_HALF = re.compile(rf"(?:{_KEYS.pattern})|(?:{_HALF_KEY.pattern})")
_ONLY_KEYS = re.compile(rf"(?:{_KEYS.pattern})[ \t]*[.!?]?[ \t]*$")
_PREFIX = re.compile(r"\s*(?:(?:[-*+•‣–]|\(?\d{1,2}[.)]|#{1,6}|>)\s+)+")
_RULE = re.compile(r"[\s|:*_=+-]*$")  # lines of a table, rulers
_EMPHASIS = re.compile(r"\*\*|__|`+|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])")
_THINKING = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.S | re.I)
_THINKS = "<thinking>"
# What may still come: a sentence end inside an open quotation, or in brackets, is none.
_CLOSERS = ("", '"', "”", "“", "»", "«", ")", "」", "』", "）", ",’", ",'", "''")
_LONGEST = 4_000  # characters without an end that are kept; what is longer is no sentence


class SentenceStream:
    """Takes pieces of text of any size and gives whole sentences, Markdown's marks left out, keys kept."""

    def __init__(self) -> None:
        self._text = ""
        self._began = False
        self._fresh = True  # what is kept begins a line: only there is a number or a dash the mark of a list

    def feed(self, piece: str) -> list[str]:
        """Add what has arrived and return the sentences it completes."""
        self._text += piece.replace("\r\n", "\n").replace("\r", "\n")
        if not self._began:
            self._text = _without_thinking(self._text)
            if not self._text.strip() or _may_think(self._text):
                return []
            self._began = True
        found: list[str] = []
        while (line := self._whole_line()) is not None:
            found += _sentences(line, self._fresh)
            self._fresh = True
        complete, rest = _complete(self._text, self._fresh)
        self._fresh = self._fresh and len(rest) == len(self._text)
        self._text = rest
        if len(self._text) > _LONGEST:
            self._text = self._text[-_LONGEST:]
        return found + complete

    def end(self) -> list[str]:
        """Return what is left when the model has finished."""
        rest, self._text = self._text, ""
        if not self._began and _may_think(rest):
            return []
        found: list[str] = []
        for number, line in enumerate(_joined(rest).split("\n")):
            found += _sentences(line, self._fresh or number > 0)
        return found

    @property
    def rest(self) -> str:
        """What has arrived and is no sentence yet."""
        return self._text.strip()

    def _whole_line(self) -> str | None:
        """Take the first line if nothing that follows can still belong to it."""
        line, newline, rest = self._text.partition("\n")
        if not newline:
            return None
        if _KEYS.search(line) is None and line.strip():  # its keys may stand on a line of their own
            following = rest.lstrip()
            if not following:
                return None
            if following.startswith("["):
                keys, newline, after = following.partition("\n")
                if _ONLY_KEYS.match(keys) and newline:
                    self._text = after
                    return f"{line} {keys}"
                if not newline and (_ONLY_KEYS.match(keys) or _HALF_KEY.match(keys)):
                    return None
        self._text = rest
        return line


def _without_thinking(text: str) -> str:
    """Leave out what a reasoning model says to itself before it answers."""
    return _THINKING.sub("", text, count=1)


def _may_think(text: str) -> bool:
    start = text.lstrip().lower()
    return start.startswith("<think") or _THINKS.startswith(start) if start else True


def _joined(text: str) -> str:
    """Put keys that stand on a line of their own behind the line before."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip() and _ONLY_KEYS.match(line.strip()) and lines:
            while not lines[-1].strip() and len(lines) > 1:
                lines.pop()
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)


def _sentences(line: str, fresh: bool) -> list[str]:
    """Return the sentences of a whole line."""
    if _RULE.match(line):
        return []
    line = _cells(line)
    return _without_rulers(_clean(line[start:end]) for start, end in _spans(line, fresh))


def _complete(text: str, fresh: bool) -> tuple[list[str], str]:
    """Divide an unfinished line into the sentences that nothing can change any more, and the rest."""
    if "\n" in text or text.lstrip().startswith("|"):
        return [], text
    variants = [_spans(text + closer, fresh) for closer in _CLOSERS]
    end = 0
    found: list[str] = []
    for number, span in enumerate(variants[0][:-1]):
        if any(number >= len(other) or other[number] != span for other in variants[1:]):
            break
        if may_go_on(_KEYS.sub("", text[span[0] : span[1]]), len(_KEYS_OR_HALF.sub("", text[span[1] :]))):
            break  # "in the U.S. A" may go on as "Army"
        found.append(_clean(text[span[0] : span[1]]))
        end = span[1]
    return _without_rulers(found), text[end:]


def _without_rulers(sentences: Iterable[str]) -> list[str]:
    """Leave out rulers and stray marks: they may be all that is left of a line."""
    return [sentence for sentence in sentences if not _RULE.match(sentence)]


def _spans(line: str, fresh: bool) -> list[Span]:
    """Return the sentences of a line with their keys, wherever these stand; the marks of a list or heading in front are
    no part of them.
    """
    first = prefix.end() if fresh and (prefix := _PREFIX.match(line)) else 0
    kept: list[int] = []  # places of what is no key
    at = first
    for keys in _KEYS_OR_HALF.finditer(line, first):
        kept += range(at, keys.start())
        at = keys.end()
    kept += range(at, len(line))
    found: list[Span] = []
    for start, end in spans("".join(line[place] for place in kept)):
        last = kept[end - 1] + 1
        keys_behind = _KEYS_OR_HALF.match(line, last)
        # Keys in front of everything are the first sentence's.
        found.append((kept[start] if found else first, keys_behind.end() if keys_behind else last))
    return found or ([(first, len(line))] if line[first:].strip() else [])


def _cells(line: str) -> str:
    """Return the row of a table as one line of text."""
    if not line.lstrip().startswith("|"):
        return line
    return ", ".join(cell.strip() for cell in line.strip().strip("|").split("|") if cell.strip())


def _clean(sentence: str) -> str:
    return " ".join(_EMPHASIS.sub("", sentence).split())
