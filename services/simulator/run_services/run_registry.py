"""The Run Registry: runs, datasets and ranges of lumisections, with its filters and paging. It is read only here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from aiohttp import web

from .attributes import registry_record
from .datasets import generated_datasets, generated_ranges
from .state import LAST_RUN, RunServices

BASE = "/api"
LISTED_RUNS = 500
DEFAULT_PAGE_SIZE = 25

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, ">": gt, "<": lt, ">=": ge, "<=": le}


class BadFilter(Exception):
    """A filter that the Run Registry cannot use."""


def answer(services: RunServices, path: str, body: Any) -> web.Response:
    """The answer to a POST; errors have status 500 and `{"err": ...}`, as those of the original."""
    try:
        if path == "runs_filtered_ordered":
            return _paged("runs", _runs(services, body.get("filter", {})), body)
        if path == "datasets_filtered_ordered":
            return _paged("datasets", _datasets(services, body.get("filter", {})), body)
        if path == "lumisections/rr_lumisection_ranges_by_component":
            return web.json_response(_ranges(services, body["run_number"], body["dataset_name"]))
    except (BadFilter, AttributeError, KeyError, TypeError, ValueError) as error:
        return web.json_response({"err": str(error)}, status=500)
    return web.Response(status=404, text=f"Cannot POST {BASE}/{path}", content_type="text/html")


def record(services: RunServices, number: int) -> dict[str, Any] | None:
    """The record of a run; None if there is none."""
    run, change = services.run(number), services.changes.get(number, {})
    if run is None or change.get("rr", {}) is None:
        return None
    found = registry_record(run)
    found["rr_attributes"] |= change.get("rr", {})
    found |= change.get("record", {})
    return found


def _runs(services: RunServices, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    numbers = _numbers(filters.get("run_number"))
    last = LAST_RUN if not services.times else max(services.times)
    found = []
    for number in numbers or range(last, last - LISTED_RUNS, -1):
        row = record(services, number)
        if row and all(_matches(_value(row, name), wanted) for name, wanted in filters.items()):
            found.append(row)
    return sorted(found, key=lambda row: -row["run_number"])


def _datasets(services: RunServices, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Datasets of the runs of a filter; a change of a run replaces parts of them by name, or removes those that are None."""
    found = []
    for number in sorted(_numbers(filters.get("run_number")), reverse=True):
        run = services.run(number)
        if run is None or record(services, number) is None:
            continue
        changes = services.changes.get(number, {}).get("datasets", {})
        rows = {row["name"]: row for row in generated_datasets(run)}
        for name, change in changes.items():
            rows[name] = {**rows.get(name, {"run_number": number, "name": name}), **change} if change is not None else {}
        found += [row for row in rows.values() if row and all(_matches(_value(row, each), wanted) for each, wanted in filters.items())]
    return found


def _ranges(services: RunServices, number: int, name: str) -> Any:
    """The ranges of a dataset by component; none of an unknown one."""
    run, change = services.run(number), services.changes.get(number, {}).get("ranges", {})
    if run is None or name in change:
        return change.get(name, {})
    return generated_ranges(run, name) if name in {row["name"] for row in generated_datasets(run)} else {}


def _paged(kind: str, rows: list[dict[str, Any]], body: Mapping[str, Any]) -> web.Response:
    page, size = int(body.get("page", 0)), int(body.get("page_size", DEFAULT_PAGE_SIZE))
    shown = rows[page * size : (page + 1) * size]
    return web.json_response({kind: shown, "pages": math.ceil(len(rows) / size), "count": len(rows)})


def _numbers(wanted: Any) -> set[int]:
    """The run numbers that a filter names one by one, or by a range of at most LISTED_RUNS; empty if it does not."""
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return {wanted}
    if not isinstance(wanted, dict):
        return set()
    lowered = {key.lower(): value for key, value in wanted.items()}
    if "or" in lowered:
        return set().union(*(_numbers(each) for each in lowered["or"]))
    if "and" in lowered:
        bounds = {key: value for each in lowered["and"] for key, value in each.items()}
        low, high = bounds.get(">=", bounds.get(">", -1) + 1), bounds.get("<=", bounds.get("<", 0) - 1)
        return set(range(low, high + 1)) if 0 <= high - low <= LISTED_RUNS else set()
    return {lowered["="]} if "=" in lowered else set()


def _value(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise BadFilter(f'column "{name}" does not exist')
        value = value[part]
    return value


def _matches(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    return all(_compare(value, operator.lower(), other) for operator, other in wanted.items())


def _compare(value: Any, operator: str, other: Any) -> bool:
    if operator in ("and", "or"):
        return (all if operator == "and" else any)(_matches(value, each) for each in other)
    if operator in ("like", "notlike"):
        pattern = ".*".join(re.escape(part) for part in str(other).split("%"))
        return bool(re.fullmatch(pattern, str(value))) == (operator == "like")
    if operator not in COMPARISONS:
        raise BadFilter(f"Invalid operator {operator}")
    return bool(COMPARISONS[operator](value, other))
