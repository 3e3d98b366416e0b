"""Write what machines at P5 are sent into a recording: `python -m services.simulator.record http://GATEWAY:9215 FILE HOST...`."""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

DOCUMENTS_PER_REQUEST = 50
TIMEOUT_S = 30.0


def main() -> None:
    """Read the command line and record until Ctrl-C or for the time that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m services.simulator.record", description="Record the documents of machines at P5.")
    parser.add_argument("address", help="of the gateway, http://GATEWAY:9215")
    parser.add_argument("file", type=Path, help="where to; what is there already stays")
    parser.add_argument("hosts", nargs="+", help="machines")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="how long; default: until Ctrl-C")
    parser.add_argument("--period", type=float, default=5.0, help="seconds between two questions (%(default)s)")
    given = parser.parse_args()
    known = dict.fromkeys(given.hosts, 0)
    end = time.monotonic() + given.seconds
    with given.file.open("a", encoding="utf-8") as file:
        while True:
            for host in given.hosts:
                try:
                    known[host] = record(given.address, host, known[host], file)
                except (OSError, ValueError, KeyError) as error:
                    print(f"{host}: {error}", flush=True)
            if time.monotonic() + given.period > end:
                return
            time.sleep(given.period)


def record(address: str, host: str, known: int, file: TextIO) -> int:
    """Write the documents of a machine after a revision; returns the newest revision. A row's time is that of its header."""
    rows = [header for message in ask(address, host, {"event": "sync_request", "known_rev": known + 1}) for header in message["headers"]]
    times = {header["_id"]: header["timestamp"] for header in rows}
    ids = list(times)
    for start in range(0, len(ids), DOCUMENTS_PER_REQUEST):
        for message in ask(address, host, {"event": "request_documents", "ids": ids[start : start + DOCUMENTS_PER_REQUEST]}):
            for document in message["documents"]:
                file.write(json.dumps({"at": times[document["_id"]], "host": host, "document": document}) + "\n")
    file.flush()
    return max([known, *(int(header["_rev"]) for header in rows)])


def ask(address: str, host: str, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The messages that answer one message to a machine, by way of the gateway."""
    body = json.dumps({"messages": [json.dumps(message)]}).encode()
    with urllib.request.urlopen(f"{address.rstrip('/')}/redirect?path={host}&port=9215", body, timeout=TIMEOUT_S) as answer:
        for text in json.load(answer)["messages"]:
            yield json.loads(text)


if __name__ == "__main__":
    main()
