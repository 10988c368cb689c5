"""Finds article files under the named paths, and reads the records in them."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedIOBase
from pathlib import Path
from typing import IO, cast

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.fields import Unread
from index.read.record import Failure, File, Record, check_size, completed
from index.read.stores import is_store, listed, opened
from index.read.text_files import is_sidecar, read_sidecar, sidecar_of, sidecars_of

_OUTSIDE = "leads out of the folder or nowhere; name its target on the command line instead"
Items = Iterator["tuple[str, Record] | Failure | Unread"]


@dataclass(slots=True)
class Listing:
    """What a walk over folders found besides article files."""

    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)  # endings of files that are no articles


def walk(
    paths: Sequence[str], listing: Listing, roots: Sequence[Path] = (), changed: Collection[str] | None = None
) -> Iterator[File]:
    """Yield the article files that some paths name, folders in depth and in order of name.

    Hidden files and links that lead out of a folder are not followed. With ``roots``, nothing outside of them is read.
    With ``changed`` (absolute paths), only folders in which something changed are read.
    """
    allowed = [root.resolve() for root in roots]
    for given in paths:
        if is_store(given):
            yield from _in_store(given, listing, outside=bool(roots))
            continue
        path = Path(given)
        if not os.path.lexists(path):
            listing.failures.append(Failure(given, "there is no such file or folder; check the path"))
            continue
        try:
            real = path.resolve()
        except (OSError, RuntimeError):  # a link to itself
            listing.failures.append(Failure(given, "is a link that leads nowhere; remove it"))
            continue
        if allowed and not any(real.is_relative_to(root) for root in allowed):
            listing.failures.append(
                Failure(given, "lies outside the folders of NEWSDESK_INGEST__ROOTS; add its folder there to allow it")
            )
        elif real.is_dir() and changed is None:
            yield from _walk_folder(real, listing)
        elif real.is_dir():
            for folder, in_depth in _touched(real, changed or ()):
                yield from _walk_folder(folder, listing, real, in_depth)
        elif is_sidecar(real.name):
            listing.failures.append(Failure(given, "describes an article and is none; name the article's file"))
        elif _reader(real.name) is None:
            listing.failures.append(Failure(given, f"is not a type newsdesk reads ({', '.join(READERS)})"))
        else:
            yield from _described(real, listing)


def _in_store(given: str, listing: Listing, *, outside: bool) -> Iterator[File]:
    if outside:
        listing.failures.append(
            Failure(given, "lies outside the folders of NEWSDESK_INGEST__ROOTS; no store is read while these are set")
        )
        return
    try:
        found = listed(given)
    except UnreadableError as error:
        listing.failures.append(Failure(given, str(error)))
        return
    for path, file in found.items():
        name = path.rpartition("/")[2]
        if is_sidecar(name):
            continue
        if _reader(name) is None:
            ending = Path(name).suffix.lower() or "no ending"
            listing.skipped[ending] = listing.skipped.get(ending, 0) + 1
            continue
        sidecar = next((found[near] for near in sidecars_of(path) if near in found), None)
        yield (
            file
            if sidecar is None
            else File(path, file.size + sidecar.size, file.mtime_ns + sidecar.mtime_ns, sidecar.path)
        )


def _touched(top: Path, changed: Iterable[str]) -> list[tuple[Path, bool]]:
    """Return the folders under ``top`` with changes, each with whether all of it is new (it was moved in)."""
    found: dict[Path, bool] = {}
    for path in map(Path, changed):
        within = [path, *path.parents]
        if top not in within or any(
            part.name.startswith(".") or part.is_symlink() for part in within[1 : within.index(top)]
        ):
            continue
        if path.is_dir() and not path.is_symlink() and not (path != top and path.name.startswith(".")):
            found[path] = True
        elif path != top and path.parent.is_dir():
            found.setdefault(path.parent, False)
    return sorted(found.items())


def holds_articles(path: str) -> bool:
    """Tell whether there is at least one article file at a path or, in any depth, in it."""
    return any(True for _ in walk([path], Listing()))


def _walk_folder(folder: Path, listing: Listing, top: Path | None = None, in_depth: bool = True) -> Iterator[File]:
    def unreadable(error: OSError) -> None:
        listing.failures.append(
            Failure(str(error.filename), f"the folder cannot be read ({error.strerror}); check its permissions")
        )

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = shown if in_depth else []
        linked = (path for name in shown if (path := Path(parent, name)).is_symlink())
        listing.failures += [  # one that leads to a folder which is walked anyway is no loss
            Failure(str(path), f"is a link to a folder that {_OUTSIDE}")
            for path in linked
            if not _leads_into(path, top or folder)
        ]
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith(".") or is_sidecar(name):
                continue
            if _reader(name) is None:
                ending = path.suffix.lower() or "no ending"
                listing.skipped[ending] = listing.skipped.get(ending, 0) + 1
            elif path.is_symlink() and not _leads_into(path, top or folder):
                listing.failures.append(Failure(str(path), f"is a link that {_OUTSIDE}"))
            else:
                yield from _described(path, listing)


def _leads_into(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def _described(path: Path, listing: Listing) -> Iterator[File]:
    name = str(path).encode("utf-8", "backslashreplace").decode()
    if name != str(path):
        listing.failures.append(_misnamed(path, name))
        return
    try:
        status = path.stat()
    except OSError as error:
        listing.failures.append(Failure(str(path), f"cannot be looked at ({error.strerror}); check its permissions"))
        return
    if stat.S_ISREG(status.st_mode):
        yield _with_sidecar(File(str(path), status.st_size, status.st_mtime_ns))
    else:
        listing.failures.append(Failure(str(path), "is not a regular file"))


def _misnamed(path: Path, name: str) -> Failure:
    """Return why the name of a file cannot be used: it is not UTF-8, or the locale's encoding is not."""
    encoding = sys.getfilesystemencoding()
    try:
        name = os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return Failure(name, "its name is not UTF-8; rename it")
    return Failure(
        name, f"its name cannot be read in this locale, whose encoding is {encoding}; set LC_ALL=C.UTF-8", passing=True
    )


def _with_sidecar(file: File) -> File:
    sidecar = sidecar_of(file.path)
    if sidecar is None:
        return file
    try:
        status = os.lstat(sidecar)
    except OSError:
        return file  # just removed
    return File(file.path, file.size + status.st_size, file.mtime_ns + status.st_mtime_ns, sidecar)


def digest_of_file(file: File, limit: int) -> str:
    """Return the SHA-256 of a file's bytes, and of its sidecar's, in hex.

    Raises UnreadableError if it cannot be read or is one article of more than ``limit`` bytes.
    """
    if not file.path.lower().endswith(_MANY):
        check_size(file.size, limit)
    try:
        with _opened(file) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return digest if file.sidecar is None else digest_of(digest + read_sidecar(file.sidecar).digest)
    except OSError as error:
        raise _unreadable(error) from error


def read(file: File, limit: int) -> Items:
    """Yield the articles in a file as (key, record), what could not be read, and which fields are not read.

    ``key`` identifies the article over its versions: the path, or path and record id. ``limit`` bounds one article, in
    bytes. What a file does not say about an article is taken from its sidecar, else from the article's text. A file's
    contents raise nothing.
    """
    reader = _reader(Path(file.path).name)
    assert reader is not None
    try:
        sidecar = read_sidecar(file.sidecar) if file.sidecar else None
        for item in reader(file, limit):
            yield item if not isinstance(item, tuple) else (item[0], _completed(item[1], sidecar))
    except UnreadableError as error:
        yield Failure(file.path, str(error), passing=error.passing)
    except OSError as error:
        yield Failure(file.path, str(_unreadable(error)), passing=True)
    except Exception as error:  # a library failed on a hostile or damaged file; the run goes on
        yield Failure(
            file.path,
            (
                f"is damaged or unusual: {_library_of(error)} could not read it ({type(error).__name__}); save it "
                "again or as text"
            ),
        )


def _completed(record: Record, sidecar: Record | None) -> Record:
    if sidecar is None:
        return completed(record)
    return replace(completed(record, sidecar), digest=digest_of(record.digest + sidecar.digest))


def _library_of(error: Exception) -> str:
    """Return the name of the library that an exception came from."""
    trace, name = error.__traceback__, "newsdesk"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "")).split(".")[0]
        if module not in ("", "index"):
            name = module
            break
        trace = trace.tb_next
    return name


def read_stream(stream: IO[bytes], name: str, limit: int) -> Items:
    """Yield the articles of a stream of JSON lines, as ``read`` does for a file; ``name`` stands for its path."""
    from index.read.text_files import read_lines

    for item in read_lines(stream, name, limit):
        yield item if not isinstance(item, tuple) else (item[0], completed(item[1]))


def _opened(file: File) -> BufferedIOBase:
    return opened(file.path, file.size, file.mtime_ns) if is_store(file.path) else open(file.path, "rb")


def _whole(file: File, limit: int) -> bytes:
    check_size(file.size, limit)
    with _opened(file) as stream:
        raw = stream.read(limit + 1)
    check_size(len(raw), limit)
    if not raw.strip():
        raise UnreadableError("is empty; save the article again, or remove the file")
    return raw


def _unreadable(error: OSError) -> UnreadableError:
    return UnreadableError(f"cannot be read ({error.strerror or error}); check its permissions", passing=True)


# Readers load their libraries when the first file of their kind comes.


def _text(file: File, limit: int) -> Items:
    from index.read.text_files import read_text

    yield file.path, read_text(file.path, _whole(file, limit))


def _markdown(file: File, limit: int) -> Items:
    from index.read.text_files import read_markdown

    yield file.path, read_markdown(file.path, _whole(file, limit))


def _html(file: File, limit: int) -> Items:
    from index.read.html.page import read_html

    yield file.path, read_html(file.path, _whole(file, limit))


def _pdf(file: File, limit: int) -> Items:
    from index.read.documents.pdf import read_pdf

    yield file.path, read_pdf(file.path, _whole(file, limit))


def _docx(file: File, limit: int) -> Items:
    from index.read.documents.docx import read_docx

    yield file.path, read_docx(file.path, _whole(file, limit), limit)


def _mail(file: File, limit: int) -> Items:
    from index.read.mail import read_mail

    yield file.path, read_mail(file.path, _whole(file, limit))


def _json(file: File, limit: int) -> Items:
    from index.read.text_files import read_json

    yield from read_json(file.path, _whole(file, limit))


def _json_lines(file: File, limit: int) -> Items:
    from index.read.text_files import order_of_days, read_jsonl_gz, read_lines

    day_first = None if is_store(file.path) else order_of_days(file.path)
    reader = read_jsonl_gz if file.path.lower().endswith(".gz") else read_lines
    with _opened(file) as stream:
        yield from reader(cast(IO[bytes], stream), file.path, limit, day_first)


Reader = Callable[[File, int], Items]
_MANY = (".jsonl", ".jsonl.gz")  # read line by line, so of any size
# Another format is one more reader here.
READERS: dict[str, Reader] = {
    ".txt": _text,
    ".md": _markdown,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".eml": _mail,
    ".json": _json,
    ".jsonl": _json_lines,
    ".jsonl.gz": _json_lines,
}


def _reader(name: str) -> Reader | None:
    lower = name.lower()
    return next((reader for ending, reader in READERS.items() if lower.endswith(ending)), None)
