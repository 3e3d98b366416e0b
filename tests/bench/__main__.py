"""Runs the benchmarks and prints a table: `python -m tests.bench [PART ...]`, by default all parts of PARTS.

Times are medians; requests per second are measured with wrk.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.core.settings import TREE
from render.build import binary
from tests.bench.alarms import alarms
from tests.bench.backup import backup
from tests.bench.compare import compare
from tests.bench.costs import costs
from tests.bench.delay import delay
from tests.bench.diary import diary
from tests.bench.editors import editors
from tests.bench.imports import imports
from tests.bench.layouts import layouts
from tests.bench.live_snapshots import live_snapshots
from tests.bench.mirror import mirror
from tests.bench.polling import polling
from tests.bench.publish import publish
from tests.bench.render import render, windows
from tests.bench.service import Hub, hub, memory_mb
from tests.bench.square import square
from tests.bench.table import add_row, print_table
from tests.bench.transfer import transfer
from tests.bench.trends import trends
from tests.bench.trends_page import trends_page

MES = 100_000
SAMPLES = 80_000


def milliseconds(action: Callable[[], object], times: int = 21) -> float:
    """The median duration of `action` in ms."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        durations.append(1000 * (time.perf_counter() - start))
    return statistics.median(durations)


class Client:
    """A persistent HTTP connection to the hub."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        self.body = response.read()
        return response

    def get_ok(self, path: str) -> bytes:
        response = self.get(path)
        assert response.status == 200, (path, response.status, self.body[:500])
        return self.body


def per_second(hub: Hub, path: str, *headers: str) -> float:
    """Requests per second over 16 connections, measured for 5 s after a warm-up of 1 s."""
    command = ["wrk", "-t1", "-c16", *(part for header in headers for part in ("-H", header))]
    subprocess.run([*command, "-d1", hub.url + path], capture_output=True, check=True)
    done = subprocess.run([*command, "-d5", hub.url + path], capture_output=True, text=True, check=True)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    assert not bad, done.stdout
    return number(r"Requests/sec:\s+([\d.]+)", done.stdout)


def number(pattern: str, text: str) -> float:
    """The number matched by the group of `pattern`."""
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])


def large_files(hub: Hub) -> None:
    """Measure files of slightly more than 100,000 MEs; their numbers differ, so that no two share a list of names."""
    client = Client(hub.port)
    samples = []
    for mes in range(MES, MES + 7):
        (file,) = hub.command("demo", "make", "--mes", str(mes)).splitlines()
        samples.append(f"/api/v1/archive/367199/Large/Demo-{mes}-v1/DQMIO")
    hub.command("register", str(Path(file).parent))
    first = [milliseconds(lambda sample=sample: client.get_ok(sample), 1) for sample in samples]
    add_row(f"{MES:,} MEs, first GET to listing", f"{statistics.median(first) / 1000:.2f} s", "0.5 s")
    folders = [folders_of(client, sample) for sample in samples[:3]]
    for some in folders:
        random.Random(1).shuffle(some)
    turn = iter(folders[0] * 10)
    add_row("one folder, cached, API", f"{milliseconds(lambda: client.get_ok(next(turn)), 201):.2f} ms", "2 ms")
    pages = iter([folder.replace("/api/v1/archive", "/browse") for folder in folders[0]] * 10)
    add_row("one folder, cached, page", f"{milliseconds(lambda: client.get_ok(next(pages)), 101):.2f} ms")
    measure_searches(client, samples[0].replace("/api/v1/archive", "/browse"))
    measure_payloads(Path(file), "tdirectory", "one payload: read, decompress, frame")
    for folder in (folder for some in folders for folder in some[:100]):
        for _ in range(4):  # often enough that each web process serves some
            client.get_ok(folder)
    add_row("memory of a web worker after browsing three of them", f"{max(map(memory_mb, hub.web_processes())):.0f} MB", "200 MB")


SEARCHES = {
    "words": "q=hist+0",
    "a status": "q=status:error",
    "a regular expression without a match": "q=/no.such[0-9]name$/",
    "the others, of a regular expression": "q=-/hist/",
}
"""Searches in a large sample, and their queries."""


def measure_searches(client: Client, page: str) -> None:
    """Measure the pages of searches in a sample, and of its list of failing MEs."""
    for what, query in SEARCHES.items():
        add_row(f"search for {what}, page", f"{milliseconds(lambda query=query: client.get_ok(f'{page}?{query}'), 11):.2f} ms")
    add_row("list of failing MEs, page", f"{milliseconds(lambda: client.get_ok(f'{page}?failing=1'), 11):.2f} ms")


def folders_of(client: Client, address: str, limit: int = 400) -> list[str]:
    """API addresses of up to `limit` folders at all depths."""
    folders, pending = [], [address]
    while pending and len(folders) < limit:
        folder = pending.pop()
        folders.append(folder)
        pending += [
            f"{folder}/{item['subdir'].replace(' ', '%20')}" for item in json.loads(client.get_ok(folder))["data"] if "subdir" in item
        ]
    return folders


def snapshots(hub: Hub) -> None:
    """Measure protobuf snapshots with 100,000 entries."""
    measure_first_listing(hub, "protobuf", "snapshot", ["--format", "pb"])


def lumisections(hub: Hub) -> None:
    """Measure DQMIO files with 100,000 entries in 100 lumisections."""
    measure_first_listing(hub, "dqmio", "DQMIO file", ["--format", "dqmio", "--lumis", "100"])


def measure_first_listing(hub: Hub, format: str, what: str, options: list[str]) -> None:
    """Measure how soon files written by `dqmhub-demo` with `options` are listed, and how soon an object is read."""
    client = Client(hub.port)
    folder = hub.data / "demo"
    folder.mkdir()
    first = []
    for run in range(367201, 367206):
        file = folder / f"run{run}"
        command = [binary(TREE).with_name("dqmhub-demo"), *options, "--out", file.name, "--run", str(run), "--mes", str(MES)]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        hub.command("register", "--run", str(run), "--dataset", "/Large/Demo-v1/DQM", str(file))
        first.append(milliseconds(lambda run=run: client.get_ok(f"/api/v1/archive/{run}/Large/Demo-v1/DQM"), 1))
    where = f"{what} of {MES:,} entries, {file.stat().st_size / 1e6:.0f} MB, first GET to listing"
    add_row(where, f"{statistics.median(first) / 1000:.2f} s", "1 s")
    measure_payloads(file, format, "one payload of such a file: read, decompress", "1,000 µs")


def measure_payloads(file: Path, format: str, what: str, aim: str = "") -> None:
    from app.formats import Kind, payload, scan

    listing, *_ = scan(str(file), format).samples.values()
    histograms = [index for index in range(len(listing.names)) if not Kind(listing.columns.kind[index]).scalar]
    turn = iter(random.Random(2).choices(histograms, k=2001))
    duration = milliseconds(lambda: payload(str(file), format, listing.columns.row(next(turn))), 2001)
    add_row(what, f"{1000 * duration:.0f} µs", aim)


def plots(hub: Hub) -> None:
    hub.command("demo", "make")
    hub.command("register", str(hub.data / "demo"))
    client = Client(hub.port)
    sample = "/api/v1/render/367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
    plot = f"{sample}/PixelPhase1/EventInfo/reportSummaryMap"
    client.get_ok(plot)
    width = iter(range(300, 1000))
    add_row("plot over HTTP, cold (TH2F, 300x200)", f"{milliseconds(lambda: client.get_ok(f'{plot}?w={next(width)}'), 101):.1f} ms")
    add_row("plot over HTTP, cached, one client", f"{milliseconds(lambda: client.get_ok(plot), 501):.2f} ms")
    tag = client.get(plot).headers["ETag"]
    add_row("plot over HTTP, cached", f"{per_second(hub, plot):,.0f} requests/s", "2,000")
    add_row("plot over HTTP, 304", f"{per_second(hub, plot, f'If-None-Match: {tag}'):,.0f} requests/s", "4,000")


def search(hub: Hub) -> None:
    folder = hub.data / "demo" / "many"
    folder.mkdir(parents=True)
    for number in range(SAMPLES):
        run, stream = 300_000 + number // 16, number % 16
        (folder / f"DQM_V0001_R{run:09}__Stream{stream:02}__Run20{18 + number % 7}{'ABCDEF'[number % 6]}-Prompt-v1__DQMIO.root").touch()
    start = time.perf_counter()
    hub.command("register", str(folder))
    add_row(f"register {SAMPLES:,} files", f"{time.perf_counter() - start:.1f} s", "10 s")
    start = time.perf_counter()
    hub.command("register", str(folder))
    add_row("register the same files again", f"{time.perf_counter() - start:.1f} s")
    client = Client(hub.port)
    for what, query in {
        "part of a run": "run=3045",
        "a run and part of a dataset": "run=304567&dataset=stream03",
        "part of a dataset, rare": "dataset=stream03&run=30456",
        "no match": "dataset=nosuch",
    }.items():
        add_row(
            f"search {SAMPLES:,} samples: {what}",
            f"{milliseconds(lambda query=query: client.get_ok(f'/api/v1/samples?{query}'), 51):.1f} ms",
            "5 ms",
        )
    add_row(f"all {SAMPLES:,} samples", f"{milliseconds(lambda: client.get_ok('/api/v1/samples'), 5):.0f} ms")
    add_row("latest runs", f"{milliseconds(lambda: client.get_ok('/api/v1/latest_runs'), 51):.1f} ms")
    add_row("home page", f"{milliseconds(lambda: client.get_ok('/'), 51):.1f} ms")


def with_hub(part: Callable[[Hub], None]) -> Callable[[Path], None]:
    """A benchmark that runs `part` on its own hub."""

    def run(folder: Path) -> None:
        with hub(folder) as running:
            part(running)

    return run


PARTS = {
    "files": with_hub(large_files),
    "snapshots": with_hub(snapshots),
    "live-snapshots": live_snapshots,
    "lumisections": with_hub(lumisections),
    "imports": with_hub(imports),
    "plots": with_hub(plots),
    "compare": with_hub(compare),
    "costs": costs,
    "search": with_hub(search),
    "layouts": layouts,
    "editors": with_hub(editors),
    "render": render,
    "windows": windows,
    "square": square,
    "polling": with_hub(polling),
    "publish": publish,
    "mirror": mirror,
    "delay": delay,
    "diary": diary,
    "transfer": transfer,
    "trends": trends,
    "alarms": alarms,
    "trends-page": trends_page,
    "backup": backup,
}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        sys.exit(f"There is no part {unknown[0]}; the parts are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="dqmhub-bench-") as folder:
        for name in names:
            PARTS[name](Path(folder) / name)
    print_table()


if __name__ == "__main__":
    main()
