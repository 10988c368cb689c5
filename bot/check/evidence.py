"""What a cited passage offers as evidence: its sentences as tokens, the names around them, and who speaks in which.

Also decides whether a claim gives words to the person who said them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.check.additions import Around, main_sentences
from bot.check.alignment import Match
from bot.check.claim import Token, tokenize
from bot.check.numbers import Figure, figures
from bot.check.times import Day, days
from bot.check.vocabulary import alike, function_words, lemma
from index.articles import Hit, Source
from index.dates import day_text
from index.sentences import Span, spans
from index.statements import Statement, named_in, statements
from index.words import marked, one_of

_CONTEXT = 1_500  # characters before a passage that its reader has just read
_BEFORE = 2  # sentences before a window in which "he" may be named
_LONGEST_WINDOW = 3  # sentences
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring sentences of a passage, by their first and last number in the evidence."""

    evidence: Evidence
    first: int
    last: int

    @property
    def span(self) -> Span:
        """Its position in the article."""
        return self.evidence.sentences[self.first][0], self.evidence.sentences[self.last][1]

    @property
    def text(self) -> str:
        """Its words."""
        start, end = self.span
        return self.evidence.hit.article.text[start:end]

    @property
    def tokens(self) -> list[Token]:
        """Its tokens; clauses of different sentences are different."""
        return [token for number in range(self.first, self.last + 1) for token in self.evidence.tokens(number)]

    @property
    def speakers(self) -> list[Statement]:
        """Who speaks in it."""
        return [statement for statement in self.evidence.statements if self.first <= statement.index <= self.last]

    @property
    def around(self) -> Around:
        """What its article says around it."""
        evidence = self.evidence
        before = [
            token for number in range(max(0, self.first - _BEFORE), self.first) for token in evidence.tokens(number)
        ]
        carried = [
            word for statement in self.speakers if statement.carried for word in _names(tokenize(statement.speaker))
        ]
        names = frozenset([*_names(before), *_names(evidence.title), *carried])
        return Around(evidence.hit.article.source.published, names, evidence.pairs)


class Evidence:
    """A cited passage, parsed once."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        text, passage = hit.article.text, hit.passage
        start = text.rfind("\n", 0, max(0, passage.start - _CONTEXT)) + 1
        end = (
            passage.end
            if passage.end >= len(text) or text[passage.end : passage.end + 1] == "\n"
            else _line_end(text, passage.end)
        )
        self.sentences: list[Span] = [(start + s, start + e) for s, e in spans(text[start:end])]
        self._tokens: dict[int, list[Token]] = {}

    @property
    def described(self) -> str:
        """The passage under publisher, day and title, for a judge to read."""
        source = self.hit.article.source
        head = f"{source.publisher or 'unknown'}, {day_text(source.published, source.date_source)}: {source.title}"
        return f"({head})\n{self.hit.passage.text}"

    @cached_property
    def lower(self) -> frozenset[str]:
        """Words that the article writes small somewhere: with a capital they open a sentence."""
        return frozenset(word for word in _WORD.findall(self.hit.article.text) if word.islower())

    @cached_property
    def title(self) -> list[Token]:
        """The tokens of the title."""
        return tokenize(self.hit.article.source.title, self.lower)

    @cached_property
    def statements(self) -> list[Statement]:
        """Who speaks in which sentence."""
        text = self.hit.article.text
        return statements([text[start:end] for start, end in self.sentences])

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Names that stand side by side in the article: first and last names."""
        tokens = [*self.title, *(token for number in range(len(self.sentences)) for token in self.tokens(number))]
        return frozenset((a.key, b.key) for a, b in pairwise(tokens) if a.kind == b.kind == "name")

    @cached_property
    def words(self) -> frozenset[str]:
        """The lemmas of all words of the article, its title, author and publisher."""
        source = self.hit.article.source
        texts = (self.hit.article.text, source.title, source.author or "", source.publisher or "")
        return frozenset(lemma(word) for text in texts for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text))

    @cached_property
    def initials(self) -> str:
        """The first letters of the words of the passage in order, small words left out."""
        words = (word.lower() for word in _WORD.findall(self.hit.passage.text))
        return "".join(word[0] for word in words if word not in function_words())

    @cached_property
    def figures(self) -> list[Figure]:
        """The numbers of the passage and the title."""
        return [token.figure for token in self._all if token.figure]

    @cached_property
    def days(self) -> list[Day]:
        """The times of the passage and the title."""
        return [token.day for token in self._all if token.day]

    @cached_property
    def years(self) -> frozenset[int]:
        """The years that the article names, and that of its publication."""
        published = self.hit.article.source.published
        named = {int(year) for year in re.findall(r"\b(?:1[5-9]|20)\d\d\b", self.hit.article.text)}
        return frozenset(named | ({published.year} if published else set()))

    @property
    def _all(self) -> list[Token]:
        return [*self.title, *(token for number in self.own for token in self.tokens(number))]

    @cached_property
    def own(self) -> list[int]:
        """The sentences that lie in the passage itself, at least in part."""
        passage = self.hit.passage
        return [n for n, (start, end) in enumerate(self.sentences) if end > passage.start and start < passage.end]

    def tokens(self, number: int) -> list[Token]:
        """Return the tokens of a sentence."""
        if number not in self._tokens:
            start, end = self.sentences[number]
            self._tokens[number] = [
                Token(t.key, t.kind, t.start, t.end, t.clause + 1_000 * number, t.figure, t.day)
                for t in tokenize(self.hit.article.text[start:end], self.lower)
            ]
        return self._tokens[number]

    def windows(self) -> Iterator[Window]:
        """Yield every run of one to three neighbouring sentences of the passage."""
        for length in range(1, _LONGEST_WINDOW + 1):
            for first, last in zip(self.own, self.own[length - 1 :], strict=False):
                yield Window(self, first, last)


def _names(tokens: Sequence[Token]) -> list[str]:
    return [token.key for token in tokens if token.kind == "name"]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


_VERB = rf"(?:{one_of(marked('verbs_of_speech', 'outlet'))}|has\s+reported)"
_ON = r"(?:,?\s+(?:on|in)\s+(?P<day>[^,]{3,24}?))?"
_FIRST = re.compile(
    rf"\A(?:According\s+to|As\s+reported\s+by|As)\s+(?P<who>[^,]{{2,70}}?)(?:\s+{_VERB})?{_ON},\s+(?P<rest>.+)\Z",
    re.I | re.S,
)
_OPENS = re.compile(rf"\A(?P<who>[^,“\"]{{2,70}}?)\s+{_VERB}{_ON}\s+(?:that\s+)?(?P<rest>.+)\Z", re.I | re.S)
_LAST = re.compile(
    rf"\A(?P<rest>.+?),\s+(?:according\s+to\s+(?P<who>[^,]{{2,70}}?)|(?P<by>[^,]{{2,70}}?)\s+{_VERB}){_ON}[.]?\Z",
    re.I | re.S,
)
_BRACKET = re.compile(r"\A(?P<rest>.+?)\s*\((?P<who>[^(),]{2,70})(?:,\s*(?P<day>[^()]{3,24}))?\)\s*[.]?\Z", re.S)
_GENERIC = re.compile(
    r"(?:(?:the|these|this|an?|one|another)\s+)?(?:news\s+)?(?:articles?|reports?|passages?|papers?|newspapers?|sources?|pieces?|stor(?:y|ies)|outlets?|wire)\Z",
    re.I,
)
_FAR = 40  # tokens between a speaker and the verb
_SPEAKS = frozenset(map(lemma, marked("verbs_of_speech", "speaks")))


@dataclass(frozen=True, slots=True)
class Unascribed:
    """A sentence without the words that name the outlet it comes from."""

    text: str
    loosely: bool = False  # it was said by "the report": somebody speaks, no matter who


def without_outlet(text: str, sources: Sequence[Source]) -> Unascribed:
    """Return a sentence without the outlet, author or "the article" that it names as its source, if a cited passage is
    from there.
    """
    for form in (_FIRST, _LAST, _BRACKET, _OPENS):
        match = form.match(text)
        if not match:
            continue
        groups = match.groupdict()
        who = groups.get("who") or groups.get("by") or ""
        if any(_is(who, groups.get("day"), source) for source in sources):
            rest = match["rest"].strip()
            return Unascribed(rest if rest[-1:] in '.!?”"' else rest + ".", _GENERIC.match(who.strip()) is not None)
    return Unascribed(text)


def _is(who: str, day: str | None, source: Source) -> bool:
    if day:
        found = days(day)
        if (
            not found
            or source.published is None
            or any(source.published not in one.exactly(source.published) for one in found)
        ):
            return False
    if _GENERIC.match(who.strip()):
        return True
    mine = _keys(who)
    return bool(mine) and any(
        mine <= _keys(name) or (_keys(name) and _keys(name) <= mine)
        for name in (source.publisher, source.author)
        if name
    )


def _keys(name: str) -> set[str]:
    return {key for word in re.findall(r"\w+", name) if (key := lemma(word)) not in function_words()}


def misattributed(text: str, match: Match, window: Window, *, speaker_named: bool = False) -> str:
    """Return how what a claim says of who speaks differs from the article, "" if it does not.

    ``speaker_named``: an earlier clause of the sentence named a speaker.
    """
    names, pronouns = named_in(text)
    carrying = main_sentences(match)
    speakers = [statement for statement in window.speakers if statement.index in carrying]
    for name in names:
        if not _speaks(name, match, speakers):
            return "the passage does not give these words to whom the sentence names"
    if (
        names
        or pronouns
        or speaker_named
        or any(token.key in _SPEAKS for token in match.claim)
        or "“" in text
        or '"' in text
    ):
        return ""
    if carrying and all(any(statement.index == number for statement in speakers) for number in carrying):
        return "it states as a fact what the passage gives as somebody's words"
    return ""


def _speaks(name: str, match: Match, speakers: Sequence[Statement]) -> bool:
    words = [lemma(word) for word in re.findall(r"[\w’']+", name)]
    wanted = [word for word in words if word not in function_words()][-1:] or words[-1:]
    if figures(name) and name.lower() == name:  # "twenty-one states" is no speech
        return True
    theirs = {lemma(word) for statement in speakers for word in re.findall(r"[\w’']+", statement.speaker)}
    if any(alike(one, other) for one in wanted for other in theirs) or (
        not {lemma(w) for w in words}.isdisjoint(theirs) and len(words) > 1
    ):
        return True
    # Else the name must go with the same verb, and no other name stand nearer to it.
    places = [j for i, j in match.aligned.items() if match.claim[i].key in wanted]
    verbs = [j for i, j in match.aligned.items() if match.claim[i].key in _SPEAKS]
    return any(
        abs(verb - place) <= _FAR and all(match.window[k].kind != "name" for k in range(max(place + 1, verb - 3), verb))
        for place in places
        for verb in verbs
    )
