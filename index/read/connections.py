"""Connections to the web that cannot be misused to reach the network newsdesk runs in.

A host's name is resolved here, its addresses are checked here, and the connection goes to the very address that was
checked: a name that points elsewhere a moment later (DNS rebinding) gains nothing. No connection outlives its time,
however slowly bytes trickle.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpcore

from index.errors import PageError, StopRequested

Resolve = Callable[[str, int], Sequence[str]]
Networks = Sequence[IPv4Network | IPv6Network]

_SLICE = 0.5  # seconds between two looks whether the run is to stop
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_NOT_PUBLIC = (
    IPv4Network("192.0.0.0/24"),  # older Pythons know a part of it; a cloud keeps its machines' secrets there
    IPv4Network("168.63.129.16/32"),  # public by number, but only a cloud's own machines can reach it
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the system's resolver. Raises OSError or UnicodeError if it has none."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def may_connect(address: str, private: Networks = ()) -> bool:
    """Tell whether an address is on the public internet, or in one of the private networks that are allowed."""
    number: IPv4Address | IPv6Address = ipaddress.ip_address(address)
    if isinstance(number, IPv6Address):
        number = number.ipv4_mapped or number
    if any(number in network for network in private):
        return True
    if isinstance(number, IPv6Address):
        if number in _NAT64 or number in _COMPATIBLE:  # the way to IPv4 from a network that has only IPv6
            number = IPv4Address(int(number) & 0xFFFFFFFF)
        elif number.sixtofour or number.teredo or number.is_site_local:
            return False
    return (
        number.is_global
        and not number.is_multicast
        and not number.is_reserved
        and not any(number in network for network in _NOT_PUBLIC)
    )


class Patience:
    """How long one exchange with a server may still take."""

    def __init__(self, seconds: float, idle: float, stopped: Callable[[], bool]) -> None:
        """Start the clock: ``seconds`` for the whole exchange, ``idle`` seconds without a byte."""
        self._seconds, self._idle, self._stopped = seconds, idle, stopped
        self._end = time.monotonic() + seconds

    def left(self, since: float) -> float:
        """Return how many seconds to wait now for something that has been awaited since ``since``.

        Raises PageError when the time is up, StopRequested when the run was asked to stop.
        """
        if self._stopped():
            raise StopRequested
        now = time.monotonic()
        if now >= self._end:
            raise PageError(f"the page had not come after {self._seconds:g} seconds; run again later")
        if now - since >= self._idle:
            raise PageError(f"the server sent nothing for {self._idle:g} seconds; run again later")
        return min(self._end - now, since + self._idle - now, _SLICE)

    def for_connecting(self) -> float:
        """Return how many seconds to try one address. Raises as ``left`` does."""
        self.left(time.monotonic())
        return max(0.001, min(self._end - time.monotonic(), self._idle))


class CheckedNetwork(httpcore.NetworkBackend):
    """Makes connections for one exchange, to checked addresses only."""

    def __init__(self, private: Networks, resolve: Resolve, patience: Patience) -> None:
        self._private, self._resolve, self._patience = private, resolve, patience
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that answers. Raises PageError if it has none that may be used."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise PageError(
                f"no connection: there is no host {host}, or no network; check the address and the network", down=True
            ) from error
        addresses = [address for address in found if may_connect(address, self._private)]
        if not addresses:
            raise PageError(
                (
                    f"{host} is in a private network, from which nothing is fetched; if it is meant to be, add its "
                    "network to NEWSDESK_INGEST__PRIVATE_NETWORKS"
                ),
                lasting=True,
                down=True,
            )
        for address in addresses[:4]:
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._patience.for_connecting(), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _TimedStream(stream, self._patience)
        raise PageError(
            f"no connection to {host} (port {port}): it does not answer; run again later", down=True
        ) from failed


class _TimedStream(httpcore.NetworkStream):
    """A connection that waits no longer than the time that is left."""

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream, self._patience = stream, patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        began = time.monotonic()
        while True:
            wait = self._patience.left(began)
            try:
                return self._stream.read(max_bytes, wait)
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._patience.for_connecting())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            return _TimedStream(
                self._stream.start_tls(ssl_context, server_hostname, self._patience.for_connecting()), self._patience
            )
        except httpcore.ConnectTimeout as error:
            raise PageError(
                "the server did not finish setting up an encrypted connection; run again later", down=True
            ) from error
        except httpcore.ConnectError as error:
            reason = (
                getattr(error.__cause__, "verify_message", None) or getattr(error.__cause__, "reason", None) or error
            )
            raise PageError(
                f"no secure connection to {server_hostname} ({reason}); save the page and ingest the file", down=True
            ) from error

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
