"""The checks of the machine: ports, memory, SELinux, units."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.ops.doctor.checks import selinux
from tests.ops.doctor.findings import found, wrong
from tests.support.ports import free_port
from tests.support.raw_server import garbage, raw


def test_a_free_port_is_ok(settings: Settings) -> None:
    assert wrong(settings.replace(web_port=free_port()), "ports") == []


def test_a_port_of_another_program_is_named_with_the_program(settings: Settings) -> None:
    with raw(garbage) as other:
        port = int(other.place.rpartition(":")[2])
        ((level, text),) = wrong(settings.replace(web_port=port), "ports")
    assert level == "error"
    assert text == f"Another program uses port {port}: {Path('/proc/self/comm').read_text().strip()}, process {os.getpid()}"


def test_an_address_of_another_machine_is_named(settings: Settings) -> None:
    ((level, text),) = wrong(settings.replace(web_host="192.0.2.1", web_port=free_port()), "ports")
    assert (level, text.startswith("192.0.2.1 port ")) == ("error", True)


def test_processes_that_need_more_memory_than_the_machine_has_are_named(settings: Settings) -> None:
    ((level, text),) = wrong(settings.replace(render_workers=100_000), "memory")
    assert (level, text.startswith("The services need about 12,")) == ("error", True), text
    ((level, text),) = wrong(settings.replace(render_memory_mb=10_000_000), "memory")
    assert (level, text.startswith("render_memory_mb lets one process take 10,000,000 MB")) == ("warning", True), text


def test_files_moved_from_a_home_folder_have_a_wrong_label(settings: Settings) -> None:
    moved = settings.data / "queue.db"
    settings.data.mkdir()
    moved.touch()
    try:
        os.setxattr(moved, "security.selinux", b"unconfined_u:object_r:user_home_t:s0\0")
    except OSError as error:
        pytest.skip(f"SELinux labels cannot be set here: {error}")
    level = "error" if selinux.is_enforcing() else "warning"
    assert (level, f"{moved} has the SELinux label user_home_t") in wrong(settings, "selinux")
    os.setxattr(moved, "security.selinux", b"system_u:object_r:var_lib_t:s0\0")
    assert all(str(moved) not in text for _, text in wrong(settings, "selinux"))


@pytest.fixture
def old_process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the release 0.0.9, while 0.1.0 is in use."""
    for version in ("0.0.9", "0.1.0"):
        launcher = tmp_path / "opt" / version / "bin" / "dqmhub"
        launcher.parent.mkdir(parents=True)
        launcher.touch()
    (tmp_path / "opt" / "current").symlink_to("0.1.0")
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=tmp_path / "opt" / "0.0.9")
    yield process
    process.communicate()


def systemd(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int = 0) -> None:
    """A systemctl that prints this: no systemd runs where the tests run."""
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def unit(name: str, state: str, process: int = 0, restarts: int = 0, reload: str = "no") -> str:
    lines = {"Id": name, "LoadState": "loaded", "ActiveState": state, "SubState": "x"}
    lines |= {"NRestarts": str(restarts), "NeedDaemonReload": reload, "MainPID": str(process)}
    return "\n".join(f"{key}={value}" for key, value in lines.items())


def test_units_that_failed_restart_often_or_run_an_old_release_are_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_process: subprocess.Popen[bytes]
) -> None:
    units = [
        unit("dqmhub-web.service", "active", old_process.pid),
        unit("dqmhub-live.service", "failed"),
        unit("dqmhub-render.service", "active", restarts=12),
        unit("dqmhub-mirror.service", "active", reload="yes"),
        unit("dqmhub.target", "active"),
    ]
    systemd(tmp_path, monkeypatch, "\n\n".join(units))
    assert wrong(settings, "units") == [
        ("error", "dqmhub-web.service runs the release 0.0.9, and 0.1.0 is in use"),
        ("error", "dqmhub-live.service has failed"),
        ("warning", "dqmhub-render.service restarted 12 times"),
        ("warning", "The file of dqmhub-mirror.service has changed since systemd read it"),
    ]
    assert [one.text for one in found(settings, "units") if one.level == "ok"] == ["dqmhub.target is active (x)"]


def test_a_machine_without_a_running_systemd_is_not_wrong(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd(tmp_path, monkeypatch, "System has not been booted with systemd", 1)
    assert [one.text for one in found(settings, "units")] == ["not checked: systemd does not run here"]
