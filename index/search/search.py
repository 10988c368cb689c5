"""Search: the passages that answer a question best, by meaning and by words.

question ─┬─ vector ── the engine, joined to the catalog ────┐
          └─ terms ─── BM25, in memory or in the catalog ────┴─ normalise, sum,
             plus for a preferred time or speaker, minus for further passages of one article → hits
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.archive import Archive
from index.articles import Article, Hit, Passage
from index.model.embedder import Embedder, Vectors
from index.search.candidates import VectorCandidates, by_words, within
from index.search.figures import other_figures
from index.search.names import other_names
from index.store.duplicates import says
from index.store.rows import ANYTHING, Outline, Scope
from index.store.snapshot import Snapshot
from index.text import terms
from index.view import View

CANDIDATES = 100  # from each side, before they are summed
_RARER = 10  # times: from then on the articles are taken to write a name in its other form
# of a score of 1: what a passage loses for each of its article's before it; a bound of two lost answers in long
# articles
_AGAIN = 0.1

_OUTSIDE = 0.15  # what a passage loses, of a score of 1, that is not of the preferred time
_SPEAKS = 0.1  # what one gains in which the one asked about speaks

Reranker = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Preference:
    """What an answer should rather have than not: a time in which it was published (``firm``: twice as much), one who
    speaks (folded terms).
    """

    since: date | None = None
    until: date | None = None
    firm: bool = False
    speaker: tuple[str, ...] = ()

    @property
    def timed(self) -> bool:
        """Tell whether a time is preferred."""
        return self.since is not None or self.until is not None


NO_PREFERENCE = Preference()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score, before its text is read."""

    outline: Outline
    score: float
    dated: bool
    timely: bool


def search(archive: Archive, embedder: Embedder, question: str, limit: int = 24) -> list[Hit]:
    """Return the passages that fit a question, best first.

    Every hit belongs to one published state of the archive.
    """
    vector = embedder.embed([question])[0]
    return archive.read(lambda view: find(view, question, vector, embedder.identity, ANYTHING, limit))


def reranked(rerank: Reranker, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return hits in the order of a cross-encoder's scores for (question, passage); undated ones stay behind."""
    scores = rerank(question, [hit.passage.text for hit in hits])
    order = sorted(range(len(hits)), key=lambda index: (not hits[index].dated, -scores[index]))
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [replace(hits[i], score=(scores[i] - low) / (high - low) if high > low else 0.0) for i in order]


def find(
    view: View,
    question: str,
    vector: Vectors,
    model: str,
    scope: Scope,
    limit: int,
    preference: Preference = NO_PREFERENCE,
) -> list[Hit]:
    """Return the hits of one view of the archive, best first.

    Outside the scope nothing is found; what does not fit the preference comes after what answers as well
    and fits. Where either has a time, undated articles come last, marked.
    """
    if view.generation is None or not view.generation.passages:
        return []
    dense, keyword = _candidates(view, question, vector, model, scope, preference)
    outlines = view.snapshot.outlines(list(dense))
    candidates = [id_ for id_ in dense if id_ in outlines]
    scores = _fused([dense[id_] for id_ in candidates], [keyword.get(id_, 0.0) for id_ in candidates])
    wanted = scope.narrowed(preference.since, preference.until)
    timed = wanted.since is not None or wanted.until is not None
    spoken = view.snapshot.spoken_in(preference.speaker, candidates) if preference.speaker else set()
    ranked = []
    for id_, score in zip(candidates, scores, strict=True):
        outline = outlines[id_]
        timely = within(outline, wanted)
        score += _SPEAKS * (id_ in spoken) - _OUTSIDE * (1 + preference.firm) * (not timely)
        ranked.append(Ranked(outline, score, not timed or outline.published is not None, timely))
    ranked.sort(key=lambda one: (not one.dated, -one.score, one.outline.id))
    chosen = _chosen(view.snapshot, ranked, limit)
    articles = view.snapshot.articles(sorted({one.outline.article_id for one in chosen}))
    return [_hit(one, articles[one.outline.article_id], dense, keyword) for one in chosen]


def _hit(one: Ranked, article: Article, dense: Mapping[str, float], keyword: Mapping[str, float]) -> Hit:
    place = one.outline
    passage = Passage(place.id, place.article_id, place.start, place.end, article.text[place.start : place.end])
    return Hit(passage, article, one.score, dense[place.id], keyword.get(place.id, 0.0), one.dated, one.timely)


def _candidates(
    view: View, question: str, vector: Vectors, model: str, scope: Scope, preference: Preference
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the cosine of every passage to be considered, and the BM25 scores."""
    asked = [*terms(question), *_needed(view, other_names(view.snapshot, question)), *other_figures(question)]
    meant, worded = VectorCandidates(view, vector, model), by_words(view, asked)
    dense = dict(meant.best(CANDIDATES, scope))
    keyword = dict(worded.best(10 * CANDIDATES, scope))
    wanted = list(keyword)[:CANDIDATES]
    if preference.timed:  # the best of that time may be far down among those of all times
        narrow = scope.narrowed(preference.since, preference.until)
        found = dict(worded.best(CANDIDATES, narrow))
        wanted += found
        keyword |= found
        dense |= dict(meant.best(CANDIDATES, narrow))
    if preference.speaker:  # of a thousand passages that name him or the topic, he speaks in few
        spoken = view.snapshot.spoken_in(preference.speaker, list(keyword))
        wanted += [id_ for id_ in keyword if id_ in spoken][:CANDIDATES]
    missing = [id_ for id_ in dict.fromkeys(wanted) if id_ not in dense]
    return dense | meant.of(missing), keyword


def _needed(view: View, names: Mapping[str, str]) -> list[str]:
    """Return the other forms of names that the articles hardly ever write as the question does: where they write both,
    to ask for both counts names double.
    """
    count = view.document_frequencies([*names, *names.values()]) if names else {}
    return [other for name, other in names.items() if _RARER * count[name] < count[other]]


def _fused(dense: Sequence[float], keyword: Sequence[float]) -> list[float]:
    """Sum the two scores, each scaled to 0…1 over the candidates (a convex sum beat rank fusion by two points of
    nDCG).
    """
    return [0.5 * d + 0.5 * k for d, k in zip(_scaled(dense), _scaled(keyword), strict=True)]


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]


def _chosen(snapshot: Snapshot, ranked: Sequence[Ranked], limit: int) -> list[Ranked]:
    """Return the ``limit`` passages that are shown, of those ranked: what is new first, then what copies repeat.

    A passage is put as far behind as its article has others before it, so that one article does not crowd out all else.
    What comes after is not looked at once nothing of it can be among the first.
    """
    copies = _Copies(snapshot, ranked)
    count: dict[str, int] = {}
    placed: list[tuple[bool, float, Ranked]] = []
    said: list[Ranked] = []
    for one in ranked:
        if len(placed) >= limit and placed[limit - 1][:2] <= (not one.dated, -one.score):
            break
        if copies.repeats(one):
            said.append(one)
            continue
        before = count.get(one.outline.article_id, 0)
        count[one.outline.article_id] = before + 1
        insort(placed, (not one.dated, _AGAIN * before - one.score, one), key=lambda place: place[:2])
    return [*(one for *_, one in placed[:limit]), *said][:limit]


class _Copies:
    """Tells what is new from what a copy of the same report, ranked before, has said already.

    A passage that a longer copy alone has, or that gives other figures, is new.
    """

    def __init__(self, snapshot: Snapshot, ranked: Sequence[Ranked]) -> None:
        digests = {one.outline.article_id: one.outline.digest for one in ranked}
        self._duplicates = snapshot.duplicates(sorted(digests))
        related = {id_ for id_, others in self._duplicates.items() if any(other in digests for other in others)}
        self._articles = snapshot.articles(sorted(related))
        self._first: dict[str, Outline] = {}  # the best ranked of each report, by id

    def repeats(self, one: Ranked) -> bool:
        """Tell whether a passage is said already; the passages must come in their order."""
        place = one.outline
        copied = set(self._duplicates.get(place.article_id, ()))
        same = any(other.digest == place.digest and id_ != place.article_id for id_, other in self._first.items())
        others = [id_ for id_ in self._first if id_ in copied]
        text = self._articles[place.article_id].text[place.start : place.end] if others else ""
        if same or any(says(self._articles[id_].text, text) for id_ in others):
            return True
        self._first[place.article_id] = place
        return False
