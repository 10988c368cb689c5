"""The Home tab: the newest articles, questions about them, and ingests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bot.slack.messages.blocks import Block, Element, button, rich, section, text
from bot.slack.messages.text import plain
from bot.slack.messages.windows import modal
from index.archive import Archive
from index.articles import Source
from index.dates import day_text
from index.ingest.sources import states, troubles


@dataclass(frozen=True, slots=True)
class News:
    """What the Home tab says about the archive."""

    articles: int
    newest: Source | None
    last_ingest: tuple[float, str] | None  # when (seconds since 1970), and what it changed
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """What the Home tab says to admins only."""

    failures: tuple[tuple[str, str], ...]  # path, reason
    low_rated: tuple[tuple[str, str | None], ...]  # question, reason
    versions: str
    writings: tuple[str, ...] = ()  # lines on what a language model did
    sources: tuple[str, ...] = ()  # lines on sources of an ingest that cannot be read


def home(news: News, insight: Insight | None = None) -> dict[str, Any]:
    """Return the Home tab of one person."""
    blocks: list[Block] = [_header("The articles")]
    if news.articles:
        lines = [
            section(text(f"{news.articles:,} {'article' if news.articles == 1 else 'articles'} can be asked about."))
        ]
        if news.newest:
            newest = news.newest
            day = day_text(newest.published, newest.date_source)
            about = ", ".join(filter(None, [newest.publisher and plain(newest.publisher), day]))
            lines.append(section(text("Newest: ", bold=True), text(f"{about}: {plain(newest.title)}")))
    else:
        lines = [section(text("There are no articles yet. An admin puts them in with ingest.py."))]
    if news.last_ingest:
        when, what = news.last_ingest
        lines.append(section(text("Last ingest: ", bold=True), _moment(when), text(f", {plain(what)}")))
    blocks += [rich(lines), _header("How to ask"), rich([_ways()])]
    for number, example in enumerate(news.examples):
        row = {"type": "section", "text": {"type": "plain_text", "text": plain(example)[:2_900], "emoji": False}}
        blocks.append({**row, "accessory": button("Ask this", f"example_{number}", plain(example)[:1_900])})
    if insight:
        blocks += _insight(insight)
    return {"type": "home", "blocks": blocks}


def _moment(when: float) -> Element:
    """Return a time that Slack shows in its reader's zone and language."""
    fallback = f"{datetime.fromtimestamp(when, UTC):%d %b %Y %H:%M} UTC"
    return {"type": "date", "timestamp": int(when), "format": "{date_short_pretty} {time}", "fallback": fallback}


def _ways() -> Element:
    ways = [
        "Mention me in a channel, or write to me here under Messages.",
        "Ask follow-up questions in the thread of an answer, without a mention.",
        "/ask shows the answer to you alone; you can share it.",
        "“Ask about this” in a message's menu takes the message as the question.",
        "Edit your question and the answer changes; delete it and the answer is deleted too.",
    ]
    return {"type": "rich_text_list", "style": "bullet", "elements": [section(text(way)) for way in ways]}


def _insight(insight: Insight) -> list[Block]:
    failures = [section(text(f"{plain(path)}: {plain(reason)}")) for path, reason in insight.failures[:10]] or [
        section(text("None."))
    ]
    low = [
        section(text(plain(asked)), text(f" ({plain(reason)})" if reason else "", italic=True))
        if reason
        else section(text(plain(asked)))
        for asked, reason in insight.low_rated[:10]
    ]
    return [
        {"type": "divider"},
        _header("For admins"),
        rich([section(text("Failures of the last runs", bold=True)), *failures]),
        rich([section(text("Answers rated bad in the last week", bold=True)), *(low or [section(text("None."))])]),
        *_titled("Sources of articles", insight.sources[:10]),
        *_titled("Language model", insight.writings),
        rich([section(text("Versions: ", bold=True), text(plain(insight.versions)))]),
        {"type": "actions", "block_id": "admin", "elements": [button("Status", "status", "status")]},
    ]


def _titled(title: str, lines: Sequence[str]) -> list[Block]:
    if not lines:
        return []
    return [rich([section(text(title, bold=True)), *(section(text(plain(line))) for line in lines)])]


def _header(content: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": content, "emoji": False}}


def prompts(questions: Sequence[str]) -> list[dict[str, str]]:
    """Return the suggested prompts of the agent view: at most four."""
    return [{"title": _short(plain(example), 60), "message": plain(example)} for example in questions[:4]]


def _short(content: str, most: int) -> str:
    return content if len(content) <= most else content[: most - 1].rsplit(" ", 1)[0] + "…"


def not_allowed() -> dict[str, Any]:
    """Return the window shown to people who may not ask."""
    return modal("Not available", [rich([section(text("Answers are for members of this workspace."))])])


def read_news(archive: Archive, questions: Sequence[str]) -> News:
    """Read what the Home tab says about the archive."""
    with archive.catalog.snapshot() as snapshot:
        sources = [source for source, _ in snapshot.sources()]
        last = next(iter(snapshot.runs(1)), None)
    newest = max(sources, key=lambda source: (source.published or date.min, source.title), default=None)
    return News(len(sources), newest, last_change(last) if last else None, tuple(questions[:3]))


def count_articles(archive: Archive) -> int:
    """Return how many articles there are."""
    with archive.catalog.snapshot() as snapshot:
        return snapshot.counts()["articles"]


def last_change(item: dict[str, Any]) -> tuple[float, str]:
    """Return when an ingest began, and what it changed, in words for readers."""
    report = item["report"] or {}
    counts = [f"{report[name]:,} {name}" for name in ("added", "updated", "removed") if report.get(name)]
    return datetime.fromisoformat(item["started"]).timestamp(), ", ".join(counts) or "nothing changed"


def ingest_line(item: dict[str, Any]) -> str:
    """Return an ingest run as one line of text."""
    report = item["report"]
    if not report:
        return f"run {item['run']}, begun {item['started']}, is running or was killed"
    counts = (
        f"{report['added']} added, {report['updated']} updated, {report['removed']} removed, {report['failed']} failed"
    )
    source = f", from {report['source']}" if report.get("source") else ""
    return f"run {item['run']}, {item['started']}: {counts}{source}"


def changed_archive(item: dict[str, Any]) -> bool:
    """Tell whether a finished ingest changed the archive."""
    report = item["report"] or {}
    return any(report.get(name, 0) for name in ("added", "updated", "removed"))


def recent_failures(archive: Archive) -> tuple[tuple[str, str], ...]:
    """Return path and reason of what failed in the last runs."""
    with archive.catalog.snapshot() as snapshot:
        found = {
            (item["path"], item["reason"]): None
            for run in snapshot.runs(5)
            if run["report"]
            for item in run["report"]["failures"]
        }
    return tuple(found)


def source_lines(archive: Archive) -> tuple[str, ...]:
    """Return a line for each source of the ingest that could not be read when it was taken last."""
    with archive.catalog.snapshot() as snapshot:
        return tuple(troubles(list(states(snapshot).values())))


def runs_after(archive: Archive, number: int) -> list[dict[str, Any]]:
    """Return the ingests after one, oldest first, up to the first that has not finished."""
    with archive.catalog.snapshot() as snapshot:
        found = sorted((run for run in snapshot.runs(20) if run["run"] > number), key=lambda run: int(run["run"]))
    finished = []
    for run in found:
        if run["seconds"] is None and run is found[-1]:
            break  # perhaps still running; an earlier one without an end is over
        finished.append(run)
    return finished
