"""How the parts may lean on each other, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "index", "web", "evals")
MODULES = sorted([*ROOT.glob("*.py"), *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it, in full ("index.vectors.chroma")."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative imports hide who leans on whom"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers(module: str) -> set[str]:
    """The files that import a module or something inside it."""
    return {
        name_of(path)
        for path in MODULES
        if any(name == module or name.startswith(f"{module}.") for name in imported(path))
    }


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_the_walk_sees_the_product():
    assert {"ingest.py", "settings.py", "bot/__main__.py", "index/vectors/chroma.py"} <= {
        name_of(path) for path in MODULES
    }
    assert importers("index.articles") >= {"bot/check/checker.py", "index/store/snapshot.py"}


@pytest.mark.parametrize("module", ["bot", "web", "evals", "ingest", "settings"])
def test_the_index_leans_on_none_of_its_users(module):
    assert {path for path in importers(module) if path.startswith("index/")} == set()


def test_nobody_leans_on_the_evals():
    assert {path for path in importers("evals") if not path.startswith("evals/")} == set()


def test_nobody_leans_on_a_door():
    assert importers("ingest") | importers("bot.__main__") | importers("web.__main__") == set()


def test_only_the_doors_read_the_settings():
    allowed = {"ingest.py", "bot/__main__.py", "web/__main__.py", "evals/__main__.py"}
    assert importers("settings.load") <= allowed


def test_three_files_know_chroma():
    assert importers("chromadb") == {
        "index/vectors/chroma.py",
        "index/vectors/chroma_server.py",
        "index/vectors/chroma_writer.py",
        "evals/baselines.py",
        "evals/stock.py",
    }


def test_one_file_knows_ray_and_one_the_stores():
    assert importers("ray") == {"index/ingest/cluster.py"}
    assert importers("fsspec") == {"index/read/stores.py"}


def test_one_file_knows_llama_index_and_one_its_language_models():
    assert importers("llama_index") <= {
        "index/search/llama.py",
        "bot/write/llm.py",
        "evals/baselines.py",
        "evals/stock.py",
    }
    assert {path for path in importers("llama_index.llms") if path != "bot/write/llm.py"} == set()
    for package in ("openai", "anthropic", "ollama"):
        assert importers(package) == set()


def test_one_file_knows_each_runtime_of_the_model_and_one_a_product():
    assert importers("onnx") == {"index/model/onnx_graph.py", "index/search/product.py"}
    assert importers("onnxruntime") == {"index/model/runtime.py", "index/search/product.py"}
    assert importers("openvino") == {"index/model/runtime.py"}
    assert importers("sentence_transformers") == {"index/model/embedder.py", "evals/stock.py"}


def test_one_file_knows_each_library_of_those_who_watch():
    assert importers("opentelemetry") | importers("openinference") == {"bot/traces.py"}
    assert importers("prometheus_client") == {"bot/slack/metrics.py", "web/health.py"}


def test_the_reading_room_knows_no_slack_and_no_settings():
    assert {path for path in importers("bot.room") | importers("slack_sdk") if path.startswith("web/")} <= {
        "web/__main__.py"
    }


def test_the_sql_of_the_archive_is_in_ten_files_and_that_of_the_journal_in_three():
    assert importers("sqlalchemy") <= {
        f"index/{name}.py"
        for name in (
            "catalog",
            "copying",
            "dialect",
            "keywords",
            "pgvector",
            "schema",
            "snapshot",
            "spoken",
            "stored",
            "transaction",
        )
    } | {f"bot/room/{name}.py" for name in ("journal", "leases", "tables")}


def test_one_file_talks_to_slack():
    assert importers("slack_sdk") == {"bot/slack/api.py"}
    assert importers("slack_bolt") == {"bot/slack/app.py", "bot/slack/process.py"}


def test_the_desk_does_not_know_the_room():
    commands = {f"bot/commands/{name}.py" for name in ("asking", "keeping", "made", "serving")}
    others = {
        "bot/admin/backup.py",
        "bot/admin/doctor.py",
        "bot/admin/usage.py",
        "evals/injections.py",
        "web/__main__.py",
    }
    assert {path for path in importers("bot.room") if not path.startswith("bot/room/")} == commands | others


def test_the_reading_room_does_not_know_the_bot():
    assert {path for path in importers("bot") if path.startswith("web/")} == {"web/__main__.py"}


def test_one_file_signs_and_one_writes_pages():
    assert importers("itsdangerous") == {"web/links.py"}
    assert importers("jinja2") == {"web/pages.py"}


def test_only_the_checker_makes_citations():
    assert {name_of(path) for path in MODULES if "Citation" in calls(path)} == {"bot/check/checker.py"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_named_for_what_comes_out_of_it(path):
    assert not {"utils", "util", "helpers", "helper", "common", "manager", "misc", "schemas", "slack"} & {
        *path.relative_to(ROOT).parts,
        path.stem,
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_opens_with_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "door", [["-m", "bot"], ["ingest.py"], ["-m", "bot", "ask"], ["-m", "web"]], ids=["bot", "ingest", "ask", "web"]
)
def test_help_comes_without_loading_model_or_vectors(door):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *door, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "usage:" in done.stdout
    loaded = {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    assert "argparse" in loaded
    heavy = {
        "torch",
        "chromadb",
        "sentence_transformers",
        "transformers",
        "llama_index",
        "onnx",
        "onnxruntime",
        "tokenizers",
        "starlette",
        "uvicorn",
    }
    assert loaded.isdisjoint(
        heavy | {"trafilatura", "lxml", "pypdf", "py3langid", "httpcore", "protego", "slack_bolt", "slack_sdk"}
    )


@pytest.mark.slow
@pytest.mark.parametrize("door", ["bot.slack.process", "bot.answer.desk", "ingest", "evals.question", "web.app"])
def test_how_numpys_threads_wait_is_set_before_numpy_is_there(door):
    code = (
        f"import sys, {door}; names = list(sys.modules); assert 'numpy' not in names or names.index('index') < "
        "names.index('numpy')"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
