"""The unit, the image and the compose file: linted, rehearsed, and in step with the code."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from newsroom import ROOT

from bot.slack.queue import _GRACE
from index.ingest.sources import read_sources
from ingest import _parser as ingest_parser
from settings import names

DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SOURCES = DEPLOY / "sources.conf"
UNITS = sorted(DEPLOY.glob("*.service"))
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")
OBJECTS: list[dict[str, Any]] = [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text())]


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


@pytest.mark.parametrize(
    ("line", "told"), [("COPY nothing ./", "COPY nothing"), ("RUN exit 3", "exit code 3"), ("ADD a b", "knows no ADD")]
)
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
    copied = {
        Path(word).name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M)
        for word in line.split()
    }
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
    files = [*DEPLOY.glob("*file"), *DEPLOY.rglob("*.yaml"), *UNITS]
    used = {name for path in files for name in re.findall(r"\b(?:NEWSDESK|SLACK)_[A-Z_]+", path.read_text())}
    assert {"NEWSDESK_DATA_DIR", "NEWSDESK_CATALOG__URL", "SLACK_BOT_TOKEN"} <= used
    assert used - set(names()) == set()


def test_the_chroma_server_is_of_the_version_that_the_code_was_measured_with():
    [pin] = [line for line in PROJECT["project"]["dependencies"] if line.startswith("chromadb==")]
    assert COMPOSE["services"]["chroma"]["image"].endswith(":" + pin.partition("==")[2])
    assert container("chroma")["image"] == COMPOSE["services"]["chroma"]["image"]
    assert container("postgres")["image"] == COMPOSE["services"]["postgres"]["image"]


def test_who_stops_the_bot_waits_for_its_answers():
    assert int(unit(DEPLOY / "newsdesk.service")["TimeoutStopSec"]) > _GRACE + 10
    assert int(COMPOSE["services"]["bot"]["stop_grace_period"].rstrip("s")) > _GRACE + 10
    assert pods()["bot"]["spec"]["terminationGracePeriodSeconds"] > _GRACE + 10


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_may_do_little(path):
    service = unit(path)
    strict = {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "CapabilityBoundingSet": "",
        "UMask": "0077",
    }
    assert {name: service[name] for name in strict} == strict
    assert service["KillMode"] == "mixed"  # the process that writes Chroma is not to be stopped in the middle


def test_what_the_units_start_is_a_command_of_the_ingest():
    for path in (DEPLOY / "newsdesk-ingest.service", SOURCES):
        [line] = [line for line in path.read_text().splitlines() if line.startswith("ExecStart=/")]
        assert ingest_parser().parse_args(line.partition("ingest.py ")[2].split())


@pytest.mark.parametrize("sources", [False, True])
@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: the units are not verified"
)
def test_systemd_takes_the_units(sources, tmp_path):
    for path in DEPLOY.glob("newsdesk*"):
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/newsdesk/.venv/bin/python", "/bin/sh"))
    units = list(tmp_path.iterdir())
    if sources:
        folder = tmp_path / "newsdesk-ingest.service.d"
        folder.mkdir()
        (folder / "sources.conf").write_text(SOURCES.read_text().replace("/opt/newsdesk/.venv/bin/python", "/bin/sh"))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for path in tmp_path.glob("*.service"):
        rated = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert rated.returncode == 0, rated.stdout[-500:]


# --- Kubernetes ---


def found(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The pod of every workload, by the workload's name."""
    jobs = {name: each["spec"]["jobTemplate"]["spec"]["template"] for name, each in found("CronJob").items()}
    return jobs | {
        name: each["spec"]["template"] for kind in ("Deployment", "StatefulSet") for name, each in found(kind).items()
    }


def container(name: str) -> dict[str, Any]:
    [only] = pods()[name]["spec"]["containers"]
    return only


def chosen(selector: dict[str, Any]) -> set[str]:
    """The workloads whose pods a selector of labels takes."""
    wanted = selector.get("matchLabels", {}).items()
    among = [(each["key"], each["values"]) for each in selector.get("matchExpressions", [])]
    labels = {name: pod["metadata"]["labels"] for name, pod in pods().items()}
    return {
        name
        for name, own in labels.items()
        if wanted <= own.items() and all(own.get(key) in values for key, values in among)
    }


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_own_schema_takes_the_manifests(path, version):
    for each in yaml.safe_load_all(path.read_text()):
        assert kubernetes_validate.validate(each, version, strict=True) == version


def test_the_schema_refuses_what_is_misspelt():
    wrong = {**found("Service")["web"], "spec": {"selektor": {"app": "web"}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.37", strict=True)


def test_everything_but_the_secrets_and_the_other_ingest_is_applied():
    listed = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    others = {"secret.example.yaml", "sources.yaml"}  # sources.yaml takes the place of ingest.yaml
    assert sorted(listed["resources"]) == [path.name for path in MANIFESTS if path.name not in others]
    assert {image["name"] for image in listed["images"]} == {container("bot")["image"]}
    assert not any(value for each in found("Secret").values() for value in each["stringData"].values())


@pytest.mark.parametrize("name", sorted(pods()))
def test_a_pod_may_do_little(name):
    spec, only = pods()[name]["spec"], container(name)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    # Kubernetes would set CHROMA_PORT for a service named chroma, and NEWSDESK_…, which newsdesk refuses.
    assert spec["enableServiceLinks"] is False
    assert "memory" in only["resources"]["limits"]
    volumes = {
        each["name"]
        for each in [*spec.get("volumes", []), *({"name": claim["metadata"]["name"]} for claim in claims(name))]
    }
    assert {mount["name"] for mount in only["volumeMounts"]} == volumes


def claims(name: str) -> list[dict[str, Any]]:
    return found("StatefulSet").get(name, {"spec": {}})["spec"].get("volumeClaimTemplates", [])


def referred(name: str) -> Iterator[tuple[str, str, str | None]]:
    """Kind, name and key of what a container's environment is taken from."""
    for source in container(name).get("envFrom", []):
        for kind, reference in source.items():
            yield kind.removesuffix("Ref"), reference["name"], None
    for variable in container(name).get("env", []):
        if "valueFrom" in variable:
            reference = variable["valueFrom"]["secretKeyRef"]
            yield "secret", reference["name"], reference["key"]
            assert reference["key"] in (variable["name"], "password")


@pytest.mark.parametrize("name", sorted(pods()))
def test_what_a_pod_refers_to_is_there(name):
    for kind, source, key in referred(name):
        there = found({"configMap": "ConfigMap", "secret": "Secret"}[kind])[source]
        assert key is None or key in there["stringData"]
    ports = {port["name"] for port in container(name).get("ports", [])}
    probes = [
        probe["httpGet"]["port"]
        for kind, probe in container(name).items()
        if kind.endswith("Probe") and "httpGet" in probe
    ]
    assert set(probes) <= ports


def test_services_and_policies_reach_pods_that_exist():
    for name, service in found("Service").items():
        assert chosen({"matchLabels": service["spec"]["selector"]}) == {name}
        assert {port.get("targetPort", port["name"]) for port in service["spec"]["ports"]} <= {
            port["name"] for port in container(name)["ports"]
        }
    taken = {name: chosen(policy["spec"]["podSelector"]) for name, policy in found("NetworkPolicy").items()}
    everyone = set(pods())
    newsdesk = everyone - {"postgres", "chroma"}
    assert taken == {
        "nothing": everyone,
        "newsdesk": newsdesk,
        "to-the-internet": {"bot", "ingest", "sources"},
        "databases": {"postgres", "chroma"},
        "readers": {"bot", "web"},
    }
    assert found("Deployment").keys() == {"bot", "web", "sources"}
    assert all(
        chosen(each["spec"]["selector"]) == {name}
        for name, each in {**found("Deployment"), **found("PodDisruptionBudget")}.items()
    )
    url = found("ConfigMap")["settings"]["data"]["NEWSDESK_CHROMA__URL"]
    assert url == f"http://chroma:{found('Service')['chroma']['spec']['ports'][0]['port']}"


def test_bots_roll_over_within_the_sockets_that_slack_gives():
    bots = found("Deployment")["bot"]["spec"]
    update = bots["strategy"]["rollingUpdate"]
    assert update["maxUnavailable"] == 0 < update["maxSurge"]  # the new one first
    assert bots["replicas"] + update["maxSurge"] <= 10
    assert found("CronJob")["ingest"]["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_file_of_sources_is_one_that_the_ingest_takes(tmp_path):
    only = container("sources")
    mounts = {mount["name"]: Path(mount["mountPath"]) for mount in only["volumeMounts"]}
    [volume] = [each["configMap"] for each in pods()["sources"]["spec"]["volumes"] if "configMap" in each]
    [(name, text)] = found("ConfigMap")[volume["name"]]["data"].items()
    (tmp_path / name).write_text(text)
    parsed = ingest_parser().parse_args(only["args"])
    assert (parsed.sources, parsed.watch) == (mounts["sources"] / name, True)
    assert str(mounts["articles"]) in [source.place for source in read_sources(tmp_path / name)]
    assert ingest_parser().parse_args(container("ingest")["args"]).paths == [str(mounts["articles"])]
    assert ingest_parser().parse_args(COMPOSE["services"]["sources"]["command"]).watch
    # One ingest writes at a time, also while a new one takes the old one's place.
    assert found("Deployment")["sources"]["spec"]["strategy"] == {"type": "Recreate"}
    assert found("Deployment")["sources"]["spec"]["replicas"] == 1


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_versions_and_no_place_of_the_machine_it_was_made_on(lock):
    named = [line for line in (ROOT / lock).read_text().splitlines() if re.match(r"[\w-]", line)]
    assert [line for line in named if not re.match(r"[\w.-]+==\S+( ; .+)?$", line)] == []
