"""Mails: newsletters as articles, without what belongs to the mail."""

from __future__ import annotations

import textwrap
from datetime import date
from email.message import EmailMessage

import pytest
from saved import STORY, html, only, reason, written

from index.clean.clean import clean
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


BODY = "\n\n".join(STORY)
HEAD = "From: Island Herald <news@herald.example>\nSubject: Ferry stops\nDate: Fri, 7 Mar 2025 09:30:00 +0100\n"
PLAIN_PART = f"--B\nContent-Type: text/plain; charset=utf-8\n\n{BODY}\n--B--\n"
QUOTED_PRINTABLE = BODY.replace(" the ", "=20the=20").replace("“", "=E2=80=9C").replace("”", "=E2=80=9D")
HEADERS = [
    pytest.param(f"\ufeff{HEAD}\n{BODY}", id="byte-order-mark"),
    pytest.param(f"From news@herald.example Fri Mar  7 09:30:00 2025\n{HEAD}\n{BODY}", id="mailbox"),
    pytest.param(f"exported by a program\n\nX-Env: 7\n{HEAD}\n{BODY}", id="lines-of-a-program-before-it"),
    pytest.param(
        f'{HEAD}MIME-Version: 1.0\nContent-Type: multipart/alternative;\nboundary="B"\n\n{PLAIN_PART}', id="unfolded"
    ),
    pytest.param(
        f"{HEAD}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary==_B=1\n\n"
        f"{PLAIN_PART.replace('--B', '--=_B=1')}",
        id="boundary-that-should-have-quotes",
    ),
    pytest.param(
        f'{HEAD}MIME-Version: 1.0\nContent-Type: text/HTML;\n\tboundary="B"\n\n--B\nContent-Type: text/html; '
        f"charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n<p>{QUOTED_PRINTABLE}</p>\n--B--\n",
        id="html-with-a-boundary",
    ),
]


@pytest.mark.parametrize("raw", HEADERS)
def test_a_header_that_is_not_as_it_should_be_is_read(raw):
    record = read_mail("x.eml", raw.encode())
    assert (record.metadata.title, record.metadata.published) == ("Ferry stops", date(2025, 3, 7))
    assert " ".join(record.text.split()) == " ".join(STORY)


RECEIVED = "Received: from a.example by b.example; Fri, 7 Mar 2025 09:31:00 +0100\n"
RAW = (
    "Subject: Rådhuset er lukket\nDate: Fri, 7 Mär 2025 09:30:00 +0100\n\nThe town hall of Nordvik is closed for now.\n"
)


def test_a_header_of_bare_utf_8_is_read_as_that():
    metadata = read_mail("x.eml", f"From: Bo Dahl <bo@nordvik.example>\n{RAW}".encode()).metadata
    assert (metadata.title, metadata.published) == ("Rådhuset er lukket", date(2025, 3, 7))


def test_a_mail_with_words_of_its_own_above_an_original_message_is_not_that_message():
    body = "\n\n".join(
        [*STORY, "-----Original Message-----\nFrom: Bo Dahl\nSent: Friday\nSubject: Seals\n\nSeals next."]
    )
    assert shown(mail(body)) == list(STORY)


SENT = [
    pytest.param(RECEIVED, "2025-03-07T09:31:00+01:00", id="only-received"),
    pytest.param(f"{RECEIVED}Date: soon\n", "2025-03-07T09:31:00+01:00", id="received-and-nonsense"),
    pytest.param(
        "Date: Fri, 7 Mar 25 09:30:00 +0100 (CET)\n", "2025-03-07T09:30:00+01:00", id="two-digits-and-a-comment"
    ),
    pytest.param("Date: Fri,7 Mar 2025 9:30:00 +0100\n", "2025-03-07T09:30:00+01:00", id="no-space"),
]


@pytest.mark.parametrize(("lines", "expected"), SENT)
def test_a_mail_is_dated_by_its_date_or_by_who_received_it(lines, expected):
    raw = f"From: a@b.example\nSubject: Ferry stops\n{lines}\n{BODY}".encode()
    assert read_mail("x.eml", raw).metadata.published_at == expected


CHARSETS = [("iso-8859-2", "Předseda Dvořák řekl, že přístav se zavře v květnu."), ("cp1251", "Порт закроют в мае.")]


@pytest.mark.parametrize(("charset", "words"), CHARSETS)
def test_a_charset_that_only_the_html_names_is_used(charset, words):
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}"><p>{words}</p>'
    raw = f"{HEAD}Content-Type: text/html\nContent-Transfer-Encoding: 8bit\n\n".encode() + page.encode(charset)
    assert read_mail("x.eml", raw).text.strip() == words


OWN = "The ferry will stop in May, the council told us today after a debate of four hours in the hall."
OTHERS = "The ferry will go on for ever, the mayor said to all of us last week at the pier."
QUOTED = [
    pytest.param(f"{OWN}\n\nOn Mon, 3 Mar 2025 at 07:00, Bo Dahl <b@x.example>\nwrote:\n> {OTHERS}\n", id="signs"),
    pytest.param(f"{OWN}\n\n-----Original Message-----\nFrom: Bo Dahl\nSubject: Ferry\n\n{OTHERS}\n", id="original"),
    pytest.param(
        f"{OWN}\n\nVon: Bo Dahl\nGesendet: Montag, 3. März 2025\nAn: Ines\nBetreff: Ferry\n\n{OTHERS}\n", id="header"
    ),
    pytest.param(
        f"{OWN}\n\n-- \nInes Carrow\nHarbour Street 4. We said so last week at the pier, all of us.\n", id="sign"
    ),
]


@pytest.mark.parametrize("body", QUOTED)
def test_what_a_mail_quotes_and_its_signature_are_not_its_words(body):
    record = read_mail("x.eml", mail(body, Subject="Re: Ferry", List_Id="").as_bytes())
    assert record.text.strip() == OWN


def test_a_mail_that_quotes_everything_is_what_it_quotes():
    body = "See this.\n\n" + "\n".join(f"> {paragraph}" for paragraph in STORY)
    assert STORY[1] in read_mail("x.eml", mail(body).as_bytes()).text


def test_a_line_that_begins_with_from_has_no_sign_of_the_mailbox_before_it():
    record = read_mail("x.eml", mail(f"{STORY[0]}\n\n>From the start, the plan was disputed by the owner.").as_bytes())
    assert "\nFrom the start" in record.text


def test_a_mail_with_a_mail_attached_is_that_mail():
    outer = mail("For you.", Subject="Look", List_Id="")
    outer.add_attachment(mail(BODY, Subject="Ferry stops", List_Id="", From="Bo Dahl <bo@x.example>"))
    record = read_mail("x.eml", outer.as_bytes())
    assert (record.metadata.title, record.metadata.author) == ("Ferry stops", "Bo Dahl")
    assert STORY[3] in record.text


DIGEST = f"""
<div style="display:none">The preheader of the day</div>
<table role="presentation"><tr><td><table>
<tr><td><a href="x">View this email in your browser</a></td></tr>
<tr><td style="font-size:24px"><b>Council stops the ferry</b></td></tr>
<tr><td>{STORY[0]}<br><br>{STORY[1]} <a href="x">Read more »</a></td></tr>
<tr><td><table><tr><td><img src="x"></td><td><a href="x">Seals counted</a><br>{STORY[2]}</td></tr></table></td></tr>
<tr><td><table><tr><th>Pier</th><th>Boats</th></tr><tr><td>Old</td><td>12</td></tr></table></td></tr>
<tr><td><a href="x">Continue reading</a></td></tr>
<tr><td>Our mailing address is:<br>Harbour Street 4<br><a href="x">Unsubscribe</a></td></tr>
</table></td></tr></table>"""
PLAIN_DIGEST = f"""Island Herald
Friday, 7 March 2025

==========================
Council stops the ferry
==========================

{chr(10).join(textwrap.wrap(STORY[0] + " " + STORY[1], 66))}
Full story: https://herald.example/1

--------------------------
SEALS COUNTED
{chr(10).join(textwrap.wrap(STORY[2], 66))} [Read more](https://herald.example/2)

--
Island Herald, Harbour Street 4
You receive this because you signed up.
Unsubscribe: https://herald.example/u
"""


def shown(message) -> list[str]:
    """The paragraphs of a mail after cleaning."""
    record = read_mail("x.eml", message.as_bytes())
    return clean(record.text, record.metadata.title or "", record.metadata.publisher, extracted=True).text.split("\n\n")


def test_the_stories_and_headings_of_a_newsletter_in_tables_stand_apart():
    first = ["Council stops the ferry", STORY[0], STORY[1], "Seals counted", STORY[2]]
    assert shown(mail(None, DIGEST, Subject="Friday")) == [*first, "Pier Boats", "Old 12"]


def test_the_stories_and_headings_of_a_plain_newsletter_stand_apart():
    expected = ["Council stops the ferry", f"{STORY[0]} {STORY[1]}", "SEALS COUNTED", STORY[2]]
    assert shown(mail(PLAIN_DIGEST, Subject="Friday")) == expected


def test_short_paragraphs_that_no_program_wrapped_stay_apart():
    lines = [STORY[1], "Source: the harbour office", "SEALS COUNTED", STORY[2], "Source: the museum"]
    assert shown(mail("\n".join(lines), Subject="Friday")) == [STORY[1], "SEALS COUNTED", STORY[2]]


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
