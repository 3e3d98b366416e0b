"""The web server as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.core import database
from app.core.heartbeat import Service
from app.core.settings import TREE, Settings
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, service, until
from tests.support.site import address, answers, bound, site
from tests.support.small_disk import fill_disk

pytestmark = pytest.mark.slow

DQMHUB = Path(sys.executable).with_name("dqmhub")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running web server without files, for requests that leave nothing behind."""
    with site(Settings(data_dir=str(tmp_path_factory.mktemp("web") / "var")), sqlite_template, []) as running:
        yield running


def request_counts(settings: Settings) -> dict[str, float]:
    """Requests so far by endpoint, as the server counts them."""
    with urllib.request.urlopen(f"{address(settings)}/metrics", timeout=PATIENCE_S) as answer:
        families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    return {sample.labels["endpoint"]: sample.value for sample in families["dqmhub_requests"].samples}


def workers(settings: Settings, at_least: int) -> list[int]:
    """The worker processes of the web servers on this data folder, once so many have written that they run."""
    with bound(settings):
        until(lambda: Service.select().count() >= at_least, "heartbeats of web servers")
        return [row.process for row in Service.select()]


def test_a_second_server_on_the_port_leaves_the_counters_alone(settings: Settings, sqlite_template: Path) -> None:
    with site(settings, sqlite_template, []) as running:
        before = request_counts(running)
        second = subprocess.run([DQMHUB, "web"], cwd=TREE, env=environment(running), capture_output=True, timeout=PATIENCE_S, check=False)
        assert second.returncode == 1
        assert b"in use" in second.stderr
        assert request_counts(running)["health.live"] >= before["health.live"] >= 1


def test_a_second_server_on_the_data_folder_and_killed_workers_leave_the_counters_alone(settings: Settings, sqlite_template: Path) -> None:
    with site(settings, sqlite_template, []) as running:
        for _ in range(20):
            urllib.request.urlopen(f"{address(running)}/api/openapi.json", timeout=PATIENCE_S).close()
        with service(second := running.replace(web_port=free_port()), "web"):
            until(lambda: answers(second), "the second web server")
            assert request_counts(second).get("openapi.openapi", 0.0) == 0.0
            for worker in workers(running, 4):
                os.kill(worker, signal.SIGKILL)
            until(lambda: answers(running) and answers(second), "new workers")
            assert request_counts(running)["openapi.openapi"] == 20.0


def test_no_process_maps_a_file_of_the_data_folder_whose_full_disk_would_end_it(server: Settings) -> None:
    request_counts(server)
    maps = "".join(Path(f"/proc/{worker}/maps").read_text(encoding="utf-8", errors="replace") for worker in workers(server, 1))
    mapped = {line.partition("/")[2] for line in maps.splitlines() if str(server.data) in line}
    assert {Path(path).name for path in mapped} <= {"dqmhub.db-shm", "queue.db-shm"}, "SQLite writes each page before it maps it"


def test_a_web_server_outlives_workers_that_die_while_its_database_is_away(
    settings: Settings, sqlite_template: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """gunicorn ends the whole server when a new worker cannot start."""
    with site(settings.replace(web_workers=1), sqlite_template, []) as running:
        (worker,) = workers(running, 1)
        master = int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])
        file, aside = running.data / "dqmhub.db", running.data / "aside.db"
        file.rename(aside)
        for _ in range(2):
            os.kill(worker, signal.SIGKILL)
            until(lambda: "A new web process waits: The file of the database was removed" in capfd.readouterr().err, "a new worker to wait")
            (worker,) = map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())
        aside.rename(file)
        until(lambda: answers(running), "the server to answer")
        assert Path(f"/proc/{master}").exists()


def test_a_web_server_that_is_started_on_a_full_disk_serves_when_there_is_space(
    small_hub: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = small_hub.replace(web_port=free_port(), web_workers=1)
    database.disconnect()
    filling = fill_disk(settings.data)
    with service(settings, "web") as process:
        until(lambda: "The start waits: No space left on device" in capfd.readouterr().err, "the server to wait")
        assert process.poll() is None
        filling.unlink()
        until(lambda: answers(settings), "the server to answer")


def test_an_address_may_name_ten_monitor_elements_with_long_paths(server: Settings) -> None:
    objects = "&".join(f"obj=archive/1/A/B/C/{'folder/' * 100}{number}" for number in range(10))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address(server)}/api/v1/json_overlay?{objects}", timeout=PATIENCE_S)
    assert refused.value.code == 404
    assert b"There is no monitor element folder/folder" in refused.value.read()


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET /api/v1/samples?run=" + b"1" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: unknown\r\n\r\n", 501),
    ],
    ids=["too-long-address", "no-http", "too-many-headers", "unknown-coding"],
)
def test_what_the_server_rejects_has_the_one_error_shape(server: Settings, request_text: bytes, status: int) -> None:
    with socket.create_connection((server.web_host, server.web_port), PATIENCE_S) as connection:
        connection.sendall(request_text)
        head, _, content = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode()))
    assert b"Content-Type: application/json" in head
    document = json.loads(content)
    assert (document["status"], document["errors"]) == (status, [])
    assert document["message"]


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"5\r\nabcdefgh\r\n",
        b'5;x="\r\nabcde\r\n0\r\n\r\n',
        b"5\r\nabcde\r\n0\r\nno trailer\r\n\r\n",
    ],
    ids=["no-length", "negative-length", "longer-than-its-length", "extension", "trailer"],
)
def test_a_body_in_broken_chunks_is_a_fault_of_the_client(server: Settings, chunks: bytes) -> None:
    head = b"POST /api/v1/register HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection((server.web_host, server.web_port), PATIENCE_S) as connection:
        connection.sendall(head % server.web_host.encode() + b"Content-Type: application/json\r\n\r\n" + chunks)
        status, _, content = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 400 ")
    assert json.loads(content)["status"] == 400


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"GET /healthz/live HTTP/1.1\r\nHost: local",
        b"POST /api/v1/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    ],
    ids=["silent", "half head", "half body", "half chunk"],
)
def test_500_clients_that_stop_sending_delay_nobody(server: Settings, first: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(500):
            connection = stack.enter_context(socket.create_connection((server.web_host, server.web_port), PATIENCE_S))
            connection.sendall(first)
        with urllib.request.urlopen(f"{address(server)}/healthz/live", timeout=PATIENCE_S) as answer:
            assert answer.status == 200
