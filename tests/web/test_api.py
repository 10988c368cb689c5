"""Asking and reading over HTTP: answers are as web/openapi.yaml says; who may ask, how often, what is refused."""

from __future__ import annotations

import json

import httpx
import jsonschema
import pytest
import yaml
from asking_room import HERE, AskingRoom, in_room
from hash_embedder import HashEmbedder
from newsroom import ROOT, question
from slack_room import answered, article, draft, headline, refused

import newsdesk
from bot.reply import Answer, NoAnswer

pytestmark = pytest.mark.usefixtures("own_journal")

TOKEN = "a token of this test alone"
THERE = "https://newsdesk.example.org"


async def described(program: httpx.AsyncClient, answered: httpx.Response, path: str, method: str) -> dict:
    """Return the JSON of an answer, which must be as the description says."""
    description = (await program.get("/api/openapi.json")).json()
    response = description["paths"][path][method]["responses"][str(answered.status_code)]
    if "$ref" in response:
        response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(answered.json(), {**schema, "components": description["components"]})
    found: dict = answered.json()
    return found


def test_a_question_is_answered_in_the_json_of_the_terminal_and_counted():
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        answered = await program.post("/api/ask", json={"question": question(1)})
        found = await described(program, answered, "/api/ask", "post")
        assert found["outcome"] == "answered"
        citation = found["citations"][0]
        article = (await program.get(f"/api/articles/{citation['article_id']}")).json()
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["path"] == "00001.txt"
        shown = await program.get(found["page"])
        assert all(line in shown.text for line in citation["quote"].splitlines())
        [entry] = room.asked()
        assert (entry.kind, entry.text, entry.id) == ("api", question(1), found["id"])
        refused = await program.post("/api/ask", json={"question": "Who won the regatta of Palermo?", "explain": True})
        assert (await described(program, refused, "/api/ask", "post"))["outcome"] == "refused"
        assert refused.json()["why"]
        assert str(room.settings.data_dir.parent) not in refused.text
        thread = {"question": "What did the captain of ship2 say about it?", "thread": [question(1)]}
        assert "a2v1" in (await program.post("/api/ask", json=thread)).json()["text"]

    in_room(scenario)


STORY = article("The harbour was full. The ship left on Monday, she said. Nobody waved.", "The ship leaves")


@pytest.mark.parametrize(
    ("reply", "outcome", "nearest"),
    [
        (answered("q", [draft(STORY, STORY.text, answering="Nobody waved.", speaker="she")]), "answered", []),
        (refused("q", [STORY], draft(STORY, STORY.text, answering="Nobody waved.")), "unsure", ["Nobody waved."]),
        (refused("q", [STORY], headline(STORY)), "unsure", ["The ship leaves"]),
        (refused("q", [STORY]), "refused", []),
    ],
    ids=["answered", "unsure", "unsure-headline", "refused"],
)
def test_every_outcome_is_as_described(reply, outcome, nearest):
    found = reply.as_json()
    description = yaml.safe_load((ROOT / "web" / "openapi.yaml").read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/Reply", "components": description["components"]}
    jsonschema.validate({"id": "1", "page": "/q/1", **found}, schema)
    assert (found["outcome"], [item["text"] for item in found["nearest"]]) == (outcome, nearest)
    for item in found["nearest"]:
        whole = STORY.source.title if item["place"] == "headline" else STORY.text
        assert whole[item["start"] : item["end"]] == item["text"]
    for item in found["citations"]:
        start, end = item["answering"]
        assert (STORY.text[start:end], item["speaker"]) == ("Nobody waved.", "she")
        assert found["text"] == f"she: {STORY.text} [1]"


def test_passages_are_found_and_articles_listed_and_read():
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        found = await described(
            program, await program.get("/api/search", params={"q": question(2), "limit": 2}), "/api/search", "get"
        )
        assert len(found["hits"]) == 2
        assert "ship2" in found["hits"][0]["text"]
        listed = await described(program, await program.get("/api/articles?limit=2"), "/api/articles", "get")
        assert (listed["total"], len(listed["articles"])) == (3, 2)
        rest = (await program.get("/api/articles?offset=2")).json()["articles"]
        ids = [item["id"] for item in [*listed["articles"], *rest]]
        assert len(set(ids)) == 3
        for id_ in ids:
            path = "/api/articles/{article}"
            read = await described(program, await program.get(f"/api/articles/{id_}"), path, "get")
            assert read["id"] == id_
            assert "captain" in read["text"]
        for path in ("/api/articles/nothing", "/api/articles/..%2f..%2fetc", "/api/", "/api/asks", "/api/ask/x"):
            missing = await program.get(path)
            assert (missing.status_code, list(missing.json())) == (404, ["error"]), path
        assert room.settings.data_dir.name not in (await program.get("/api/articles")).text

    in_room(scenario)


def test_the_description_names_every_route_and_no_other():
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        described = (await program.get("/api/openapi.json")).json()["paths"]
        served = {route.path for route in room.app.routes if route.path.startswith("/api/")}
        assert served == {*described, "/api/{anything:path}"}

    in_room(scenario)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"ship1"', b"\xff\xfe", b"[" * 60_000, b" " * 70_000, b'{"question": 3}',
        b'{"question": ""}',
        json.dumps({"question": "ship " * 500}).encode(),
        *(json.dumps({"question": "ship1", **more}).encode() for more in (
            {"since": "yesterday"}, {"until": 3}, {"today": "2025-13-01"}, {"thread": "ship2"}, {"thread": [1]},
            {"publisher": ["x"]}, {"limit": 3}, {"<b>": 1},
        )),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused_with_a_sentence(body):
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        sent = await program.post("/api/ask", content=body, headers={"content-type": "application/json"})
        assert sent.status_code == 422
        found = await described(program, sent, "/api/ask", "post")
        assert found["error"].endswith(".")
        assert room.asked() == [] if (room.settings.data_dir / "journal.sqlite3").exists() else True

    in_room(scenario)


@pytest.mark.parametrize(
    "query", ["", "q=", "q=ship1&limit=0", "q=ship1&limit=x", "q=ship1&limit=101", "q=ship1&since=x", "q=ship1&x=y"]
)
def test_a_search_that_cannot_be_is_refused_with_a_sentence(query):
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        await described(program, sent := await program.get(f"/api/search?{query}"), "/api/search", "get")
        assert sent.status_code == 422

    in_room(scenario)


def test_a_form_of_another_site_cannot_ask():
    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            sent = await program.post(
                "/api/ask", content=json.dumps({"question": question(1)}), headers={"content-type": kind}
            )
            assert sent.status_code == 422
            assert "access-control-allow-origin" not in sent.headers
        assert (await program.options("/api/ask", headers={"origin": "https://elsewhere.example"})).status_code == 404
        assert not (room.settings.data_dir / "journal.sqlite3").exists()

    in_room(scenario)


WITH = {"authorization": f"Bearer {TOKEN}"}
SET = {"NEWSDESK_WEB__TOKEN": TOKEN}
OPEN = {"NEWSDESK_WEB__HOST": "0.0.0.0"}
PASSWORD = {**OPEN, "NEWSDESK_WEB__PASSWORD": "open sesame"}
KNOWN = {"authorization": httpx.BasicAuth("ann", "open sesame")._auth_header}


@pytest.mark.parametrize(
    ("settings", "base", "headers", "status"),
    [
        ({}, HERE, {}, 200),
        ({}, THERE, {}, 403),
        ({}, HERE, {"x-forwarded-for": "203.0.113.5"}, 403),
        (OPEN, HERE, {}, 403),
        (OPEN, THERE, WITH, 403),
        (SET, HERE, {}, 401),
        (SET, HERE, {"authorization": "Bearer"}, 401),
        (SET, HERE, {"authorization": f"Bearer {TOKEN}x"}, 401),
        (SET, HERE, {"authorization": f"Basic {TOKEN}"}, 401),
        (SET, THERE, WITH, 200),
        ({**OPEN, **SET}, THERE, {}, 401),
        ({**OPEN, **SET}, THERE, WITH, 200),
        (PASSWORD, THERE, {}, 401),
        (PASSWORD, THERE, KNOWN, 200),
        ({**PASSWORD, **SET}, THERE, KNOWN, 200),
        ({**PASSWORD, **SET}, THERE, WITH, 200),
    ],
)
def test_only_programs_may_ask_that_the_settings_let_in(settings, base, headers, status, monkeypatch):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    async def scenario(room: AskingRoom, _: httpx.AsyncClient) -> None:
        async with room.browser(base, headers=headers) as program:
            sent = [
                await program.post("/api/ask", json={"question": question(1)}),
                *[
                    await program.get(path)
                    for path in (
                        "/api/search?q=ship1",
                        "/api/articles",
                        "/api/articles/x",
                        "/api/openapi.json",
                        "/api/x",
                    )
                ],
            ]
            wanted = [200, 200, 200, 404, 200, 404] if status == 200 else [status] * 6
            assert [answered.status_code for answered in sent] == wanted
            if status != 200:
                assert all("ship" not in answered.text for answered in sent)
            if settings.get("NEWSDESK_WEB__TOKEN") and settings.get("NEWSDESK_WEB__HOST") and len(settings) == 2:
                assert (await program.get("/")).status_code == 403  # a token opens no page

    in_room(scenario)


def test_questions_of_programs_and_browsers_are_counted_together_and_wrong_tokens_too(monkeypatch):
    monkeypatch.setenv("NEWSDESK_WEB__PER_MINUTE", "2")
    monkeypatch.setenv("NEWSDESK_WEB__TOKEN", TOKEN)

    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        form = {"form": room.settings.signed_links().form(""), "q": question(1)}
        assert (await program.post("/", data=form)).status_code == 303
        assert (await program.get("/api/search?q=ship1", headers=WITH)).status_code == 200
        waits = await program.post("/api/ask", json={"question": question(1)}, headers=WITH)
        assert waits.status_code == 429
        assert 0 < int(waits.headers["retry-after"]) <= 60
        assert (await program.get("/api/articles", headers=WITH)).status_code == 200
        for number in range(20):
            wrong = await program.get("/api/articles", headers={"authorization": f"Bearer {number}"})
            assert wrong.status_code == 401
        assert (await program.get("/api/articles", headers=WITH)).status_code == 401

    in_room(scenario)


def test_before_the_first_ingest_programs_are_told_to_come_back(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "empty"))

    async def scenario(room: AskingRoom, program: httpx.AsyncClient) -> None:
        for sent in (
            await program.post("/api/ask", json={"question": question(1)}),
            await program.get("/api/search?q=ship1"),
            await program.get("/api/articles"),
        ):
            assert sent.status_code == 503
            assert sent.headers["retry-after"] == "60"
            assert str(tmp_path) not in sent.text

    in_room(scenario)


def test_a_notebook_asks_in_one_line(three_stories):
    with newsdesk.Desk(three_stories, embedder=HashEmbedder()) as desk:
        found = desk.ask(question(1))
        assert isinstance(found, Answer)
        citation = found.citations[0]
        article = desk.article(citation.article.source.id)
        assert article.text[citation.start : citation.end] == citation.quote
        assert isinstance(desk.ask("Who won the regatta of Palermo?"), NoAnswer)
        assert "ship3" in desk.search(question(3), 1)[0].passage.text
        assert len(desk.articles()) == 3
        assert desk.article("nothing") is None
