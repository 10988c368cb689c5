"""How long a model's first sentence takes to Slack: python tests/support/first_sentence.py [QUESTIONS].

Uses the archive of the settings (make demo's: .demo).

Counted from the moment the model's server sent the last character of the sentence to the moment Slack's stand-in got
it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from llm_server import KEY, LlmServer, Play, Prompted
from pydantic import SecretStr
from slack_room import access
from slack_server import ANNA, NEWS, SlackServer

from bot.answer.desk import Desk, Request
from bot.slack.bot import Rules
from bot.slack.process import running_bot
from bot.write.desk import WrittenDesk
from bot.write.llm import Llm
from index.archive import Archive
from index.sentences import spans
from settings import LlmSettings, load

QUESTIONS = [
    "what did Macron say about the truce",
    "who won the election in Germany",
    "what happened in Brussels",
    "what did Putin say about the ceasefire",
]
PAUSE = 0.025  # seconds between pieces of four characters: 40 tokens a second


async def measured(count: int) -> list[float]:
    """Return seconds, one for each question, least first."""
    settings, model = load(), load().embedder()
    first: list[str] = []

    def script(prompted: Prompted) -> str:
        longest = {key: max(spans(text), key=lambda span: span[1] - span[0]) for key, text in prompted.passages.items()}
        told = [
            f"{' '.join(prompted.passages[key][a:b].split()).rstrip('.')} [{key}]."
            for key, (a, b) in list(longest.items())[:3]
        ]
        first[:] = told[:1]
        return " ".join(told)

    gaps: list[float] = []
    with LlmServer(Play(script, size=4, pause=PAUSE)) as server:
        llm = LlmSettings(model="openai-like:stand-in", base_url=server.url, api_key=SecretStr(KEY), seconds=60)

        def opened() -> tuple[WrittenDesk, Archive]:
            archive = settings.archive()
            desk = Desk(archive, model)
            desk.ask(Request("a question that loads the model", date(2025, 3, 9)))
            return WrittenDesk(desk, Llm(llm), model, llm), archive

        async with (
            SlackServer() as slack,
            running_bot(access(slack), opened, Path(tempfile.mkdtemp()), Rules(), 2) as room,
        ):
            await slack.until(lambda: slack.sockets, "the bot connects")
            await room.desk.warm()
            for number in range(count):
                asked = slack.mention(ANNA, QUESTIONS[number % len(QUESTIONS)])
                [call] = await slack.until(
                    lambda ts=asked.ts: [c for c in slack.made("chat.startStream") if c.arguments["thread_ts"] == ts],
                    "a sentence",
                    60,
                )
                gaps.append(call.at - complete(list(server.sent), first[0]))
                key = f"{NEWS}:{asked.ts}"
                await slack.until(
                    lambda key=key: (found := room.journal.by_key(key)) and found.state == "answered", "the end", 60
                )
                await asyncio.sleep(3.1)  # no more than Slack's 20 streams a minute
    return sorted(gaps)


def complete(sent: list[tuple[float, str]], sentence: str) -> float:
    """Return when the last character of a sentence was sent."""
    text = ""
    for at, event in sent:
        text += json.loads(event.removeprefix("data: "))["choices"][0]["delta"]["content"]
        if len(text) >= len(sentence):
            return at
    raise AssertionError("it was shown before it was sent")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    gaps = asyncio.run(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
    print(f"n={len(gaps)}: median {gaps[len(gaps) // 2] * 1_000:.0f} ms, at most {gaps[-1] * 1_000:.0f} ms")
