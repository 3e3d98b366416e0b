"""The production runs of the simulator of P5, so that DQM^2 and the DQM GUI agree about each run."""

from __future__ import annotations

import http.client
import json
from typing import NamedTuple

from app.gui.demo.make import Conditions

_TIMEOUT_S = 10.0


class SimulatedRun(NamedTuple):
    """A run in progress at the simulated P5."""

    run: int
    lumi: int  # lumisections so far
    lumis: int  # lumisections at its end


class SimulatedRuns(NamedTuple):
    """The production runs since the start of the simulator."""

    ongoing: SimulatedRun | None  # None between two runs
    conditions: dict[int, Conditions]  # by run


def simulated_runs(port: int) -> SimulatedRuns:
    """The runs of the simulator that listens on this port.

    Raises OSError and http.client.HTTPException if the simulator does not respond, ValueError and KeyError if it is none.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/_simulator/status")
        production = json.loads(connection.getresponse().read())["systems"]["production"]
    finally:
        connection.close()
    ongoing = SimulatedRun(production["run"], production["lumi"], production["lumis"]) if production["run"] else None
    conditions = {row["run"]: Conditions(row["started"], row["release"]) for row in production["conditions"]}
    return SimulatedRuns(ongoing, conditions)
