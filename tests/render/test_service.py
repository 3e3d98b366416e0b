"""Life cycle of the service: start, crashes, limits, end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from render.client import Request
from render.errors import RenderCrashed, RenderDisconnected, RenderError, RenderExhausted, RenderLost, RenderOverrun
from tests.render.service import PATIENCE_S, Outcome, Service, children, is_running, scalar_request, wait_until

pytestmark = pytest.mark.slow

SLOW_SPEC = "w=600;h=400;drawopts=TEXT"


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services for one test and ends them afterwards."""
    started: list[Service] = []

    def make(*arguments: str, folder: Path = tmp_path, environment: dict[str, str] | None = None) -> Service:
        started.append(Service(program, folder, *arguments, environment=environment))
        return started[-1]

    yield make
    for service in started:
        service.__exit__()


@pytest.fixture(scope="session")
def slow(request_for: Callable[..., Request]) -> Request:
    """A plot that takes seconds: a map with half a million numbers written as text."""
    return replace(request_for("slow", spec=SLOW_SPEC), name="Test/half a million numbers")


def cpu_ticks(pid: int) -> int:
    """CPU time of a process in 1/100 s, 0 if it has ended."""
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def busy_worker(service: Service, request: Request) -> tuple[int, Outcome]:
    """Start a slow plot. Returns the process id of the worker that draws it, and the request."""
    before = {pid: cpu_ticks(pid) for pid in service.workers}  # the plot may be half drawn before this process goes on
    drawing: list[int] = []
    outcome = Outcome(service, request)

    def find_busy() -> bool:
        drawing[:] = [pid for pid in service.workers if cpu_ticks(pid) - before.setdefault(pid, cpu_ticks(pid)) > 10]
        return bool(drawing)

    wait_until(find_busy, "a worker should draw")
    return drawing[0], outcome


def test_service_starts_with_the_requested_number_of_workers(start: Callable[..., Service]) -> None:
    service = start("--workers", "3").wait_until_ready()
    assert len(service.workers) == 3
    assert (service.state / "pid").read_text() == str(service.process.pid)
    assert (service.state / "socket").stat().st_mode & 0o077 == 0
    assert service.client.ping() > 0


def test_a_healthy_start_logs_that_root_is_loaded_and_the_service_ready_alone(start: Callable[..., Service]) -> None:
    service = start("--workers", "1").wait_until_ready()
    assert re.fullmatch(r"render: ROOT \S+ loaded in \d+ ms\nrender: ready at \S+, workers: 1\n", service.log), service.log


def test_sigterm_ends_the_service_and_removes_its_files(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    processes = children(service.process.pid)
    service.client.ping()
    assert service.stop() == 0
    assert not any(map(is_running, processes))
    assert list(service.state.iterdir()) == []
    assert "stopped after 1 plots and 0 lost workers" in service.log


def test_sigterm_lets_a_running_plot_finish(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()
    _, outcome = busy_worker(service, slow)
    assert service.stop() == 0
    assert outcome.result() is None


def test_second_sigterm_ends_the_service_at_once(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()
    _, outcome = busy_worker(service, slow)
    service.process.send_signal(signal.SIGTERM)
    service.wait_for_log("stopping")
    assert service.stop() == 0
    assert isinstance(outcome.result(), RenderDisconnected)


def test_ctrl_c_ends_the_service(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    for pid in [*service.workers, service.process.pid]:  # a terminal sends the signal to the whole group
        os.kill(pid, signal.SIGINT)
    assert service.process.wait(PATIENCE_S) == 0


def test_workers_end_when_the_master_is_killed(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "2").wait_until_ready()
    processes = children(service.process.pid)
    assert len(processes) == 2 + 1, "the workers and the spare"
    Outcome(service, slow)
    service.process.kill()
    wait_until(lambda: not any(map(is_running, processes)), "the workers should end with their master")


def test_new_service_replaces_a_killed_one(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    service.process.kill()
    assert start("--workers", "2").wait_until_ready().client.ping() > 0


def test_second_service_in_the_same_directory_is_refused(start: Callable[..., Service]) -> None:
    service = start("--workers", "1").wait_until_ready()
    second = start("--workers", "1")
    assert second.process.wait(PATIENCE_S) == 1
    assert f"already running in {service.state}/" in second.log
    assert service.client.ping() > 0


def test_socket_of_another_program_is_not_replaced(start: Callable[..., Service], tmp_path: Path) -> None:
    (tmp_path / "render").mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "render" / "socket"))
        other.listen()
        refused = start()
        assert refused.process.wait(PATIENCE_S) == 1
        assert "already running" in refused.log


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_dead_worker_is_reported_with_its_plot_and_replaced(start: Callable[..., Service], slow: Request, number: signal.Signals) -> None:
    service = start("--workers", "1").wait_until_ready()
    worker, outcome = busy_worker(service, slow)
    os.kill(worker, number)
    error = outcome.result()
    assert isinstance(error, RenderDisconnected if number == signal.SIGKILL else RenderCrashed)
    assert error.reason == ("connection closed without a response" if number == signal.SIGKILL else f"died of {number.name}")
    assert service.client.render(scalar_request("42")).code == 0
    service.wait_for_log(f"a worker died of {number.name} while drawing '{slow.name}' as '{SLOW_SPEC}'")


def test_crash_does_not_affect_other_requests(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "2").wait_until_ready()
    for _ in range(5):
        worker, outcome = busy_worker(service, slow)
        os.kill(worker, signal.SIGSEGV)
        assert [service.client.render(scalar_request(str(i))).code for i in range(20)] == [0] * 20
        assert isinstance(outcome.result(), RenderLost)


def test_plot_that_exceeds_the_wall_time_limit_is_ended_and_reported(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "1").wait_until_ready()
    error = Outcome(service, slow).result()
    assert isinstance(error, RenderOverrun)
    assert error.reason == "took more than 1 s"
    service.wait_for_log(f"a worker was killed after 1 s while drawing '{slow.name}'")
    wait_until(service.draws, "the next plot should be drawn")


def test_plot_that_exceeds_the_cpu_time_limit_is_ended_and_reported(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--cpu", "0.5").wait_until_ready()
    error = Outcome(service, slow).result()
    assert isinstance(error, RenderOverrun)
    assert error.reason == "took more than 0.5 s of CPU time"
    service.wait_for_log(f"a worker was killed after 0.5 s of CPU time while drawing '{slow.name}'")
    assert service.client.render(scalar_request("42")).code == 0


def test_cpu_time_limit_applies_to_each_plot_separately(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start("--workers", "1", "--cpu", "0.2").wait_until_ready()
    (worker,) = service.workers
    while cpu_ticks(worker) < 60:
        assert service.client.render(request_for("TH2F")).code == 0
    assert service.workers == [worker]


def test_worker_that_ignores_the_time_limit_is_killed(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "4").wait_until_ready()
    worker, outcome = busy_worker(service, slow)
    os.kill(worker, signal.SIGSTOP)
    error = outcome.result()
    assert isinstance(error, RenderOverrun)
    assert error.reason == "took more than 4 s"
    service.wait_for_log("a worker was killed after 4 s")
    wait_until(service.draws, "the next plot should be drawn")


def test_plot_that_exceeds_the_memory_limit_is_reported(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start("--workers", "1", "--memory", "20").wait_until_ready()
    with pytest.raises((RenderExhausted, RenderCrashed), match="Test/TH1F"):  # parts of ROOT do not check whether an allocation failed
        service.client.render(request_for("TH1F", spec="w=4096;h=4096"))
    wait_until(lambda: "'Test/TH1F'" in service.log, "the log should name the plot")
    assert service.client.render(request_for("TH1F")).code == 0


def test_service_ends_when_its_supervisor_is_killed(start: Callable[..., Service]) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    service = start("--workers", "1", environment={"DQMHUB_SUPERVISOR_PID": str(supervisor.pid)}).wait_until_ready()
    supervisor.kill()
    supervisor.wait()
    assert service.process.wait(PATIENCE_S) == 0
    assert "the supervisor has ended" in service.log


def test_missing_supervisor_process_is_refused(start: Callable[..., Service]) -> None:
    ended_process = subprocess.Popen([sys.executable, "-c", ""])
    ended_process.wait()
    service = start(environment={"DQMHUB_SUPERVISOR_PID": str(ended_process.pid)})
    assert service.process.wait(PATIENCE_S) == 1
    assert f"Cannot watch the process {ended_process.pid}" in service.log


def test_too_long_socket_path_is_refused(start: Callable[..., Service], tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    service = start(folder=folder)
    assert service.process.wait(PATIENCE_S) == 1
    assert "too long" in service.log
    assert f"{folder}/render/socket" in service.log


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "--state-directory is required"),
        (["--state-directory", "/nonexistent/"], "Cannot open the state directory /nonexistent/"),
        (["--state-directory", "/tmp/", "--workers", "none"], "--workers must be"),
        (["--state-directory", "/tmp/", "--timeout", "0"], "--timeout must be"),
        (["--state-directory", "/tmp/", "--colour"], "unrecognized option '--colour'"),
        (["--state-directory", "/tmp/", "more"], "Unexpected argument more"),
    ],
)
def test_invalid_command_line_is_refused_with_the_reason(program: Path, arguments: list[str], problem: str) -> None:
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 1
    assert problem in ended.stderr


def test_status_file_counts_lost_workers(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()

    def status() -> dict[str, object]:
        status_document: dict[str, object] = json.loads((service.state / "status.json").read_text())
        return status_document

    assert status() == {"library": "", "plugins": [], "error": "", "lost": 0, "last": ""}
    worker, outcome = busy_worker(service, replace(slow, name='A/"quoted"'))
    os.kill(worker, signal.SIGSEGV)
    assert isinstance(outcome.result(), RenderCrashed)
    wait_until(lambda: status()["lost"] == 1, "the status should count the lost worker")
    assert status()["last"] == f"died of SIGSEGV while drawing 'A/\"quoted\"' as '{SLOW_SPEC}'"


def test_blacklisted_names_are_not_drawn(start: Callable[..., Service], request_for: Callable[..., Request], tmp_path: Path) -> None:
    service = start("--workers", "1").wait_until_ready()
    request = request_for("TH1F")
    plot = service.client.render(request).image
    blacklist = tmp_path / "blacklist.txt"
    blacklist.write_text(f"Other/name\n{request.name}\n")
    image_blacklisted = service.client.render(request).image
    assert len(image_blacklisted) < len(plot) / 2
    blacklist.unlink()
    assert service.client.render(request).image == plot


def test_broken_objects_do_not_flood_the_log(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    """Regression: a list with a wrong count made ROOT write gigabytes."""
    service = start("--workers", "1").wait_until_ready()
    request = request_for("TH1F", spec="w=60;h=40")
    ((raw, _),) = request.objects
    contents = 4 * (50 + 2)
    for at in range(len(raw) - contents - 40, len(raw) - contents):  # the list of functions is among these bytes
        broken = raw[:at] + b"\x3f\xff\xff\xff" + raw[at + 4 :]
        with contextlib.suppress(RenderError):
            service.client.render(replace(request, objects=[(broken, 0)]))
        if "caused more than 1000 errors in ROOT" in service.log:
            break
    assert service.client.render(request).code == 0
    assert "caused more than 1000 errors in ROOT" in service.log
    assert len(service.log) < 100_000


def test_control_characters_in_names_do_not_reach_the_log(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "1").wait_until_ready()
    Outcome(service, replace(slow, name="evil\nrender: all is well \x1b[2J")).result()
    service.wait_for_log("evil?render: all is well ?[2J")
