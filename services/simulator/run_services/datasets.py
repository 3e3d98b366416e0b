"""Datasets of runs in the Run Registry, with the states of their lumisections by component."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .attributes import COMPONENTS, Run, registry_record

RAMPING = 2
"""Lumisections at the start of a run that components of offline datasets have as STANDBY."""

Ranges = dict[str, list[dict[str, Any]]]


def generated_datasets(run: Run) -> list[dict[str, Any]]:
    """The records of the datasets of a run: online, and two offline."""
    record = registry_record(run)
    run_class, state = record["rr_attributes"]["class"], record["rr_attributes"]["state"]
    states = {"online": state, f"/Express/{run_class}/DQM": state, f"/PromptReco/{run_class}/DQM": "OPEN"}
    return [_record(run, name, {"global_state": each}) for name, each in states.items()]


def _record(run: Run, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    summary = {component: _summary(each) for component, each in generated_ranges(run, name).items()}
    return {
        "run_number": run.number,
        "name": name,
        "dataset_attributes": attributes,
        "version": 60_000_000 + run.number,
        "deleted": False,
        "DatasetTripletCache": {"triplet_summary": summary},
    }


def _summary(ranges: list[dict[str, Any]]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for each in ranges:
        counts[each["status"]] += each["end"] - each["start"] + 1
    return {"EMPTY": 0, **counts, "causes": [], "comments": []}


def generated_ranges(run: Run, name: str) -> Ranges:
    """The ranges of lumisections of a dataset by component; each has start, end, status, cause and comment."""
    summary = registry_record(run)["DatasetTripletCache"]["triplet_summary"]
    found: Ranges = {}
    for component in COMPONENTS:
        status = "BAD" if summary[component]["BAD"] else "GOOD"
        start, found[component] = 1, []
        if name != "online" and run.lumis > RAMPING:
            start = RAMPING + 1
            found[component].append(_range(1, RAMPING, "STANDBY"))
        found[component].append(_range(start, run.lumis, status))
    return found


def _range(start: int, end: int, status: str) -> dict[str, Any]:
    comment = "HV off" if status == "BAD" else ""
    return {"start": start, "end": end, "status": status, "cause": "", "comment": comment}
