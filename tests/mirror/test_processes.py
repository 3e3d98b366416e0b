"""Mirrors as processes: alone, killed, on a full disk, with slow senders, reading a folder."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.ops.settings import ServiceSettings
from protocol.snapshot import Item, ItemKey
from services.mirror.store import Store
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, fetch
from tests.square.chain import answers
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import of_session, service, until

pytestmark = pytest.mark.slow

Start = Callable[..., MirrorProcess]
NEEDED = ("bottle.py", "gunicorn", "cryptography", "cffi", "_cffi_backend*", "packaging")
"""Packages of bottle, gunicorn and cryptography with their dependencies."""

KILLS = 6 * storms.TIMES
CLIENTS = 6


def revision(number: int) -> list[Item]:
    """Items that all contain the number of their revision."""
    runs = [samples.run_data(run, [samples.client("beam", events=number)]) for run in range(1, CLIENTS + 1)]
    return [samples.html_item("live", "production", 0, "page", f"<p>{number}</p>" + "x" * 20_000), *runs]


def numbers_in(data: Path) -> set[int]:
    """The revision in the state, and the revisions in the items."""
    with Store(data).view() as now:
        found = {now.state.revision}
        live_page = now.item(ItemKey("live", "production", 0, "page"))
        found |= {int(number) for number in re.findall(r"<p>(\d+)</p>", live_page.content.decode())} if live_page else set()
        for _, run in now.run_data("production", 0, 100, 100):
            found |= {client[6] for client in json.loads(run.content)["clients"]}
    return found


@pytest.mark.storm
def test_a_killed_mirror_has_one_complete_revision(start: Start) -> None:
    mirror, chance = start(), storms.chance(7)
    stop, wrong = threading.Event(), list[str]()

    def publish() -> None:
        while not stop.is_set():
            with suppress(OSError):
                have = mirror.get("/snapshots").json["have"]
                mirror.post(samples.snapshot(revision(have + 1), have, have + 1))

    def look() -> None:
        while not stop.is_set():
            with suppress(OSError, ValueError):  # the mirror is not running
                runs = mirror.get("/api?what=get_runs&from=1&to=100&bad_only=0&ls=0&db=production").json
                seen = {client["beam"][0][1] for client in (run["clients"] for run in runs.values())}
                if len(seen) > 1 or (seen and len(runs) != CLIENTS):
                    wrong.append(f"an answer has {seen} of {len(runs)} runs")

    threads = [threading.Thread(target=action, daemon=True) for action in (publish, look)]
    for thread in threads:
        thread.start()
    reached = 0
    for _ in range(KILLS):
        until(lambda before=reached: len(numbers_in(mirror.data)) == 1 and max(numbers_in(mirror.data)) > before, "a new revision")
        time.sleep(chance.uniform(0, 0.05))
        mirror.kill()
        (found,) = numbers_in(mirror.data)
        assert found >= reached
        reached = found
        mirror.start()
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert wrong == []
    assert reached >= KILLS


def test_a_killed_worker_is_replaced_and_ends_with_its_master(start: Start) -> None:
    mirror = start()
    (worker,) = set(of_session(mirror.process.pid)) - {mirror.process.pid}
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in of_session(mirror.process.pid) and mirror.is_ready(), "another worker")
    os.kill(mirror.process.pid, signal.SIGKILL)
    mirror.process.wait(PATIENCE_S)
    until(lambda: not of_session(mirror.process.pid), "the worker to end")


def test_a_mirror_ends_with_its_supervisor(start: Start) -> None:
    mirror = start()
    mirror.stop()
    with subprocess.Popen(["sleep", "1000"]) as supervisor:
        mirror.supervisor = supervisor.pid
        mirror.start()
        supervisor.kill()
    until(lambda: not of_session(mirror.process.pid), "the mirror to end")


def test_a_full_disk_is_reported_and_data_stay(start: Start) -> None:
    mirror = start(prefix_command=("prlimit", "--fsize=1500000"))
    mirror.post(samples.snapshot(revision(1)))
    large = Item(ItemKey("log", "production", 1, "a"), "text/plain", "", random.Random(1).randbytes(2_000_000))
    refused = mirror.post(samples.snapshot([*revision(2), large], 1, 2))
    assert (refused.status, refused.json["have"]) == (507, 1)
    assert "keeps its current data" in refused.json["message"]
    assert numbers_in(mirror.data) == {1}
    assert b"<p>1</p>" in mirror.get("/").body
    assert mirror.post(samples.snapshot(revision(2), 1, 2)).status == 200, "a smaller snapshot is stored"


def test_silent_senders_block_nobody(start: Start) -> None:
    mirror = start(threads=2)
    slow = [socket.create_connection(("127.0.0.1", mirror.port)) for _ in range(2)]
    slow[0].sendall(b"GET / HTTP/1.1\r\nHost: ")
    slow[1].sendall(b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nDQMHUB")
    assert mirror.get("/healthz").status == 200
    for connection in slow:
        connection.close()
    assert "Traceback" not in mirror.log.read_text()


def test_bad_uploads_are_refused_at_their_first_bytes(start: Start) -> None:
    mirror = start(largest_mb=1)
    with socket.create_connection(("127.0.0.1", mirror.port)) as connection:
        connection.settimeout(PATIENCE_S)
        connection.sendall(b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection(("127.0.0.1", mirror.port)) as connection:
        connection.settimeout(PATIENCE_S)
        connection.sendall(b"POST /snapshots HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 "), "a body in chunks is read, and this is no snapshot"
    with socket.create_connection(("127.0.0.1", mirror.port)) as connection:
        connection.settimeout(PATIENCE_S)
        connection.sendall(b"POST /snapshots HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")
    with socket.create_connection(("127.0.0.1", mirror.port)) as connection:
        connection.settimeout(PATIENCE_S)
        raw = samples.snapshot([], key=samples.OTHER_KEY)
        connection.sendall(b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + raw[:200] + b"x" * 1000)
        assert connection.recv(100).startswith(b"HTTP/1.1 403 "), "an untrusted key is refused before the rest arrives"


def test_a_poll_without_news_has_less_than_300_bytes(start: Start) -> None:
    mirror = start()
    mirror.post(samples.snapshot(samples.run_items(358792, [samples.client("beam")])))
    tag = mirror.get("/live").headers["Data-Tag"]
    with socket.create_connection(("127.0.0.1", mirror.port)) as connection:
        connection.sendall(f"GET /live?since={tag} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert len(answer) < 300, answer


def test_the_folder_is_read_furthest_revision_first_without_bad_files(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()

    def put(raw: bytes, since: int, until: int, series: str = samples.SERIES) -> None:
        new = folder / "new"
        new.write_bytes(raw)
        new.rename(folder / f"{series}-{since:012}-{until:012}.snapshot")

    old = time.time() - 30 * 86400
    put(samples.snapshot(revision(1), 0, 1, at=old), 0, 1)
    put(samples.snapshot(revision(3), 0, 3, at=old), 0, 3)
    put(samples.snapshot(revision(9), 0, 9, key=samples.OTHER_KEY), 0, 9)
    put(b"junk", 0, 99, "20990101T000000Z-zzzz")
    (folder / "README").write_text("no snapshot")
    mirror = start(folder=folder)
    until(lambda: mirror.get("/snapshots").json["have"] == 3, "the furthest good snapshot")
    put(samples.snapshot(revision(6), 5, 6), 5, 6)
    put(samples.snapshot(revision(5), 2, 5), 2, 5)
    until(lambda: mirror.get("/snapshots").json["have"] == 6, "what was missing")
    assert numbers_in(mirror.data) == {6}
    later = "20260102T000000Z-bbbb"
    put(samples.snapshot(revision(2), 0, 2, series=later, started=samples.STARTED + 86400), 0, 2, later)
    until(
        lambda: mirror.get("/snapshots").json == {"series": later, "have": 2, "at": mirror.get("/snapshots").json["at"]}, "the new series"
    )
    refused = mirror.get("/status").json["refused"]
    assert refused == {"400": 1, "403": 1}, "each bad file is counted once"
    mirror.stop()
    shutil.rmtree(folder)
    mirror.start()
    until(lambda: mirror.get("/status").json["folder_problem"] == "No such file or directory", "the folder to be missed")
    assert str(tmp_path) in mirror.log.read_text()
    assert numbers_in(mirror.data) == {2}


def test_a_mirror_runs_with_only_its_two_folders_and_three_packages(tmp_path: Path) -> None:
    for folder in ("services/mirror", "protocol"):
        shutil.copytree(TREE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in NEEDED:
        for path in Path(sysconfig.get_path("purelib")).glob(name):
            (packages / path.name).symlink_to(path)
    command = [sys.executable, "-S", "-m", "services.mirror"]  # -S: without the packages of this environment
    variables = {"PYTHONPATH": str(packages), "PATH": os.environ["PATH"]}
    help_text = subprocess.run([*command, "--help"], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True).stdout
    assert "--keys" in help_text
    port = free_port()
    (tmp_path / "mirror.toml").write_text(f'port = {port}\nkeys = ["{samples.PUBLIC_KEY}"]\nprefix = "/wrong"\n')
    process = subprocess.Popen(
        [*command, "--config", "mirror.toml", "--prefix", "/dqm"], cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/dqm"
        until(lambda: process.poll() is not None or answers(f"{url}/healthz"), "the mirror")
        assert fetch(f"{url}/snapshots", samples.snapshot(samples.run_items(5, [samples.client("beam")]))).status == 200
        assert b"<h1>Run 5</h1>" in fetch(f"{url}/").body
        assert (tmp_path / "mirror-data" / "mirror.db").exists()
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--port", "0"], "Invalid option port = 0; allowed: a number from 1 to 65535"),
        (["--keys", "abc"], "public keys of 64 hex digits"),
        (["--prefix", "dqm/"], "a path such as"),
        (["--trusted-proxies", "0.0.0.0/0"], "but not the whole internet"),
        (["--config", "nowhere.toml"], "Cannot read nowhere.toml"),
        (["--data", "/proc/nowhere"], "Cannot create the data folder /proc/nowhere"),
        (["--host", "192.0.2.1"], "Cannot listen on 192.0.2.1"),
    ],
)
def test_an_invalid_option_is_one_line_on_standard_error(arguments: list[str], why: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.mirror", "--data", str(tmp_path), *arguments]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert why in done.stderr
    assert done.stderr.startswith("mirror: ")
    assert done.stderr.count("\n") == 1


def test_a_damaged_database_is_reported_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "mirror.db").write_bytes(b"no database at all" * 100)
    command = [sys.executable, "-m", "services.mirror", "--data", str(tmp_path), "--port", str(free_port())]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "mirror.db (file is not a database); remove it, and the hub sends everything again" in done.stderr


def test_invalid_options_in_the_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mirror.toml"
    for text, why in (
        ("prot = 1", "Unknown option prot"),
        ('port = "8084"', "a value of the type int"),
        ("keys = 5", "a value of the type tuple"),
    ):
        file.write_text(text)
        command = [sys.executable, "-m", "services.mirror", "--config", str(file)]
        done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr


def test_the_access_log_has_the_path_but_not_the_query(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "mirror.toml"
    file.write_text("access_log = true\n")
    mirror = start(config=file)
    mirror.get("/nowhere%0aforged?token=secret")
    until(lambda: "nowhere" in mirror.log.read_text(), "the request in the log")
    (line,) = [line for line in mirror.log.read_text().splitlines() if "nowhere" in line]
    assert re.search(r"127\.0\.0\.1 GET '/nowhere\\nforged' 400 \d+\.\d ms$", line)
    assert "secret" not in mirror.log.read_text()


def test_dqmhub_mirror_uses_the_settings_of_the_hub(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=str(tmp_path / "var"), mirror_port=free_port(), mirror_keys=(samples.PUBLIC_KEY,), mirror_prefix="/dqm/dqm-square"
    )
    with service(settings, "mirror"):
        url = f"http://127.0.0.1:{settings.of(ServiceSettings).mirror_port}/dqm/dqm-square"
        until(lambda: answers(f"{url}/healthz"), "the mirror")
        assert fetch(f"{url}/snapshots", samples.snapshot([])).status == 200
        assert (tmp_path / "var" / "mirror" / "mirror.db").exists()
