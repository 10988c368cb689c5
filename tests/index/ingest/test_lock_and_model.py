"""Refused at the door: a second writer, and another embedding model than the archive's; each refusal says what to
do.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from datetime import date

import pytest
from hash_embedder import HashEmbedder
from newsroom import Newsroom, eventually, question, story, tokens

import ingest
from bot.__main__ import main as bot_main
from bot.answer.desk import Desk, Request
from index.errors import ModelChanged
from index.model.embedder import Vectors


@pytest.mark.both
@pytest.mark.slow
def test_a_second_ingest_says_which_process_holds_the_lock_and_the_first_goes_on(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    newsroom.write(1, 1)
    with newsroom.start("ingest", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
        eventually(lambda: newsroom.holds_lock(first), "the first ingest holds the lock")
        assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
        said = capsys.readouterr().err
        assert re.fullmatch(
            (
                rf"ingest\.py: Process {first.pid} \(since \S+\) is writing to the archive .* Wait for it to end, "
                r"then run the command again\.\n"
            ),
            said,
        )
        assert bot_main(["rebuild"], embedder=newsroom.embedder) == 2
        assert f"Process {first.pid} " in capsys.readouterr().err
        out, err = first.communicate(json.dumps({"id": "2", "title": "Ship2", "text": story(2, 1)}) + "\n", timeout=60)
    assert first.returncode == 0, (out, err)
    newsroom.ingest("articles", "--json")
    assert newsroom.versions() == {1: 1, 2: 1}


@pytest.mark.both
@pytest.mark.slow
def test_a_lock_whose_owner_was_killed_is_free(newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    with newsroom.start("ingest", "-", stdin=subprocess.PIPE) as first:
        assert newsroom.killed_after(first, 0)
    newsroom.ingest()
    assert newsroom.versions() == {1: 1}


@pytest.fixture
def embedded_by_another(newsroom: Newsroom) -> Newsroom:
    """A newsroom whose archive was embedded by hash-128."""
    newsroom.embedder = HashEmbedder(128)
    newsroom.fill(range(20))
    return newsroom


REMEDY = (
    "The archive was embedded by hash-128, the settings say {}. Set NEWSDESK_MODEL__NAME back, or embed everything "
    "again: python -m bot rebuild --embed\n"
)


@pytest.mark.slow
def test_another_model_is_refused_by_every_command_that_needs_one_and_nothing_changes(
    embedded_by_another: Newsroom, embedder: HashEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded_by_another.write(3, 2)
    assert ingest.main(["articles"], embedder=embedder) == 2
    assert capsys.readouterr().err == "ingest.py: " + REMEDY.format("hash-256")
    for command in (["ask", "What did the captain of ship3 say?"], ["rebuild"]):
        assert bot_main(command, embedder=embedder) == 2
        assert capsys.readouterr().err == "newsdesk: " + REMEDY.format("hash-256")
    assert embedder.texts == 0
    assert embedded_by_another.versions() == dict.fromkeys(range(20), 1)
    embedded_by_another.assert_index_agrees()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "identity"), [("", "all-MiniLM-L6-v2@"), ("some/other-model", "some/other-model.")])
def test_another_model_in_the_settings_is_refused_before_it_is_loaded(
    embedded_by_another: Newsroom,
    name: str,
    identity: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NEWSDESK_MODEL__NAME", name)
    assert ingest.main(["articles"]) == 2
    said = capsys.readouterr().err
    assert f"The archive was embedded by hash-128, the settings say {identity}" in said
    assert said.endswith("embed everything again: python -m bot rebuild --embed\n")
    assert bot_main(["ask", "What did the captain of ship3 say?"]) == 2
    assert f"The archive was embedded by hash-128, the settings say {identity}" in capsys.readouterr().err


@pytest.mark.both
@pytest.mark.slow
def test_rebuild_embed_mends_it_and_then_the_former_model_is_the_other_one(
    embedded_by_another: Newsroom, embedder: HashEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    former, embedded_by_another.embedder = embedded_by_another.embedder, embedder
    assert bot_main(["rebuild", "--embed", "--json"], embedder=embedder) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == {"passages": 40, "embedded": 40}
    embedded_by_another.assert_index_agrees()
    [answer] = embedded_by_another.answers([7])
    assert tokens(answer["text"]) == {(7, 1)}
    embedded_by_another.write(7, 2)
    assert embedded_by_another.ingest()["updated"] == 1
    [answer] = embedded_by_another.answers([7])
    assert tokens(answer["text"]) == {(7, 2)}
    assert ingest.main(["articles"], embedder=former) == 2
    assert "The archive was embedded by hash-256, the settings say hash-128." in capsys.readouterr().err


@pytest.mark.slow
def test_the_former_model_answers_until_all_is_embedded_by_the_other(
    embedded_by_another: Newsroom, embedder: HashEmbedder
) -> None:
    archive = embedded_by_another.open()
    desk = Desk(archive, embedded_by_another.embedder)
    meanwhile = []

    class Asked(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            meanwhile.append(desk.ask(Request(question(7), date(2025, 3, 31))))
            return super().embed(texts)

    try:
        assert bot_main(["rebuild", "--embed"], embedder=Asked(embedder.dimensions)) == 0
        assert [tokens(reply.as_json()["text"]) for reply in meanwhile] == [{(7, 1)}] * len(meanwhile) != []
        with pytest.raises(ModelChanged, match=r"rebuild --embed"):
            desk.ask(Request(question(7), date(2025, 3, 31)))
    finally:
        archive.close()


@pytest.mark.slow
def test_a_rebuild_embed_that_is_killed_leaves_the_former_model_in_force_and_can_be_run_again(
    embedded_by_another: Newsroom,
) -> None:
    newsroom, former = embedded_by_another, embedded_by_another.embedder
    for seconds in (0, 0.1, 0.3):
        # The model takes longer than the kill, so that the rebuild is never done before.
        with newsroom.start("bot", "rebuild", "--embed", env={"DIMENSIONS": "256", "DELAY": "30"}) as process:
            assert newsroom.killed_after(process, seconds)
        [answer] = newsroom.answers([7])
        assert tokens(answer["text"]) == {(7, 1)}
    newsroom.embedder = former
    assert newsroom.ingest()["unchanged"] == 20
    newsroom.assert_index_agrees()

    done = newsroom.run("bot", "rebuild", "--embed", DIMENSIONS="256")
    assert done.returncode == 0, done
    newsroom.embedder = HashEmbedder(256)
    newsroom.assert_index_agrees()
