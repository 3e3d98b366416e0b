"""Workers whose process a plugin has changed are replaced and counted, and what it left behind ends; others lose nothing."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from render.client import Request
from render.errors import RenderCrashed, RenderDisconnected, RenderExhausted, RenderLost
from tests.render.service import PATIENCE_S, Service, children, is_running, scalar_request, wait_until

pytestmark = pytest.mark.slow


class SharedService(Service):
    """A service that several tests share. Each test sees only what was logged and lost since its `begin`."""

    lost_before = 0

    def begin(self) -> None:
        wait_until(lambda: len(self.workers) == 1, "the worker that was lost before should be replaced")
        self.lost_before = status(self)["lost"]
        self.forget_log()

    def lost(self) -> int:
        return int(status(self)["lost"]) - self.lost_before


@pytest.fixture(scope="module")
def start(program: Path, faulty_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., SharedService]]:
    """Starts services with the faulty plugin in the same folder. One with the same limits that is still running goes on."""
    folder, running = tmp_path_factory.mktemp("damaged"), dict[tuple[str, ...], SharedService]()

    def make(*limits: str) -> SharedService:
        service = running.get(limits)
        if service is None or service.process.poll() is not None:
            end()
            service = SharedService(program, folder, "--workers", "1", "--load", str(faulty_library), *limits)
            running[limits] = service
            service.wait_until_ready()
        service.begin()
        return service

    def end() -> None:
        while running:
            running.popitem()[1].__exit__()

    yield make
    end()


def status(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.state / "status.json").read_bytes().decode())
    return document


def faulty(request_for: Callable[..., Request], how: str) -> Request:
    return replace(request_for("TH1F", spec="w=60;h=40"), name=f"Faulty/{how}")


def wait_for_losses(service: SharedService, count: int) -> str:
    """Wait until so many losses are counted. Returns how the last worker was lost."""
    wait_until(lambda: service.lost() == count, "the loss should be counted")
    return str(status(service)["last"])


def copies(service: Service) -> set[int]:
    """All processes with the command line of the service, also those that plugins forked."""
    own = Path(f"/proc/{service.process.pid}/cmdline").read_bytes()
    return {int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _content(path) == own}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def sleepers() -> set[int]:
    """Processes of the program that a plugin starts in the background."""
    return {int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _content(path) == b"sleep\x001000\x00"}


def draw_in_vain(service: Service, request: Request) -> None:
    with pytest.raises(RenderDisconnected):
        service.client.render(request)


@pytest.mark.parametrize("how", ["fork and sleep", "fork and return", "fork a daemon", "program in the background"])
def test_process_that_a_plugin_leaves_behind_ends_and_harms_no_other_plot(
    start: Callable[..., SharedService], request_for: Callable[..., Request], how: str
) -> None:
    sleeping_before = sleepers()
    service, innocent = start(), request_for("TH1F")
    expected = service.client.render(innocent)
    assert service.client.render(faulty(request_for, how)).code == 0
    assert [service.client.render(innocent) for _ in range(20)] == [expected] * 20
    last = wait_for_losses(service, 1)
    assert last == f"was replaced (it left processes behind) after drawing 'Faulty/{how}' as 'w=60;h=40', after the plugin Faulty"

    def ours() -> set[int]:
        return {service.process.pid, *children(service.process.pid)}

    wait_until(lambda: len(ours()) == 3 and copies(service) == ours(), "only the master, a worker and the spare should remain")
    assert not [pid for pid in sleepers() - sleeping_before if is_running(pid)]
    assert service.stop() == 0
    assert start().client.render(innocent) == expected


def test_process_that_a_plugin_left_behind_does_not_keep_the_service_from_starting_after_it_was_killed(
    start: Callable[..., SharedService], request_for: Callable[..., Request]
) -> None:
    service = start()
    drawing = threading.Thread(target=draw_in_vain, args=(service, faulty(request_for, "fork and block")))
    drawing.start()
    wait_until(lambda: len(copies(service)) == 4, "there should be a copy besides the master, a worker and the spare")
    service.process.kill()
    drawing.join(PATIENCE_S)
    assert start().client.ping() > 0


def test_log_does_not_reach_a_client_after_a_plugin_closed_standard_error(
    start: Callable[..., SharedService], request_for: Callable[..., Request]
) -> None:
    service = start()
    assert service.client.render(faulty(request_for, "close standard descriptors")).code == 0
    idle = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    for connection in idle:
        connection.connect(str(service.state / "socket"))
    service.client.render(faulty(request_for, "warn"))
    assert "standard input or output was closed" in wait_for_losses(service, 1)
    service.wait_for_log("something is odd")
    for connection in idle:
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1000)
        connection.close()


@pytest.mark.parametrize(
    ("how", "damage"), [("close signals", "descriptors of the service were closed"), ("thread", "it left threads behind")]
)
def test_worker_is_replaced_after_a_plot_that_damaged_it(
    start: Callable[..., SharedService], request_for: Callable[..., Request], how: str, damage: str
) -> None:
    service = start()
    assert service.client.render(faulty(request_for, how)).code == 0
    assert f"({damage}) after drawing 'Faulty/{how}'" in wait_for_losses(service, 1)
    assert service.stop() == 0


def test_plots_that_change_only_what_is_reset_cost_no_worker(
    start: Callable[..., SharedService], request_for: Callable[..., Request]
) -> None:
    service, innocent = start(), request_for("TH1F")
    (worker,) = service.workers
    expected = service.client.render(innocent)
    for how in ("joined thread", "end batch mode"):
        service.client.render(faulty(request_for, how))
        assert service.client.render(innocent) == expected
    assert service.workers == [worker]


@pytest.mark.parametrize(("how", "error"), [("throw", RenderLost), ("hoard", RenderExhausted)])
def test_worker_that_is_replaced_for_an_exception_or_memory_is_counted(
    start: Callable[..., SharedService], request_for: Callable[..., Request], how: str, error: type[RenderLost]
) -> None:
    service = start("--memory", "100")
    with pytest.raises(error) as raised:
        service.client.render(faulty(request_for, how))
    assert f"({raised.value.reason}) after drawing 'Faulty/{how}' as 'w=60;h=40', in the plugin Faulty" in wait_for_losses(service, 1)


def test_client_of_a_worker_that_blocks_signals_learns_that_its_plot_took_too_long(
    start: Callable[..., SharedService], request_for: Callable[..., Request]
) -> None:
    service = start("--timeout", "1")
    request = faulty(request_for, "block signals and sleep")
    wait_until(lambda: service.ends_with(request) == ("took more than 1 s", "Faulty"), "the error should name time and plugin")


def test_plugin_is_named_when_what_it_drew_crashes(start: Callable[..., SharedService], request_for: Callable[..., Request]) -> None:
    service = start()
    with pytest.raises(RenderCrashed) as raised:
        service.client.render(faulty(request_for, "draw what crashes"))
    assert raised.value.reason == "died of SIGSEGV after the plugin Faulty"
    assert wait_for_losses(service, 1).endswith("as 'w=60;h=40', after the plugin Faulty")


def test_incomplete_large_requests_do_not_end_workers(start: Callable[..., SharedService]) -> None:
    service = start("--memory", "300")
    (worker,) = service.workers
    most = struct.pack("=i", 60 << 20) + bytes(50 << 20)
    greedy = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    for connection in greedy:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(service.state / "socket"))
        connection.sendall(most)
    assert service.client.render(scalar_request("42")).code == 0
    assert (service.workers, status(service)["lost"]) == ([worker], 0)
    for connection in greedy:
        connection.close()


@pytest.mark.parametrize("shift", ["", "x"])
def test_status_is_valid_when_a_long_name_is_cut(
    start: Callable[..., SharedService], request_for: Callable[..., Request], shift: str
) -> None:
    service = start()
    with pytest.raises(RenderCrashed):
        service.client.render(faulty(request_for, f"crash{shift}" + "é" * 600))
    last = wait_for_losses(service, 1)
    assert f"'Faulty/crash{shift}ééé" in last
    assert "�" not in last


def test_status_that_cannot_be_written_stays_as_it_was_until_it_can(
    start: Callable[..., SharedService], request_for: Callable[..., Request]
) -> None:
    service = start()
    before = status(service)
    obstacle = service.state / "status.json.new"
    obstacle.mkdir()
    (obstacle / "file").touch()
    with pytest.raises(RenderCrashed):
        service.client.render(faulty(request_for, "crash"))
    service.wait_for_log("died of SIGSEGV")
    assert service.client.render(scalar_request("42")).code == 0
    assert status(service) == before
    (obstacle / "file").unlink()
    obstacle.rmdir()
    wait_for_losses(service, 1)
