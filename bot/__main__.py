"""The command line of the bot: python -m bot ask "…", the commands for administrators; without a command, the Slack
bot.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bot import commands
from bot.admin import commands as admin
from index.console import replace_what_cannot_be_shown
from index.errors import NewsdeskError
from settings import Settings, load

if TYPE_CHECKING:
    from index.model.embedder import Embedder


def main(arguments: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run a command and return its exit code.

    0: done, also with a refusal; 1: the doctor found something; 2: an error.
    """
    replace_what_cannot_be_shown()
    parser = _parser()
    parsed = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace, Settings, Embedder | None], int] = (
        commands.serve if parsed.command is None else parsed.run
    )
    try:
        return run(parsed, load(), embedder)
    except NewsdeskError as error:
        print(f"newsdesk: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="newsdesk",
        description=(
            "Answers questions from the articles a team has collected, with checked citations. Without a command it "
            "runs the Slack bot."
        ),
    )
    parser.add_argument("--version", action="version", version=f"newsdesk {version('newsdesk')}")
    subcommands = parser.add_subparsers(dest="command", metavar="COMMAND")

    ask = subcommands.add_parser("ask", help="ask a question on the terminal")
    ask.add_argument("question", nargs="?", help="the question, in quotes")
    ask.add_argument(
        "--jsonl", metavar="FILE", help="answer every line of a file (- for standard input), one JSON line each"
    )
    ask.add_argument(
        "--thread",
        action="append",
        default=[],
        metavar="QUESTION",
        help="a question before this one, which it follows up; once for each, oldest first",
    )
    ask.add_argument("--since", type=_day, metavar="DATE", help="only articles from this day on (YYYY-MM-DD)")
    ask.add_argument("--until", type=_day, metavar="DATE", help="only articles up to this day")
    ask.add_argument("--publisher", metavar="NAME", help="only articles of publishers with this name")
    ask.add_argument("--today", type=_day, metavar="DATE", help='the day that "last week" is relative to')
    ask.add_argument(
        "--explain", action="store_true", help="also show what was found and why the bot answered or refused"
    )
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.set_defaults(run=commands.ask)

    articles = subcommands.add_parser("articles", help="what is in the archive, an article a line")
    articles.add_argument("--json", action="store_true", help="one JSON object a line")
    articles.set_defaults(run=admin.articles)

    show = subcommands.add_parser(
        "show", help="one article as cleaned, with what was cut marked where it stood, passages and duplicates"
    )
    show.add_argument(
        "article", metavar="ARTICLE", help="its id or the start of it, the path of its file, or its address"
    )
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=admin.show)

    status = subcommands.add_parser("status", help="what is in the archive, last runs, health, versions")
    which = status.add_mutually_exclusive_group()
    which.add_argument(
        "--failures", action="store_true", help="what could not be read, why, and when it is tried again"
    )
    which.add_argument(
        "--runs",
        nargs="?",
        type=int,
        const=20,
        metavar="N",
        help="the last N ingest runs (default 20; 0: all on record)",
    )
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=admin.status)

    doctor = subcommands.add_parser(
        "doctor", help="check settings, archive, disk and model; exit code 1 with what to do"
    )
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=commands.doctor)

    rebuild = subcommands.add_parser("rebuild", help="write the search index again from the catalog")
    rebuild.add_argument(
        "--embed", action="store_true", help="embed every passage with the model of the settings first"
    )
    rebuild.add_argument("--json", action="store_true")
    rebuild.set_defaults(run=admin.rebuild)

    report = subcommands.add_parser(
        "report", help="what was asked in Slack and in the browser, what was not answered, and what to ingest next"
    )
    report.add_argument("--week", action="store_true", help="the last seven days (this is what it does without days)")
    report.add_argument("--since", type=_day, metavar="DATE", help="from this day on (YYYY-MM-DD)")
    report.add_argument("--until", type=_day, metavar="DATE", help="up to this day")
    report.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots")
    report.add_argument("--json", action="store_true")
    report.set_defaults(run=admin.report)

    mcp = subcommands.add_parser("mcp", help="let assistants and agents ask (Model Context Protocol)")
    mcp.add_argument("--http", action="store_true", help="over HTTP instead of standard input and output")
    mcp.add_argument("--port", type=int, default=8090, help="where HTTP listens (default 8090)")
    mcp.set_defaults(run=commands.mcp)

    backup = subcommands.add_parser("backup", help="catalog and journal into one file, while others work")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.add_argument("--force", action="store_true", help="replace the file if it is there")
    backup.add_argument("--json", action="store_true")
    backup.set_defaults(run=admin.backup)

    restore = subcommands.add_parser("restore", help="a backup into the data folder; what is there now is kept aside")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--json", action="store_true")
    restore.set_defaults(run=admin.restore)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it like 2025-03-31") from None


def command() -> None:
    """Run as ``newsdesk``."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    command()
