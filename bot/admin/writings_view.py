"""What language models did lately, for admins: answers, what was dropped, what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

DAYS = 7


def writings_json(writings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of some answers' records (bot.journal.journal.Journal.writings)."""
    costs = [item["cost"] for item in writings if item["cost"] is not None]
    dropped: Counter[str] = Counter()
    for item in writings:
        dropped.update(item["dropped"])
    newest = writings[-1] if writings else None
    return {
        "days": DAYS,
        "answers": len(writings),
        "sentences": {"kept": sum(item["kept"] for item in writings), "dropped": dict(dropped.most_common())},
        "quotes_instead": dict(Counter(item["instead"] for item in writings if item["instead"]).most_common()),
        "tokens": {
            "in": sum(item["tokens_in"] for item in writings),
            "out": sum(item["tokens_out"] for item in writings),
        },
        "cost": round(sum(costs), 4) if costs else None,
        "model": newest and newest["model"],
        "prompt": newest and newest["prompt"],
        "last_fault": next((item["fault"] for item in reversed(writings) if item["fault"]), None),
    }


def writings_text(values: dict[str, Any]) -> list[str]:
    """Return those sums as lines for people, none if no model has answered."""
    if not values["answers"]:
        return []
    sentences, tokens = values["sentences"], values["tokens"]
    lost = sum(sentences["dropped"].values())
    cost = f", cost {values['cost']:.2f}" if values["cost"] is not None else ""
    lines = [
        f"{values['model']} (prompt {values['prompt']}): {_counted(values['answers'], 'answer')} in "
        f"{values['days']} days, "
        f"{tokens['in']:,} tokens in, {tokens['out']:,} out{cost}",
        f"{_counted(sentences['kept'], 'sentence')} kept, {lost} dropped{_listed(sentences['dropped'])}",
    ]
    if values["quotes_instead"]:
        lines.append(
            f"quotes answered instead: {sum(values['quotes_instead'].values())} "
            f"times{_listed(values['quotes_instead'])}"
        )
    if values["last_fault"]:
        lines.append(f"last fault: {values['last_fault']}")
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{count} {reason}' for reason, count in counts.items())})" if counts else ""
