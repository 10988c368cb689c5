"""The real commands in a process of their own, with the hashing embedder in place of the model.

python tests/ingest_with_hashes.py ingest FOLDER --json
python tests/ingest_with_hashes.py bot ask "…"

``COUNTS=FILE`` in the environment: at the end the file holds how often the model was called and which files were opened.
``DIMENSIONS=N``: another model.
"""

import json
import os
import sys
from pathlib import Path


def main(door: str, arguments: list[str]) -> int:
    from hash_embedder import HashEmbedder

    opened: list[str] = []
    sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "open" else None)
    embedder = HashEmbedder(int(os.environ.get("DIMENSIONS", "256")))
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
