"""A saved page to look at: what stays of it, and that nothing stays that does anything."""

from __future__ import annotations

import re

import pytest
from lxml import html

from index.read.html.inert import _KEPT, _VALUES, LARGEST, inert


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p>One <b>two</b> three.</p>", "<p>One <b>two</b> three.</p>"),
        ("<p>1 &lt; 2 &amp; 3</p>", "<p>1 &lt; 2 &amp; 3</p>"),
        ("<p><a href=/x title=y>on</a></p>", "<p><a>on</a></p>"),
        ("<h2 id=c class=d>On</h2>", "<h2>On</h2>"),
        ("<p>a<script>b</script>c<style>d</style>e</p>", "<p>ace</p>"),
        ("<p>a<img src=x alt=' A  ship '>b</p>", '<p>a<span class="picture">A ship</span>b</p>'),
        ("<p>a<img src=x>b</p>", "<p>ab</p>"),
        (
            "<p>a<picture><source srcset=x><img alt=ship></picture>b</p>",
            '<p>a<span class="picture">ship</span>b</p>',
        ),
        ("<p>a<embed src=x>b</p>", "<p>ab</p>"),
        ("<x-card>a<p>b</p></x-card>", "a<p>b</p>"),
        ("<form action=x><fieldset><p>a</p></fieldset></form>", "<div><div><p>a</p></div></div>"),
        (
            "<table><tr><td colspan=2 rowspan=9999 onclick=x>a</td></tr></table>",
            '<table><tr><td colspan="2">a</td></tr></table>',
        ),
        ("<ol start=3><li value=7 dir=rtl>a</li></ol>", '<ol start="3"><li dir="rtl" value="7">a</li></ol>'),
        ("<p start=3 lang='en\" onclick=x'>a</p>", "<p>a</p>"),
        ("<pre>a\n  b</pre>", "<pre>a\n  b</pre>"),
        ("<p>paid \u202eecnanif</p>", "<p>paid ecnanif</p>"),
        ("<p>a<!-- b --><?c d?>e<br>f</p>", "<p>ae<br>f</p>"),
        ("<svg><text>a</text></svg>", "a"),
    ],
)
def test_words_and_structure_stay_and_what_could_do_something_goes(source, shown):
    assert inert(f"<html><body>{source}</body></html>") == f"<div>{shown}</div>"


def test_a_page_without_a_body_is_shown_from_its_first_word():
    shown = html.document_fromstring(inert("<title>t</title><nav>Home</nav><main><h1>Ship</h1></main><p>End</p>"))
    assert [item.text for item in shown.iter("nav", "h1", "p")] == ["Home", "Ship", "End"]


def test_the_place_where_the_article_begins_has_a_name():
    assert inert("<div>menu</div><main>a<h1>b</h1><h1>c</h1></main>").count('<h1 id="start">b</h1>') == 1
    assert '<article id="start">' in inert("<div>menu</div><article id=x>a</article>")
    assert 'id="' not in inert("<div id=start>menu</div>")


def test_what_is_no_page_too_large_or_too_deep_is_not_shown():
    assert inert("") is None
    assert inert("<p>" + "x" * LARGEST) is None
    assert inert("<div>" * 3_000 + "x") is None


def test_only_attributes_of_the_list_are_written():
    names = ["href", "src", "srcset", "style", "onload", "id", "name", "target", "action", "background", "is", *_VALUES]
    source = "".join(f"<{tag} {name}='1'>x</{tag}>" for tag in ("p", "a", "td", "li", "x-a") for name in names)
    written = {name for item in html.fromstring(inert(source)).iter() for name in item.attrib}
    assert written - {"id"} <= _VALUES.keys()


NAMES = {("class", "picture"), ("id", "start")}
HOSTILE = [
    "<svg><script>x()</script></svg>",
    "<svg/onload=x()>",
    "<math><mi//xlink:href='data:x,<script>x()</script>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=x()>",
    "<noscript><p title='</noscript><img src=x onerror=x()>'>",
    "<title></title><img src=x onerror=x()>",
    "<style></style><img src=x onerror=x()>",
    "<style><!--</style><img src=x onerror=x()>-->",
    "<textarea></textarea><img src=x onerror=x()>",
    "<xmp><img src=x onerror=x()></xmp>",
    "<plaintext><img src=x onerror=x()>",
    "<iframe srcdoc='<script>x()</script>'></iframe>",
    "<object data='javascript:x()'></object>",
    "<a href='java\tscript:x()'>on</a>",
    "<a href='&#106;avascript:x()'>on</a>",
    "<form><button formaction='javascript:x()'>on</button></form>",
    "<input autofocus onfocus=x()>",
    "<details open ontoggle=x()>on</details>",
    "<video><source onerror=x()></video>",
    "<p/onclick=x()/style=background:url(x)>on</p>",
    "<p onclick\n=\n'x()'>on</p>",
    "<p lang='en\" onclick=\"x()'>on</p>",
    "<td colspan='2\" onclick=\"x()'>on</td>",
    "<<p>script>x()<</p>/script>",
    "<scr<script>ipt>x()</script>",
    "<script>x()//<p>on",
    "<!--><img src=x onerror=x()>-->",
    "<![CDATA[<img src=x onerror=x()>]]>",
    "<?xml-stylesheet href='x'?>",
    "<p\x00 onclick=x()>o\x00n</p>",
    "\ufeff<p \u2028onclick=x()>on</p>",
    "&lt;img src=x onerror=x()&gt;",
    "<template><img src=x onerror=x()></template>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>x()</x:script>",
    "<base href='//x.example/'><a href=y>on</a>",
    "<meta http-equiv=refresh content='0;url=//x.example'>",
    "<link rel=stylesheet href=//x.example>",
    "<body background=//x.example onload=x()>on</body>",
    "<img alt='\"><script>x()</script>'>",
    "<table background=//x.example><tr><td>on</td></tr></table>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_pages_become_words(source):
    for shown in (inert(f"<p>before</p>{source}<p>after</p>"), inert(source)):
        found = html.document_fromstring(f"<body>{shown}</body>")
        for item in found.iter():
            assert item.tag in ("html", "body", "head") or item.tag in _KEPT
            assert all(name in _VALUES or (name, value) in NAMES for name, value in item.items())
        assert not re.search(r"<[^>]*(?:script|onerror|onclick|//)", shown or "")
