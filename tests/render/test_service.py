"""The life of the service: start, crashes, overruns, end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from render.client import RenderCrashed, RenderDisconnected, RenderError, RenderExhausted, RenderLost, RenderOverrun, Request
from tests.render.service import PATIENCE_S, Service, alive, children, eventually, text

pytestmark = pytest.mark.slow

SLOW_SPEC = "w=600;h=400;drawopts=TEXT"


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services of the test's own, and ends them after it."""
    started: list[Service] = []

    def make(*arguments: str, folder: Path = tmp_path, environment: dict[str, str] | None = None) -> Service:
        started.append(Service(program, folder, *arguments, environment=environment))
        return started[-1]

    yield make
    for service in started:
        service.__exit__()


@pytest.fixture(scope="session")
def slow(request_for: Callable[..., Request]) -> Request:
    """A plot that takes seconds: half a million numbers, each written out."""
    return replace(request_for("slow", spec=SLOW_SPEC), name="Test/half a million numbers")


class Outcome(threading.Thread):
    """A render in the background, and how it ended."""

    def __init__(self, service: Service, request: Request) -> None:
        super().__init__(daemon=True)
        self.service, self.request = service, request
        self.error: RenderError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.service.client.render(self.request)
        except RenderError as error:
            self.error = error

    def result(self) -> RenderError | None:
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self.error


def cpu_ticks(pid: int) -> int:
    """Hundredths of a second that a process has computed; 0 when it has ended."""
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def busy_worker(service: Service, request: Request) -> tuple[int, Outcome]:
    """Starts a slow plot; the worker that draws it, and the render."""
    before: dict[int, int] = {}
    drawing: list[int] = []
    outcome = Outcome(service, request)

    def found() -> bool:
        drawing[:] = [pid for pid in service.workers if cpu_ticks(pid) - before.setdefault(pid, cpu_ticks(pid)) > 10]
        return bool(drawing)

    eventually(found, "a worker should draw")
    return drawing[0], outcome


def test_it_starts_says_so_and_has_the_workers_asked_for(start: Callable[..., Service]) -> None:
    service = start("--workers", "3").wait_until_ready()
    assert len(service.workers) == 3
    assert (service.state / "pid").read_text() == str(service.process.pid)
    assert (service.state / "socket").stat().st_mode & 0o077 == 0
    assert service.client.ping() > 0


def test_sigterm_ends_it_and_leaves_nothing(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    everybody = children(service.process.pid)
    service.client.ping()
    assert service.stop() == 0
    assert not any(map(alive, everybody))
    assert list(service.state.iterdir()) == []
    assert "stopped after 1 plots and 0 lost workers" in service.log


def test_sigterm_lets_a_plot_be_finished(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()
    _, outcome = busy_worker(service, slow)
    assert service.stop() == 0
    assert outcome.result() is None


def test_sigterm_twice_ends_it_at_once(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()
    _, outcome = busy_worker(service, slow)
    service.process.send_signal(signal.SIGTERM)
    service.wait_for_log("stopping")
    assert service.stop() == 0
    assert isinstance(outcome.result(), RenderDisconnected)


def test_ctrl_c_in_its_terminal_ends_it(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    for pid in [*service.workers, service.process.pid]:  # a terminal tells the whole group
        os.kill(pid, signal.SIGINT)
    assert service.process.wait(PATIENCE_S) == 0


def test_a_killed_master_leaves_no_worker(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "2").wait_until_ready()
    everybody = children(service.process.pid)
    assert len(everybody) == 2 + 1, "the workers and the spare"
    Outcome(service, slow)
    service.process.kill()
    eventually(lambda: not any(map(alive, everybody)), "the workers should end with their master")


def test_a_killed_service_is_replaced_by_the_next(start: Callable[..., Service]) -> None:
    service = start("--workers", "2").wait_until_ready()
    service.process.kill()
    assert start("--workers", "2").wait_until_ready().client.ping() > 0


def test_a_second_service_in_the_same_place_is_refused(start: Callable[..., Service]) -> None:
    service = start("--workers", "1").wait_until_ready()
    second = start("--workers", "1")
    assert second.process.wait(PATIENCE_S) == 1
    assert f"already running in {service.state}/" in second.log
    assert service.client.ping() > 0


def test_a_socket_that_another_program_answers_is_left_alone(start: Callable[..., Service], tmp_path: Path) -> None:
    (tmp_path / "render").mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "render" / "socket"))
        other.listen()
        refused = start()
        assert refused.process.wait(PATIENCE_S) == 1
        assert "already running" in refused.log


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_worker_that_dies_is_told_with_what_it_drew_and_replaced(
    start: Callable[..., Service], slow: Request, number: signal.Signals
) -> None:
    service = start("--workers", "1").wait_until_ready()
    worker, outcome = busy_worker(service, slow)
    os.kill(worker, number)
    lost = outcome.result()
    assert isinstance(lost, RenderDisconnected if number == signal.SIGKILL else RenderCrashed)
    assert lost.reason == ("connection closed without a response" if number == signal.SIGKILL else f"died of {number.name}")
    assert service.client.render(text("42")).code == 0
    service.wait_for_log(f"a worker died of {number.name} while drawing '{slow.name}' as '{SLOW_SPEC}'")


def test_other_requests_do_not_notice_a_crash(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "2").wait_until_ready()
    for _ in range(5):
        worker, outcome = busy_worker(service, slow)
        os.kill(worker, signal.SIGSEGV)
        assert [service.client.render(text(str(i))).code for i in range(20)] == [0] * 20
        assert isinstance(outcome.result(), RenderLost)


def test_a_plot_that_takes_too_long_is_ended_and_told(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "1").wait_until_ready()
    lost = Outcome(service, slow).result()
    assert isinstance(lost, RenderOverrun)
    assert lost.reason == "took more than 1 s"
    service.wait_for_log(f"a worker was killed after 1 s while drawing '{slow.name}'")
    assert service.client.render(text("42")).code == 0


def test_a_plot_that_computes_too_long_is_ended_and_told(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--cpu", "0.5").wait_until_ready()
    lost = Outcome(service, slow).result()
    assert isinstance(lost, RenderOverrun)
    assert lost.reason == "took more than 0.5 s of CPU time"
    service.wait_for_log(f"a worker was killed after 0.5 s of CPU time while drawing '{slow.name}'")
    assert service.client.render(text("42")).code == 0


def test_the_cpu_time_of_many_plots_is_not_that_of_one(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start("--workers", "1", "--cpu", "0.2").wait_until_ready()
    (worker,) = service.workers
    while cpu_ticks(worker) < 60:
        assert service.client.render(request_for("TH2F")).code == 0
    assert service.workers == [worker]


def test_a_worker_that_does_not_hear_that_its_time_is_over_is_killed(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "1").wait_until_ready()
    worker, outcome = busy_worker(service, slow)
    os.kill(worker, signal.SIGSTOP)
    assert isinstance(outcome.result(), RenderDisconnected)
    service.wait_for_log("a worker was killed after 1 s")
    assert service.client.render(text("42")).code == 0


def test_a_plot_that_takes_too_much_memory_fails_and_is_told(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start("--workers", "1", "--memory", "20").wait_until_ready()
    with pytest.raises((RenderExhausted, RenderCrashed), match="Test/TH1F"):  # parts of ROOT do not look whether they got memory
        service.client.render(request_for("TH1F", spec="w=4096;h=4096"))
    eventually(lambda: "'Test/TH1F'" in service.log, "the log should tell which plot it was")
    assert service.client.render(request_for("TH1F")).code == 0


def test_a_killed_supervisor_takes_the_service_along(start: Callable[..., Service]) -> None:
    supervisor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    service = start("--workers", "1", environment={"DQMHUB_SUPERVISOR_PID": str(supervisor.pid)}).wait_until_ready()
    supervisor.kill()
    supervisor.wait()
    assert service.process.wait(PATIENCE_S) == 0
    assert "the supervisor has ended" in service.log


def test_a_supervisor_that_is_not_there_is_refused(start: Callable[..., Service]) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    service = start(environment={"DQMHUB_SUPERVISOR_PID": str(gone.pid)})
    assert service.process.wait(PATIENCE_S) == 1
    assert f"Cannot watch the process {gone.pid}" in service.log


def test_a_path_too_long_for_a_socket_is_refused_by_name(start: Callable[..., Service], tmp_path: Path) -> None:
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
def test_a_wrong_command_line_is_refused_with_the_reason(program: Path, arguments: list[str], problem: str) -> None:
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 1
    assert problem in ended.stderr


def test_the_status_file_tells_of_lost_workers(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1").wait_until_ready()

    def status() -> dict[str, object]:
        told: dict[str, object] = json.loads((service.state / "status.json").read_text())
        return told

    assert status() == {"library": "", "plugins": [], "error": "", "lost": 0, "last": ""}
    worker, outcome = busy_worker(service, replace(slow, name='A/"quoted"'))
    os.kill(worker, signal.SIGSEGV)
    assert isinstance(outcome.result(), RenderCrashed)
    eventually(lambda: status()["lost"] == 1, "the status should count the lost worker")
    assert status()["last"] == f"died of SIGSEGV while drawing 'A/\"quoted\"' as '{SLOW_SPEC}'"


def test_names_on_the_blacklist_are_not_drawn(start: Callable[..., Service], request_for: Callable[..., Request], tmp_path: Path) -> None:
    service = start("--workers", "1").wait_until_ready()
    asked = request_for("TH1F")
    plot = service.client.render(asked).image
    blacklist = tmp_path / "blacklist.txt"
    blacklist.write_text(f"Other/name\n{asked.name}\n")
    words = service.client.render(asked).image
    assert len(words) < len(plot) / 2
    blacklist.unlink()
    assert service.client.render(asked).image == plot


def test_broken_objects_do_not_flood_the_log(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    """A list with a wrong count once made ROOT write gigabytes."""
    service = start("--workers", "1").wait_until_ready()
    asked = request_for("TH1F", spec="w=60;h=40")
    ((raw, _),) = asked.objects
    contents = 4 * (50 + 2)
    for at in range(len(raw) - contents - 40, len(raw) - contents):  # the list of functions is among these bytes
        broken = raw[:at] + b"\x3f\xff\xff\xff" + raw[at + 4 :]
        with contextlib.suppress(RenderError):
            service.client.render(replace(asked, objects=[(broken, 0)]))
        if "caused more than 1000 errors in ROOT" in service.log:
            break
    assert service.client.render(asked).code == 0
    assert "caused more than 1000 errors in ROOT" in service.log
    assert len(service.log) < 100_000


def test_control_characters_in_names_do_not_reach_the_log(start: Callable[..., Service], slow: Request) -> None:
    service = start("--workers", "1", "--timeout", "1").wait_until_ready()
    Outcome(service, replace(slow, name="evil\nrender: all is well \x1b[2J")).result()
    service.wait_for_log("evil?render: all is well ?[2J")
