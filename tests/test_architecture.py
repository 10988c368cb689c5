"""The rules of the house, read from the source: what may import what, how long a file is, who owns which library."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted(
    [*ROOT.glob("*.py"), *(path for top in ("bot", "index", "web", "evals") for path in (ROOT / top).rglob("*.py"))]
)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PATHS}


@cache
def parsed() -> dict[str, ast.Module]:
    return {module: ast.parse(path.read_text()) for module, path in MODULES.items()}


@cache
def imports() -> dict[str, frozenset[str]]:
    """What every module imports, types included, in full ("index.vectors.chroma", "chromadb.config")."""
    found: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, tree in parsed().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found[module] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: relative imports hide who imports whom"
                found[module] |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {module: frozenset(names) for module, names in found.items()}


def importers(name: str) -> set[str]:
    """The modules that import a module or something inside it."""
    return {
        module
        for module, names in imports().items()
        if any(each == name or each.startswith(f"{name}.") for each in names)
    }


def importers_outside(name: str) -> set[str]:
    return {module for module in importers(name) if module != name and not module.startswith(f"{name}.")}


def test_imports_make_no_circle():
    graph = {module: {name for name in names if name in MODULES} - {module} for module, names in imports().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


# Each may import those before it. What a line holds does not know its neighbours' neighbours: index/read no search.
LAYERS = ["settings", "web", "bot"]
STEPS = {
    "index": ["model", "clean", "store", "read", "vectors", "search", "ingest"],
    "bot": ["check", "question", "answer", "write", "journal", "slack.messages", "admin", "slack"],
}


@pytest.mark.parametrize("package", STEPS)
def test_a_step_imports_only_steps_before_it(package):
    rank = {f"{package}.{step}": place for place, step in enumerate(STEPS[package])}

    def step_of(module: str) -> str | None:
        return next((step for step in sorted(rank, key=len, reverse=True) if module.startswith(f"{step}.")), None)

    wrong = {
        f"{module} → {name}"
        for module, names in imports().items()
        for name in names & MODULES.keys()
        if (own := step_of(module)) and (other := step_of(name)) and rank[other] > rank[own]
    }
    assert wrong == set()


def test_the_index_knows_none_of_its_users():
    for user in ("bot", "web", "evals", "ingest", "settings"):
        assert {module for module in importers(user) if module.startswith("index")} == set()


def test_nobody_imports_the_evals_or_a_door():
    assert importers_outside("evals") == set()
    for door in ("ingest", "bot.__main__", "web.__main__"):
        assert importers_outside(door) == set()
    assert importers("settings.load") <= {
        "ingest",
        "newsdesk",
        "bot.__main__",
        "web.__main__",
        "evals.__main__",
        "evals.languages",
    }


def test_the_desk_knows_no_slack_and_the_reading_room_no_bot():
    of_slack = importers_outside("bot.slack") | importers_outside("bot.journal")
    assert {module for module in of_slack if module.startswith(("bot.answer", "bot.check", "bot.write"))} == set()
    assert {module for module in importers("bot") if module.startswith("web")} == {"web.__main__"}


OWNERS = {
    "chromadb": {"index.vectors.chroma", "index.vectors.chroma_server", "index.vectors.chroma_writer"},
    "fsspec": {"index.read.stores"},
    "itsdangerous": {"web.links"},
    "jinja2": {"bot.admin.usage_page", "web.pages"},
    "llama_index": {"index.search.llama", "bot.write.llm"},
    "mcp": {"bot.mcp_server"},
    "onnx": {"index.model.onnx_graph"},
    "onnxruntime": {"index.model.runtime"},
    "openinference": {"bot.telemetry"},
    "opentelemetry": {"bot.telemetry"},
    "openvino": {"index.model.runtime"},
    "prometheus_client": {"bot.slack.metrics", "web.health"},
    "ray": {"index.ingest.cluster"},
    "sentence_transformers": {"index.model.embedder"},
    "slack_bolt": {"bot.slack.process"},
    "slack_sdk": {"bot.slack.web_api.calls"},
}


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_an_owner(library):
    assert {module for module in importers(library) if not module.startswith("evals.")} == OWNERS[library]


def test_sql_is_in_the_store_and_in_the_journal():
    wanted = {"index.vectors.pgvector"}
    assert {
        module for module in importers("sqlalchemy") if not module.startswith(("index.store.", "bot.journal."))
    } == wanted
    for package in ("openai", "anthropic", "ollama"):
        assert importers(package) == set()


def test_only_the_checker_makes_citations():
    made = {
        module
        for module, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "Citation"
    }
    assert made == {"bot.check.checker"}


def test_a_file_is_read_in_one_sitting_and_a_folder_at_a_glance():
    product = {
        path: path.read_text().splitlines() for module, path in MODULES.items() if not module.startswith("evals")
    }
    assert {str(path.relative_to(ROOT)): len(lines) for path, lines in product.items() if len(lines) > 400} == {}
    folders = Counter(path.parent for path in product if path.name != "__init__.py" and path.parent != ROOT)
    assert {str(folder): files for folder, files in folders.items() if files > 14} == {}


def test_a_module_says_what_it_is_for_and_is_named_for_it():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "schemas"}
    for module, tree in parsed().items():
        assert ast.get_docstring(tree), module
        assert not vague & set(module.split(".")), module
        assert module.split(".")[0] != "slack", "a dependency installs that name"


def loaded_by(*command: str, code: int = 0, **environment: str) -> set[str]:
    """The top-level modules, and ours in full, that a command imports."""
    run = [sys.executable, "-X", "importtime", *command]
    values = {**os.environ, **environment}
    done = subprocess.run(run, cwd=ROOT, env=values, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr[-500:]
    names = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return {name.split(".")[0] for name in names} | {name for name in names if name in MODULES}


HEAVY = set(
    "torch chromadb sentence_transformers transformers llama_index onnx onnxruntime tokenizers starlette uvicorn "
    "trafilatura lxml pypdf py3langid httpcore protego slack_bolt slack_sdk numpy sqlalchemy".split()
)


@pytest.mark.slow
@pytest.mark.parametrize("door", [["-m", "bot"], ["ingest.py"], ["-m", "bot", "ask"], ["-m", "web"]])
def test_help_comes_without_loading_model_or_vectors(door):
    loaded = loaded_by(*door, "--help")
    assert "argparse" in loaded
    assert loaded.isdisjoint(HEAVY - {"numpy", "sqlalchemy"})


@pytest.mark.slow
def test_a_question_on_the_terminal_loads_no_slack_no_journal_no_pgvector_and_no_torch(tmp_path):
    (tmp_path / "ferry.txt").write_text("The ferry sank off the pier on Monday. All 34 people on board were saved.\n")
    data = {"NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    loaded_by("ingest.py", str(tmp_path / "ferry.txt"), **data)
    loaded = loaded_by("-m", "bot", "ask", "When did the ferry sink?", **data)
    assert {"bot.answer.desk", "index.archive", "index.model.runtime"} <= loaded
    unwanted = "slack_sdk slack_bolt aiohttp starlette torch transformers psycopg pgvector index.vectors.pgvector"
    assert loaded.isdisjoint({*unwanted.split(), "index.vectors.chroma_server"})
    assert not {name for name in loaded if name.startswith(("bot.slack", "bot.journal", "bot.write", "index.ingest"))}


@pytest.mark.slow
def test_what_the_browser_asks_loads_no_slack_and_no_torch(tmp_path):
    code = """
import asyncio, contextlib, sys
from bot.desk_threads import DeskThreads
from bot.wiring import desk_loader, question_box
from settings import load
import web.__main__, web.app, web.server, web.health

async def play():
    settings = load()
    with contextlib.closing(DeskThreads(desk_loader(settings), 1)) as desk, question_box(settings, desk) as asking:
        await asking.box.load()
        await asking.box.ask("When did the ferry sink?", "")

asyncio.run(play())
"""
    (tmp_path / "ferry.txt").write_text("The ferry sank off the pier on Monday. All 34 people on board were saved.\n")
    data = {"NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    loaded_by("ingest.py", str(tmp_path / "ferry.txt"), **data)
    loaded = loaded_by("-c", code, **data)
    assert {"bot.question_box", "index.model.runtime"} <= loaded
    assert loaded.isdisjoint(set("slack_sdk slack_bolt aiohttp torch transformers psycopg pgvector".split()))
    assert not {name for name in loaded if name.startswith(("bot.slack", "bot.write", "index.ingest.run"))}


@pytest.mark.slow
@pytest.mark.parametrize("door", ["bot.slack.process", "bot.answer.desk", "ingest", "evals.question", "web.app"])
def test_how_numpys_threads_wait_is_set_before_numpy_is_there(door):
    code = (
        f"import sys, {door}; names = list(sys.modules); "
        "assert 'numpy' not in names or names.index('index') < names.index('numpy')"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def raised_on_purpose() -> dict[str, str]:
    """Every exception class of the product, and the class it derives from."""
    found = {"Exception": ""}
    classes = [node for tree in parsed().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(5):  # as deep as the tree is
        for node in classes:
            for base in node.bases:
                if ast.unparse(base).rpartition(".")[2] in found:
                    found[node.name] = ast.unparse(base)
    return {name: base for name, base in found.items() if base}


def test_every_error_stands_in_one_tree():
    tree, above = {}, ["Exception"]
    for line in (ast.get_docstring(parsed()["index.errors"]) or "").splitlines()[2:]:
        if line.strip():
            name = re.search(r"\w+", line)
            assert name
            above[name.start() // 4 + 1 :] = [name.group()]
            tree[name.group()] = above[name.start() // 4]
    assert raised_on_purpose() == tree


def broad(node: ast.AST) -> bool:
    """Tell whether a handler, or ``suppress``, takes any error."""
    caught = node.type if isinstance(node, ast.ExceptHandler) else None
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        caught = ast.Tuple(node.args)
    each = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    found = {ast.unparse(kind) for kind in each if kind is not None}
    return bool(found & {"Exception", "BaseException"}) or (isinstance(node, ast.ExceptHandler) and caught is None)


def test_any_error_is_caught_at_few_doors_and_each_says_why():
    doors = {}
    for module, tree in parsed().items():
        lines = MODULES[module].read_text().splitlines()
        for node in ast.walk(tree):
            if broad(node) and not module.startswith("evals."):
                doors[f"{module}:{node.lineno}"] = "\n".join(lines[node.lineno - 2 : node.lineno])
    assert [door for door, text in doors.items() if "  # " not in text] == []
    assert len(doors) <= 16, sorted(doors)
