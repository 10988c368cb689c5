"""Archives of data sets, made by the product's own ingest and kept in a folder, so that a text is embedded once."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evals.data import DataSet
from index.archive import Archive
from index.articles import Article
from index.errors import NewsdeskError
from index.ingest.changes import Options
from index.ingest.report import Progress
from index.ingest.run import run
from index.model.embedder import Embedder
from index.store.catalog import writer_lock


class EvalError(NewsdeskError):
    """A measurement that cannot be made."""


class _Told(Progress):
    def embedding(self, done: int, total: int) -> None:
        print(f"\rembedding {done:,} of {total:,} passages ", end="", file=sys.stderr, flush=True)


@contextmanager
def archive_of(data: DataSet, embedder: Embedder, cache: Path) -> Iterator[Archive]:
    """Open the archive of a data set, made first if the cache has none of these articles by this model.

    Articles whose file is the same are not read again; a change of the cleaning or splitting wants an empty cache.
    """
    lines = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in data.articles)
    # The folder too: the same articles at another path are other articles.
    digest = hashlib.sha256(f"{embedder.identity}\n{data.folder}\n{lines}".encode()).hexdigest()[:12]
    folder = cache / f"{data.name}-{len(data.articles)}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    file = data.folder or folder / "articles.jsonl"
    if not file.exists():
        file.write_text(lines, encoding="utf-8")
    archive = Archive(folder, create=True)
    try:
        with writer_lock(folder):
            report = run(archive, embedder, Options([str(file.resolve())]), _Told())
        if report.passages:
            print(
                (
                    f"\r{data.name}: {report.added:,} articles, {report.passages:,} passages, {report.failed} "
                    f"failed, {report.seconds:.0f} s"
                ),
                file=sys.stderr,
            )
        yield archive
    finally:
        archive.close()


def data_id(article: Article) -> str:
    """Return the id that an article has in the data set."""
    return Path(article.source.path.rpartition("#")[2]).name
