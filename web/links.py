"""Signed links into the reading room; and addresses of other sites, made safe to show."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, urlsplit

from itsdangerous import Signer
from itsdangerous.encoding import want_bytes

from index.articles import digest_of
from index.errors import SettingsError

NAME = "web-secret"
_SHORTEST = 32  # characters


def secret(folder: Path) -> str:
    """Return the secret of a data folder, which the first process that asks for it makes.

    Raises SettingsError if it cannot be read or made.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        found = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"The secret that signs links, {path}, cannot be used ({reason}). Check its owner, or set "
            "NEWSDESK_WEB__SECRET."
        ) from error
    if len(found) < _SHORTEST:
        raise SettingsError(
            f"The secret that signs links, {path}, is damaged. Remove the file; a new one is made, and links "
            "given so far no longer open."
        )
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret holds
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


Span = tuple[int, int]  # start and end in the article's text, in characters
LinkKind = Literal["a", "o", "p", "q", "f"]  # an article, its original, that as a page, an answer; a person's forms

_SALT = "newsdesk reading room"
_VERSION = 16  # characters of a digest that name a version
_OTHERS = 20  # other citations marked in an article


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a link to an article opens: a version of it, the cited span, and other spans that the answer cites.

    ``version`` is the beginning of the digest of the version's text; empty: the current version. ``part`` is where the
    part that is shown begins, in a text too long for one page. ``headline`` is the beginning of the digest of the
    headline if the answer cites that; without a cited span the headline is what the link leads to.
    """

    article: str
    version: str = ""
    cited: Span | None = None
    others: tuple[Span, ...] = ()
    part: int | None = None
    headline: str = ""


QuotedPlace = tuple[int, int, bool]  # start, end, and whether they are of the headline


def target(article: str, digest: str, title: str, cited: QuotedPlace, others: Iterable[QuotedPlace] = ()) -> LinkTarget:
    """Return the target of the link to a quote in an article; ``others`` are quoted from it in the same answer."""
    others = list(others)
    named = version_of(digest_of(title)) if any(place[2] for place in [cited, *others]) else ""
    spans = tuple((start, end) for start, end, headline in others if not headline)
    return LinkTarget(article, version_of(digest), None if cited[2] else cited[:2], spans, headline=named)


class SignedLinks:
    """Makes links, and checks the signature of links that come in.

    The signature covers all that a link says. Two links made on one day to one target are equal.
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

    def article(self, place: LinkTarget, until: date | None = None) -> str:
        """Return the link to a place in an article.

        ``until``: its last day, if it is to end with the link that led to it.
        """
        return self._signed("a", place.article, _said(place), until) + (
            "#c" if (place.cited or place.headline) and place.part is None else ""
        )

    def original(self, article: str, until: date | None = None) -> str:
        """Return the link to an article as it was saved."""
        return self._signed("o", article, [], until)

    def saved_page(self, article: str, until: date | None = None) -> str:
        """Return the link to the page that an article was saved as, to be shown in a frame."""
        return self._signed("p", article, [], until)

    def answer(self, id_: str, until: date | None = None) -> str:
        """Return the link to an answer."""
        return self._signed("q", id_, [], until)

    def form(self, user: str) -> str:
        """Return what a form on our pages sends along, so that no other site can send it in a person's name."""
        return self._signed("f", user, [], self._today() + timedelta(days=1)).partition("?")[2]

    def place(self, article: str, query: bytes) -> tuple[LinkTarget, date] | None:
        """Return a link's target and last day, None if its signature is wrong or its time is over."""
        said = self._opened("a", article, query)
        if said is None:
            return None
        try:
            others = tuple(_span(item) for item in said["o"].split("_")) if "o" in said else ()
            part = int(said["w"]) if "w" in said else None
            cited, headline = _span(said["p"]) if "p" in said else None, said.get("h", "")
            place = LinkTarget(article, said.get("v", ""), cited, others, part, headline)
        except ValueError:  # signed by a newsdesk whose links had another form
            return None
        return place, date.fromisoformat(said["until"])

    def until(self, kind: LinkKind, id_: str, query: bytes) -> date | None:
        """Return the last day of a link to an original, a saved page or an answer, or of a form; None if it is wrong or
        its time is over.
        """
        said = self._opened(kind, id_, query)
        return date.fromisoformat(said["until"]) if said else None

    def _signed(self, kind: LinkKind, id_: str, said: Sequence[tuple[str, str]], until: date | None) -> str:
        day = until or self._today() + timedelta(days=self.days)
        query = "&".join(f"{name}={value}" for name, value in [*said, ("until", day.isoformat())])
        return f"{self._url}/{kind}/{id_}?{query}&sig={self._signature(kind, id_, query)}"

    def _opened(self, kind: LinkKind, id_: str, query: bytes) -> dict[str, str] | None:
        signed, _, signature = query.rpartition(b"&sig=")
        try:
            text, own = signed.decode("ascii"), self._signature(kind, id_, signed.decode("ascii"))
            # The texts are compared, not the bytes they stand for: two texts of base64 may stand for the same.
            if not compare_digest(own.encode("ascii"), signature):
                return None
            said = dict(parse_qsl(text, strict_parsing=True))
            return said if self._today() <= date.fromisoformat(said["until"]) else None
        except (ValueError, KeyError):
            return None

    def _signature(self, kind: LinkKind, id_: str, query: str) -> str:
        return self._signer.get_signature(f"/{kind}/{id_}?{query}").decode("ascii")


def version_of(digest: str) -> str:
    """Return the name of an article's version in a link."""
    return digest[:_VERSION]


def _said(place: LinkTarget) -> list[tuple[str, str]]:
    said = [("v", place.version)] if place.version else []
    if place.cited:
        said.append(("p", "{}-{}".format(*place.cited)))
    if place.others:
        said.append(("o", "_".join("{}-{}".format(*span) for span in place.others[:_OTHERS])))
    if place.part is not None:
        said.append(("w", str(place.part)))
    if place.headline:
        said.append(("h", place.headline))
    return said


def _span(text: str) -> Span:
    start, _, end = text.partition("-")
    return int(start), int(end)


LONGEST = 3_000  # characters; Slack refuses longer ones
_WHOLE = 10  # words; a longer quote is named by its first and last words
_ENDS = 4  # words, or more until they stand nowhere else before the quote
_MOST = 150  # characters of each part


def address(url: str | None) -> str | None:
    """Return an address that is safe to show: http or https, without a user name, not too long; else None."""
    if not url or len(url) > LONGEST or any(char.isspace() or not char.isprintable() or char in '<>|"' for char in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and host and "." in host and "@" not in parts.netloc else None


def at_passage(url: str, text: str, start: int, end: int) -> str:
    """Return a page's address with a text fragment (https://wicg.github.io/scroll-to-text-fragment/) for
    ``text[start:end]``.

    ``text`` is the article's text. A browser goes to the first place that a fragment fits, so the words of the fragment
    are chosen to fit the quote before anything else. An address that would become too long is returned without a
    fragment.
    """
    page, _, fragment = url.partition("#")
    directive = _directive(text, start, end)
    led = f"{page}#{fragment.partition(':~:')[0]}:~:text={directive}"
    return led if directive and len(led) <= LONGEST else url


def _directive(text: str, start: int, end: int) -> str:
    lines = [line.split() for line in text[start:end].split("\n") if line.strip()]
    if not lines:
        return ""
    flat, quoted, until = (" ".join(part.split()) for part in (text, text[start:end], text[:end]))
    low = flat.lower()
    low = (
        low if len(low) == len(flat) else flat
    )  # browsers compare without case; a few letters have no small form of one character
    stop = len(until)
    at = stop - len(quoted)  # a quotation mark may stand before the quote, or a space
    first, last = quoted, ""
    if len(lines) > 1 or len(lines[0]) > _WHOLE or len(quoted) > _MOST:
        # Each part must lie in one paragraph of the page, and the line breaks of our text are its paragraphs'.
        first = _grown(lines[0], lambda part: low.find(low[at : at + len(part)]) == at)
        rest = at + len(first)
        last = _grown(
            lines[-1][::-1],
            lambda part: low.find(low[stop - len(part) : stop], rest) == stop - len(part),
            backwards=True,
        )
        if len(lines) == 1 and len(first) + len(last) >= len(quoted):
            first, last = quoted, ""
    alone = low.find(low[at : at + len(first)]) == at
    prefix = "" if alone else " ".join(flat[max(0, at - _MOST) : at].split()[-6:])
    return (f"{_encoded(prefix)}-," if prefix else "") + _encoded(first) + (f",{_encoded(last)}" if last else "")


def _grown(words: list[str], alone: Callable[[str], bool], backwards: bool = False) -> str:
    """Return as many words from one end of a line as are needed to fit one place only, if any number does."""
    part = ""
    for count in range(min(_ENDS, len(words)), len(words) + 1):
        longer = " ".join(words[:count][::-1] if backwards else words[:count])
        if len(longer) > _MOST and part:
            break
        part = longer[-_MOST:] if backwards else longer[:_MOST]
        if alone(part):
            break
    return part


def _encoded(text: str) -> str:
    # A hyphen, a comma and an ampersand mean something in a directive.
    return quote(text, safe="", errors="replace").replace("-", "%2D")
