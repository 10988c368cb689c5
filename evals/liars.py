"""Sentences of a model that lies in half of what it writes: true ones and false ones, both made by code from an article's own sentences.

Each kind is a function that makes a sentence of another one, or None where that cannot be done. What stands in the lists here was written
without the checker's own lists in view.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from index.articles import Article

_NAME = re.compile(
    r"(?<![.!?:“\"—–-] )(?<!\A)(?<![“\"‘'’(\n—–-])\b[A-Z][a-zà-ÿ]{2,}(?: [A-Z][a-zà-ÿ]{2,})*\b(?!['’]s [A-Z])"
)
_NOT_NAMES = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|"
    r"Mr|Mrs|Ms|Dr|President|Prime|Minister|Senator|Rep|Sen|Gov|Governor|The|This|That|These|Those|With|When|What|She|They|You|It|There|But|And|His|Her|Its|God|Christmas|Easter)\b"
)
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_QUOTES = re.compile(r"[\"“”]")
_NUMBER = re.compile(r"(?<![\w.,$€£-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w.,:-]*\d)(?!(?:st|nd|rd|th)\b)")
_SPELT = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty)\b(?! of)"
)
_SAID = re.compile(
    r"(?P<who>[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+){0,2}) (?P<verb>said|told|added|warned|announced|insisted|argued|wrote|explained)\b"
)
_OPPOSITES = [
    pair.split("/")
    for pair in """increased/decreased|rose/fell|gained/lost|won/lost|more/fewer|higher/lower|before/after|agreed/refused|accepted/rejected|approved/rejected|opened/closed
    |began/ended|started/stopped|supported/opposed|allowed/banned|largest/smallest|first/last|good/bad|better/worse|best/worst|early/late|increase/decrease|strong/weak
    |success/failure|victory/defeat|safe/dangerous|alive/dead|arrested/released|old/young|new/old|high/low|big/small|large/small|long/short|public/private|north/south
    |east/west|northern/southern|eastern/western|left/right|above/below|over/under|inside/outside|men/women|man/woman|son/daughter|father/mother|husband/wife|boys/girls
    |brother/sister|he/she|his/her|all/none|always/never|guilty/innocent|legal/illegal|possible/impossible|likely/unlikely|majority/minority|bought/sold|buy/sell|hired/fired
    |attacked/defended|join/leave|joined/left|raised/lowered|lower/raise|praised/criticized|most/least|up/down|positive/negative|rich/poor|hot/cold|easy/hard""".replace(
        "\n    |", "|"
    ).split("|")
]
_SURER = [("may", "will"), ("might", "will"), ("could", "will"), ("plans to", "did"), ("is expected to", "will"), ("are expected to", "will"), ("hopes to", "will"),
          ("should", "will"), ("would like to", "will"), ("wants to", "will"), ("is likely to", "will"), ("allegedly ", ""), ("reportedly ", "")]  # fmt: skip
_UNITS = [("$", "€"), ("£", "$"), ("€", "£"), (" miles", " kilometers"), (" percent", " million"), (" million", " billion"), (" billion", " million"), (" feet", " meters"),
          (" pounds", " kilos"), (" years", " months"), (" days", " weeks"), (" hours", " minutes"), (" months", " years"), (" weeks", " days"), ("%", " points")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Material:
    """What a sentence is made from: itself, its article, the sentences of its passage, those of an article it has nothing to do with."""

    sentence: str
    article: Article
    passage: Sequence[str]
    elsewhere: Sequence[str]


Made = Callable[[Material, Random], str | None]


def verbatim(given: Material, _: Random) -> str | None:
    """The sentence itself."""
    return given.sentence


def outlet_first(given: Material, draw: Random) -> str | None:
    """The sentence with its outlet named before it."""
    publisher = given.article.source.publisher
    if not publisher or given.sentence[0] in "\"“'":
        return None
    first = given.sentence.split()[0]
    small = (
        given.sentence if first in ("I",) or _is_name(first, given) else given.sentence[0].lower() + given.sentence[1:]
    )
    return draw.choice(
        [
            f"According to {publisher}, {small}",
            f"{publisher} reported that {small}",
            f"{small[:1].upper() + small[1:].rstrip('.')}, according to {publisher}.",
        ]
    )


def clause_dropped(given: Material, _: Random) -> str | None:
    """The sentence without a clause that only tells more: a relative clause between commas or at the end, or a bracket."""
    if '"' in given.sentence or "“" in given.sentence:
        return None
    for form, put in (
        (r"\s\([^()]{4,}\)", ""),
        (r", (?:which|who|whose|where)\b[^,.;“”\"]{8,},", ""),
        (r", (?:which|whose|where)\b[^,;“”\"]{8,}\.\Z", "."),
    ):
        shorter = re.sub(form, put, given.sentence, count=1)
        if shorter != given.sentence and len(shorter.split()) > 5:
            return shorter
    return None


def number_reworded(given: Material, _: Random) -> str | None:
    """The sentence with a number in another form."""
    for form, put in (
        (r"\$(\d[\d.,]*) (million|billion)\b", r"\1 \2 dollars"),
        (r"\b(\d[\d.,]*) (?:percent|per cent)\b", r"\1%"),
        (r"(\d)%", r"\1 percent"),
        (r"\b(\d[\d.]*) million\b", r"\1m"),
        (r"\$(\d{1,3}(?:,\d{3})+)\b(?!\.)", r"\1 dollars"),
    ):
        other = re.sub(form, put, given.sentence, count=1)
        if other != given.sentence:
            return other
    if _QUOTES.search(given.sentence):
        return None
    match = _SPELT.search(given.sentence)
    if match and given.sentence[match.end() : match.end() + 1] != "-":
        number = {
            **{word: n for n, word in enumerate(_SMALL)},
            **{word: 10 * n for n, word in enumerate(_TENS) if n > 1},
        }[match[1]]
        return f"{given.sentence[: match.start()]}{number}{given.sentence[match.end() :]}"
    match = re.search(
        r"(?<=[a-z] )(?<!\b[A-Z][a-z][a-z] )(?<!uary )(?<!ember )(?<!March )(?<!ril )(?<!May )(?<!June )(?<!July )(?<!ugust )(?<!ober )\d{1,2}(?= [a-z]{3,})",
        given.sentence,
    )
    if match and 1 < int(match.group()) < 100:
        number = int(match.group())
        word = (
            _SMALL[number] if number < 20 else _TENS[number // 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")
        )
        return f"{given.sentence[: match.start()]}{word}{given.sentence[match.end() :]}"
    return None


def date_reworded(given: Material, _: Random) -> str | None:
    """The sentence with a day written the other way round."""
    other = re.sub(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})\b(?!,? ?\d)", r"\2 \1", given.sentence, count=1)
    return other if other != given.sentence else None


def day_first(given: Material, _: Random) -> str | None:
    """The sentence with its day in front."""
    match = re.search(rf" on ({'|'.join(_WEEKDAYS)})(?=\.\Z)", given.sentence)
    if not match or '"' in given.sentence or "“" in given.sentence:
        return None
    first = given.sentence.split()[0]
    rest = given.sentence if _is_name(first, given) else given.sentence[0].lower() + given.sentence[1:]
    return f"On {match[1]}, {rest.replace(match.group(), '', 1)}"


def speaker_first(given: Material, _: Random) -> str | None:
    """The words of somebody with the speaker in front instead of behind."""
    match = re.fullmatch(
        r"([\"“][^\"“”]+?),?([\"”]),? (?:said ([A-Z][\w .'-]+?)|([A-Z][\w .'-]+?) said)\.", given.sentence
    )
    return (
        f"{match[3] or match[4]} said: {match[1]}.{match[2]}"
        if match and len((match[3] or match[4]).split()) <= 4
        else None
    )


def joined(given: Material, _: Random) -> str | None:
    """Two neighbouring sentences of the passage as one."""
    place = given.passage.index(given.sentence)
    if place + 1 >= len(given.passage) or any(mark in given.sentence + given.passage[place + 1] for mark in '"“”'):
        return None
    other = given.passage[place + 1]
    if not 6 <= len(other.split()) <= 35 or not other.endswith("."):
        return None
    small = other if _is_name(other.split()[0], given) or other.startswith("I ") else other[0].lower() + other[1:]
    return f"{given.sentence.rstrip('.')}, and {small}"


def synonym(given: Material, _: Random) -> str | None:
    """The sentence with one word that means the same."""
    for word, other in (("said", "stated"), ("purchased", "bought"), ("about(?= \\d)", "approximately"), ("started", "began"), ("began", "started"), ("killed", "slain"), ("nearly", "almost"),
                        ("big", "large"), ("attempted", "tried"), ("announced", "said"), ("shows", "reveals"), ("help", "assist"), ("children", "kids"), ("ended", "finished")):  # fmt: skip
        other_sentence = re.sub(rf"\b{word}\b", other, given.sentence, count=1)
        if other_sentence != given.sentence and '"' not in given.sentence and "“" not in given.sentence:
            return other_sentence
    return None


def number_changed(given: Material, draw: Random) -> str | None:
    """A number that is another one."""
    match = _NUMBER.search(given.sentence)
    if match:
        value = float(match.group().replace(",", ""))
        other = value + draw.choice([1, 2, 7, 10, 100]) if value < 2100 else value * draw.choice([2, 3, 10])
        text = f"{other:,.0f}" if "," in match.group() else f"{other:g}"
        return f"{given.sentence[: match.start()]}{text}{given.sentence[match.end() :]}"
    match = _SPELT.search(given.sentence)
    if match:
        other_word = draw.choice(
            [word for word in ("two", "three", "five", "six", "eight", "eleven", "forty") if word != match[1]]
        )
        return f"{given.sentence[: match.start()]}{other_word}{given.sentence[match.end() :]}"
    return None


def number_taken(given: Material, _: Random) -> str | None:
    """A number of the same passage in the place of another."""
    match = _NUMBER.search(given.sentence)
    if not match:
        return None
    others = [
        n
        for sentence in given.passage
        for n in _NUMBER.findall(sentence)
        if n != match.group() and not re.match(r"(?:19|20)\d\d\Z", n)
    ]
    if not others or re.match(r"(?:19|20)\d\d\Z", match.group()):
        return None
    return f"{given.sentence[: match.start()]}{others[-1]}{given.sentence[match.end() :]}"


def name_changed(given: Material, draw: Random) -> str | None:
    """A name from elsewhere in the place of one of the sentence's."""
    return _renamed(given, [n for sentence in given.elsewhere for n in _names(sentence)], draw)


def name_taken(given: Material, draw: Random) -> str | None:
    """Another name of the same passage in the place of one of the sentence's."""
    own = set(re.findall(r"\w+", given.sentence))
    return _renamed(
        given, [n for sentence in given.passage for n in _names(sentence) if own.isdisjoint(n.split())], draw
    )


def negated(given: Material, _: Random) -> str | None:
    """A "not" where there was none, or none where there was one."""
    without = re.sub(
        r"\b(is|was|are|were|will|would|could|can|has|have|had|did|do|does|should) not\b",
        r"\1",
        given.sentence,
        count=1,
    )
    without = (
        re.sub(r"\b(is|was|are|were|would|could|has|have|had|did|do|does|should)n[’']t\b", r"\1", without, count=1)
        if without == given.sentence
        else without
    )
    if without != given.sentence:
        return without
    other = re.sub(
        r"\b(is|was|are|were|will|would|could|can|has been|have been|had)(?= [a-z])", r"\1 not", given.sentence, count=1
    )
    return other if other != given.sentence else None


def speaker_changed(given: Material, draw: Random) -> str | None:
    """Somebody else of the article says it."""
    match = _SAID.search(given.sentence)
    if not match:
        return None
    others = [
        n
        for n in _names(given.article.text)
        if len(n.split()) >= 2 and set(n.split()).isdisjoint(given.sentence.split())
    ]
    return given.sentence.replace(match["who"], draw.choice(others), 1) if others else None


def date_moved(given: Material, draw: Random) -> str | None:
    """Another day, month or year."""
    for form, values in (
        (rf"\b(?:{'|'.join(_MONTHS)})\b(?= \d|\.|,| of| in)", _MONTHS),
        (rf"\b(?:{'|'.join(_WEEKDAYS)})\b", _WEEKDAYS),
    ):
        match = re.search(form, given.sentence)
        if match:
            return f"{given.sentence[: match.start()]}{draw.choice([v for v in values if v not in given.sentence])}{given.sentence[match.end() :]}"
    match = re.search(r"\b(?:19|20)\d\d\b", given.sentence)
    return (
        f"{given.sentence[: match.start()]}{int(match.group()) - draw.choice([1, 2, 10])}{given.sentence[match.end() :]}"
        if match
        else None
    )


def unit_changed(given: Material, _: Random) -> str | None:
    """Another currency, measure or scale."""
    for unit, other in _UNITS:
        match = re.search(
            rf"{re.escape(unit)}(?=\d)" if unit in "$€£" else rf"(?<=\d){re.escape(unit)}(?!\w)", given.sentence
        )
        if match:
            return f"{given.sentence[: match.start()]}{other}{given.sentence[match.end() :]}"
    return None


def opposite(given: Material, draw: Random) -> str | None:
    """A word turned into its opposite."""
    for one, other in draw.sample(
        [pair for left, right in _OPPOSITES for pair in ((left, right), (right, left))], 2 * len(_OPPOSITES)
    ):
        changed = re.sub(rf"\b{one}\b", other, given.sentence, count=1)
        if changed != given.sentence:
            return changed
    return None


def surer(given: Material, _: Random) -> str | None:
    """What may be or is planned, as if it were certain."""
    for unsure, sure in _SURER:
        changed = (
            re.sub(rf"\b{unsure}(?=\b|(?<= ))", sure, given.sentence, count=1)
            if unsure[0].isalpha()
            else given.sentence
        )
        if changed != given.sentence and '"' not in given.sentence and "“" not in given.sentence:
            return changed[0].upper() + changed[1:]
    return None


def turned(given: Material, _: Random) -> str | None:
    """Who and whom exchanged around a verb."""
    match = re.search(r"\A([A-Z][a-z]+(?: [A-Z][a-z]+)*) ([a-z]{3,}ed) ([A-Z][a-z]+(?: [A-Z][a-z]+)*)", given.sentence)
    if (
        not match
        or match[1] == match[3]
        or match[2] in ("says", "said", "meets", "married")
        or not all(_names(f"x {name} y") for name in (match[1], match[3]))
        or given.sentence[match.end() :][:1] == "."
    ):
        return None
    return f"{match[3]} {match[2]} {match[1]}{given.sentence[match.end() :]}"


def quote_altered(given: Material, draw: Random) -> str | None:
    """A quotation with one word altered."""
    match = re.search(r"[\"“]([^\"“”]{25,})[\"”]", given.sentence)
    if not match:
        return None
    words = match[1].split()
    place = draw.choice([n for n, word in enumerate(words) if n > 0 and word.isalpha()] or [0])
    words[place] = draw.choice(
        [
            word
            for word in "really peace money nothing tomorrow people strongly deal never".split()
            if word != words[place]
        ]
    )
    return f"{given.sentence[: match.start(1)]}{' '.join(words)}{given.sentence[match.end(1) :]}"


def quote_joined(given: Material, _: Random) -> str | None:
    """A quotation put together from two places."""
    match = re.search(r"[\"“]([^\"“”]{25,})[\"”]", given.sentence)
    others = [
        other
        for sentence in given.passage
        if sentence != given.sentence
        for other in re.findall(r"[\"“]([^\"“”]{20,})[\"”]", sentence)
    ]
    return (
        f"{given.sentence[: match.start(1)]}{match[1].rstrip(',.')} and {others[0]}{given.sentence[match.end(1) :]}"
        if match and others
        else None
    )


def quote_invented(given: Material, draw: Random) -> str | None:
    """Words in quotation marks that the named one did not say."""
    names = [name for name in _names(given.sentence) if " " in name]
    words = [
        sentence
        for sentence in given.elsewhere
        if 6 <= len(sentence.split()) <= 25 and not re.search(r"[\"“”]", sentence)
    ]
    return f"“{draw.choice(words).rstrip('.')},” {draw.choice(names)} said." if names and words else None


def quote_made_of_prose(given: Material, draw: Random) -> str | None:
    """The article's own prose as somebody's words in quotation marks."""
    names = [name for name in _names(given.article.text) if len(name.split()) == 2]
    if not names or re.search(r"[\"“”]", given.sentence) or _SAID.search(given.sentence) or " said" in given.sentence:
        return None
    return f"“{given.sentence.rstrip('.')},” said {draw.choice(names)}."


def invented(given: Material, draw: Random) -> str | None:
    """Half of the sentence, and half of one from elsewhere."""
    others = [
        sentence
        for sentence in given.elsewhere
        if 10 <= len(sentence.split()) <= 30 and not re.search(r"[\"“”]", sentence)
    ]
    if not others or re.search(r"[\"“”]", given.sentence):
        return None
    words, more = given.sentence.split(), draw.choice(others).split()
    return " ".join([*words[: len(words) // 2], *more[len(more) // 2 :]])


TRUE: dict[str, Made] = {
    "verbatim": verbatim, "outlet named": outlet_first, "clause dropped": clause_dropped, "number in another form": number_reworded,
    "date in another form": date_reworded, "day in front": day_first, "speaker in front": speaker_first, "two sentences joined": joined, "synonym": synonym,
}  # fmt: skip
LIES: dict[str, Made] = {
    "wrong key": verbatim,
    "number changed": number_changed, "number of the passage": number_taken, "name changed": name_changed, "name of the passage": name_taken, "negation": negated,
    "speaker changed": speaker_changed, "date moved": date_moved, "unit changed": unit_changed, "opposite": opposite, "surer": surer, "who and whom": turned,
    "quote altered": quote_altered, "quote joined": quote_joined, "quote invented": quote_invented, "prose as a quote": quote_made_of_prose, "half invented": invented,
}  # fmt: skip


def _names(text: str) -> list[str]:
    return [match.group() for match in _NAME.finditer(text) if not _NOT_NAMES.search(match.group())]


def _is_name(word: str, given: Material) -> bool:
    plain = word.strip(",.'’s")
    return re.search(rf"(?<![a-z]){re.escape(plain.lower())}\b", given.article.text) is None


def _renamed(given: Material, others: Sequence[str], draw: Random) -> str | None:
    own = _names(given.sentence)
    known = set(re.findall(r"\w+", given.sentence))
    fits = [name for name in others if known.isdisjoint(name.split()) and not any(_related(name, mine) for mine in own)]
    if not own or not fits:
        return None
    return given.sentence.replace(draw.choice(own), draw.choice(fits), 1)


def _related(one: str, other: str) -> bool:
    return any(a[:4] == b[:4] for a in one.split() for b in other.split())
