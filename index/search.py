"""Search: the passages that answer a question best, by meaning and by words.

question ─┬─ vector ── exact comparison, or Chroma where there is very much ─┐
          └─ terms ─── BM25 in the catalog ────────────────────────────────────┴─ normalise, sum, plus what is wished for, less for more of an article → hits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.archive import Archive, View
from index.articles import Article, Hit
from index.duplicates import says
from index.embed import Embedder, Vectors
from index.errors import VectorsError
from index.exact import Exact
from index.names import other_names
from index.stored import ANYTHING, Scope
from index.terms import terms

CANDIDATES = 100  # from each side, before they are summed
_EXACT = 20_000  # passages; a scope this small is compared in full, which is exact and takes milliseconds
_RARER = 10  # times: from then on the articles are taken to write a name in its other form
_AGAIN = 0.1  # of a score of 1: what a passage loses for each of its article's before it; a bound of two lost answers in long articles

_OUTSIDE = 0.15  # what a passage loses, of a score of 1, that is not of the time wished for
_SPEAKS = 0.1  # what one gains in which the one asked about speaks

Reranker = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What an answer should rather have than not: a time in which it was published (``firm``: twice as much), one who speaks (folded terms)."""

    since: date | None = None
    until: date | None = None
    firm: bool = False
    speaker: tuple[str, ...] = ()

    @property
    def timed(self) -> bool:
        """Tell whether a time is wished for."""
        return self.since is not None or self.until is not None


NO_WISH = Wish()


def search(archive: Archive, embedder: Embedder, question: str, scope: Scope = ANYTHING, limit: int = 24) -> list[Hit]:
    """Return the passages that fit a question, best first.

    Every hit belongs to one published state of the archive. Where the scope has a time, articles in it come first and undated
    ones last, marked.
    """
    vector = embedder.embed([question])[0]
    return archive.read(lambda view: find(view, question, vector, embedder.identity, scope, limit))


def reranked(rerank: Reranker, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return hits in the order of a cross-encoder's scores for (question, passage); undated ones stay behind."""
    scores = rerank(question, [hit.passage.text for hit in hits])
    order = sorted(range(len(hits)), key=lambda index: (not hits[index].dated, -scores[index]))
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [replace(hits[i], score=(scores[i] - low) / (high - low) if high > low else 0.0) for i in order]


def find(view: View, question: str, vector: Vectors, model: str, scope: Scope, limit: int, wish: Wish = NO_WISH) -> list[Hit]:
    """Return the hits of one view of the archive, best first.

    Outside the scope nothing is found; what does not fit the wish is found behind what does as well and fits. Where either has a time, undated
    articles come last, marked.
    """
    if view.generation is None or not view.generation.passages:
        return []
    dense, keyword = _candidates(view, question, vector, model, scope, wish)
    passages = view.snapshot.passages(list(dense))
    candidates = [id_ for id_ in dense if id_ in passages]
    articles = view.snapshot.articles(sorted({passages[id_].article_id for id_ in candidates}))
    scores = _fused([dense[id_] for id_ in candidates], [keyword.get(id_, 0.0) for id_ in candidates])
    wanted = scope.narrowed(wish.since, wish.until)
    timed = wanted.since is not None or wanted.until is not None
    spoken = view.snapshot.spoken_in(wish.speaker, candidates) if wish.speaker else set()
    hits = []
    for id_, score in zip(candidates, scores, strict=True):
        article = articles[passages[id_].article_id]
        timely = within(article, wanted)
        score += _SPEAKS * (id_ in spoken) - _OUTSIDE * (1 + wish.firm) * (not timely)
        dated = not timed or article.source.published is not None
        hits.append(Hit(passages[id_], article, score, dense[id_], keyword.get(id_, 0.0), dated, timely))
    hits.sort(key=lambda hit: (not hit.dated, -hit.score, hit.passage.id))
    fresh, copies = _told_apart(hits, view.snapshot.duplicates(sorted({hit.article.source.id for hit in hits})))
    return [*_thinned(fresh, limit), *copies][:limit]


def _candidates(view: View, question: str, vector: Vectors, model: str, scope: Scope, wish: Wish) -> tuple[dict[str, float], dict[str, float]]:
    """Return the cosine of every passage to be considered, and the BM25 scores."""
    asked = [*terms(question), *_needed(view, other_names(view.snapshot, question))]
    dense = dict(_dense(view, vector, model, scope))
    keyword = dict(view.snapshot.keyword(asked, 10 * CANDIDATES, scope))
    wanted = list(keyword)[:CANDIDATES]
    if wish.timed:  # the best of that time may be far down among those of all times
        narrow = scope.narrowed(wish.since, wish.until)
        found = dict(view.snapshot.keyword(asked, CANDIDATES, narrow))
        wanted += found
        keyword |= found
        dense |= dict(_dense(view, vector, model, narrow))
    if wish.speaker:  # of a thousand passages that name him or the topic, he speaks in few
        spoken = view.snapshot.spoken_in(wish.speaker, list(keyword))
        wanted += [id_ for id_ in keyword if id_ in spoken][:CANDIDATES]
    missing = [id_ for id_ in dict.fromkeys(wanted) if id_ not in dense]
    held = view.vectors if isinstance(view.vectors, Exact) else None
    dense |= held.similarities(vector, missing) if held else view.snapshot.similarities(vector, model, missing)
    return dense, keyword


def _needed(view: View, names: Mapping[str, str]) -> list[str]:
    """Return the other forms of names that the articles hardly ever write as the question does: where they write both, to ask for both counts names double."""
    count = view.snapshot.document_frequencies([*names, *names.values()]) if names else {}
    return [other for name, other in names.items() if _RARER * count[name] < count[other]]


def _dense(view: View, vector: Vectors, model: str, scope: Scope) -> list[tuple[str, float]]:
    """Return the nearest passages in a scope: ids and cosine similarities."""
    if view.vectors is None:
        return view.snapshot.scan(vector, model, CANDIDATES, scope)
    if isinstance(view.vectors, Exact):
        return view.vectors.nearest(vector, CANDIDATES, view.snapshot.articles_within(scope) if scope else None)
    assert view.generation is not None
    if view.vectors.scopes or not scope:
        return _known(view, view.vectors.nearest(vector, CANDIDATES, scope))
    allowed = view.snapshot.allowed(scope)
    # Chroma's own filters cost ten to thirty times the query: fetch more and let the catalog choose.
    wanted = 2 * CANDIDATES * view.generation.passages // max(allowed, 1)
    if allowed <= (_EXACT if wanted <= view.vectors.most else 5 * _EXACT):  # Chroma Cloud gives no more than 300
        return view.snapshot.scan(vector, model, CANDIDATES, scope)
    found = _known(view, view.vectors.nearest(vector, min(wanted, view.vectors.most)))
    sources = view.snapshot.articles(sorted({id_.split(":", 1)[0] for id_, _ in found}))
    return [(id_, score) for id_, score in found if within(sources[id_.split(":", 1)[0]], scope)][:CANDIDATES]


def within(article: Article, scope: Scope) -> bool:
    """Tell whether an article lies in a scope; undated ones lie in any time."""
    source = article.source
    if scope.publisher and scope.publisher.lower() not in (source.publisher or "").lower():
        return False
    if source.published is None:
        return True
    return (scope.since is None or source.published >= scope.since) and (scope.until is None or source.published <= scope.until)


def _known(view: View, found: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Leave out what this state of the catalog does not hold; complain if that is nearly everything."""
    known = view.snapshot.known_passages([id_ for id_, _ in found])
    assert view.generation is not None
    if len(known) < min(len(found), view.generation.passages) // 2:
        raise VectorsError("The search index returned passages that are not in the catalog.")
    return [(id_, score) for id_, score in found if id_ in known]


def _fused(dense: Sequence[float], keyword: Sequence[float]) -> list[float]:
    """Sum the two scores, each scaled to 0…1 over the candidates (a convex sum beat rank fusion by two points of nDCG)."""
    return [0.5 * d + 0.5 * k for d, k in zip(_scaled(dense), _scaled(keyword), strict=True)]


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]


def _told_apart(hits: Sequence[Hit], duplicates: Mapping[str, Sequence[str]]) -> tuple[list[Hit], list[Hit]]:
    """Part what is new from what a copy of the same report, ranked before, has said already.

    A passage that a longer copy alone has, or that gives other figures, is new.
    """
    new: list[Hit] = []
    said: list[Hit] = []
    first: dict[str, Article] = {}  # the best ranked of each report, by id
    for hit in hits:
        article = hit.article
        copied = set(duplicates.get(article.source.id, ()))
        others = [one for id_, one in first.items() if id_ in copied or (one.digest == article.digest and one is not article)]
        if any(one.digest == article.digest or says(one.text, hit.passage.text) for one in others):
            said.append(hit)
            continue
        new.append(hit)
        first[article.source.id] = article
    return new, said


def _thinned(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """Put each passage as far behind as its article has others before it, so that one article does not crowd out all else, and keep ``limit``."""
    count: dict[str, int] = {}
    placed = []
    for hit in hits:
        before = count.get(hit.passage.article_id, 0)
        count[hit.passage.article_id] = before + 1
        placed.append((not hit.dated, _AGAIN * before - hit.score, hit))
    return [hit for *_, hit in sorted(placed, key=lambda place: place[:2])][:limit]
