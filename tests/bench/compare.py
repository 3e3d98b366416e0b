"""Pages with comparisons, complete in a browser: a folder of plots without and with references, and the numbers of a large map."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import uproot
from playwright.sync_api import Browser, sync_playwright

from tests.bench.service import Hub
from tests.bench.table import add_row

RUNS = (370_001, 370_002, 370_003)
DATASET = "/Bench/Compare-v1/DQMIO"
TILES = 60
TIMES = 7
WINDOW = {"width": 1366, "height": 8000}
"""A window in which no plot waits until it is scrolled to, pixels."""

ALL_DRAWN = "() => [...document.querySelectorAll('img.plot')].every(image => image.complete && image.naturalWidth)"


class Load(NamedTuple):
    """What it took until a page was complete."""

    seconds: float  # until the last plot was there
    cpu_s: float  # of all processes of the hub
    bytes: int  # that the browser received


def compare(hub: Hub) -> None:
    """Load a folder of TILES plots in a browser that has nothing cached, and read a map of 60,000 cells as JSON."""
    _write_files(hub.data / "demo")
    hub.command("register", str(hub.data / "demo"))
    place = f"{DATASET}/Bench/Folder"
    references = "&".join(f"ref={run}" for run in RUNS[1:])
    with sync_playwright() as playwright:
        program = shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        _load(hub, browser, f"/browse/{RUNS[0]}{place}?{references}")  # the lists are read
        for what, query in ((f"folder of {TILES} plots", ""), (f"the same with {len(RUNS) - 1} references", references)):
            cold = [_load(hub, browser, f"/browse/{RUNS[0]}{place}?{query}&ymax={1000 + turn}") for turn in range(TIMES)]
            cached = [_load(hub, browser, f"/browse/{RUNS[0]}{place}?{query}&ymax=1000") for _ in range(TIMES)]
            add_row(f"{what}, not drawn yet", _text(cold))
            add_row(f"{what}, drawn before", _text(cached))
        browser.close()
    numbers = [_load_json(hub, f"/api/v1/json/{RUNS[0]}{DATASET}/Bench/Map?turn={turn}") for turn in range(TIMES)]
    add_row("map of 300x200 as JSON, drawn before", f"{1000 * statistics.median(numbers):.0f} ms")


def _write_files(folder: Path) -> None:
    """One file for each run, with a folder of histograms and a map."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    for run in RUNS:
        with uproot.recreate(folder / f"DQM_V0001_R{run:09}__{'__'.join(DATASET.strip('/').split('/'))}.root") as file:
            top = f"DQMData/Run {run}/Bench/Run summary"
            for number in range(TILES):
                file[f"{top}/Folder/h{number:02}"] = np.histogram(random.normal(50, 10, 5000), 100, (0, 100))
            points = random.uniform(0, 300, 100_000), random.uniform(0, 200, 100_000)
            file[f"{top}/Map"] = np.histogram2d(*points, bins=(300, 200), range=((0, 300), (0, 200)))


def _load(hub: Hub, browser: Browser, address: str) -> Load:
    """Open a page in a new window, until all of its plots are drawn."""
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        received: list[int] = []
        network = context.new_cdp_session(page)
        network.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
        network.send("Network.enable")
        cpu, start = hub.cpu_s(), time.perf_counter()
        page.goto(hub.url + address)
        page.wait_for_selector(f"li.tile:nth-of-type({TILES}) img.plot")
        page.wait_for_function(ALL_DRAWN)
        return Load(time.perf_counter() - start, hub.cpu_s() - cpu, sum(received))


def _load_json(hub: Hub, address: str) -> float:
    start = time.perf_counter()
    hub.get(address)
    return time.perf_counter() - start


def _text(loads: list[Load]) -> str:
    seconds, cpu, size = (statistics.median(column) for column in zip(*loads, strict=True))
    return f"{seconds:.2f} s, CPU {1000 * cpu:.0f} ms, {size / 1000:.0f} kB"
