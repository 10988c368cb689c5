"""What Slack takes as blocks, for the stand-in: the shapes newsdesk uses and their limits; anything else is an
error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MESSAGE, MODAL, HOME = "message", "modal", "home"
_MOST = {MESSAGE: 50, MODAL: 100, HOME: 100}
# block → where it may stand, the keys it may have
_BLOCKS = {
    "rich_text": ({MESSAGE, MODAL, HOME}, {"elements"}),
    "section": ({MESSAGE, MODAL, HOME}, {"text", "accessory"}),
    "header": ({MESSAGE, MODAL, HOME}, {"text"}),
    "divider": ({MESSAGE, MODAL, HOME}, set()),
    "actions": ({MESSAGE, MODAL, HOME}, {"elements"}),
    "context_actions": ({MESSAGE}, {"elements"}),
    "input": ({MODAL}, {"label", "element", "optional"}),
}
_LINES = {
    "rich_text_section": {"elements"},
    "rich_text_quote": {"elements"},
    "rich_text_preformatted": {"elements"},
    "rich_text_list": {"elements", "style"},
}
_PARTS = {
    "text": ("text", 12_000),
    "link": ("url", 3_000),
    "user": ("user_id", 50),
    "usergroup": ("usergroup_id", 50),
    "date": ("fallback", 300),
}


def faults(blocks: Any, surface: str) -> list[str]:
    """Return what Slack would refuse, each with its place."""
    if not isinstance(blocks, list):
        return ["blocks are no list"]
    found = [f"{len(blocks)} blocks, at most {_MOST[surface]}"] if len(blocks) > _MOST[surface] else []
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    if len(ids) != len(set(ids)):
        found.append("two blocks have one block_id")
    for number, block in enumerate(blocks):
        found += [f"/blocks/{number}{place}" for place in _block(block, surface)]
    return found


def pings(blocks: Any) -> Iterator[str]:
    """Yield what would notify people."""
    if isinstance(blocks, dict):
        if blocks.get("type") in ("user", "usergroup", "broadcast"):
            yield str(blocks.get("user_id") or blocks.get("usergroup_id") or blocks.get("range"))
        if blocks.get("type") == "mrkdwn":
            yield f"mrkdwn {blocks.get('text')}"
        for value in blocks.values():
            yield from pings(value)
    elif isinstance(blocks, list):
        for value in blocks:
            yield from pings(value)


def seen(blocks: Any) -> str:
    """Return what a reader sees, a line for each line of it."""
    lines: list[str] = []
    for block in blocks or []:
        if block["type"] == "rich_text":
            for element in block["elements"]:
                inner = element["elements"] if element["type"] == "rich_text_list" else [element]
                lines += [
                    "".join(
                        part.get("text") or part.get("url") or part.get("fallback") or f"<@{part.get('user_id')}>"
                        for part in line["elements"]
                    )
                    for line in inner
                ]
        elif block["type"] in ("section", "header"):
            lines.append(block["text"]["text"])
        elif block["type"] == "actions":
            lines.append(" ".join(f"({element['text']['text']})" for element in block["elements"]))
        elif block["type"] == "markdown_text":
            lines.append(block["text"])
    return "\n".join(lines)


def _block(block: Any, surface: str) -> list[str]:
    if not isinstance(block, dict) or block.get("type") not in _BLOCKS:
        return [f": unknown type {block.get('type') if isinstance(block, dict) else block!r}"]
    places, keys = _BLOCKS[block["type"]]
    found = [f": unknown property {key}" for key in set(block) - keys - {"type", "block_id"}]
    if surface not in places:
        found.append(f": {block['type']} does not stand in a {surface}")
    kind = block["type"]
    if kind == "rich_text":
        found += [fault for line in _many(block, "elements", 1_000) for fault in _line(line)]
    elif kind == "section":
        found += _text(block.get("text"), 3_000) + (_button(block["accessory"]) if "accessory" in block else [])
    elif kind == "header":
        found += _text(block.get("text"), 150)
    elif kind == "actions":
        found += [fault for element in _many(block, "elements", 25) for fault in _button(element)]
    elif kind == "context_actions":
        found += [fault for element in _many(block, "elements", 5) for fault in _feedback(element)]
    elif kind == "input":
        found += _text(block.get("label"), 2_000)
        element = block.get("element", {})
        if element.get("type") != "plain_text_input" or len(element.get("initial_value", "x")) not in range(1, 3_001):
            found.append("/element: no plain_text_input of 1 to 3,000 characters")
    elements = block.get("elements", []) if kind in ("actions", "context_actions") else []
    actions = [element.get("action_id") for element in elements]
    return found + (["/elements: two elements have one action_id"] if len(actions) != len(set(actions)) else [])


def _many(block: dict[str, Any], key: str, most: int) -> list[Any]:
    values = block.get(key)
    return values if isinstance(values, list) and 1 <= len(values) <= most else [None]


def _line(line: Any) -> list[str]:
    if not isinstance(line, dict) or line.get("type") not in _LINES:
        return [f"/elements: no line of rich_text: {line!r}"]
    if line["type"] == "rich_text_list":
        return (
            []
            if line.get("style") in ("bullet", "ordered") and all(not _line(item) for item in line["elements"])
            else ["/elements: bad list"]
        )
    found = [f"/elements: unknown property {key}" for key in set(line) - _LINES[line["type"]] - {"type"}]
    for part in _many(line, "elements", 1_000):
        key, most = _PARTS.get(part.get("type") if isinstance(part, dict) else "", ("", 0))
        if not key or not isinstance(part.get(key), str) or not 1 <= len(part[key]) <= most:
            found.append(f"/elements: bad part {str(part)[:80]}")
        elif part["type"] == "date" and not (isinstance(part.get("timestamp"), int) and "{" in part.get("format", "")):
            found.append("/elements: a date needs timestamp and format")
    return found


def _text(text: Any, most: int) -> list[str]:
    if (
        not isinstance(text, dict)
        or text.get("type") not in ("plain_text", "mrkdwn")
        or set(text) - {"type", "text", "emoji"}
    ):
        return ["/text: no text object"]
    return (
        []
        if 1 <= len(text.get("text", "")) <= most
        else [f"/text: {len(text.get('text', ''))} characters, 1 to {most}"]
    )


def _button(element: Any) -> list[str]:
    if (
        not isinstance(element, dict)
        or element.get("type") != "button"
        or set(element) - {"type", "text", "action_id", "value", "url", "style"}
    ):
        return ["/elements: no button"]
    return _text(element.get("text"), 75) + (
        [] if 1 <= len(element.get("value", "x")) <= 2_000 else ["/elements: value too long"]
    )


def _feedback(element: Any) -> list[str]:
    if (
        not isinstance(element, dict)
        or set(element) != {"type", "action_id", "positive_button", "negative_button"}
        or element["type"] != "feedback_buttons"
    ):
        return ["/elements: no feedback buttons"]
    sides = (element["positive_button"], element["negative_button"])
    return [fault for side in sides for fault in _text(side["text"], 75)] + [
        f"/elements: unknown property {key}"
        for side in sides
        for key in set(side) - {"text", "value", "accessibility_label"}
    ]
