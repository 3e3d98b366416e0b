"""Workers that are alive but do not serve are replaced, and do not delay the end of the service."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from render.client import RenderClient, Request
from render.errors import RenderCrashed, RenderDisconnected, RenderOverrun
from tests.render.service import PATIENCE_S, Outcome, Service, children, is_running, scalar_request, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def start(program: Path, faulty_library: Path, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services with the faulty plugin for one test and ends them afterwards."""
    started: list[Service] = []

    def make(workers: int, *limits: str) -> Service:
        arguments = ("--workers", str(workers), "--load", str(faulty_library), *limits)
        started.append(Service(program, tmp_path / str(len(started)), *arguments))
        return started[-1].wait_until_ready()

    yield make
    for service in started:
        service.__exit__()


def status(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.state / "status.json").read_text())
    return document


def wait_for_losses(service: Service, count: int) -> None:
    wait_until(lambda: status(service)["lost"] == count, "the losses should be counted")


def faulty(request_for: Callable[..., Request], how: str, spec: str = "w=60;h=40") -> Request:
    return replace(request_for("TH1F", spec=spec), name=f"Faulty/{how}")


def descriptors(service: Service) -> int:
    """Number of open descriptors of all workers."""
    return sum(len(os.listdir(f"/proc/{worker}/fd")) for worker in service.workers)


@pytest.mark.parametrize("how", ["close descriptors", "replace descriptors"])
def test_worker_whose_plugin_spoilt_its_descriptors_is_replaced(
    start: Callable[..., Service], request_for: Callable[..., Request], how: str
) -> None:
    service = start(2)
    for lost in (1, 2, 3):
        with pytest.raises(RenderDisconnected):
            service.client.render(faulty(request_for, how))
        wait_for_losses(service, lost)
    assert f"Faulty/{how}' as 'w=60;h=40'" in status(service)["last"]
    assert service.client.render(scalar_request("42")).code == 0
    wait_until(lambda: len(service.workers) == 2, "all should be replaced")
    assert service.stop() == 0


def test_worker_without_free_descriptors_is_replaced_and_costs_no_plot(
    start: Callable[..., Service], request_for: Callable[..., Request]
) -> None:
    service = start(1)
    assert service.client.render(faulty(request_for, "use up descriptors")).code == 0
    with socket.socket(socket.AF_UNIX) as idle:  # takes the descriptor of the request before
        idle.connect(str(service.state / "socket"))
        assert service.client.render(scalar_request("42")).code == 0
    wait_until(lambda: status(service)["lost"] == 1, "the loss should be counted")
    assert "Too many open files" in service.log


def test_stopped_workers_and_spare_are_replaced(start: Callable[..., Service]) -> None:
    service = start(2, "--timeout", "3")
    wait_until(lambda: len(children(service.process.pid)) == 3, "there should be two workers and a spare")
    stopped = children(service.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    wait_until(service.draws, "the next plot should be drawn")
    wait_until(lambda: not any(map(is_running, stopped)), "the stopped processes should be gone")
    wait_until(lambda: status(service)["lost"] >= 3, "the losses should be counted")
    assert str(status(service)["last"]).startswith("was killed after 3 s without a heartbeat while idle")


def test_idle_workers_and_spare_live_on(start: Callable[..., Service]) -> None:
    service = start(1, "--timeout", "10")
    wait_until(lambda: len(children(service.process.pid)) == 2, "there should be a worker and a spare")
    before, (worker,) = children(service.process.pid), service.workers

    def switches() -> int:
        return int(Path(f"/proc/{worker}/status").read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0])

    first = switches()
    wait_until(lambda: switches() > first + 11, "an idle worker should wake up for its heartbeats")
    assert children(service.process.pid) == before
    assert status(service)["lost"] == 0


@pytest.mark.parametrize("how", ["stopped", "closed"])
def test_worker_that_does_not_serve_does_not_hold_up_the_end(
    start: Callable[..., Service], request_for: Callable[..., Request], how: str
) -> None:
    service = start(2, "--timeout", "3")
    if how == "stopped":
        os.kill(service.workers[0], signal.SIGSTOP)
    else:
        with pytest.raises(RenderDisconnected):
            service.client.render(faulty(request_for, "close descriptors"))
    assert service.stop() == 0
    assert service.log.count("stopping") == 1


def test_signals_masked_by_a_plugin_do_not_lift_the_limits_of_later_plots(
    start: Callable[..., Service], request_for: Callable[..., Request]
) -> None:
    service = start(1, "--cpu", "0.5")
    (worker,) = service.workers
    assert service.client.render(faulty(request_for, "mask signals")).code == 0
    with pytest.raises(RenderOverrun) as raised:
        service.client.render(faulty(request_for, "spin"))
    assert raised.value.reason == "took more than 0.5 s of CPU time"
    wait_until(lambda: worker not in service.workers, "the worker should be replaced")
    assert service.stop() == 0


def test_log_that_nobody_reads_does_not_stop_the_service(
    program: Path, faulty_library: Path, tmp_path: Path, request_for: Callable[..., Request]
) -> None:
    (tmp_path / "render").mkdir()
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = [program, "--state-directory", f"{tmp_path}/render/", "--workers", "1", "--load", faulty_library]
    service = subprocess.Popen(command, stderr=writing, env={**os.environ, "DQMHUB_SUPERVISOR_PID": str(os.getpid())})
    try:
        client = RenderClient(tmp_path / "render" / "socket", PATIENCE_S)
        wait_until(client.socket_path.exists, "the service should listen")
        for _ in range(60):  # each loss is a line of more than a hundred bytes
            with pytest.raises(RenderCrashed):
                client.render(faulty(request_for, "crash"))
        assert client.render(scalar_request("42")).code == 0
        service.terminate()
        assert service.wait(PATIENCE_S) == 0
    finally:
        service.kill()
        service.wait()
        os.close(reading)
        os.close(writing)


def test_plugin_that_ends_its_process_is_counted_as_a_loss(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start(1)
    with pytest.raises(RenderDisconnected):
        service.client.render(faulty(request_for, "exit"))
    wait_until(lambda: status(service)["lost"] == 1, "the loss should be counted")
    assert status(service)["last"] == "ended with code 0 while drawing 'Faulty/exit' as 'w=60;h=40', in the plugin Faulty"


def test_worker_stuck_in_a_destructor_is_ended_by_the_time_limit(
    start: Callable[..., Service], request_for: Callable[..., Request]
) -> None:
    service = start(1, "--timeout", "2")
    with pytest.raises(RenderOverrun, match="took more than 2 s"):
        service.client.render(faulty(request_for, "exit without end"))
    wait_until(service.draws, "the next plot should be drawn")


def test_plots_of_a_monitor_element_that_loops_leave_a_worker_for_others(
    start: Callable[..., Service], request_for: Callable[..., Request]
) -> None:
    service = start(2, "--timeout", str(2 * PATIENCE_S))
    before = descriptors(service)
    looping = [Outcome(service, faulty(request_for, "sleep", spec=f"w={width};h=40")) for width in (60, 70, 80)]
    wait_until(lambda: descriptors(service) == before + len(looping), "all should be accepted")
    assert [service.client.render(scalar_request(str(number))).code for number in range(20)] == [0] * 20
    assert all(request.is_alive() for request in looping)


def test_plots_that_wait_for_one_that_loops_get_their_own_answers(
    start: Callable[..., Service], request_for: Callable[..., Request]
) -> None:
    service = start(2, "--timeout", "1")

    def errors() -> list[str]:
        looping = [Outcome(service, faulty(request_for, "sleep", spec=f"w={width};h=40")) for width in (60, 70)]
        return [f"{type(error).__name__} {str(error).partition(': ')[2]}" for error in [request.result() for request in looping]]

    # while the machine stalls, the time may be over before a plot is in the plugin
    wait_until(lambda: errors() == ["RenderOverrun took more than 1 s, in the plugin Faulty"] * 2, "both should say what took long")


def test_client_is_cut_off_after_a_time_without_progress_only(start: Callable[..., Service]) -> None:
    service = start(1)
    message = scalar_request("42" * 1000).message()
    with socket.socket(socket.AF_UNIX) as slow, socket.socket(socket.AF_UNIX) as silent:
        slow.connect(str(service.state / "socket"))
        slow.sendall(message[:1])
        silent.connect(str(service.state / "socket"))
        silent.sendall(message[:1])
        silent.settimeout(0.5)
        sent, cut_off = 1, False
        while not cut_off:  # the slow one began earlier, but goes on
            slow.sendall(message[sent : sent + 1])
            sent += 1
            with contextlib.suppress(TimeoutError):
                cut_off = silent.recv(1) == b""
        slow.sendall(message[sent:])
        slow.settimeout(PATIENCE_S)
        assert slow.recv(4) == b"\0\0\0\0"


def test_many_short_plots_of_one_monitor_element_are_all_drawn(start: Callable[..., Service], request_for: Callable[..., Request]) -> None:
    service = start(2)
    request = request_for("TH1F")
    expected = service.client.render(request)
    plots: list[bytes] = []

    def draw_many() -> None:
        plots.extend(service.client.render(request).image for _ in range(25))

    threads = [threading.Thread(target=draw_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert plots == [expected.image] * 100
