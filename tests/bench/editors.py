"""Ten people who edit layouts and a thousand who read them, all through the web server: nothing that was stored is lost or shown late."""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from html import unescape
from typing import NamedTuple
from urllib.parse import urlencode

from app.core import database
from app.core.settings import Settings
from app.gui.layouts.editing.store import active_contents
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.pages.layouts.form_cells import rows_from_text, rows_text
from app.security import Role, accounts, tokens
from tests.bench.layouts import FIXTURES
from tests.bench.service import Hub
from tests.bench.table import add_row

EDITORS, READERS = 10, 1000
LAYOUTS, CELLS = 5, 20
"""Layouts that are edited, and plots in a row of them."""

SAMPLE = "367199/Large/Demo-1000-v1/DQMIO"
OPENED_S, LASTS_S = 10.0, 30.0
"""Time over which the readers begin, and time that is measured after it."""

EDIT_S, READ_S = 1.0, 10.0
"""Pause of a person after a change, and after a page."""

LONGEST_S = 60.0
PASSWORD = "seven-horses-in-the-rain"


class Crowd(NamedTuple):
    """What people share: the numbers of the layouts, and what was stored of each so far."""

    port: int
    numbers: list[int]
    stored: defaultdict[int, set[str]]
    end: float


class Counts(NamedTuple):
    """Durations of requests in s, and edits that were refused since somebody else was faster."""

    reads: list[float]
    edits: list[float]
    conflicts: list[int]


def editors(hub: Hub) -> None:
    """Measure with all layouts of the classic DQM GUI, if they are there, and compare the database with what editors were told."""
    hub.command("demo", "make", "--mes", "1000")
    hub.command("register", str(hub.data / "demo"))
    if (FIXTURES / "layouts.json").exists():
        hub.command("layouts", "import", str(FIXTURES / "layouts.json"))
    hub.get(f"/api/v1/archive/{SAMPLE}")  # waits until the file has been read
    database.connect(Settings(data_dir=str(hub.data)))
    layouts = [Layout(f"Editors/{_name(number)}", ("offline",), ((PlotCell("Editors/first"),),)) for number in range(LAYOUTS)]
    numbers = [each.arrangement for each in import_all(layouts)]
    secrets = [tokens.make(accounts.add(f"editor{number}", Role.EXPERT, PASSWORD), "bench", Role.EXPERT, 1)[1] for number in range(EDITORS)]
    arguments = json.dumps([hub.port, numbers, secrets])
    done = subprocess.run([sys.executable, "-m", "tests.bench.editors", arguments], stdout=subprocess.PIPE, text=True, check=True)
    stored, *summary = json.loads(done.stdout)
    for number, content in active_contents(numbers).items():
        assert isinstance(content, Layout)
        assert sorted(cell.plot for cell in content.plots) == sorted(["Editors/first", *stored.get(str(number), [])]), number
    what = f"{EDITORS} editors and {READERS:,} readers of layouts"
    for name, text in zip(("reads", "edits", "nothing lost"), summary, strict=True):
        add_row(f"{what}, {name}", text)
    database.disconnect()


def _name(number: int) -> str:
    return f"charge {number:02}"


async def _edit(crowd: Crowd, name: str, secret: str, counts: Counts) -> None:
    """Add plots to layouts by the form of the editor, as long as the crowd lasts."""
    chosen = random.Random(name)
    headers = {"Authorization": f"Bearer {secret}"}
    number = 0
    while time.monotonic() < crowd.end:
        layout, plot, start = chosen.choice(crowd.numbers), f"Editors/{name}-{number:04}", time.perf_counter()
        while not await _add(crowd, layout, plot, headers):
            counts.conflicts.append(layout)
        crowd.stored[layout].add(plot)
        counts.edits.append(time.perf_counter() - start)
        number += 1
        await asyncio.sleep(EDIT_S)


async def _add(crowd: Crowd, layout: int, plot: str, headers: dict[str, str]) -> bool:
    """Store a layout with a plot more; False if somebody else was faster."""
    address = f"/layouts/{layout}/edit"
    status, page = await _once(crowd.port, "GET", address, headers)
    assert status == 200, page[:500]
    hidden = {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)}
    place = re.search(r' name="path" value="([^"]*)"', page)
    assert place
    *rows, last = rows_from_text(hidden["rows"])
    rows += [(*last, PlotCell(plot))] if len(last) < CELLS else [last, (PlotCell(plot),)]
    form = {"path": unescape(place[1]), "scope": "offline", "based_on": hidden["based_on"], "rows": rows_text(tuple(rows))}
    form |= {"do": "activate", "reason": "one more plot"}
    status, text = await _once(crowd.port, "POST", address, headers, urlencode(form))
    assert status in (303, 409), (status, text[:500])
    return status == 303


async def _once(port: int, method: str, address: str, headers: dict[str, str], form: str = "") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if form:
        headers = headers | {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
    try:
        return await _send(reader, writer, method, address, headers | {"Connection": "close"}, form)
    finally:
        writer.close()


async def _read(crowd: Crowd, counts: Counts) -> None:
    """Look at layouts through the API and on the page of a sample; each shows all that was stored before the request."""
    await asyncio.sleep(random.uniform(0, OPENED_S))
    reader, writer = await asyncio.open_connection("127.0.0.1", crowd.port)
    while time.monotonic() < crowd.end:
        at = random.randrange(LAYOUTS)
        name = _name(at).replace(" ", "%20")
        address = random.choice((f"/api/v1/layouts?name={name}", f"/browse/{SAMPLE}/Editors/{name}"))
        expected, start = set(crowd.stored[crowd.numbers[at]]), time.perf_counter()
        try:
            status, text = await _send(reader, writer, "GET", address, {})
        except (asyncio.IncompleteReadError, ConnectionError):  # the server closes idle connections
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", crowd.port)
            status, text = await _send(reader, writer, "GET", address, {})
        counts.reads.append(time.perf_counter() - start)
        assert status == 200, (address, status, text[:500])
        late = [plot for plot in expected if plot.rpartition("/")[2] not in text]
        assert not late, (address, late)
        await asyncio.sleep(READ_S)
    writer.close()


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, address: str, headers: dict[str, str], body: str = ""
) -> tuple[int, str]:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n{body}".encode())
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_S)).decode()
    length = re.search(r"(?i)content-length: (\d+)", head)
    text = await reader.readexactly(int(length[1])) if length else b""
    return int(head.split()[1]), text.decode()


async def _main(port: int, numbers: list[int], secrets: list[str]) -> None:
    crowd = Crowd(port, numbers, defaultdict(set), time.monotonic() + OPENED_S + LASTS_S)
    counts = Counts([], [], [])
    people = [_edit(crowd, f"e{number}", secret, counts) for number, secret in enumerate(secrets)]
    await asyncio.gather(*people, *(_read(crowd, counts) for _ in range(READERS)))
    seconds = OPENED_S + LASTS_S
    kept = sum(map(len, crowd.stored.values()))
    print(
        json.dumps(
            [
                {number: sorted(plots) for number, plots in crowd.stored.items()},
                f"{_quantiles(counts.reads)}, {len(counts.reads) / seconds:.0f}/s",
                f"{_quantiles(counts.edits)}, {len(counts.edits) / seconds:.1f}/s, {len(counts.conflicts)} conflicts",
                f"{kept} plots in {LAYOUTS} layouts, each shown from the next request on",
            ]
        )
    )


def _quantiles(waits: list[float]) -> str:
    quantiles = statistics.quantiles(waits, n=100)
    return f"p50 {1000 * quantiles[49]:.0f} ms, p99 {1000 * quantiles[98]:.0f} ms"


if __name__ == "__main__":
    asyncio.run(_main(*json.loads(sys.argv[1])))
