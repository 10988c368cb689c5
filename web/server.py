"""The server of the reading room, in a process of its own or in the bot's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from index.errors import SettingsError


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program that runs the server."""
        yield


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application inside the block and yield its port; 0 takes any free one.

    Raises SettingsError if the port cannot be opened.
    """
    taken = _socket(host, port)
    # Links are secrets: they are not logged. A proxy on this machine says for whom it asks.
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(server.serve([taken]))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        yield int(taken.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


def _socket(host: str, port: int) -> socket.socket:
    # asyncio switches Nagle's delay off (40 ms a page) only for a socket that says it is TCP; create_server's says
    # nothing.
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(2_048)
        return taken
    except (OSError, OverflowError) as error:
        taken.close()
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"The reading room cannot listen on {host}:{port} ({reason}). Set NEWSDESK_WEB__HOST and "
            "NEWSDESK_WEB__PORT."
        ) from error
