"""PDFs: lines joined to paragraphs, running heads gone, and what is said of those without text."""

from __future__ import annotations

import logging
import zlib
from datetime import date

import pypdf
import pytest
from saved import STORY, only, pdf, pdf_of, reason, wrapped, written

from index.read.documents import pdf as reader
from index.read.documents.pdf import read_pdf

CATALOG, PAGES = "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"


def text_of(pages) -> str:
    return read_pdf("x.pdf", pdf(pages)).text


def test_the_lines_of_a_paragraph_are_joined_and_paragraphs_stay_apart():
    lines, top = [], 780.0
    for part in STORY:
        lines += wrapped(part, 60, top, width=45)
        top = lines[-1][1] - 22
    assert text_of([lines]).split("\n\n") == list(STORY)


def test_paragraphs_without_room_between_them_are_told_by_their_short_last_lines():
    lines, top = [], 780.0
    for part in STORY[:3]:
        lines += wrapped(part, 60, top, width=48)
        top = lines[-1][1] - 12
    assert text_of([lines]).split("\n\n") == list(STORY[:3])


@pytest.mark.parametrize(
    "byline",
    ["By Jonna Falk, Harbour Courier, 9 March 2025", "Jonna Falk | 9 March 2025 | Harbour Courier", "Par Jonna Falk"],
)
def test_a_byline_in_the_type_of_the_text_is_joined_with_nothing(byline):
    above = [(60, 780.0, "Council stops the island ferry"), (60, 768.0, byline)]
    text = text_of([above + wrapped(STORY[1], 60, 756.0, width=48)])
    assert text.split("\n\n") == ["Council stops the island ferry", byline, STORY[1]]


HYPHENS = [
    pytest.param(["the govern-", "ment spoke to the"], "the government spoke to the", id="parted-word"),
    pytest.param(
        ["a well-", "known man and a well-known", "woman"],
        "a well-known man and a well-known woman",
        id="written-with-a-hyphen-elsewhere",
    ),
    pytest.param(["the Anglo-", "Dutch house"], "the Anglo-Dutch house", id="capital-follows"),
    pytest.param(["from 1914-", "1918 it lay"], "from 1914- 1918 it lay", id="numbers"),
]


@pytest.mark.parametrize(("lines", "expected"), HYPHENS)
def test_a_hyphen_at_the_end_of_a_line(lines, expected):
    padded = [*lines, "and nothing more was said of it by anyone there"]
    assert text_of([[(60, 780 - 12 * index, line) for index, line in enumerate(padded)]]).startswith(expected)


def test_running_heads_and_page_numbers_are_left_out():
    pages = []
    for number in range(1, 5):
        story = wrapped(
            (
                f"Ship number {number} left the old harbour at dawn with all hands, {number * 7} in all, and came "
                "back at night with fish."
            ),
            60,
            700,
            50,
        )
        pages.append([(60, 812, "Island Herald - Friday 7 March 2025"), *story, (280, 25, f"Page {number} of 4")])
    text = text_of(pages)
    assert "Herald" not in text
    assert "Page" not in text
    assert all(f"Ship number {number} left" in text for number in range(1, 5))
    assert text.count("came back at night with fish.") == 4


def test_a_line_that_recurs_inside_pages_stays():
    pages = [
        [
            (60, 780 - 30 * index - 3 * page, f"Line {index} of the tale on its own, said the man of ship {page}.")
            for index in range(8)
        ]
        for page in range(3)
    ]
    assert text_of(pages).count("Line 4 of the tale") == 3


def test_two_columns_are_read_one_after_the_other_and_a_paragraph_goes_on_in_the_next():
    left = wrapped(STORY[0], 60, 780, 30)
    cut = len(left) // 2
    right = [(320, 780 - 12 * index, line[2]) for index, line in enumerate(left[cut:])]
    assert text_of([[*left[:cut], *right]]) == STORY[0]


def test_a_heading_stands_apart():
    text = text_of([[(60, 780, "Council stops the ferry", 20), *wrapped(STORY[0], 60, 756, 60)]])
    assert text.split("\n\n") == ["Council stops the ferry", STORY[0]]


HARBOUR = (
    "The town council met on Monday evening to discuss the new harbour and its cost, which has grown to ninety "
    "million. The mayor said that the work could not wait any longer, because the old pier is no longer safe."
)
STORM = (
    "A storm with winds of forty metres a second reached the coast at night and tore the roofs from eleven houses. "
    "Nobody was hurt, the police said in the morning. The power company sent three teams to mend the lines."
)
LETTERS = (
    "The museum of the islands shows letters that sailors wrote in the last century. Its keeper found them under the "
    "floor of a school, and visitors can read copies of them in the hall."
)


def by_row(*columns):
    """Lines of columns as a program writes them that goes from row to row."""
    rows = max(map(len, columns))
    return [line for row in range(rows) for column in columns for line in column[row : row + 1]]


def one_object(lines) -> bytes:
    """A page whose lines stand in one text object, each moved to from the one before."""
    x = y = 0.0
    shown = []
    for line in lines:
        shown.append(f"{line[0] - x} {line[1] - y} Td ({line[2]}) Tj")
        x, y = line[:2]
    content = f"BT /F1 10 Tf {' '.join(shown)} ET"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    page = PAGE.replace("<< >>", "<< /Font << /F1 5 0 R >> >>")
    return pdf_of([CATALOG, PAGES, page, f"<< /Length {len(content)} >>\nstream\n{content}\nendstream", font])


TWO = by_row(wrapped(HARBOUR, 60, 700, 38), wrapped(STORM, 310, 700, 38))
THREE = by_row(wrapped(HARBOUR, 50, 700, 26), wrapped(STORM, 220, 700, 26), wrapped(LETTERS, 390, 700, 26))
BESIDE = by_row(wrapped(HARBOUR, 60, 700, 38), wrapped(STORM, 310, 697, 38))
DENSER = sorted([*wrapped(HARBOUR, 60, 700, 38), *wrapped(STORM, 310, 700, 38, leading=11)], key=lambda line: -line[1])
SHORTER = by_row(wrapped(LETTERS, 60, 700, 44), wrapped(STORM, 310, 700, 38))
COLUMNS = [
    pytest.param(pdf([TWO]), [HARBOUR, STORM], id="two"),
    pytest.param(pdf([THREE]), [HARBOUR, STORM, LETTERS], id="three"),
    pytest.param(pdf([SHORTER]), [LETTERS, STORM], id="the-first-ends-earlier"),
    pytest.param(pdf([BESIDE]), [HARBOUR, STORM], id="at-other-heights"),
    pytest.param(pdf([DENSER]), [HARBOUR, STORM], id="with-other-leading"),
    pytest.param(one_object(TWO), [HARBOUR, STORM], id="in-one-text-object"),
    pytest.param(
        pdf([[(60, 740, "The week on the islands and in the towns around them", 16), *TWO]]),
        ["The week on the islands and in the towns around them", HARBOUR, STORM],
        id="under-a-headline-over-both",
    ),
    pytest.param(
        pdf([[(50, 740, "The week on the islands at sea", 20), *THREE]]),
        ["The week on the islands at sea", HARBOUR, STORM, LETTERS],
        id="under-a-headline-over-two-of-three",
    ),
    pytest.param(pdf([[*TWO, *wrapped(LETTERS, 60, 500, 90)]]), [HARBOUR, STORM, LETTERS], id="above-a-text-over-both"),
]


@pytest.mark.parametrize(("raw", "expected"), COLUMNS)
def test_columns_that_are_written_row_by_row_are_read_one_after_the_other(raw, expected):
    assert read_pdf("x.pdf", raw).text.split("\n\n") == expected


def test_the_first_line_of_a_paragraph_in_a_column_may_be_indented():
    left, right = wrapped(HARBOUR, 60, 700, 38), wrapped(STORM, 310, 700, 38)
    right[3] = (322, right[3][1], right[3][2])
    assert text_of([by_row(left, right)]).split("\n\n")[0] == HARBOUR


def test_the_rows_of_a_table_stay_rows():
    rows = [(60, f"Ferry {number} to the islands", f"Leaves at 9.{number}0 from pier {number}") for number in range(6)]
    lines = [each for row, (x, a, b) in enumerate(rows) for each in ((x, 700 - 24 * row, a), (310, 700 - 24 * row, b))]
    assert "Ferry 2 to the islands Leaves at 9.20 from pier 2" in text_of([lines])


CAPITALS = [
    pytest.param("T", "he ferry left the old harbour at dawn with all hands.", "The ferry left", id="part-of-a-word"),
    pytest.param("“W", "e will not be cut off, said the mayor of the town.", "“We will not", id="after-a-mark"),
    pytest.param("A", "ferry left. No ferry came back in the night after that.", "A ferry left", id="a-word"),
]


@pytest.mark.parametrize(("capital", "rest", "expected"), CAPITALS)
def test_a_capital_that_hangs_into_the_paragraph_is_its_first_letter(capital, rest, expected):
    lines = [(60, 690, capital, 30), (85, 700, rest), (85, 688, "It came back with fish, as it does on every day.")]
    assert text_of([lines]).startswith(expected)


def test_letters_set_apart_are_words_again_and_a_heading():
    text = text_of([[(60, 712, "T H E   I S L A N D S"), *wrapped(STORY[0], 60, 700, 60)]])
    assert text.split("\n\n") == ["THE ISLANDS", STORY[0]]


def test_a_footnote_parts_no_sentence():
    first, second = STORY[0][:60].rsplit(" ", 1)[0], STORY[0][len(STORY[0][:60].rsplit(" ", 1)[0]) + 1 :]
    text = text_of(
        [[*wrapped(first, 60, 120), (60, 90, "1 Minutes of the council, page 12.", 7)], wrapped(second, 60, 780)]
    )
    assert text.split("\n\n") == [STORY[0], "1 Minutes of the council, page 12."]


def test_a_printed_page_has_no_line_of_the_browser_and_gives_its_address():
    page = [
        (30, 825, "3/7/25, 9:30 AM"),
        (250, 825, "Council stops the island ferry - Island Herald"),
        *wrapped(STORY[0], 60, 780, 60),
        (30, 15, "https://herald.example/ferry"),
        (560, 15, "1/1"),
    ]
    record = read_pdf("x.pdf", pdf([page]))
    assert (record.text, record.url) == (STORY[0], "https://herald.example/ferry")


def test_a_ligature_is_its_letters():
    font = "/Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /fl] >>"
    content = "BT /F1 10 Tf 60 700 Td (The of\001ce of the \001nance minister con\001rmed the \002ood.) Tj ET"
    page = PAGE.replace("<< >>", "<< /Font << /F1 5 0 R >> >>")
    raw = pdf_of(
        [
            CATALOG,
            PAGES,
            page,
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
            f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica {font} >>",
        ]
    )
    assert read_pdf("x.pdf", raw).text == "The office of the finance minister confirmed the flood."


def test_a_page_of_many_forms_loses_none():
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 6 0 R >> >>"
    shown = "BT /F1 10 Tf 0 0 Td (Ship) Tj ET"
    drawn = "\n".join(f"q 1 0 0 1 60 {800 - number * 20} cm /F Do Q" for number in range(20))
    objects = [
        PAGE.replace("<< >>", "<< /XObject << /F 5 0 R >> >>"),
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        f"{form} /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    with pypdf.apply_configuration(xform_maximum_invocations_per_extraction=10):  # 5,000 as pypdf comes
        assert read_pdf("x.pdf", pdf_of([CATALOG, PAGES, *objects])).text.count("Ship") == 20


INFO = [
    pytest.param(
        "/Title (Council stops the ferry) /Author (Ines Carrow)",
        "Council stops the ferry",
        "Ines Carrow",
        None,
        id="title-and-author",
    ),
    pytest.param(
        "/Title (Microsoft Word - ferry.docx) /Author (Microsoft Office User)",
        None,
        None,
        None,
        id="what-word-puts-there",
    ),
    pytest.param("/Title (ferry_final.indd) /Author (admin)", None, None, None, id="file-name"),
    pytest.param("/Title (untitled) /Author (Unknown)", None, None, None, id="untitled"),
    pytest.param("/CreationDate (D:20250307093000+01'00')", None, None, date(2025, 3, 7), id="made"),
    pytest.param(
        "/CreationDate (D:20250307093000Z) /Producer (Skia/PDF m120)", None, None, None, id="printed-by-a-browser"
    ),
    pytest.param("/CreationDate (yesterday) /Title 7", None, None, None, id="nonsense"),
    pytest.param("/Title (Ferry \\000 stops) /Author ()", "Ferry stops", None, None, id="control-characters"),
]


@pytest.mark.parametrize(("info", "title", "author", "made"), INFO)
def test_properties_are_believed_where_a_person_wrote_them(info, title, author, made):
    record = read_pdf("x.pdf", pdf([wrapped(STORY[0], 60, 780)], info))
    assert (record.metadata.title, record.metadata.author, record.made) == (title, author, made)


def test_the_day_a_document_was_made_is_its_date_only_where_it_names_none(tmp_path):
    info = "/CreationDate (D:20250307093000Z)"
    unnamed = written(tmp_path, "a.pdf", pdf([wrapped(STORY[0], 60, 780)], info))
    named = written(tmp_path, "b.pdf", pdf([[(60, 780, "Published: 3 March 2025"), *wrapped(STORY[0], 60, 740)]], info))
    assert (only(unnamed).metadata.published, only(named).metadata.published) == (date(2025, 3, 7), date(2025, 3, 3))


IMAGE = "/XObject << /Im1 << /Type /XObject /Subtype /Image /Width 1 /Height 1 >> >>"
LOCKED = (
    f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{'a1' * 32}> /U <{'b2' * 32}> >> /ID "
    f"[<{'00' * 16}> <{'00' * 16}>]"
)


def bomb() -> bytes:
    packed = zlib.compress(b"BT (x) Tj ET " * 20_000_000, 9)
    return pdf_of(
        [
            CATALOG,
            PAGES,
            PAGE,
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed.decode('latin-1')}\nendstream",
        ]
    )


def nested_forms() -> bytes:
    """Forms that each draw the next one twice: two to the power of twenty-four drawings."""
    forms = []
    for number in range(24):
        drawn = "/F Do /F Do" if number < 23 else "BT (x) Tj ET"
        below = f"/XObject << /F {6 + number} 0 R >>" if number < 23 else ""
        forms.append(
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << {below} >> /Length {len(drawn)} >>\n"
            f"stream\n{drawn}\nendstream"
        )
    page = PAGE.replace("<< >>", "<< /XObject << /F 5 0 R >> >>")
    return pdf_of([CATALOG, PAGES, page, "<< /Length 11 >>\nstream\n/F Do /F Do\nendstream", *forms])


HOSTILE = [
    pytest.param(
        lambda: pdf_of([CATALOG, PAGES, PAGE, "<< /Length 0 >>\nstream\n\nendstream"], LOCKED),
        "encrypted PDF",
        id="encrypted",
    ),
    pytest.param(lambda: pdf([[]], extra=IMAGE), "run text recognition", id="scanned"),
    pytest.param(lambda: pdf([[]]), "without any text", id="no-text"),
    pytest.param(lambda: pdf([wrapped(STORY[0], 60, 780)])[:300], "damaged PDF", id="truncated"),
    pytest.param(lambda: b"%PDF-1.7\n", "damaged PDF", id="only-the-first-line"),
    pytest.param(lambda: b"<html>not a PDF</html>", "is not a PDF", id="a-web-page"),
    pytest.param(
        lambda: pdf_of(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]),
        "PDF",
        id="pages-in-a-circle",
    ),
    pytest.param(lambda: pdf([[] for _ in range(2_100)]), "2,100 pages", id="too-many-pages"),
]


@pytest.mark.parametrize(("make", "words"), HOSTILE)
def test_a_pdf_that_cannot_be_read_is_named_for_what_it_is(make, words, tmp_path, recwarn, caplog):
    assert words in reason(written(tmp_path, "x.pdf", make()))
    # The collector may come upon what earlier tests left open while pypdf runs: it warns of that at pypdf's line.
    own = [each for each in recwarn.list if "pypdf" in each.filename and each.category is not ResourceWarning]
    assert not own, [str(each.message) for each in own]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_file_that_unpacks_to_too_much_is_named(tmp_path):
    assert "PDF" in reason(written(tmp_path, "x.pdf", bomb()))


def test_a_file_that_draws_for_ever_ends_at_the_limit_of_time(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_SECONDS", 0.0)  # a fast machine may meet pypdf's own limit of forms before any other
    assert "s to read" in reason(written(tmp_path, "x.pdf", nested_forms()))
