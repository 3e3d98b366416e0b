"""Sample snapshots for tests of the mirror, signed with a test key, and items as a hub publishes them."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.snapshot import Item, ItemKey, Snapshot, pack

KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a hub of the tests").digest())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"somebody else").digest())
PUBLIC_KEY = KEY.public_key().public_bytes_raw().hex()
SERIES = "20260101T000000Z-aaaa"
STARTED = 1767225600.0

Client = list[Any]


def snapshot(
    items: Iterable[Item],
    since: int = 0,
    until: int = 1,
    *,
    at: float | None = None,
    series: str = SERIES,
    started: float = STARTED,
    key: Ed25519PrivateKey = KEY,
    hub: str = "Test hub",
) -> bytes:
    """A signed snapshot, by default with the current time."""
    return pack(Snapshot(series, started, since, until, time.time() if at is None else at, hub, list(items)), key)


def html_item(kind: str, system: str, run: int, name: str, text: str) -> Item:
    """An HTML fragment."""
    return _gzip_item(ItemKey(kind, system, run, name), "text/html; charset=utf-8", text.encode())


def json_item(kind: str, system: str, run: int, name: str, value: Any) -> Item:
    """A JSON value."""
    return _gzip_item(ItemKey(kind, system, run, name), "application/json", json.dumps(value).encode())


def removed_item(kind: str, system: str, run: int, name: str) -> Item:
    """The removal of an item."""
    return Item(ItemKey(kind, system, run, name), "", "", None)


def client(name: str, *, code: int = -1, reported: float | None = None, lumi: int = 99, events: int = 1165, identifier: str = "") -> Client:
    """A client in the data of a run; by default it is running and has just reported."""
    at = time.time() if reported is None else reported
    identifier = identifier or hashlib.sha256(name.encode()).hexdigest()[:20]
    return [at, "dqmfu-c2b03-..", code, name, lumi, "521724 kB", events, identifier, 0.5, "0"]


def run_data(run: int, clients: list[Client], system: str = "production", **facts: Any) -> Item:
    """The data of a run."""
    data = {
        "run": run,
        "data_run": run,
        "runkey": "cosmic_run",
        "cmssw": "12_4_8",
        "first": STARTED,
        "last": STARTED + 60,
        "clients": clients,
    }
    return json_item("run", system, run, "data", data | facts)


def run_items(run: int, clients: list[Client], system: str = "production", newest: bool = True) -> list[Item]:
    """All items of a run: page, data, a log, charts, and the live page if it is the newest run."""
    page = f'<h1>Run {run}</h1><p><span data-since="{STARTED:.0f}"></span></p>'
    page += "".join(f'<p><a href="logs/{run}/{client[7]}">{client[3]}</a></p>' for client in clients)
    items = [html_item("run", system, run, "page", page), run_data(run, clients, system)]
    for client in clients[:1]:
        log = b"first line\n ... \nlast <line>\n"
        items.append(html_item("log", system, run, client[7], f"<h1>Log of {client[3]}</h1>"))
        items.append(_gzip_item(ItemKey("logtext", system, run, client[7]), "text/plain; charset=utf-8", log))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    items += [
        _gzip_item(ItemKey("chart", system, run, "delivery.svg"), "image/svg+xml", svg),
        Item(ItemKey("chart", system, run, "delivery.png"), "image/png", "", b"\x89PNG\r\n\x1a\nno real one"),
        Item(ItemKey("chart", system, run, "delivery.csv"), "text/csv; charset=utf-8", "", b"lumi,delay\n1,22.5\n"),
    ]
    return [*items, html_item("live", system, 0, "page", page + "<p>machines</p>")] if newest else items


def _gzip_item(key: ItemKey, content_type: str, content: bytes) -> Item:
    return Item(key, content_type, "gzip", gzip.compress(content, mtime=0))
