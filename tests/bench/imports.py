"""What somebody who looks at a page notices of others who have large files read for the first time."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection

from tests.bench.service import Hub
from tests.bench.table import say

FILES = 10
MES = 100_000
LONGEST_S = 120
PAUSE_S = 0.01


def imports(hub: Hub) -> None:
    """Ten files of 100,000 MEs each are asked for at once, while one client asks for the same warm page again and again."""
    hub.command("demo", "make")
    hub.command("register", str(hub.data / "demo"))
    (large,) = hub.command("demo", "make", "--mes", str(MES), "--folder", str(hub.data / "demo" / "large")).splitlines()
    runs = range(367_301, 367_301 + FILES)
    for run in runs:
        os.link(large, hub.data / "demo" / "large" / f"DQM_V0001_R{run:09}__Large__Copy-v1__DQMIO.root")
    hub.command("register", str(hub.data / "demo" / "large"))
    page = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/PixelPhase1/EventInfo"
    before = _warm(hub, page, lambda count: count >= 300)
    readers = [threading.Thread(target=_first, args=(hub, f"/api/v1/archive/{run}/Large/Copy-v1/DQMIO")) for run in runs]
    start = time.monotonic()
    for reader in readers:
        reader.start()
    during = _warm(hub, page, lambda count: count > 1 and not any(reader.is_alive() for reader in readers))
    say(f"{FILES} first looks at files of {MES:,} MEs at once", f"{time.monotonic() - start:.1f} s")
    say("a warm page meanwhile, p95", f"{during:.0f} ms", "50 ms")
    say("a warm page otherwise, p95", f"{before:.0f} ms")


def _warm(hub: Hub, page: str, over: Callable[[int], bool]) -> float:
    """95 of 100 answers took less, ms. `over` is told how many there were."""
    times: list[float] = []
    connection = HTTPConnection("127.0.0.1", hub.port, timeout=LONGEST_S)
    while not over(len(times)):
        start = time.perf_counter()
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times.append(1000 * (time.perf_counter() - start))
        time.sleep(PAUSE_S)
    return statistics.quantiles(times, n=20)[-1]


def _first(hub: Hub, address: str) -> None:
    """Ask until the list is there."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", hub.port, timeout=LONGEST_S)
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            return
        time.sleep(float(answer.headers.get("Retry-After", 1)))
