"""The gateway of P5 is one thread that blocks: its silence is no property of a document, and its return wakes all pollers."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.control.commands import COMMANDS
from app.control.models import ANSWERED
from app.control.sending import send
from app.core.settings import Settings
from app.queue.periodic import PeriodicTask, TaskRun
from app.square.models import DeadLetter, Document, Host
from app.square.poller.cluster import cluster_watcher
from app.square.poller.host_poller import HostPoller
from app.square.poller.system_poller import system_poller
from app.square.runs import hosts
from app.square.situation import situation
from app.square.upstream import Upstream
from tests.support.p5 import BU, CROWDED, FU, P5
from tests.support.processes import until
from tests.support.stopped_clock import StoppedClock

HOSTS = (BU, FU, CROWDED)
COUNT = 100
SILENT_S = 2.5
"""A gateway that does not respond in time does so after that time."""


def never() -> bool:
    return False


class BusyGateway:
    """A gateway with COUNT documents on each host.

    Attributes:
        failing: How many of the next requests for documents, and what follows them, fail.
        status: Status of a failing response; 0: none until the client has given up.
        at_once, most: Number of requests now, and the highest so far.
        asked: Paths of the requests.
        finish_command: A command ends once it is set.
    """

    def __init__(self) -> None:
        self.failing, self.status, self.at_once, self.most = 0, 500, 0, 0
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.finish_command = threading.Event()
        self.address = ""

    def respond(self, path: str, body: bytes) -> tuple[int, bytes]:
        if "get_hltd_logs" in path:
            self.finish_command.wait()
            return 200, b'["INFO:root:started"]'
        if "get_cluster_status" in path:
            return 200, json.dumps({f"{host}.cms": {"up": True, "msg": None} for host in HOSTS}).encode()
        if "/cr/exe" in path:
            return 200, b"{}"
        message = json.loads(json.loads(body)["messages"][0])
        if self.failing and (message["event"] == "request_documents" or self.is_busy):
            self.is_busy = True
            self.failing -= 1
            time.sleep(0 if self.status else SILENT_S)
            return self.status or 500, b"<h1>Critical error while processing request: /redirect</h1>"
        self.is_busy = False
        host = path.partition("path=")[2].partition("&")[0]
        if message["event"] == "sync_request":
            found = [{"_id": f"{host}-{rev}", "_rev": rev, "timestamp": 1e9} for rev in range(max(1, int(message["known_rev"])), COUNT + 1)]
            return 200, answer({"event": "update_headers", "headers": found})
        documents = [{"_id": key, "type": "dqm-stats", "hostname": host} for key in message["ids"]]
        return 200, answer({"event": "update_documents", "documents": documents})

    is_busy = False


def answer(message: dict[str, Any]) -> bytes:
    return json.dumps({"messages": [json.dumps(message)]}).encode()


@contextmanager
def running() -> Iterator[BusyGateway]:
    gateway = BusyGateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            with gateway.lock:
                gateway.at_once += 1
                gateway.most = max(gateway.most, gateway.at_once)
                gateway.asked.append(self.path)
            status, content = gateway.respond(self.path, body)
            with gateway.lock:
                gateway.at_once -= 1
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except ConnectionError:  # the client did not wait
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def gateway() -> Iterator[BusyGateway]:
    with running() as found:
        yield found


def task_run() -> TaskRun:
    return TaskRun(PeriodicTask("poll", 0.2, lambda _: cluster_watcher("production", Settings(), task_run())), threading.Event(), 600)


def test_statuses_and_documents_are_never_requested_at_once(hub: Settings, gateway: BusyGateway) -> None:
    settings = hub.replace(square_url=gateway.address, square_poll_s=0.2, square_timeout_s=60.0)
    with cluster_watcher("production", settings, task_run()) as look, system_poller("production", HOSTS, settings, task_run()) as step:
        looking = threading.Thread(target=look)
        looking.start()
        until(lambda: step() or Document.select().count() == COUNT * len(HOSTS), "all documents to arrive")
        looking.join()
    assert {path.partition("?")[0] for path in gateway.asked} == {"/redirect", "/cr/exe"}
    assert gateway.most == 1


def test_while_the_gateway_executes_a_command_hosts_are_not_polled_and_not_failing(hub: Settings, gateway: BusyGateway) -> None:
    settings = hub.replace(square_url=gateway.address, square_poll_s=0.2, square_timeout_s=60.0)
    upstream, spec = Upstream(settings), COMMANDS["get_hltd_logs"]
    (request,) = spec.requests(settings, {"host": FU}) if spec.requests else []
    busy = "The gateway executes the command Logs of hltd, and responds to nothing else meanwhile."
    with system_poller("production", HOSTS, settings, task_run()) as step, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send, upstream, spec, request, 60.0)
        try:
            until(lambda: bool(gateway.asked), "the command to arrive")
            until(lambda: step() or {host.error for host in Host.select()} == {busy}, "all pollers to know the reason")
            assert len(gateway.asked) == 1
            assert busy in situation(None, [], hosts("production"), True, HOSTS).text
        finally:
            gateway.finish_command.set()
        until(lambda: step() or Document.select().count() == COUNT * len(HOSTS), "all documents to arrive")
        assert sent.result().state == ANSWERED
        until(lambda: step() or {host.error for host in Host.select()} == {""}, "the reason to be gone")
    assert gateway.most == 1
    assert {host.failures for host in Host.select()} == {0}


def test_versions_which_block_the_gateway_for_long_are_queried_once_an_hour_and_not_in_each_run(
    hub: Settings, gateway: BusyGateway
) -> None:
    settings = hub.replace(square_url=gateway.address, square_timeout_s=60.0)
    for _ in range(3):
        with cluster_watcher("production", settings, task_run()) as look:
            look()
    assert [path.partition("what=")[2].partition("&")[0] for path in gateway.asked] == [
        "get_cluster_status",
        "get_fff_versions",
        "get_cluster_status",
        "get_cluster_status",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 0], ids=["status 500", "no response in time"])
@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_busy_gateway_makes_no_dead_letter_and_one_warning_at_most(
    hub: Settings, gateway: BusyGateway, status: int, failing: int, caplog: pytest.LogCaptureFixture
) -> None:
    """So many requests fail: for a batch, for one document, for nothing, and for the headers of the next poll."""
    one = HostPoller("production", FU, hub.replace(square_url=gateway.address, square_timeout_s=60.0 if status else SILENT_S - 0.5))
    gateway.failing, gateway.status = failing, status
    until(lambda: one.poll(never), "the documents to arrive")
    assert gateway.failing == 0
    assert Document.select().count() == COUNT
    assert not DeadLetter.select().count()
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 1


@pytest.mark.both_databases
def test_one_probe_of_the_gateway_wakes_all_hosts_after_an_outage(
    hub: Settings, p5: P5, caplog: pytest.LogCaptureFixture, clock: StoppedClock
) -> None:
    settings = hub.replace(square_url=p5.address, square_timeout_s=60.0)
    pollers = [HostPoller("production", host, settings) for host in HOSTS]
    assert all(poller.poll(never) for poller in pollers)
    p5.incident("gateway_down")
    for _ in range(7):
        for poller in pollers:
            poller.not_before = 0.0
            assert not poller.poll(never)
    assert all(host.not_before > time.time() + 30 for host in Host.select()), "each would be left alone for a minute"
    during = [request for request in p5.record()["requests"] if request["status"] == 0 and request["path"].startswith("/redirect")]
    assert len(during) < 2 * 7 * len(HOSTS), "one host probes for all of them"
    p5.incident("gateway_down", on=False)
    clock.advance(1)
    until(lambda: pollers[0].poll(never), "a probe")
    assert all(poller.poll(never) for poller in pollers)
    assert all(HostPoller("production", host, settings).poll(never) for host in HOSTS), "also in the next run of the poller"
    assert {host.failures for host in Host.select()} == {0}
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text.partition(":")[0].partition(",")[0] for text in warnings] == [
        "The gateway of P5 does not respond",
        "The gateway of P5 responds again",
    ]
