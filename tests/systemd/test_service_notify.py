"""The messages of `protocol.service_notify`, sent by a real process to a real socket; and of its counterpart in the transfer."""

from __future__ import annotations

import inspect
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from app.core.settings import TREE
from protocol import service_notify
from services.transfer import service_notify as transfer_notify
from tests.support.service_manager import ServiceManager, service_manager

PRELUDE = "from protocol.service_notify import ready, alive, stopping, status, watchdog_s\n"


def run(code: str, variables: dict[str, str]) -> tuple[int, str]:
    """Run the code in a process with these variables; its process id and its output."""
    bare = {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}
    command = [sys.executable, "-S", "-c", PRELUDE + code]
    with subprocess.Popen(command, cwd=TREE, env=bare | variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        output = process.stdout.read()
    assert process.returncode == 0
    return process.pid, output.strip()


def received(manager: ServiceManager) -> list[str]:
    """All assignments so far."""
    manager.send(b"THE-LAST=1")
    manager.messages.remove(manager.wait_for("THE-LAST=1"))
    return [message.text for message in manager.messages]


def test_a_service_reports_its_start_its_state_its_life_and_its_end(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        pid, _ = run(r"ready(); status('two\nlines'); alive(); stopping()", manager.variables)
        assert received(manager) == ["READY=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"]
        assert {message.pid for message in manager.messages} == {pid}


def test_without_systemd_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    assert run("ready(); alive(); stopping(); status('x'); print(watchdog_s())", {})[1] == "None"
    gone = {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1000000"}
    assert run("ready(); alive(); print(watchdog_s())", gone)[1] == "1.0"


def test_the_watchdog_of_another_process_is_not_answered(tmp_path: Path) -> None:
    with service_manager(tmp_path) as manager:
        assert run("alive(); print(watchdog_s())", manager.variables | {"WATCHDOG_PID": "1"})[1] == "None"
        assert received(manager) == []


def test_the_watchdog_is_answered_a_few_times_in_its_period_however_often_the_loop_steps(tmp_path: Path) -> None:
    with service_manager(tmp_path, watchdog_s=3600.0) as manager:
        run("for _ in range(1000): alive()", manager.variables)
        assert received(manager) == ["WATCHDOG=1"]


def test_an_abstract_socket_is_understood() -> None:
    name = f"dqmhub-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(f"\0{name}")
        run("ready()", {"NOTIFY_SOCKET": f"@{name}"})
        assert manager.recv(100) == b"READY=1"


def test_a_hanging_systemd_does_not_hang_the_service(tmp_path: Path) -> None:
    """The socket holds few messages that nobody reads; the time of the process is bounded by the timeout of each."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        code = "import protocol.service_notify as one\none.TIMEOUT_S = 0.01\nfor _ in range(60): ready()\nprint('done')"
        assert run(code, {"NOTIFY_SOCKET": str(tmp_path / "notify")})[1] == "done"


def test_the_transfer_sends_its_messages_by_the_same_code_as_the_hub(tmp_path: Path) -> None:
    """It stands alone, so the code is there twice: a mistake that is mended in one place is mended in both."""
    assert inspect.getsource(transfer_notify._send) == inspect.getsource(service_notify._send)
    names = ("SOCKET_VARIABLE", "TIMEOUT_S")
    assert [getattr(transfer_notify, name) for name in names] == [getattr(service_notify, name) for name in names]
    with service_manager(tmp_path) as manager:
        code = "from services.transfer.service_notify import ready, alive, stopping\nready(); alive(); stopping()"
        run(code, manager.variables)
        assert received(manager) == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
