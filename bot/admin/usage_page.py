"""The report on usage as one HTML page with plots: nothing in it is fetched, run or trusted."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from bot.admin.usage import known_text

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#222;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}td,th{padding:.25rem .7rem .25rem 0;text-align:left;
vertical-align:top;border-bottom:1px solid #ddd}
td.n,th.n{text-align:right;white-space:nowrap;width:1%}td{overflow-wrap:anywhere}small{color:#595959}
svg{max-width:100%;height:auto}h2{margin-top:2.5rem}
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem}dt{font-size:.85rem;color:#595959}dd{margin:0;font-size:1.4rem}
ul{margin:.2rem 0;padding-left:1.1rem}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}small,dt{color:#aaa}}"""
_COLOURS = {"answered": "#2a6fbb", "refused": "#d08a1d", "other": "#888888"}
_HIGH, _WIDE = 160, 860


def page(values: Mapping[str, Any]) -> str:
    """Return the page of a report that ``usage`` made."""
    title = f"newsdesk: {values['since']} to {values['until']}"
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_text(title)}</title><style>{_STYLE}</style><main><h1>{_text(title)}</h1>{_numbers(values)}"
        f"{_days(values['days'])}"
        + _unanswered(values["unanswered"])
        + _listed(
            "Rated down",
            ("Question", "Why"),
            [(item["question"], item["reason"] or "") for item in values["low_rated"]],
        )
        + _cited(values["most_cited"])
        + _listed(
            "Slowest",
            ("Question", "Seconds"),
            [(item["question"], f"{item['seconds']:.1f}") for item in values["slowest"]],
            numbers=True,
        )
        + "</main></html>\n"
    )


def _numbers(values: Mapping[str, Any]) -> str:
    seconds = values["seconds"]
    shown = {
        "questions": values["questions"],
        "people": values["people"],
        "answered": values["answered"],
        "refused": values["refused"],
        "rated up": values["votes"]["up"],
        "rated down": values["votes"]["down"],
        "median wait": "–" if seconds["median"] is None else f"{seconds['median']:.1f} s",
        "95 % within": "–" if seconds["p95"] is None else f"{seconds['p95']:.1f} s",
        **values["other"],
    }
    return (
        "<dl>"
        + "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in shown.items())
        + "</dl>"
    )


def _days(days: Sequence[Mapping[str, Any]]) -> str:
    """Plot questions by day: answered below, refused and other above it."""
    most = max([1, *(sum(day[name] for name in _COLOURS) for day in days)])
    step = min(90.0, (_WIDE - 40) / max(1, len(days)))
    every = max(1, round(60 / step))
    parts = [
        (
            f'<h2>By day</h2><svg viewBox="0 0 {_WIDE} {_HIGH + 60}" width="{_WIDE}" role="img" '
            'aria-label="questions by day">'
        )
    ]
    for share in (0.0, 0.5, 1.0):
        y = 10 + _HIGH * (1 - share)
        parts.append(f'<path d="M36 {y:.0f}H{_WIDE}" stroke="#8884"/>')
        if share * most == round(share * most):
            parts.append(
                f'<text x="30" y="{y + 4:.0f}" font-size="11" text-anchor="end" '
                f'fill="currentColor">{share * most:.0f}</text>'
            )
    for place, day in enumerate(days):
        x, y = 40 + step * place, 10.0 + _HIGH
        for name, colour in _COLOURS.items():
            high = _HIGH * day[name] / most
            y -= high
            if high:
                told = f"{day['day']}: {day[name]} {name}"
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.8:.1f}" height="{high:.1f}" '
                    f'fill="{colour}"><title>{_text(told)}</title></rect>'
                )
        if place % every == 0:
            parts.append(
                f'<text x="{x:.1f}" y="{_HIGH + 26}" font-size="11" fill="currentColor">{_text(day["day"][5:])}</text>'
            )
    for place, (name, colour) in enumerate(_COLOURS.items()):
        x = 40 + 100 * place
        parts.append(f'<rect x="{x}" y="{_HIGH + 42}" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{x + 16}" y="{_HIGH + 52}" font-size="12" fill="currentColor">{name}</text>')
    return "".join(parts) + "</svg>"


def _unanswered(topics: Sequence[Mapping[str, Any]]) -> str:
    if not topics:
        return ""
    rows = "".join(
        f'<tr><td class="n">{_text(topic["questions"])}<td><strong>{_text(topic["topic"])}</strong><br>'
        f"<small>{_text(known_text(topic['passages']))}</small>"
        f"<td><ul>{''.join(f'<li>{_text(text)}' for text in topic['asked'])}</ul>"
        for topic in topics
    )
    return (
        '<h2>Asked for and not found: to ingest next</h2><table><tr><th class="n">Questions<th>Topic<th>As '
        f"asked{rows}</table>"
    )


def _cited(articles: Sequence[Mapping[str, Any]]) -> str:
    if not articles:
        return ""
    most = max(item["answers"] for item in articles)
    rows = "".join(
        f'<tr><td class="n">{_text(item["answers"])}<td><svg viewBox="0 0 100 10" width="100" role="presentation">'
        f'<rect width="{100 * item["answers"] / most:.0f}" height="10" fill="{_COLOURS["answered"]}"/></svg>'
        f"<td>{_text(item['title'])}<br><small>{_text(item['publisher'] or 'unknown publisher')}, "
        f"{_text(item['published'] or 'undated')}</small>"
        for item in articles
    )
    return f'<h2>Most cited</h2><table><tr><th class="n">Answers<th><th>Article{rows}</table>'


def _listed(head: str, columns: tuple[str, str], rows: Sequence[tuple[str, str]], *, numbers: bool = False) -> str:
    if not rows:
        return ""
    kind = ' class="n"' if numbers else ""
    lines = "".join(f"<tr><td>{_text(left)}<td{kind}>{_text(right)}" for left, right in rows)
    return f"<h2>{head}</h2><table><tr><th>{columns[0]}<th{kind}>{columns[1]}{lines}</table>"


def _text(value: object) -> str:
    return html.escape(str(value))
