"""The unit, the image and the compose file: linted, rehearsed, and in step with the code."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from newsroom import ROOT

from bot.room.reception import _GRACE
from settings import names

DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
UNITS = sorted(DEPLOY.glob("*.service"))


def tool(name: str) -> str:
    """A program that was installed beside this Python, or is on the path."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} is missing: make test installs it"
    return found


def unit(path: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser["Service"]


@pytest.mark.slow
def test_the_steps_of_the_containerfile_run():
    done = subprocess.run([sys.executable, DEPLOY / "rehearse.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert done.stdout.endswith("The Containerfile's steps ran.\n")


@pytest.mark.parametrize(("line", "told"), [("COPY nothing ./", "COPY nothing"), ("RUN exit 3", "exit code 3"), ("ADD a b", "knows no ADD")])
def test_the_rehearsal_fails_at_a_step_that_fails(line, told, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(DEPLOY)
    from rehearse import DockerfileParser, Rehearsal

    (tmp_path / "Containerfile").write_text(f"FROM scratch\nWORKDIR /app\n{line}\n")
    with (tmp_path / "Containerfile").open("rb") as file, pytest.raises(SystemExit, match=told):
        Rehearsal(tmp_path).play(DockerfileParser(fileobj=file).structure)


def test_the_containerfile_passes_hadolint():
    done = subprocess.run([tool("hadolint"), DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_passes_compose_lint():
    done = subprocess.run([tool("compose-lint"), DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_holds_what_the_wheel_holds():
    copied = {Path(word).name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M) for word in line.split()}
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) <= copied


def test_the_bot_runs_as_nobody_in_particular_on_a_system_it_cannot_write():
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.M) == ["10001"]
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert COMPOSE["services"]["bot"]["ports"] == ["127.0.0.1:8080:8080"]
    assert COMPOSE["networks"]["inside"]["internal"]
    assert COMPOSE["services"]["chroma"]["networks"] == ["inside"]


def test_every_variable_that_is_set_is_a_setting():
    texts = [CONTAINERFILE, (DEPLOY / "compose.yaml").read_text(), *(path.read_text() for path in UNITS)]
    used = {name for text in texts for name in re.findall(r"\bNEWSDESK_\w+", text)}
    assert "NEWSDESK_DATA_DIR" in used
    assert used - set(names()) <= {"NEWSDESK_WEB__HOST", "NEWSDESK_WEB__PORT"}


def test_the_chroma_server_is_of_the_version_that_the_code_was_measured_with():
    [pin] = [line for line in PROJECT["project"]["dependencies"] if line.startswith("chromadb==")]
    assert COMPOSE["services"]["chroma"]["image"].endswith(":" + pin.partition("==")[2])


def test_who_stops_the_bot_waits_for_its_answers():
    assert int(unit(DEPLOY / "newsdesk.service")["TimeoutStopSec"]) > _GRACE + 10
    assert int(COMPOSE["services"]["bot"]["stop_grace_period"].rstrip("s")) > _GRACE + 10


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_may_do_little(path):
    service = unit(path)
    strict = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "CapabilityBoundingSet": "", "UMask": "0077"}
    assert {name: service[name] for name in strict} == strict
    assert service["KillMode"] == "mixed"  # the process that writes Chroma is not to be stopped in the middle


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: the units are not verified")
def test_systemd_takes_the_units(tmp_path):
    for path in DEPLOY.glob("newsdesk*"):
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/newsdesk/.venv/bin/python", "/bin/sh"))
    done = subprocess.run(["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for path in tmp_path.glob("*.service"):
        rated = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", path], capture_output=True, text=True, check=False)
        assert rated.returncode == 0, rated.stdout[-500:]
