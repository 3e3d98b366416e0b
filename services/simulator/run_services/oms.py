"""OMS: runs, fills and lumisections as JSON:API, with filters, fields, sorting and paging."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from .attributes import UNITS, fill_attributes, lumisection_attributes, run_attributes
from .state import LAST_RUN, RunServices

BASE = "/agg/api/v1"
DEFAULT_LIMIT, MAX_LIMIT = 10, 5000
LISTED_RUNS = 500
"""Runs of an answer without a filter by number."""

FILTER = re.compile(r"filter\[(?P<name>\w+)\](?:\[(?P<operator>\w+)\])?")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {"lt": lt, "gt": gt, "le": le, "ge": ge}
IDS = {"runs": "run_number", "fills": "fill_number", "lumisections": "lumisection_number"}


class BadQuery(Exception):
    """A query that OMS refuses."""


def answer(services: RunServices, resource: str, query: Mapping[str, str]) -> web.Response:
    """The answer to a query of a resource."""
    if resource not in IDS:
        return _refusal(404, "RESOURCE_NOT_FOUND", resource)
    try:
        filters = _filters(query)
        rows = [row for row in _rows(services, resource, filters) if all(_matches(row, *each) for each in filters)]
        offset, limit = (int(query.get(f"page[{name}]", default)) for name, default in (("offset", 0), ("limit", DEFAULT_LIMIT)))
        return _page(services, resource, query, _sorted(rows, query.get("sort", "")), (offset, min(limit, MAX_LIMIT)))
    except (BadQuery, ValueError) as error:
        return _refusal(400, "BAD_REQUEST", str(error))


def meta(resource: str) -> web.Response:
    """The description of the attributes of a resource."""
    return web.json_response({"meta": {"fields": {name: {"units": unit} for name, unit in UNITS.items()}, "resource": resource}})


def _filters(query: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = []
    for key, value in query.items():
        if match := FILTER.fullmatch(key):
            found.append((match["name"], (match["operator"] or "eq").lower(), value))
    return found


def _rows(services: RunServices, resource: str, filters: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    equal = {name: value for name, operator, value in filters if operator == "eq"}
    if resource == "fills":
        if "fill_number" not in equal:
            raise BadQuery("this stand-in lists single fills only: filter[fill_number][eq]")
        return [fill_attributes(int(equal["fill_number"]))]
    last = LAST_RUN if not services.times else max(services.times)
    numbers = [int(equal["run_number"])] if "run_number" in equal else range(last, last - LISTED_RUNS, -1)
    found = []
    for number in numbers:
        run, change = services.run(number), services.changes.get(number, {})
        if run is None or change.get("oms", {}) is None:
            continue
        if resource == "runs":
            found.append({**run_attributes(run), **change.get("oms", {})})
        else:
            lumis = change.get("lumis", run.lumis)
            found += [{**lumisection_attributes(run, lumi), **change.get("lumisections", {})} for lumi in range(1, lumis + 1)]
    return found


def _matches(row: Mapping[str, Any], name: str, operator: str, text: str) -> bool:
    if name not in row:
        raise BadQuery(f"attribute {name} does not exist")
    value = row[name]
    wanted = _value_like(value, text)
    if operator in ("eq", "neq"):
        return bool(value == wanted) == (operator == "eq")
    if operator in ("like", "ct"):
        return text.lower() in str(value).lower()
    if operator not in COMPARISONS:
        raise BadQuery(f"unknown operator {operator}")
    return value is not None and bool(COMPARISONS[operator](value, wanted))


def _value_like(value: Any, text: str) -> Any:
    """The text of a filter as a value of the type of an attribute."""
    if isinstance(value, bool):
        return text.lower() == "true"
    if isinstance(value, int | float):
        return float(text)
    return None if value is None and text.lower() == "null" else text


def _sorted(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    for key in reversed([key for key in sort.split(",") if key]):
        name = key.lstrip("-")
        rows = sorted(rows, key=lambda row: (row.get(name) is not None, row.get(name)), reverse=key.startswith("-"))
    return rows


def _page(
    services: RunServices, resource: str, query: Mapping[str, str], rows: list[dict[str, Any]], window: tuple[int, int]
) -> web.Response:
    offset, limit = window
    fields = [name for name in query.get("fields", "").split(",") if name]
    data = [_entry(services, resource, row, fields) for row in rows[offset : offset + limit]]
    links = {"self": _link(resource, query, offset, limit)}
    if offset + limit < len(rows):
        links["next"] = _link(resource, query, offset + limit, limit)
    return web.json_response(
        {"data": data, "links": links, "meta": {"totalResourceCount": len(rows)}}, content_type="application/vnd.api+json"
    )


def _entry(services: RunServices, resource: str, row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if not fields or name in fields}
    number = row.get("run_number", row[IDS[resource]])
    units = services.changes.get(number, {}).get("units", UNITS if services.with_units else {})
    id = str(row[IDS[resource]]) if resource != "lumisections" else f"{number}_{row['lumisection_number']}"
    entry: dict[str, Any] = {"id": id, "type": resource, "attributes": shown, "links": {"self": f"{BASE}/{resource}/{id}"}}
    if units:
        entry["meta"] = {"row": {name: {"units": unit} for name, unit in units.items() if name in shown}}
    return entry


def _link(resource: str, query: Mapping[str, str], offset: int, limit: int) -> str:
    return f"{BASE}/{resource}?" + urlencode({**query, "page[offset]": offset, "page[limit]": limit})


def _refusal(status: int, code: str, detail: str) -> web.Response:
    return web.json_response({"errors": [{"status": str(status), "code": code, "detail": detail}]}, status=status)
