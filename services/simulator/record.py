"""Record the documents of hosts at P5: `python -m services.simulator.record http://GATEWAY:9215 FILE HOST...`."""

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
    """Read the command line and record for some time or until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m services.simulator.record", description="Record the documents of hosts at P5.")
    parser.add_argument("address", help="URL of the gateway, http://GATEWAY:9215")
    parser.add_argument("file", type=Path, help="file to append to")
    parser.add_argument("hosts", nargs="+", help="hosts")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="duration (default: until Ctrl-C)")
    parser.add_argument("--period", type=float, default=5.0, help="seconds between two polls (%(default)s)")
    options = parser.parse_args()
    known = dict.fromkeys(options.hosts, 0)
    end = time.monotonic() + options.seconds
    with options.file.open("a", encoding="utf-8") as file:
        while True:
            for host in options.hosts:
                try:
                    known[host] = record(options.address, host, known[host], file)
                except (OSError, ValueError, KeyError) as error:
                    print(f"{host}: {error}", flush=True)
            if time.monotonic() + options.period > end:
                return
            time.sleep(options.period)


def record(address: str, host: str, known: int, file: TextIO) -> int:
    """Write the documents of a machine that are newer than the revision `known`, with the times of their headers.

    Returns the newest revision.
    """
    rows = [
        header for message in exchange(address, host, {"event": "sync_request", "known_rev": known + 1}) for header in message["headers"]
    ]
    times = {header["_id"]: header["timestamp"] for header in rows}
    ids = list(times)
    for start in range(0, len(ids), DOCUMENTS_PER_REQUEST):
        for message in exchange(address, host, {"event": "request_documents", "ids": ids[start : start + DOCUMENTS_PER_REQUEST]}):
            for document in message["documents"]:
                file.write(json.dumps({"at": times[document["_id"]], "host": host, "document": document}) + "\n")
    file.flush()
    return max([known, *(int(header["_rev"]) for header in rows)])


def exchange(address: str, host: str, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send one message to a machine through the gateway, and parse the messages in the response."""
    body = json.dumps({"messages": [json.dumps(message)]}).encode()
    with urllib.request.urlopen(f"{address.rstrip('/')}/redirect?path={host}&port=9215", body, timeout=TIMEOUT_S) as response:
        for text in json.load(response)["messages"]:
            yield json.loads(text)


if __name__ == "__main__":
    main()
