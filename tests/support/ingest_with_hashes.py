"""The real commands in a process of their own, with the hashing embedder in place of the model.

python tests/support/ingest_with_hashes.py ingest FOLDER --json
python tests/support/ingest_with_hashes.py bot ask "…"

``COUNTS=FILE`` in the environment: at the end the file holds how often the model was called and which files were
opened. ``DELAY=SECONDS``: each call of the model takes so long. ``DIMENSIONS=N``: another model. ``BATCH=N``: so
many articles are published together. ``TEST_VECTORS=exact``: the index of exact_vectors.py in place of Chroma.
``WRITES=FILE``: the file lists every path that this process or one it started wrote to, as Python tells it.
"""

import json
import os
import sys
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "sqlite3.connect",
)


def note_writes(listing: str) -> None:
    told = os.open(listing, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event: str, values: tuple[object, ...]) -> None:
        if event == "open" and isinstance(values[2], int) and values[2] & _WRITES:
            changed = values[:1]
        elif event in _CHANGES:
            changed = values[:2] if event in ("os.rename", "os.link") else values[:1]
        else:
            return
        for path in changed:
            if isinstance(path, str | bytes | os.PathLike):
                os.write(told, os.fsencode(Path.cwd() / os.fsdecode(path)) + b"\n")

    sys.addaudithook(note)


if "WRITES" in os.environ:
    note_writes(os.environ["WRITES"])


def main(door: str, arguments: list[str]) -> int:
    from hash_embedder import HashEmbedder

    opened: list[str] = []
    sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "open" else None)
    if os.environ.get("TEST_VECTORS") == "exact":
        import exact_vectors

        exact_vectors.use()
    if "BATCH" in os.environ:
        import index.ingest.run

        index.ingest.run._BATCH_ARTICLES = int(os.environ["BATCH"])
    embedder = HashEmbedder(int(os.environ.get("DIMENSIONS", "256")), float(os.environ.get("DELAY", "0")))
    if door == "ingest":
        import ingest

        code = ingest.main(arguments, embedder=embedder)
    else:
        from bot.__main__ import main as bot_main

        code = bot_main(arguments, embedder=embedder)
    if "COUNTS" in os.environ:
        counts = {"calls": embedder.calls, "texts": embedder.texts, "opened": opened}
        Path(os.environ["COUNTS"]).write_text(json.dumps(counts))
    return code


if __name__ == "__main__":  # the process that writes Chroma imports this file again
    sys.exit(main(sys.argv[1], sys.argv[2:]))
