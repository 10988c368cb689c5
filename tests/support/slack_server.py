"""A stand-in for Slack: Web API, Socket Mode and HTTP delivery on a local port, as strict as Slack where newsdesk could
go wrong.

It keeps one workspace in memory, refuses what Slack refuses with Slack's words, delivers events with retries, and can
be told to fail. ``wrong`` lists what Slack would let pass but must not happen.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import random
import socket
import struct
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import yaml
from aiohttp import web
from slack_blocks import HOME, MESSAGE, MODAL, faults, pings, seen

MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yaml"
BOT, TEAM = "U0BOT", "T0HOME"
ANNA, BELA, GUEST, STRANGER, ROBOT = "U0ANNA", "U0BELA", "U0GUEST", "U0STRANGER", "U0ROBOT"
NEWS, SECRET, SHARED, ELSEWHERE = "C0NEWS", "G0SECRET", "C0SHARED", "C0ELSEWHERE"

# method: scope, arguments it must have, arguments it may have, calls a minute that Slack promises (0: more than we
# make)
_METHODS: dict[str, tuple[str, str, str, int]] = {
    "auth.test": ("", "", "", 0),
    "apps.connections.open": ("", "", "", 0),
    "chat.postMessage": ("chat:write", "channel text blocks metadata unfurl_links unfurl_media", "thread_ts", 0),
    "chat.update": ("chat:write", "channel ts text blocks", "metadata parse link_names", 50),
    "chat.delete": ("chat:write", "channel ts", "", 50),
    "chat.postEphemeral": ("chat:write", "channel user text blocks", "thread_ts", 100),
    "chat.getPermalink": ("", "channel message_ts", "", 0),
    "chat.startStream": ("chat:write", "channel thread_ts recipient_team_id recipient_user_id", "chunks", 20),
    "chat.appendStream": ("chat:write", "channel ts chunks", "", 100),
    "chat.stopStream": ("chat:write", "channel ts", "chunks blocks metadata", 20),
    "conversations.replies": ("*:history", "channel ts", "oldest limit include_all_metadata cursor", 50),
    "conversations.history": ("*:history", "channel", "oldest limit include_all_metadata cursor", 50),
    "conversations.list": ("channels:read", "types", "exclude_archived limit cursor", 20),
    "conversations.info": ("*:read", "channel", "", 50),
    "conversations.open": ("im:write", "users", "", 50),
    "users.info": ("users:read", "user", "", 100),
    "views.open": ("", "trigger_id view", "", 100),
    "views.publish": ("", "user_id view", "", 100),
    "assistant.threads.setStatus": ("chat:write", "channel_id thread_ts status", "loading_messages", 0),
    "assistant.threads.setSuggestedPrompts": ("assistant:write", "channel_id prompts", "title thread_ts", 100),
    "agents.sessions.rename": ("chat:write", "channel_id thread_ts title", "", 50),
    "agents.sessions.setStatus": ("chat:write", "channel_id thread_ts status", "", 50),
}
_POSTS = {"chat.postMessage", "chat.startStream", "chat.update"}
_KIND = {
    "C": ("channels", "message.channels", "channel"),
    "G": ("groups", "message.groups", "group"),
    "D": ("im", "message.im", "im"),
}


class No(Exception):
    """Slack's refusal."""


@dataclass
class Call:
    """A call of the Web API."""

    method: str
    arguments: dict[str, Any]
    at: float
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Delivery:
    """Something Slack told the app, however often it had to."""

    kind: str
    payload: dict[str, Any]
    at: float
    ts: str = ""
    attempts: int = 0
    acked: float | None = None
    reply: Any = None
    given_up: bool = False

    @property
    def seconds(self) -> float:
        assert self.acked is not None, "never acknowledged"
        return self.acked - self.at


@dataclass
class Fault:
    """What goes wrong with the next calls: "429", "500", "html", "lost" (it takes effect, the reply is lost), "cut" (it
    takes none).
    """

    kind: str
    method: str
    times: int
    wait: str = "1"


class SlackServer:
    """The workspace. Everything happens in the event loop of the test."""

    def __init__(
        self, *, retries: tuple[float, ...] = (0, 0.2, 0.5), patience: float = 3.0, endpoint: str | None = None
    ) -> None:
        manifest = yaml.safe_load(MANIFEST.read_text())
        self.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
        self.events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
        self.bot_token, self.app_token, self.signing_secret = "xoxb-stand-in", "xapp-stand-in", "stand-in-secret"
        self.endpoint, self.retries, self.patience = endpoint, retries, patience
        self.people: dict[str, dict[str, Any]] = {}
        for id_, more in (
            (ANNA, {}),
            (BELA, {}),
            (GUEST, {"is_restricted": True}),
            (STRANGER, {"team_id": "T0OTHER", "is_stranger": True}),
            (ROBOT, {"is_bot": True}),
        ):
            self.people[id_] = {"id": id_, "team_id": TEAM, "is_bot": False, "is_restricted": False, **more}
        everyone = set(self.people) | {BOT}
        self.members: dict[str, set[str]] = {
            NEWS: everyone,
            SECRET: everyone,
            SHARED: everyone,
            ELSEWHERE: everyone - {BOT},
        }
        self.members |= {f"D{id_}": {id_, BOT} for id_ in self.people}
        self.messages: dict[str, dict[str, dict[str, Any]]] = {channel: {} for channel in self.members}
        self.whispers: list[dict[str, Any]] = []
        self.windows: list[dict[str, Any]] = []
        self.homes: dict[str, dict[str, Any]] = {}
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.statuses: dict[tuple[str, str], str] = {}
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.wrong: list[str] = []
        self.faults: list[Fault] = []
        self.may_ping: set[str] = set()
        self.closed: dict[str, tuple[str, bool]] = {}  # channel: Slack's word, and whether it shows whispers there
        self.replies_expired = False
        self.refused_tokens: dict[str, str] = {}  # token: Slack's word
        self.on_call: Callable[[str, str], None] | None = None  # told (method, "before" or "after")
        self.sockets: list[tuple[web.WebSocketResponse, asyncio.Transport | None]] = []
        self.frozen: set[int] = set()
        self._tickets: set[str] = set()
        self._waiting: dict[str, Delivery] = {}
        self._triggers: set[str] = set()
        self._counter = itertools.count(1)
        self._rates: dict[str, deque[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> SlackServer:
        app = web.Application(client_max_size=4 << 20)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/api/{method}", self._api)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/reply/{channel}/{user}", self._reply)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.url = f"{self.origin}/api/"
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        for ws, _transport in self.sockets:
            await ws.close()
        await self._runner.cleanup()

    # --- what people do ---

    def say(
        self, user: str, channel: str, text: str, thread: str = "", *, deliver: bool = True, **more: Any
    ) -> Delivery:
        """Post a message; a mention is told twice, as Slack does."""
        message = self._store(
            channel, {"user": user, "text": text, "team": self.people[user]["team_id"], **more}, thread
        )
        event = {**message, "channel": channel, "event_ts": message["ts"], "channel_type": _KIND[channel[0]][2]}
        told = []
        if deliver and f"<@{BOT}>" in text and not channel.startswith("D"):
            told.append(self.tell({**event, "type": "app_mention"}, "app_mention"))
        if deliver and BOT in self.members[channel]:
            told.append(self.tell({**event, "type": "message"}, _KIND[channel[0]][1]))
        delivery = told[0] if told else Delivery("none", {}, time.monotonic())
        delivery.ts = message["ts"]
        return delivery

    def mention(self, user: str, text: str, channel: str = NEWS, thread: str = "", **more: Any) -> Delivery:
        return self.say(user, channel, f"<@{BOT}> {text}", thread, **more)

    def edit(self, channel: str, ts: str, text: str | None = None) -> Delivery:
        """Edit a message; without a text its link preview arrives, which is no edit."""
        message = self.messages[channel][ts]
        before = dict(message)
        if text is not None:
            message |= {"text": text, "edited": {"user": message["user"], "ts": self._ts()}}
        else:
            message["attachments"] = [{"title": "a preview"}]
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": dict(message),
            "previous_message": before,
            "hidden": True,
        }
        return self.tell(
            {**event, "channel": channel, "channel_type": _KIND[channel[0]][2], "ts": self._ts()}, _KIND[channel[0]][1]
        )

    def delete(self, channel: str, ts: str) -> Delivery:
        before = self.messages[channel].pop(ts)
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "deleted_ts": ts,
            "previous_message": before,
            "hidden": True,
        }
        return self.tell(
            {**event, "channel": channel, "channel_type": _KIND[channel[0]][2], "ts": self._ts()}, _KIND[channel[0]][1]
        )

    def open_home(self, user: str, tab: str = "home") -> Delivery:
        return self.tell(
            {"type": "app_home_opened", "user": user, "channel": f"D{user}", "tab": tab, "event_ts": self._ts()},
            "app_home_opened",
        )

    def stop(self, user: str, channel: str, thread: str) -> Delivery:
        live = [
            message
            for message in self.messages[channel].values()
            if message.get("thread_ts") == thread and message.get("streaming_state") == "in_progress"
        ]
        for message in live:
            message["streaming_state"] = "stopped"
        event = {
            "type": "agent_session_stopped",
            "channel": channel,
            "user": user,
            "thread_ts": thread,
            "streaming_message_ts": [m["ts"] for m in live],
        }
        return self.tell(event, "agent_session_stopped")

    def command(self, user: str, channel: str, text: str) -> Delivery:
        values = {
            "command": "/ask",
            "text": text,
            "user_id": user,
            "team_id": TEAM,
            "channel_id": channel,
            "trigger_id": self._trigger(),
        }
        return self._send(
            "slash_commands",
            {**values, "response_url": f"{self.origin}/reply/{channel}/{user}", "token": "x", "api_app_id": "A0"},
        )

    def click(
        self,
        user: str,
        action: str,
        blocks: list[dict[str, Any]],
        channel: str = "",
        ts: str = "",
        thread: str = "",
        side: str = "",
    ) -> Delivery:
        """Press a button among some blocks; ``side``: "positive" or "negative" of feedback buttons."""
        elements = [
            element
            for block in blocks
            for element in [*block.get("elements", []), block.get("accessory", {})]
            if element.get("action_id") == action
        ]
        assert elements, f"there is no button {action}"
        value = elements[0][f"{side}_button"]["value"] if side else elements[0]["value"]
        pressed = {
            "type": elements[0]["type"],
            "action_id": action,
            "block_id": "b",
            "value": value,
            "action_ts": self._ts(),
        }
        place = (
            {
                "channel": {"id": channel},
                "message": {"ts": ts, "thread_ts": thread},
                "response_url": f"{self.origin}/reply/{channel}/{user}",
            }
            if channel
            else {}
        )
        person = {"user": {"id": user, "team_id": self.people[user]["team_id"]}, "team": {"id": TEAM}}
        return self._send(
            "interactive",
            {
                "type": "block_actions",
                "actions": [pressed],
                "trigger_id": self._trigger(),
                "token": "x",
                "api_app_id": "A0",
                **person,
                **place,
            },
        )

    def press(
        self, user: str, action: str, message: Mapping[str, Any], channel: str = NEWS, side: str = ""
    ) -> Delivery:
        return self.click(user, action, message["blocks"], channel, message["ts"], message.get("thread_ts", ""), side)

    def shortcut(self, user: str, channel: str, ts: str) -> Delivery:
        values = {
            "type": "message_action",
            "callback_id": "ask_about",
            "trigger_id": self._trigger(),
            "message": self.messages[channel][ts],
            "message_ts": ts,
        }
        person = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "channel": {"id": channel}}
        return self._send(
            "interactive", {**values, **person, "response_url": f"{self.origin}/reply/{channel}/{user}", "token": "x"}
        )

    def submit(self, user: str, window: Mapping[str, Any], **values: str) -> Delivery:
        state = {
            "values": {name: {name: {"type": "plain_text_input", "value": value}} for name, value in values.items()}
        }
        person = {"user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}}
        return self._send(
            "interactive",
            {
                "type": "view_submission",
                "view": {**window, "state": state},
                "trigger_id": self._trigger(),
                "token": "x",
                **person,
            },
        )

    # --- what a test looks at ---

    def thread(self, ts: str, channel: str = NEWS) -> list[dict[str, Any]]:
        """Return the bot's messages in a thread, oldest first."""
        return [
            message
            for message in sorted(self.messages[channel].values(), key=lambda m: m["ts"])
            if message.get("thread_ts") == ts and message.get("bot_id")
        ]

    def seen(self, ts: str, channel: str = NEWS) -> list[str]:
        return [seen(message["blocks"]) for message in self.thread(ts, channel)]

    def made(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def refused(self) -> list[str]:
        return [f"{call.method}: {call.answer.get('error')}" for call in self.calls if not call.answer.get("ok")]

    def stuck(self) -> list[tuple[str, str]]:
        return [place for place, status in self.statuses.items() if status]

    async def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Wait until a condition holds and return what it gave."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, (
                f"{what}: not within {seconds:.0f} s; calls: {[call.method for call in self.calls[-12:]]}"
            )
            await asyncio.sleep(0.01)
        return value

    async def quiet(self, seconds: float = 0.15) -> None:
        """Wait until nothing has been called for a while."""
        await self.until(lambda: not self.calls or time.monotonic() - self.calls[-1].at > seconds, "quiet")

    # --- trouble ---

    def fail(self, kind: str, method: str, times: int = 1, wait: str = "1") -> Fault:
        self.faults.append(fault := Fault(kind, method, times, wait))
        return fault

    async def drop(self, how: str) -> None:
        """End every socket: "close" (with a frame), "fin", "rst", or "freeze" (it stays, but nobody reads)."""
        for ws, transport in list(self.sockets):
            self.sockets.remove((ws, transport))
            assert transport is not None
            if how == "close":
                await ws.close(code=1001)
            elif how == "freeze":
                self.frozen.add(id(ws))
            elif how == "fin":
                transport.close()
            else:
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                transport.abort()

    # --- delivery ---

    def tell(self, event: dict[str, Any], name: str) -> Delivery:
        """Send an event, if the app subscribed to it."""
        assert name in self.events, f"manifest.yaml does not subscribe to {name}"
        payload = {
            "type": "event_callback",
            "event_id": f"Ev{uuid.uuid4().hex[:10]}",
            "event": event,
            "team_id": TEAM,
            "api_app_id": "A0",
            "token": "x",
        }
        payload |= {
            "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
            "is_ext_shared_channel": event.get("channel") == SHARED,
        }
        delivery = self._send("events_api", payload)
        delivery.ts = str(event.get("ts", ""))
        return delivery

    def again(self, delivery: Delivery) -> None:
        """Send an event once more, as Slack does when it believes that the first was lost."""
        self._later(self._attempt(delivery, 1))

    def _send(self, kind: str, payload: dict[str, Any]) -> Delivery:
        self.deliveries.append(delivery := Delivery(kind, payload, time.monotonic()))
        self._later(self._deliver(delivery))
        return delivery

    def _later(self, work: Any) -> None:
        self._tasks.add(task := asyncio.ensure_future(work))
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        for number, pause in enumerate((0.0, *(self.retries if delivery.kind == "events_api" else ()))):
            await asyncio.sleep(pause)
            if delivery.acked is not None:
                return
            await self._attempt(delivery, number)
            deadline = time.monotonic() + self.patience
            while delivery.acked is None and time.monotonic() < deadline and (self.sockets or self.endpoint):
                await asyncio.sleep(0.005)
                if self.endpoint:
                    break
            if delivery.acked is not None:
                if delivery.seconds > 3:
                    self.wrong.append(f"{delivery.kind} acknowledged after {delivery.seconds:.1f} s")
                return
        delivery.given_up = True

    async def _attempt(self, delivery: Delivery, number: int) -> None:
        delivery.attempts += 1
        if self.endpoint:
            status, body = await self.post(delivery.payload, delivery.kind)
            if status == 200:
                delivery.acked, delivery.reply = delivery.acked or time.monotonic(), body
        elif self.sockets:
            envelope = {
                "envelope_id": str(uuid.uuid4()),
                "type": delivery.kind,
                "payload": delivery.payload,
                "accepts_response_payload": delivery.kind != "events_api",
            }
            if delivery.kind == "events_api":
                envelope |= {"retry_attempt": number, "retry_reason": "timeout" if number else ""}
            self._waiting[str(envelope["envelope_id"])] = delivery
            with contextlib.suppress(ConnectionError, RuntimeError):
                await random.choice(self.sockets)[0].send_json(envelope)

    async def post(
        self,
        payload: Any,
        kind: str = "events_api",
        *,
        secret: str = "",
        age: float = 0,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Send a signed request to the app; with ``headers`` exactly the request that had them."""
        form = urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})
        body = json.dumps(payload) if kind == "events_api" else form
        signed = headers or self.signed(body, secret or self.signing_secret, age)
        kinds = {"Content-Type": "application/json" if kind == "events_api" else "application/x-www-form-urlencoded"}
        assert self.endpoint
        async with self._http.post(self.endpoint, data=body, headers={**signed, **kinds}) as response:
            return response.status, await response.text()

    @staticmethod
    def signed(body: str, secret: str, age: float = 0) -> dict[str, str]:
        at = str(int(time.time() - age))
        digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("ticket", "") not in self._tickets:
            return web.Response(status=403)
        self._tickets.remove(request.query["ticket"])
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        place = (ws, request.transport)
        await ws.send_json(
            {
                "type": "hello",
                "num_connections": len(self.sockets) + 1,
                "debug_info": {},
                "connection_info": {"app_id": "A0"},
            }
        )
        self.sockets.append(place)
        async for message in ws:
            if id(ws) in self.frozen:
                continue
            if message.type == aiohttp.WSMsgType.PING:
                with contextlib.suppress(ConnectionError, RuntimeError):
                    await ws.pong(message.data)
            elif message.type == aiohttp.WSMsgType.TEXT:
                said = json.loads(message.data)
                delivery = self._waiting.pop(said.get("envelope_id"), None)
                if delivery is None:
                    self.wrong.append(f"an acknowledgement of nothing: {said}")
                else:
                    delivery.acked, delivery.reply = delivery.acked or time.monotonic(), said.get("payload")
                    if said.get("payload") and delivery.kind == "events_api":
                        self.wrong.append("an event was acknowledged with a payload")
        if place in self.sockets:
            self.sockets.remove(place)
        return ws

    # --- the Web API ---

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, raw = request.match_info["method"], await request.text()
        arguments: dict[str, Any] = dict(request.query)
        if raw and request.content_type == "application/json":
            arguments |= json.loads(raw)
        elif raw:
            arguments |= dict(await request.post())
        token = str(arguments.pop("token", "")) or request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(call := Call(method, arguments, time.monotonic()))
        fault = next((fault for fault in self.faults if fault.times > 0 and fault.method == method), None)
        if self.on_call:
            self.on_call(method, "before")
        if fault is None or fault.kind == "lost":
            try:
                call.answer = {"ok": True, **self._call(method, arguments, token)}
            except No as error:
                call.answer = {"ok": False, "error": str(error)}
        if self.on_call:
            self.on_call(method, "after")
        if fault:
            fault.times -= 1
            call.answer = {**call.answer, "ok": False, "error": fault.kind}
            return self._failed(fault, request)
        return web.json_response(call.answer, headers={"x-oauth-scopes": ",".join(sorted(self.scopes))})

    def _failed(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        if fault.kind == "429":
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": fault.wait}
            )
        if fault.kind == "html":
            return web.Response(text="<html>503 Service Unavailable</html>", status=503, content_type="text/html")
        if fault.kind == "500":
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    def _call(self, method: str, a: dict[str, Any], token: str) -> dict[str, Any]:
        if method not in _METHODS:
            raise No("unknown_method")
        scope, must, may, rate = _METHODS[method]
        if token != (self.app_token if method == "apps.connections.open" else self.bot_token):
            raise No("invalid_auth")
        if token in self.refused_tokens:
            raise No(self.refused_tokens[token])
        for name in must.split():
            if a.get(name) is None or (a[name] == "" and name != "status"):
                raise No(f"invalid_arguments: {name} is missing")
        unknown = set(a) - set(must.split()) - set(may.split())
        if unknown:
            raise No(f"invalid_arguments: {sorted(unknown)}")
        channel = str(a.get("channel") or a.get("channel_id") or "")
        if channel and channel not in self.members:
            raise No("channel_not_found")
        if scope and scope.replace("*", _KIND[channel[0]][0] if channel else "") not in self.scopes:
            raise No("missing_scope")
        if channel and BOT not in self.members[channel] and method != "conversations.info":
            raise No("not_in_channel")
        word, whispers = self.closed.get(channel, ("", True))
        if word and (method in _POSTS or (method == "chat.postEphemeral" and not whispers)):
            raise No(word)
        self._count(method, channel, rate)
        return getattr(self, "_" + method.replace(".", "_"))(a) or {}

    def _count(self, method: str, channel: str, rate: int) -> None:
        name, most, seconds = (f"{method} {channel}", 5, 5.0) if method == "chat.postMessage" else (method, rate, 60.0)
        if most:
            calls, now = self._rates.setdefault(name, deque()), time.monotonic()
            while calls and now - calls[0] > seconds:
                calls.popleft()
            calls.append(now)
            if len(calls) > most:
                self.wrong.append(f"{name}: more than {most} calls in {seconds:.0f} s")

    def _ts(self) -> str:
        return f"{int(time.time())}.{next(self._counter):06d}"

    def _trigger(self) -> str:
        self._triggers.add(trigger := uuid.uuid4().hex)
        return trigger

    def _store(self, channel: str, message: dict[str, Any], thread: str = "") -> dict[str, Any]:
        message = {"type": "message", "ts": self._ts(), **message}
        if thread:
            root = self.messages[channel].get(thread)
            if root is None:
                raise No("thread_not_found")
            if root.get("thread_ts", thread) != thread:
                self.wrong.append("a reply was posted under a reply")
            root |= {"thread_ts": thread, "latest_reply": message["ts"], "reply_count": root.get("reply_count", 0) + 1}
            message["thread_ts"] = thread
        self.messages[channel][message["ts"]] = message
        return message

    def _checked(self, a: dict[str, Any], most: int) -> dict[str, Any]:
        found = faults(a["blocks"], MESSAGE)
        if found:
            raise No(f"invalid_blocks: {found[:3]}")
        if len(a["text"]) > most:
            raise No("msg_too_long")
        if any(form in a["text"] for form in ("<!", "<@", "<#", "<http")):
            self.wrong.append(f"the text of a message holds markup: {a['text'][:100]}")
        for name in set(pings(a["blocks"])) - self.may_ping:
            self.wrong.append(f"a message pings {name}")
        if a.get("unfurl_links") or a.get("unfurl_media"):
            self.wrong.append("a message asks for link previews")
        return {"text": a["text"], "blocks": a["blocks"], **({"metadata": a["metadata"]} if a.get("metadata") else {})}

    def _own(self, a: dict[str, Any]) -> dict[str, Any]:
        message = self.messages[a["channel"]].get(a["ts"])
        if message is None:
            raise No("message_not_found")
        if not message.get("bot_id"):
            raise No("cant_update_message")
        return message

    def _posted(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        self.statuses.pop((channel, message.get("thread_ts", "")), None)
        name = _KIND[channel[0]][1]
        self.tell({**message, "channel": channel, "channel_type": _KIND[channel[0]][2]}, name)
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _auth_test(self, a: dict[str, Any]) -> dict[str, Any]:
        return {"team_id": TEAM, "user_id": BOT, "bot_id": "B0BOT", "url": "https://example.slack.com/"}

    def _apps_connections_open(self, a: dict[str, Any]) -> dict[str, Any]:
        self._tickets.add(ticket := uuid.uuid4().hex)
        return {"url": f"{self.origin.replace('http', 'ws')}/socket?ticket={ticket}"}

    def _chat_postMessage(self, a: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        content = self._checked(a, 4_000)
        marks = [m for m in self.messages[a["channel"]].values() if m.get("metadata") == a["metadata"]]
        if marks:
            self.wrong.append(f"posted twice: {a['metadata']}")
        return self._posted(
            a["channel"], self._store(a["channel"], {"user": BOT, "bot_id": "B0BOT", **content}, a.get("thread_ts", ""))
        )

    def _chat_update(self, a: dict[str, Any]) -> dict[str, Any]:
        message = self._own(a)
        if message.get("streaming_state") == "in_progress":
            raise No("streaming_state_conflict")
        message |= self._checked(a, 4_000)
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": dict(message),
            "channel": a["channel"],
            "channel_type": _KIND[a["channel"][0]][2],
        }
        self.tell({**event, "ts": self._ts()}, _KIND[a["channel"][0]][1])
        return {"ts": a["ts"]}

    def _chat_delete(self, a: dict[str, Any]) -> None:
        self._own(a)
        del self.messages[a["channel"]][a["ts"]]

    def _chat_postEphemeral(self, a: dict[str, Any]) -> None:  # noqa: N802
        if a["user"] not in self.members[a["channel"]]:
            raise No("user_not_in_channel")
        self.whispers.append(
            {**self._checked(a, 4_000), "user": a["user"], "channel": a["channel"], "thread_ts": a.get("thread_ts", "")}
        )

    def _chat_getPermalink(self, a: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"permalink": f"https://example.slack.com/archives/{a['channel']}/p{a['message_ts'].replace('.', '')}"}

    def _grown(self, message: dict[str, Any], a: dict[str, Any]) -> None:
        for chunk in a.get("chunks") or []:
            if chunk.get("type") != "markdown_text" or not chunk.get("text"):
                raise No("invalid_chunks")
            if any(form in chunk["text"] for form in ("<!", "<@", "<#", "](", "```")):
                self.wrong.append(f"a stream holds markup: {chunk['text'][:100]}")
            message["text"] += chunk["text"]
        if len(message["text"]) > 12_000:
            raise No("msg_too_long")
        message["blocks"] = [{"type": "markdown_text", "text": message["text"]}]

    def _chat_startStream(self, a: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        message = {"user": BOT, "bot_id": "B0BOT", "text": "", "blocks": [], "streaming_state": "in_progress"}
        self._grown(message, a)
        return {"ts": self._posted(a["channel"], self._store(a["channel"], message, a["thread_ts"]))["ts"]}

    def _streaming(self, a: dict[str, Any]) -> dict[str, Any]:
        message = self._own(a)
        if message.get("streaming_state") != "in_progress":
            raise No(
                "stopped_by_user" if message.get("streaming_state") == "stopped" else "message_not_in_streaming_state"
            )
        return message

    def _chat_appendStream(self, a: dict[str, Any]) -> None:  # noqa: N802
        self._grown(self._streaming(a), a)

    def _chat_stopStream(self, a: dict[str, Any]) -> None:  # noqa: N802
        message = self._streaming(a)
        self._grown(message, a)
        if found := faults(a.get("blocks") or [], MESSAGE):
            raise No(f"invalid_blocks: {found[:3]}")
        message |= {
            "streaming_state": "completed",
            "blocks": [*message["blocks"], *(a.get("blocks") or [])],
            "metadata": a.get("metadata"),
        }

    def _page(self, messages: list[dict[str, Any]], a: dict[str, Any]) -> dict[str, Any]:
        shown = [
            {k: v for k, v in m.items() if k != "metadata" or a.get("include_all_metadata") == "true"} for m in messages
        ]
        start, limit = int(a.get("cursor") or 0), int(a.get("limit") or 100)
        more = start + limit < len(shown)
        return {
            "messages": shown[start : start + limit],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    def _conversations_replies(self, a: dict[str, Any]) -> dict[str, Any]:
        if a["ts"] not in self.messages[a["channel"]]:
            raise No("thread_not_found")
        inside = [
            m
            for m in self.messages[a["channel"]].values()
            if m["ts"] == a["ts"] or (m.get("thread_ts") == a["ts"] and m["ts"] > a.get("oldest", ""))
        ]
        return self._page(sorted(inside, key=lambda m: m["ts"]), a)

    def _conversations_history(self, a: dict[str, Any]) -> dict[str, Any]:
        roots = [
            m
            for m in self.messages[a["channel"]].values()
            if m.get("thread_ts", m["ts"]) == m["ts"] and m["ts"] > a.get("oldest", "")
        ]
        return self._page(sorted(roots, key=lambda m: m["ts"], reverse=True), a)

    def _conversations_list(self, a: dict[str, Any]) -> dict[str, Any]:
        letters = {"public_channel": "C", "private_channel": "G", "im": "D"}
        wanted = {letters[kind] for kind in a["types"].split(",")}
        found = [
            {"id": id_, "is_member": BOT in m, "is_im": id_[0] == "D", "is_ext_shared": id_ == SHARED}
            for id_, m in self.members.items()
            if id_[0] in wanted
        ]
        return {"channels": found, "response_metadata": {"next_cursor": ""}}

    def _conversations_info(self, a: dict[str, Any]) -> dict[str, Any]:
        return {
            "channel": {
                "id": a["channel"],
                "is_member": BOT in self.members[a["channel"]],
                "is_ext_shared": a["channel"] == SHARED,
            }
        }

    def _conversations_open(self, a: dict[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": f"D{a['users']}"}}

    def _users_info(self, a: dict[str, Any]) -> dict[str, Any]:
        if a["user"] not in self.people:
            raise No("user_not_found")
        return {"user": self.people[a["user"]]}

    def _view(self, view: dict[str, Any], kind: str) -> dict[str, Any]:
        found = faults(view.get("blocks"), kind)
        if (
            view.get("type") != kind
            or found
            or len(view.get("title", {}).get("text", "")) > 24
            or len(view.get("private_metadata", "")) > 3_000
        ):
            raise No(f"invalid_arguments: {found[:3]}")
        return {**view, "id": f"V{uuid.uuid4().hex[:8]}"}

    def _views_open(self, a: dict[str, Any]) -> None:
        if a["trigger_id"] not in self._triggers:
            raise No("exchanged_trigger_id")
        self.windows.append(self._view(a["view"], MODAL))
        self._triggers.remove(a["trigger_id"])

    def _views_publish(self, a: dict[str, Any]) -> None:
        self.homes[a["user_id"]] = self._view(a["view"], HOME)

    def _assistant_threads_setStatus(self, a: dict[str, Any]) -> None:  # noqa: N802
        if a["thread_ts"] not in self.messages[a["channel_id"]]:
            raise No("invalid_thread_ts")
        loading = a.get("loading_messages") or []
        if len(loading) > 10 or any(not 1 <= len(line) <= 50 for line in loading):
            raise No("invalid_arguments: loading_messages")
        self.statuses[a["channel_id"], a["thread_ts"]] = a["status"]

    def _assistant_threads_setSuggestedPrompts(self, a: dict[str, Any]) -> None:  # noqa: N802
        if not 1 <= len(a["prompts"]) <= 4 or any(set(prompt) != {"title", "message"} for prompt in a["prompts"]):
            raise No("invalid_arguments: prompts")
        self.prompts[a["channel_id"]] = a["prompts"]

    def _agents_sessions_rename(self, a: dict[str, Any]) -> None:
        if not 1 <= len(a["title"]) <= 200:
            raise No("invalid_arguments: title")
        self.titles[a["channel_id"], a["thread_ts"]] = a["title"]

    def _agents_sessions_setStatus(self, a: dict[str, Any]) -> None:  # noqa: N802
        if a["status"] not in ("active", "processing"):
            raise No("invalid_arguments: status")
        self.statuses[a["channel_id"], a["thread_ts"]] = "" if a["status"] == "active" else a["status"]

    async def _reply(self, request: web.Request) -> web.Response:
        a = await request.json()
        self.calls.append(call := Call("response_url", a, time.monotonic()))
        if self.replies_expired:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        content = self._checked(a, 4_000)
        call.answer = {"ok": True}
        channel, user = request.match_info["channel"], request.match_info["user"]
        if a.get("response_type") == "in_channel":
            self._store(channel, {"user": BOT, "bot_id": "B0BOT", **content})
        else:
            self.whispers.append({**content, "user": user, "channel": channel, "ts": self._ts()})
        return web.Response(text="ok")
