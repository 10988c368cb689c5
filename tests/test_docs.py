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
from ingest import _parser as ingest_parser

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
    table = (DOCS / "run" / "operations.md").read_text().partition("## What it says")[2]
    return {words for row in re.findall(r"^\| (.+?) \|", table, re.M) for words in re.findall(r"`([^`]+)`", row)}


def test_operations_knows_every_sentence_an_operator_may_meet():
    known = said()
    unknown = [f"{name}: {words}" for name, words in sentences() if not any(each in words for each in known)]
    assert unknown == [], "add them to the table at the end of docs/run/operations.md"
    assert sum(1 for _ in sentences()) > 40


def test_operations_knows_no_sentence_that_nobody_says():
    code = "\n".join(
        re.sub(r"\{[^{}]*\}", "{}", path.read_text())
        for folder in ("bot", "deploy", "index", "web")
        for path in (ROOT / folder).rglob("*.py")
    )
    assert [words for words in said() if words not in code and not words.startswith(("python -m", "NEWSDESK"))] == []


def named_tests() -> list[str]:
    return re.findall(r"`(test_\w+\.py(?:::test_\w+)?)`", (DOCS / "run" / "security.md").read_text())


@pytest.mark.parametrize("name", named_tests())
def test_security_names_tests_that_exist(name):
    file, _, function = name.partition("::")
    [path] = (ROOT / "tests").rglob(file)
    assert f"def {function or 'test_'}" in path.read_text()


PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(path for top in ("docs", "deploy", "evals") for path in (ROOT / top).rglob("*.md")),
    ]
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_leads_only_to_what_is_there(page):
    text = page.read_text()
    assert not re.search(r"^(?:<<<<<<<|>>>>>>>|=======$)|FIXME|@@[A-Z]", text, re.M), "left over from writing"
    for target, anchor in LINK.findall(text):
        led_to = (page.parent / target).resolve() if target else page
        assert led_to.exists(), target
        assert not anchor or anchor in anchors(led_to), f"{target}#{anchor}"
    if page.name != "CHANGELOG.md":
        named = re.findall(r"`((?:bot|index|web|evals|tests|prompts|deploy|docs|words)/[\w./-]*)(?:::\w+)?`", text)
        named += re.findall(r"`((?:ingest|settings)\.py|manifest\.yaml|\.env\.example|requirements\.lock)`", text)
        assert [name for name in named if not (ROOT / name).exists() and "-N." not in name] == []  # N: a number


def test_a_page_that_the_code_names_is_there():
    files = [
        *ROOT.glob("*.*"),
        ROOT / "Makefile",
        *(path for top in ("bot", "index", "web", "evals", "deploy", "tests") for path in (ROOT / top).rglob("*.*")),
    ]
    named = {
        name
        for path in files
        if path.is_file()
        and path.name != "CHANGELOG.md"
        and path.suffix in (".py", ".toml", ".yaml", ".md", ".example", ".service", ".timer", "")
        for name in re.findall(r"\bdocs/[\w/-]+\.(?:md|png)\b", path.read_text())
    }
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_readme_is_read_at_one_go_and_leads_to_every_page():
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 200
    pages = [str(page.relative_to(ROOT)) for page in DOCS.rglob("*.md") if page.parent.name != "decisions"]
    assert [page for page in pages if f"({page})" not in readme] == []


def test_architecture_names_every_folder():
    text = (DOCS / "understand" / "architecture.md").read_text()
    folders = [
        f"{folder.relative_to(ROOT)}/"
        for top in ("bot", "index", "web")
        for folder in (ROOT / top, *(ROOT / top).rglob("*"))
        if folder.is_dir() and folder.name != "__pycache__"
    ]
    assert len(folders) > 15
    assert [folder for folder in folders if f"`{folder}`" not in text] == []


def test_every_command_and_option_is_in_the_pages_for_users():
    commands = next(action.choices for action in _parser()._actions if action.dest == "command")
    assert commands is not None
    asking, ingest = ((DOCS / "use" / name).read_text() for name in ("asking.md", "ingest.md"))
    assert [name for name in commands if f"python -m bot {name}" not in asking] == []
    pages = "".join(page.read_text() for page in PAGES if page.name != "CHANGELOG.md")
    named = set(re.findall(r"python -m bot ([a-z]+)", pages))
    assert named <= set(commands)
    options = {word for action in ingest_parser()._actions for word in action.option_strings if word.startswith("--")}
    assert [word for word in sorted(options - {"--help"}) if word not in ingest] == []


def test_what_operations_says_lies_in_deploy_lies_there():
    named = set(re.findall(r"deploy/([\w.*-]+)", (DOCS / "run" / "operations.md").read_text()))
    assert [name for name in named if not list(Path(ROOT / "deploy").glob(name))] == []
