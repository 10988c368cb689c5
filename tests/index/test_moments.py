"""Dates and moments in the fields of pages, feeds and exports."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dates import day_text, days_come_first, moment_of, parse_date

DAY = date(2024, 10, 7)
MOMENTS = [
    pytest.param("2024-10-07T08:05:00Z", "2024-10-07T08:05:00+00:00", id="iso"),
    pytest.param("2024-10-07t08:05z", "2024-10-07T08:05:00+00:00", id="iso-in-small-letters"),
    pytest.param("2024-10-07T08:05:00.123456789+0530", "2024-10-07T08:05:00+05:30", id="iso-without-colon"),
    pytest.param("2024-10-07 08:05:00+02", "2024-10-07T08:05:00+02:00", id="hours-only"),
    pytest.param("2024-10-07T08:05:00−03:00", "2024-10-07T08:05:00-03:00", id="a-minus-sign"),
    pytest.param("2024-10-07T08:05+02:00[Europe/Riga]", "2024-10-07T08:05:00+02:00", id="named-zone-behind"),
    pytest.param("2024-10-06T24:00:00Z", "2024-10-07T00:00:00+00:00", id="the-end-of-the-day-before"),
    pytest.param("2024-10-07T23:59:60Z", "2024-10-07T23:59:59+00:00", id="leap-second"),
    pytest.param("20241007T080500Z", "2024-10-07T08:05:00+00:00", id="compact"),
    pytest.param("20241007080500", None, id="compact-without-zone"),
    pytest.param("20241007", None, id="compact-day"),
    pytest.param(20241007, None, id="compact-number"),
    pytest.param("2024/10/07 08:05", None, id="year-first-slashes"),
    pytest.param("07.10.2024", None, id="full-stops"),
    pytest.param("1728288300", "2024-10-07T08:05:00+00:00", id="seconds"),
    pytest.param(1728288300, "2024-10-07T08:05:00+00:00", id="seconds-as-number"),
    pytest.param(1728288300.5, "2024-10-07T08:05:00+00:00", id="seconds-and-parts"),
    pytest.param("1728288300123", "2024-10-07T08:05:00+00:00", id="milliseconds"),
    pytest.param("1728288300123456", "2024-10-07T08:05:00+00:00", id="microseconds"),
    pytest.param("Mon Oct 07 2024 08:05:00 GMT+0200 (Eastern European)", "2024-10-07T08:05:00+02:00", id="javascript"),
    pytest.param("Mon Oct  7 08:05:00 +0000 2024", "2024-10-07T08:05:00+00:00", id="year-behind-the-clock"),
    pytest.param("Mon, 07 Oct 2024 08:05:00 EST", "2024-10-07T08:05:00-05:00", id="rfc-822-zone"),
    pytest.param("Mon, 7 Oct 24 08:05:00 PDT", "2024-10-07T08:05:00-07:00", id="rfc-822-two-digits"),
    pytest.param("Mon, 07 Oct 2024 08:05:00 CEST", "2024-10-07T08:05:00+02:00", id="a-zone-of-europe"),
    pytest.param("October 7, 2024 8:05 PM UTC", "2024-10-07T20:05:00+00:00", id="afternoon"),
    pytest.param("Oct. 7th, 2024, 12:05 a.m. GMT", "2024-10-07T00:05:00+00:00", id="after-midnight"),
    pytest.param("7 Oct 2024 08:05 Uhr", None, id="a-word-is-no-zone"),
    pytest.param("Mon, 07 Oct 2024 08:05:00 -0000", None, id="an-offset-that-nobody-knows"),
    pytest.param("2024-10-07T08:05:00+25:00", None, id="no-such-offset"),
    pytest.param("07-Oct-2024", None, id="hyphens"),
    pytest.param("7.Oktober 2024", None, id="glued"),
    pytest.param("2024年10月7日 08:05", None, id="chinese"),
    pytest.param("2024년 10월 7일", None, id="korean"),
    pytest.param("7 أكتوبر 2024", None, id="arabic"),
    pytest.param("٧ أكتوبر ٢٠٢٤", None, id="arabic-digits"),
    pytest.param("७ अक्टूबर २०२४", None, id="hindi"),
    pytest.param("7 октября 2024 г.", None, id="russian"),
    pytest.param("7 жовтня 2024, 08:05", None, id="ukrainian"),
    pytest.param("7 października 2024", None, id="polish"),
    pytest.param("7 de outubro de 2024", None, id="portuguese"),
    pytest.param("maandag 7 oktober 2024", None, id="dutch"),
    pytest.param("lun, 07 ott 2024 08:05:00 +0200", "2024-10-07T08:05:00+02:00", id="italian"),
    pytest.param("2024. október 7.", None, id="hungarian"),
    pytest.param("7. lokakuuta 2024", None, id="finnish"),
    pytest.param("7 d'octubre de 2024", None, id="catalan"),
    pytest.param(date(2024, 10, 7), None, id="a-date"),
    pytest.param(datetime(2024, 10, 7, 8, 5, tzinfo=UTC).replace(tzinfo=None), None, id="a-time-without-zone"),
    pytest.param(datetime(2024, 10, 7, 8, 5, tzinfo=UTC), "2024-10-07T08:05:00+00:00", id="a-time"),
]


@pytest.mark.parametrize(("value", "moment"), MOMENTS)
def test_a_field_says_a_day_and_a_moment(value, moment):
    assert moment_of(value) == (DAY, moment)


NO_DAYS = [
    *("", "yesterday", "October 2024", "Room 7 2024", "7 voters 2024", "2024-13-07", "10/2024", "1.2.3", "2024"),
    *("0", 0, 1, True, None, [], "1970-01-01T00:00:00Z", "1969-12-31T19:00:00-05:00", "0001-01-01T00:00:00"),
    *("2099-12-31", "9999-12-31T23:59:59Z", datetime(1, 1, 1, tzinfo=UTC), date(1970, 1, 1)),
]


@pytest.mark.parametrize("value", NO_DAYS)
def test_a_field_without_a_day_says_none(value):
    assert moment_of(value) == (None, None)


def test_a_day_may_lie_a_little_ahead():
    ahead = datetime.now(timezone(timedelta(hours=14))).date() + timedelta(days=30)
    assert moment_of(ahead.isoformat()) == (ahead, None)


ORDERS = [
    pytest.param("25/12/2023", None, date(2023, 12, 25), id="the-day-can-only-be-first"),
    pytest.param("12/25/2023", None, date(2023, 12, 25), id="the-day-can-only-be-second"),
    pytest.param("05/05/2023", None, date(2023, 5, 5), id="both-are-one"),
    pytest.param("04/05/2023", None, None, id="either"),
    pytest.param("04/05/2023", True, date(2023, 5, 4), id="known-to-be-first"),
    pytest.param("04-05-2023", False, date(2023, 4, 5), id="known-to-be-second"),
    pytest.param("25/12/2023", False, date(2023, 12, 25), id="no-such-month"),
    pytest.param("2023/05/04", False, date(2023, 5, 4), id="the-year-is-first"),
]


@pytest.mark.parametrize(("text", "day_first", "day"), ORDERS)
def test_slashes_are_read_where_they_can_mean_one_day(text, day_first, day):
    assert parse_date(text, day_first) == day


def test_other_dates_tell_which_number_is_the_day():
    assert days_come_first(["04/05/2023", "25/12/2023 10:00"]) is True
    assert days_come_first(["04/05/2023 and 12/25/2023"]) is False
    assert days_come_first(["04/05/2023", "2023-12-25"]) is None
    assert days_come_first(["25/12/2023", "12/25/2023"]) is None


@given(st.text("0123456789 -/.:,TZ+apmMarch年月日٣é", max_size=60))
def test_no_field_whatever_breaks_the_reading(text):
    day, moment = moment_of(text)
    assert moment is None or datetime.fromisoformat(moment).date() == day


def test_a_day_is_written_as_people_write_it():
    assert day_text(DAY) == "7 Oct 2024"
    assert day_text(DAY, full=True) == "7 October 2024"
    assert day_text(DAY, "address", full=True) == "about 7 October 2024"
    assert day_text(None, "layout") == "undated"
