"""The question box: asking in the browser, the page of the answer, who may ask, how often, and what forms take."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from asking_room import HERE, AskingRoom, ask, fields, in_room, page, served_room, texts
from newsroom import question

from bot.admin.usage import usage
from bot.journal.journal import Journal, journal_at
from bot.reply import NOT_SAID, UNSURE
from web.links import SignedLinks

pytestmark = pytest.mark.usefixtures("own_journal")

STRANGE = [
    "<script>window.pwned = 1</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "</title><svg/onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
    "javascript:alert(1)",
    "\u202egnp.exe \u2066isolated\u2069",
    "&lt;b&gt; &#60;i&#62; %3Cu%3E",
    "line\r\nset-cookie: a=b",
    "\x00\x1b[31mred\x07",
    "ship1 😀 Łódź 東京 ‮",
    "<!--<script>-->]]><![CDATA[",
]


def test_the_first_page_has_one_field_examples_and_the_newest_articles():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        found = page(await browser.get("/"))
        assert len(found.cssselect("input:not([type=hidden]), textarea, select")) == 1
        assert texts(found, "label") == ["Ask the articles"]
        assert "3 articles" in texts(found, "#about")[0]
        assert texts(found, ".newest a") == [f"A new voyage for ship{number} begins" for number in (1, 2, 3)]
        for item in found.cssselect(".newest a"):
            assert (await browser.get(item.get("href"))).status_code == 200
        examples = texts(found, ".examples button")
        assert len(examples) <= 3
        assert [item.get("value") for item in found.cssselect(".examples button")] == examples
        for example in examples:
            assert texts(page(await ask(browser, example)), ".sources mark")

    in_room(scenario)


def test_a_question_leads_to_the_page_of_its_answer_and_the_journal_has_it():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        shown = await ask(browser, f"  {question(1)} ")
        assert shown.request.method == "GET"
        assert shown.url.path.startswith("/q/")
        found = page(shown)
        assert texts(found, "h1") == [question(1)]
        quotes = texts(found, ".sources mark.cited")
        assert quotes
        assert "a1v1" in quotes[0]
        assert quotes[0] in texts(found, ".answer")[0]
        excerpt = texts(found, ".excerpt")[0]
        assert quotes[0] in excerpt
        assert len(excerpt) > len(quotes[0])
        opened = page(await browser.get(found.cssselect(".sources h3 a")[0].get("href")))
        assert " ".join(texts(opened, "mark.cited")) == quotes[0]
        [entry] = room.asked()
        assert (entry.kind, entry.text, entry.state) == ("web", question(1), "answered")
        assert entry.asked <= entry.finished
        journal = Journal(journal_at(None, room.settings.data_dir), to_read=True)
        today = datetime.now(UTC).date()
        counted = usage(journal, None, today - timedelta(days=1), today + timedelta(days=1))
        assert (counted["questions"], counted["people"], counted["answered"]) == (1, 1, 1)
        assert journal.threads_since(0) == []
        journal.close()

    in_room(scenario)


def test_what_the_articles_do_not_say_is_not_answered():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        found = page(await ask(browser, "Which merchants of harbour2 were arrested for smuggling?"))
        assert texts(found, ".answer p")[0] in (NOT_SAID, UNSURE)
        assert texts(found, ".sources:not(.closest)") == []

    in_room(scenario)


def test_a_further_question_is_understood_by_those_before_it_and_each_branch_by_its_own():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        first = await ask(browser, question(1))
        here = str(first.url.raw_path, "ascii")
        second = await ask(browser, "What did the captain of ship2 say about it?", here)
        assert "a2v1" in texts(page(second), ".sources mark")[0]
        third = await ask(browser, "What did the captain of ship3 say about it?", str(second.url.raw_path, "ascii"))
        assert "a3v1" in texts(page(third), ".sources mark")[0]
        assert texts(page(third), "nav a") == [question(1), "What did the captain of ship2 say about it?"]
        assert (await browser.get(page(third).cssselect("nav a")[0].get("href"))).status_code == 200
        assert texts(page(await ask(browser, "When did he say that?", here)), ".sources mark")
        other = await ask(browser, "What did the captain of ship3 say about it?", here)
        assert texts(page(other), "nav a") == [question(1)]

    in_room(scenario)


def test_a_vote_and_its_reason_are_stored():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        shown = await ask(browser, question(1))
        here = str(shown.url.raw_path, "ascii")
        form = fields(page(shown), "form.vote")
        for sent, led in (
            ({"vote": "up"}, "#thanks"),
            ({"vote": "down"}, "#why"),
            ({"vote": "down", "reason": "it is an <old> one"}, "#thanks"),
        ):
            answered = await browser.post(here, data={**form, **sent})
            assert (answered.status_code, answered.headers["location"]) == (303, here + led)
        assert page(shown).cssselect("#why, #thanks")
        journal = Journal(journal_at(None, room.settings.data_dir), to_read=True)
        [vote] = journal.usage.votes_between(0, 2e10)
        assert vote == {"vote": "down", "reason": "it is an <old> one", "text": question(1)}
        journal.close()
        before = len(room.asked())
        assert (await browser.post(here, data={**form, "vote": "sideways"})).headers["location"] == here
        assert (await browser.post(here[:-3], data={**form, "vote": "up"})).status_code == 403
        assert len(room.asked()) == before

    in_room(scenario)


def test_a_shared_answer_is_read_without_forms_by_those_who_may_not_ask():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        shown = await ask(browser, question(1))
        async with room.browser("https://elsewhere.example") as stranger:
            seen = await stranger.get(str(shown.url.raw_path, "ascii"))
            assert texts(page(seen), "h1") == [question(1)]
            assert page(seen).cssselect("form, input, button") == []
            assert "form-action 'none'" in seen.headers["content-security-policy"]

    in_room(scenario)


# --- who may ask ---

LOCAL: dict[str, str] = {}
PASSWORD = {"NEWSDESK_WEB__PASSWORD": "open sesame", "NEWSDESK_WEB__HOST": "0.0.0.0"}
PROXY = {"NEWSDESK_WEB__USER_HEADER": "X-User", "NEWSDESK_WEB__HOST": "0.0.0.0"}
NOTHING = {"NEWSDESK_WEB__HOST": "0.0.0.0"}
BEHIND = {"NEWSDESK_WEB__URL": "https://newsdesk.example.org"}
THERE = "https://newsdesk.example.org"


@pytest.mark.parametrize(
    ("settings", "base", "headers", "status"),
    [
        (LOCAL, HERE, {}, 200),
        (LOCAL, "http://localhost:8080", {}, 200),
        (LOCAL, "http://[::1]:8080", {}, 200),
        (LOCAL, "http://rebound.example:8080", {}, 403),  # a name of another site that leads to this machine
        (LOCAL, "http://127.0.0.1.rebound.example", {}, 403),
        (LOCAL, HERE, {"x-forwarded-for": "203.0.113.5"}, 403),  # through a proxy that the settings do not know of
        (LOCAL, HERE, {"forwarded": "for=203.0.113.5"}, 403),
        (NOTHING, HERE, {}, 403),
        (NOTHING, THERE, {}, 403),
        (BEHIND, HERE, {}, 403),
        (BEHIND, THERE, {}, 403),
        (PASSWORD, HERE, {}, 401),
        (PASSWORD, THERE, {"authorization": "Basic"}, 401),
        (PASSWORD, THERE, {"authorization": "Basic \u00e9".encode("latin-1")}, 401),
        (PASSWORD, THERE, {"authorization": httpx.BasicAuth("ann", "open sesam")._auth_header}, 401),
        (PASSWORD, THERE, {"authorization": httpx.BasicAuth("ann", "open sesame ")._auth_header}, 401),
        (PASSWORD, THERE, {"authorization": "Bearer open sesame"}, 401),
        (PASSWORD, THERE, {"x-user": "ann"}, 401),
        (PASSWORD, THERE, {"authorization": httpx.BasicAuth("ann", "open sesame")._auth_header}, 200),
        (PROXY, THERE, {}, 403),
        (PROXY, HERE, {}, 403),
        (PROXY, THERE, {"x-user": " "}, 403),
        (PROXY, THERE, {"x-user": "ann"}, 200),
    ],
)
def test_only_those_may_ask_whom_the_settings_let_in(settings, base, headers, status, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    async def scenario(room: AskingRoom, _: httpx.AsyncClient) -> None:
        async with room.browser(base, headers=headers) as browser:
            answered = await browser.get("/")
            assert answered.status_code == status, answered.text
            user = "ann" if "x-user" in headers or "authorization" in headers else ""
            sent = await browser.post("/", data={"form": room.settings.signed_links().form(user), "q": question(1)})
            assert sent.status_code == (303 if status == 200 else status)
            if status == 200:
                assert [entry.user for entry in room.asked()] == [f"web:{user}"]
                return
            assert "ship" not in answered.text
            assert ("www-authenticate" in answered.headers) == (status == 401)
            assert "NEWSDESK_WEB__PASSWORD" in answered.text or status == 401
        assert not (room.settings.data_dir / "journal.sqlite3").exists()

    in_room(scenario)


def test_wrong_passwords_are_counted_and_after_many_the_right_one_waits_too(monkeypatch):
    for name, value in PASSWORD.items():
        monkeypatch.setenv(name, value)

    async def scenario(room: AskingRoom, _: httpx.AsyncClient) -> None:
        async with room.browser(address="203.0.113.5") as guesser, room.browser(address="203.0.113.6") as other:
            codes = [(await guesser.get("/", auth=("x", f"guess{number}"))).status_code for number in range(20)]
            assert set(codes) == {401}
            assert (await guesser.get("/", auth=("x", "open sesame"))).status_code == 401
            assert (await other.get("/", auth=("x", "open sesame"))).status_code == 200

    in_room(scenario)


def test_an_address_that_asks_too_often_waits_and_others_do_not(monkeypatch):
    monkeypatch.setenv("NEWSDESK_WEB__PER_MINUTE", "3")

    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        form = fields(page(await browser.get("/")))
        codes = [(await browser.post("/", data={**form, "q": question(1)})).status_code for _ in range(3)]
        assert codes == [303] * 3
        refused = await browser.post("/", data={**form, "q": question(1)})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await browser.get("/")).status_code == 200
        async with room.browser(address="127.0.0.2") as other:
            assert (await other.post("/", data={**form, "q": question(1)})).status_code == 303
        async with room.browser(address="2001:db8::1") as one, room.browser(address="2001:db8::2") as neighbour:
            for _ in range(3):
                await one.post("/", data={**form, "q": question(1)})
            assert (await neighbour.post("/", data={**form, "q": question(1)})).status_code == 429
        assert len(room.asked()) == 7

    in_room(scenario)


def test_behind_a_proxy_on_this_machine_questions_are_counted_by_the_address_it_names(monkeypatch):
    monkeypatch.setenv("NEWSDESK_WEB__PER_MINUTE", "1")
    monkeypatch.setenv("NEWSDESK_WEB__PASSWORD", "open sesame")
    with served_room() as url, httpx.Client(base_url=url, auth=("ann", "open sesame")) as browser:
        form = fields(page(browser.get("/")))
        codes = [
            browser.post("/", data={**form, "q": question(1)}, headers={"x-forwarded-for": address}).status_code
            for address in ("203.0.113.5", "203.0.113.6", "203.0.113.5")
        ]
        assert codes == [303, 303, 429]


# --- forms ---


def test_no_other_site_can_send_our_forms_and_no_other_person():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        links = room.settings.signed_links()
        tomorrow = datetime.now(UTC).date() + timedelta(days=2)
        old = SignedLinks("x" * 40, "", 30).form("")
        for form in ("", "x", old, links.form("somebody else"), links.answer("f").partition("?")[2]):
            sent = await browser.post("/", data={"form": form, "q": question(1)})
            assert sent.status_code == 403, form
        later = SignedLinks(
            (room.settings.data_dir / "web-secret").read_text().strip(), "", 30, lambda: tomorrow - timedelta(days=9)
        )
        assert (await browser.post("/", data={"form": later.form(""), "q": question(1)})).status_code == 403
        good = links.form("")
        as_json = json.dumps({"form": good, "q": question(1)})
        for body, kind in (
            (as_json, "application/json"),
            (as_json, "text/plain"),
            (f"form={good}&q=ship".replace("=", "\u00e9"), "application/x-www-form-urlencoded"),
            ("form=" + "x" * 40_000, "application/x-www-form-urlencoded"),
            ("&".join(f"a{number}=b" for number in range(50)), "application/x-www-form-urlencoded"),
        ):
            sent = await browser.post("/", content=body.encode(), headers={"content-type": kind})
            assert sent.status_code == 403
        for method in ("PUT", "DELETE", "PATCH"):
            assert (await browser.request(method, "/", data={"form": good, "q": "x"})).status_code == 404
        assert (await browser.get("/", params={"form": good, "q": question(1)})).status_code == 200
        assert not (room.settings.data_dir / "journal.sqlite3").exists()

    in_room(scenario)


def test_a_stream_is_sent_only_to_those_whose_form_would_be_taken(monkeypatch):
    monkeypatch.setenv("NEWSDESK_WEB__PER_MINUTE", "1")
    stream = {"accept": "text/event-stream"}

    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        form = room.settings.signed_links().form("")
        forged = await browser.post("/", data={"form": "x", "q": question(1)}, headers=stream)
        assert forged.status_code == 403
        async with room.browser("http://elsewhere.example") as stranger:
            assert (await stranger.post("/", data={"form": form, "q": question(1)}, headers=stream)).status_code == 403
        assert not (room.settings.data_dir / "journal.sqlite3").exists()
        sent = await browser.post("/", data={"form": form, "q": question(1)}, headers=stream)
        assert sent.headers["content-type"].startswith("text/event-stream")
        assert sent.headers["cache-control"] == "no-store"
        assert sent.headers["x-content-type-options"] == "nosniff"
        event, data = sent.text.strip().split("\n")
        assert event == "event: page"
        assert "a1v1" in texts(page(await browser.get(json.loads(data.removeprefix("data: ")))), ".sources mark")[0]
        again = await browser.post("/", data={"form": form, "q": question(1)}, headers=stream)
        assert again.status_code == 429
        assert len(room.asked()) == 1

    in_room(scenario)


def test_no_page_with_a_form_can_be_framed_or_sends_it_elsewhere():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        for answered in (await browser.get("/"), await ask(browser, question(1))):
            policy = answered.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "form-action 'self'" in policy
            assert "default-src 'none'" in policy
            assert "connect-src 'self'" in policy
            assert "unsafe" not in policy
            assert answered.headers["x-frame-options"] == "DENY"
            assert "access-control-allow-origin" not in answered.headers
            assert "set-cookie" not in answered.headers

    in_room(scenario)


@pytest.mark.parametrize("strange", STRANGE)
def test_what_is_asked_is_only_text_on_the_page(strange):
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        first = await ask(browser, f"{question(1)} {strange}")
        second = await ask(browser, strange, str(first.url.raw_path, "ascii"))
        for shown in (first, second):
            assert shown.status_code == 200
            assert page(shown).cssselect("script, img, svg, style, [onload], [onerror], [onfocus], [autofocus]") == []
            assert "set-cookie" not in shown.headers
        assert "<script>" not in first.text
        assert all(not 0x202A <= ord(char) <= 0x202E for char in first.text)
        assert "49" not in texts(page(second), "h1")[0]

    in_room(scenario)


def test_an_empty_question_asks_nothing_and_one_that_is_too_long_is_told_so():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        form = fields(page(await browser.get("/")))
        assert (await browser.post("/", data={**form, "q": " \n "})).headers["location"] == "/"
        assert (await browser.post("/", data=form)).headers["location"] == "/"
        assert "2,000 is the most" in texts(page(await ask(browser, "ship " * 500)), ".answer")[0]

    in_room(scenario)


def test_before_the_first_ingest_the_page_opens_and_says_that_there_are_no_articles(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "empty"))

    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/")).status_code == 503
        sent = await browser.post("/", data={"form": room.settings.signed_links().form(""), "q": question(1)})
        shown = await browser.get(sent.headers["location"])
        assert "There are no articles yet." in texts(page(shown), ".answer")[0]

    in_room(scenario)


def test_behind_a_path_of_a_proxy_links_and_forms_stay_under_it(monkeypatch):
    monkeypatch.setenv("NEWSDESK_WEB__URL", "https://example.org/newsdesk")
    for name, value in PASSWORD.items():
        monkeypatch.setenv(name, value)

    async def scenario(room: AskingRoom, _: httpx.AsyncClient) -> None:
        async with room.browser("https://example.org", auth=("ann", "open sesame")) as browser:
            form = fields(page(await browser.get("/")))
            sent = await browser.post("/", data={**form, "q": question(1)})
            there = sent.headers["location"]
            assert there.startswith("/newsdesk/q/")
            shown = await browser.get(there.removeprefix("/newsdesk"))
            assert "a1v1" in texts(page(shown), ".sources mark")[0]
            more = {**fields(page(shown), "form.vote"), "vote": "up"}
            voted = await browser.post(there.removeprefix("/newsdesk"), data=more)
            assert voted.headers["location"] == f"{there}#thanks"

    in_room(scenario)


def test_a_hundred_at_once_are_answered_in_their_order_and_hold_up_no_page():
    async def scenario(room: AskingRoom, browser: httpx.AsyncClient) -> None:
        home = page(await browser.get("/"))
        form, link = fields(home), home.cssselect(".newest a")[0].get("href")
        questions = [f"{question(number % 3 + 1)} ({number})" for number in range(100)]
        asking = [asyncio.create_task(browser.post("/", data={**form, "q": text})) for text in questions]
        read = 0
        while not all(task.done() for task in asking):
            opened = [await browser.get(path) for path in (link, "/")]
            assert {answered.status_code for answered in opened} == {200}
            read += 1
        assert read > 10
        for text, task in zip(questions, asking, strict=True):
            assert texts(page(await browser.get(task.result().headers["location"])), "h1") == [text]
        entries = room.asked()
        assert [entry.text for entry in entries] == questions
        ended = sorted(entries, key=lambda entry: entry.finished)
        # Two are answered at a time, so neighbours may change places.
        assert all(abs(questions.index(entry.text) - place) <= 3 for place, entry in enumerate(ended))

    in_room(scenario)
