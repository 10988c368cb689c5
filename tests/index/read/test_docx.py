"""Word documents: paragraphs, tables, notes, properties, and hostile packages."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from saved import STORY, W, docx, only, paragraph, reason, written

from index.read.documents.docx import read_docx

LIMIT = 2**20
BODY = "".join(map(paragraph, STORY))


def text_of(body: str, notes: str = "") -> list[str]:
    return read_docx("x.docx", docx(body, notes=notes), LIMIT).text.split("\n\n")


BODIES = [
    pytest.param(BODY, list(STORY), id="paragraphs"),
    pytest.param(
        "<w:p><w:r><w:t>The fer</w:t></w:r><w:r><w:t>ry left.</w:t></w:r></w:p>",
        ["The ferry left."],
        id="runs-within-a-word",
    ),
    pytest.param(
        "<w:p><w:r><w:t>The</w:t><w:tab/><w:t>ferry</w:t><w:br/><w:t>left.</w:t></w:r></w:p>",
        ["The ferry left."],
        id="tabs-and-breaks",
    ),
    pytest.param(
        "<w:p><w:del><w:r><w:delText>never</w:delText><w:t>x</w:t></w:r></w:del><w:ins><w:r><w:t>always</w:t></w:r></w:ins></w:p>",
        ["always"],
        id="tracked-changes",
    ),
    pytest.param(
        (
            "<w:p><w:r><w:instrText>HYPERLINK "
            "x</w:instrText></w:r><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>"
        ),
        ["link"],
        id="field-codes",
    ),
    pytest.param(
        f"<w:tbl><w:tr><w:tc>{paragraph('Boats')}</w:tc><w:tc>{paragraph('12')}</w:tc></w:tr></w:tbl>",
        ["Boats | 12"],
        id="table",
    ),
    pytest.param(
        f"<w:p><w:r><mc:AlternateContent><mc:Choice><w:t>box</w:t></mc:Choice><mc:Fallback>{paragraph('box')}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
        ["box"],
        id="text-box-once",
    ),
    pytest.param(
        f"<w:p><w:r><w:t>Above</w:t><w:txbxContent>{paragraph('inside')}</w:txbxContent></w:r></w:p>",
        ["Above inside"],
        id="text-box-in-a-paragraph",
    ),
    pytest.param(
        f"<w:p><w:r><w:txbxContent>{paragraph('inside.')}</w:txbxContent></w:r><w:r><w:t>Below</w:t></w:r></w:p>",
        ["inside. Below"],
        id="text-box-before-a-paragraph",
    ),
    pytest.param(
        f"<w:sdt><w:sdtContent>{paragraph('In a control.')}</w:sdtContent></w:sdt>",
        ["In a control."],
        id="content-control",
    ),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_the_words_are_those_that_would_be_printed(body, expected):
    assert text_of(body) == expected


SHOWN = '<w:vanish w:val="0"/>'
OFF, NOTE = '<w:strike w:val="false"/>', '<w:rStyle w:val="Note"/>'
UP, DOWN = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
PRINTED = [
    pytest.param(f"{run('It cost ')}{run('four ', '<w:strike/>')}{run('six.')}", "It cost six.", id="struck"),
    pytest.param(f"{run('It cost ')}{run('four ', '<w:dstrike/>')}{run('six.')}", "It cost six.", id="struck-twice"),
    pytest.param(f"{run('Not ')}{run('struck.', OFF)}", "Not struck.", id="not-struck"),
    pytest.param(f"{run('It left')}{run(' (check!)', '<w:vanish/>')}{run('.')}", "It left.", id="hidden"),
    pytest.param(f"{run('It left')}{run(' (check!)', NOTE)}{run('.')}", "It left.", id="style"),
    pytest.param(f"{run('4 m')}{run('2', UP)}", "4 m²", id="raised"),
    pytest.param(f"{run('CO')}{run('2', DOWN)}", "CO₂", id="lowered"),
    pytest.param(f'{run("20 ")}<w:r><w:sym w:font="Symbol" w:char="F0B0"/></w:r>{run("C")}', "20 °C", id="symbol"),
    pytest.param(f'{run("a")}<w:r><w:sym w:font="Wingdings" w:char="F0E0"/></w:r>{run("b")}', "a b", id="picture"),
    pytest.param(
        f"<m:oMath {MATH}><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t>"
        "</m:r></m:den></m:f></m:oMath>",
        "x=1/2",
        id="equation",
    ),
]
HIDDEN_STYLE = "<w:pPr><w:pStyle w:val='Note'/></w:pPr>"
PRINTED += [pytest.param(f"{HIDDEN_STYLE}{run('Check this.')}{run('It left.', SHOWN)}", "It left.", id="paragraph")]
STYLES = (
    f'<w:styles {W}><w:style w:styleId="Note"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:styleId="Point"><w:pPr>'
    '<w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>'
).encode()


@pytest.mark.parametrize(("runs", "expected"), PRINTED)
def test_signs_are_read_as_printed_and_struck_or_hidden_words_are_not(runs, expected):
    document = docx(f"<w:p>{runs}</w:p>", **{"word/styles.xml": STYLES})
    assert read_docx("x.docx", document, LIMIT).text == expected


def level(number: int, kind: str, text: str, start: int = 1) -> str:
    inside = f'<w:start w:val="{start}"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{number}">{inside}</w:lvl>'


NUMBERING = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">{level(0, "decimal", "%1.", 3)}'
    f"{level(1, 'lowerLetter', '%1%2)')}{level(2, 'upperRoman', '%3')}</w:abstractNum>"
    f'<w:abstractNum w:abstractNumId="1">{level(0, "bullet", "x")}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    "</w:numbering>"
).encode()


def point(text: str, depth: int, number: int = 1) -> str:
    place = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
    return f"<w:p><w:pPr>{place}</w:pPr>{run(text)}</w:p>"


def test_the_paragraphs_of_a_list_keep_their_numbers():
    body = (
        point("Money.", 0) + point("Now.", 1) + point("Later.", 1) + point("Ever.", 2) + point("Boats.", 0)
        + point("Dot.", 0, 2) + '<w:p><w:pPr><w:pStyle w:val="Point"/></w:pPr>' + run("Crew.") + "</w:p>"
    )  # fmt: skip
    document = docx(body, **{"word/numbering.xml": NUMBERING, "word/styles.xml": STYLES})
    expected = ["3. Money.", "3a) Now.", "3b) Later.", "I Ever.", "4. Boats.", "Dot.", "5. Crew."]
    assert read_docx("x.docx", document, LIMIT).text.split("\n\n") == expected


def test_footnotes_follow_the_text():
    assert text_of(paragraph("The ferry left."), f"<w:footnote>{paragraph('At dawn.')}</w:footnote>") == [
        "The ferry left.",
        "At dawn.",
    ]


CORE = "<dc:title>{}</dc:title><dc:creator>{}</dc:creator><dcterms:created>2025-03-07T09:30:00Z</dcterms:created>"
PROPERTIES = [
    pytest.param(
        CORE.format("Council stops the ferry", "Ines Carrow"),
        "Microsoft Office Word",
        ("Council stops the ferry", "Ines Carrow", date(2025, 3, 7)),
        id="written-by-a-person",
    ),
    pytest.param(
        CORE.format("Word Document", "Microsoft Office User"),
        "",
        (None, None, date(2025, 3, 7)),
        id="what-word-puts-there",
    ),
    pytest.param(CORE.format("", "python-docx"), "", (None, None, None), id="what-a-library-puts-there"),
    pytest.param("", "", (None, None, None), id="none"),
]


@pytest.mark.parametrize(("core", "app", "expected"), PROPERTIES)
def test_properties_are_believed_where_a_person_wrote_them(core, app, expected):
    record = read_docx("x.docx", docx(BODY, core, app=app), LIMIT)
    assert (record.metadata.title, record.metadata.author, record.made) == expected


def bomb() -> bytes:
    return docx(paragraph("x" * 50_000_000))


def entities() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{levels}]>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(
            "word/document.xml", f"{declared}<w:document {W}><w:body>{paragraph('&a9;')}</w:body></w:document>"
        )
    return out.getvalue()


def other_package() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", "<x/>")
    return out.getvalue()


HOSTILE = [
    pytest.param(lambda: docx(BODY)[:200], "damaged Word document", id="truncated"),
    pytest.param(lambda: b"PK\x03\x04", "damaged Word document", id="four-bytes"),
    pytest.param(lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "old kind", id="old-word"),
    pytest.param(lambda: b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "encrypted", id="encrypted"),
    pytest.param(other_package, "is not a Word document", id="a-spreadsheet"),
    pytest.param(lambda: docx(""), "holds no text", id="empty"),
    pytest.param(bomb, "NEWSDESK_INGEST__MAX_MB", id="zip-bomb"),
    pytest.param(entities, "entities", id="entity-bomb"),
    pytest.param(lambda: STORY[0].encode(), "damaged Word document", id="plain-text"),
]


@pytest.mark.parametrize(("make", "words"), HOSTILE)
def test_a_document_that_cannot_be_read_is_named_for_what_it_is(make, words, tmp_path):
    assert words in reason(written(tmp_path, "x.docx", make()))


def test_the_title_of_a_document_is_looked_for_in_its_text_where_its_properties_have_none(tmp_path):
    record = only(written(tmp_path, "x.docx", docx(paragraph("Council stops the island ferry") + BODY)))
    assert record.metadata.title == "Council stops the island ferry"
