"""A newsletter saved as a mail: its text from the HTML or the plain part, title, author and date from its header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email import policy
from email.header import Header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from typing import cast

from index.articles import digest_of
from index.dates import days_come_first, moment_of
from index.errors import UnreadableError
from index.read.mail_text import left_out, lines_of_html, lines_of_plain, without_furniture, without_masthead
from index.read.record import Record, decoded, line_of, web_address
from index.read.text_metadata import Metadata

_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv)\s*(?:\[\d+\])?\s*:\s*)+", re.I)
_REPLY = re.compile(r"\s*(?:re|aw|sv|antw|odp|rif)\s*(?:\[\d+\])?\s*:", re.I)
_KNOWN = rb"from|to|date|subject|received|mime-version|message-id|content-type|return-path|delivered-to"
_BEGINS = re.compile(rb"^(?:" + _KNOWN + rb")[ \t]*:", re.I | re.M)
_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|[ \t]+\S")
_UNFOLDED = re.compile(
    rb"^(content-type:[^\r\n]{1,200};)[ \t]*\r?\n(?=(?:boundary|charset|type|format|name)[ \t]{0,5}=)", re.I | re.M
)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([a-z0-9_:.-]{2,40})", re.I)
_WORD = re.compile(r"\w+")
_COVER = 30  # words; a mail of fewer around an attached mail is a note with it


def read_mail(path: str, raw: bytes) -> Record:
    """Read a saved mail. Raises UnreadableError if it is no mail or has no text."""
    message = _parsed(_from_header(raw))
    parts = list(_parts(message))
    inner = next((part for part in message.walk() if part.get_content_type() == "message/rfc822"), None)
    if inner is not None and sum(len(_WORD.findall(text)) for _, text, _ in parts) < _COVER:
        message = cast(list[Message], inner.get_payload())[0]
        parts = list(_parts(message))
    plain = [
        line for kind, text, flowed in parts if kind == "plain" for line in [*lines_of_plain(text, flowed=flowed), ""]
    ]
    source = next((text for kind, text, _ in parts if kind == "html"), "")
    shown, language = lines_of_html(source) if source else ([], None)
    subject = _header(message.get("subject")) or ""
    # A mail whose HTML is a shell has its text in the plain part.
    whole = shown if _count(shown) >= 0.6 * _count(plain) else plain
    lines, forwarded = without_furniture(whole, reply=bool(_REPLY.match(subject)))
    if not _count(lines):
        attached = [name for part in message.walk() if (name := part.get_filename())]
        more = f"; it carries {_header(', '.join(map(str, attached)))}: save that and ingest it" if attached else ""
        raise UnreadableError(f"is a mail without text{more}")
    published, published_at = moment_of(forwarded["date"]) if "date" in forwarded else _sent(message)
    sender, address = parseaddr(forwarded.get("from") or _header(message.get("from")) or "")
    subject = _PREFIX.sub("", forwarded.get("subject") or subject)
    listed = any(message.get(name) for name in ("list-unsubscribe", "list-id", "list-post"))
    name = line_of(sender.strip("\"' ")) or None
    # A newsletter has a publisher; a mail from a person has an author.
    publisher, author = (name, None) if listed or source else (None, name)
    known = Metadata(line_of(subject), publisher, author, published, published_at)
    if known.publisher is None and listed and "@" in address:
        known = replace(known, publisher=line_of(address.rsplit("@", 1)[1].lower()))
    language = language or _header(message.get("content-language"))
    lines = without_masthead(lines, known.publisher)
    return Record(
        path,
        digest_of(raw),
        "\n".join(lines),
        known,
        _address(message),
        language,
        speaks=False,
        extracted=True,
        left_out=left_out(whole, lines),
    )


def _count(lines: list[str]) -> int:
    return sum(len(_WORD.findall(line)) for line in lines)


def _from_header(raw: bytes) -> bytes:
    """Return a mail from its header on, without what a mailbox or a program wrote before it."""
    begins = _BEGINS.search(raw[:20_000].removeprefix(b"\xef\xbb\xbf"))
    if begins is None:
        raise UnreadableError("is not a mail: it has no header with From, Date or Subject; save it again as .eml")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    before = raw[: begins.start()].splitlines(keepends=True)
    start = begins.start()
    for line in reversed(before):
        if not _FIELD.match(line):
            break
        start -= len(line)
    return raw[start:]


def _parsed(raw: bytes) -> Message:
    """Return a mail, also one whose header is not written as it should be."""
    raw = _UNFOLDED.sub(rb"\1 ", raw)
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    boundary = message.get_boundary()
    if boundary and message.get_content_maintype() != "multipart" and f"--{boundary}".encode() in raw:
        message.replace_header("content-type", f'multipart/mixed; boundary="{boundary}"')
        return BytesParser(policy=policy.compat32).parsebytes(message.as_bytes())
    return message


def _parts(message: Message) -> Iterator[tuple[str, str, bool]]:
    """Yield the texts of a mail as (plain or html, text, whether its lines flow), attachments left out."""
    if message.get_content_disposition() == "attachment" or message.get_content_type() == "message/rfc822":
        return
    if message.is_multipart():
        for part in cast(list[Message], message.get_payload()):
            yield from _parts(part)
        return
    payload = message.get_payload(decode=True)
    if message.get_content_maintype() != "text" or not isinstance(payload, bytes) or not payload.strip():
        return
    kind = message.get_content_subtype()
    if kind not in ("plain", "html"):
        return
    meta = _META.search(payload[:4_000]) if kind == "html" else None
    charset = str(message.get_param("charset") or (meta and meta[1].decode("ascii")) or "").strip("\"' ")
    try:
        text = decoded(payload, charset)
    except UnreadableError:
        return
    yield kind, text, str(message.get_param("format") or "").lower() == "flowed"


def _sent(message: Message) -> tuple[date | None, str | None]:
    """Return when a mail was sent: by its Date, else by the first server that received it."""
    received = [str(value).rpartition(";")[2] for value in message.get_all("received", [])]
    first = days_come_first(received)
    for value in [_header(message.get("date")) or "", *reversed(received)]:
        day, moment = moment_of(value, first)
        if day:
            return day, moment
    return None, None


def _header(value: object) -> str | None:
    """Return the text of a header field, decoded."""
    from email.header import decode_header

    if value is None:
        return None
    try:
        parts = decode_header(value if isinstance(value, Header) else str(value))
    except (ValueError, LookupError):
        return line_of(str(value))
    words = []
    for part, charset in parts:
        if isinstance(part, bytes):
            try:
                words.append(part.decode("utf-8" if charset in (None, "unknown-8bit") else charset))
            except (LookupError, ValueError):
                words.append(part.decode("cp1252", "replace"))
        else:
            words.append(part)
    return line_of("".join(words))


def _address(message: Message) -> str | None:
    """Return the newsletter's address on the web, if its header has one."""
    return web_address(str(message.get("archived-at") or message.get("list-archive-url") or "").strip("<> "))
