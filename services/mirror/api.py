"""/api?what=...: the API of the older mirror, in its shapes; where it gave wrong values these are right.

What was not reported is -1. Ranges of runs are answered for the newest 1,000 runs of them that the mirror has.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from bottle import HTTPResponse, request

from protocol.snapshot import ItemKey

from . import asking
from .pages import zone
from .store import View
from .web import SHORT, problem, serve

MOST_RUNS = 1000
CHEAP = 50
"""Runs that are read for the price of one request."""

ENDING = "_dqm_sourceclient-live"
"""Of the names of configurations; the hub leaves it out, and clients are sorted as if it were there."""

Charge = Callable[[float], None]


def answer(now: View, charge: Charge) -> HTTPResponse:
    """The answer to `what`. charge: is told how much more than one request this one was."""
    what = asking.text("what")
    if what not in ANSWERS:
        raise problem(404, f"{what} is not supported", "what", "one of " + ", ".join(ANSWERS))
    return ANSWERS[what](now, charge)


def as_answer(value: object, headers: dict[str, str] | None = None) -> HTTPResponse:
    content = json.dumps(value).encode()
    return serve(content, "application/json", sha256(content).hexdigest()[:16], SHORT, headers=headers)


def get_info(now: View, _: Charge) -> HTTPResponse:
    return as_answer(now.ends("run", asking.system()))


def get_run(now: View, _: Charge) -> HTTPResponse:
    system, (run,) = asking.system(), asking.wholes("run")
    kept = now.item(ItemKey("run", system, run, "data"))
    data = json.loads(kept.content) if kept else {"clients": []}
    at = time.time()
    clients = [
        [1000 * reported, round(at - reported, 6), host, code, name, lumi, rss, events, identifier, rate]
        for reported, host, code, name, lumi, rss, events, identifier, rate, _ in data["clients"]
    ]
    facts = [data["cmssw"], data["runkey"]] if clients else []
    return as_answer([now.around("run", system, run), [facts, clients]])


def get_graph(now: View, _: Charge) -> HTTPResponse:
    system, (run,) = asking.system(), asking.wholes("run")
    kept = now.item(ItemKey("graph", system, run, "data"))
    return serve(kept.body, "application/json", kept.tag, SHORT, kept.encoding) if kept else as_answer([])


def runs_of(now: View, charge: Charge) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The data of the runs `from` to `to` that there are, ascending, and a header that says when some were left out."""
    system, (first, last) = asking.system(), asking.wholes("from", "to")
    found = now.of_runs("run", system, first, last, MOST_RUNS + 1)
    charge(len(found) / CHEAP)
    headers = {"Data-Cut": f"the newest {MOST_RUNS} runs of the range"} if len(found) > MOST_RUNS else {}
    return [json.loads(kept.content) for _, kept in reversed(found[:MOST_RUNS])], headers


def get_runs(now: View, charge: Charge) -> HTTPResponse:
    runs, headers = runs_of(now, charge)
    bad_only, with_lumis = request.query.bad_only == "1", request.query.ls == "1"
    found: dict[str, Any] = {}
    for data in runs:
        clients: dict[str, list[Any]] = {}
        for reported, host, code, name, lumi, _, events, _, _, fi_state in data["clients"]:
            if not (bad_only and code == 0) and not (with_lumis and lumi <= 0):
                at = datetime.fromtimestamp(reported, zone()[0]).isoformat(timespec="microseconds")
                clients.setdefault(name, []).append([host, events, lumi, fi_state, code, at])
        if clients:
            found[str(data["run"])] = {"run_data": [data["data_run"], data["runkey"], data["cmssw"]], "clients": clients}
    return as_answer(found, headers)


def get_clients(now: View, charge: Charge) -> HTTPResponse:
    runs, headers = runs_of(now, charge)
    names = {name for data in runs for _, _, _, name, *_ in data["clients"]} - {"__init__"}
    return as_answer(sorted(names, key=sorted_as_text), headers)


def sorted_as_text(name: str) -> tuple[str, str]:
    """The order of the older mirror's database, which passes over everything but letters and digits."""
    return "".join(letter for letter in (name + ENDING).lower() if letter.isalnum()), name


def get_logs(now: View, _: Charge) -> HTTPResponse:
    kept = now.named("logtext", asking.system(), asking.text("id"))
    if kept is None:
        raise problem(404, "this mirror has no log of this id", "id", "the id of a job of get_run, of one of the newest runs")
    content = f"<pre>{html.escape(kept.content.decode(errors='replace'))}</pre>".encode()
    return serve(content, "text/html; charset=utf-8", kept.tag, SHORT)


def get_cluster_status(now: View, _: Charge) -> HTTPResponse:
    kept = now.item(ItemKey("cluster", asking.system("cluster"), 0, "data"))
    return serve(kept.body, "application/json", kept.tag, SHORT, kept.encoding) if kept else as_answer([])


ANSWERS: dict[str, Callable[[View, Charge], HTTPResponse]] = {
    one.__name__: one for one in (get_info, get_run, get_graph, get_runs, get_clients, get_logs, get_cluster_status)
}
