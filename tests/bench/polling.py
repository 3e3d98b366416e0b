"""Load of a thousand browsers that poll an ongoing run: responses, latency, and memory of the web server."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import NamedTuple

from app.alarms.definition import AlarmRuleDefinition
from app.alarms.models import COUNTER as ALARM_COUNTER
from app.alarms.models import NEW, PlotAlarm
from app.alarms.store import save_rule
from app.core import database
from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.square.models import Host, Job, Run
from tests.bench.service import Hub
from tests.bench.table import add_row

BROWSERS = 1000
EVERY_S = 3.0
OPENED_S = 10.0
"""Time over which the browsers are started."""

LASTS_S = 20.0
CLIENTS = 31
LONGEST_S = 60.0
SYSTEM = "production"
ALARMS = 500


def polling(hub: Hub) -> None:
    """Measure with 31 jobs that report every 30 s, so that nearly every poll has news, then without any news, and then with alarms."""
    database.connect(Settings(data_dir=str(hub.data)))
    _create_run()
    before = _memory(hub)
    polls = f"{BROWSERS:,} browsers poll DQM^2 every {EVERY_S:g} s"
    add_row(f"{polls}, a job reports every second", crowd(hub.port, "hub", _report), "p99 500 ms")
    quiet = crowd(hub.port, "hub", lambda: None)
    add_row(f"{polls}, no news", quiet, "p99 500 ms")
    alarmed = _with_alarms(lambda alarm: crowd(hub.port, "hub", alarm))
    add_row(f"{polls}, no news but {ALARMS} alarms and a new one every second", alarmed, "p99 500 ms")
    add_row("p99 with these alarms to p99 without", f"{_p99(alarmed) / _p99(quiet):.2f}", "about 1")
    listed = _with_alarms(lambda alarm: crowd(hub.port, "alarms", alarm))
    add_row(f"{BROWSERS:,} browsers poll the list of these alarms every {EVERY_S:g} s, a new one every second", listed, "p99 500 ms")
    add_row("memory of the web server meanwhile", f"{before:.0f} MB, then {_memory(hub):.0f} MB", "flat")
    database.disconnect()


def crowd(port: int, site: str, each_second: Callable[[], None]) -> str:
    """Run a thousand browsers on a site of SITES and return a summary of their polls. Calls `each_second` meanwhile."""
    browsers = subprocess.Popen([sys.executable, "-m", "tests.bench.polling", str(port), site], stdout=subprocess.PIPE, text=True)
    while browsers.poll() is None:
        each_second()
        time.sleep(1)
    assert browsers.returncode == 0
    assert browsers.stdout
    return browsers.stdout.read().strip()


def _create_run() -> None:
    now = time.time()
    with proxy.atomic():
        version = advance(SYSTEM)
        for number in range(CLIENTS):
            tag = f"client{number:02}_dqm_sourceclient-live"
            progress = {"lumi": 1, "events": 100, "rate": 1.0, "rss_kb": 500_000, "started": now, "reported": now}
            identity = {"system": SYSTEM, "key": f"job {number}", "run": 1, "tag": tag, "host": "fu", "pid": number}
            Job.create(**identity, **progress, cmssw="14_0_0", runkey="pp_run", path="", version=version)
        Run.create(system=SYSTEM, run=1, first=now, last=now, jobs=CLIENTS, running=CLIENTS, version=version)
        Host.create(system=SYSTEM, name="fu", role="fu", last_ok=now + 3600, last_new=now, version=version)


def _report() -> None:
    """Write the changes of one job report to the database, like the poller."""
    now = time.time()
    with proxy.atomic():
        version = advance(SYSTEM)
        Job.update(reported=now, lumi=Job.lumi + 1, version=version).where(Job.key == f"job {random.randrange(CLIENTS)}").execute()
        Run.update(last=now, version=version).where(Run.system == SYSTEM).execute()


def _with_alarms(measure: Callable[[Callable[[], None]], str]) -> str:
    """Measure with open alarms and a function that raises one more."""
    rule = save_rule(AlarmRuleDefinition("bench", "DT", "quality"), number=None, user="bench")

    def raise_alarm() -> None:
        now = time.time()
        with proxy.atomic():
            version = advance(ALARM_COUNTER)
            subject = f"DT/{PlotAlarm.select().count()}"
            times = {"begun": now, "raised": now, "judged": now, "told": now}
            PlotAlarm.create(rule=rule, subject=subject, run=0, state=NEW, detail="", version=version, **times)

    for _ in range(ALARMS):
        raise_alarm()
    found = measure(raise_alarm)
    rule.delete_instance()
    return found


def _p99(summary: str) -> float:
    found = re.search(r"p99 (\d+) ms", summary)
    assert found, summary
    return float(found[1])


def _memory(hub: Hub) -> float:
    """Resident memory of the processes of the web server in MB."""
    found = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text()) for process in hub.web_processes()]
    return sum(int(one[1]) for one in found if one) / 1024


class Site(NamedTuple):
    """How browsers poll a site."""

    page: str
    """Address of the first request."""

    next_request: Callable[[str, bytes], tuple[str, str]]
    """Returns address and headers of the next request from head and body of a response with news."""

    proxied: bool
    """Each browser has its own address, as behind a reverse proxy that the site trusts."""


def _next_hub_request(head: str, body: bytes) -> tuple[str, str]:
    found = re.search(rb'hx-get="([^"]*since=[^"]*)"', body)
    assert found, head
    return unescape(found[1].decode()), "HX-Request: true\r\nHX-Target: square\r\n"


def _next_mirror_request(head: str, body: bytes) -> tuple[str, str]:
    found = re.search(r"(?i)\ndata-tag: (\w+)", head)
    assert found, head
    return f"/live?since={found[1]}", "Accept-Encoding: gzip\r\n"


SITES = {
    "hub": Site("/square", _next_hub_request, proxied=False),
    "alarms": Site("/alarms", _next_hub_request, proxied=False),
    "mirror": Site("/live?since=", _next_mirror_request, proxied=True),
}


async def _browser(port: int, site: Site, number: int, begin: float, end: float, waits: list[float], kinds: list[int]) -> None:
    """Load a page once, then poll with the address from the last response."""
    await asyncio.sleep(random.uniform(0, OPENED_S))
    proxy_header = f"X-Forwarded-For: 10.0.{number // 250}.{number % 250}\r\n" if site.proxied else ""
    address, headers = site.page, ""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            head, body = await _get(reader, writer, address, proxy_header + headers)
        except (asyncio.IncompleteReadError, ConnectionError):  # the server closes idle connections
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head, body = await _get(reader, writer, address, proxy_header + headers)
        status = int(head.split()[1])
        assert status in (200, 204), head
        if time.monotonic() > begin:
            waits.append(time.perf_counter() - start)
            kinds.append(status)
        if status == 200:
            address, headers = site.next_request(head, body)
        await asyncio.sleep(EVERY_S)
    writer.close()


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, headers: str) -> tuple[str, bytes]:
    writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_S)).decode()
    length = re.search(r"(?i)content-length: (\d+)", head)
    return head, await reader.readexactly(int(length[1])) if length else b""


async def _main(port: int, site: Site) -> None:
    waits: list[float] = []
    kinds: list[int] = []
    begin = time.monotonic() + OPENED_S + EVERY_S
    await asyncio.gather(*(_browser(port, site, number, begin, begin + LASTS_S, waits, kinds) for number in range(BROWSERS)))
    quantiles = statistics.quantiles(waits, n=100)
    news = kinds.count(200) / len(kinds)
    print(f"p50 {1000 * quantiles[49]:.0f} ms, p99 {1000 * quantiles[98]:.0f} ms, {len(waits) / LASTS_S:.0f}/s, {news:.0%} with news")


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), SITES[sys.argv[2]]))
