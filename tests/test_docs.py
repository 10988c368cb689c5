"""The documents for operators hold what they promise: every test they name exists, every sentence an operator may meet
is there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import ROOT

from bot.__main__ import _parser

DOCS = ROOT / "docs"
ERRORS = {
    "ArchiveError",
    "LockedError",
    "DiskFull",
    "VectorsError",
    "ServerDown",
    "ModelError",
    "ModelChanged",
    "ClusterError",
}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield file and words of every error of the archive or the model that is raised, {} in place of what varies."""
    for path in sorted([*(ROOT / "index").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
                parts = [each for each in ast.walk(node.args[0]) if isinstance(each, ast.JoinedStr)] or [node.args[0]]
                words = "".join(
                    value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else "{}"
                    for value in getattr(parts[0], "values", parts)
                )
                if len(words) > 3:
                    yield path.name, words


def said() -> set[str]:
    """The words in the first column of the table of errors."""
    table = (DOCS / "operations.md").read_text().partition("## What it says")[2]
    return {words for row in re.findall(r"^\| (.+?) \|", table, re.M) for words in re.findall(r"`([^`]+)`", row)}


def test_operations_knows_every_sentence_an_operator_may_meet():
    known = said()
    unknown = [f"{name}: {words}" for name, words in sentences() if not any(each in words for each in known)]
    assert unknown == [], "add them to the table at the end of docs/operations.md"
    assert sum(1 for _ in sentences()) > 40


def test_operations_knows_no_sentence_that_nobody_says():
    code = "\n".join(
        re.sub(r"\{[^{}]*\}", "{}", path.read_text())
        for folder in ("bot", "deploy", "index", "web")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [words for words in said() if words not in code and not words.startswith(("python -m", "NEWSDESK"))] == []


def named_tests() -> list[str]:
    return re.findall(r"`(test_\w+\.py(?:::test_\w+)?)`", (DOCS / "security.md").read_text())


@pytest.mark.parametrize("name", named_tests())
def test_security_names_tests_that_exist(name):
    file, _, function = name.partition("::")
    [path] = (ROOT / "tests").rglob(file)
    assert f"def {function or 'test_'}" in path.read_text()


@pytest.mark.parametrize("page", ["operations.md", "security.md", "slack.md", "architecture.md"])
def test_links_between_documents_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (DOCS / page).read_text()):
        assert (DOCS / target).exists(), target


def test_every_command_is_in_the_readme():
    commands = next(action.choices for action in _parser()._actions if action.dest == "command")
    assert commands is not None
    text = (ROOT / "README.md").read_text()
    assert [name for name in commands if f"python -m bot {name}" not in text] == []


def test_every_page_of_the_documents_can_be_found_from_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [path.name for path in DOCS.glob("*.md") if f"docs/{path.name}" not in readme] == []


def test_what_operations_says_lies_in_deploy_lies_there():
    named = set(re.findall(r"deploy/([\w.*-]+)", (DOCS / "operations.md").read_text()))
    assert [name for name in named if not list(Path(ROOT / "deploy").glob(name))] == []
