"""Snapshots for the tests of the mirror, signed with a key of theirs; and what a hub would put into them."""

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
PUBLIC = KEY.public_key().public_bytes_raw().hex()
SERIES = "20260101T000000Z-aaaa"
STARTED = 1767225600.0

Client = list[Any]


def snapshot(
    items: Iterable[Item], since: int = 0, until: int = 1, *, at: float | None = None, series: str = SERIES, started: float = STARTED,
    key: Ed25519PrivateKey = KEY, hub: str = "Test hub",
) -> bytes:  # fmt: skip
    """A signed snapshot, made now unless `at` says otherwise."""
    return pack(Snapshot(series, started, since, until, time.time() if at is None else at, hub, list(items)), key)


def html(kind: str, system: str, run: int, name: str, text: str) -> Item:
    return Item(ItemKey(kind, system, run, name), "text/html; charset=utf-8", "gzip", gzip.compress(text.encode(), mtime=0))


def data(kind: str, system: str, run: int, name: str, value: Any) -> Item:
    return Item(ItemKey(kind, system, run, name), "application/json", "gzip", gzip.compress(json.dumps(value).encode(), mtime=0))


def gone(kind: str, system: str, run: int, name: str) -> Item:
    return Item(ItemKey(kind, system, run, name), "", "", None)


def job(name: str, *, code: int = -1, reported: float | None = None, lumi: int = 99, events: int = 1165, identifier: str = "") -> Client:
    """A client of `run` `data`."""
    at = time.time() if reported is None else reported
    return [
        at,
        "dqmfu-c2b03-..",
        code,
        name,
        lumi,
        "521724 kB",
        events,
        identifier or hashlib.sha256(name.encode()).hexdigest()[:20],
        0.5,
        "0",
    ]


def run_data(run: int, clients: list[Client], system: str = "production", **facts: Any) -> Item:
    said = {
        "run": run,
        "data_run": run,
        "runkey": "cosmic_run",
        "cmssw": "12_4_8",
        "first": STARTED,
        "last": STARTED + 60,
        "clients": clients,
    }
    return data("run", system, run, "data", said | facts)


def a_run(run: int, clients: list[Client], system: str = "production", newest: bool = True) -> list[Item]:
    """What a hub publishes of a run: page, data, a log, charts, and the live page when it is the newest."""
    text = f'<h1>Run {run}</h1><p><span data-since="{STARTED:.0f}"></span></p>'
    text += "".join(f'<p><a href="logs/{run}/{client[7]}">{client[3]}</a></p>' for client in clients)
    found = [html("run", system, run, "page", text), run_data(run, clients, system)]
    for client in clients[:1]:
        found += [
            html("log", system, run, client[7], f"<h1>Log of {client[3]}</h1>"),
            Item(
                ItemKey("logtext", system, run, client[7]),
                "text/plain; charset=utf-8",
                "gzip",
                gzip.compress(b"first line\n ... \nlast <line>\n", mtime=0),
            ),
        ]
    found += [
        Item(ItemKey("chart", system, run, "delivery.svg"), "image/svg+xml", "gzip", gzip.compress(b'<svg xmlns="http://www.w3.org/2000/svg"/>', mtime=0)),
        Item(ItemKey("chart", system, run, "delivery.png"), "image/png", "", b"\x89PNG\r\n\x1a\nno real one"),
        Item(ItemKey("chart", system, run, "delivery.csv"), "text/csv; charset=utf-8", "", b"lumi,delay\n1,22.5\n"),
    ]  # fmt: skip
    return [*found, html("live", system, 0, "page", text + "<p>machines</p>")] if newest else found
