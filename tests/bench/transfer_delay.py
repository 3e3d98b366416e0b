"""Delay from a client's rename of a snapshot to the plot in a browser, through FU, BU and GUI machine with default settings."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app.core.settings import TREE
from tests.bench.service import hub
from tests.bench.table import add_row
from tests.support.patience import PATIENCE_S

RUN, CLIENT, ME = 367094, "Clock", "lumisection"
LUMIS = 50
LUMI_S = 11.0
"""Shorter than that of the LHC, but longer than the period of the BU, so that no lumisection takes the delay of another."""
OTHERS = 8
"""Other clients, which write their snapshots within SPREAD_S before or after."""
SPREAD_S = 2.0
WINDOW = {"width": 1366, "height": 768}
PLOT = f"/browse/{RUN}/Global/Online/ALL/{CLIENT}/{ME}"
EDGE = """() => {
    const image = document.querySelector("img.plot-large");
    if (!image || !image.complete || !image.naturalWidth) return null;
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const {width, height} = canvas, row = context.getImageData(0, Math.round(height * 0.233), width, 1).data;
    return [...Array(width).keys()].filter(x => row[4 * x] < 80 && !(row[4 * x - 4] < 80));
}"""
"""Columns where lines begin, at a height without labels and ticks: the frame on the left, the edge of the histogram, the frame."""


def transfer_delay(folder: Path) -> None:
    """Measure 50 lumisections: bins of the histogram up to the lumisection are 1, so that its edge in the plot is a time stamp."""
    snapshots, data = folder / "snapshots", folder / "hub"
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.bench.transfer_snapshots", snapshots, str(LUMIS)], cwd=TREE, check=True)
    with hub(data) as running, _services(folder, running.url, data / "demo"), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium-headless-shell"), args=["--no-sandbox"])
        written: dict[int, float] = {}
        threading.Thread(target=_write_all, args=(snapshots, folder / "upload", written), daemon=True).start()
        shown = _watch(browser.new_page(viewport=WINDOW), running.url + PLOT)
        browser.close()
    delays = sorted(shown[lumi] - written[lumi] for lumi in shown if lumi > 1)  # the page is opened after the first
    what = f"a client's rename to the plot in the browser, {len(delays)} lumisections"
    add_row(f"{what}, median", f"{delays[len(delays) // 2]:.1f} s")
    add_row(f"{what}, 95 %", f"{delays[int(0.95 * len(delays))]:.1f} s", "15 s")
    add_row(f"{what}, worst", f"{delays[-1]:.1f} s")


def _write_all(snapshots: Path, upload: Path, written: dict[int, float]) -> None:
    """Write the snapshots of all clients, each at its time."""
    chance = random.Random(1)
    start = time.monotonic()
    for lumi in range(1, LUMIS + 1):
        base = start + lumi * LUMI_S + chance.uniform(0, 2)
        times = [(base, CLIENT), *((base + chance.uniform(-SPREAD_S, SPREAD_S), f"Other{number}") for number in range(OTHERS))]
        for at, client in sorted(times):
            time.sleep(max(0.0, at - time.monotonic()))
            _write(upload, client, (snapshots / f"{lumi if client == CLIENT else 'other'}.pb").read_bytes())
            if client == CLIENT:
                written[lumi] = time.monotonic()


def _write(upload: Path, client: str, content: bytes) -> None:
    """Write a snapshot as a client does, with its report."""
    stem = upload / "pb" / f"run{RUN:06}" / f"run{RUN:06}_{client}_DQMLive"
    stem.parent.mkdir(parents=True, exist_ok=True)
    report = f'{{"data":["-1","-1","0","0","{stem.name}.pb","{len(content)}","","-1","","","0"],"source":"fu1_{os.getpid()}"}}'
    for ending, part in ((".pb", content), (".jsn", report.encode())):
        temporary = Path(f"{stem}{ending}.open")
        temporary.write_bytes(part)
        temporary.rename(f"{stem}{ending}")


def _watch(page: Page, address: str) -> dict[int, float]:
    """The moment when each lumisection is first seen on the page, or a later one."""
    shown: dict[int, float] = {}
    last, end = 0, time.monotonic() + LUMIS * LUMI_S + PATIENCE_S
    while last < LUMIS:
        assert time.monotonic() < end, f"after lumisection {last} nothing came"
        if not last and not page.query_selector("img.plot-large"):
            page.goto(address)
        lumi = _lumi(page.evaluate(EDGE))
        for one in range(last + 1, lumi + 1):
            shown[one] = time.monotonic()
        last = max(last, lumi)
        time.sleep(0.1)
    return shown


def _lumi(lines: list[int] | None) -> int:
    """The lumisection that a plot shows: its last bin with an entry; 0 while there is no plot."""
    if not lines:
        return 0
    left, edge, right = lines
    return round((edge - left) / (right - left) * (LUMIS + 1))


@contextmanager
def _services(folder: Path, hub_url: str, gui: Path) -> Iterator[None]:
    """The processes of an FU and a BU, whose GUI machine has its folders below `gui`."""
    places = {name: folder / name for name in ("upload", "bu", "boxes", "state-fu", "state-bu")}
    for place in (*places.values(), gui / "pb", gui / "root"):
        place.mkdir(parents=True, exist_ok=True)
    hubs = f'[[hubs]]\nurl = "{hub_url}"\n'
    (folder / "fu.toml").write_text(
        f'host = "fu1"\nstate = "{places["state-fu"]}"\n{hubs}[fu]\nfolder = "{places["upload"]}"\ntarget = "{places["bu"]}"\n'
    )
    (folder / "bu.toml").write_text(
        f'host = "bu1"\nstate = "{places["state-bu"]}"\n{hubs}'
        f'[bu]\nfolder = "{places["bu"]}"\nheartbeats = "{places["boxes"]}"\nhadd = "/bin/false"\nroot = "/bin/false"\n'
        f'[[bu.gui_machines]]\nname = "gui1"\npb_folder = "{gui}/pb"\nroot_folder = "{gui}/root"\nhub = "{hub_url}"\n'
    )
    (places["boxes"] / "fu1").write_text(f'{{"activeRuns": [{RUN}]}}')
    processes = []
    try:
        for mode in ("fu", "bu"):
            command = [sys.executable, "-m", "services.transfer", mode, "--config", folder / f"{mode}.toml"]
            with (folder / f"{mode}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, cwd=TREE, stderr=log))
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE_S)
