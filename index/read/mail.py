"""A newsletter saved as a mail: its text from the HTML or the plain part, title, author and date from its header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.header import Header
from email.parser import BytesParser
from email.utils import parseaddr

from index.articles import digest_of
from index.dates import moment_of
from index.errors import UnreadableError
from index.read.record import Record, decoded, line_of
from index.read.text_metadata import Metadata

_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv)\s*(?:\[\d+\])?\s*:\s*)+", re.I)
_FORWARDED = re.compile(
    (
        r"^[-_ >*]*(?:(?:forwarded|original)\s+message|begin forwarded message:?|weitergeleitete nachricht|message "
        r"transféré)[-_ >*]*$"
    ),
    re.I,
)
_HEADER = re.compile(
    (
        r"^[> *]*(?P<name>from|date|sent|subject|to|cc|reply-to|von|datum|gesendet|betreff|an|de|envoyé|objet|"
        r"à)\s?\*?:\*?\s*(?P<value>\S.*)$"
    ),
    re.I,
)
_FURNITURE = re.compile(
    r"^\W*(?:"
    r"(?:click (?:here )?to )?(?:view|read|open|see)\s(?:this\s)?(?:e-?mail|message|newsletter|it|online|web "
    r"version)?\s?(?:in|on|with)?\s?"
    r"(?:your|a|the)?\s?(?:web\s?)?(?:browser|online|web)\b"
    r"|(?:to\s)?(?:unsubscribe|opt[- ]out|abmelden|se désabonner)\b"
    r"|(?:manage|update|change|edit)\s(?:your\s)?(?:e-?mail\s)?(?:preferences|subscriptions?|settings|profile)"
    r"|(?:click here to\s|if you (?:no longer |do not |don['’]t )?w(?:ish|ant) to\s).{0,80}(?:unsubscribe|receiv)"
    r"|you(?:['’]re| are)?\s(?:receiv(?:ed|ing)|getting)\sthis\s(?:e-?mail|message|newsletter)"
    r"|this (?:e-?mail|message|newsletter) was sent (?:to|by)\b|was this (?:e-?mail|newsletter) forwarded to you"
    r"|forward (?:this e-?mail\b|this newsletter\b|to a friend)|add us to your address book"
    r"|having trouble (?:viewing|reading)|trouble viewing|im browser (?:ansehen|öffnen)|newsletter "
    r"(?:abbestellen|abmelden)"
    r"|voir (?:cet e-?mail|en ligne)|sent (?:with|by|via) (?:mailchimp|substack|beehiiv)|our mailing address is"
    r"|(?:privacy policy|terms of (?:use|service))\W*(?:\||$)"
    r")",
    re.I,
)
_LINK = re.compile(r"[<(\[]\s?https?://[^\s<>()\[\]]+\s?[>)\]]|^[ \t]{0,20}https?://\S+[ \t]{0,20}$", re.M)
_WORD = re.compile(r"\w+")


def read_mail(path: str, raw: bytes) -> Record:
    """Read a saved mail. Raises UnreadableError if it is no mail or has no text."""
    if not re.search(
        rb"^(?:from|to|date|subject|received|mime-version|message-id|content-type|return-path|delivered-to)\s*:",
        raw[:20_000],
        re.I | re.M,
    ):
        raise UnreadableError("is not a mail: it has no header with From, Date or Subject; save it again as .eml")
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    parts = list(_parts(message))
    plain = "\n\n".join(text for kind, text in parts if kind == "text/plain")
    html = next((text for kind, text in parts if kind == "text/html" and text.strip()), "")
    text, language = _story(path, html, plain)
    lines, forwarded = _without_furniture(text)
    if not any(_WORD.search(line) for line in lines):
        attached = [name for part in message.walk() if (name := part.get_filename())]
        more = f"; it carries {_header(', '.join(map(str, attached)))}: save that and ingest it" if attached else ""
        raise UnreadableError(f"is a mail without text{more}")
    published, published_at = moment_of(forwarded.get("date") or str(message.get("date") or ""))
    sender, address = parseaddr(forwarded.get("from") or _header(message.get("from")) or "")
    subject = _PREFIX.sub("", forwarded.get("subject") or _header(message.get("subject")) or "")
    listed = any(message.get(name) for name in ("list-unsubscribe", "list-id", "list-post"))
    name = line_of(sender.strip("\"' ")) or None
    # A newsletter has a publisher; a mail from a person has an author.
    known = Metadata(
        line_of(subject), name if listed or html else None, None if listed or html else name, published, published_at
    )
    if known.publisher is None and listed and "@" in address:
        known = Metadata(known.title, line_of(address.rsplit("@", 1)[1].lower()), known.author, published, published_at)
    language = language or _header(message.get("content-language"))
    return Record(path, digest_of(raw), "\n".join(lines), known, _address(message), language, speaks=False)


def _story(path: str, html: str, plain: str) -> tuple[str, str | None]:
    """Return the mail's text: from its HTML part, unless the plain part has more."""
    if html:
        from index.read.html.page import read_html

        try:
            page = read_html(path, html.encode("utf-8", "replace"), charset="utf-8")
        except UnreadableError:
            page = None
        laid = page.text if page else ""
        if len(_WORD.findall(laid)) >= 0.6 * len(_WORD.findall(_LINK.sub("", plain))):
            return laid, page.language if page else None
        if not plain.strip():
            return html, None  # cleaning takes the tags off
    return _LINK.sub("", plain), None


def _parts(message: object) -> Iterator[tuple[str, str]]:
    """Yield the texts of a mail with their kinds, attachments left out."""
    assert hasattr(message, "walk")
    for part in message.walk():
        kind = part.get_content_type()
        if (
            kind not in ("text/plain", "text/html")
            or part.get_content_disposition() == "attachment"
            or part.is_multipart()
        ):
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or not payload.strip():
            continue
        charset = str(part.get_param("charset") or "").strip("\"' ")
        try:
            yield kind, payload.decode(charset)
        except (LookupError, ValueError):  # unknown, or not what it says
            try:
                yield kind, decoded(payload)
            except UnreadableError:
                continue


def _without_furniture(text: str) -> tuple[list[str], dict[str, str]]:
    """Return the lines of a mail's text without the mail's own, and the fields of a forwarded mail's header."""
    lines = text.replace("\r\n", "\n").split("\n")
    said: dict[str, str] = {}
    filled = [index for index, line in enumerate(lines) if line.strip()]
    start = next((index for index in filled[:12] if _FORWARDED.match(lines[index])), None)
    if start is not None:
        names = {
            "sent": "date",
            "datum": "date",
            "gesendet": "date",
            "envoyé": "date",
            "von": "from",
            "de": "from",
            "betreff": "subject",
            "objet": "subject",
        }
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or _HEADER.match(lines[end])):
            if match := _HEADER.match(lines[end]):
                name = match["name"].lower()
                said.setdefault(names.get(name, name), match["value"].strip())
            end += 1
        lines = lines[end:]
    return [line for line in lines if not (len(line) < 300 and _FURNITURE.match(line))], said


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
                words.append(part.decode(charset or "utf-8"))
            except (LookupError, ValueError):
                words.append(part.decode("cp1252", "replace"))
        else:
            words.append(part)
    return line_of("".join(words))


def _address(message: object) -> str | None:
    """Return the newsletter's address on the web, if its header has one."""
    from index.read.record import web_address

    assert hasattr(message, "get")
    return web_address(str(message.get("archived-at") or message.get("list-archive-url") or "").strip("<> "))
