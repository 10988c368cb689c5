"""The door for questions: python -m bot ask "…", and the commands that look after the archive."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from index.errors import NewsdeskError, SettingsError
from settings import Settings, load

if TYPE_CHECKING:
    from bot.desk import Desk
    from index.archive import Archive
    from index.embed import Embedder


def main(arguments: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run the command and return its exit code: 0 done (a refusal included), 1 the doctor found something, 2 an error."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace, Settings, Embedder | None], int] = _serve if parsed.command is None else parsed.run
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
        description="Answers questions from the articles a team has collected, with checked citations. Without a command it runs the Slack bot.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    ask = commands.add_parser("ask", help="ask a question on the terminal")
    ask.add_argument("question", nargs="?", help="the question, in quotes")
    ask.add_argument("--jsonl", metavar="FILE", help="answer every line of a file (- for standard input), one JSON line each")
    ask.add_argument("--since", type=_day, metavar="DATE", help="only articles from this day on (YYYY-MM-DD)")
    ask.add_argument("--until", type=_day, metavar="DATE", help="only articles up to this day")
    ask.add_argument("--publisher", metavar="NAME", help="only articles of publishers with this name")
    ask.add_argument("--today", type=_day, metavar="DATE", help='the day that "last week" is relative to')
    ask.add_argument("--explain", action="store_true", help="also show what was found and why the bot answered or refused")
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.set_defaults(run=_ask)

    articles = commands.add_parser("articles", help="what is in the archive, an article a line")
    articles.add_argument("--json", action="store_true", help="one JSON object a line")
    articles.set_defaults(run=_articles)

    show = commands.add_parser("show", help="one article as cleaned, with what was cut marked where it stood, passages and duplicates")
    show.add_argument("article", metavar="ARTICLE", help="its id or the start of it, the path of its file, or its address")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=_show)

    status = commands.add_parser("status", help="what is in the archive, last runs, health, versions")
    which = status.add_mutually_exclusive_group()
    which.add_argument("--failures", action="store_true", help="what could not be read, why, and when it is tried again")
    which.add_argument("--runs", nargs="?", type=int, const=20, metavar="N", help="the last N ingest runs (default 20; 0: all on record)")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)

    doctor = commands.add_parser("doctor", help="check settings, archive, disk and model; exit code 1 with what to do")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=_doctor)

    copying = commands.add_parser("copy", help="copy the archive and the bot's journal into another, empty database, and compare what arrived")
    copying.add_argument("--to", required=True, metavar="PLACE", help="postgresql+psycopg://USER@HOST/NAME, sqlite:///PATH or a data folder")
    copying.add_argument("--json", action="store_true")
    copying.set_defaults(run=_copy)

    rebuild = commands.add_parser("rebuild", help="write Chroma again from the catalog")
    rebuild.add_argument("--embed", action="store_true", help="embed every passage with the model of the settings first")
    rebuild.add_argument("--json", action="store_true")
    rebuild.set_defaults(run=_rebuild)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it like 2025-03-31") from None


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Archive]:
    archive = settings.archive()
    try:
        yield archive
    finally:
        archive.close()


def _desk(archive: Archive, settings: Settings, embedder: Embedder) -> Desk:
    from bot.desk import Desk
    from index.embed import cross_encoder

    return Desk(archive, embedder, cross_encoder(settings.search.reranker) if settings.search.reranker else None, settings.answers.refusal)


def _serve(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    import asyncio

    if settings.slack_bot_token is None or (settings.slack_app_token is None and settings.slack_signing_secret is None):
        missing = "SLACK_BOT_TOKEN" if settings.slack_bot_token is None else "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)"
        raise SettingsError(
            f"{missing} is not set, so there is no Slack to answer in. docs/slack.md tells how to create the app. "
            'On the terminal: python -m bot ask "what did Macron say about the truce"; all commands: python -m bot --help'
        )
    from bot.desk import Request
    from bot.room.access import Allowed
    from bot.room.room import Rules
    from bot.room.serve import Access, log_to_stderr, serve
    from settings import ids

    slack = settings.slack
    access = Access(
        settings.slack_bot_token.get_secret_value(),
        settings.slack_app_token.get_secret_value() if settings.slack_app_token else None,
        settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None,
        str(settings.slack_api_url) if settings.slack_api_url else None,
        slack.host,
        slack.port,
    )
    rules = Rules(
        Allowed(ids(slack.teams), ids(slack.guests), ids(slack.shared_channels)),
        ids(slack.admins),
        slack.ask_a_person,
        slack.report_channel,
        slack.follow_ups,
        slack.per_user,
        slack.max_age_hours * 3_600,
        slack.lease_seconds,
    )

    def load() -> tuple[Desk, Archive]:
        archive = settings.archive()
        try:
            model = embedder or settings.embedder()
            desk = _desk(archive, settings, model)
            desk.ask(Request("a question that loads the model and opens the index", date.today()))
        except BaseException:
            archive.close()
            raise
        return desk, archive

    log_to_stderr()
    asyncio.run(serve(access, load, settings.data_dir, rules, slack.workers, settings.database()))
    return 0


def _ask(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.desk import Request
    from bot.terminal import explained, rendered

    if (parsed.question is None) == (parsed.jsonl is None):
        raise SettingsError('Give a question in quotes, or --jsonl FILE. For example: python -m bot ask "what did Macron say about the truce"')
    today = parsed.today or date.today()
    model = embedder or settings.embedder()
    with _opened(settings) as archive:
        desk = _desk(archive, settings, model)
        if parsed.jsonl:
            code = _ask_many(parsed, desk, today)
        else:
            reply = desk.ask(Request(parsed.question, today, parsed.since, parsed.until, parsed.publisher))
            if parsed.json:
                print(json.dumps(reply.as_json(parsed.explain), ensure_ascii=False))
            else:
                print(rendered(reply, _width()))
                if parsed.explain:
                    print(f"\n{explained(reply, _width())}")
            code = 0
        _mend(archive, model)
    return code


def _ask_many(parsed: argparse.Namespace, desk: Desk, today: date) -> int:
    from bot.desk import Request

    code = 0
    try:
        with contextlib.nullcontext(sys.stdin) if parsed.jsonl == "-" else open(parsed.jsonl, encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                id_: object = None
                try:
                    said = json.loads(line)
                    said = {"question": said} if isinstance(said, str) else said
                    id_ = said.get("id") if isinstance(said, dict) else None
                    if not isinstance(said, dict) or not isinstance(said.get("question"), str):
                        raise SettingsError('expected a string or {"id": …, "question": …}')
                    on = date.fromisoformat(str(said["today"])) if said.get("today") else today
                    request = Request(said["question"], on, parsed.since, parsed.until, parsed.publisher, _thread(said.get("thread")))
                    values = desk.ask(request).as_json(parsed.explain)
                except (ValueError, NewsdeskError) as error:
                    values = {"error": f"line {number}: {error}"}
                    code = 2
                print(json.dumps({"id": id_, **values}, ensure_ascii=False), flush=True)
    except OSError as error:
        raise SettingsError(f"{parsed.jsonl} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{parsed.jsonl} is not UTF-8; save it as UTF-8.") from error
    return code


def _thread(value: object) -> tuple[str, ...]:
    """Return the questions of a conversation: every other string, or the field ``question`` of objects."""
    if not isinstance(value, list):
        return ()
    if all(isinstance(item, str) for item in value):
        return tuple(value[::2])
    return tuple(item["question"] for item in value if isinstance(item, dict) and isinstance(item.get("question"), str))


def _mend(archive: Archive, embedder: Embedder) -> None:
    """Rebuild vectors that turned out damaged, after the answer, and say so in one line."""
    from index.errors import LockedError, ServerDown, VectorsError

    trouble = archive.trouble
    if trouble is None:
        return
    outcome = "the catalog's own vectors were searched instead"
    try:
        if elsewhere := archive.elsewhere():
            print(elsewhere, file=sys.stderr)
            return
        with archive.writing():
            if archive.sound():
                return
            archive.rebuild(embedder.identity)
            outcome = "it has been rebuilt from the catalog"
    except LockedError:
        outcome = "the ingest that is running will mend it; " + outcome
    except ServerDown:
        pass
    except VectorsError as error:
        outcome = f"{outcome}; rebuilding failed: {error}"
    print(f"The search index could not be used ({trouble}); {outcome}.", file=sys.stderr)


def _articles(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.terminal import day
    from index.printable import printable, short_path

    with _opened(settings) as archive, archive.catalog.snapshot() as snapshot:
        for source, digest in snapshot.sources():
            if parsed.json:
                values = {"id": source.id, "title": source.title, "publisher": source.publisher, "published": source.published and source.published.isoformat()}
                print(json.dumps({**values, "path": source.path, "url": source.url, "digest": digest}, ensure_ascii=False))
            else:
                about = f"{source.id}  {day(source.published):<11}  {source.publisher or 'unknown publisher'}: {source.title}  ({short_path(source.path)})"
                print(printable(about))
    return 0


def _show(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.archive_view import article_json, article_text

    with _opened(settings) as archive, archive.catalog.snapshot() as snapshot:
        values = article_json(snapshot, parsed.article)
    print(json.dumps(values, ensure_ascii=False) if parsed.json else article_text(values, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    return 0


def _status(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.archive_view import status_json, status_text
    from bot.runs_view import failures_json, failures_text, runs_json, runs_text

    with _opened(settings) as archive:
        if parsed.failures or parsed.runs is not None:
            with archive.catalog.snapshot() as snapshot:
                listed = failures_json(snapshot) if parsed.failures else runs_json(snapshot, max(parsed.runs, 0) or None)
            text = failures_text if parsed.failures else runs_text
            print(json.dumps(listed, ensure_ascii=False) if parsed.json else text(listed))
            return 0
        values = status_json(archive)
    print(json.dumps(values, ensure_ascii=False) if parsed.json else status_text(values))
    return 0


def _doctor(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.doctor import examine

    findings = examine(settings, embedder or settings.embedder())
    if parsed.json:
        print(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.told}")
    return 0 if all(finding.ok for finding in findings) else 1


def _copy(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from bot.room.journal import copy_journal
    from bot.room.journal import journal_at as journal
    from index.copying import copy_catalog, target
    from index.printable import printable

    catalog, folder = target(parsed.to)
    with _opened(settings) as archive, archive.writing():
        found = copy_catalog(archive.catalog, catalog)
        found |= copy_journal(journal(settings.database(), settings.data_dir), journal(catalog if isinstance(catalog, str) else None, folder))
    if parsed.json:
        print(json.dumps(found))
        return 0
    for name, (rows, digest) in found.items():
        print(f"{name:<28} {rows:>10,} rows  {digest[:16]}")
    print("Everything arrived as it was. Nothing was changed here.")
    if isinstance(catalog, str):
        print("To use the copy, set NEWSDESK_CATALOG__URL to it; then: python -m bot doctor")
    else:
        print(f"To use the copy, unset NEWSDESK_CATALOG__URL and set NEWSDESK_DATA_DIR={printable(str(folder))}; then: python -m bot rebuild")
    return 0


def _rebuild(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from index.runs import embed_all

    model = embedder or settings.embedder(many=parsed.embed)
    with _opened(settings) as archive, archive.writing():
        if not parsed.embed:
            archive.check_model(model.identity)
        embedded = embed_all(archive, model) if parsed.embed else 0
        generation = archive.rebuild(model.identity)
    values: dict[str, Any] = {"passages": generation.passages if generation else 0, "embedded": embedded}
    if parsed.json:
        print(json.dumps(values))
    else:
        print(f"The search index has been written again: {values['passages']} passages, {embedded} of them embedded anew.")
    return 0


def _width() -> int:
    import shutil

    return max(40, min(100, shutil.get_terminal_size((100, 24)).columns))


def command() -> None:
    """Run as ``newsdesk``."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    command()
