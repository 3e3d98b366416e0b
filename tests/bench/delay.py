"""Delay between a new state at P5 and its display on the page, with the default intervals of the hub."""

from __future__ import annotations

import random
import re
import statistics
import threading
import time
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.square.settings import SquareSettings
from tests.bench.table import add_row
from tests.square.chain import Chain, chain
from tests.support.p5 import FU
from tests.support.processes import until
from tests.support.servers import migrate

STATES = 12
BROWSERS = 8
POLL = re.compile(r'hx-get="([^"]*since=[^"]*)"')


def delay(folder: Path) -> None:
    """Measure when browsers with shifted polling phases first display states that appear at random times."""
    settings = Settings(data_dir=str(folder), square_production=(FU,), square_playback=())
    migrate(settings)
    rng = random.Random(1)
    with chain(settings, "--quiet-start", services=("web", "live", "p5")) as running:
        _new_state(running, 1000)
        until(lambda: ">1000<" in running.get("/square"), "the first state")
        seen: dict[int, list[float]] = {}
        over = threading.Event()
        browsers = [
            threading.Thread(target=_browse, args=(running, number * settings.of(SquareSettings).square_refresh_s / BROWSERS, seen, over))
            for number in range(BROWSERS)
        ]
        for browser in browsers:
            browser.start()
        delays: list[float] = []
        for state in range(1001, 1001 + STATES):
            time.sleep(rng.uniform(1, 4))
            seen[state], start = [], time.monotonic()
            _new_state(running, state)
            until(partial(_by_all, seen[state]), "every browser")
            delays += [at - start for at in seen[state]]
        over.set()
        for browser in browsers:
            browser.join()
    add_row("new state at P5 to the page, median", f"{statistics.median(delays):.1f} s", "3 s")
    add_row(f"new state at P5 to the page, worst of {len(delays)}", f"{max(delays):.1f} s", "6 s")


def _by_all(moments: list[float]) -> bool:
    return len(moments) == BROWSERS


def _new_state(running: Chain, lumi: int) -> None:
    job: dict[str, Any] = {"_id": "job", "type": "dqm-source-state", "hostname": FU, "run": 7, "tag": "beam", "cmssw_lumi": str(lumi)}
    running.p5.incident("upload", host=FU, documents=[job | {"report_timestamp": time.time()}])


def _browse(running: Chain, phase_s: float, seen: dict[int, list[float]], over: threading.Event) -> None:
    """Poll like the page, and record when each state appears."""
    page, shown = running.get("/square"), 1000
    due = time.monotonic() + phase_s
    while not over.wait(max(due - time.monotonic(), 0)):
        due += running.settings.of(SquareSettings).square_refresh_s
        address = POLL.search(page)
        assert address
        page = running.get(unescape(address[1])) or page
        state = max(map(int, re.findall(r">(1\d\d\d)<", page)))
        if state > shown:
            shown = state
            seen[state].append(time.monotonic())
