"""The runs and clients of the simulated P5, so that DQM^2 and the files of a run agree."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from .demo_clients import BY_NAME
from .planned import Fault
from .wanted import WantedClient, WantedRun

_TIMEOUT_S = 10.0
_JOB = re.compile(r"dqm-source-state-run\d+-host(.+)-pid\d+")


class RunsAtP5:
    """Follows the production runs of the simulator of P5."""

    def __init__(self, port: int, faults: Mapping[str, Fault] = {}) -> None:
        """Follow the simulator that listens on this port; some clients have faults of their files besides those of P5."""
        self._port, self._faults = port, faults
        self._last: list[WantedRun] = []

    def wanted(self) -> list[WantedRun]:
        """The ongoing run, and those that have ended and still have clients; what was found last while the simulator does not respond."""
        with suppress(OSError, http.client.HTTPException, ValueError, KeyError):  # it starts or restarts
            self._update(self._system())
        return [_with_faults(run, self._faults) for run in self._last]

    def _update(self, system: dict[str, Any]) -> None:
        before = {run.run: run for run in self._last}
        self._last = [run for row in system["conditions"] if (run := _run(system, row, before.get(row["run"])))]

    def _system(self) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", "/_simulator/status")
            system: dict[str, Any] = json.loads(connection.getresponse().read())["systems"]["production"]
            return system
        finally:
            connection.close()


def _run(system: dict[str, Any], row: dict[str, Any], last: WantedRun | None) -> WantedRun | None:
    """A run of the list; None if it and its clients have ended, or had ended before this process began."""
    number: int = row["run"]
    jobs = [job for job in system["jobs"] if _JOB.fullmatch(job["id"]) and job["id"].startswith(f"dqm-source-state-run{number:06}-")]
    if number == system["run"]:
        lumi, lumis = system["lumi"], system["lumis"]
    elif last is None or all(job["silent"] for job in jobs):
        return None
    else:
        lumis = last.lumis
        lumi = max(last.lumi, 1) if last.lumi < lumis - 1 else lumis  # the last one is over together with the run
    return WantedRun(
        number,
        row["key"],
        row["started"],
        row["release"],
        lumis,
        lumi,
        number != system["run"],
        {client.tag: _client(job, lumi) for job in jobs if (client := BY_NAME.get(job["tag"]))},
        crash_at_end=frozenset(client.tag for job in jobs if job["silent"] and (client := BY_NAME.get(job["tag"]))),
    )


def _with_faults(run: WantedRun, faults: Mapping[str, Fault]) -> WantedRun:
    """A run whose clients damage their snapshots, or crash while they write their ROOT file."""
    cut = {tag for tag, fault in faults.items() if fault.kind == "cut" and run.lumi >= fault.lumi}
    clients = {tag: replace(client, is_cut=tag in cut) for tag, client in run.clients.items()}
    return replace(run, clients=clients, crash_at_end=run.crash_at_end | {tag for tag, fault in faults.items() if fault.kind == "no-root"})


def _client(job: dict[str, Any], lumi: int) -> WantedClient:
    """The client of a job. Jobs at P5 report each 30 s, so that their lumisections are older than that of the run."""
    match = _JOB.fullmatch(job["id"])
    reads_on = job["lumi"] and not job["silent"]
    return WantedClient(match[1] if match else "", job["attempt"], lumi if reads_on else job["lumi"])
