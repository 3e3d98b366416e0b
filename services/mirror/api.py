"""/api?what=...: the API of the original mirror, with the same structure; values that were wrong in the original are correct here.

-1 means that a value was not reported. Ranges of runs return at most the newest MAX_RUNS runs.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from bottle import HTTPResponse

from protocol.snapshot import ItemKey

from .pages import time_zone
from .query import parse_system, parse_text, required_integers
from .responses import CACHE_ONE_SECOND, content_response, error_response
from .store import StoredItem, StoreView

MAX_RUNS = 1000
RUNS_PER_REQUEST = 50
"""Reading this many runs counts as one request for the rate limit."""

NAME_SUFFIX = "_dqm_sourceclient-live"
"""Suffix of client names that the hub removes; names are sorted as if they had it."""

Charge = Callable[[float], None]
"""Counts the current request as this many additional requests."""


def answer(view: StoreView, charge: Charge) -> HTTPResponse:
    """The response to the current request."""
    what = parse_text("what")
    if what not in VIEWS:
        raise error_response(404, f"{what} is not supported", "what", "one of " + ", ".join(VIEWS))
    return VIEWS[what](view, charge)


def _json(value: object, headers: dict[str, str] | None = None) -> HTTPResponse:
    content = json.dumps(value).encode()
    return content_response(content, "application/json", sha256(content).hexdigest()[:16], CACHE_ONE_SECOND, headers=headers)


def _stored_json(item: StoredItem | None) -> HTTPResponse:
    """An item that already has the form of the API, [] when it does not exist."""
    return content_response(item.body, "application/json", item.tag, CACHE_ONE_SECOND, item.encoding) if item else _json([])


def get_info(view: StoreView, _: Charge) -> HTTPResponse:
    """The oldest and the newest run."""
    return _json(view.first_and_last_run(_system()))


def get_run(view: StoreView, _: Charge) -> HTTPResponse:
    """The neighbours, release, run key and clients of a run."""
    (run,), system = required_integers("run"), _system()
    item = view.item(ItemKey("run", system, run, "data"))
    data = json.loads(item.content) if item else {"clients": []}
    now = time.time()
    clients = [
        [1000 * reported, round(max(0.0, now - reported), 6), host, exit_code, name, lumi, rss, events, identifier, rate]
        for reported, host, exit_code, name, lumi, rss, events, identifier, rate, _ in data["clients"]
    ]
    facts = [data["cmssw"], data["runkey"]] if clients else []
    return _json([view.neighbours(system, run), [facts, clients]])


def get_graph(view: StoreView, _: Charge) -> HTTPResponse:
    """The file delivery of a run."""
    (run,), system = required_integers("run"), _system()
    return _stored_json(view.item(ItemKey("graph", system, run, "data")))


def get_runs(view: StoreView, charge: Charge) -> HTTPResponse:
    """The clients of the runs from `from` to `to`, filtered by `bad_only` and `ls`."""
    message = "to, from, bad_only and ls must be integers"
    first, last, bad_only, with_lumis = required_integers("from", "to", "bad_only", "ls", message=message)
    runs, headers = _requested_runs(view, charge, first, last)
    found: dict[str, Any] = {}
    for run in runs:
        clients: dict[str, list[Any]] = {}
        for reported, host, exit_code, name, lumi, _, events, _, _, fi_state in run["clients"]:
            if not (bad_only and exit_code == 0) and not (with_lumis and lumi <= 0):
                at = datetime.fromtimestamp(reported, time_zone()[0]).isoformat(timespec="microseconds")
                clients.setdefault(name, []).append([host, events, lumi, fi_state, exit_code, at])
        if clients:
            found[str(run["run"])] = {"run_data": [run["data_run"], run["runkey"], run["cmssw"]], "clients": clients}
    return _json(found, headers)


def get_clients(view: StoreView, charge: Charge) -> HTTPResponse:
    """The names of the clients in the runs from `from` to `to`."""
    runs, headers = _requested_runs(view, charge, *required_integers("from", "to"))
    names = {name for run in runs for _, _, _, name, *_ in run["clients"]} - {"__init__"}
    return _json(sorted(names, key=_collation_key), headers)


def get_logs(view: StoreView, _: Charge) -> HTTPResponse:
    """The log of a job as HTML."""
    item = view.item_by_name("logtext", _system(), parse_text("id"))
    if item is None:
        raise error_response(404, "This mirror has no log with this id", "id", "the id of a job in get_run, of one of the newest runs")
    content = f"<pre>{html.escape(item.content.decode(errors='replace'))}</pre>".encode()
    return content_response(content, "text/html; charset=utf-8", item.tag, CACHE_ONE_SECOND)


def get_cluster_status(view: StoreView, _: Charge) -> HTTPResponse:
    """The states of the hosts of a cluster."""
    return _stored_json(view.item(ItemKey("cluster", parse_system("cluster", "playback"), 0, "data")))


def _system() -> str:
    """The system of the query, which the original requires."""
    return parse_system(default="")


def _requested_runs(view: StoreView, charge: Charge, first: int, last: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The data of the runs between two, ascending, and headers, which mark a truncated range."""
    found = view.run_data(_system(), min(first, last), max(first, last), MAX_RUNS + 1)
    charge(len(found) / RUNS_PER_REQUEST)
    headers = {"Data-Cut": f"the newest {MAX_RUNS} runs of the range"} if len(found) > MAX_RUNS else {}
    return [json.loads(item.content) for _, item in reversed(found[:MAX_RUNS])], headers


def _collation_key(name: str) -> tuple[str, str]:
    """Sorts as the database of the original did: only letters and digits count."""
    return "".join(letter for letter in (name + NAME_SUFFIX).lower() if letter.isalnum()), name


VIEWS: dict[str, Callable[[StoreView, Charge], HTTPResponse]] = {
    view.__name__: view for view in (get_info, get_run, get_graph, get_runs, get_clients, get_logs, get_cluster_status)
}
