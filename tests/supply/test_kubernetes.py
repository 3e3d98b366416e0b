"""The manifests for Kubernetes: of the right form, confined, and with commands, settings, ports and addresses that there are."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from app.cli import dqmhub
from app.core.settings import TREE, Settings, load
from app.core.settings.loading import OTHER_VARIABLES
from app.core.settings.table import setting_rows
from app.core.version import VERSION
from app.ops.doctor.checks import data_folder
from protocol import service_notify
from services.mirror import options as mirror_options
from tests.supply.containerfile import stages
from tests.support.processes import consumer, stopped, until

FILES = {path.stem: path for path in sorted((TREE / "services/kubernetes").glob("*.yaml"))}
Manifest = dict[str, Any]


def manifests(name: str) -> list[Manifest]:
    """The objects of a file; those of a list each by itself."""
    documents = list(yaml.safe_load_all(FILES[name].read_text(encoding="utf-8")))
    return [each for one in documents for each in (one["items"] if one["kind"] == "List" else [one])]


def pods(name: str) -> list[Manifest]:
    """Those that run for ever, and those of jobs."""
    jobs = [one["spec"]["jobTemplate"]["spec"]["template"] for one in manifests(name) if one["kind"] == "CronJob"]
    return [*(one["spec"]["template"] for one in manifests(name) if one["kind"] == "Deployment"), *jobs]


def containers(name: str) -> list[Manifest]:
    return [one for pod in pods(name) for one in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])]


def services(pod: Manifest) -> list[Manifest]:
    """The containers of a pod that run for ever, those beside the first one included; none of a job."""
    spec = pod["spec"]
    beside = [one for one in spec.get("initContainers", ()) if one.get("restartPolicy") == "Always"]
    return [] if spec.get("restartPolicy") == "Never" else [*beside, *spec["containers"]]


def probes(name: str) -> Iterator[Manifest]:
    for container in containers(name):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if "httpGet" in container.get(kind, ()):
                yield container[kind]["httpGet"]


@pytest.mark.parametrize("name", FILES)
def test_each_object_has_the_form_that_kubernetes_requires(name: str) -> None:
    import kubernetes_validate  # not above: this takes over a second, in each process that collects tests

    for one in manifests(name):
        kubernetes_validate.validate(one, "1.37", strict=True)


@pytest.mark.parametrize("name", FILES)
def test_every_container_is_confined(name: str) -> None:
    for pod in pods(name):
        security = pod["spec"]["securityContext"]
        assert (security["runAsNonRoot"], security["seccompProfile"]["type"]) == (True, "RuntimeDefault")
        assert f"{security['runAsUser']}:{security['runAsGroup']}" == stages(name)[-1].last("USER")
        assert pod["spec"]["automountServiceAccountToken"] is False
    for container in containers(name):
        security = container["securityContext"]
        assert security == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"]["memory"]
        assert {"/data", "/tmp"} <= {mount["mountPath"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize("name", FILES)
def test_kubernetes_restarts_every_service_that_hangs(name: str) -> None:
    without = [one["name"] for pod in pods(name) for one in services(pod) if "livenessProbe" not in one]
    assert without == []


def test_services_of_one_pod_do_not_show_the_life_of_each_other() -> None:
    for pod in pods("hub"):
        watched = [one for one in services(pod) if service_notify.FILE_VARIABLE in {each["name"] for each in one["env"]}]
        assert len(watched) <= 1
        assert [one for one in services(pod) if "exec" in one["livenessProbe"]] == watched


def test_the_render_service_runs_from_before_the_start_of_the_web_server_until_after_its_end() -> None:
    """As a container beside it, which Kubernetes ends after the others; and without the keys of the hub, since plugins run there."""
    (web,) = [pod["spec"] for pod in pods("hub") if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "web"]
    (render,) = [one for one in web["initContainers"] if one["name"] == "render"]
    assert (render["restartPolicy"], "startupProbe" in render, "envFrom" in render) == ("Always", True, False)


def test_no_pod_is_taken_from_its_readers_for_what_all_pods_share() -> None:
    """The database, or the volume: pages say what is away."""
    assert {one["readinessProbe"]["httpGet"]["path"] for one in containers("hub") if "readinessProbe" in one} == {"/healthz/live"}


def test_another_service_takes_the_jobs_of_one_that_hangs() -> None:
    deployments = [one["spec"]["replicas"] for one in manifests("hub") if one["kind"] == "Deployment"]
    assert min(deployments) > 1


@pytest.mark.slow
def test_the_probe_of_a_service_without_an_address_fails_when_it_hangs(hub: Settings, tmp_path: Path) -> None:
    """The render service: tests/systemd/test_processes.py."""
    file = tmp_path / "alive"
    ((shell, option, command),) = {
        tuple(one["livenessProbe"]["exec"]["command"]) for one in containers("hub") if "exec" in one.get("livenessProbe", ())
    }
    (place,) = {each["value"] for one in containers("hub") for each in one["env"] if each["name"] == service_notify.FILE_VARIABLE}

    def is_alive() -> bool:
        return subprocess.run([shell, option, command.replace(place, str(file))], capture_output=True, check=False).returncode == 0

    assert place in command
    assert not is_alive()
    with consumer(hub, "live", **{service_notify.FILE_VARIABLE: str(file)}) as process:
        until(is_alive, "a sign of life")
        with stopped([process.pid]):
            let_pass(file, 90)
            assert not is_alive()
        until(is_alive, "a sign of life after the hang")


def let_pass(file: Path, seconds: float) -> None:
    """As if so much time had passed since the last change of a file."""
    os.utime(file, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("name", FILES)
def test_every_object_that_another_one_names_exists(name: str) -> None:
    named = {
        kind: {one["metadata"]["name"] for one in manifests(name) if one["kind"] == kind} for kind in ("ConfigMap", "PersistentVolumeClaim")
    }
    for pod in pods(name):
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert {one["configMap"]["name"] for one in volumes.values() if "configMap" in one} <= named["ConfigMap"]
        claims = {one["persistentVolumeClaim"]["claimName"] for one in volumes.values() if "persistentVolumeClaim" in one}
        assert claims <= named["PersistentVolumeClaim"]
        used = (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
        assert {mount["name"] for one in used for mount in one["volumeMounts"]} == set(volumes)
    labels = [pod["metadata"]["labels"] for pod in pods(name)]
    for one in manifests(name):
        selector = one["spec"].get("selector", {}) if one["kind"] in ("Service", "PodDisruptionBudget") else None
        if selector is not None:
            assert selector.get("matchLabels", selector) in labels


@pytest.mark.parametrize("name", FILES)
def test_images_have_the_version_of_the_product_and_its_port(name: str) -> None:
    product = {"hub": "dqmhub", "mirror": "dqmhub-mirror"}[name]
    assert {one["image"] for one in containers(name)} == {f"{product}:{VERSION}"}
    ports = {port["containerPort"] for one in containers(name) for port in one.get("ports", ())}
    assert ports == {int(stages(name)[-1].last("EXPOSE"))}


def test_the_commands_of_the_hub_are_there_and_all_services_run() -> None:
    commands = [one["args"] for one in containers("hub")]
    context = click.Context(dqmhub)
    for name, *more in commands:
        command = dqmhub.get_command(context, name)
        assert command is not None
        assert not more or (isinstance(command, click.Group) and command.get_command(context, more[0]))
    assert {"web", "live", "worker", "render"} <= {name for name, *_ in commands}


def test_the_settings_of_the_hub_are_valid(tmp_path: Path) -> None:
    (config,) = [one for one in manifests("hub") if one["kind"] == "ConfigMap"]
    (file, text) = next(iter(config["data"].items()))
    (tmp_path / file).write_text(text)
    settings = load(tmp_path / file, {})
    mounts = {mount["mountPath"] for one in containers("hub") for mount in one["volumeMounts"]}
    assert set(settings["file_roots"]) <= mounts
    known = {f"DQMHUB_{row.name.upper()}" for row in setting_rows()} | OTHER_VARIABLES | {row.metadata["env"] for row in setting_rows()}
    assert {settings["backup_dir"], str(Path(settings["live_snapshots_dir"]).parent)} <= mounts, (
        "doctor and /status of each host warn otherwise"
    )
    variables = {one["name"]: one["value"] for container in containers("hub") for one in container["env"]}
    assert variables == {"DQMHUB_CONFIG": f"/etc/dqmhub/{file}", service_notify.FILE_VARIABLE: "/tmp/alive"}
    comment = FILES["hub"].read_text(encoding="utf-8")
    secrets = {word.partition("=")[2].partition("=")[0] for word in comment.split() if word.startswith("--from-literal=")}
    assert secrets == {"DATABASE_URL", "DQMHUB_HUEY_URL", "DQMHUB_SECRET_KEY"}
    assert secrets | set(variables) <= known
    hosts = {header["value"] for probe in probes("hub") for header in probe["httpHeaders"]}
    assert hosts <= set(settings["allowed_hosts"])


def test_doctor_finds_no_problem_with_the_volumes_of_the_hub() -> None:
    """/data is of many hosts, and what is of one pod alone is local."""
    settings = Settings(data_dir="/data", database_url="postgresql://db/dqm", huey_url="redis://queue:6379/0")
    for pod in pods("hub"):
        is_local = {volume["name"]: "emptyDir" in volume for volume in pod["spec"]["volumes"]}
        for container in services(pod):
            lines = [f"x {one['mountPath']} {'ext4' if is_local[one['name']] else 'ceph'} rw 0 0" for one in container["volumeMounts"]]
            assert list(data_folder.file_systems(settings, "\n".join(lines))) == []


def test_the_options_of_the_mirror_are_valid(tmp_path: Path) -> None:
    (config,) = [one for one in manifests("mirror") if one["kind"] == "ConfigMap"]
    ((file, text),) = config["data"].items()
    (tmp_path / file).write_text(text)
    assert [one["args"] for one in containers("mirror")] == [["--config", f"/etc/dqmhub-mirror/{file}"]]
    assert mirror_options.read(["--config", str(tmp_path / file)], "mirror").trusted_proxies == ("10.100.0.0/16",)


def test_the_addresses_of_probes_are_those_of_the_services(app: Flask) -> None:
    assert {probe["path"] for probe in probes("hub")} <= {rule.rule for rule in app.url_map.iter_rules()}
    assert {probe["path"] for probe in probes("mirror")} == {"/healthz"}
