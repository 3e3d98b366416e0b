"""Load of a thousand browsers that poll a mirror: responses, latency, bytes per poll, memory and CPU time of the mirror."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

from tests.bench.polling import BROWSERS, EVERY_S, crowd
from tests.bench.table import add_row
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, mirror_process
from tests.support.processes import of_session

RUNS = 300
CLIENTS = 31
ROW = (
    '<tr class="job-running"><td class="number"><time datetime="2022-09-14T10:16:40Z" data-at="1663150600">2022-09-14 12:16:40</time></td>'
    '<td class="number"><span data-since="1663150600"></span></td><td><bdi>dqmfu-c2b03-..</bdi></td><th scope="row"><bdi>client {client}</bdi></th>'
    '<td class="number">{events}</td><td><a href="logs/358792/{client:020x}?db=production">Log</a></td></tr>'
)


def mirror(folder: Path) -> None:
    """Measure a thousand pages of the latest run, with a new snapshot every second and without any news."""
    folder.mkdir(parents=True)
    with mirror_process(folder, rate=30, burst=300, trusted_proxies="127.0.0.1/32") as found:
        jobs = [samples.client(f"client {number}") for number in range(CLIENTS)]
        found.post(
            samples.snapshot([item for run in range(RUNS) for item in samples.run_items(358000 + run, jobs, newest=run == RUNS - 1)])
        )
        revisions = iter(range(1, 10**6))

        def publish() -> None:
            have = next(revisions)
            rows = "".join(ROW.format(client=number, events=have * 1000 + number) for number in range(CLIENTS))
            response = found.post(
                samples.snapshot([samples.html_item("live", "production", 0, "page", f"<table>{rows}</table>")], have, have + 1)
            )
            assert response.status == 200, response.body

        for what, each_second in (("a snapshot arrives every second", publish), ("no news", lambda: None)):
            before, start = _cpu(found), time.monotonic()
            took = crowd(found.port, "mirror", each_second)
            share = (_cpu(found) - before) / (time.monotonic() - start)
            add_row(f"{BROWSERS:,} browsers poll a mirror every {EVERY_S:g} s, {what}", f"{took}, {share:.0%} of a core", "p99 500 ms")
        add_row("memory of the mirror, master and worker", f"{_memory(found):.0f} MB", "100 MB")
        add_row("a poll without news, including headers", f"{_bytes(found)} bytes", "300 bytes")


def _memory(found: MirrorProcess) -> float:
    """Resident memory of all its processes, MB; what they share counts twice."""
    sizes = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text()) for process in of_session(found.process.pid)]
    return sum(int(size[1]) for size in sizes if size) / 1024


def _cpu(found: MirrorProcess) -> float:
    """CPU time of all its processes, s."""
    times = [Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[11:13] for process in of_session(found.process.pid)]
    return sum(int(ticks) for pair in times for ticks in pair) / 100


def _bytes(found: MirrorProcess) -> int:
    tag = found.get("/live").headers["Data-Tag"]
    with socket.create_connection(("127.0.0.1", found.port)) as connection:
        connection.sendall(f"GET /live?since={tag} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return len(b"".join(iter(lambda: connection.recv(4096), b"")))
