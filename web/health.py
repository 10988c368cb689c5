"""Health for those who run newsdesk: ``/healthz`` (alive), ``/readyz`` (ready), ``/metrics`` (figures).

Sentences here name no path, no address and no error: more people may reach the port than the log.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from index.archive import Archive
from index.errors import ArchiveError, ServerDown, VectorsError
from index.ingest.report import ending
from index.store.catalog import Catalog

State = Literal["ready", "degraded", "down"]
_WORST: tuple[State, ...] = ("down", "degraded", "ready")

_EVERY = 1.0  # seconds that the result of a check is used
_PATIENCE = 3.0  # seconds that a check may take; with _EVERY less than the five in which trouble must show


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one part of newsdesk.

    ready; degraded: answers come, but not as they should; down: no answers come.
    """

    state: State
    message: str


Check = Callable[[], Awaitable[Part]]


class Readiness:
    """The state of every part, checked once a second at most, however often it is asked for."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._found: dict[str, tuple[float, Part]] = {}
        self._under_way: dict[str, tuple[float, asyncio.Task[None]]] = {}

    async def parts(self) -> dict[str, Part]:
        """Return the state of every part; one whose check does not end is down."""
        now = time.monotonic()
        for name in self._checks:
            if name not in self._under_way and now - self._found.get(name, (-_EVERY, None))[0] >= _EVERY:
                self._under_way[name] = now, asyncio.create_task(self._check(name))
        if self._under_way:
            await asyncio.wait([task for _, task in self._under_way.values()], timeout=_PATIENCE)
        waits = {
            name: Part("down", f"has not said how it is for {time.monotonic() - since:.0f} seconds")
            for name, (since, _) in self._under_way.items()
        }
        return {name: waits.get(name) or self._found[name][1] for name in self._checks}

    async def _check(self, name: str) -> None:
        try:
            part = await self._checks[name]()
        except Exception as error:  # the door of a check: one that fails holds up no other
            part = Part(
                "down", f"could not be looked at ({type(error).__name__}); the log and python -m bot doctor say more"
            )
        self._found[name] = time.monotonic(), part
        del self._under_way[name]


def archive_checks(archive: Callable[[], Archive | None]) -> dict[str, Check]:
    """Return the checks of an archive's catalog and vectors; ``archive`` returns None until it is open."""

    async def catalog() -> Part:
        opened = archive()
        return await asyncio.to_thread(_catalog, opened.catalog if opened else None)

    async def chroma() -> Part:
        return await asyncio.to_thread(_chroma, archive())

    return {"catalog": catalog, "chroma": chroma}


def catalog_checks(open_catalog: Callable[[], Catalog]) -> dict[str, Check]:
    """Return the check of a catalog alone.

    The catalog is opened at the first check; if that fails, the next check tries again.
    """
    opened: list[Catalog] = []

    def check() -> Part:
        try:
            opened[:] = opened or [open_catalog()]
        except ArchiveError:
            return _catalog(None)
        return _catalog(opened[0])

    async def catalog() -> Part:
        return await asyncio.to_thread(check)

    return {"catalog": catalog}


def _catalog(catalog: Catalog | None) -> Part:
    if catalog is None or (isinstance(catalog.database, Path) and not catalog.database.exists()):
        return Part("down", "there is no archive yet, or it is not open")
    try:
        with catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            snapshot.runs(1)
    except ArchiveError:
        return Part("down", "the catalog cannot be read; python -m bot doctor says why")
    return Part("ready", "can be read") if generation else Part("degraded", "holds no article yet")


def _chroma(archive: Archive | None) -> Part:
    if archive is None:
        return Part("down", "the archive is not open")
    try:
        archive.ping()
    except ServerDown:
        return Part(
            "degraded",
            "the Chroma server does not answer; answers come from an exact scan of the catalog, which is slower",
        )
    except VectorsError:
        return Part(
            "degraded",
            (
                "the search index is damaged and will be rebuilt; until then answers come from an exact scan of the "
                "catalog, which is slower"
            ),
        )
    except ArchiveError:
        return Part("down", "the catalog cannot be read")
    return Part("ready", "holds the published generation")


class ArchiveFigures(Collector):
    """The figures of the archive, read from its catalog when asked for: ingests run in other processes."""

    def __init__(self, archive: Callable[[], Archive | None]) -> None:
        self._archive = archive
        self._reading = threading.Lock()
        self._ended: Counter[str] = Counter()
        self._counted = 0  # the last run that is in _ended

    def describe(self) -> Iterator[Metric]:
        """Name no figures in advance: the archive may not be open yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; none while the archive cannot be read."""
        archive = self._archive()
        if archive is None:
            return
        try:
            with self._reading:
                found = list(self._figures(archive))
        except ArchiveError:
            return
        yield from found

    def _figures(self, archive: Archive) -> Iterator[Metric]:
        with archive.catalog.snapshot() as snapshot:
            generation, articles = snapshot.generation(), snapshot.count_articles()
            fresh, last = snapshot.runs_after(self._counted), snapshot.runs(1)
        for run in fresh:
            latest = run["run"] == last[0]["run"]
            if run["report"] is not None or not latest:
                self._ended[ending(run["report"], latest=latest)] += 1
                self._counted = run["run"]
                if run["report"] is not None:
                    self._last = datetime.fromisoformat(run["started"]).timestamp() + run["seconds"]
        yield GaugeMetricFamily("newsdesk_articles", "Articles in the archive", articles)
        yield GaugeMetricFamily(
            "newsdesk_passages", "Passages in the published generation", generation.passages if generation else 0
        )
        yield GaugeMetricFamily(
            "newsdesk_generation", "Number of the published generation", generation.number if generation else 0
        )
        if self._counted:
            yield GaugeMetricFamily(
                "newsdesk_index_age_seconds",
                "Time since the last ingest run on record ended",
                max(0.0, time.time() - self._last),
            )
        runs = CounterMetricFamily(
            "newsdesk_ingest_runs",
            "Ingest runs on record, by how they ended: done, stopped, error, killed",
            labels=["ending"],
        )
        for name in ("done", "stopped", "error", "killed"):
            runs.add_metric([name], self._ended[name])
        yield runs

    _last = 0.0  # when the last run on record ended, seconds since 1970


def routes(checks: Mapping[str, Check], registry: CollectorRegistry = REGISTRY) -> list[Route]:
    """Return the routes of health: alive, ready, figures.

    Without ``registry`` the figures are those that every Python process has.
    """
    began, readiness = time.monotonic(), Readiness(checks)

    async def healthz(_: Request) -> Response:
        return JSONResponse(
            {"state": "alive", "newsdesk": version("newsdesk"), "seconds": round(time.monotonic() - began)},
            headers=_FRESH,
        )

    async def readyz(request: Request) -> Response:
        """Answer 503 unless every part is ready; with ``?degraded=ok`` also a degraded part is answered with 200."""
        parts = await readiness.parts()
        state = next((each for each in _WORST if any(part.state == each for part in parts.values())), "ready")
        accepted = state == "ready" or (state == "degraded" and request.query_params.get("degraded") == "ok")
        values = {
            "state": state,
            "parts": {name: {"state": part.state, "told": part.message} for name, part in parts.items()},
        }
        return JSONResponse(values, 200 if accepted else 503, headers=_FRESH)

    async def metrics(_: Request) -> Response:
        return Response(
            await asyncio.to_thread(generate_latest, registry), media_type=CONTENT_TYPE_LATEST, headers=_FRESH
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


_FRESH = {"Cache-Control": "no-store"}
