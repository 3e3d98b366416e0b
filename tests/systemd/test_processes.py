"""What each process of the product reports to systemd: real processes, and a socket in the place of systemd's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from protocol.service_notify import FILE_VARIABLE
from render.build import build
from services.transfer.__main__ import MODES
from tests.mirror.process import mirror_process
from tests.render.service import Service, children, scalar_request
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import consumer, service, stopped, until
from tests.support.service_manager import ServiceManager, service_manager

SILENCE_S = 3.0
"""Longer than the 2 s of the watchdog: systemd would have ended the process."""
ALIVE = "WATCHDOG=1"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ServiceManager]:
    with service_manager(tmp_path) as found:
        yield found


def ends_well(process: subprocess.Popen[bytes], manager: ServiceManager) -> bool:
    """Whether a process that systemd stops says that it stops, and ends without an error."""
    process.terminate()
    manager.wait_for("STOPPING=1")
    return process.wait(PATIENCE_S) == 0


def test_the_web_server_is_ready_with_its_first_response_and_alive_while_workers_respond(hub: Settings, manager: ServiceManager) -> None:
    settings = hub.replace(web_port=free_port(), web_workers=2)
    with service(settings, "web", **manager.variables) as process:
        assert manager.wait_for("READY=1").pid == process.pid
        assert [message.text for message in manager.messages] == ["READY=1"]
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.web_port}/healthz/live", timeout=PATIENCE_S) as response:
            assert response.status == 200
        manager.wait_for(ALIVE)
        workers = children(process.pid)
        with stopped(workers):
            assert manager.falls_silent(SILENCE_S)
        manager.wait_for(ALIVE)
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: workers[0] not in children(process.pid) and len(children(process.pid)) == 2, "a new worker")
        manager.wait_for(ALIVE)
        assert ends_well(process, manager)


def test_a_mirror_is_alive_while_its_worker_responds(tmp_path: Path, manager: ServiceManager) -> None:
    variables = [f"{name}={value}" for name, value in manager.variables.items()]
    with mirror_process(tmp_path, prefix_command=("env", *variables)) as mirror:
        pid = manager.wait_for("READY=1").pid
        manager.wait_for(ALIVE)
        with stopped(children(pid)):
            assert manager.falls_silent(SILENCE_S)
        manager.wait_for(ALIVE)
        os.kill(pid, signal.SIGTERM)
        manager.wait_for("STOPPING=1")
        assert mirror.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_of_the_transfer_is_alive_while_its_loop_steps(tmp_path: Path, manager: ServiceManager, mode: str) -> None:
    for name in ("files", "sent"):
        (tmp_path / name).mkdir()
    folder, options = f"folder = '{tmp_path}/files'\n", tmp_path / "options.toml"
    options.write_text(f"state = '{tmp_path}/state'\n[fu]\n{folder}target = '{tmp_path}/sent'\n[bu]\n{folder}[cleanup]\n{folder}")
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "services.transfer", mode, "--config", options]
        process = subprocess.Popen(command, cwd=TREE, env=os.environ | manager.variables, stderr=log)
    assert manager.wait_for("READY=1").pid == process.pid
    manager.wait_for(ALIVE)
    assert ends_well(process, manager)


def test_the_log_names_where_a_service_hung_when_the_watchdog_ended_it(tmp_path: Path, manager: ServiceManager) -> None:
    code = "from protocol.service_notify import ready\ndef hang():\n    ready()\n    while True: pass\nhang()"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=TREE, env=os.environ | manager.variables, stderr=subprocess.PIPE)
    manager.wait_for("READY=1")
    process.send_signal(signal.SIGABRT)
    log = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert "Fatal Python error: Aborted" in log
    assert "in hang" in log


@pytest.mark.parametrize("queue", ["live", "bulk"])
def test_a_consumer_is_alive_while_its_loop_steps(hub: Settings, manager: ServiceManager, queue: str) -> None:
    with consumer(hub, queue, **manager.variables) as process:
        assert manager.wait_for("READY=1").pid == process.pid
        manager.wait_for(ALIVE)
        with stopped([process.pid]):
            assert manager.falls_silent(SILENCE_S)
        manager.wait_for(ALIVE)
        assert ends_well(process, manager)


def test_a_consumer_with_a_hanging_scheduler_is_not_alive(hub: Settings, manager: ServiceManager) -> None:
    """The scheduler of the queue `bulk` is a process of its own, the first that is started."""
    with consumer(hub, "bulk", **manager.variables) as process:
        manager.wait_for(ALIVE)
        with stopped(children(process.pid)[:1]):
            assert manager.falls_silent(SILENCE_S)
        manager.wait_for(ALIVE)


def test_the_render_service_is_alive_while_its_main_process_steps_and_replaces_workers(tmp_path: Path, manager: ServiceManager) -> None:
    program = build(TREE, sys.executable)
    file = tmp_path / "alive"
    with Service(program, tmp_path, "--workers", "1", environment=manager.variables | {FILE_VARIABLE: str(file)}) as render:
        assert manager.wait_for("READY=1").pid == render.process.pid
        assert render.client.render(scalar_request("5")).image
        manager.wait_for(ALIVE)
        os.kill(render.wait_until_ready().workers[0], signal.SIGKILL)
        manager.wait_for(ALIVE)
        with stopped([render.process.pid]):
            os.utime(file, (0, 0))
            assert manager.falls_silent(SILENCE_S)
            assert file.stat().st_mtime == 0
        manager.wait_for(ALIVE)
        until(lambda: file.stat().st_mtime > 0, "the file that is as old as the last sign of life")
        assert ends_well(render.process, manager)
