"""The production runs of the simulator of P5, so that DQM^2 and the demo files agree about each run."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from app.gui.demo.make import INDEX, Conditions, make_demo

_TIMEOUT_S = 10.0


def adapt_demo(folder: Path, program: Path, port: int) -> None:
    """Make demo files again whose runs have another start or release at the simulator of P5 that listens on a port.

    Raises `OSError` if the simulator does not respond or the files cannot be made, `RuntimeError` if the program fails,
    `ValueError` and `KeyError` if something else listens on the port.
    """
    if not (folder / INDEX).exists():
        return
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_simulator/status", timeout=_TIMEOUT_S) as response:
        rows = json.load(response)["systems"]["production"]["conditions"]
    make_demo(folder, program, None, lambda _: None, {row["run"]: Conditions(row["started"], row["release"]) for row in rows})
