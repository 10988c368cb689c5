"""Generations of the index: written once, kept for readers that are still on them, and made again from the catalog
whatever happens to them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hash_embedder import HashEmbedder
from newsroom import Newsroom, question, story, tokens

import ingest
from index.archive import Archive
from index.articles import Passage
from index.errors import VectorsError
from index.model.embedder import Vectors
from index.search.search import find
from index.store.rows import ANYTHING, Generation
from index.vectors.chroma import open_folder
from index.vectors.engine import Changes, Item
from index.vectors.generations import Folders
from index.view import View

pytestmark = pytest.mark.chroma


def published(newsroom: Newsroom) -> Generation:
    archive = Archive(newsroom.archive)
    try:
        with archive.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
    finally:
        archive.close()
    assert generation is not None
    return generation


def folders(newsroom: Newsroom) -> set[str]:
    return {path.name for path in (newsroom.archive / "chroma").iterdir()}


def versions_found(newsroom: Newsroom, view: View, number: int) -> set[tuple[int, int]]:
    vector = newsroom.embedder.embed([question(number)])[0]
    hits = find(view, question(number), vector, newsroom.embedder.identity, ANYTHING, 24)
    return {token for hit in hits for token in tokens(hit.passage.text) if token[0] == number}


@pytest.mark.slow
@pytest.mark.chroma(False)
def test_one_older_generation_is_kept_and_what_dead_runs_left_is_swept(newsroom: Newsroom) -> None:
    places = []
    for version in (1, 2, 3):
        for number in range(4):
            newsroom.write(number, version)
        newsroom.ingest()
        places.append(published(newsroom).name)
    assert folders(newsroom) == set(places[1:])

    debris = newsroom.archive / "chroma" / "generation-000004-abcdef"
    shutil.copytree(newsroom.archive / "chroma" / places[2], debris)
    newsroom.ingest()
    assert folders(newsroom) == set(places[1:])
    assert published(newsroom).name == places[2]


@pytest.mark.slow
def test_a_generation_never_changes_once_it_is_published(newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    place = published(newsroom).name

    def contents() -> dict[str, bytes]:
        files = [
            path
            for path in (newsroom.archive / "chroma" / place).rglob("*")
            if path.is_file() and not path.name.startswith("chroma.sqlite3")
        ]
        return {str(path): path.read_bytes() for path in files}

    before = contents()
    newsroom.write(2, 1)
    newsroom.ingest()
    newsroom.answers([1, 2])
    assert published(newsroom).name != place
    assert contents() == before
    with newsroom.collection(place) as collection:
        assert collection.count() == 2


@pytest.mark.slow
@pytest.mark.chroma(False)
def test_a_question_that_is_on_the_older_generation_is_answered_from_it_while_the_next_is_published(
    newsroom: Newsroom,
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    archive = Archive(newsroom.archive)
    seen: list[tuple[int, set[tuple[int, int]]]] = []

    def work(view: View) -> None:
        assert view.vectors is not None
        before = versions_found(newsroom, view, 1)
        if not seen:
            newsroom.write(1, 2)
            newsroom.ingest()
        assert versions_found(newsroom, view, 1) == before
        assert view.generation is not None
        seen.append((view.generation.number, before))

    archive.read(work)
    archive.read(work)
    archive.close()
    assert seen == [(1, {(1, 1)}), (2, {(1, 2)})]
    assert archive.trouble is None


@pytest.mark.slow
def test_a_question_whose_generation_is_swept_meanwhile_still_sees_one_state(newsroom: Newsroom) -> None:
    newsroom.fill(range(3))
    archive = Archive(newsroom.archive)
    answers: list[list[set[tuple[int, int]]]] = []

    def work(view: View) -> list[set[tuple[int, int]]]:
        if not answers:
            for version in (2, 3, 4):
                for number in range(3):
                    newsroom.write(number, version)
                newsroom.ingest()
        answers.append([])  # not again if the archive starts over
        return [versions_found(newsroom, view, number) for number in range(3)]

    seen = archive.read(work)
    archive.close()
    assert seen in ([{(number, version)} for number in range(3)] for version in (1, 4))


@pytest.mark.chroma(False)
def test_an_index_of_mostly_deleted_slots_is_written_anew(newsroom: Newsroom) -> None:
    slots = []
    for version in range(1, 4):
        long = "\n\n".join(story(number, 2 * version + half) for half in (0, 1) for number in range(200))
        (newsroom.articles / "chronicle.jsonl").write_text(
            json.dumps({"id": "1", "title": "The chronicle", "text": long}) + "\n"
        )
        newsroom.ingest()
        generation = published(newsroom)
        assert len(newsroom.stored(generation.name)) == generation.passages
        slots.append((generation.dead, generation.passages))
    newsroom.assert_index_agrees()
    passages = slots[0][1]
    assert passages > 600
    # Three tenths and a thousand are borne; the change that would exceed them makes a new index, without dead slots.
    assert [dead for dead, _ in slots] == [0, passages, 0]


@dataclass(frozen=True)
class Damage:
    name: str
    do: Callable[[Path], object]  # to the folder of the published generation


def each(folder: Path, wanted: str, harm: Callable[[Path], object]) -> None:
    found = [path for path in folder.rglob(wanted) if path.is_file()]
    assert found
    for path in found:
        harm(path)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(max(100, path.stat().st_size)))


def garbage_in_first_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 7)
        file.write(random.Random(1).randbytes(4096 * 7))


def garbage_inside(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(random.Random(1).randbytes(path.stat().st_size // 3))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_collection(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM collections")
    database.close()


DAMAGES = [
    Damage("chroma folder deleted", lambda folder: shutil.rmtree(folder.parent)),
    Damage("generation deleted", shutil.rmtree),
    Damage("every file cut", lambda folder: each(folder, "*", cut)),
    Damage("every file garbage", lambda folder: each(folder, "*", garbage)),
    Damage("vectors garbage", lambda folder: each(folder, "*.bin", garbage)),
    Damage("one file missing", lambda folder: each(folder, "data_level0.bin", Path.unlink)),
    Damage("database emptied", lambda folder: each(folder, "chroma.sqlite3", emptied)),
    Damage("database cut", lambda folder: each(folder, "chroma.sqlite3", cut)),
    Damage("database garbage in first pages", lambda folder: each(folder, "chroma.sqlite3", garbage_in_first_pages)),
    Damage("database garbage inside", lambda folder: each(folder, "chroma.sqlite3", garbage_inside)),
    Damage("database without its collection", lambda folder: each(folder, "chroma.sqlite3", without_collection)),
]
SEEN_BY_A_QUESTION = (
    "chroma folder deleted",
    "every file cut",
    "every file garbage",
    "database garbage in first pages",
    "database without its collection",
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """A newsroom with forty articles in its archive."""
    newsroom = Newsroom(tmp_path_factory.mktemp("ready"))
    for number in range(40):
        newsroom.write(number, 1)
    done = newsroom.run("ingest", "articles")
    assert done.returncode == 0, done
    return newsroom


@pytest.fixture
def damaged(ready: Newsroom, tmp_path: Path, request: pytest.FixtureRequest) -> Newsroom:
    """A copy of its archive, damaged."""
    newsroom = Newsroom(tmp_path)
    newsroom.articles = ready.articles
    shutil.copytree(ready.archive, newsroom.archive)
    request.param.do(newsroom.archive / "chroma" / published(newsroom).name)
    return newsroom


def each_damage(damages: list[Damage]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("damaged", damages, indirect=True, ids=lambda damage: damage.name.replace(" ", "-"))


@pytest.mark.slow
@each_damage(DAMAGES)
def test_a_damaged_index_is_rebuilt_by_the_next_ingest_without_embedding_anything(damaged: Newsroom) -> None:
    done = damaged.run("ingest", str(damaged.articles), COUNTS="counts.json")
    assert done.returncode == 0, done
    assert done.stderr.startswith("The search index was damaged and has been rebuilt from the catalog ("), done
    assert done.stderr.count("\n") == 1
    assert counted("texts") == 0
    damaged.assert_index_agrees()


def asked(newsroom: Newsroom, counts: Path) -> tuple[dict[str, Any], int, str]:
    """Ask in a process of its own; return the answer, how many texts were embedded for it, and what was told
    besides.
    """
    done = newsroom.run("bot", "ask", question(7), "--json", COUNTS=str(counts))
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    del answer["timings_ms"]
    return answer, counted("texts", counts), done.stderr


@pytest.fixture(scope="module")
def healthy(ready: Newsroom) -> tuple[dict[str, Any], int, str]:
    return asked(ready, ready.root / "counts.json")


@pytest.mark.slow
@each_damage([damage for damage in DAMAGES if damage.name in SEEN_BY_A_QUESTION])
def test_a_damaged_index_still_answers_and_is_rebuilt_after_the_question(
    damaged: Newsroom, healthy: tuple[dict[str, Any], int, str]
) -> None:
    answer, embedded, told = asked(damaged, damaged.root / "counts.json")
    assert (answer, embedded) == healthy[:2]
    assert healthy[2] == ""
    assert told.startswith("The search index could not be used ("), told
    assert told.endswith("; it has been rebuilt from the catalog.\n")
    assert told.count("\n") == 1
    damaged.assert_index_agrees()


@pytest.mark.slow
@pytest.mark.chroma(False)
def test_an_unchanged_corpus_of_a_thousand_files_is_neither_read_nor_embedded_again(newsroom: Newsroom) -> None:
    for number in range(1_000):
        newsroom.path(number).write_text(
            f"The voyage number {number} begins\n\nThe captain of ship{number} sails to harbour{number} with the "
            "morning tide.\n"
        )
    first = newsroom.run("ingest", "articles", "--json", COUNTS="counts.json")
    assert json.loads(first.stdout)["added"] == 1_000, first
    assert (len(articles_opened(newsroom)), counted("texts")) == (1_000, 1_000)
    place = published(newsroom).name

    again = newsroom.run("ingest", "articles", "--json", COUNTS="counts.json")
    assert json.loads(again.stdout)["unchanged"] == 1_000, again
    assert (len(articles_opened(newsroom)), counted("texts")) == (0, 0)
    assert published(newsroom).name == place


def counted(name: str, counts: Path = Path("counts.json")) -> Any:
    return json.loads(counts.read_text())[name]


def articles_opened(newsroom: Newsroom) -> set[str]:
    return {path for path in counted("opened") if path.startswith(f"{newsroom.articles}/")}


def test_a_run_that_could_not_write_chroma_leaves_its_vectors_to_the_next(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    in_the_way = newsroom.archive / "chroma"

    class Blocking(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            in_the_way.write_text("a file where the folder should be")
            return super().embed(texts)

    newsroom.write(1, 1)
    assert ingest.main([str(newsroom.articles)], embedder=Blocking()) == 2
    said = capsys.readouterr().err
    assert f"{in_the_way}: File exists. Check the disk and its permissions" in said
    assert said.count("\n") == 1

    in_the_way.unlink()
    newsroom.ingest()
    assert newsroom.embedder.texts == 0
    newsroom.assert_index_agrees()


def items(first: int, last: int) -> list[list[Item]]:
    vectors = HashEmbedder(8).embed([f"passage {number}" for number in range(first, last)])
    return [
        [
            (Passage(f"article:{number}", "article", 0, 1, "x"), vector)
            for number, vector in zip(range(first, last), vectors, strict=True)
        ]
    ]


def test_one_process_writes_the_folders_of_a_run(tmp_path: Path) -> None:
    engine = Folders(tmp_path)
    engine.prepare_to_write()
    process = engine._writer._process  # type: ignore[union-attr]
    first, _ = engine.write(None, 1, Changes(items(0, 30)), 30, 30)
    second, _ = engine.write(first, 2, Changes(items(30, 40), [f"article:{number}" for number in range(5)]), 10, 35)
    engine.prepare_to_write()
    assert engine._writer._process is process  # type: ignore[union-attr]
    engine.stop_writing()
    assert process.returncode == 0
    for generation, expected in ((first, range(30)), (second, range(5, 40))):
        with contextlib.closing(open_folder(tmp_path / generation.name)) as collection:
            assert collection.ids() == {f"article:{number}" for number in expected}


def test_the_nearest_in_a_folder_come_with_their_cosine(tmp_path: Path) -> None:
    [given] = items(0, 30)
    generation, _ = Folders(tmp_path).write(None, 1, Changes([given]), 30, 30)
    query = given[7][1]
    exact = sorted(((float(vector @ query), passage.id) for passage, vector in given), reverse=True)
    with contextlib.closing(open_folder(tmp_path / generation.name)) as collection:
        found = collection.nearest(query, 10)
    assert found[0][0] == "article:7"
    assert [similarity for _, similarity in found] == pytest.approx([each for each, _ in exact[:10]], abs=1e-5)


def test_a_folder_that_does_not_hold_what_was_expected_is_not_kept(tmp_path: Path) -> None:
    engine = Folders(tmp_path)
    generation, _ = engine.write(None, 1, Changes(items(0, 3)), 3, 3)
    with pytest.raises(VectorsError, match=r"holds 4 passages, not 5"):
        engine.write(generation, 2, Changes(items(3, 4)), 1, 5)
    assert [path.name for path in tmp_path.iterdir()] == [generation.name]


def test_a_folder_is_on_the_disk_when_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced, force = set(), os.fsync

    def remember(descriptor: int) -> None:
        forced.add(os.fstat(descriptor).st_ino)
        force(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    generation, _ = Folders(tmp_path).write(None, 1, Changes(items(0, 3)), 3, 3)
    folder = tmp_path / generation.name
    assert {path.stat().st_ino for path in (tmp_path, folder, *folder.rglob("*"))} <= forced


def test_a_writer_that_is_killed_before_it_is_asked_is_told_and_the_next_write_has_another(tmp_path: Path) -> None:
    engine = Folders(tmp_path)
    engine.prepare_to_write()
    process = engine._writer._process  # type: ignore[union-attr]
    process.kill()
    process.wait()
    with pytest.raises(
        VectorsError, match=r"The process that writes .* ended early \(exit code -9\). Run the command again."
    ):
        engine.write(None, 1, Changes(items(0, 3)), 3, 3)
    assert list(tmp_path.iterdir()) == []
    generation, _ = engine.write(None, 1, Changes(items(0, 3)), 3, 3)
    assert generation.passages == 3


def test_after_some_folders_another_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vectors.generations._FOLDERS", 2)
    engine, generation, processes = Folders(tmp_path), None, []
    engine.prepare_to_write()
    for number in (1, 2, 3):
        processes.append(engine._writer._process.pid)  # type: ignore[union-attr]
        generation, _ = engine.write(generation, number, Changes(items(number, number + 1)), 1, number)
    engine.stop_writing()
    assert processes[0] == processes[1] != processes[2]


def test_a_run_that_has_nothing_to_write_starts_no_process(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    monkeypatch.setattr("index.vectors.generations.Writer", lambda: pytest.fail("a process was started"))
    newsroom.ingest()
    newsroom.write(1, 2)
    with pytest.raises(pytest.fail.Exception):
        newsroom.ingest()


@pytest.mark.chroma(False)
def test_an_archive_closes_while_a_thread_opens_the_next_generation(newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    archive = Archive(newsroom.archive)
    archive.catch_up()
    [opened] = archive._open.values()

    class Slow:
        def close(self) -> None:
            archive._open["next"] = opened  # what the other thread does meanwhile

    archive._open["slow"] = Slow()
    archive.close()
    opened.close()
