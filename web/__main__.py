"""The reading room and the question box as a program: python -m web. The bot serves them too when NEWSDESK_WEB__PORT
is set.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence

from index.errors import NewsdeskError
from settings import Settings, load

_PORT = 8080
_SHUT = (
    "Nobody can ask there in the browser: other machines may reach it. Set NEWSDESK_WEB__PASSWORD, or "
    "NEWSDESK_WEB__USER_HEADER if a proxy says who asks."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code: 0, or 2 for an error."""
    parser = argparse.ArgumentParser(
        prog="python -m web",
        description=(
            "Serves a page to ask questions on, and the reading room: articles, opened at the sentence that was cited."
        ),
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
    from bot.desk_threads import DeskThreads
    from bot.journal.journal import journal_at
    from bot.journal.stored_answer import answers
    from bot.wiring import desk_loader, question_box
    from web.app import app
    from web.health import catalog_checks, routes
    from web.server import listening

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    watched = routes(catalog_checks(settings.open_catalog))
    found = answers(journal_at(settings.database(), settings.data_dir))
    desk = DeskThreads(desk_loader(settings), settings.slack.workers)
    with contextlib.closing(desk), question_box(settings, desk) as asking:
        room = app(settings.signed_links(), settings.open_catalog, found, watched, asking=asking)
        async with listening(room, settings.web.host, settings.web.port or _PORT) as port:
            if asking.door.opens:
                await asking.box.load()
            hint = "" if settings.web.url else "; citations in Slack link here once NEWSDESK_WEB__URL is set"
            print(f"Ask and read on http://{settings.web.host}:{port}/{hint}", flush=True)
            if not asking.door.opens_for_browsers:
                print(_SHUT, flush=True)
            await ended.wait()


if __name__ == "__main__":
    os.nice(10)  # Slack comes first: at 500 pages a second on two cores its answers would take a quarter longer
    sys.exit(main())
