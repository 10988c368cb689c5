"""The page that an article was saved as, in a real browser: it is seen, and nothing in it runs, loads or leads away.

SHOTS=FOLDER keeps pictures of the pages.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import NEEDED, SIZES, Reader, Readers, chromium, keep_pictures, violations
from lxml import html
from reading_room import ReadingRoom, article

from index.articles import digest_of

pytestmark = NEEDED

HOSTILE = """<!doctype html><html manifest="{there}/m" lang="en"><head>
<base href="{there}/" target="_top">
<meta http-equiv="refresh" content="0;url={there}/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="{there}/a.css"><link rel="preload" as="image" href="{there}/b.png">
<link rel="preconnect" href="{there}"><link rel="dns-prefetch" href="{there}"><link rel="prefetch" href="{there}/c">
<link rel="prerender" href="{there}/d"><link rel="icon" href="{there}/e.ico">
<link rel="modulepreload" href="{there}/f.js">
<style>@import url({there}/g.css); body {{ background: url({there}/h.png) }}
@font-face {{ font-family: x; src: url({there}/i.woff) }} p {{ font-family: x }}</style>
<script>window.top.pwned = 1; fetch("{there}/j")</script><script src="{there}/k.js"></script>
<script type="speculationrules">{{"prefetch": [{{"source": "list", "urls": ["{there}/l"]}}]}}</script>
<title></title><script>window.top.pwned = 2</script></title></head>
<body onload="window.top.pwned = 3" style="background: url({there}/m.png)" background="{there}/n.png">
<h1>The ship leaves</h1><h2>At noon</h2>
<p dir="rtl" onclick="window.top.pwned = 4" id="c" class="x">The ship left on <a href="{there}/o" ping="{there}/p"
target="_top">Monday</a>, <a href="javascript:window.top.pwned=5">he said</a>.</p>
<img src="{there}/q.png" srcset="{there}/r.png 2x" alt="A ship at sea" onerror="window.top.pwned = 6">
<picture><source srcset="{there}/s.png"><img src="{there}/t.png" alt="&lt;script&gt;A quay&lt;/script&gt;"></picture>
<iframe src="{there}/u" srcdoc="<script>window.top.pwned = 7</script>"></iframe><object data="{there}/v"></object>
<embed src="{there}/w"><video src="{there}/x" poster="{there}/y.png" autoplay></video>
<audio src="{there}/z" autoplay></audio>
<svg onload="window.top.pwned = 8"><image href="{there}/aa.png"/><use href="{there}/bb.svg#x"/><a href="{there}/cc">
<text>go</text></a>
<foreignObject><img src="{there}/dd.png"></foreignObject></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=window.top.pwned=9&gt;">
</mtext></math>
<form action="{there}/ee" target="_top">
<input name="q" type="image" src="{there}/ff.png" autofocus onfocus="window.top.pwned = 10">
<button formaction="{there}/gg">Send the form</button></form>
<noscript><p title="</noscript><img src={there}/hh.png onerror=window.top.pwned=11>">x</p></noscript>
<table background="{there}/ii.png"><tr><td colspan="2" style="background: url({there}/jj.png)">12 crew</td></tr>
</table>
<textarea><img src={there}/kk.png></textarea><template><img src={there}/ll.png></template>
<x-card onclick="window.top.pwned = 12">Timber was dear.</x-card>
<plaintext>&lt;script&gt;window.top.pwned = 13&lt;/script&gt;
"""


@pytest.fixture(scope="module")
def connections() -> Iterator[tuple[str, list[str]]]:
    """The address of somebody who wants to be asked, and who asked them."""
    asked: list[str] = []
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def wait() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, (host, _) = listening.accept()
                    connection.close()
                    asked.append(host)

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def saved(room: ReadingRoom, folder: Path, source: str, number: int = 1) -> str:
    """Put an article that was read from a page into the room and return the link to its original."""
    path = folder / f"page{number}.html"
    path.write_text(source)
    item = article("The ship left on Monday, he said.", f"{number:x}" * 16, path=str(path))
    room.put(item, digest=digest_of(path.read_bytes()))
    return room.links.original(item.source.id)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    room = ReadingRoom(tmp_path_factory.mktemp("room"))
    with room.served() as url, chromium() as browser:
        yield Readers(browser, url, room)


@pytest.fixture
def readers(started: Readers) -> Iterator[Readers]:
    yield started
    started.close()


def framed(reader: Reader) -> tuple[str, str]:
    """The words in the frame of a page, and its address."""
    frame = reader.page.frames[1]
    return reader.page.frame_locator("iframe").locator("body").inner_text(), frame.url


@pytest.mark.parametrize("size", SIZES)
def test_nothing_in_a_saved_page_runs_loads_or_leads_away(size, readers, connections, tmp_path):
    there, connected = connections
    reader = readers(saved(readers.room, tmp_path, HOSTILE.format(there=there)), size)
    reader.page.wait_for_load_state("networkidle")
    words, address = framed(reader)
    assert address.startswith(f"{readers.url}/p/")
    for seen in ("The ship leaves", "At noon", "Monday", "A ship at sea", "<script>A quay</script>", "12 crew"):
        assert seen in words
    frame = reader.page.frame_locator("iframe")
    for element in ("Monday", "he said", "Send the form", "The ship left on"):
        frame.get_by_text(element).first.click()
    assert reader.page.evaluate("window.pwned") is None
    assert [each for each in reader.asked if not each.startswith(readers.url)] == []
    assert connected == []
    assert reader.told == []
    assert framed(reader)[1] == address
    assert reader.page.url.startswith(f"{readers.url}/o/")
    keep_pictures(reader, f"original-hostile-{size}")


def test_a_saved_page_opened_by_itself_does_nothing_either(readers, connections, tmp_path):
    there, connected = connections
    reader = readers(saved(readers.room, tmp_path, HOSTILE.format(there=there)))
    alone = readers(reader.page.locator("iframe").get_attribute("src"))
    alone.page.wait_for_load_state("networkidle")
    alone.page.get_by_text("Send the form").click()
    assert "Timber was dear." in alone.page.locator("body").inner_text()
    assert [each for each in alone.asked if not each.startswith(readers.url)] == []
    assert connected == []
    assert alone.told == []
    source = html.document_fromstring(alone.page.content())
    assert {name for item in source.iter("*") for name in item.attrib} <= {
        "id", "lang", "charset", "name", "content", "dir", "tabindex", "class", "colspan",
    }  # fmt: skip
    assert there not in alone.page.content()


def test_another_site_cannot_frame_a_saved_page(readers, tmp_path):
    reader = readers(saved(readers.room, tmp_path, "<h1>The ship leaves</h1><p>The ship left."))
    frame = reader.page.locator("iframe").get_attribute("src")
    (tmp_path / "theirs.html").write_text(f"<iframe src='{readers.url}{frame}'></iframe>")
    theirs = readers((tmp_path / "theirs.html").as_uri())
    assert any("frame-ancestors" in each for each in theirs.told)


PLAIN = (
    "<html lang=en><title>The ship leaves</title><nav><ul><li><a href=/a>Home</a><li><a href=/b>Sea</a></ul></nav>"
    "<main><article><h1>The ship leaves</h1><p>By <b>Ann Lee</b></p><figure><img src=a.png alt='The ship at the quay'>"
    "<figcaption>Bound south.</figcaption></figure><p>The ship left on Monday, he said.</p><h2>Dear timber</h2>"
    "<p>Timber was <em>dear</em>.</p><table><tr><th>Crew<th>Days<tr><td>12<td>40</table></article></main>"
    + "<p>One more line of this page.</p>"
    * 40
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_page_is_seen_and_axe_finds_nothing_serious(scheme, size, readers, tmp_path):
    link = saved(readers.room, tmp_path, PLAIN)
    reader = readers(link, size, color_scheme=scheme)
    inside = reader.page.frame_locator("iframe").locator("body")
    inside.get_by_role("heading", name="Dear timber").wait_for()
    # Measured inside the frame, in one call: the page around it may still move between two.
    assert 0 <= inside.locator("h1").evaluate("h1 => h1.getBoundingClientRect().top") < 40  # the menu is left out
    assert reader.page.evaluate("scrollY") == 0
    assert ("24, 24, 23" in inside.evaluate("body => getComputedStyle(body).backgroundColor")) == (scheme == "dark")
    assert reader.page.get_by_label("The source of the page").is_hidden()
    reader.page.get_by_text("Its source, as text").click()
    assert "<h2>Dear timber</h2>" in reader.page.get_by_label("The source of the page").inner_text()
    keep_pictures(reader, f"original-page-{size}")
    assert violations(readers(link, size, color_scheme=scheme)) == []
    assert inside.evaluate("body => document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_the_keyboard_scrolls_a_saved_page(readers, tmp_path):
    reader = readers(saved(readers.room, tmp_path, PLAIN), "phone")
    keyboard = reader.page.keyboard
    for _ in range(3):
        keyboard.press("Tab")
    reader.page.evaluate(  # the page forbids eval, so wait_for_function fails where it has to wait
        "new Promise(done => { const look = () =>"
        " document.activeElement.tagName === 'IFRAME' ? done() : requestAnimationFrame(look); look(); })"
    )
    inside = reader.page.frames[1]
    assert inside.evaluate("document.activeElement === document.body")
    keyboard.press("End")
    for _ in range(500):  # it slides there
        reader.page.evaluate("new Promise(requestAnimationFrame)")
        if inside.evaluate("scrollY") > 100:
            return
    pytest.fail("it does not scroll")
