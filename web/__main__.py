"""The reading room as a program: python -m web. The bot serves it too when NEWSDESK_WEB__PORT is set."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

from index.errors import NewsdeskError
from settings import Settings, load

_PORT = 8080


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code: 0, or 2 for an error."""
    parser = argparse.ArgumentParser(
        prog="python -m web", description="Serves the reading room: articles, opened at the sentence that was cited."
    )
    parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_serve(load()))
    except NewsdeskError as error:
        print(f"newsdesk: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(settings: Settings) -> None:
    from bot.journal.journal import journal_at
    from bot.journal.stored_answer import answers
    from web.app import app, listening
    from web.health import catalog_checks, routes

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    watched = routes(catalog_checks(settings.open_catalog))
    room = app(
        settings.signed_links(),
        settings.open_catalog,
        answers(journal_at(settings.database(), settings.data_dir)),
        watched,
    )
    async with listening(room, settings.web.host, settings.web.port or _PORT) as port:
        hint = "" if settings.web.url else "; citations link here once NEWSDESK_WEB__URL is set"
        print(f"The reading room listens on http://{settings.web.host}:{port}{hint}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    os.nice(10)  # answers come first: at 500 pages a second on their two cores they would take a quarter longer
    sys.exit(main())
