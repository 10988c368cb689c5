"""Messages as Slack's blocks. Slack's limits are kept by splitting between sentences and sources.

Text of articles and people stands in rich_text and plain_text only, where Slack parses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.journal.stored_answer import Cited, Origin, StoredAnswer
from bot.reply import Sentence, lists_articles, numbered, speaker_of
from bot.slack.messages.text import mrkdwn, names_an_address, paragraphs, plain
from index.dates import day_text
from web.links import address

Block = dict[str, Any]
Element = dict[str, Any]

BLOCK = 2_800  # characters of one rich_text block
_PART = 3_000  # characters of one piece of rich_text
_MESSAGE = 9_000  # characters of one message
_BLOCKS = 44  # of a message; Slack takes 50, the buttons come on top
_FALLBACK = 3_000  # characters of ``text``; Slack takes 4,000 in an edit

HINT = "Ask me something about the articles, and I answer with quotes from them."


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its blocks, and its text for notifications and screen readers."""

    blocks: tuple[Block, ...]
    text: str


@dataclass(slots=True)
class _Unit:
    """What is never divided: a sentence or a source."""

    element: Element
    size: int
    own_block: bool = False  # begins a block of its own


def answer(
    stored: StoredAnswer, id_: str, *, person: bool = False, feedback: bool = True, share: bool = False
) -> list[Message]:
    """Return the messages of an answer, refusal, hint or apology, in order.

    ``person``: offer to ask a person where there is no answer. ``share``: offer to post it in the channel.
    """
    if stored.answered:
        units = [*_sentences(stored), *_note(stored), *_sources(stored)]
    else:
        units = [_section(text(plain(stored.message)), *_closest(stored.closest))]
    messages = _packed(units)
    tail = buttons(stored, id_, person=person, feedback=feedback, share=share)
    messages[-1] += tail
    return [
        Message(tuple(blocks), fallback)
        for blocks, fallback in zip(messages, fallbacks(stored, len(messages)), strict=True)
    ]


def after_stream(stored: StoredAnswer, id_: str) -> list[Message]:
    """Return what follows the sentences of a stream: sources and buttons.

    The first message belongs to the stream, the others come after it.
    """
    messages = _packed(_sources(stored))
    messages[-1] += buttons(stored, id_)
    return [
        Message(tuple(blocks), fallback)
        for blocks, fallback in zip(messages, fallbacks(stored, len(messages)), strict=True)
    ]


def buttons(
    stored: StoredAnswer, id_: str, *, person: bool = False, feedback: bool = True, share: bool = False
) -> list[Block]:
    """Return the buttons under an answer or a refusal; none under a hint or an apology."""
    if stored.outcome in ("hint", "trouble"):
        return []
    row = [button("Show passages", "passages", id_)] if stored.cited else []
    row += [button("Show closest passages", "passages", id_)] if stored.closest else []
    row += [button("Share to channel", "share", id_)] if share and stored.answered else []
    row += [button("Ask a person", "ask_person", id_)] if person and not stored.answered else []
    blocks: list[Block] = [{"type": "actions", "block_id": "actions", "elements": row}] if row else []
    if feedback:
        good = {"text": plain_text("Good answer"), "value": f"up:{id_}", "accessibility_label": "This answer is good"}
        bad = {"text": plain_text("Bad answer"), "value": f"down:{id_}", "accessibility_label": "This answer is bad"}
        element = {"type": "feedback_buttons", "action_id": "feedback", "positive_button": good, "negative_button": bad}
        blocks.append({"type": "context_actions", "block_id": "feedback", "elements": [element]})
    return blocks


def fallbacks(stored: StoredAnswer, count: int) -> list[str]:
    """Return the plain text of each of an answer's messages.

    The first has all of the answer that fits, in whole sentences and sources.
    """
    if stored.answered:
        listed = _is_list(stored)
        parts = [] if listed else [numbered(said, stored.cited) for said in stored.said]
        parts += [stored.lead] if stored.lead else []
        for group in by_article(stored.cited):
            marks = "" if listed else _marks(group)
            parts.append(f"{_numbers(group)} {_named(group[0].origin, timed=listed)}{marks}")
    else:
        parts = [stored.message]
        parts += [f"“{stored.closest.sentence}” ({_named(stored.closest.origin)})"] if stored.closest else []
    shown: list[str] = []
    used = 0
    for part in map(mrkdwn, parts):
        if shown and used + len(part) > _FALLBACK:
            shown.append("…")
            break
        shown.append(part if len(part) <= _FALLBACK else "The answer is in the message.")
        used += len(part) + 1
    return [" ".join(shown), *(f"The answer continues ({number} of {count})." for number in range(2, count + 1))]


def hint(examples: Sequence[str] = (), articles: int = 0) -> StoredAnswer:
    """Return how to ask, with examples."""
    shown = [f"“{example}”" for example in examples[:2]]
    about = HINT.replace("the articles", f"the {articles:,} articles I know", 1) if articles > 1 else HINT
    return StoredAnswer("", "hint", about + (f" For example: {' or '.join(shown)}" if shown else ""))


def text(content: str, **style: bool) -> Element:
    """Return a piece of rich_text; nothing in it is parsed."""
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def texts(content: str, **style: bool) -> list[Element]:
    """Return a text of any length as consecutive pieces of rich_text."""
    return [text(content[start : start + _PART], **style) for start in range(0, len(content), _PART)]


def rich(elements: Sequence[Element]) -> Block:
    """Return a rich_text block of sections, quotes or lists."""
    return {"type": "rich_text", "elements": list(elements)}


def section(*parts: Element) -> Element:
    """Return a line of rich_text."""
    return {"type": "rich_text_section", "elements": list(parts)}


def button(label: str, action: str, value: str, **more: Any) -> Element:
    """Return a button."""
    return {"type": "button", "text": plain_text(label), "action_id": action, "value": value, **more}


def origin_line(origin: Origin, link: str | None = None, *, timed: bool = False) -> list[Element]:
    """Return publisher, date (``timed``: and time) and title of an article.

    The title is a link to the passage (``link``), or to the article's own address where it has one.
    """
    return [text(f"{plain(_publisher(origin))}, {_day(origin, timed=timed)}: "), *_title(origin, link)]


def _publisher(origin: Origin) -> str:
    return origin.publisher or "no publisher"


def cited_line(cited: Cited) -> list[Element]:
    """Return number, publisher, date and title of a citation, and what is to know about its quote."""
    marks = _marks([cited])
    about = [text(marks)] if marks else []
    return [text(f"[{cited.number}] ", bold=True), *origin_line(cited.origin, cited.link), *about]


def _marks(group: Sequence[Cited]) -> str:
    marks = dict.fromkeys(mark for cited in group for mark in cited.marks)
    return f" ({', '.join(marks)})" if marks else ""


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
    escaped = mrkdwn(content)
    return escaped if len(escaped) <= _FALLBACK else "see the message"


def _day(origin: Origin, *, timed: bool = False) -> str:
    return day_text(origin.day, origin.date_source) + (f", {plain(origin.time)}" if timed and origin.time else "")


def _named(origin: Origin, *, timed: bool = False) -> str:
    return f"{_publisher(origin)}, {_day(origin, timed=timed)}: {origin.title}"


def _numbers(group: Sequence[Cited]) -> str:
    return " ".join(f"[{cited.number}]" for cited in group)


def plain_text(content: str) -> Element:
    """Return a text that Slack shows as it is."""
    return {"type": "plain_text", "text": content, "emoji": False}


def _section(*parts: Element) -> _Unit:
    return _Unit(section(*parts), _size(parts))


def _quote(*parts: Element) -> _Unit:
    return _Unit({"type": "rich_text_quote", "elements": list(parts)}, _size(parts))


def _size(parts: Sequence[Element]) -> int:
    return sum(len(part.get("text", "")) + len(part.get("url", "")) for part in parts)


def _sentences(stored: StoredAnswer) -> list[_Unit]:
    units = [_section(text(plain(stored.lead), italic=True))] if stored.lead else []
    links = {cited.number: cited.link for cited in stored.cited}
    for said in () if _is_list(stored) else stored.said:
        numbers = [_number(number, links.get(number)) for number in said.numbers]
        parts = [*_excerpt(said), text(" "), *numbers]
        if said.asked:
            units.append(_section(text(plain(said.asked), italic=True)))
        if speaker := speaker_of(said, stored.cited):
            units.append(_section(text(f"{plain(speaker)}:")))
        units.append(_quote(*parts) if stored.verbatim else _section(*parts))
    return units


def _is_list(stored: StoredAnswer) -> bool:
    return stored.verbatim and lists_articles(stored.lead, stored.cited)


def _excerpt(said: Sentence) -> list[Element]:
    """Return the text of a sentence or an excerpt; in bold the sentence that answers."""
    start, end = said.bold or (0, 0)
    parts = [*_piece(said.text[:start]), *_piece(said.text[start:end], bold=True), *_piece(said.text[end:])]
    return parts or [text("(no text)")]


def _piece(content: str, **style: bool) -> list[Element]:
    """Return some characters of a text with its line breaks, and with the white space at its ends."""
    before, after = content[: len(content) - len(content.lstrip())], content[len(content.rstrip()) :]
    return texts(before[:1] + paragraphs(content.strip()) + after[:1], **style) if content.strip() else []


def _number(number: int, link: str | None) -> Element:
    """Return a citation's number, as a link to its passage where there is one."""
    if link is None:
        return text(f"[{number}]", bold=True)
    return {"type": "link", "url": link, "text": f"[{number}]", "style": {"bold": True}}


def by_article(cited: Sequence[Cited]) -> list[list[Cited]]:
    """Return citations in groups, those of one article together."""
    groups: dict[tuple[str, str], list[Cited]] = {}
    for one in cited:
        groups.setdefault((one.origin.article_id, one.origin.digest), []).append(one)
    return list(groups.values())


def _note(stored: StoredAnswer) -> list[_Unit]:
    return [_section(text(plain(stored.note), italic=True))] if stored.note else []


def _sources(stored: StoredAnswer) -> list[_Unit]:
    units: list[_Unit] = []
    for group in by_article(stored.cited):
        numbers = [part for cited in group for part in (_number(cited.number, cited.link), text(" "))]
        if _size(numbers) > BLOCK // 2:
            numbers = texts(f"{_numbers(group)} ", bold=True)
        parts = [*numbers, *origin_line(group[0].origin, group[0].link, timed=_is_list(stored))]
        if (marks := _marks(group)) and not _is_list(stored):
            parts.append(text(marks))
        if also_in := list(dict.fromkeys(name for cited in group for name in cited.also_in)):
            parts.append(text(f", also in {', '.join(map(plain, also_in))}"))
        unit = _section(*parts)
        unit.own_block = not units
        units.append(unit)
        if not stored.verbatim:
            units += [_quote(*texts(plain(cited.quote))) for cited in group]
    if stored.page:
        units.append(_section({"type": "link", "url": stored.page, "text": "This answer on a page of its own"}))
    return units


def _closest(cited: Cited | None) -> list[Element]:
    """Return the sentence that comes closest to an answer, with its speaker and its source."""
    if cited is None:
        return []
    speaker = f"{plain(cited.speaker)}: " if cited.speaker else ""
    marks = _marks([cited])
    about = [text(marks)] if marks else []
    quoted = texts(f"“{plain(cited.sentence)}”", bold=True)
    return [text(f" {speaker}"), *quoted, text(" "), *origin_line(cited.origin, cited.link), *about]


def _packed(units: Sequence[_Unit]) -> list[list[Block]]:
    """Put units into blocks, and blocks into messages, each within Slack's limits."""
    messages: list[list[Block]] = [[]]
    in_block = in_message = 0
    for unit in units:
        if messages[-1] and in_message + unit.size > _MESSAGE:
            messages.append([])
            in_block = in_message = 0
        blocks = messages[-1]
        open_block = blocks[-1] if blocks and blocks[-1]["type"] == "rich_text" else None
        if open_block is not None and not unit.own_block and in_block + unit.size <= BLOCK:
            open_block["elements"].append(unit.element)
            in_block += unit.size
            in_message += unit.size
            continue
        if len(blocks) >= _BLOCKS:
            messages.append([])
            in_message = 0
        messages[-1].append(rich([unit.element]))
        in_block = unit.size
        in_message += unit.size
    return messages


def shared(stored: StoredAnswer, id_: str) -> list[Message]:
    """Return an answer from /ask as it is posted in the channel, with the question above it."""
    messages = answer(stored, id_)
    head = rich([section(text("Asked with /ask: ", italic=True), text(plain(stored.question), italic=True))])
    first = messages[0]
    return [Message((head, *first.blocks), first.text), *messages[1:]]


def asked_aloud(question: str) -> Message:
    """Return the message under which a question from the Home tab's examples is answered."""
    return Message(
        (rich([section(text("You asked: "), text(plain(question), bold=True))]),), f"You asked: {_fitting(question)}"
    )


def for_a_person(person: str, question: str, permalink: str | None) -> Message:
    """Return the message that passes a question on to ``person``: the id of a person, a group or a channel.

    It is the only message that notifies somebody by name.
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
