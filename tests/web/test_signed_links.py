"""Who may open what: forged, damaged and late links, other people's paths, random ids; and the secret that signs."""

from __future__ import annotations

import random
import re
import socket
import stat
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from reading_room import DAY, ReadingRoom, article

from index.errors import SettingsError
from web.links import NAME, LinkTarget, SignedLinks, address, secret, version_of

TEXT = "The harbour was full.\n\nThe ship left on Monday, the captain said. Nobody waved."
QUOTE = "The ship left on Monday, the captain said."
STORY = article(TEXT)

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cache-control": "private, no-cache",
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = ReadingRoom(tmp_path_factory.mktemp("room"))
    room.put(STORY)
    room.put(article(TEXT + " More."))
    return room


@pytest.fixture(scope="module")
def refusal(room):
    """What whoever has no link gets."""
    refused = room.get("/a/nothing-of-that-name")
    assert refused.status == 403
    assert "To get a new one" in refused.text
    return refused


def raw(link):
    return link.encode().partition(b"#")[0]


# --- links ---


@pytest.mark.parametrize("kind", ["a", "o", "q"])
def test_no_bit_of_a_link_can_be_changed(kind, room, refusal):
    links = {
        "a": room.link(STORY, QUOTE, "Nobody waved."),
        "o": room.links.original(STORY.source.id),
        "q": room.links.answer("abc"),
    }
    good = raw(links[kind])
    assert room.get(good).status == (404 if kind == "q" else 200)
    changed = [
        good[:place] + bytes([good[place] ^ 1 << bit]) + good[place + 1 :]
        for place in range(len(good))
        for bit in range(8)
    ]
    # A "#" and what is behind it stay in the browser, so the rest is a link that was cut off.
    changed += [good[:end] for end in range(len(good))] + [
        good + b"x",
        good + b"&x=1",
        good + b"=",
        good.replace(b"?", b"??"),
        good.replace(b"&", b"&&"),
    ]
    for answered in room.get_all(changed):
        assert answered.status in (403, 404)
        assert answered.body == refusal.body


def test_a_signature_is_of_one_link_alone(room, refusal):
    good, other = raw(room.link(STORY, QUOTE)), raw(room.link(STORY, "Nobody waved."))
    swapped = good.rpartition(b"&sig=")[0] + b"&sig=" + other.rpartition(b"&sig=")[2]
    twice = good + b"&sig=" + good.rpartition(b"&sig=")[2]
    reordered = b"&".join([good.partition(b"&")[2].rpartition(b"&sig=")[0], good.partition(b"?")[2].partition(b"&")[0]])
    unsigned = good.rpartition(b"&sig=")[0]
    foreign = raw(SignedLinks("another secret of thirty-two signs and more").article(LinkTarget(STORY.source.id)))
    for target in (swapped, twice, good.partition(b"?")[0] + b"?" + reordered, unsigned, unsigned + b"&sig=", foreign):
        answered = room.get(target)
        assert (answered.status, answered.body) == (403, refusal.body)


def test_a_link_opens_to_its_last_day_and_never_after(room, refusal):
    links = [room.link(STORY, QUOTE), room.links.original(STORY.source.id)]
    try:
        for days, opens in ((0, True), (30, True), (31, False), (32, False), (5_000, False), (30, True)):
            room.day = DAY + timedelta(days=days)
            for answered in map(room.get, links):
                assert answered.status == (200 if opens else 403)
                assert opens or answered.body == refusal.body
    finally:
        room.day = DAY


def test_links_on_a_page_end_with_the_link_that_led_to_it(room):
    link = room.link(STORY, QUOTE)
    try:
        room.day = DAY + timedelta(days=29)
        inner = [part.partition('"')[0].replace("&amp;", "&") for part in room.get(link).text.split('href="')[1:]]
        inner = [each for each in inner if "until=" in each]
        assert len(inner) >= 2
        assert {room.get(each).status for each in inner} == {200}
        room.day = DAY + timedelta(days=31)
        assert {room.get(each).status for each in inner} == {403}
    finally:
        room.day = DAY


def test_links_of_one_day_to_one_place_are_equal_and_short(room):
    assert room.link(STORY, QUOTE) == room.link(STORY, QUOTE)
    others = [(number, number + 5) for number in range(200)]
    long = SignedLinks("s" * 40, "https://newsdesk.example.org/reading-room", 30, lambda: DAY).article(
        LinkTarget("f" * 16, "f" * 16, (1, 2), tuple(others))
    )
    assert len(long) < 500
    assert address(long) == long


@pytest.mark.parametrize(
    "url", ["https://desk.example", "https://desk.example/", "https://desk.example/news/", "http://127.0.0.1:8080"]
)
def test_links_lead_to_where_the_room_is_found(url, tmp_path):
    room = ReadingRoom(tmp_path, url=url)
    room.put(STORY)
    link = room.link(STORY, QUOTE)
    assert link.startswith(
        f"{url.rstrip('/')}/a/{STORY.source.id}?v={version_of(STORY.digest)}&p=23-65&until=2025-04-09&sig="
    )
    found = room.get(link.removeprefix(url.rstrip("/")))
    base = urlsplit(url).path.rstrip("/")
    assert f'href="{base}/static/room.css?' in found.text
    assert room.get("/static/room.css").headers["content-type"] == "text/css; charset=utf-8"


# --- those who have none ---


def test_ten_thousand_random_ids_learn_nothing(room, refusal):
    dice = random.Random(7)
    real = [STORY.source.id.encode(), version_of(STORY.digest).encode()]
    signature = raw(room.link(STORY, QUOTE)).rpartition(b"&sig=")[2]
    targets = []
    for _ in range(10_000):
        id_ = dice.choice([*real, dice.randbytes(8).hex().encode(), dice.randbytes(6).hex().encode()])
        forged = bytes(
            dice.choice(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") for _ in range(43)
        )
        query = dice.choice(
            [b"", b"?until=2099-01-01&sig=" + forged, b"?p=0-5&until=2099-01-01&sig=" + signature, b"?sig=" + forged]
        )
        targets.append(b"/" + dice.choice([b"a", b"o", b"q"]) + b"/" + id_ + query)
    found = {
        (answered.status, answered.body, tuple(sorted(answered.headers.items()))) for answered in room.get_all(targets)
    }
    assert found == {(403, refusal.body, tuple(sorted(refusal.headers.items())))}


PATHS = [
    "/", "/a", "/a/", "/a/../../etc/passwd", "/a/..%2f..%2f..%2fetc%2fpasswd", "/a/%2e%2e/%2e%2e/etc/passwd",
    "/../../../../etc/passwd", "//etc/passwd",
    "/static/../links.py", "/static/..%2flinks.py", "/static/%2e%2e%2f%2e%2e%2fdata%2fweb-secret",
    "/static/room.css/../../secret.py", "/static//etc/passwd",
    "/static/", "/static", "/static/room.css%00.js", "/static/templates/base.html", "/o/%2fetc%2fpasswd", "/a/%00",
    "/a/" + "x" * 5_000, "/a/%ff%fe", "/p/%2fetc%2fpasswd",
    "/q/'%20OR%201=1--", "/a/<script>alert(1)</script>", "/web-secret", "/catalog.sqlite3", "/journal.sqlite3", "/.env",
    "/.git/config", "/robots.txt",
    "/a/x;/../y", "/a\\..\\x",
]  # fmt: skip


def test_no_path_leads_out_of_the_room(room, refusal):
    for path in PATHS:
        answered = room.get(path)
        assert answered.status in (403, 404), path
        assert answered.body == refusal.body, path


def test_no_path_leads_out_of_the_room_over_a_real_connection(room, refusal):
    """As bytes, because clients tidy paths before they send them."""
    with room.served() as url:
        port = urlsplit(url).port
        for path in [*PATHS, "*", "http://169.254.169.254/latest/meta-data", "/a/ x", "\x7f"]:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
                answered = b"".join(iter(lambda: connection.recv(65_536), b""))
            head, _, body = answered.partition(b"\r\n\r\n")
            assert head.split(b" ")[1] in (b"400", b"403", b"404"), path
            assert body in (refusal.body, b"Invalid HTTP request received."), path
            assert b"server: uvicorn" not in head


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_nothing_can_be_done_but_reading(method, room, refusal):
    answered = room.get(raw(room.link(STORY, QUOTE)), method)
    assert (answered.status, answered.body) == (404, refusal.body)


@pytest.mark.parametrize("case", ["page", "refusal", "nothing", "gone", "original", "late"])
def test_every_answer_has_the_headers_that_keep_it_inert_and_private(case, room):
    targets = {
        "page": room.link(STORY, QUOTE), "refusal": "/a/x", "nothing": "/x",
        "gone": room.links.article(LinkTarget("f" * 16)), "late": room.links.answer("x"),
        "original": room.links.original(STORY.source.id),
    }  # fmt: skip
    answered = room.get(targets[case])
    framing = {"content-security-policy": HEADERS["content-security-policy"] + "; frame-src 'self'"}
    wanted = HEADERS | framing if case == "original" else HEADERS
    assert {name: answered.headers.get(name) for name in HEADERS} == wanted
    assert "set-cookie" not in answered.headers
    assert "<style" not in answered.text
    assert "style=" not in answered.text
    assert not re.search(r"<[^>]*\son\w+\s*=", answered.text)


def test_the_stylesheet_and_the_script_may_be_kept(room):
    for name, kind in (("room.css", "text/css"), ("room.js", "text/javascript"), ("ask.js", "text/javascript")):
        answered = room.get(f"/static/{name}?0")
        assert (answered.status, answered.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert "immutable" in answered.headers["cache-control"]
        assert answered.headers["x-content-type-options"] == "nosniff"


# --- the secret ---


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path):
    found: list[str] = []
    gate = threading.Barrier(16)

    def ask():
        gate.wait()
        found.append(secret(tmp_path / "data"))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 16
    assert len(found[0]) >= 43
    path = tmp_path / "data" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert secret(tmp_path / "data") == found[0]
    assert secret(tmp_path / "other") != found[0]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40], ids=["empty", "short", "no-text"])
def test_a_damaged_secret_is_named_with_what_to_do(content, tmp_path):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(SettingsError, match=NAME):
        secret(tmp_path)


def test_a_secret_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match="NEWSDESK_WEB__SECRET"):
        secret(tmp_path / "data")
