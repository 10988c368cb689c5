"""The report on usage as one HTML page with plots, which loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.admin.usage import by_what_is_known, known_text

_COLOURS = {"answered": "#2a6fbb", "unsure": "#7fb2e5", "refused": "#d08a1d", "other": "#888888"}
_HEIGHT, _WIDTH = 120, 360  # of the plot: as wide as a phone, so that its labels can be read there
_LABEL = 34  # of a day

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters |= {"known": known_text, "whole": "{:.0f}".format, "tenth": "{:.1f}".format}


def page(values: Mapping[str, Any]) -> str:
    """Return the page of a report that ``usage`` made."""
    return _templates.get_template("usage.html").render(
        values,
        title=f"newsdesk: {values['since']} to {values['until']}",
        numbers=_numbers(values),
        plot=_plot(values["days"]),
        topics=by_what_is_known(values["unanswered"]),
        colours=_COLOURS,
    )


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    seconds = values["seconds"]
    return {
        "questions": values["questions"],
        "people": values["people"],
        "answered": values["answered"],
        "unsure": values["unsure"],
        "refused": values["refused"],
        "rated up": values["votes"]["up"],
        "rated down": values["votes"]["down"],
        "median wait": _seconds(seconds["median"]),
        "95 % within": _seconds(seconds["p95"]),
        **values["other"],
    }


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _plot(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return positions and sizes of the plot's lines, bars and labels. Bars stand on one another, answered lowest."""
    most = max([1, *(sum(day[name] for name in _COLOURS) for day in days)])
    step = min(46.0, (_WIDTH - 40) / max(1, len(days)))
    every = max(1, round(46 / step))  # a label needs room
    lines = []
    for share in (0.0, 0.5, 1.0):
        count = share * most
        lines.append({"y": 10 + _HEIGHT * (1 - share), "label": round(count) if count == round(count) else None})
    bars = []
    for position, day in enumerate(days):
        y = 10.0 + _HEIGHT
        for name, colour in _COLOURS.items():
            height = _HEIGHT * day[name] / most
            y -= height
            if height:
                label = f"{day['day']}: {day[name]} {name}"
                x, width = 40 + step * position, step * 0.8
                bars.append({"x": x, "y": y, "width": width, "height": height, "colour": colour, "label": label})
    labels = [
        {"x": 40 + step * position, "label": day["day"][5:]}
        for position, day in enumerate(days)
        if position % every == 0 and 40 + step * position <= _WIDTH - _LABEL
    ]
    return {"width": _WIDTH, "height": _HEIGHT, "lines": lines, "bars": bars, "days": labels}
