"""Effect of the first reading of large files on the response time of other pages."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection

from tests.bench.service import Hub
from tests.bench.table import add_row

FILES = 10
MES = 100_000
LONGEST_S = 120
PAUSE_S = 0.01


def imports(hub: Hub) -> None:
    """Request ten files of 100,000 MEs at once, while one client repeatedly requests the same cached page."""
    hub.command("demo", "make")
    hub.command("register", str(hub.data / "demo"))
    (large,) = hub.command("demo", "make", "--mes", str(MES), "--folder", str(hub.data / "demo" / "large")).splitlines()
    runs = range(367_301, 367_301 + FILES)
    for run in runs:
        os.link(large, hub.data / "demo" / "large" / f"DQM_V0001_R{run:09}__Large__Copy-v1__DQMIO.root")
    hub.command("register", str(hub.data / "demo" / "large"))
    page = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/PixelPhase1/EventInfo"
    before = _response_time(hub, page, lambda count: count >= 300)
    readers = [threading.Thread(target=_wait_for_listing, args=(hub, f"/api/v1/archive/{run}/Large/Copy-v1/DQMIO")) for run in runs]
    start = time.monotonic()
    for reader in readers:
        reader.start()
    during = _response_time(hub, page, lambda count: count > 1 and not any(reader.is_alive() for reader in readers))
    add_row(f"{FILES} files of {MES:,} MEs each, first listing at once", f"{time.monotonic() - start:.1f} s")
    add_row("a cached page meanwhile, p95", f"{during:.0f} ms", "50 ms")
    add_row("a cached page without imports, p95", f"{before:.0f} ms")


def _response_time(hub: Hub, page: str, over: Callable[[int], bool]) -> float:
    """95th percentile of the response time of a page in ms. Repeats until `over(number of responses)` is true."""
    times: list[float] = []
    connection = HTTPConnection("127.0.0.1", hub.port, timeout=LONGEST_S)
    while not over(len(times)):
        start = time.perf_counter()
        connection.request("GET", page)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        times.append(1000 * (time.perf_counter() - start))
        time.sleep(PAUSE_S)
    return statistics.quantiles(times, n=20)[-1]


def _wait_for_listing(hub: Hub, address: str) -> None:
    """Repeat the request until the listing is available."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", hub.port, timeout=LONGEST_S)
        connection.request("GET", address)
        response = connection.getresponse()
        response.read()
        if response.status == 200:
            return
        time.sleep(float(response.headers.get("Retry-After", 1)))
