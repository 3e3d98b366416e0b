"""A folder of a sample with all layouts of the classic DQM GUI and with none, measured alternately; CPU and memory of the index."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from app.core.settings import TREE
from tests.bench.service import Hub, hub
from tests.bench.table import add_row

FIXTURES = Path(os.environ.get("DQMHUB_FIXTURES") or TREE.parent / "shared" / "fixtures") / "dqmgui"
MES = 100_000
ROUNDS, REQUESTS = 7, 20
"""Requests of a round, since the system counts CPU in steps of 10 ms."""
WARM = 10
"""Requests before the first round, so that each web process has the lists in memory."""

SAMPLE = f"367199/Large/Demo-{MES}-v1/DQMIO"

ADDRESSES = {
    "top folder, API": (f"/api/v1/archive/{SAMPLE}", "+2 ms"),
    "top folder, page": (f"/browse/{SAMPLE}", "+2 ms"),
    "search in the top folder, API": (f"/api/v1/archive/{SAMPLE}?search=occupancy", "+5 ms"),
}
"""Addresses that a sample has with and without layouts, and what these may add."""

FOLDER = "CSC/Layouts/CSC%20DQM%20Shifter/00%20Dump"
"""The folder with most layouts of a scope: 164."""

INDEX = """
import resource, sys, time
from app import areas
from app.core import database
from app.core.counters import version_of
from app.core.settings import Settings
from app.gui.layouts.showing.index import LayoutIndexes
from app.gui.layouts.models import COUNTER
def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
database.connect(Settings(data_dir=sys.argv[1]))
version_of(COUNTER)
before, start = memory(), time.process_time()
index = LayoutIndexes().of_scope("online")
print(time.process_time() - start, (memory() - before) / 2**20, len(index))
"""
"""A process that loads the index and prints CPU s, memory MB and the number of layouts."""


def layouts(folder: Path) -> None:
    """Measure a hub with all layouts and workspaces, and one with none."""
    if not FIXTURES.is_dir():
        add_row("layouts", f"not measured: the real layouts are not in {FIXTURES}")
        return
    with ExitStack() as stack:
        without, with_all = (stack.enter_context(hub(folder / name)) for name in ("none", "all"))
        for each in (without, with_all):
            each.command("demo", "make", "--mes", str(MES))
            each.command("register", str(each.data / "demo"))
        with_all.command("layouts", "import", str(FIXTURES / "layouts.json"), str(FIXTURES / "workspaces.json"))
        for what, (address, aim) in ADDRESSES.items():
            _compare(what, address, aim, without, with_all)
        for what, address in {"API": f"/api/v1/archive/{SAMPLE}/{FOLDER}", "page": f"/browse/{SAMPLE}/{FOLDER}"}.items():
            _warm(with_all, address)
            add_row(f"folder of 164 layouts, {what}, CPU", f"{statistics.median(_cpu_ms(with_all, address) for _ in range(ROUNDS)):.1f} ms")
        done = subprocess.run([sys.executable, "-c", INDEX, str(with_all.data)], cwd=TREE, check=True, capture_output=True, text=True)
        cpu_s, memory, count = map(float, done.stdout.split())
        add_row(f"{count:,.0f} layouts of a scope and the others, first look, CPU", f"{cpu_s:.2f} s", "1 s")
        add_row("the same, memory", f"{memory:.0f} MB", "30 MB")
        add_row(f"check of all layouts, names of {MES:,} MEs, CPU", f"{_check_cpu_s(with_all):.1f} s", "10 s")


def _compare(what: str, address: str, aim: str, *hubs: Hub) -> None:
    """Measure an address of both hubs in turns."""
    for each in hubs:
        _warm(each, address)
    rounds = [[_cpu_ms(each, address) for each in hubs] for _ in range(ROUNDS)]
    none, everything = (statistics.median(column) for column in zip(*rounds, strict=True))
    more = statistics.median(with_all - without for without, with_all in rounds)
    add_row(f"{what}, with all layouts, CPU", f"{everything:.1f} ms, {more:+.1f} ms to {none:.1f} ms with none", aim)


def _warm(hub: Hub, address: str) -> None:
    for _ in range(WARM):
        hub.get(address)


def _cpu_ms(hub: Hub, address: str) -> float:
    """CPU of the server for a request, ms."""
    before = hub.cpu_s()
    for _ in range(REQUESTS):
        hub.get(address)
    return 1000 * (hub.cpu_s() - before) / REQUESTS


def _check_cpu_s(hub: Hub) -> float:
    """CPU of a check of all layouts, s: the sample lacks their plots, so that the nearest names of each are searched for."""
    before = os.times()
    program = Path(sys.executable).with_name("dqmhub")
    subprocess.run([program, "layouts", "check"], env=hub.environment, stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
