"""Results: a JSON file for each measurement, and one page that shows them all.

Figures and ids only, no word of the data.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;
background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .7rem;text-align:right;
border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}small{color:#666}svg{max-width:100%;height:auto}h2{margin-top:2.5rem}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}small{color:#999}}"""
_COLOURS = ("#2a6fbb", "#c0504d", "#6a9a3b", "#8064a2", "#d08a1d")


def save(result: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result as JSON and the page of all results anew; return the JSON file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['eval']}-{result['data']}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    (folder / "report.html").write_text(page(results), encoding="utf-8")
    return path


def page(results: Sequence[Mapping[str, Any]]) -> str:
    """Return one HTML page with every result: its tables (mean and 95 % interval) and plots."""
    body = "".join(_section(result) for result in results)
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width"><title>newsdesk: figures</title>'
        f"<style>{STYLE}</style><h1>newsdesk: figures</h1>"
        "<p>Made by <code>python -m evals</code>. <small>dev: the half that was tuned on; test, blind: the other half. "
        "In brackets: 95 % interval.</small></p>"
        f"{body}</html>\n"
    )


def _section(result: Mapping[str, Any]) -> str:
    about = ", ".join(
        f"{key} {value}"
        for key, value in result.items()
        if isinstance(value, int | str) and key not in ("eval", "data")
    )
    figures = result.get("figures", {})
    parts = [f"<h2>{_text(result['eval'])}: {_text(result['data'])}</h2><p><small>{_text(about)}</small></p>"]
    halves = [half for half in ("dev", "test", "blind", "both") if half in figures]
    other = "blind" if "blind" in halves else "test"
    if "timeline" in result:
        parts += [
            _table(values if isinstance(values, dict) else {name: values}, [name], lambda _, row: row)
            for name, values in figures.items()
        ]
        parts.append(_timeline(result["timeline"]) + _table(result["machine"], ["machine"], lambda _, row: row))
    elif not halves:
        parts.append(
            _table(figures, ["value"], lambda _, row: row) + (_growth(result["lines"]) if "lines" in result else "")
        )
    elif any(
        isinstance(value, dict) and "mean" not in value and name != "at a bound"
        for name, value in figures[halves[0]].items()
    ):
        systems = list(figures["both"])
        rows = {name: None for system in systems for name in figures["both"][system]}
        for half in (other, "dev"):
            parts.append(
                f"<h3>{half}</h3>"
                + _table(rows, systems, lambda column, name, half=half: figures[half][column].get(name), named=True)
            )
        if other == "test" and any(
            isinstance(value, dict) for system in systems for value in figures["test"][system].values()
        ):
            parts.append(_bars({system: figures["test"][system] for system in systems}))
    else:
        names = {name: None for name in figures["both"] if name != "curve"}
        parts.append(_table(names, halves, lambda column, name: figures[column].get(name), named=True))
        if "curve" in figures["test"]:
            parts.append(_curve({half: figures[half]["curve"] for half in ("dev", "test")}))
        if "reasons" in figures:
            parts.append(_table(figures["reasons"], ["questions"], lambda _, row: row))
    if "kinds" in result:
        parts.append("<h3>right, by kind of question</h3>")
        parts.append(_table(result["kinds"], ["blind", "dev"], lambda half, row: row.get(half)))
    if "reliability" in result:
        parts.append(f"<h3>right, by confidence</h3>{_reliability(result['reliability'])}")
    if "written" in result:
        parts.append("<h3>what the model wrote</h3>" + _table(result["written"], ["value"], lambda _, row: row))
    return "".join(parts)


def _table(rows: Mapping[str, Any], columns: Sequence[str], value: Any, *, named: bool = False) -> str:
    head = "".join(f"<th>{_text(column)}" for column in columns)
    lines = []
    for name, row in rows.items():
        cells = "".join(f"<td>{_cell(value(column, name if named else row))}" for column in columns)
        lines.append(f"<tr><td>{_text(name)}{cells}")
    return f"<table><tr><th>{head}{''.join(lines)}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "mean" in value:
        low, high = value["interval"]
        return f"{value['mean']:.3f} <small>[{low:.3f}, {high:.3f}]</small>"
    if isinstance(value, dict):
        return "<br>".join(f"<small>{_text(key)}</small> {_cell(item)}" for key, item in value.items())
    return _text(f"{value:.3f}" if isinstance(value, float) else value)


def _bars(systems: Mapping[str, Mapping[str, Any]]) -> str:
    """Plot the means of each figure, a bar for each system, with the interval as a line."""
    names = [name for name in next(iter(systems.values())) if "better" not in name]
    width, wide = 34 + 17 * len(systems), 60 + (34 + 17 * len(systems)) * len(names)
    parts = [f'<svg viewBox="0 0 {wide} 240" width="{wide}" role="img" aria-label="figures by system">', _axis(wide)]
    for group, name in enumerate(names):
        left = 45 + group * width
        for place, figures in enumerate(systems.values()):
            value = figures.get(name)
            if not value:
                continue
            x, y = left + 17 * place, 190 - 170 * value["mean"]
            low, high = (190 - 170 * edge for edge in value["interval"])
            parts.append(f'<rect x="{x}" y="{y:.1f}" width="13" height="{190 - y:.1f}" fill="{_COLOURS[place % 5]}"/>')
            parts.append(f'<path d="M{x + 6.5} {low:.1f}V{high:.1f}" stroke="currentColor"/>')
        parts.append(f'<text x="{left}" y="206" font-size="10" fill="currentColor">{_text(name[:24])}</text>')
    return "".join(parts) + _legend(list(systems)) + "</svg>"


def _curve(halves: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Plot what is refused of the unanswerable (up) against what is refused of the answerable (right), threshold by
    threshold.
    """
    parts = ['<svg viewBox="0 0 320 240" width="480" role="img" aria-label="refusal by threshold">', _axis(320)]
    for place, points in enumerate(halves.values()):
        line = " ".join(
            f"{45 + 250 * point['answerable']:.1f},{190 - 170 * point['unanswerable']:.1f}" for point in points
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOURS[place]}" stroke-width="2"/>')
    parts += [f'<text x="{40 + 250 * at}" y="203" font-size="10" fill="currentColor">{at}</text>' for at in (0, 0.5, 1)]
    return "".join(parts) + _legend(list(halves)) + "</svg>"


def _reliability(groups: Sequence[Mapping[str, float]]) -> str:
    """Plot which share of the answers is right (up) against their confidence (right); the dashed line: as sure as
    right.
    """
    parts = ['<svg viewBox="0 0 320 240" width="480" role="img" aria-label="right answers by confidence">', _axis(320)]
    parts.append('<path d="M45 190L295 20" stroke="#8888" stroke-dasharray="4 3"/>')
    points = [(45 + 250 * group["confidence"], 190 - 170 * group["right"]) for group in groups]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOURS[0]}" stroke-width="2"/>')
    for (x, y), group in zip(points, groups, strict=True):
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_COLOURS[0]}"><title>{group["answers"]} answers, '
            f"confidence {group['confidence']:.2f}, right {group['right']:.2f}</title></circle>"
        )
    parts += [f'<text x="{40 + 250 * at}" y="203" font-size="10" fill="currentColor">{at}</text>' for at in (0, 0.5, 1)]
    rows = {f"{group['confidence']:.2f}": group for group in groups}
    table = _table(rows, ["right", "answers"], lambda column, group: group[column])
    return "".join(parts) + "</svg>" + table


def _timeline(told: Mapping[str, Any]) -> str:
    """Draw when the model worked during an ingest, and when a batch was published."""
    scale = 560 / max(told["seconds"], 0.1)
    parts = ['<svg viewBox="0 0 640 70" width="640" role="img" aria-label="an ingest over time">']
    for row, name in enumerate(("model", "publishing")):
        parts.append(f'<text x="0" y="{22 + 24 * row}" font-size="11" fill="currentColor">{name}</text>')
        for start, end in told[name]:
            parts.append(
                f'<rect x="{70 + scale * start:.1f}" y="{12 + 24 * row}" '
                f'width="{max(0.5, scale * (end - start)):.1f}" height="14" fill="{_COLOURS[row]}"/>'
            )
    busy = told["model busy, from its first text to its last"]
    return "".join(parts) + (
        f'<text x="70" y="66" font-size="10" fill="currentColor">{told["seconds"]} s; model busy '
        f"{busy:.0%}</text></svg>"
    )


def _growth(lines: Sequence[Mapping[str, float]]) -> str:
    """Plot each cost (up, of its greatest) against passages (right): what grows as a line does is one."""
    costs = [
        name
        for name in lines[0]
        if name not in ("articles", "passages") and not name.endswith(("an article", "by the clock, s"))
    ]
    most = max(line["passages"] for line in lines)
    parts = ['<svg viewBox="0 0 620 240" width="620" role="img" aria-label="costs against passages">', _axis(300)]
    for place, name in enumerate(costs):
        top = max(line[name] for line in lines) or 1
        points = " ".join(
            f"{45 + 250 * line['passages'] / most:.1f},{190 - 170 * line[name] / top:.1f}" for line in lines
        )
        style = f'fill="none" stroke="{_COLOURS[place % 5]}" stroke-width="2"' + (
            ' stroke-dasharray="4 3"' if place >= 5 else ""
        )
        parts.append(f'<polyline points="{points}" {style}/><path d="M320 {26 + 18 * place}h20" {style}/>')
        parts.append(
            f'<text x="346" y="{30 + 18 * place}" font-size="11" fill="currentColor">{_text(name)} ({top:g})</text>'
        )
    return "".join(parts) + f'<text x="255" y="203" font-size="10" fill="currentColor">{most:,.0f}</text></svg>'


def _axis(wide: int) -> str:
    return "".join(
        (
            f'<path d="M40 {190 - 170 * at}H{wide}" stroke="#8884"/><text x="8" y="{194 - 170 * at}" font-size="10" '
            f'fill="currentColor">{at}</text>'
        )
        for at in (0, 0.25, 0.5, 0.75, 1)
    )


def _legend(names: Sequence[str]) -> str:
    parts, x = [], 45.0
    for place, name in enumerate(names):
        parts.append(f'<rect x="{x}" y="218" width="10" height="10" fill="{_COLOURS[place % 5]}"/>')
        parts.append(f'<text x="{x + 14}" y="227" font-size="11" fill="currentColor">{_text(name)}</text>')
        x += 34 + 6.2 * len(name)
    return "".join(parts)


def _text(value: object) -> str:
    return html.escape(str(value))
