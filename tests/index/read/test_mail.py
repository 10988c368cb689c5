"""Mails: newsletters as articles, without what belongs to the mail."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage

import pytest
from saved import STORY, html, only, reason, written

from index.read.mail import read_mail

PLAIN = (
    "View this email in your browser\nhttps://herald.example/mail/1\n\n"
    + "\n\n".join(STORY)
    + "\n\nUnsubscribe | Manage preferences\nYou received this email because you signed up.\n"
)
FRAME = (
    "<p><a href='https://herald.example/mail/1'>View in browser</a></p>{}<img src='https://t.example/p.gif' width=1 "
    "height=1><p>Unsubscribe</p>"
)


def mail(plain: str | None = PLAIN, page: str | None = None, **headers: str) -> EmailMessage:
    message = EmailMessage()
    known = {
        "From": "Island Herald <news@herald.example>",
        "Subject": "Council stops the island ferry",
        "Date": "Fri, 07 Mar 2025 09:30:00 +0100",
        "List-Id": "<daily.herald.example>",
    }
    for name, value in {**known, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            message[name] = value
    if plain is not None:
        message.set_content(plain)
    if page is not None:
        message.add_alternative(page, subtype="html") if plain is not None else message.set_content(
            page, subtype="html"
        )
    return message


def test_a_newsletter_says_what_it_is_in_its_header():
    known = read_mail("x.eml", mail().as_bytes()).metadata
    assert (known.title, known.publisher, known.author) == ("Council stops the island ferry", "Island Herald", None)
    assert (known.published, known.published_at) == (date(2025, 3, 7), "2025-03-07T09:30:00+01:00")


def test_a_mail_from_a_person_is_by_that_person():
    known = read_mail("x.eml", mail(From="Ines Carrow <ines@herald.example>", List_Id="").as_bytes()).metadata
    assert (known.publisher, known.author) == (None, "Ines Carrow")


@pytest.mark.parametrize(
    "message",
    [mail(), mail(PLAIN, html(story=STORY, body=FRAME.format(""))), mail(None, html(body=FRAME.format("")))],
    ids=["plain", "both", "html"],
)
def test_the_story_stays_and_the_frame_of_the_mail_goes(message):
    text = read_mail("x.eml", message.as_bytes()).text
    assert all(paragraph in " ".join(text.split()) for paragraph in STORY)
    assert not any(word in text for word in ("browser", "Unsubscribe", "preferences", "http", "You received"))


def test_a_mail_whose_html_is_a_shell_is_read_from_its_plain_part():
    text = read_mail(
        "x.eml", mail(PLAIN, "<html><body><p>Your reader cannot show this.</p></body></html>").as_bytes()
    ).text
    assert STORY[0] in text


def test_several_stories_stay_one_article():
    second = "The harbour office counted 412 seals on the northern sandbank this week, more than in any March before."
    page = html(story=[*STORY, second], body="<h2>First story</h2>")
    assert second in read_mail("x.eml", mail(PLAIN, page).as_bytes()).text


def test_a_forwarded_newsletter_is_the_newsletter():
    header = (
        "From: Island Herald <news@herald.example>\nDate: Thu, 6 Mar 2025 08:00:00 +0000\nSubject: Ferry stops\nTo: "
        "<me@x.example>"
    )
    inner = f"---------- Forwarded message ---------\n{header}\n\n{PLAIN}"
    record = read_mail("x.eml", mail(inner, Subject="Fwd: Ferry stops", From="Bo Dahl <bo@x.example>").as_bytes())
    assert (record.metadata.title, record.metadata.publisher, record.metadata.published_at) == (
        "Ferry stops",
        "Island Herald",
        "2025-03-06T08:00:00+00:00",
    )
    assert "me@x.example" not in record.text


SUBJECTS = [
    pytest.param("=?utf-8?q?Le_pr=C3=A9sident_dit?=", "Le président dit", id="quoted"),
    pytest.param("=?iso-8859-1?b?TGUgcHLpc2lkZW50?=", "Le président", id="base64"),
    pytest.param("=?no-such-charset?q?Council_stops?=", "Council stops", id="unknown-charset"),
    pytest.param("Re: Fwd: Council stops", "Council stops", id="prefixes"),
    pytest.param("", None, id="none"),
]


@pytest.mark.parametrize(("subject", "title"), SUBJECTS)
def test_the_subject_is_the_title(subject, title):
    raw = mail(Subject="").as_bytes()
    raw = f"Subject: {subject}\n".encode() + raw if subject else raw
    assert read_mail("x.eml", raw).metadata.title == title


DATES = [
    pytest.param("Fri, 07 Mar 2025 23:30:00 -0500", (date(2025, 3, 7), "2025-03-07T23:30:00-05:00"), id="offset"),
    pytest.param("7 Mar 2025 09:30:00 GMT", (date(2025, 3, 7), "2025-03-07T09:30:00+00:00"), id="gmt"),
    pytest.param("Fri, 07 Mar 2025 09:30:00 -0000", (date(2025, 3, 7), None), id="no-zone"),
    pytest.param("yesterday", (None, None), id="nonsense"),
    pytest.param("Fri, 99 Mar 2025 09:30:00 +0100", (None, None), id="no-such-day"),
]


@pytest.mark.parametrize(("value", "expected"), DATES)
def test_the_date_is_that_of_the_header(value, expected):
    known = read_mail("x.eml", f"Date: {value}\n".encode() + mail(Date="").as_bytes()).metadata
    assert (known.published, known.published_at) == expected


def test_a_part_in_an_unknown_charset_is_read_as_well_as_it_can_be(tmp_path):
    raw = (
        b"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset=klingon\nContent-Transfer-Encoding: 8bit\n\n"
        + STORY[0].encode()
    )
    assert STORY[0] in only(written(tmp_path, "x.eml", raw)).text


@pytest.mark.parametrize(
    "body",
    ["<http://" * 100_000, "(http://" * 100_000, " " * 1_000_000, "-" * 1_000_000],
    ids=["links", "brackets", "spaces", "dashes"],
)
def test_a_body_of_one_kind_of_sign_is_read_in_time(body):
    assert STORY[0] in read_mail("x.eml", f"From: a@b.example\n\n{body}\n{STORY[0]}".encode()).text


def attached() -> bytes:
    message = mail(None)
    message.set_content(" ")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="ferry.pdf")
    return message.as_bytes()


HOSTILE = [
    pytest.param(attached, "ferry.pdf", id="only-an-attachment"),
    pytest.param(lambda: STORY[0].encode(), "is not a mail", id="plain-text"),
    pytest.param(
        lambda: b"From: a@b.example\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!",
        "without text",
        id="base64-garbage",
    ),
    pytest.param(
        lambda: b'From: a@b.example\nContent-Type: multipart/mixed; boundary=""\n\n', "without text", id="no-boundary"
    ),
    pytest.param(lambda: b"From: a@b.example\nSubject: x\n\n", "without text", id="no-body"),
]


@pytest.mark.parametrize(("make", "words"), HOSTILE)
def test_a_mail_that_cannot_be_read_is_named_for_what_it_is(make, words, tmp_path):
    assert words in reason(written(tmp_path, "x.eml", make()))
