"""The ongoing production run of the simulator of P5, so that the pages of DQM^2 and of the DQM GUI show the same run."""

from __future__ import annotations

import http.client
import json
from typing import NamedTuple

_TIMEOUT_S = 10.0


class SimulatedRun(NamedTuple):
    """A run in progress at the simulated P5."""

    run: int
    lumi: int  # lumisections so far
    lumis: int  # lumisections at its end


def ongoing_run(port: int) -> SimulatedRun | None:
    """The ongoing run of the simulator that listens on this port; None between two runs.

    Raises OSError and http.client.HTTPException if the simulator does not respond, ValueError and KeyError if it is none.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/_simulator/status")
        production = json.loads(connection.getresponse().read())["systems"]["production"]
    finally:
        connection.close()
    return SimulatedRun(production["run"], production["lumi"], production["lumis"]) if production["run"] else None
