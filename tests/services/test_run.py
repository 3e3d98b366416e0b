"""`dqmhub run` runs all services, and leaves none behind when one of them ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.cli.run import services_to_run
from app.core.settings import TREE, Settings
from app.ops.settings import ServiceSettings
from app.security.roles import GRANTED
from render.build import binary, build
from services.simulator.clients.places import Places
from services.simulator.clients.transfer_options import write_options
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, until

pytestmark = pytest.mark.slow

DQMHUB = Path(sys.executable).with_name("dqmhub")


def processes(data: Path) -> dict[int, str]:
    """All processes with this data folder, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"DQMHUB_DATA_DIR={data}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return {process: command for process, command in found.items() if command}  # a zombie has no command line


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


HONCHO = f"""
import sys
if "honcho" in sys.orig_argv:
    import honcho.manager
    honcho.manager.KILL_WAIT = {PATIENCE_S}
"""
"""What Python runs at its start: services that stall for longer than 5 s are not killed for that when all are stopped."""


def patient(settings: Settings) -> dict[str, str]:
    """The environment of `dqmhub run` with these settings; it waits for services when it ends."""
    (settings.data / "sitecustomize.py").write_text(HONCHO)
    return environment(settings) | {"PYTHONPATH": settings.data_dir}


@contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run all services until the end of the block."""
    build(TREE, sys.executable)
    log = (settings.data / "run.log").open("wb")
    process = subprocess.Popen([DQMHUB, "run"], env=patient(settings), start_new_session=True, stdout=log, stderr=log)
    try:
        until(
            lambda: process.poll() is not None or answers(f"http://127.0.0.1:{settings.web_port}/healthz/ready"), "the services to be ready"
        )
        assert process.poll() is None, (settings.data / "run.log").read_text()
        yield process
    finally:
        log.close()
        for left in processes(settings.data):
            os.kill(left, signal.SIGKILL)
        process.wait(PATIENCE_S)


@pytest.fixture
def own(settings: Settings, sqlite_template: Path) -> Settings:
    """Settings of a small hub whose database has every table."""
    shutil.copytree(sqlite_template, settings.data)
    return settings.replace(web_port=free_port(), render_workers=1, worker_processes=1)


DEMO_PORTS = ("web_port", "mirror_port", "simulator_port", "runs_simulator_port")


@pytest.mark.parametrize("name", DEMO_PORTS)
def test_a_demo_on_a_used_port_starts_nothing_and_names_the_setting(own: Settings, name: str) -> None:
    variables = environment(own) | {f"DQMHUB_{one.upper()}": str(free_port()) for one in DEMO_PORTS}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [DQMHUB, "run", "--demo"]
        ended = subprocess.run(command, env=variables | {f"DQMHUB_{name.upper()}": str(port)}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    expected = f"Port {port} is in use, perhaps by another `dqmhub run`: choose another one by {name}, or DQMHUB_{name.upper()}"
    assert ended.stderr.strip() == f"Error: {expected}"


def test_two_services_of_a_demo_on_one_port_are_refused(own: Settings) -> None:
    variables = environment(own) | dict.fromkeys(("DQMHUB_WEB_PORT", "DQMHUB_MIRROR_PORT"), str(free_port()))
    ended = subprocess.run([DQMHUB, "run", "--demo"], env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "The settings web_port and mirror_port are both" in ended.stderr


def test_without_a_built_render_service_the_others_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert services_to_run(tmp_path) == ("web", "live", "worker")
    assert capsys.readouterr().err == "The render service is not built, so there are no plots; `dqmhub render build` builds it\n"
    binary(tmp_path).parent.mkdir(parents=True)
    binary(tmp_path).touch()
    assert services_to_run(tmp_path) == ("web", "live", "worker", "render")


def test_ctrl_c_ends_every_process(own: Settings) -> None:
    with running(own) as process:
        os.killpg(process.pid, signal.SIGINT)
        until(lambda: not processes(own.data), f"the processes to end: {processes(own.data)}")
        process.wait(PATIENCE_S)
        log = (own.data / "run.log").read_text()
        assert "Traceback" not in log
        assert "SIGKILL" not in log


def test_the_start_of_a_demo_is_quiet_and_ends_with_addresses_and_accounts(own: Settings) -> None:
    build(TREE, sys.executable)
    demo = own.replace(mirror_port=free_port(), simulator_port=free_port(), runs_simulator_port=free_port())
    variables = patient(demo)
    log = demo.data / "run.log"
    with log.open("wb") as file:
        process = subprocess.Popen([DQMHUB, "run", "--demo"], env=variables, start_new_session=True, stdout=file, stderr=file)
    try:
        until(lambda: process.poll() is not None or "Ctrl-C ends everything" in log.read_text(), "the last lines of the start")
        text = log.read_text()
        for address in (f"http://127.0.0.1:{demo.web_port}/", f"http://127.0.0.1:{demo.of(ServiceSettings).mirror_port}/"):
            assert address in text
            assert answers(address)
        assert [line for line in text.splitlines() if re.search(r"mirror\.1 +\||\bINFO\b|\bWARNING Cannot report|Traceback", line)] == [], (
            "the tools are silent"
        )
        assert [f"demo-{role.title}" in text for role in GRANTED] == [True] * len(GRANTED)
        os.kill(process.pid, signal.SIGINT)
        until(lambda: not processes(demo.data), f"the processes to end: {processes(demo.data)}")
        process.wait(PATIENCE_S)
        assert "Traceback" not in log.read_text()
        assert "SIGKILL" not in log.read_text()
    finally:
        for left in processes(demo.data):
            os.kill(left, signal.SIGKILL)
        process.wait(PATIENCE_S)


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(("honcho",), id="supervisor"),
        pytest.param(("dqmhub-render",), id="render"),
        pytest.param(("dqmhub web", "dqmhub live", "dqmhub worker"), id="others"),
    ],
)
def test_kill_9_of_services_leaves_no_orphan(own: Settings, victims: tuple[str, ...]) -> None:
    """The services that live are ended by the supervisor, and what the killed ones have started ends by itself."""
    with running(own) as process:
        for number in [oldest(own.data, victim) for victim in victims]:
            with suppress(ProcessLookupError):  # the supervisor has ended it since the one before was killed
                os.kill(number, signal.SIGKILL)
        until(lambda: not set(processes(own.data)) - {process.pid}, f"the other processes to end after {', '.join(victims)}")


def oldest(data: Path, command: str) -> int:
    """The process that has started the others of this command, once it runs."""
    found: list[int] = []

    def are_there() -> bool:
        found[:] = [number for number, words in processes(data).items() if command in words]
        return bool(found)

    until(are_there, command)
    return min(found)


@pytest.mark.parametrize("name", ["fu1", "fu2", "bu", "cleanup"])
def test_the_transfer_of_a_demo_is_started_again_when_it_dies_and_ends_with_the_demo(name: str, tmp_path: Path) -> None:
    lines = (line.partition(": ") for line in (TREE / "Procfile").read_text().splitlines())
    command = next(command for service, _, command in lines if service == name)
    places = Places(tmp_path / "online")
    places.make(["fu-1", "fu-2"])
    write_options(places, ["fu-1", "fu-2"], "bu-1", f"http://127.0.0.1:{free_port()}", None, "error")

    def transfer() -> list[int]:
        return [number for number, words in processes(tmp_path).items() if words.startswith("python ")]

    demo = subprocess.Popen(["sleep", "infinity"])
    variables = {"DQMHUB_DATA_DIR": str(tmp_path), "DQMHUB_DEMO_ONLINE": str(places.root), "DQMHUB_SUPERVISOR_PID": str(demo.pid)}
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    service = subprocess.Popen(["sh", "-c", command], cwd=TREE, env=os.environ | variables | path)
    killed: set[int] = set()
    try:
        for number in (signal.SIGKILL, signal.SIGTERM):
            until(lambda: set(transfer()) - killed, f"a process of {name}")
            (process,) = set(transfer()) - killed
            os.kill(process, number)
            killed.add(process)
        until(lambda: set(transfer()) - killed, f"a process of {name}")
    finally:
        demo.kill()  # and so is a zombie until the end of this test
        code = service.wait(PATIENCE_S)
        demo.wait(PATIENCE_S)
    assert (code, processes(tmp_path)) == (0, {})


def test_services_refuse_an_old_database_with_the_remedy(settings: Settings) -> None:
    for service in ("web", "live", "worker", "run"):
        done = subprocess.run([DQMHUB, service], env=environment(settings), capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 1
        assert "dqmhub db upgrade" in done.stderr
        assert "Traceback" not in done.stderr


def test_an_occupied_port_is_reported_with_its_settings(own: Settings) -> None:
    variables = environment(own)
    with socket.create_server(("127.0.0.1", own.web_port)):
        done = subprocess.run([DQMHUB, "web"], env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{own.web_port}: Address already in use; see the settings web_host and web_port" in done.stderr


def test_services_refuse_and_name_an_invalid_setting(settings: Settings) -> None:
    variables = environment(settings) | {"DQMHUB_WEB_PORT": "70000"}
    done = subprocess.run([DQMHUB, "web"], env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert done.stderr.strip() == "dqmhub: DQMHUB_WEB_PORT: web_port = 70000 cannot be used; allowed: a number from 1 to 65535"
