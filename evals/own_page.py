"""The page with every reply to an admin's own questions: what to look at first stands first."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from bot.reply import UNSURE, Answer, Citation, instead_of_answer
from evals.own_questions import VERDICTS, OwnReply
from evals.report import STYLE
from index.dates import day_text
from web.links import address

_OWN = """td:last-child{white-space:nowrap}
section{border-top:1px solid #ddd;padding:.5rem 0}blockquote{margin:.5rem 0;padding-left:.8rem;
border-left:3px solid #ddd;white-space:pre-line}h3{margin:.3rem 0}
@media(prefers-color-scheme:dark){section,blockquote{border-color:#444}}"""
_ORDER = ("wrong", "refused", "unsure", "shown", "in the excerpt", "answered", "right")


def page(replies: Sequence[OwnReply], figures: Mapping[str, str], about: Mapping[str, Any]) -> str:
    """Return the page: the figures, then the questions by how they were answered."""
    rows = "".join(
        f"<tr><td>{_text(name).replace('  ', '&emsp;')}</td><td>{_text(value)}</td></tr>"
        for name, value in figures.items()
    )
    missing = "".join(f"<li>{_text(each)}</li>" for each in about["not in the archive"])
    groups = [(name, [each for each in replies if each.verdict == name]) for name in _ORDER]
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>newsdesk: your questions</title><style>{STYLE}{_OWN}</style><h1>Your questions</h1>"
        f"<p>Asked of {about['articles']:,} articles. This page holds text of them.</p><table>{rows}</table>"
        + (f"<p>Expected, but not in the archive:</p><ul>{missing}</ul>" if missing else "")
        + "".join(_group(name, items) for name, items in groups if items)
        + "</html>\n"
    )


def _group(name: str, items: Sequence[OwnReply]) -> str:
    return f"<h2>{_text(name)}: {len(items)}</h2><p><small>{_text(VERDICTS[name])}</small></p>" + "".join(
        map(_section, items)
    )


def _section(item: OwnReply) -> str:
    asked = item.asked
    parts = [f"<h3>{_text(asked.question)}</h3>"]
    facts = [asked.id, f"{item.words} words" if item.words else "", f"{item.seconds:.2f} s"]
    facts += [f"after: {each}" for each in asked.thread] + [f"asked on {asked.today}"] * bool(asked.today)
    parts.append(f"<p><small>{_text(', '.join(filter(None, facts)))}</small></p>")
    result = item.reply.result if item.reply else None
    if isinstance(result, Answer):
        parts += [f"<p>{_text(result.lead)}</p>"] * bool(result.lead)
        if result.answerer == "quotes":
            parts += map(_quote, result.citations)
        else:
            parts += [f"<p>{_text(result.text)}</p>", *map(_quote, result.citations)]
    elif result is None:
        parts.append(f"<p>{_text(item.trouble)}</p>")
    elif result.closest is not None:
        parts += [f"<p>{_text(UNSURE)}</p>", _quote(result.closest)]
    else:
        parts.append(f"<p>{_text(instead_of_answer(result.reason, unsure=False))}</p>")
    if item.verdict not in ("right", "answered"):
        parts.append(_expected(item))
    return f"<section>{''.join(parts)}</section>"


def _expected(item: OwnReply) -> str:
    """Return what was expected, and where the search looked, for a reply that is not right."""
    asked = item.asked
    said = [f"article: {asked.article}"] if asked.article else []
    said += [f"a sentence with: {each}" for each in asked.gold]
    said += [f"“{each}”" for each in asked.sentences]
    said += ["no answer"] if asked.answerable is False else []
    looked = [_named(hit.article.source) for hit in item.reply.hits] if item.reply else []
    lines = [f"<p><small>expected {_text('; '.join(said))}</small></p>"] if said else []
    if looked:
        lines.append(f"<p><small>looked at: {_text('; '.join(list(dict.fromkeys(looked))[:5]))}</small></p>")
    return "".join(lines)


def _quote(citation: Citation) -> str:
    quote = _text(citation.quote)
    if citation.answering is not None:
        first, last = (place - citation.start for place in citation.answering)
        parts = (citation.quote[:first], citation.quote[first:last], citation.quote[last:])
        quote = "{}<b>{}</b>{}".format(*map(_text, parts))
    source = citation.article.source
    url, name = address(source.url), _text(_named(source))
    speaker = f"{_text(citation.speaker)}: " if citation.speaker else ""
    link = f'<a href="{_text(url)}" rel="noreferrer">{name}</a>' if url else name
    return f"<blockquote>{speaker}{quote}</blockquote><p><small>{citation.number}. {link}</small></p>"


def _named(source: Any) -> str:
    about = ", ".join(filter(None, [source.publisher, day_text(source.published, source.date_source)]))
    return f"{about}: {source.title}" if about else str(source.title)


def _text(value: object) -> str:
    return html.escape(str(value))
