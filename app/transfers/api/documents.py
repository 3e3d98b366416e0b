"""Runs, hosts and products of the transfer as JSON documents. Times are Unix s UTC by the clock of the hub; 0: never."""

from __future__ import annotations

from typing import Any

from app.transfers.clients import ClientTransfers
from app.transfers.hosts import HostTransfers, cleanup_rounds, gui_machines, hosts
from app.transfers.products import ConcatenationFacts, concatenations, deliveries, merges
from app.transfers.runs import RunTransfers, TransferSummary, problems_of


def summary_json(summary: TransferSummary) -> dict[str, Any]:
    """A run of the list."""
    return summary._asdict()


def run_json(run: RunTransfers) -> dict[str, Any]:
    """A run with all that is stored of it, but the inputs of all concatenations before the newest one."""
    return {
        "run": run.run,
        "state": run.state,
        "began": run.began,
        "changed": run.changed,
        "hosts": [each._asdict() for each in run.hosts],
        "clients": [_client_json(each) for each in run.clients],
        "problems": [each._asdict() for each in run.problems],
        "concatenations": [concatenation_json(each, is_whole=not index) for index, each in enumerate(concatenations(run.run))],
        "merges": [each._asdict() for each in merges(run.run)],
        "deliveries": [each._asdict() for each in deliveries(run.run)],
    }


def concatenation_json(concatenation: ConcatenationFacts, is_whole: bool = True) -> dict[str, Any]:
    """A concatenation. is_whole: with its inputs and examples, which are most of it."""
    values = concatenation._asdict()
    return values if is_whole else {name: value for name, value in values.items() if name not in ("inputs", "examples")}


def _client_json(client: ClientTransfers) -> dict[str, Any]:
    """A client. Its ages are left out: they change with each answer."""
    values = client._asdict() | {"processes": [each._asdict() for each in client.processes]}
    return {name: value for name, value in values.items() if name != "snapshot_age_s"}


def hosts_json(silent_s: float) -> dict[str, Any]:
    """The processes of the transfer, the GUI machines, their problems, and the newest rounds of clean-up."""
    return {
        "hosts": [_host_json(each) for each in hosts(silent_s)],
        "gui_machines": [each._asdict() for each in gui_machines(silent_s)],
        "problems": [each._asdict() for each in problems_of(0)],
        "cleanup": [each._asdict() for each in cleanup_rounds()],
    }


def _host_json(host: HostTransfers) -> dict[str, Any]:
    return {name: value for name, value in host._asdict().items() if name != "age_s"}
