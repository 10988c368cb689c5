"""Files of each kind, made by hand: pages, PDFs, Word documents and feeds that tests write."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from index.read.fields import Unread
from index.read.files import Listing, read, walk
from index.read.record import Failure, File, Record

LIMIT = 5 * 2**20
STORY = (
    (
        "The ferry between the islands will stop running in May, the council decided on Monday after a debate of "
        "four hours."
    ),
    "Some 2,000 people use it every week, and the nearest bridge is 40 kilometres away from the old harbour.",
    "The mayor, Ines Holm, said she would look for money from the ministry before the summer begins.",
    (
        "“We will not be cut off,” she told reporters on the pier, “whatever the accountants in the capital think of "
        "our boats.”"
    ),
)


def items(path: Path, limit: int = LIMIT) -> list[tuple[str, Record] | Failure | Unread]:
    listing = Listing()
    [file] = walk([str(path)], listing)
    assert not listing.failures
    return list(read(file, limit))


def only(path: Path, limit: int = LIMIT) -> Record:
    [item] = [item for item in items(path, limit) if not isinstance(item, Unread)]
    assert not isinstance(item, Failure), item.reason
    return item[1]


def reason(path: Path, limit: int = LIMIT) -> str:
    [item] = items(path, limit)
    assert isinstance(item, Failure), item[1].text[:200]
    return item.reason


def file_of(path: Path) -> File:
    [file] = walk([str(path)], Listing())
    return file


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def html(head: str = "", body: str = "", story: Sequence[str] = STORY, attributes: str = 'lang="en"') -> str:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in story)
    return (
        f"<!doctype html><html {attributes}><head>{head}</head><body><nav><a "
        f"href='/'>Home</a></nav><article>{body}{paragraphs}</article></body></html>"
    )


Line = tuple[float, float, str] | tuple[float, float, str, float]


def pdf(pages: Sequence[Sequence[Line]], info: str = "", extra: str = "") -> bytes:
    """A PDF with lines (x, y, text[, size]) on its pages; ``info`` are entries of its properties."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< {info} >>",
    ]
    kids = []
    for lines in pages:
        commands = "".join(
            (
                f"BT /F1 {line[3] if len(line) > 3 else 10} Tf 1 0 0 1 {line[0]} {line[1]} Tm "
                f"({line[2].replace('(', '').replace(')', '')}) Tj ET\n"
            )
            for line in lines
        )
        packed = zlib.compress(commands.encode("cp1252"))
        kids.append(f"{len(objects) + 1} 0 R")
        content = f"{len(objects) + 2} 0 R"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> {extra} "
            f">> /Contents {content} >>"
        )
        objects.append(
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed.decode('latin-1')}\nendstream"
        )
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return pdf_of(objects, "/Info 4 0 R")


def pdf_of(objects: Sequence[str], trailer: str = "") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return (
        out
        + f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n".encode()
        + f"startxref\n{out.rindex(b'xref')}\n%%EOF".encode()
    )


def wrapped(text: str, x: float, top: float, width: int = 80, leading: float = 12) -> list[Line]:
    """The lines of a paragraph as a program sets them."""
    lines: list[str] = [""]
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [(x, top - leading * index, line) for index, line in enumerate(lines)]


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def docx(body: str, core: str = "", notes: str = "", app: str = "", **more: bytes) -> bytes:
    """A Word document with a body of paragraphs and some properties."""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
    }
    names = 'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    if core:
        parts["docProps/core.xml"] = (
            f'<cp:coreProperties {names} xmlns:dcterms="http://purl.org/dc/terms/">{core}</cp:coreProperties>'
        )
    if notes:
        parts["word/footnotes.xml"] = f"<w:footnotes {W}>{notes}</w:footnotes>"
    if app:
        ns = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
        parts["docProps/app.xml"] = f'<Properties xmlns="{ns}"><Application>{app}</Application></Properties>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in {**parts, **more}.items():
            package.writestr(name, content)
    return out.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
 <channel><title>Nordlys &amp;amp; Co</title><link>https://news.example/</link>
 <atom:link rel="self" href="https://news.example/feed.xml"/>{items}</channel></rss>"""


def rss(*items: str) -> bytes:
    return RSS.format(items="".join(f"<item>{item}</item>" for item in items)).encode()


def entry(link: str, day: int = 3, extra: str = "") -> str:
    return (
        f"<title>About {link}</title><link>{link}</link><guid>{link}</guid><pubDate>{day:02} Mar 2025 23:30:00 "
        f"-0500</pubDate>{extra}"
    )
