"""Title, author and day in the properties of a file, where a person and not a program wrote them."""

from __future__ import annotations

import re
from datetime import date

from index.read.record import line_of
from index.read.text_metadata import Metadata

_NO_TITLE = re.compile(
    r"^(?:microsoft (?:word|office|powerpoint)\b.*|(?:word|powerpoint|pdf)\s?(?:document|presentation|dokument)?"
    r"|(?:new |neues )?(?:microsoft )?(?:word[- ])?(?:document|dokument)\s?\d*"
    r"|un(?:titled|named|benannt).*|(?:layout|slide|page|print|scan|img|dsc)[\s_-]?\d*|about:blank|[^\w]*|\S+\.(?:docx?|odt|indd|qxd|pdf|pages|rtf|html?|tex|dvi|pmd|txt))$",
    re.I,
)
_NO_AUTHOR = re.compile(
    r"^(?:(?:microsoft )?(?:office )?(?:user|benutzer|utilisateur)|microsoft.*|(?:windows )?user\s?\d*|"
    r"admin(?:istrator)?|root|owner|guest"
    r"|unknown|anonymous|author|autor|test"
    r"|apple|hp|dell|lenovo|scanner|canon.*|epson.*|xerox.*|python-docx|.*\b(?:pdf|word|acrobat|chrome|firefox)\b.*|\W*|\S*[@\\/]\S*)$",
    re.I,
)
_PRINTED = re.compile(
    (
        r"skia|chrom|firefox|safari|quartz|wkhtmltopdf|weasyprint|print to pdf|cups|ghostscript|scan|canon|epson|"
        r"xerox|pdfcreator|python-docx"
    ),
    re.I,
)


def properties(title: object, author: object) -> Metadata:
    """Return title and author from a file's properties, unless a program put them there."""
    known_title, known_author = line_of(title), line_of(author)
    return Metadata(
        known_title if known_title and not _NO_TITLE.match(known_title) else None,
        author=known_author.replace(";", ",") if known_author and not _NO_AUTHOR.match(known_author) else None,
    )


def written(created: date | None, *programs: object) -> date | None:
    """Return the day a file was made, None if a program made it from something older (a browser, a scanner)."""
    return (
        None
        if created is None or created.year < 1990 or any(_PRINTED.search(str(program or "")) for program in programs)
        else created
    )
