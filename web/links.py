"""Signed links into the reading room: whoever has one may open what it names, until the day it names, and nothing else.

/a/{article}?v={version}&p={start}-{end}&o={others}&w={part}&until={day}&sig={signature}#c
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from itsdangerous import Signer
from itsdangerous.encoding import want_bytes

Span = tuple[int, int]  # start and end in the article's text, in characters
Kind = Literal["a", "o", "q"]  # an article, its original, an answer

_SALT = "newsdesk reading room"
_VERSION = 16  # characters of a digest that name a version
_OTHERS = 20  # other citations marked in an article


@dataclass(frozen=True, slots=True)
class Place:
    """What a link to an article opens: a version of it, the cited place in it, and other places that the same answer
    cites.

    ``version`` is the beginning of the digest of the version's text; empty: the current one. ``part`` is where the part
    that is shown begins, in a text too long for one page.
    """

    article: str
    version: str = ""
    cited: Span | None = None
    others: tuple[Span, ...] = ()
    part: int | None = None


class SignedLinks:
    """Makes links and tells which are ours.

    The signature covers all that a link says; links of one day to one place are equal.
    """

    def __init__(
        self, secret: str, url: str = "", days: int = 30, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        """``url`` is where readers find the room, ``days`` how long a link opens, ``today`` the day in UTC."""
        self._signer = Signer(want_bytes(secret), salt=_SALT, digest_method=sha256)
        self._url = url.rstrip("/")
        self.base = urlsplit(self._url).path
        self.days = days
        self._today = today

    def article(self, place: Place, until: date | None = None) -> str:
        """Return the link to a place in an article; ``until`` is its last day, if it is to end with the link it is
        reached from.
        """
        return self._signed("a", place.article, _said(place), until) + (
            "#c" if place.cited and place.part is None else ""
        )

    def original(self, article: str, until: date | None = None) -> str:
        """Return the link to an article as it was saved."""
        return self._signed("o", article, [], until)

    def answer(self, id_: str) -> str:
        """Return the link to an answer."""
        return self._signed("q", id_, [], None)

    def place(self, article: str, query: bytes) -> tuple[Place, date] | None:
        """Return what a link to an article opens and its last day, None if it is not ours or its time is over."""
        said = self._opened("a", article, query)
        if said is None:
            return None
        try:
            others = tuple(_span(item) for item in said["o"].split("_")) if "o" in said else ()
            part = int(said["w"]) if "w" in said else None
            place = Place(article, said.get("v", ""), _span(said["p"]) if "p" in said else None, others, part)
        except ValueError:  # signed by a newsdesk whose links had another form
            return None
        return place, date.fromisoformat(said["until"])

    def until(self, kind: Kind, id_: str, query: bytes) -> date | None:
        """Return the last day of a link to an original or an answer, None if it is not ours or its time is over."""
        said = self._opened(kind, id_, query)
        return date.fromisoformat(said["until"]) if said else None

    def _signed(self, kind: Kind, id_: str, said: Sequence[tuple[str, str]], until: date | None) -> str:
        day = until or self._today() + timedelta(days=self.days)
        query = "&".join(f"{name}={value}" for name, value in [*said, ("until", day.isoformat())])
        return f"{self._url}/{kind}/{id_}?{query}&sig={self._signature(kind, id_, query)}"

    def _opened(self, kind: Kind, id_: str, query: bytes) -> dict[str, str] | None:
        told, _, signature = query.rpartition(b"&sig=")
        try:
            text, own = told.decode("ascii"), self._signature(kind, id_, told.decode("ascii"))
            # The texts are compared, not the bytes they stand for: two texts of base64 may stand for the same.
            if not compare_digest(own.encode("ascii"), signature):
                return None
            said = dict(parse_qsl(text, strict_parsing=True))
            return said if self._today() <= date.fromisoformat(said["until"]) else None
        except (ValueError, KeyError):
            return None

    def _signature(self, kind: Kind, id_: str, query: str) -> str:
        return self._signer.get_signature(f"/{kind}/{id_}?{query}").decode("ascii")


def version_of(digest: str) -> str:
    """Return what names a version of an article in a link."""
    return digest[:_VERSION]


def _said(place: Place) -> list[tuple[str, str]]:
    said = [("v", place.version)] if place.version else []
    if place.cited:
        said.append(("p", "{}-{}".format(*place.cited)))
    if place.others:
        said.append(("o", "_".join("{}-{}".format(*span) for span in place.others[:_OTHERS])))
    if place.part is not None:
        said.append(("w", str(place.part)))
    return said


def _span(text: str) -> Span:
    start, _, end = text.partition("-")
    return int(start), int(end)
