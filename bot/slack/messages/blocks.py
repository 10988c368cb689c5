"""Messages as Slack's blocks: pure functions of what was given, every limit of Slack kept by splitting between
sentences and sources.

Text of articles and people stands in rich_text and plain_text only, where Slack parses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.slack.messages.stored_answer import REASONS, Given, Near, Origin, Said
from bot.slack.messages.text import mrkdwn, names_an_address, paragraphs, plain
from bot.terminal import day
from web.links import address

Block = dict[str, Any]
Element = dict[str, Any]

_BLOCK = 2_800  # characters of one rich_text block
_PART = 3_000  # characters of one piece of rich_text
_MESSAGE = 9_000  # characters of one message
_BLOCKS = 44  # of a message; Slack takes 50, the buttons come on top
_FALLBACK = 3_000  # characters of ``text``; Slack takes 4,000 in an edit
_PLAIN = 2_900  # characters of one plain_text

HINT = "Ask me something about the articles, and I answer with quotes from them."


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its blocks, and the text for notifications and screen readers."""

    blocks: tuple[Block, ...]
    text: str


@dataclass(slots=True)
class _Unit:
    """Something that is never divided: a sentence, a source."""

    element: Element
    size: int
    own_block: bool = False  # begins a block of its own
    block: Block | None = field(default=None)  # a finished block instead of an element


def answer(
    given: Given, id_: str, *, person: bool = False, feedback: bool = True, share: bool = False
) -> list[Message]:
    """Return the messages of an answer, refusal, hint or apology, in order.

    ``person``: offer to ask a person under a refusal. ``share``: offer to post it in the channel.
    """
    if given.outcome == "answered":
        units = [*_sentences(given), *_note(given), *_sources(given)]
    elif given.outcome == "refused":
        units = [_section(text(REASONS.get(given.reason, REASONS["not_supported"]))), *_nearest(given.near)]
    else:
        units = [_section(text(plain(given.reason)))]
    messages = _packed(units)
    tail = buttons(given, id_, person=person, feedback=feedback, share=share)
    messages[-1] += tail
    fallback = fallbacks(given, len(messages))
    return [Message(tuple(blocks), told) for blocks, told in zip(messages, fallback, strict=True)]


def after_stream(given: Given, id_: str) -> list[Message]:
    """Return what follows sentences that were streamed: the sources, and the buttons.

    The first goes under the stream, others after it.
    """
    messages = _packed(_sources(given))
    messages[-1] += buttons(given, id_)
    return [
        Message(tuple(blocks), told) for blocks, told in zip(messages, fallbacks(given, len(messages)), strict=True)
    ]


def buttons(given: Given, id_: str, *, person: bool = False, feedback: bool = True, share: bool = False) -> list[Block]:
    """Return the buttons under an answer or a refusal; none under a hint or an apology."""
    if given.outcome not in ("answered", "refused"):
        return []
    row = [button("Show passages", "passages", id_)] if given.cited else []
    row += [button("Share to channel", "share", id_)] if share and given.answered else []
    row += [button("Ask a person", "ask_person", id_)] if person and not given.answered else []
    blocks: list[Block] = [{"type": "actions", "block_id": "actions", "elements": row}] if row else []
    if feedback:
        good = {"text": _plain_text("Good answer"), "value": f"up:{id_}", "accessibility_label": "This answer is good"}
        bad = {"text": _plain_text("Bad answer"), "value": f"down:{id_}", "accessibility_label": "This answer is bad"}
        element = {"type": "feedback_buttons", "action_id": "feedback", "positive_button": good, "negative_button": bad}
        blocks.append({"type": "context_actions", "block_id": "feedback", "elements": [element]})
    return blocks


def fallbacks(given: Given, count: int) -> list[str]:
    """Return the text of each of an answer's messages: all of it in the first where it fits, whole sentences and
    sources only.
    """
    if given.outcome == "answered":
        parts = [given.lead] if given.lead else []
        parts += [_numbered(said) for said in given.said] + [
            f"[{cited.number}] {_named(cited.origin)}" for cited in given.cited
        ]
    elif given.outcome == "refused":
        parts = [
            REASONS.get(given.reason, REASONS["not_supported"]),
            *(f"Close to it: {_named(near.origin)}" for near in given.near),
        ]
    else:
        parts = [given.reason]
    told: list[str] = []
    used = 0
    for part in map(mrkdwn, parts):
        if told and used + len(part) > _FALLBACK:
            told.append("…")
            break
        told.append(part if len(part) <= _FALLBACK else "The answer is in the message.")
        used += len(part) + 1
    return [" ".join(told), *(f"The answer goes on ({number} of {count})." for number in range(2, count + 1))]


def hint(examples: Sequence[str]) -> Given:
    """Return how to ask, with examples."""
    shown = [f"“{example}”" for example in examples[:2]]
    return Given("", "hint", HINT + (f" For example: {' or '.join(shown)}" if shown else ""))


def text(content: str, **style: bool) -> Element:
    """Return a piece of rich_text; nothing in it is parsed."""
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def texts(content: str, **style: bool) -> list[Element]:
    """Return a text of any length as pieces of rich_text that read as one."""
    return [text(content[start : start + _PART], **style) for start in range(0, len(content), _PART)]


def rich(elements: Sequence[Element]) -> Block:
    """Return a rich_text block of sections, quotes or lists."""
    return {"type": "rich_text", "elements": list(elements)}


def section(*parts: Element) -> Element:
    """Return a line of rich_text."""
    return {"type": "rich_text_section", "elements": list(parts)}


def button(label: str, action: str, value: str, **more: Any) -> Element:
    """Return a button."""
    return {"type": "button", "text": _plain_text(label), "action_id": action, "value": value, **more}


def origin_line(origin: Origin, link: str | None = None) -> list[Element]:
    """Return who published what and when, the title linked: to the passage (``link``), or to the article's address
    where it has one.
    """
    about = ", ".join(filter(None, [plain(origin.publisher) if origin.publisher else None, day(origin.day)]))
    return [text(f"{about}: "), *_title(origin, link)]


def _title(origin: Origin, link: str | None) -> list[Element]:
    title, own = plain(origin.title), address(origin.url)
    url = link or own
    if url is None:
        return [text(title)]
    if names_an_address(title):  # as a label it could name another place than the link goes to
        leads_there = own is not None and url.startswith(own.partition("#")[0])
        return [
            text(f"{title} "),
            {"type": "link", "url": url, **({} if url == own else {"text": own if leads_there else "open"})},
        ]
    return [{"type": "link", "url": url, "text": title}]


def _fitting(content: str) -> str:
    told = mrkdwn(content)
    return told if len(told) <= _FALLBACK else "see the message"


def _named(origin: Origin) -> str:
    return ", ".join(filter(None, [origin.publisher, day(origin.day)])) + f": {origin.title}"


def _numbered(said: Said) -> str:
    return f"{said.text} {''.join(f'[{number}]' for number in said.numbers)}"


def _plain_text(content: str) -> Element:
    return {"type": "plain_text", "text": content, "emoji": False}


def _section(*parts: Element) -> _Unit:
    return _Unit(section(*parts), sum(len(part.get("text", "")) + len(part.get("url", "")) for part in parts))


def _quote(*parts: Element) -> _Unit:
    return _Unit({"type": "rich_text_quote", "elements": list(parts)}, sum(len(part["text"]) for part in parts))


def _sentences(given: Given) -> list[_Unit]:
    units = [_section(text(plain(given.lead), italic=True))] if given.lead else []
    for said in given.said:
        parts = [*texts(plain(said.text)), text(" " + "".join(f"[{number}]" for number in said.numbers), bold=True)]
        units.append(_quote(*parts) if given.verbatim else _section(*parts))
    return units


def _note(given: Given) -> list[_Unit]:
    return [_section(text(plain(given.note), italic=True))] if given.note else []


def _sources(given: Given) -> list[_Unit]:
    units: list[_Unit] = []
    for cited in given.cited:
        parts = [text(f"[{cited.number}] ", bold=True), *origin_line(cited.origin, cited.link)]
        if cited.also_in:
            parts.append(text(f", also in {', '.join(map(plain, cited.also_in))}"))
        unit = _section(*parts)
        unit.own_block = not units
        units.append(unit)
        if not given.verbatim:
            units.append(_quote(*texts(plain(cited.quote))))
    if given.page:
        units.append(_section({"type": "link", "url": given.page, "text": "This answer on a page of its own"}))
    return units


def _nearest(near: Sequence[Near]) -> list[_Unit]:
    if not near:
        return []
    units = [_section(text("Closest passages, not an answer:", bold=True))]
    for item in near:
        units.append(_section(*origin_line(item.origin, item.link)))
        for part in pieces(plain(item.text)):
            block = {"type": "section", "text": _plain_text(part)}
            units.append(_Unit({}, len(part), block=block))
    return units


def pieces(content: str, most: int = _PLAIN) -> list[str]:
    """Divide a text between sentences, or words where a sentence is too long, so that each piece fits a block."""
    from index.text import spans

    found: list[str] = []
    for start, end in spans(content) or [(0, len(content))]:
        for word_or_sentence in [content[start:end]] if end - start <= most else _words(content[start:end], most):
            if found and len(found[-1]) + 1 + len(word_or_sentence) <= most:
                found[-1] += f" {word_or_sentence}"
            else:
                found.append(word_or_sentence)
    return found


def _words(content: str, most: int) -> Iterable[str]:
    for word in content.split():
        for start in range(0, len(word), most):
            yield word[start : start + most]


def _packed(units: Sequence[_Unit]) -> list[list[Block]]:
    """Put units into blocks and blocks into messages, each within its limits."""
    messages: list[list[Block]] = [[]]
    in_block = in_message = 0
    for unit in units:
        if messages[-1] and in_message + unit.size > _MESSAGE:
            messages.append([])
            in_block = in_message = 0
        blocks = messages[-1]
        open_block = blocks[-1] if blocks and blocks[-1]["type"] == "rich_text" else None
        if unit.block is not None:
            new = unit.block
        elif open_block is None or unit.own_block or in_block + unit.size > _BLOCK:
            new = rich([unit.element])
        else:
            open_block["elements"].append(unit.element)
            in_block += unit.size
            in_message += unit.size
            continue
        if len(blocks) >= _BLOCKS:
            messages.append([])
            in_message = 0
        messages[-1].append(new)
        in_block = unit.size
        in_message += unit.size
    return messages


def passages(given: Given) -> dict[str, Any]:
    """Return the modal that shows each quote in bold in its passage."""
    blocks: list[Block] = []
    for cited in given.cited:
        around = texts(_tail(cited.before))
        after = texts(_head(cited.after))
        entry = [
            rich([section(text(f"[{cited.number}] ", bold=True), *origin_line(cited.origin, cited.link))]),
            rich(
                [
                    {
                        "type": "rich_text_quote",
                        "elements": [*around, *texts(paragraphs(cited.quote) or "(no text)", bold=True), *after],
                    }
                ]
            ),
        ]
        if len(blocks) + 3 > 98 or _size([*blocks, *entry]) > 100_000:
            blocks.append(rich([section(text("There are more passages than a window of Slack holds."))]))
            break
        blocks += [{"type": "divider"}, *entry] if blocks else entry
    return modal("Passages", blocks or [rich([section(text("There are no passages."))])])


def _tail(before: str) -> str:
    return paragraphs(before) + (" " if before[-1:].isspace() and before.strip() else "")


def _head(after: str) -> str:
    return (" " if after[:1].isspace() and after.strip() else "") + paragraphs(after).lstrip() if after.strip() else ""


def _size(blocks: Sequence[Block]) -> int:
    return len(str(blocks))


def modal(title: str, blocks: Sequence[Block], **more: Any) -> dict[str, Any]:
    """Return a window of Slack. ``title`` has at most 24 characters."""
    return {"type": "modal", "title": _plain_text(title), "close": _plain_text("Close"), "blocks": list(blocks), **more}


def ask_about(question: str, place: str) -> dict[str, Any]:
    """Return the window of the message shortcut, the message as the question. ``place`` is kept for the submission."""
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
        "label": _plain_text("Question to the articles"),
        "element": element,
    }
    return modal("Ask about this", [block], callback_id="ask_about", private_metadata=place, submit=_plain_text("Ask"))


def why_bad(id_: str) -> dict[str, Any]:
    """Return the window that asks what was wrong with an answer."""
    element = {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": 2_000}
    block = {
        "type": "input",
        "block_id": "reason",
        "optional": True,
        "label": _plain_text("What was wrong with the answer?"),
        "element": element,
    }
    return modal("Bad answer", [block], callback_id="why_bad", private_metadata=id_, submit=_plain_text("Send"))


def report(content: str) -> dict[str, Any]:
    """Return a window with a plain report."""
    blocks = [
        rich([{"type": "rich_text_preformatted", "elements": [text(part)]}]) for part in _lines(paragraphs(content))
    ]
    return modal("Status", blocks[:90])


def _lines(content: str) -> list[str]:
    found = [""]
    for line in content.split("\n"):
        for start in range(0, max(1, len(line)), _BLOCK):
            part = line[start : start + _BLOCK]
            if len(found[-1]) + len(part) > _BLOCK:
                found.append("")
            found[-1] += f"{part}\n"
    return [part for part in found if part.strip()] or ["nothing to report"]


def shared(given: Given, id_: str) -> list[Message]:
    """Return an answer from /ask as it is posted in the channel: the question above it."""
    messages = answer(given, id_)
    head = rich([section(text("Asked with /ask: ", italic=True), text(plain(given.question), italic=True))])
    first = messages[0]
    return [Message((head, *first.blocks), first.text), *messages[1:]]


def asked_aloud(question: str) -> Message:
    """Return the message under which an example from the Home tab is answered."""
    return Message(
        (rich([section(text("You asked: "), text(plain(question), bold=True))]),), f"You asked: {_fitting(question)}"
    )


def for_a_person(person: str, question: str, permalink: str | None) -> Message:
    """Return the message that asks a person, a group or (``person`` being the channel it is posted in) a channel.

    The only one that pings.
    """
    named: list[Element] = []
    if person.startswith(("U", "W")):
        named = [{"type": "user", "user_id": person}, text(" ")]
    elif person.startswith("S"):
        named = [{"type": "usergroup", "usergroup_id": person}, text(" ")]
    parts = [
        *named,
        text("The articles have no answer to this question. Do you know? "),
        text(plain(question), italic=True),
    ]
    if permalink:
        parts += [text(" "), {"type": "link", "url": permalink, "text": "the question"}]
    return Message((rich([section(*parts)]),), f"A question the articles do not answer: {_fitting(question)}")
