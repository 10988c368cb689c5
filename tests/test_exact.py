"""Vectors in memory: the nearest are the nearest, within a scope too, and nothing is guessed where one is missing."""

from __future__ import annotations

import numpy as np
import pytest

from index.exact import Exact

RANDOM = np.random.default_rng(7)


def units(count: int, dimensions: int = 16) -> np.ndarray:
    found = RANDOM.normal(size=(count, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


VECTORS = units(60)
PLACES = [(f"a{number % 6}:{number}", f"a{number % 6}") for number in range(60)]


def by_hand(query: np.ndarray, allowed: set[str]) -> list[str]:
    order = np.argsort(-(VECTORS @ query))
    return [PLACES[place][0] for place in order if PLACES[place][1] in allowed]


@pytest.mark.parametrize(
    ("within", "limit"), [(None, 5), (None, 60), (None, 500), (["a1"], 5), (["a1", "a4"], 12), (["a2", "unknown"], 100), ([], 5), (["unknown"], 5)]
)
def test_the_nearest_are_those_that_comparing_by_hand_finds(within, limit):
    query = units(1)[0]
    wanted = by_hand(query, {article for _, article in PLACES} if within is None else set(within))[:limit]
    found = Exact(PLACES, VECTORS).nearest(query, limit, within)
    assert [id_ for id_, _ in found] == wanted
    assert all(abs(score - float(VECTORS[int(id_.split(":")[1])] @ query)) < 1e-5 for id_, score in found)


def test_similarities_are_by_id_and_unknown_ids_are_left_out():
    query = units(1)[0]
    found = Exact(PLACES, VECTORS).similarities(query, ["a3:3", "gone", "a5:59"])
    assert set(found) == {"a3:3", "a5:59"}
    assert abs(found["a3:3"] - float(VECTORS[3] @ query)) < 1e-5
    assert Exact(PLACES, VECTORS).similarities(query, []) == {}


class Stored:
    """What a snapshot would give."""

    def __init__(self, keys: list[str], vectors: list[tuple[str, str, bytes]]) -> None:
        self._keys, self._vectors = keys, vectors

    def places(self):
        return [(f"a:{number}", "a", key) for number, key in enumerate(self._keys)]

    def stored_vectors(self):
        yield self._vectors[:2]
        yield self._vectors[2:]


def stored(*, without: str = "") -> Stored:
    vectors = [("m", f"k{number}", VECTORS[number].tobytes()) for number in range(5) if f"k{number}" != without]
    return Stored(["k0", "k3", "k0", "k4"], [("other", "k0", units(1)[0].tobytes()), *vectors])


def test_passages_that_share_a_text_share_its_vector_and_other_models_do_not_count():
    exact = Exact.of(stored(), "m")
    assert len(exact) == 4
    found = exact.similarities(VECTORS[0], ["a:0", "a:1", "a:2"])
    assert found["a:0"] == found["a:2"] == pytest.approx(1.0)
    assert found["a:1"] == pytest.approx(float(VECTORS[3] @ VECTORS[0]), abs=1e-5)


def test_a_missing_vector_is_said():
    with pytest.raises(ValueError, match="2 of 3"):
        Exact.of(stored(without="k3"), "m")
