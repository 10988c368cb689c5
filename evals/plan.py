"""What an archive of a size needs: ``python -m evals plan --articles N --questions-per-second Q [--json]``; without N
the table of docs/run/scaling.md.

size → which engine holds the vectors → disk, memory, hours of an ingest → cores for the questions (queueing.py)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from evals import queueing
from index.search.memory import MOST as MOST_WORDS

GB = 1e9


@dataclass(frozen=True, slots=True)
class Constant:
    """A number the plan rests on, and where it is from: the command that measures it, or whose word it is."""

    value: float
    unit: str
    source: str


PASSAGES = Constant(16.0, "passages an article", "6,000 news articles of 8,500 characters: 96,189 passages")
TOKENS = Constant(119, "tokens a passage", "the model's own tokenizer, 512 passages of news")
VECTOR = Constant(1_536, "bytes a vector", "384 numbers of 4 bytes")
SQLITE = Constant(4_380, "bytes a passage in the catalog, SQLite", "python -m evals growth: bytes a passage, by table")
POSTGRESQL = Constant(
    6_480,
    "bytes a passage in the catalog, PostgreSQL",
    "python deploy/copy_archive.py --to, then pg_total_relation_size of every table",
)
FOLDER = Constant(2_230, "bytes a passage in a generation's folder", "python -m evals growth: index, kB an article")
HELD = Constant(
    2_050,
    "bytes of memory a passage, Chroma's graph in a bot",
    "docs/understand/decisions/0011: 205 MB at 100,000 passages",
)
PGVECTOR = Constant(
    2_295,
    "bytes a passage in pgvector, table and graph, best in memory too",
    "docs/understand/decisions/0014: 221 MB at 96,189 passages",
)
CLUSTER = Constant(
    1.5 * 1_536,
    "bytes of memory a passage in a cluster",
    "Qdrant's capacity planning: vectors x dimensions x 4 bytes x 1.5; theirs, not measured",
)
EMBED_ONNX = Constant(
    0.032,
    "core-seconds a passage, onnxruntime fp32",
    "python -m evals embed: 37 passages of 200 tokens a second on two cores, scaled to 119",
)
EMBED_OPENVINO = Constant(0.018, "core-seconds a passage, OpenVINO bf16", "the same: 65 a second")
EMBEDDING = Constant(
    2_210,
    "bytes of the catalog a vector, its index included",
    "python -m evals growth: embeddings and embeddings_model_key",
)
REST = Constant(0.0041, "core-seconds a passage, all of an ingest but the model", "python -m evals growth")
BATCH = Constant(500, "articles published together", "index/ingest/run.py")
NEAREST = Constant(0.004, "core-seconds a search in a graph", "Chroma server, 14,000 to 500,000 passages: 2 to 5 ms")
SEARCH = Constant(
    0.22e-6,
    "core-seconds that a search takes for each passage more",
    "docs/understand/decisions/0011: 16 ms at 10,000 passages, 36 at 100,000",
)
WORDS = Constant(450, "bytes of memory a passage, its words", "python -m evals search: 446 MB at a million passages")
HOLDING = Constant(
    0.32, "of the passages hold a word of a question", "60 questions on 96,189 passages of news: mean 0.32, most 0.54"
)
KEYWORD_POSTGRESQL = Constant(
    17e-6, "core-seconds a passage that holds a word, PostgreSQL", "above: 0.35 s for 20,000 of 30,000 passages"
)
FIRST_SIGN = Constant(
    0.27, "seconds from Slack's event to the first sign, at most", "20 questions at once beside an ingest"
)
JOURNAL = Constant(
    3_900,
    "bytes of journal a question",
    "our own 124 questions to the sample articles, ten times, as the bot keeps them",
)
KEPT = Constant(90, "days a question is kept", "docs/run/operations.md")
PROCESS = Constant(
    0.30,
    "GB of a bot at rest, of few articles",
    "VmRSS of the Slack process, 302 MB with three articles, after 20 questions 304",
)
# Seconds of processor of a question, in tenths from the quickest to the slowest.
QUESTION = (0.090, 0.096, 0.099, 0.103, 0.107, 0.111, 0.114, 0.119, 0.123, 0.137)
QUESTION_SOURCE = "python -m evals.question: 100 questions to 96,189 passages, their search in it"

CONSTANTS = (
    PASSAGES, TOKENS, VECTOR, SQLITE, POSTGRESQL, EMBEDDING, FOLDER, HELD, PGVECTOR, CLUSTER, EMBED_ONNX,
    EMBED_OPENVINO, REST, BATCH, SEARCH, WORDS,
    NEAREST, HOLDING, KEYWORD_POSTGRESQL, FIRST_SIGN, JOURNAL, KEPT, PROCESS,
)  # fmt: skip

_HELD = (HELD, PGVECTOR, CLUSTER)  # by the place of the engine
_PATIENCE = 1.0  # seconds in which work on a question begins, for 95 of 100
_SLOW = 1.0  # seconds of search from which on this design is the wrong one
_FULL = 0.5  # of a database's cores are planned for
_NODE = 64 * GB  # of memory a machine of a cluster gives to vectors
_CORES = 16  # that an ingest is told to have, in hours


@dataclass(frozen=True, slots=True)
class Engine:
    """What holds the vectors, up to how many passages, and whose word that is."""

    name: str
    most: float
    word: str


ENGINES = (
    Engine(
        "Chroma's folders",
        1_000_000,
        "past it each publication copies too large a folder: arithmetic below",
    ),
    Engine(
        "pgvector or a Chroma server, one machine",
        10_000_000,
        "Chroma says fewer than 10 million records for a single node; memory for pgvector",
    ),
    Engine(
        "a cluster: sharded pgvector, Qdrant, Chroma Cloud",
        float("inf"),
        "their makers; not measured, and newsdesk has been tried with none of it",
    ),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an archive needs.

    Memory and cores are of all machines together; ``None`` where there is no sense in a number.
    """

    articles: int
    passages: int
    questions_per_second: float
    vectors: str
    catalog: str
    catalog_gb: float
    vectors_disk_gb: float
    vectors_memory_gb: float
    vector_machines: int
    copied_while_ingesting_gb: float  # of folders, each of which is a copy of the one before
    model_hours_onnx: float  # on 16 cores
    model_hours_openvino: float
    one_process_hours: float  # all of an ingest but the model, by the one process that does it
    reembed_gb: float
    search_seconds: float
    question_seconds: float  # of a bot's processor
    cores: int
    bots: int
    bots_gb: float
    wait_p50: float  # seconds until work on a question begins
    wait_p95: float
    database_cores: int | None
    journal_gb: float

    @property
    def too_slow(self) -> bool:
        """Tell whether the search of this design is the wrong one for this size."""
        return self.search_seconds > _SLOW


def plan(articles: int, questions_per_second: float = 1.0) -> Plan:
    """Work out what so many articles and questions need."""
    passages = round(articles * PASSAGES.value)
    place = next(number for number, engine in enumerate(ENGINES) if passages <= engine.most)
    alone = place == 0  # catalog and vectors in the data folder
    held = passages * _HELD[place].value
    search = passages * (SEARCH.value if alone else HOLDING.value * KEYWORD_POSTGRESQL.value)
    lasting = [seconds + (search if alone else 0.0) for seconds in QUESTION]
    cores, waits = queueing.fewest(questions_per_second, lasting, _PATIENCE)
    bots = -(-cores // 2)  # two questions at a time each, on two cores
    return Plan(
        articles=articles,
        passages=passages,
        questions_per_second=questions_per_second,
        vectors=ENGINES[place].name,
        catalog="SQLite" if alone else "PostgreSQL",
        catalog_gb=passages * (SQLITE if alone else POSTGRESQL).value / GB,
        vectors_disk_gb=passages
        * (2 * FOLDER.value if alone else (PGVECTOR if place == 1 else CLUSTER).value)
        / GB,  # of folders the one before is kept
        vectors_memory_gb=held * (bots if alone else 1) / GB,  # without a server each bot holds them
        vector_machines=math.ceil(held / _NODE) if place == 2 else 1,
        copied_while_ingesting_gb=FOLDER.value * passages**2 / (2 * BATCH.value * PASSAGES.value) / GB
        if alone
        else 0.0,
        model_hours_onnx=passages * EMBED_ONNX.value / 3_600 / _CORES,
        model_hours_openvino=passages * EMBED_OPENVINO.value / 3_600 / _CORES,
        one_process_hours=passages * REST.value / 3_600,
        reembed_gb=passages * EMBEDDING.value / GB,
        search_seconds=search,
        question_seconds=sum(lasting) / len(lasting),
        cores=cores,
        bots=bots,
        bots_gb=bots * (PROCESS.value + (passages * WORDS.value / GB if passages <= MOST_WORDS else 0.0)),
        wait_p50=waits.p50,
        wait_p95=waits.p95,
        database_cores=None
        if alone or search > _SLOW
        else max(1, math.ceil(questions_per_second * (search + NEAREST.value) / _FULL)),
        journal_gb=questions_per_second * 86_400 * KEPT.value * JOURNAL.value / GB,
    )


def search_limit() -> float:
    """Return the passages at which PostgreSQL takes a second of processor to rank them by the words of a question."""
    return _SLOW / (HOLDING.value * KEYWORD_POSTGRESQL.value)


def told(found: Plan) -> str:
    """Return a plan in plain text, with the arithmetic."""
    n = f"{found.passages:,}"
    alone = found.catalog == "SQLite"
    place = [engine.name for engine in ENGINES].index(found.vectors)
    rows = [
        ("passages", f"{n} = {found.articles:,} articles x {PASSAGES.value:g}"),
        ("vectors", f"{found.vectors} ({ENGINES[place].word})"),
        (
            "catalog",
            (
                f"{found.catalog}, {_gb(found.catalog_gb)} on disk = {n} x "
                f"{(SQLITE if alone else POSTGRESQL).value:,.0f} bytes"
            ),
        ),
        ("vectors on disk", _gb(found.vectors_disk_gb) + (" (two generations)" if alone else "")),
        (
            "vectors in memory",
            f"{_gb(found.vectors_memory_gb)} = {n} x {_HELD[place].value:,.0f} bytes"
            + (f" x {found.bots} bots" if alone else ""),
        ),
        (
            "machines for vectors",
            f"{found.vector_machines}"
            + (f", {_NODE / GB:.0f} GB of vectors each, without a second copy" if place == 2 else ""),
        ),
        (
            "first ingest: model",
            (
                f"{_hours(found.model_hours_onnx)} on {_CORES} cores with onnxruntime, "
                f"{_hours(found.model_hours_openvino)} with OpenVINO"
            ),
        ),
        (
            "  all else, meanwhile",
            (
                f"{_hours(found.one_process_hours)} = {n} x {1_000 * REST.value:g} ms in one process; the longer of "
                "the two counts"
            ),
        ),
        (
            "embedding again",
            f"the model's hours once more, and {_gb(found.reembed_gb)} in the catalog beside the old vectors",
        ),
        (
            "search of a question",
            f"{_seconds(found.search_seconds)} of processor"
            + (": TOO SLOW, another engine must do it" if found.too_slow else ""),
        ),
        ("a question", f"{found.question_seconds:.2f} s of a bot's processor in the mean"),
        (
            f"{found.questions_per_second:g} questions a second",
            f"{found.cores} cores, {found.bots} bots of two; {_gb(found.bots_gb)} of memory at rest",
        ),
        (
            "  their turn comes after",
            f"{found.wait_p50:.2f} s (median), {found.wait_p95:.2f} s (95 of 100); a sign in {FIRST_SIGN.value} s",
        ),
        ("database", _database(found)),
        ("journal", f"{_gb(found.journal_gb)} for {KEPT.value:g} days"),
    ]
    if alone:
        rows.insert(
            6,
            (
                "copied while all comes in",
                f"{_gb(found.copied_while_ingesting_gb)}: each {BATCH.value:g} articles are a copy of the folder",
            ),
        )
    return "\n".join(f"{name:<26} {value}" for name, value in rows)


def constants() -> str:
    """Return the constants as a Markdown table."""
    lines = [f"| {_number(each.value)} | {each.unit} | {each.source} |" for each in CONSTANTS]
    tenths = ", ".join(f"{seconds:g}" for seconds in QUESTION)
    return "\n".join(
        ["| | | from |", "|---|---|---|", *lines, f"| {tenths} | seconds of processor a question | {QUESTION_SOURCE} |"]
    )


def table(sizes: Sequence[float] = (1e6, 1e7, 1e8, 1e9), questions_per_second: float = 1.0) -> str:
    """Return the plans of some sizes (in passages) as a Markdown table."""
    plans = [plan(round(size / PASSAGES.value), questions_per_second) for size in sizes]
    rows: list[tuple[str, Callable[[Plan], str]]] = [
        ("articles", lambda each: f"{each.articles:,}"),
        ("vectors", lambda each: each.vectors),
        ("catalog", lambda each: f"{each.catalog}, {_gb(each.catalog_gb)}"),
        ("vectors on disk", lambda each: _gb(each.vectors_disk_gb)),
        ("vectors in memory, all machines", lambda each: _gb(each.vectors_memory_gb)),
        ("machines for vectors", lambda each: str(each.vector_machines)),
        (
            "copied by folders while all comes in",
            lambda each: _gb(each.copied_while_ingesting_gb) if each.copied_while_ingesting_gb else "–",
        ),
        (f"first ingest: model, {_CORES} cores, onnxruntime", lambda each: _hours(each.model_hours_onnx)),
        (f"first ingest: model, {_CORES} cores, OpenVINO bf16", lambda each: _hours(each.model_hours_openvino)),
        ("first ingest: all else, one process, meanwhile", lambda each: _hours(each.one_process_hours)),
        ("embedded again: the model's hours, and on disk", lambda each: _gb(each.reembed_gb)),
        (
            "search of a question, processor",
            lambda each: _seconds(each.search_seconds) + (", **too slow**" if each.too_slow else ""),
        ),
        (f"{questions_per_second:g} question a second: cores, bots", lambda each: f"{each.cores}, {each.bots}"),
        ("its turn comes after, median / 95 of 100", lambda each: f"{each.wait_p50:.2f} / {each.wait_p95:.2f} s"),
    ]
    head = f"| passages | {' | '.join(f'{size:,.0f}' for size in sizes)} |\n|{'---|' * (len(sizes) + 1)}"
    return "\n".join([head, *(f"| {name} | {' | '.join(show(each) for each in plans)} |" for name, show in rows)])


def page() -> str:
    """Return what docs/run/scaling.md holds between its marks: constants, limits and the table."""
    limits = (
        f"A bot holds the words of up to {MOST_WORDS:,} passages in memory. Where there are more PostgreSQL "
        "ranks by words, "
        f"which takes a second of processor at {search_limit() / 1e6:.2g} million already."
    )
    return f"{constants()}\n\n{limits}\n\n{table()}"


def main(articles: int | None, questions_per_second: float, as_json: bool) -> None:
    """Print a plan; without a size what docs/run/scaling.md holds."""
    if articles is None:
        print(page())
        return
    found = plan(articles, questions_per_second)
    print(
        json.dumps({**asdict(found), "constants": [asdict(each) for each in CONSTANTS]}, indent=1)
        if as_json
        else told(found)
    )


def _database(found: Plan) -> str:
    if found.catalog == "SQLite":
        return "in the bots"
    return (
        "cannot be planned while it ranks by words this way"
        if found.database_cores is None
        else f"{found.database_cores} cores"
    )


def _gb(size: float) -> str:
    return f"{size / 1_000:,.1f} TB" if size >= 1_000 else f"{size:,.0f} GB" if size >= 10 else f"{size:.1f} GB"


def _hours(hours: float) -> str:
    return f"{hours / 24:,.0f} days" if hours >= 72 else f"{hours:,.0f} h" if hours >= 10 else f"{hours:.1f} h"


def _seconds(seconds: float) -> str:
    return f"{1_000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:,.0f} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}" if value >= 1e-4 else f"{value * 1e6:g} / 1,000,000"
