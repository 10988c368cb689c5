"""Search: the passages that answer a question best, by meaning and by words.

question ─┬─ vector ── exact comparison, or Chroma where there is very much ─┐
          └─ terms ─── BM25 in the catalog ────────────────────────────────────┴─ normalise, sum, two an article at most → hits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from index.archive import Archive, View
from index.articles import Article, Hit, Passage
from index.duplicates import says
from index.embed import Embedder, Vectors
from index.errors import VectorsError
from index.exact import Exact
from index.stored import ANYTHING, Scope
from index.terms import terms

CANDIDATES = 100  # from each side, before they are summed
_EXACT = 20_000  # passages; a scope this small is compared in full, which is exact and takes milliseconds
_PER_ARTICLE = 2  # measured: more of one article crowds others out, fewer loses answers

Reranker = Callable[[str, Sequence[str]], Sequence[float]]


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


def find(view: View, question: str, vector: Vectors, model: str, scope: Scope, limit: int) -> list[Hit]:
    """Return the hits of one view of the archive, best first."""
    if view.generation is None or not view.generation.passages:
        return []
    dense = dict(_dense(view, vector, model, scope))
    keyword = dict(view.snapshot.keyword(terms(question), 10 * CANDIDATES, scope))
    candidates = list(dict.fromkeys([*dense, *list(keyword)[:CANDIDATES]]))
    missing = [id_ for id_ in candidates if id_ not in dense]
    held = view.vectors if isinstance(view.vectors, Exact) else None
    dense.update(held.similarities(vector, missing) if held else view.snapshot.similarities(vector, model, missing))
    passages = view.snapshot.passages(candidates)
    candidates = [id_ for id_ in candidates if id_ in passages and id_ in dense]
    scores = _fused([dense[id_] for id_ in candidates], [keyword.get(id_, 0.0) for id_ in candidates])
    ranked = sorted(zip(scores, candidates, strict=True), key=lambda pair: (-pair[0], pair[1]))
    articles = view.snapshot.articles(sorted({passages[id_].article_id for id_ in candidates}))
    timed = scope.since is not None or scope.until is not None
    hits = [
        Hit(passages[id_], articles[passages[id_].article_id], score, dense[id_], keyword.get(id_, 0.0), _dated(articles, passages[id_]) or not timed)
        for score, id_ in ranked
    ]
    if timed:
        hits.sort(key=lambda hit: not hit.dated)
    fresh, copies = _told_apart(hits, view.snapshot.duplicates(sorted({hit.article.source.id for hit in hits})))
    return [*_thinned(fresh, limit), *copies][:limit]


def _dense(view: View, vector: Vectors, model: str, scope: Scope) -> list[tuple[str, float]]:
    """Return the nearest passages in a scope: ids and cosine similarities."""
    if view.vectors is None:
        return view.snapshot.scan(vector, model, CANDIDATES, scope)
    if isinstance(view.vectors, Exact):
        return view.vectors.nearest(vector, CANDIDATES, view.snapshot.articles_within(scope) if scope else None)
    assert view.generation is not None
    if not scope:
        return _known(view, view.vectors.nearest(vector, CANDIDATES))
    allowed = view.snapshot.allowed(scope)
    if allowed <= _EXACT:
        return view.snapshot.scan(vector, model, CANDIDATES, scope)
    # Chroma's own filters cost ten to thirty times the query: fetch more and let the catalog choose.
    wanted = min(5_000, 2 * CANDIDATES * view.generation.passages // allowed)
    found = _known(view, view.vectors.nearest(vector, wanted))
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
        raise VectorsError("Chroma returned passages that are not in the catalog.")
    return [(id_, score) for id_, score in found if id_ in known]


def _fused(dense: Sequence[float], keyword: Sequence[float]) -> list[float]:
    """Sum the two scores, each scaled to 0…1 over the candidates (a convex sum beat rank fusion by two points of nDCG)."""
    return [0.5 * d + 0.5 * k for d, k in zip(_scaled(dense), _scaled(keyword), strict=True)]


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]


def _dated(articles: dict[str, Article], passage: Passage) -> bool:
    return articles[passage.article_id].source.published is not None


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


def _thinned(hits: list[Hit], limit: int) -> list[Hit]:
    """Move what exceeds two passages of an article behind everything else, and keep ``limit``."""
    first: list[Hit] = []
    rest: list[Hit] = []
    count: dict[str, int] = {}
    for hit in hits:
        seen = count.get(hit.passage.article_id, 0)
        count[hit.passage.article_id] = seen + 1
        (first if seen < _PER_ARTICLE else rest).append(hit)
    return [*first, *rest][:limit]
