"""The bot's windows: passages of an answer, a question about a message, the reason of a bad rating, a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.journal.stored_answer import Cited, Near, StoredAnswer
from bot.slack.messages.blocks import BLOCK, Block, cited_line, origin_line, plain_text, rich, section, text, texts
from bot.slack.messages.text import paragraphs


def passages(stored: StoredAnswer) -> dict[str, Any]:
    """Return the window that shows each quote in its passage, in bold the sentence that answers."""
    blocks: list[Block] = []
    for cited in stored.cited:
        entry = [rich([section(*cited_line(cited))]), _passage(cited)]
        if len(blocks) + 3 > 98 or _size([*blocks, *entry]) > 100_000:
            blocks.append(rich([section(text("There are more passages than a window of Slack holds."))]))
            break
        blocks += [{"type": "divider"}, *entry] if blocks else entry
    if stored.closest or stored.near:  # an older newsdesk stored passages alone
        return modal("Closest passages", _near(stored.closest, stored.near))
    return modal("Passages", blocks or [rich([section(text("There are no passages."))])])


def _passage(cited: Cited) -> Block:
    before, sentence, after = cited.parts
    quoted = [*texts(_tail(before)), *texts(paragraphs(sentence) or "(no text)", bold=True), *texts(_head(after))]
    return rich([{"type": "rich_text_quote", "elements": quoted}])


def _near(closest: Cited | None, near: Sequence[Near]) -> list[Block]:
    blocks: list[Block] = [rich([section(text("These are close to the question, but do not answer it.", italic=True))])]
    if closest:
        blocks += [rich([section(*origin_line(closest.origin, closest.link))]), _passage(closest)]
    for item in near:
        quoted = {"type": "rich_text_quote", "elements": texts(paragraphs(item.text) or "(no text)")}
        blocks += [{"type": "divider"}, rich([section(*origin_line(item.origin, item.link))]), rich([quoted])]
    return blocks


def _tail(before: str) -> str:
    return paragraphs(before) + (" " if before[-1:].isspace() and before.strip() else "")


def _head(after: str) -> str:
    return (" " if after[:1].isspace() and after.strip() else "") + paragraphs(after).lstrip() if after.strip() else ""


def _size(blocks: Sequence[Block]) -> int:
    return len(str(blocks))


def modal(title: str, blocks: Sequence[Block], **more: Any) -> dict[str, Any]:
    """Return a window. ``title`` has at most 24 characters."""
    return {"type": "modal", "title": plain_text(title), "close": plain_text("Close"), "blocks": list(blocks), **more}


def ask_about(question: str, place: str) -> dict[str, Any]:
    """Return the window of the shortcut, filled with the message as the question.

    Slack hands ``place`` back when the window is submitted.
    """
    element = {
        "type": "plain_text_input",
        "action_id": "question",
        "multiline": True,
        "max_length": 2_000,
        "focus_on_load": True,
    }
    if question:
        element["initial_value"] = question[:2_000]
    block = {
        "type": "input",
        "block_id": "question",
        "label": plain_text("Question to the articles"),
        "element": element,
    }
    return modal("Ask about this", [block], callback_id="ask_about", private_metadata=place, submit=plain_text("Ask"))


def why_bad(id_: str) -> dict[str, Any]:
    """Return the window that asks what was wrong with an answer."""
    element = {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": 2_000}
    block = {
        "type": "input",
        "block_id": "reason",
        "optional": True,
        "label": plain_text("What was wrong with the answer?"),
        "element": element,
    }
    return modal("Bad answer", [block], callback_id="why_bad", private_metadata=id_, submit=plain_text("Send"))


def thanks() -> dict[str, Any]:
    """Return the window that thanks for a reason."""
    return modal(
        "Thank you", [rich([section(text("Your reason is stored with the answer, for those who look after me."))])]
    )


def report(content: str) -> dict[str, Any]:
    """Return a window with a report as plain text."""
    blocks = [
        rich([{"type": "rich_text_preformatted", "elements": [text(part)]}]) for part in _lines(paragraphs(content))
    ]
    return modal("Status", blocks[:90])


def _lines(content: str) -> list[str]:
    found = [""]
    for line in content.split("\n"):
        for start in range(0, max(1, len(line)), BLOCK):
            part = line[start : start + BLOCK]
            if len(found[-1]) + len(part) > BLOCK:
                found.append("")
            found[-1] += f"{part}\n"
    return [part for part in found if part.strip()] or ["nothing to report"]
