"""What was commanded and what happened, in one list: commands, crashes, runs and hosts that fell silent."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from flask import request

from app.control.badges import LOOKS
from app.control.commands import KINDS
from app.control.models import Command
from app.square.events import events
from app.square.models import SYSTEMS
from app.square.states import Look
from app.web import Problem
from app.web.clock import LAST_TIME

ENTRIES = 50
"""Of one page."""
BACK_S = 7 * 86400
"""What happened so long before the newest entry of a page is not on it; commands are."""

FILTERS = {
    "": ("All", ("command", "question", "crash", "stuck", "run-start", "run-end", "silent-host")),
    "commands": ("Commands", ("command",)),
    "questions": ("Questions", ("question",)),
    "crashes": ("Crashes", ("crash", "stuck")),
    "runs": ("Runs", ("run-start", "run-end")),
    "hosts": ("Hosts", ("silent-host",)),
}
"""What can be chosen by `show=`: its name, and the kinds that are shown."""

EVENT_LOOKS = {
    "crash": Look("error", "error", "crash", ""), "stuck": Look("warning", "warning", "stuck", ""),
    "silent-host": Look("warning", "warning", "silent", ""),
    "run-start": Look("idle", "run", "run", ""), "run-end": Look("idle", "off", "run", ""),
}  # fmt: skip


class Entry(NamedTuple):
    """A line of the list. kind: as in FILTERS; path, key: where more of it is, as `Place.link` takes them, "" for nowhere."""

    at: float
    system: str
    kind: str
    look: Look
    title: str
    text: str
    user: str
    path: str
    key: str = ""


class Choice(NamedTuple):
    """What the address chooses. show: a key of FILTERS; of: a system or ""; before: Unix s, the newest that is shown."""

    show: str
    of: str
    before: float

    @property
    def query(self) -> dict[str, object]:
        return {"show": self.show, "of": self.of, "before": repr(self.before) if self.before < LAST_TIME else ""}


def chosen() -> Choice:
    """What the address says; Problem 400 when it cannot be used."""
    show, of, before = (request.args.get(name, "") for name in ("show", "of", "before"))
    if show not in FILTERS:
        raise Problem(400, f"there is no {show[:100]!r} to show", [("show", "one of " + ", ".join(name for name in FILTERS if name))])
    if of not in ("", *SYSTEMS):
        raise Problem(400, f"there is no system {of[:100]!r}", [("of", "one of " + ", ".join(SYSTEMS))])
    try:
        at = float(before) if before else LAST_TIME
    except ValueError:
        at = -1.0
    if not 0 <= at <= LAST_TIME:
        raise Problem(400, "before cannot be used", [("before", "seconds since 1970 are expected")])
    return Choice(show, of, at)


def timeline(choice: Choice) -> list[Entry]:
    """The newest entries before the moment that was chosen, at most one more than ENTRIES, the newest first."""
    kinds = FILTERS[choice.show][1]
    found = _commands(choice, [name for name, kind in KINDS.items() if ("command" if kind.changes else "question") in kinds])
    until = math.nextafter(choice.before, 0.0)
    wanted = [kind for kind in kinds if kind in EVENT_LOOKS]
    for system in SYSTEMS if wanted else ():
        if choice.of in ("", system):
            for one in events(system, min(until, time.time()) - BACK_S, until, ENTRIES + 1, wanted):
                path = "/square/job" if one.kind in ("crash", "stuck") else f"/square/runs/{one.run}" if one.run is not None else ""
                key = one.key if path == "/square/job" else ""
                found.append(Entry(one.at, system, one.kind, EVENT_LOOKS[one.kind], one.title, one.text, "", path, key))
    return sorted(found, key=lambda entry: -entry.at)[: ENTRIES + 1]


def _commands(choice: Choice, names: list[str]) -> list[Entry]:
    query = Command.select().where(Command.name.in_(names), Command.created < choice.before)
    if choice.of:
        query = query.where(Command.system.in_((choice.of, "")))
    return [entry(row) for row in query.order_by(Command.created.desc()).limit(ENTRIES + 1)]


def entry(row: Command) -> Entry:
    """A command as a line of the list."""
    kind = KINDS[row.name]
    text = " · ".join(part for part in (row.target, row.reason, row.error) if part)
    path = f"/control/commands/{row.id}"
    return Entry(row.created, row.system, "command" if kind.changes else "question", LOOKS[row.state], kind.title, text, row.user, path)
