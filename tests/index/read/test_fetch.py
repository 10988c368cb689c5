"""Fetching: what a visitor of the web may reach, how it behaves there, and what it says when something stands in its
way.
"""

from __future__ import annotations

import gzip
import itertools
import os
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from ipaddress import ip_network

import pytest
from web_server import Clock, Reply, page_of, site, visitor

from index.errors import PageError, StopRequested
from index.read.connections import may_connect
from index.read.web import Known, checked, media_type, shown


@pytest.fixture
def web():
    with site() as server:
        yield server


def refusal(url: str, visit=None, **options) -> PageError:
    with pytest.raises(PageError) as caught:
        (visit or visitor(**options)).get(url)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    return caught.value


# --- addresses

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808", "::ffff:8.8.8.8"]
PRIVATE = """
    127.0.0.1 127.8.8.8 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
    100.100.100.200 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 168.63.129.16 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
    ff0e::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2001::1 2001:0:1:2:3:4:5:6 100::1
""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_reached(address):
    assert may_connect(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_not_be_reached(address):
    assert not may_connect(address)


def test_a_private_network_that_is_named_may_be_reached_and_no_other():
    allowed = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
    assert all(may_connect(address, allowed) for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"))
    assert not any(
        may_connect(address, allowed)
        for address in ("10.2.0.1", "127.0.0.1", "169.254.169.254", "::ffff:10.2.0.1", "64:ff9b::a02:1", "fc00::1")
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "127.0.0.1.",
    ],
)
def test_this_machine_is_refused_however_it_is_written(web, host):
    port = web.server_address[1]
    said = str(refusal(f"http://{host}:{port}/", private=()))
    assert "private network" in said or "no host" in said or "not a web address" in said
    assert "private network" in str(refusal(f"http://127.0.0.1:{port}/", private=()))
    assert web.asked == []


def test_the_connection_goes_to_the_address_that_was_checked(web):
    """A name server that says 127.0.0.1 at first and something else ever after is asked once a connection, so there is
    nothing to gain.
    """
    port = web.server_address[1]
    web.story("/a", "grain")
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    fetched = visitor(resolve=resolve).get(f"http://news.example:{port}/a")
    assert b"grain" in fetched.body
    assert asked == ["news.example"] * 2  # robots.txt and the page: one connection each
    assert {headers["host"] for _, headers in web.asked} == {f"news.example:{port}"}


def test_a_name_that_turns_private_between_two_connections_is_refused(web):
    port = web.server_address[1]
    web.story("/a", "grain")
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    only_first = [ip_network("127.0.0.1/32")]
    said = refusal(f"http://news.example:{port}/a", private=only_first, resolve=lambda host, port: next(answers))
    assert "private network" in str(said)
    assert [path for path, _ in web.asked] == ["/robots.txt"]


def test_of_several_addresses_only_allowed_ones_are_tried(web):
    port = web.server_address[1]
    web.story("/a", "grain")
    tried = []
    real = socket.create_connection
    resolve = lambda host, port: ["10.0.0.1", "169.254.169.254", "127.0.0.1"]  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket,
            "create_connection",
            lambda address, *rest, **more: tried.append(address[0]) or real(address, *rest, **more),
        )
        assert visitor(resolve=resolve).get(f"http://news.example:{port}/a")
    assert set(tried) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "//192.168.0.1/x", "http://[fd00::1]:8080/"],
)
def test_a_redirect_into_a_private_network_is_refused(web, target):
    web.pages["/a"] = Reply(status=302, headers={"Location": target})
    assert "private network" in str(refusal(f"{web.url}/a"))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("file:///etc/passwd", "not a web address"),
        ("ftp://example.org/x", "not a web address"),
        ("javascript:alert(1)", "not a web address"),
        ("gopher://x:70/_", "not a web address"),
        ("http://user:secret@example.org/", "user name or password"),
        ("http://example.org:25/", "port 25"),
        ("http://[::1", "not a web address"),
        ("http://[zz]/", "not a web address"),
        ("http:///x", "not a web address"),
    ],
)
def test_what_is_no_web_address_is_refused_from_the_user_and_from_a_redirect(web, target, said):
    assert said in str(refusal(target))
    web.pages["/a"] = Reply(status=301, headers={"Location": target})
    error = refusal(f"{web.url}/a")
    assert (
        said in str(error) or "not a web address" in str(error) or target == "http:///x"
    )  # a path of the same site, says RFC 3986
    assert "secret" not in str(error)


def test_proxies_of_the_environment_are_not_used(web, monkeypatch):
    web.story("/a", "grain")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert visitor().get(f"{web.url}/a")


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("https://ann:secret@example.org/a?token=1", "https://example.org/a?token=1"),
        ("https://example.org/a", "https://example.org/a"),
        ("https://secret@[::1/a", "[::1/a"),
    ],
)
def test_a_password_in_an_address_is_never_shown(given, printed):
    assert shown(given) == printed


def test_an_address_is_asked_for_without_its_fragment():
    assert str(checked(" https://Example.org/a b?q=ü#part ")) == "https://example.org/a%20b?q=%C3%BC"


# --- what a site may answer

ANSWERS = [
    pytest.param(Reply(status=401), "save the page and ingest the file", True, id="401"),
    pytest.param(Reply(status=403), "save the page and ingest the file", True, id="403"),
    pytest.param(Reply(status=404), "not there (404)", True, id="404"),
    pytest.param(Reply(status=410), "not there (410)", True, id="410"),
    pytest.param(Reply(status=418), "status 418", True, id="418"),
    pytest.param(Reply(status=429, headers={"Retry-After": "120"}), "wait 120 seconds", False, id="429"),
    pytest.param(
        Reply(status=429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        "wait until Wed, 21 Oct",
        False,
        id="429-date",
    ),
    pytest.param(Reply(status=503), "too busy (503); run again later", False, id="503"),
    pytest.param(Reply(status=500), "error of its own (500)", False, id="500"),
    pytest.param(Reply(status=204), "status 204", False, id="204"),
    pytest.param(Reply(status=304), "status 304", False, id="304-unasked"),
    pytest.param(Reply(status=302), "status 302", False, id="redirect-to-nowhere"),
    pytest.param(Reply(b"x" * 200_001), "MB an article may have (NEWSDESK_INGEST__MAX_MB)", True, id="too-large"),
    pytest.param(
        Reply(iter([b"x" * 65_536] * 10)),
        "MB an article may have (NEWSDESK_INGEST__MAX_MB)",
        True,
        id="too-large-unannounced",
    ),
    pytest.param(Reply(b"x", headers={"Content-Encoding": "br"}), "packed as br", True, id="brotli"),
    pytest.param(
        Reply(b"x", headers={"Content-Encoding": "gzip, gzip"}), "packed as gzip, gzip", True, id="packed-twice"
    ),
    pytest.param(Reply(b"not gzip", headers={"Content-Encoding": "gzip"}), "damaged gzip", False, id="damaged-gzip"),
    pytest.param(
        Reply(gzip.compress(os.urandom(5_000))[:-3_000], headers={"Content-Encoding": "gzip"}),
        "broke off",
        False,
        id="gzip-cut",
    ),
]


@pytest.mark.parametrize(("reply", "said", "lasting"), ANSWERS)
def test_every_refusal_is_a_sentence_that_says_what_to_do(web, reply, said, lasting):
    web.pages["/a"] = reply
    error = refusal(f"{web.url}/a")
    assert said in str(error)
    assert error.lasting == lasting


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_page_is_unpacked(web, packing):
    text = page_of("grain", "T").encode() * 50
    web.pages["/a"] = Reply(
        gzip.compress(text[:1_000]) + gzip.compress(text[1_000:]) + b"\0\0", headers={"Content-Encoding": packing}
    )
    assert visitor().get(f"{web.url}/a").body == text


def test_a_gzip_bomb_is_stopped_at_the_limit(web):
    import tracemalloc

    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(150)) + packer.flush()  # 150 MB in 150 kB
    assert len(bomb) < 200_000
    web.pages["/a"] = Reply(bomb, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        assert "MB an article may have" in str(refusal(f"{web.url}/a"))
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_megabytes_that_unpack_to_nothing_are_stopped_too(web):
    web.pages["/a"] = Reply(gzip.compress(b"") * 20_000, headers={"Content-Encoding": "gzip"})  # 400 kB
    assert "MB an article may have" in str(refusal(f"{web.url}/a"))


def test_bytes_that_trickle_forever_come_to_an_end(web):
    hung_up = threading.Event()

    def trickle():
        try:
            for _ in itertools.count():
                yield b"x"
                hung_up.wait(0.01)
        finally:
            hung_up.set()

    web.pages["/a"] = Reply(trickle())
    error = refusal(f"{web.url}/a", limits={"seconds": 0.3})
    assert str(error) == "the page had not come after 0.3 seconds; run again later"
    assert not error.lasting


def test_headers_that_trickle_forever_come_to_an_end(web):
    hung_up = threading.Event()

    def headers(handler):
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not hung_up.wait(0.01):
                handler.wfile.write(b"X: y\r\n")
        except OSError:
            hung_up.set()

    web.pages["/a"] = headers
    assert "after 0.3 seconds" in str(refusal(f"{web.url}/a", limits={"seconds": 0.3}))
    assert hung_up.wait(5)


def test_a_server_that_falls_silent_is_left(web):
    done = threading.Event()
    web.pages["/a"] = lambda handler: done.wait(10)
    try:
        assert "sent nothing for 0.2 seconds" in str(refusal(f"{web.url}/a", limits={"idle": 0.2}))
    finally:
        done.set()


def test_a_stop_ends_a_page_that_is_slow_to_come(web):
    done, stop = threading.Event(), threading.Event()

    def silent(handler):
        stop.set()
        done.wait(10)

    web.pages["/a"] = silent
    try:
        with pytest.raises(StopRequested):
            visitor(stopped=stop.is_set, limits={"seconds": 60, "idle": 60}).get(f"{web.url}/a")
    finally:
        done.set()


def test_a_connection_that_breaks_off_is_told(web):
    web.pages["/a"] = Reply(b"", headers={"Content-Length": "100"})

    def broken(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    def nonsense(handler):
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    for reply in (broken, nonsense, lambda handler: None):
        web.pages["/a"] = reply
        error = refusal(f"{web.url}/a")
        assert "the connection broke off" in str(error)
        assert not error.lasting


def test_a_site_without_encryption_where_some_is_expected_is_told(web):
    error = refusal(web.url.replace("http://", "https://"))
    assert "no secure connection" in str(error)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes its certificate with openssl")
def test_a_certificate_is_checked_against_the_name_that_was_asked_for(web, tmp_path, monkeypatch):
    """The connection goes to a number, the certificate must be for the name."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
    ]
    subprocess.run(
        [*made, "-addext", "subjectAltName=DNS:news.example", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    web.socket = context.wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
    web.story("/a", "grain")
    url = f"https://news.example:{web.server_address[1]}/a"
    here = lambda host, port: ["127.0.0.1"]  # noqa: E731
    assert "no secure connection to news.example" in str(refusal(url, resolve=here))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert b"grain" in visitor(resolve=here).get(url).body
    assert "no secure connection to other.example" in str(refusal(url.replace("news.", "other."), resolve=here))


def test_no_such_host_and_no_network_are_told():
    def nowhere(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    error = refusal("https://no.example/story", resolve=nowhere)
    assert "no host no.example, or no network" in str(error)
    assert not error.lasting


def test_a_closed_port_is_told():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert f"(port {port}): it does not answer" in str(refusal(f"http://127.0.0.1:{port}/"))


# --- redirects and conditions


def test_redirects_are_followed_and_the_last_address_is_told(web):
    web.pages["/a"] = Reply(status=301, headers={"Location": "/b?x=1"})
    web.pages["/b?x=1"] = Reply(status=307, headers={"Location": "c#part"})
    web.story("/c", "grain")
    assert visitor().get(f"{web.url}/a").url == f"{web.url}/c"


def test_a_circle_of_redirects_ends(web):
    web.pages["/a"] = Reply(status=302, headers={"Location": "/a"})
    assert "redirects more than 5 times" in str(refusal(f"{web.url}/a"))
    assert web.paths == ["/a"] * 6


def test_an_unchanged_page_is_asked_for_with_conditions(web):
    web.story("/a", "grain", ETag='"v1"', **{"Last-Modified": "Mon, 03 Mar 2025 10:00:00 GMT"})
    first = visitor().get(f"{web.url}/a")
    assert visitor().get(f"{web.url}/a", Known(first.url, first.etag, first.last_modified)) is None
    assert web.asked[-1][1]["if-none-match"] == '"v1"'
    assert web.asked[-1][1]["if-modified-since"] == "Mon, 03 Mar 2025 10:00:00 GMT"


def test_conditions_go_only_to_the_address_they_came_from(web):
    web.pages["/a"] = Reply(status=302, headers={"Location": "/b"})
    web.story("/b", "grain", ETag='"v1"')
    first = visitor().get(f"{web.url}/a")
    web.pages["/a"] = Reply(status=302, headers={"Location": "/c"})
    web.story("/c", "salt", ETag='"v1"')
    second = visitor().get(f"{web.url}/a", Known(first.url, first.etag, first.last_modified))
    assert b"salt" in second.body


def test_the_visitor_says_who_it_is(web):
    web.story("/a", "grain")
    visitor().get(f"{web.url}/a")
    assert all(headers["user-agent"].startswith("newsdesk/") for _, headers in web.asked)
    assert all(headers["accept-encoding"] == "gzip" and "cookie" not in headers for _, headers in web.asked)


# --- robots.txt and manners


def test_robots_txt_is_read_once_and_obeyed(web):
    web.pages["/robots.txt"] = Reply(
        "User-agent: newsdesk\nDisallow: /private/*.html$\nUser-agent: *\nDisallow: /\n", kind="text/plain"
    )
    web.story("/a", "grain")
    visit = visitor()
    visit.get(f"{web.url}/a")
    error = refusal(f"{web.url}/private/x.html", visit)
    assert "robots.txt" in str(error)
    assert error.lasting
    assert [path for path, _ in web.asked] == ["/robots.txt", "/a"]


def test_robots_txt_is_obeyed_where_a_redirect_leads(web):
    web.pages["/robots.txt"] = Reply("User-agent: *\nDisallow: /b", kind="text/plain")
    web.pages["/a"] = Reply(status=302, headers={"Location": "/b"})
    assert "robots.txt" in str(refusal(f"{web.url}/a"))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_site_without_robots_txt_may_be_read(web, status):
    web.pages["/robots.txt"] = Reply(status=status)
    web.story("/a", "grain")
    assert visitor().get(f"{web.url}/a")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(status=503),
        Reply(status=429),
        Reply(b"x", headers={"Content-Encoding": "br"}),
        lambda handler: None,
    ],
)
def test_a_site_whose_robots_txt_cannot_be_had_is_not_read(web, reply):
    web.pages["/robots.txt"] = reply
    web.story("/a", "grain")
    visit = visitor()
    for _ in range(2):
        error = refusal(f"{web.url}/a", visit)
        assert "robots.txt, which says what may be read, could not be had" in str(error)
        assert not error.lasting
    assert [path for path, _ in web.asked] == ["/robots.txt"]


def test_robots_txt_may_be_a_redirect_and_of_any_size(web):
    web.pages["/robots.txt"] = Reply(status=301, headers={"Location": "/rules"})
    web.pages["/rules"] = Reply("User-agent: *\nDisallow: /b\n" + "# x\n" * 400_000, kind="text/plain")
    web.story("/a", "grain")
    visit = visitor()
    assert visit.get(f"{web.url}/a")
    assert "robots.txt" in str(refusal(f"{web.url}/b", visit))


def test_robots_txt_that_redirects_into_a_private_network_is_not_followed(web):
    web.pages["/robots.txt"] = Reply(status=302, headers={"Location": "http://10.0.0.1/"})
    web.story("/a", "grain")
    assert "private network" in str(refusal(f"{web.url}/a"))


@pytest.mark.parametrize(
    ("delay", "pause"), [("", 1), ("Crawl-delay: 4", 4), ("Crawl-delay: 3600", 10), ("Crawl-delay: 0.1", 1)]
)
def test_a_host_is_asked_one_page_after_the_other_with_a_pause(web, delay, pause):
    web.pages["/robots.txt"] = Reply(f"User-agent: *\n{delay}\n", kind="text/plain")
    web.story("/a", "grain")
    clock = Clock()
    visit = visitor(clock)
    for _ in range(3):
        visit.get(f"{web.url}/a")
    assert clock.slept == pytest.approx(2 * pause)


def test_a_stop_ends_a_pause(web):
    web.story("/a", "grain")
    clock = Clock()
    visit = visitor(clock, stopped=lambda: clock.slept > 0)
    visit.get(f"{web.url}/a")
    with pytest.raises(StopRequested):
        visit.get(f"{web.url}/a")
    assert clock.slept <= 0.5


def test_a_site_that_asks_for_rest_is_left_alone_for_the_run(web):
    web.pages["/a"] = Reply(status=429, headers={"Retry-After": "60"})
    web.story("/b", "grain")
    visit = visitor()
    refusal(f"{web.url}/a", visit)
    assert "left for the next run" in str(refusal(f"{web.url}/b", visit))
    assert web.paths == ["/a"]


def test_one_broken_page_does_not_keep_a_site_from_being_read_but_three_do(web):
    web.story("/good", "grain")
    visit = visitor()
    for number in range(3):
        assert visit.get(f"{web.url}/good")
        web.pages[f"/{number}"] = Reply(status=500)
        refusal(f"{web.url}/{number}", visit)
    assert "left for the next run" in str(refusal(f"{web.url}/good", visit))


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("text/html; charset=ISO-8859-1", ("text/html", "iso-8859-1")),
        ("TEXT/HTML", ("text/html", None)),
        ("", ("application/octet-stream", None)),
        ("nonsense", ("text/plain", None)),
        ('text/html;charset="utf-8"; x', ("text/html", "utf-8")),
    ],
)
def test_the_kind_of_content_is_read_from_its_header(header, read):
    assert media_type(header) == read
