"""The figures count what they say they count."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hash_embedder import HashEmbedder
from newsroom import page

from bot.answer.desk import Desk
from evals import answer, refuse, retrieve
from evals.__main__ import main
from evals.archives import archive_of
from evals.asking import ask_all
from evals.data import DataError, load
from evals.memory import Remembering
from evals.metrics import auc, difference, holds_answer, mean, ndcg, rank_of
from evals.report import save


@pytest.fixture
def data(tmp_path):
    """Twelve articles about ships, and eight questions: six that one of them answers, two that none does."""
    folder = tmp_path / "sets" / "ships"
    folder.mkdir(parents=True)
    articles = [
        {
            "id": f"ship-{n}",
            "title": f"A voyage for ship{n}",
            "date": "2025-03-01",
            "source": "The Quay",
            "text": page(n, 1),
        }
        for n in range(12)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(article) for article in articles))
    asked = "What did the captain of ship{0} say about harbour{0}?"
    gold = [
        {
            "id": f"q{n}",
            "question": asked.format(n),
            "answers": [f"order a{n}v1"],
            "gold_ids": [f"ship-{n}"],
            "type": "answerable",
        }
        for n in range(6)
    ]
    none = [
        {"id": f"n{n}", "question": asked.format(n), "answers": [], "gold_ids": [], "type": "unanswerable"}
        for n in (77, 78)
    ]
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in gold + none))
    return load(folder)


def test_ranks_gains_and_areas_are_the_textbooks():
    assert [rank_of(["a", "b", "c"], frozenset(gold)) for gold in ("c", "ab", "x")] == [3, 1, 0]
    assert ndcg(["x", "a"], frozenset("a")) == pytest.approx(1 / math.log2(3))
    assert ndcg(["a", "b"], frozenset("ab")) == 1
    assert auc([3, 4], [1, 2]) == 1
    assert auc([1, 2], [1, 2]) == 0.5


@pytest.mark.parametrize(
    ("text", "answers", "found"),
    [
        ("It went to the Tony Awards, again.", ["The Tony Awards"], True),
        ("He paid $360 million.", ["$360 million"], True),
        ("There were 1230 of them.", ["23"], False),
        ("Nothing of the kind.", [""], False),
        ("One of several.", ["none", "several"], True),
    ],
)
def test_an_answer_is_found_as_whole_words(text, answers, found):
    assert holds_answer(text, answers) == found


def test_an_interval_holds_the_mean_and_narrows_with_more_questions():
    few, many = mean([0, 1] * 5), mean([0, 1] * 500)
    assert few["mean"] == many["mean"] == 0.5
    assert few["interval"][0] < many["interval"][0] < 0.5 < many["interval"][1] < few["interval"][1]
    assert difference([1, 1, 1], [0, 0, 0])["interval"] == [1, 1]


def test_a_part_keeps_whole_questions_and_is_the_same_every_time(data):
    part = data.part(8)
    assert len(part.articles) == 8
    assert {query.id for query in part.queries if query.answerable}
    assert all(query.gold_ids <= {a["id"] for a in part.articles} for query in part.queries)
    assert part == data.part(8)
    assert {query.half for query in data.queries} == {"dev", "test"}


def test_the_product_is_measured_by_its_own_ingest_and_desk(data, tmp_path):
    embedder = Remembering(HashEmbedder(), tmp_path / "vectors.sqlite3")
    found = retrieve.measured(data, embedder, tmp_path / "cache", baselines=False)["figures"]["both"]
    assert {figures["hit@1"]["mean"] for figures in found.values()} == {1.0}
    with archive_of(data, embedder, tmp_path / "cache") as archive:
        asked = ask_all(Desk(archive, embedder), data.queries)
    answered, refused = answer.figures_of(asked)["both"], refuse.figures_of(asked)["both"]
    assert (
        answered["answer string"]["mean"]
        == answered["verbatim"]["mean"]
        == answered["citations on a gold article"]["mean"]
        == 1
    )
    assert refused["refused of the unanswerable"]["mean"] == 1
    assert refused["refused of the answerable"]["mean"] == 0
    assert refused["AUC of confidence"] == 1
    assert refused["curve"][0]["unanswerable"] == 0
    path = save({"eval": "refuse", "data": "ships", "figures": refuse.figures_of(asked)}, tmp_path / "results")
    assert "captain" not in path.read_text() + (path.parent / "report.html").read_text()
    assert "<polyline" in (path.parent / "report.html").read_text()


def test_a_remembered_vector_is_the_one_that_was_made(tmp_path):
    made = HashEmbedder().embed(["one", "two", "one"])
    for _ in range(2):
        assert np.array_equal(Remembering(HashEmbedder(), tmp_path / "v.sqlite3").embed(["one", "two", "one"]), made)


def test_what_is_missing_is_said(tmp_path, capsys):
    with pytest.raises(DataError, match=r"--data DIR"):
        load(tmp_path)
    assert main(["clean"]) == 2
    assert "evals: " in capsys.readouterr().err
    assert main(["clean", "--data", str(tmp_path)]) == 2
    assert "pages.jsonl" in capsys.readouterr().err
