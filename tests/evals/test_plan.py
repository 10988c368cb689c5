"""The plan for an archive that grows: its queue against the closed form, its arithmetic, and what docs/run/scaling.md
says of it.
"""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pytest
from hash_embedder import HashEmbedder
from newsroom import ROOT, page, question

from evals import growth, plan, queueing
from evals.__main__ import main
from evals.question import measured
from evals.report import RESULTS, save
from index.archive import Archive

EXPONENTIAL = -np.log(1 - (np.arange(5_000) + 0.5) / 5_000)  # a service of one second in the mean, by its quantiles


def erlang_c(load, workers):
    """Return the mean wait for services of one second in the mean, exponential: the textbook's closed form (M/M/c)."""
    last = load**workers / math.factorial(workers) * workers / (workers - load)
    return last / (sum(load**n / math.factorial(n) for n in range(workers)) + last) / (workers - load)


@pytest.mark.parametrize(("workers", "busy"), [(1, 0.5), (2, 0.7), (8, 0.8), (40, 0.85)])
def test_the_simulation_waits_as_long_as_erlang_says(workers, busy):
    rate = workers * busy
    found = queueing.simulate(rate, list(EXPONENTIAL), workers, questions=150_000)
    assert found.mean == pytest.approx(erlang_c(rate, workers), rel=0.1)
    assert found == queueing.simulate(rate, list(EXPONENTIAL), workers, questions=150_000)


def test_the_fewest_workers_are_enough_and_one_fewer_is_not():
    workers, waits = queueing.fewest(20.0, plan.QUESTION, 0.2)
    assert waits.p95 < 0.2 <= queueing.simulate(20.0, plan.QUESTION, workers - 1).p95


def test_a_plan_grows_as_its_archive_does():
    one, ten = plan.plan(200_000, 2.0), plan.plan(600_000, 2.0)
    assert one.vectors == ten.vectors
    for name in (
        "passages",
        "catalog_gb",
        "vectors_disk_gb",
        "vectors_memory_gb",
        "model_hours_onnx",
        "one_process_hours",
        "reembed_gb",
        "search_seconds",
    ):
        assert getattr(ten, name) == pytest.approx(3 * getattr(one, name)), name
    assert plan.plan(1_000, 4.0).journal_gb == 2 * plan.plan(1_000, 2.0).journal_gb
    assert plan.plan(1_000, 40.0).cores > plan.plan(1_000, 4.0).cores


def test_folders_copy_the_sum_of_all_that_was_there_before():
    found = plan.plan(62_500)
    batch = plan.BATCH.value * plan.PASSAGES.value
    copied = sum(number * batch * plan.FOLDER.value for number in range(int(found.passages / batch))) / 1e9
    assert found.copied_while_ingesting_gb == pytest.approx(copied, rel=0.02)


def test_each_engine_ends_where_the_next_begins():
    names = [plan.plan(articles).vectors for articles in (62_500, 62_501, 625_000, 625_001)]
    assert names == [engine.name for engine, times in zip(plan.ENGINES, (1, 2, 1), strict=True) for _ in range(times)]


def test_the_document_says_what_the_command_prints():
    text = (ROOT / "docs" / "run" / "scaling.md").read_text()
    block = text.partition("<!-- python -m evals plan -->\n")[2].partition("\n<!-- end -->")[0]
    assert block == plan.page(), "put what python -m evals plan prints between the marks of docs/run/scaling.md"


def test_the_command_tells_a_plan_in_words_and_as_json(capsys):
    assert main(["plan", "--articles", "62500", "--questions-per-second", "2.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passages"] == 1_000_000
    assert main(["plan", "--articles", "62500"]) == 0
    assert "1,000,000 = 62,500 articles x 16" in capsys.readouterr().out
    for wrong in (
        ["--articles", "none"],
        ["--articles", "0"],
        ["--questions-per-second", "-1"],
        ["--questions-per-second", "many"],
    ):
        with pytest.raises(SystemExit):
            main(["plan", *wrong])
        assert "no number of" in capsys.readouterr().err


def test_the_constants_are_those_that_were_measured():
    measured = json.loads((RESULTS / "growth-all.json").read_text())
    first, last = measured["lines"][0], measured["lines"][-1]
    more = last["passages"] - first["passages"]
    tables = measured["bytes a passage, by table"]
    found = {
        plan.SQLITE: sum(tables.values()),
        plan.EMBEDDING: tables["embeddings"] + tables["embeddings_model_key"],
        plan.FOLDER: 1_000 * last["index, kB an article"] * last["articles"] / last["passages"],
        plan.REST: (last["ingest, s"] - first["ingest, s"]) / more,
    }
    for constant, value in found.items():
        assert constant.value == pytest.approx(value, rel=0.1), (
            f"{constant.unit}: evals/plan.py says {constant.value}, growth-all.json {value}"
        )


def test_a_bend_tells_a_line_from_a_square():
    sizes = (1_000, 2_000, 4_000)
    lines = [{"passages": n, "a line": 5 + 3 * n, "a square": n**2, "nothing": 7.0} for n in sizes]
    assert [growth.bend(lines, name) for name in ("a line", "a square", "nothing")] == [1.0, 2.0, None]


@pytest.mark.slow
@pytest.mark.chroma
def test_growth_is_measured_by_the_product_itself(tmp_path):
    folder = tmp_path / "newsquiz"
    folder.mkdir()
    articles = [
        {"id": f"ship-{n}", "title": f"A voyage for ship{n}", "date": "2025-03-01", "text": page(n, 1)}
        for n in range(3)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(article) for article in articles))
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"id": f"q{n}", "question": f"Where is ship{n}?", "answerable": False}) for n in range(5))
    )
    kept = []
    found = growth.run(tmp_path, sizes=[3], partly=kept.append)
    assert kept == [found]
    [line] = found["lines"]
    assert (line["articles"], line["passages"] > 3) == (3, True)
    assert line["ingest, s"] > line["again unchanged, s"]
    assert found["bytes a passage, by table"]["embeddings"] > 4 * 384
    shown = save({"eval": "growth", "data": "all", **found}, tmp_path / "results").with_name("report.html").read_text()
    assert "costs against passages" in shown
    assert "captain" not in shown


def test_a_question_is_measured_as_the_bot_answers_it(newsroom):
    newsroom.fill(range(3))
    archive = Archive(newsroom.archive)
    found = measured(archive, HashEmbedder(), [(question(number % 3), date(2025, 3, 31)) for number in range(5)])
    archive.close()
    assert (found["questions"], found["answered"]) == (2, 5)
    assert (
        found["question, ms"].keys()
        == found["the limit, ms"].keys()
        == {"clock p50", "clock p95", "processor p50", "processor p95"}
    )
    assert found["stages, ms"].keys() == {"search", "answer", "check", "total"}
