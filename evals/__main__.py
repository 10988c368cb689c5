"""The door for measurements: python -m evals."""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import NewsdeskError, SettingsError
from settings import load as load_settings

if TYPE_CHECKING:
    from bot.answer.desk import Desk
    from bot.desks import AnsweringDesk
    from evals.asking import Asked
    from evals.data import DataSet, Query
    from index.archive import Archive
    from index.model.embedder import Embedder

OURS = ("retrieve", "answer", "refuse", "followup", "remarks", "desk")
# Measurements in modules of their own, each with run(data: Path) -> dict.
OTHERS = (
    "clean",
    "duplicates",
    "metadata",
    "embed",
    "statements",
    "speed",
    "search",
    "growth",
    "check",
    "lies",
    "paraphrases",
    "injections",
    "sides",
)
NAMES = (*OURS, *OTHERS, "plan", "own")  # own: your questions, asked of your archive (docs/use/measure.md)
LONG = ("speed", "growth")  # these tell what they have on the way
SETS = {
    "retrieve": ("own", "newsquiz", "squad2_half", "clapnq"),
    "answer": ("own", "newsquiz", "squad2_half", "clapnq"),
    "refuse": ("own", "newsquiz", "squad2_half", "clapnq"),
    "followup": ("own", "cast_rewrite", "mtrag_un"),
    "remarks": ("own",),
    "desk": ("own", "desk", "judged", "written"),
}


def main(arguments: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run the command and return its exit code: 0 measured, 2 not."""
    parsed = _parser().parse_args(arguments)
    try:
        if "own" in parsed.evals:
            if parsed.evals != ["own"] or not isinstance(parsed.questions, Path):
                raise SettingsError(
                    "own asks your questions of your archive, by itself: python -m evals own --questions FILE"
                )
            from evals.own_archive import measure

            return measure(parsed, load_settings(), embedder)
        if isinstance(parsed.questions, Path):
            raise SettingsError(f"--questions {parsed.questions} is no number. Only own takes a file of questions.")
        if "plan" in parsed.evals:
            from evals import plan

            plan.main(parsed.articles, parsed.questions_per_second, parsed.json)
        for name in parsed.evals:
            if name not in (*OURS, "plan"):
                _other(name, parsed)
        if ours := [name for name in OURS if name in parsed.evals]:
            _measure(ours, parsed)
    except NewsdeskError as error:
        print(f"evals: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evals", description="Measure quality and speed on data sets. Results: evals/results/."
    )
    parser.add_argument("evals", nargs="+", choices=NAMES, metavar="EVAL", help=", ".join(NAMES))
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of data sets, each a folder with queries.jsonl; without it only our own set",
    )
    parser.add_argument(
        "--set", action="append", metavar="NAME", help="measure this data set only (may be given more than once)"
    )
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="articles of a data set: the gold ones of as many questions as fill half, and others drawn by seed",
    )
    parser.add_argument(
        "--articles",
        type=_count,
        metavar="N",
        help="articles that speed takes (default 300), or that plan is made for (default: a table)",
    )
    parser.add_argument(
        "--passages",
        type=_sizes,
        metavar="N,N",
        help="sizes of the archives that search is measured in (default 10000,100000)",
    )
    parser.add_argument(
        "--questions-per-second", type=_rate, default=1.0, metavar="Q", help="that plan plans for (default 1)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the plan, or the figures and replies of own, as JSON"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(".evals"),
        metavar="DIR",
        help="where archives are kept between runs (default .evals)",
    )
    parser.add_argument(
        "--results", type=Path, metavar="DIR", help="where results go (default evals/results; of own: this folder)"
    )
    parser.add_argument(
        "--answerer",
        choices=["quotes", "llm"],
        help="who answers: quotes (the default), or the language model of the settings; own: as the settings say",
    )
    parser.add_argument(
        "--reader",
        default="own",
        metavar="NAME",
        help="who reads sentences: own (default), small, off, a cross-encoder",
    )
    parser.add_argument(
        "--questions",
        type=lambda text: int(text) if text.isdigit() else Path(text),
        metavar="N|FILE",
        help="ask only so many questions of each set, drawn by seed: a model costs time or money; of own: the file of "
        "your questions, one a line",
    )
    parser.add_argument(
        "--baselines", action="store_true", help="also measure llama-index's own index on the same articles"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of articles or passages; write it like 62500")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 10_000:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of questions a second; write it like 2.5, at most 10000"
        )
    return rate


def _sizes(text: str) -> list[int]:
    return [_count(size) for size in text.split(",")]


def _measure(names: Sequence[str], parsed: argparse.Namespace) -> None:
    from evals.memory import Remembering
    from evals.own import own

    settings = load_settings()
    embedder = Remembering(settings.embedder(many=True), parsed.cache / "vectors.sqlite3")
    for wanted in parsed.set or dict.fromkeys(name for eval_ in names for name in SETS[eval_]):
        if wanted != "own" and parsed.data is None:
            continue
        data = own() if wanted == "own" else _loaded(parsed.data, wanted).part(parsed.limit)
        said = {"data": wanted, "model": embedder.identity, "articles": len(data.articles)}
        for name, values in _measured(
            [name for name in names if parsed.set or wanted in SETS[name]], data, embedder, parsed
        ):
            shown = f"{name}-llm" if parsed.answerer == "llm" and "written" in values else name
            _publish({"eval": shown, **said, **values}, parsed.results)


def _loaded(folder: Path, name: str) -> DataSet:
    from evals import judged
    from evals.data import DataError, load
    from evals.reader import questions

    if name == judged.NAME:
        return judged.data_set(folder / "desk")
    if name != questions.NAME:
        return load(folder / name)
    try:
        return questions.data_set(folder / "newsquiz")
    except FileNotFoundError as error:
        raise DataError(f"{error.filename} is not there. Name the folder that holds newsquiz: --data DIR") from error


def _measured(
    names: Sequence[str], data: DataSet, embedder: Embedder, parsed: argparse.Namespace
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the result of each measurement of a data set; answers and refusals are of the same replies."""
    from evals import answer, desk, followup, refuse, remarks, retrieve, threads
    from evals.archives import archive_of
    from evals.asking import ask_all

    if "retrieve" in names:
        yield "retrieve", retrieve.measured(data, embedder, parsed.cache, parsed.baselines)
    if "followup" in names and data.name == "own":
        with archive_of(data, embedder, parsed.cache) as archive:
            yield "followup", threads.measured(_answerer(archive, embedder, parsed))
    elif "followup" in names:
        yield "followup", followup.measured(data, embedder, parsed.cache)
    if "remarks" in names:
        with archive_of(data, embedder, parsed.cache) as archive:
            yield "remarks", remarks.measured(_answerer(archive, embedder, parsed))
    if "desk" in names:
        questions = _some(desk.questions() if data.name == "own" else data.queries, parsed.questions)
        with archive_of(data, embedder, parsed.cache) as archive:
            asked = ask_all(_answerer(archive, embedder, parsed), questions)
        yield "desk", {**desk.measured(asked), **_written_by_model(asked, parsed.answerer)}
    asked_of = [module for module in (answer, refuse) if module.__name__.rpartition(".")[2] in names]
    if asked_of:
        with archive_of(data, embedder, parsed.cache) as archive:
            asked = ask_all(_answerer(archive, embedder, parsed), _some(data.queries, parsed.questions))
        by_model = _written_by_model(asked, parsed.answerer)
        for module in asked_of:
            name = module.__name__.rpartition(".")[2]
            yield name, {"questions": len(asked), "figures": module.figures_of(asked), **by_model}


def _written_by_model(asked: Sequence[Asked], answerer: str) -> dict[str, Any]:
    from evals import writing

    return {"written": writing.figures_of(asked)} if answerer == "llm" else {}


def _answerer(archive: Archive, embedder: Embedder, parsed: argparse.Namespace) -> Any:
    from bot.answer.desk import Desk
    from index.model.reader import reader_of

    desk = Desk(archive, embedder, reader=reader_of(parsed.reader))
    return _written(desk, embedder) if parsed.answerer == "llm" else desk


def _written(desk: Desk, embedder: Embedder) -> AnsweringDesk:
    """Put the language model of the settings in front of a desk."""
    from bot.wiring import answering_desk
    from bot.write.llm import Llm

    settings = load_settings()
    if not settings.llm.model:
        raise SettingsError(
            "NEWSDESK_LLM__MODEL is not set, so there is no model to measure. docs/use/model.md says how to set one."
        )
    return answering_desk(desk, Llm(settings.llm), settings, embedder)


def _some(queries: Sequence[Query], most: int | None) -> Sequence[Query]:
    return queries if most is None or most >= len(queries) else random.Random(0).sample(queries, most)  # noqa: S311  no secret


def _other(name: str, parsed: argparse.Namespace) -> None:
    from evals.archives import EvalError

    if parsed.data is None and name != "paraphrases":  # which has a set of our own
        raise EvalError(f"{name} needs data: --data DIR")
    wanted: dict[str, Any] = {"articles": parsed.articles or 300} if name == "speed" else {}
    if name == "search":
        wanted = {"cache": parsed.cache, **({"sizes": parsed.passages} if parsed.passages else {})}
    if name in LONG:
        wanted["partly"] = partial(_keep, parsed.cache / f"{name}-partly.json")
    try:
        found = importlib.import_module(f"evals.{name}").run(parsed.data, **wanted)
    except FileNotFoundError as error:
        raise EvalError(f"There is no {error.filename}. Name the folder that holds it: --data DIR") from error
    _publish({"eval": name, "data": "all", **found}, parsed.results)


def _keep(file: Path, result: dict[str, Any]) -> None:
    """Write down what a long measurement has so far: nothing but the end of it becomes a result."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


def _publish(result: dict[str, Any], folder: Path | None) -> None:
    from evals.report import RESULTS, save

    path = save({**result, "made": datetime.now(UTC).date().isoformat()}, folder or RESULTS)
    print(path)


if __name__ == "__main__":
    sys.exit(main())
