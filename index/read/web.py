"""Fetches pages from the web, politely (robots.txt, pauses) and carefully (addresses, sizes, times).

check the address → robots.txt → pause → ask (only if changed) → redirect? again : body, unpacked, within limits
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpcore
import httpx
from protego import Protego

from index.errors import PageError, StopRequested
from index.read.connections import CheckedNetwork, Networks, Patience, Resolve, resolve

_NAME = "newsdesk"  # our name in robots.txt
_ROBOTS_BYTES = 512 * 1024  # RFC 9309 asks for 500 KiB at least
_FAILED_PAGES = 3  # of one site; then its other pages are left for the next run
_PORTS = (80, 443)  # and all above 1023: the others below belong to other services


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a visit: ``bytes`` of a page unpacked, ``seconds`` for it, ``idle`` seconds without a byte, and
    seconds of ``pause`` between two pages of a host.

    A pause that robots.txt asks for is kept up to ``longest_pause``.
    """

    bytes: int = 50 * 2**20
    seconds: float = 60
    idle: float = 15
    redirects: int = 5
    pause: float = 1
    longest_pause: float = 10


@dataclass(frozen=True, slots=True)
class Known:
    """A page as it was when it was last fetched; ``url`` is where the redirects led."""

    url: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page: where it was in the end, and its bytes, unpacked. ``content_type`` is as the server said it, or empty."""

    url: str
    body: bytes
    content_type: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A redirect, and where it leads."""

    location: str


class Web:
    """The web during one run: each site's robots.txt is read once, and between two pages of a host there is a pause.

    Proxies of the environment are not used: a proxy would resolve names itself, without our check of addresses.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        private: Networks = (),
        *,
        resolve: Resolve = resolve,
        stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take limits and the private networks that may be visited; the rest is for tests."""
        self.limits = limits
        self._private, self._resolve, self._stopped, self._clock, self._sleep = private, resolve, stopped, clock, sleep
        self._agent = f"{_NAME}/{version('newsdesk')}"
        self._robots: dict[str, Protego | PageError] = {}
        self._left_alone: dict[str, PageError] = {}
        self._failed: dict[str, int] = {}
        self._next: dict[str, float] = {}  # by host: when it may be asked again
        self._tls: ssl.SSLContext | None = None

    def get(self, url: str, known: Known | None = None) -> Fetched | None:
        """Return a page, or None if it is still as ``known``.

        Raises PageError, saying what to do, for whatever stands in the way, and StopRequested when the run is to end.
        """
        here = checked(url)
        for _ in range(self.limits.redirects + 1):
            site = _site(here)
            if site in self._left_alone:
                raise PageError(
                    f"left for the next run, because the site had just failed: {self._left_alone[site]}", down=True
                )
            delay = self._allowed(here)
            self._wait(here.host)
            try:
                answer = self._ask(here, known if known and known.url == str(here) else None)
            except PageError as error:
                self._note(site, error)
                raise
            finally:
                self._next[here.host] = self._clock() + min(max(self.limits.pause, delay), self.limits.longest_pause)
            if not isinstance(answer, _Elsewhere):
                return answer
            here = _joined(here, answer.location)
        raise PageError(
            f"it redirects more than {self.limits.redirects} times; give the address at which the page ends up",
            lasting=True,
        )

    def _note(self, site: str, error: PageError) -> None:
        """Leave a site alone in this run if it cannot be reached, asks us to wait, or fails repeatedly."""
        self._failed[site] = self._failed.get(site, 0) + (not error.lasting)
        if error.down or self._failed[site] >= _FAILED_PAGES:
            self._left_alone[site] = error

    def _wait(self, host: str) -> None:
        while (left := self._next.get(host, 0.0) - self._clock()) > 0:
            if self._stopped():
                raise StopRequested
            self._sleep(min(left, 0.5))

    def _allowed(self, url: httpx.URL) -> float:
        """Return the pause a site asks for, in seconds.

        Raises PageError if its robots.txt keeps us from a page, or cannot be had.
        """
        site = _site(url)
        if site not in self._robots:
            try:
                self._robots[site] = self._read_robots(url)
            except PageError as error:
                self._robots[site] = error
        rules = self._robots[site]
        if isinstance(rules, PageError):
            raise PageError(str(rules), lasting=rules.lasting, down=rules.down)
        if not rules.can_fetch(str(url), _NAME):
            raise PageError(
                "the site's robots.txt asks programs not to read this page; save it and ingest the file", lasting=True
            )
        return rules.crawl_delay(_NAME) or 0.0

    def _read_robots(self, url: httpx.URL) -> Protego:
        here = url.copy_with(raw_path=b"/robots.txt")
        try:
            for _ in range(6):  # RFC 9309: five redirects, to other hosts too
                answer = self._ask(here, None, most=_ROBOTS_BYTES, cut=True)
                if not isinstance(answer, _Elsewhere):
                    assert answer is not None
                    return Protego.parse(answer.body.decode("utf-8", "replace"))
                here = _joined(here, answer.location)
        except PageError as error:
            if error.status and 400 <= error.status < 500 and error.status != 429:  # RFC 9309: then there are no rules
                return Protego.parse("")
            if error.down and not error.status:  # no connection: no page either
                raise
            raise PageError(
                f"the site's robots.txt, which says what may be read, could not be had ({error})", down=True
            ) from error
        return Protego.parse("")

    def _ask(
        self, url: httpx.URL, known: Known | None, most: int | None = None, cut: bool = False
    ) -> Fetched | _Elsewhere | None:
        """Make one request. With ``cut``, what is longer than ``most`` bytes is cut off, else refused."""
        limits = self.limits
        headers = {"Host": url.netloc.decode("ascii"), "User-Agent": self._agent, "Accept-Encoding": "gzip"}
        headers["Accept"] = (
            "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.5"
        )
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        if url.scheme == "https" and self._tls is None:
            self._tls = httpx.create_ssl_context()
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        network = CheckedNetwork(self._private, self._resolve, Patience(limits.seconds, limits.idle, self._stopped))
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network) as pool,
                pool.stream("GET", target, headers=list(headers.items())) as response,
            ):
                answered = httpx.Headers(response.headers)
                if response.status in (301, 302, 303, 307, 308) and answered.get("location"):
                    return _Elsewhere(answered["location"])
                if response.status == 304 and known:
                    return None
                if response.status not in (200, 203):
                    raise _refusal(response.status, answered.get("retry-after"))
                body = _body(response, answered, most or limits.bytes, cut)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise PageError(
                f"the connection broke off or did not speak HTTP ({str(error) or type(error).__name__}); run "
                "again later"
            ) from error
        etag, last_modified = (
            value if value and value.isascii() else None for value in map(answered.get, ("etag", "last-modified"))
        )
        return Fetched(str(url), body, answered.get("content-type", ""), etag, last_modified)


def checked(url: str) -> httpx.URL:
    """Return an address that may be asked for, without its fragment. Raises PageError for every other."""
    try:
        found = httpx.URL(url.strip()).copy_with(fragment=None)
        port, host = urlsplit(str(found)).port, urlsplit(url.strip()).netloc and found.host
    except (httpx.InvalidURL, ValueError) as error:
        raise PageError("is not a web address; check how it is written", lasting=True) from error
    if found.scheme not in ("http", "https") or not host:
        raise PageError("is not a web address (http:// or https://); check how it is written", lasting=True)
    if found.userinfo:
        raise PageError(
            "has a user name or password in it; newsdesk does not log in: save the page and ingest the file",
            lasting=True,
        )
    if port is not None and port not in _PORTS and port < 1024:
        raise PageError(f"names port {port}, which is not used for the web; check the address", lasting=True)
    return found


def _joined(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return checked(urljoin(str(url), location))
    except ValueError as error:
        raise PageError("it redirects to what is not a web address; check it in a browser", lasting=True) from error


def shown(url: str) -> str:
    """Return an address as it was given, without a name or password in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def media_type(content_type: str) -> tuple[str, str | None]:
    """Return the kind of content that a header names, in lower case, and its charset if it says one."""
    message = Message()
    message["Content-Type"] = content_type.encode("ascii", "replace").decode() or "application/octet-stream"
    return message.get_content_type(), message.get_content_charset()


def _site(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _refusal(status: int, retry_after: str | None) -> PageError:
    """Return the error for an HTTP status: its text says what to do."""
    if status in (404, 410):
        return PageError(f"the page is not there ({status}); check the address", lasting=True, status=status)
    if status in (401, 402, 403, 407, 451):
        reason = (
            f"the site refuses to give it to programs, or without a subscription ({status}); save the page and "
            "ingest the file"
        )
        return PageError(reason, lasting=True, status=status)
    if status in (429, 503):
        when = f"; it asks to wait {_waiting(retry_after)}" if retry_after else ""
        return PageError(
            f"the site is too busy ({status}){when}; run again later",
            down=status == 429 or bool(retry_after),
            status=status,
        )
    if status >= 500 or status == 408:
        return PageError(f"the site has an error of its own ({status}); run again later", status=status)
    return PageError(
        f"the site answered with status {status}, not with a page; look at the address in a browser",
        lasting=status >= 400,
        status=status,
    )


def _waiting(retry_after: str) -> str:
    text = "".join(char for char in retry_after if char.isprintable())[:40]
    return f"{text} seconds" if text.isdigit() else f"until {text}"


def _body(response: httpcore.Response, headers: httpx.Headers, most: int, cut: bool) -> bytes:
    """Return the bytes of an answer, unpacked. Raises PageError if they are more than ``most``, packed or not."""
    too_large = PageError(
        (
            f"is more than the {most / 2**20:,.0f} MB an article may have (NEWSDESK_INGEST__MAX_MB); save its text "
            "and ingest that"
        ),
        lasting=True,
    )
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > most and not cut:
        raise too_large
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise PageError(
            f"came packed as {packing[:40]}, which was not asked for; save the page and ingest the file", lasting=True
        )
    chunks: Iterator[bytes] = response.iter_stream()
    if "gzip" in packing:
        chunks = _unpacked(chunks, most, too_large)
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            if cut:
                break
            raise too_large
    return bytes(body[:most])


def _unpacked(chunks: Iterator[bytes], most: int, too_large: PageError) -> Iterator[bytes]:
    """Unpack gzip, at most a megabyte at a time: a few bytes may unpack to very much."""
    unpacker = zlib.decompressobj(wbits=31)
    received = 0
    try:
        for chunk in chunks:
            received += len(chunk)
            if received > most:
                raise too_large
            while chunk:
                if unpacker.eof:
                    if not chunk.startswith(b"\x1f"):  # no further member: padding
                        return
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(chunk, 2**20)
                chunk = unpacker.unconsumed_tail or unpacker.unused_data
    except zlib.error as error:
        raise PageError("came as damaged gzip; run again later, or save the page and ingest the file") from error
    if received and not unpacker.eof:
        raise PageError("broke off in the middle; run again later")
