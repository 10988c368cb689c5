"""The text of some bytes, whatever encoding they were saved in."""

from __future__ import annotations

import re

from index.errors import UnreadableError


def decoded(raw: bytes) -> str:
    """Return the text of some bytes: by their byte order mark, as UTF-8, else as whatever they most likely are.

    Raises UnreadableError for what is not text.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    even, odd = raw[:4_000:2].count(0), raw[1:4_000:2].count(0)
    if max(even, odd) > 0.3 * len(raw[:4_000]) and min(even, odd) * 10 < max(
        even, odd
    ):  # UTF-16 without a mark, of Latin text
        text = raw.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
        if sum(char.isprintable() or char.isspace() for char in text[:2_000]) > 0.9 * len(text[:2_000]):
            return text
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _guessed(raw)
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]", text[:100_000]))
    if controls > 0.1 * min(len(text), 100_000):
        raise UnreadableError("is not text but binary; convert it to text, or remove it")
    return text


def _guessed(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(raw[:200_000])
    best = matches.best()
    # Short texts fit several code pages alike; Windows' Latin-1 is by far the most common.
    western = next((match for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset)), None)
    if best is None or (western is not None and western.chaos <= best.chaos) or _reads_as_western(raw):
        return raw.decode("cp1252", "replace")
    return raw.decode(best.encoding, "replace")


def _reads_as_western(raw: bytes) -> bool:
    """Tell whether the bytes above ASCII are few and are accented letters or typographic marks in Windows' Latin-1."""
    high = [byte for byte in raw[:200_000] if byte >= 0x80]
    usual = set("àâäáãåæçèéêëìíîïñòóôõöøùúûüßœÀÂÄÁÅÆÇÈÉÊËÎÏÑÓÔÖØÙÛÜ€£§°«»“”„‘’–—…·".encode("cp1252"))
    return len(high) < 0.1 * len(raw[:200_000]) and all(byte in usual for byte in high)
