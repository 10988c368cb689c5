"""Ingests that are killed at any moment, and articles that change in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from newsroom import Newsroom

ANCHORS = [0, 1, 2]  # articles that never change, so that their answers must not either


def put_files(newsroom: Newsroom, now: dict[int, int], before: dict[int, int]) -> None:
    for number in before.keys() - now.keys():
        newsroom.path(number).unlink()
    for number in now:
        if now[number] != before.get(number):
            newsroom.write(number, now[number])


def next_versions(before: dict[int, int], chance: random.Random) -> dict[int, int]:
    """Change most articles, take one away and add one."""
    now = {number: version if number in ANCHORS else version + 1 for number, version in before.items()}
    del now[chance.choice([number for number in now if number not in ANCHORS])]
    return now | {max(before) + 1: 1}


def kill_ingests(newsroom: Newsroom, at_once: Callable[[], None] = lambda: None) -> None:
    """Kill two ingests at any moment: each article is in its old or its new version, and the next run does the rest.

    ``at_once`` is done after each kill.
    """
    chance = random.Random(1)
    now = dict.fromkeys(range(20), 1)
    put_files(newsroom, now, {})
    began = time.monotonic()
    newsroom.ingest()
    longest, hits = time.monotonic() - began, 0
    while hits < 2:
        before, now = now, next_versions(now, chance)
        put_files(newsroom, now, before)
        process = newsroom.start("ingest", "articles", "--prune", start_new_session=True)
        hits += newsroom.killed_after(process, chance.uniform(0, longest), whole_group=True)
        found = newsroom.versions()
        assert all(
            found.get(number) in (before.get(number), now.get(number))
            for number in before.keys() | now.keys() | found.keys()
        )
        at_once()
        newsroom.ingest()
        assert newsroom.versions() == now
        newsroom.assert_index_agrees()
