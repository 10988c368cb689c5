"""The door of the question box: who may ask in the browser, and how often."""

from __future__ import annotations

import math
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_MINUTE = 60.0  # seconds
_WRONG = 20  # passwords from one address in a minute
_ADDRESSES = 10_000  # that are remembered
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Door:
    """Decides who may ask: everybody on this machine, or who has the password, or whom a proxy names."""

    def __init__(
        self,
        *,
        local: bool,
        password: str = "",
        user_header: str = "",
        token: str = "",
        per_minute: int = 120,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``local``: only this machine reaches the port, and no proxy is known; then no password is needed."""
        self._local, self._header = local, user_header
        self._password, self._token = password.encode(), token.encode()
        self._asked, self._wrong = _Limit(per_minute, clock), _Limit(_WRONG, clock)

    @property
    def opens(self) -> bool:
        """Whether the settings let anybody ask."""
        return self.opens_for_browsers or self.asks_for_token

    @property
    def opens_for_browsers(self) -> bool:
        """Whether they let anybody ask in the browser."""
        return self._local or self.asks_for_password or bool(self._header)

    @property
    def asks_for_password(self) -> bool:
        """Whether a password is set."""
        return bool(self._password)

    @property
    def asks_for_token(self) -> bool:
        """Whether a token is set."""
        return bool(self._token)

    def user(self, request: HTTPConnection) -> str | None:
        """Return the name of who asks ("" if they have none), None if they may not ask."""
        if self._header and (name := request.headers.get(self._header, "").strip()):
            return name[:100]
        if self._password:
            return self._with_password(request)
        return "" if self._local and not self._header and _is_local(request) else None

    def program(self, request: HTTPConnection) -> str | None:
        """Return the name of who asks over HTTP, None if they may not: the token is needed where one is set, or else
        what a browser needs.
        """
        if not self._token:
            return self.user(request)
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._counted(request, said.strip().encode("latin-1"), self._token, "program")
        return self.user(request) if self.asks_for_password or self._header else None

    def seconds_to_wait(self, request: HTTPConnection) -> int:
        """Count a question of an address; return 0, or how long to wait if there were too many in a minute."""
        address = address_of(request)
        return self._asked.seconds_left(address) or self._asked.add(address)

    def _with_password(self, request: HTTPConnection) -> str | None:
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = b64decode(said, validate=True).partition(b":")
        except ValueError:
            return None
        return self._counted(request, password, self._password, name.decode("utf-8", "replace")[:100])

    def _counted(self, request: HTTPConnection, said: bytes, wanted: bytes, name: str) -> str | None:
        """Return the name if the right secret was said; count a wrong one."""
        address = address_of(request)
        if self._wrong.seconds_left(address):
            return None
        if compare_digest(said, wanted):
            return name
        self._wrong.add(address)
        return None


class _Limit:
    """Counts how often each address did something in the last minute."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._times: dict[str, deque[float]] = {}

    def seconds_left(self, address: str) -> int:
        """Return after how many seconds an address may go on, 0 if it may now."""
        times, now = self._times.get(address, deque()), self._clock()
        while times and now - times[0] >= _MINUTE:
            times.popleft()
        return math.ceil(_MINUTE - (now - times[0])) if len(times) >= self._most else 0

    def add(self, address: str) -> int:
        """Count one more; return 0."""
        self._times[address] = self._times.pop(address, deque())
        self._times[address].append(self._clock())
        while len(self._times) > _ADDRESSES:
            del self._times[next(iter(self._times))]
        return 0


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_local(request: HTTPConnection) -> bool:
    """Tell whether a request was made on this machine, to this machine's own name, and came through no proxy.

    A page of another site may have a name that leads here; its requests have that name.
    """
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return is_loopback(host or "") and not any(name in request.headers for name in _FORWARDED)


def address_of(request: HTTPConnection) -> str:
    """Return the address of who asks; of an IPv6 address the half that names the network."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return address.exploded[:19] if isinstance(address, IPv6Address) else host
