"""Whether a full stop ends a sentence: abbreviations, initials, ordinals and labels, by the words around them."""

from __future__ import annotations

import re

from index.words import lines, listed, marked, rows

LOOKAHEAD = 80  # characters behind a full stop that decide
PARTICLE = "(?:van|von|de|den|der|del|della|di|da|du|dos|ter|ten|zu|af|av|al|el|bin|ibn|la|le)"

_KINDS: dict[str, str] = {}
for _kind in (
    "titles",
    "behind a title",
    "titles with a capital",
    "short",
    "before numbers",
    "streets",
    "may end",
    "countries",
    "clock",
    "states",
):
    for _word in listed("abbreviations", _kind):
        _KINDS.setdefault(_word, _kind)
_MONTHS = frozenset(word for row in rows("calendar", "months", 3) for word in " ".join(row).split())
_DAYS = frozenset(word for row in rows("calendar", "weekdays") for word in " ".join(row[:2]).split())
_KINDS |= {
    short: "dates" for part in ("months", "weekdays") for row in rows("calendar", part) for short in row[1].split()
}
_LABELS, _ORDINALS = frozenset(listed("abbreviations", "labels")), frozenset(listed("abbreviations", "ordinals"))
_OPENERS, _NAME_OPENERS = frozenset(listed("openers", "always")), frozenset(listed("openers", "may be names"))
_OFFICES = frozenset(marked("titles", "claim"))
_WORDS_TOO = {kind: frozenset(listed("abbreviations", kind)) for kind in ("before numbers", "short")}
_SAINTS = frozenset(listed("abbreviations", "saints"))
_OF_COUNTRIES, _OF_NAMES, _OF_CLOCKS = (
    frozenset(listed("abbreviations", f"behind a {what}")) for what in ("country", "name", "clock")
)
FINITE = frozenset(word for row in lines("irregular_forms") for word in row.split()[1:] if word.isalpha())
_ROMAN = frozenset("ii iii iv vi vii viii ix xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv".split())
_KINDS |= dict.fromkeys(_ROMAN, "roman")
_PIECE = re.compile(r"[^\s:;,()\[\]“”„«»\"'’‘/–—-]*\Z")
_NEXT = re.compile(r"(?P<mark>[\"“„«‘'(\[¿¡»「]*)(?P<word>(?P<elided>[LDCNJSM]|Qu)['’](?=\w)|\w+)")
_PLACE = re.compile(
    r"\b(?:in|to|from|of|for|with|across|by|around|outside|within|throughout|about|against|on|into|left|leave|leaves|leaving|fled|entered|visited)"
    r"\sthe\s(?:\w+ern\s)?\Z|washington,?\s\Z",
    re.I,
)
_CLAUSE = re.compile(
    rf"""["“]?(?P<first>[A-Z][\w’'-]*)
        (?P<more>(?:\s(?:(?:of|the|for|and|{PARTICLE})\s){{0,2}}[A-Z][\w’'.-]*)*)
        (?:,\s(?:an?|the|who|whose|\d+)\b
        |\s(?:(?:\w+ly|also|then|later|earlier|never|has|have|had)\s)?(?P<then>[a-z]+))""",
    re.VERBOSE,
)
_GO_ON = frozenset("–—-&+/§")  # behind an abbreviation
_CAPITALS = re.compile(r"[A-Z][\w’'-]*(?:\s[A-Z][\w’'-]*)*")
_LINKS = frozenset("of for and in on at to from with by or as under who that which the".split())
_SUBORDINATE = frozenset("after when while as since because before although though if until once where whether".split())
_BEFORE_TIMES = frozenset("at by around about before after until from since shortly".split())
_PRONOUN = re.compile(r"\b(?:he|she|it|they|we|i|you|who)\s[a-z]+", re.I)
_MODALS = frozenset("will would can could may might must should does did".split())
_BEFORE_I = frozenset("did am was is and than but as do can have had would will could should not said i".split())
_BEFORE_SAINTS = frozenset(
    "fort port lake mont mount bury east west north south cape point bay sault sir downtown".split()
)
_ARTICLES = frozenset("el la los las al del un una o a os as do da ao à um uma the de il lo le die der den".split())
_PLACE_OF_NAME = re.compile(r"\b(?:to|from|for|with|by|at|in)\s(?:the\s)?(?:[A-Z&][\w&’'.-]*\s){1,4}\Z")


def word_before(line: str, start: int, stop: int) -> str:
    """Return what stands before a full stop, back to white space."""
    low = max(start, stop - 24)  # a few words only: a line may be megabytes long
    return line[line.rfind(" ", low, stop) + 1 or low : stop]


def may_be_short(word: str) -> bool:
    """Tell whether a word before a full stop may be an abbreviation or a number, so that what follows decides."""
    piece = _piece(word)
    return (
        not _is_plain(piece)
        and _KINDS.get(piece.lower()) != "titles"
        and (len(piece) < 3 or piece.isdecimal() or "." in piece or piece.lower() in _KINDS)
    )


def _is_plain(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and word.lower() not in _KINDS and not word.endswith("str")


def _piece(word: str) -> str:
    """Return the last part of a word that marks divide: "3" of "(§3"."""
    match = _PIECE.search(word)
    return match.group() if match else ""


def ends(line: str, start: int, stop: int) -> bool:
    """Tell whether the full stop at ``stop`` ends the sentence that begins at ``start``."""
    word = word_before(line, start, stop)
    if _is_plain(word):
        return True
    piece = _piece(word)
    before = line[max(start, stop - len(piece) - 200) : stop - len(piece)]
    after = line[stop + 1 : stop + 1 + LOOKAHEAD].lstrip(" \t\u00a0)]")
    return not any(map(str.isalnum, piece)) or _Stop(piece, before, after).ends()


class _Stop:
    """A full stop behind a word that may be an abbreviation, with what stands around it."""

    def __init__(self, piece: str, before: str, after: str) -> None:
        self.piece, self.before, self.after = piece, before, after
        self.words = before.split()
        self.last = self.words[-1].lstrip("(\"“„«'‘") if self.words else ""
        found = _NEXT.match(after)
        self.next = found["word"] if found else ""
        behind_mark = bool(found and found["mark"])
        self.quoted, self.quotes_word = behind_mark and not self.next.islower(), behind_mark and self.next.islower()
        self.digits = self.next[:1].isdigit() and not self.quoted
        small = self.next.lower()
        capital = self.next[:1].isupper() and (len(self.next) == 1 or self.next[1:].islower())
        initial = len(self.next) == 1 and after[1:2] == "."
        self.strong = bool(found and found["elided"]) or (capital and small in _OPENERS and not initial)
        self.opener = self.strong or (capital and small in _NAME_OPENERS and not initial)

    def ends(self) -> bool:
        """Tell whether it ends a sentence."""
        piece, small = self.piece, self.piece.lower()
        if self.after[:1] in _GO_ON or self.quotes_word:
            return False  # a dash, "the U.S. “re-balance”"
        if piece.isdecimal():
            return self._number()
        kind = _KINDS.get(small)
        if kind is None and len(piece) == 2 and piece.isupper() and piece[0] == piece[1]:
            return self._doubled()
        if len(piece) == 1:
            spaced = f"{self.last.lower()}{small}" if self.last.endswith(".") else ""
            return self._named(_KINDS[spaced]) if spaced in _KINDS else self._letter()
        if kind == "roman":
            return not (piece.isupper() and self.last.lower() in _ORDINALS) or self.strong
        if kind is None and "." in piece:
            parts = piece.split(".")
            if all(len(part) <= 1 for part in parts) or (piece[1:].islower() and all(len(part) <= 3 for part in parts)):
                return self.strong
        if kind is None and small.endswith("str"):
            return not self.digits
        return kind is None or self._named(kind)

    def _named(self, kind: str) -> bool:
        """The word is of a list."""
        match kind:
            case "titles":
                return False
            case "behind a title":
                return not (self.last.endswith(".") or self.last.lower() == "dr")
            case "titles with a capital":
                if self.piece[0].isupper() or self.before.endswith(("'", "’")):
                    return False
                return next((self._named(other) for other, words in _WORDS_TOO.items() if self.piece in words), True)
            case "short":
                return self.opener or self.quoted
            case "before numbers":
                return not (
                    self.digits or self.next.lower() in _ROMAN or re.match(r"[IVXL](?:\W|\Z)|[A-Z]\. ?\d", self.after)
                )
            case "dates":
                return self._date()
            case "streets":
                return self._street()
            case "countries":
                return self._country()
            case "clock":
                return self._clock()
            case "states":
                belongs = self.next.lower() in _OFFICES | _OF_COUNTRIES and not self.last.endswith(",")
                return self.piece[0].islower() or not (self.after[:1] == "(" or belongs)
        return self._company()

    def _number(self) -> bool:
        """An ordinal ("12. März", "der 1. FC"), the number of a point in a list, or a number at the end."""
        if not self.before.strip() and len(self.piece) < 3:
            return False
        if len(self.piece) > 3 or self.quoted:
            return True
        if self.digits and re.fullmatch(r"\d{1,2}\.", self.last):
            return False  # "3. 10. 2020"
        if int(self.piece) <= 31 and (
            self.next.lower() in _MONTHS or re.match(r"\d{1,2}\.\s?\d{4}", self.after) is not None
        ):
            return False
        return self.strong or self.last.lower() not in _ORDINALS

    def _letter(self) -> bool:
        """An initial ("J. K. Rowling"), a label ("Plan B"), or the short form of a word ("p. 5", "1998 r.")."""
        piece, last = self.piece, self.last.lower()
        if not piece.isupper():
            long = len(self.words) > 3 or (
                len(self.words) == 3 and len(self.words[1]) > 2
            )  # "w 2020 r." opens a sentence
            return last[-1:].isdigit() and not self.digits and (self.opener or long)
        if not last:
            return False
        if last in ("of", "is", "was") and len(self.words) > 1:  # "a grade of C"
            last = self.words[-2].lower() if self.words[-2].lower() in _LABELS else last
        if last in _LABELS or last == "an" or (piece == "I" and last in _BEFORE_I):
            return True
        if last[-1].isdigit() and piece not in "NSEW":
            return True  # but "401 W. Main Street"
        return self.strong or ((piece in "IVX" or last == "a") and _new_clause(self.before, self.after))

    def _doubled(self) -> bool:
        """An acronym of words in the plural: "EE. UU."."""
        if len(self.last) == 3 and self.last[0] == self.last[1] and self.last[2] == ".":
            return self.opener or not self.after[len(self.next) :].lstrip()[:1].isupper()
        return not re.match(r"([A-Z])\1\.", self.after)

    def _date(self) -> bool:
        small = self.next.lower()
        if self.piece[0].islower():
            return not self.digits or self.piece.lower() in _DAYS or len(self.piece) > 4
        return not (self.digits or small in _MONTHS or small in _DAYS or len(self.words) < 3)

    def _street(self) -> bool:
        last = self.last
        if not last[:1].isupper() or last.lower() in _OPENERS | _BEFORE_SAINTS or self.next.lower() in _SAINTS:
            return False
        if self._names_a_place():
            return False
        return (
            self.opener
            or self.quoted
            or _new_clause(self.before, self.after)
            or self.piece.lower() not in ("st", "ste")
        )

    def _country(self) -> bool:
        if self.opener or self.quoted:
            return True
        if self.next.lower() in _OF_COUNTRIES or not _PLACE.search(self.before) or not _has_verb(self.before):
            return False
        match = _CLAUSE.match(self.after)
        if match is None:
            return False
        alone = not match["more"] and match["then"] not in _LINKS and self.next.lower() not in _OFFICES
        return alone or _new_clause(self.before, self.after)

    def _clock(self) -> bool:
        small = self.next.lower()
        if not self.last[-1:].isdigit():
            return self.opener or self.last.lower() in ("noon", "p.")  # "A.M. Holm"
        if self.words[0].lower() in _BEFORE_TIMES and len(self.words) < 4:
            return False  # "At 10 p.m. Police arrived"
        if small in _OF_CLOCKS or small.removesuffix("s") in _DAYS or small in _MONTHS:
            return False
        if re.match(r"(?:[A-Z][\w.]+ ){1,3}[Tt]ime\b", self.after):
            return False
        return not re.search(r"\b(?:an?|the|his|her|its|their|my|our|\w+['’]s)\s[\d:.]+\s?\S*\Z", self.before, re.I)

    def _names_a_place(self) -> bool:
        """The last word of a name that follows is one of places: "King Jr. National Park", "Orange Ave. Bridge"."""
        run = _CAPITALS.match(self.after)
        return run is not None and run.group().split()[-1].strip(".,").lower() in _OF_NAMES

    def _company(self) -> bool:
        """A form of companies, a suffix of names, or the end of a list."""
        small = self.next.lower()
        if self.last.lower() in _ARTICLES and self.piece[:1].isupper():
            return False  # "el Sr. Pérez", "la S.p.A. Ferrari"
        if self.piece.lower() in ("jr", "sr", "co") and (not self.last[:1].isupper() or self.last.endswith(".")):
            return False  # "in Co. Cork"
        if self.opener or self.quoted:
            return True
        if _KINDS.get(small) == "may end":
            return False  # "Co. Ltd."
        if self._names_a_place():
            return False
        if small in _OF_NAMES or small in _OFFICES:
            return _PLACE_OF_NAME.search(self.before) is not None and _new_clause(self.before, self.after)
        return True


def _has_verb(text: str) -> bool:
    """Tell whether a main clause may have a verb here: none that "when" opens, before its comma."""
    words = text.lower().split(maxsplit=1)
    if words and words[0] in _SUBORDINATE and "," not in text:
        return False
    return _PRONOUN.search(text) is not None or any(
        word in FINITE or word in _MODALS or word.endswith("ed")
        for word in text.replace(",", " ").split()
        if word.islower()
    )


def _new_clause(before: str, after: str) -> bool:
    """Tell whether a subject and its verb follow a verb: "flew to the U.S. Minister Holm stayed"."""
    match = _CLAUSE.match(after)
    if match is None or not _has_verb(before):
        return False
    then = match["then"]
    if then is None or then in FINITE or then in _MODALS or then.endswith("ed"):
        return True
    return not match["more"] and match["first"].endswith("s") and then not in _LINKS
