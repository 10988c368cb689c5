"""In which encoding a page is read: its bytes tell more than its meta tag."""

from __future__ import annotations

import pytest
from saved import html

from index.read.html.page import read_html
from index.read.record import decoded

SWEDISH = [f"Rådet sade för {number} gången att färjan över älven går även på söndagar." for number in range(12)]
CHINESE = [f"港务局第{number}次决定关闭旧码头，因为去年冬天的收入不够。居民表示反对。" for number in range(12)]
JAPANESE = [f"町は{number}回目の会議で古い港を閉じることを決めた。住民は反対している。" for number in range(12)]
KOREAN = [f"항만청은 {number}번째 회의에서 낡은 부두를 닫기로 했다. 주민들은 반대한다." for number in range(12)]


def saved(story: list[str], said: str, encoding: str) -> bytes:
    return html(f'<meta charset="{said}">' if said else "", story=story).encode(encoding)


ENCODED = [
    pytest.param(saved(SWEDISH, "iso-8859-1", "utf-8"), None, "färjan", id="the-tag-lies"),
    pytest.param(saved(SWEDISH, "", "utf-8"), "windows-1252", "färjan", id="the-server-lies"),
    pytest.param(saved(SWEDISH, "utf-8", "cp1252"), None, "färjan", id="utf-8-in-the-tag-alone"),
    pytest.param(saved(SWEDISH, "utf-16", "utf-8"), None, "färjan", id="a-tag-that-could-not-be-read"),
    pytest.param(saved(SWEDISH, "utf-8", "utf-8").replace(b" g", b" \x96 g", 1), None, "färjan", id="a-stray-byte"),
    pytest.param(saved(SWEDISH, "", "utf-8").replace(b"\xc3\xa4", b"\xe4", 1), "utf-8", "älven", id="a-stray-letter"),
    pytest.param(saved(SWEDISH, "utf-8", "utf-8") + b"\xc3", None, "färjan", id="cut-off"),
    pytest.param(saved(CHINESE, "gb2312", "gbk"), None, "旧码头", id="gbk"),
    pytest.param(saved(CHINESE, "big5", "utf-8"), None, "旧码头", id="utf-8-and-not-big5"),
    pytest.param(saved(JAPANESE, "x-sjis", "cp932"), None, "古い港", id="sjis"),
    pytest.param(saved(JAPANESE, "x-sjis", "cp932") + b"\x85\xff", None, "古い港", id="sjis-with-a-stray-byte"),
    pytest.param(saved(JAPANESE, "iso-2022-jp", "iso-2022-jp"), None, "古い港", id="seven-bits"),
    pytest.param(saved(KOREAN, "euc-kr", "cp949"), None, "부두를", id="korean"),
]


@pytest.mark.parametrize(("raw", "charset", "word"), ENCODED)
def test_a_page_is_read_in_the_encoding_of_its_bytes(raw, charset, word):
    assert word in read_html("page", raw, charset=charset).text


def test_stray_bytes_are_read_as_windows_wrote_them():
    assert decoded("Äußerst – ".encode() * 20 + b"1\x962") == "Äußerst – " * 20 + "1–2"
