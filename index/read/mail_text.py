"""The text of a mail: what it shows, without what belongs to the mail and what it quotes of other mails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from index.clean.clean import lines_of
from index.clean.furniture import form_of
from index.dates import parse_date
from index.read.html.fragment import lines_of as lines_of_tree
from index.read.html.fragment import tree_of
from index.text import BULLET, is_sentence

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_OWN = 8  # words that a mail must have beside what it quotes
_COVER = 30  # words above a forwarded mail that are a note with it
_NARROWEST, _WIDEST = 50, 100  # characters of a wrapped line
_WRAPPED = 0.6  # of the long lines that another one follows, in a mail that a program wrapped
_CELL = 30  # characters of a cell of figures; the cells of a layout are longer
_MORE = (
    r"(?:read|find out|learn|see|show)\s(?:more|on)|(?:continue|keep|go on) reading|(?:full|whole) story"
    r"|read (?:the )?(?:full |whole |rest of the )?(?:story|article|report|post)|(?:mehr|weiter|jetzt)\s?lesen"
    r"|zum artikel|lire (?:la suite|plus|l['’]article)|leer más|seguir leyendo"
    r"|(?:leggi|continua a leggere)(?: tutto| di più)?|l[äe]s (?:mer|videre|hele saken)|lees (?:meer|verder)|ler mais"
    r"|czytaj (?:więcej|dalej)|(?:back )?to (?:the )?top"
)
_MORE_AT_END = re.compile(rf"(?<=[.!?…”\"»)])\s{{1,4}}[\[(]?(?:{_MORE}|more)\b\W{{0,5}}$", re.I)
_FURNITURE = re.compile(
    r"^\W*(?:"
    r"(?:click (?:here )?to )?(?:view|read|open|see)\s(?:this\s)?(?:e-?mail|message|newsletter|it|online|web "
    r"version)?\s?(?:in|on|with)?\s?"
    r"(?:your|a|the)?\s?(?:web\s?)?(?:browser|online|web)\b"
    r"|(?:to\s)?(?:unsubscribe|opt[- ]out|abmelden|se désabonner)\b"
    r"|(?:manage|update|change|edit)\s(?:your\s)?(?:e-?mail\s)?(?:preferences|subscriptions?|settings|profile)"
    r"|(?:click here to\s|if you (?:no longer |do not |don['’]t )?w(?:ish|ant) to\s).{0,80}(?:unsubscribe|receiv)"
    r"|you(?:['’]re| are)?\s(?:receiv(?:ed?|ing)|get(?:ting)?)\sthis\s(?:e-?mail|message|newsletter|because)\b"
    r"|this (?:e-?mail|message|newsletter) was sent (?:to|by)\b|was this (?:e-?mail|newsletter) forwarded to you"
    r"|forward (?:this e-?mail\b|this newsletter\b|to a friend)|add us to your address book"
    r"|having trouble (?:viewing|reading)|trouble viewing|im browser (?:ansehen|öffnen)|newsletter "
    r"(?:abbestellen|abmelden)"
    r"|voir (?:cet e-?mail|en ligne)|sent (?:with|by|via) (?:mailchimp|substack|beehiiv)|our mailing address is"
    r"|(?:privacy policy|terms of (?:use|service))\W*(?:\||$)"
    rf"|(?:{_MORE})\W*(?:https?://\S{{1,2000}})?\W*$"
    r")",
    re.I,
)
_ENDS_MAIL = re.compile(
    r"unsubscribe|abmelden|abbestellen|désabonner|désinscrire|darse de baja|disiscri|afmelden|avregistrera"
    r"|you(?:['’]re| are)? (?:receiv(?:ed?|ing)|get(?:ting)?) this|mailing address"
    r"|(?:manage|update) (?:your )?(?:preferences|subscriptions?)",
    re.I,
)
_LINK = re.compile(r"[<(\[]\s?https?://[^\s<>()\[\]]+\s?[>)\]]|^[ \t]{0,20}https?://\S+[ \t]{0,20}$", re.M)
_RULE = re.compile(r"^[ \t]*[^\w\s>]{3,200}[ \t]*$", re.M)
_MBOX = re.compile(r"^>(?=>{0,9}From )", re.M)  # how a mailbox writes a line that begins with "From "
_SIGNATURE = re.compile(r"^--[ \t]?$", re.M)
_WORD = re.compile(r"\w+")
_FORWARDED = re.compile(
    r"^[-_ >*]*(?:forwarded message|begin forwarded message:?|weitergeleitete nachricht|message transféré)[-_ >*]*$",
    re.I,
)
_ORIGINAL = re.compile(r"^[-_ >*]*(?:original message|ursprüngliche nachricht|message d['’]origine)[-_ >*]*$", re.I)
_WROTE = re.compile(
    r"^\W{0,3}(?:on|am|le|el|il|op|den|em)\s.{4,250}\s(?:wrote|schrieb|a\sécrit|escribió|ha\sscritto|schreef|skrev|"
    r"escreveu)\b.{0,80}:\s*$",
    re.I,
)
_HEADER = re.compile(
    (
        r"^[> *]*(?P<name>from|date|sent|subject|to|cc|reply-to|von|datum|gesendet|betreff|an|de|envoyé|objet|"
        r"à)\s?\*?:\*?\s*(?P<value>\S.*)$"
    ),
    re.I,
)
_NAMES = {
    "sent": "date",
    "datum": "date",
    "gesendet": "date",
    "envoyé": "date",
    "von": "from",
    "de": "from",
    "betreff": "subject",
    "objet": "subject",
}


def lines_of_html(source: str) -> tuple[list[str], str | None]:
    """Return the lines that a mail of HTML shows, and the language that it states.

    Mails are laid out with tables, so a cell is a paragraph. Only the figures in a row of short cells are one line.
    """
    tree = tree_of(source)
    if tree is None:
        return [], None
    tables = [table for table in tree.xpath("//table[not(.//table)]") if _holds_figures(table)]
    figures = {part for table in tables for part in table.iter()}
    for part in list(tree.iter("table", "tbody", "thead", "tr", "td", "th")):
        if part not in figures:
            part.tag = "div"
    hidden = "//*[contains(@style, 'mso-hide:all') or @class='gmail_signature' or @class='moz-signature']"
    quote = "blockquote[@type='cite' or contains(@class, 'gmail_quote')]"
    for element in tree.xpath(hidden):
        _drop(element)
    found = tree.xpath(f"//{quote}[not(ancestor::{quote})]")
    if len(_WORD.findall(tree.text_content())) - sum(map(_words, found)) >= _OWN:
        for element in found:
            _drop(element)
    return lines_of_tree(tree), tree.get("lang")


def _holds_figures(table: HtmlElement) -> bool:
    rows = [[" ".join(cell.text_content().split()) for cell in row.iter("td", "th")] for row in table.iter("tr")]
    filled = [[cell for cell in row if cell] for row in rows]
    wide = [row for row in filled if len(row) > 1]
    return len(wide) > 1 and all(len(cell) <= _CELL for row in filled for cell in row)


def _words(element: HtmlElement) -> int:
    return len(_WORD.findall(element.text_content()))


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def lines_of_plain(text: str, *, flowed: bool = False) -> list[str]:
    """Return the lines of a plain mail; ``flowed`` says that a space at the end of a line joins it to the next."""
    text = _MBOX.sub("", text.replace("\r\n", "\n"))
    text = _without_signature(text)
    if flowed:
        text = re.sub(r"(?<=[^\s-]) \n(?=[^\n>])", " ", text)
    return _unwrapped(lines_of(_RULE.sub("", _LINK.sub("", text)), tags=False))


def _unwrapped(lines: list[str]) -> list[str]:
    """Join the lines of paragraphs that a program broke because the next word did not fit."""
    pairs = [(line, after) for line, after in pairwise(lines) if after and len(line) >= _NARROWEST]
    width = max((len(line) for line, _ in pairs if len(line) <= _WIDEST), default=0)

    def is_full(line: str, after: str) -> bool:
        ended = len(pairs) < 3 and is_sentence(line)  # too few lines to tell
        return not ended and len(line) <= _WIDEST and len(line) + 1 + len(after.split(" ", 1)[0]) > width

    if sum(is_full(*pair) for pair in pairs) < _WRAPPED * len(pairs):
        return lines
    joined: list[list[str]] = []
    for index, line in enumerate(lines):
        above = lines[index - 1] if index else ""
        apart = BULLET.match(line) or above.isupper() or line.startswith(">") or _HEADER.match(line)
        if above and line and is_full(above, line) and not (apart or _FURNITURE.match(line)):
            joined[-1].append(line)
        else:
            joined.append([line])
    return [" ".join(parts) for parts in joined]


def _without_signature(text: str) -> str:
    marks = list(_SIGNATURE.finditer(text))
    if not marks:
        return text
    rest = text[marks[-1].end() :].strip().split("\n")
    whole = marks[-1][0] == "-- " and len(rest) <= 12
    said = any(is_sentence(line) and not _FURNITURE.match(line) for line in rest[:100])
    return text[: marks[-1].start()] if whole or (len(rest) < 100 and not said) else text


def without_furniture(lines: Sequence[str], *, reply: bool = False) -> tuple[list[str], dict[str, str]]:
    """Return a mail's lines without its own and those of other mails, and the fields of a forwarded mail's header.

    ``reply`` says that the mail answers one, so that what follows "Original message" is not its own.
    """
    kept = list(lines)
    filled = [index for index, line in enumerate(kept) if line.strip()]
    said: dict[str, str] = {}
    start = next(
        (
            index
            for index in filled[:12]
            if _FORWARDED.match(kept[index])
            or (_ORIGINAL.match(kept[index]) and not reply and len(_WORD.findall(" ".join(kept[:index]))) < _COVER)
        ),
        None,
    )
    if start is not None:
        end = start + 1
        while end < len(kept) and (not kept[end].strip() or _HEADER.match(kept[end])):
            if match := _HEADER.match(kept[end]):
                name = match["name"].lower()
                said.setdefault(_NAMES.get(name, name), match["value"].strip())
            end += 1
        kept = kept[end:]
    kept = _without_quoted(kept)
    kept = kept[: _end_of(kept)]
    kept = [line for line in kept if not (len(line) < 300 and _FURNITURE.match(line))]
    return [_MORE_AT_END.sub("", line) if len(line) < 5_000 else line for line in kept], said


def _without_quoted(lines: list[str]) -> list[str]:
    """Leave out what a mail quotes of another one, unless it has hardly any words of its own."""
    kept: list[str] = []
    words = 0
    skip = -1
    for index, line in enumerate(lines):
        if index <= skip:
            continue
        pair = f"{line} {lines[index + 1]}" if index + 1 < len(lines) else line
        if words >= _OWN and (_ORIGINAL.match(line) or _heads_mail(lines, index)):
            break
        if _WROTE.match(line) or (len(pair) < 300 and _WROTE.match(pair)):
            skip = index if _WROTE.match(line) else index + 1
        elif not line.startswith(">"):
            kept.append(line)
            words += len(_WORD.findall(line))
    return kept if words >= _OWN else [line.lstrip("> ") for line in lines]


def _heads_mail(lines: list[str], index: int) -> bool:
    """Tell whether the header of another mail begins at a line: From, and Sent or Date, and Subject or To."""
    if not (match := _HEADER.match(lines[index])) or _NAMES.get(match["name"].lower(), match["name"].lower()) != "from":
        return False
    near = [found["name"].lower() for line in lines[index + 1 : index + 9] if (found := _HEADER.match(line))]
    return {"date", "subject"} <= {_NAMES.get(name, name) for name in near}


def without_masthead(lines: Sequence[str], publisher: str | None) -> list[str]:
    """Leave out the name of the newsletter and the day of its issue, where they stand above its first sentence."""
    first = next((index for index, line in enumerate(lines) if is_sentence(line)), 0)
    return [
        line
        for index, line in enumerate(lines)
        if index > first
        or not line
        or not ((len(line) < 40 and parse_date(line)) or (publisher and line.casefold() == publisher.casefold()))
    ]


def left_out(lines: Sequence[str], kept: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """Return the lines that a mail's text is without: (line, reason, number of lines of the text before it)."""
    found = []
    number = 0
    for line in lines:
        if number < len(kept) and line.lstrip("> ").startswith(kept[number].lstrip("> ")):
            number += 1
        elif _WORD.search(line):
            found.append((line[:200], "quoted mail" if line.startswith(">") else "part of the mail", number))
    return tuple(found[:200])


def _end_of(lines: list[str]) -> int:
    """Return where the end of a newsletter begins: the lines about the subscription, and what is no sentence there."""
    end = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if len(line) < 300 and _ENDS_MAIL.search(line) and (_FURNITURE.match(line) or not is_sentence(line)):
            end = index
        elif is_sentence(line) and not form_of(line):
            break
    return end
