"""What an observation changes in a job that is stored, or how a new one begins. No database here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from app.diary.observations.checks import Checked
from app.diary.observations.observation import ParentKey
from app.diary.states import UNKNOWN

EMPTY: dict[str, Any] = {
    **dict.fromkeys(("kind", "name", "user", "project", "reason", "workdir", "pinned_by"), ""),
    **dict.fromkeys(("exit_code", "signal", "started", "ended", "pinned")),
    **dict.fromkeys(("labels", "metrics", "facts"), "{}"),
    **dict.fromkeys(("logs", "outputs"), "[]"),
    **dict.fromkeys(("state", "machine_state"), UNKNOWN),
    "attempts": 0,
}
"""Columns of a job without any known facts."""

HISTORY = (
    *("machine_state", "state", "kind", "name", "user", "project", "exit_code", "signal", "reason", "attempts"),
    *("started", "ended", "workdir", "submitted", "labels"),
)
"""Columns whose changes are kept; metrics and facts change with each observation."""


@dataclass
class StoredJob:
    """A job while observations are added: its columns, and what they have changed."""

    row: dict[str, Any]
    id: int | None = None  # None: it is new
    changed: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)  # field, old, new
    parents: set[ParentKey] = field(default_factory=set)
    new_parents: list[ParentKey] = field(default_factory=list)

    def set(self, column: str, value: Any) -> None:
        """Set a column, with its history; a value that it has changes nothing."""
        old = self.row[column]
        if old == value:
            return
        self.row[column] = self.changed[column] = value
        if column in HISTORY and (self.id is not None or column == "state"):  # of a new job only its state
            is_first = self.id is None and not self.events
            self.events.append((column, "" if is_first else words(old), words(value)))

    def set_machine_state(self, state: str) -> None:
        """The state reported by the source: it is the shown one, unless a person has set that."""
        if self.row["pinned_by"]:
            self.set("machine_state", state)
            return
        if self.row["machine_state"] != state:
            self.row["machine_state"] = self.changed["machine_state"] = state  # the event is that of the shown state
        self.set("state", state)

    def add(self, observation: Checked, now: float) -> None:
        """Add an observation. The later one wins by its own time; an earlier one completes what is unknown.

        now: by the clock of the hub. What was seen after it, before this clock was set back, wins over nothing.
        """
        last = self.row["seen"] if self.row["seen"] <= now else 0.0
        is_later = observation.seen >= last
        for column, value in observation.values.items():
            if column == "machine_state":
                if is_later:
                    self.set_machine_state(value)
            elif is_later or self.row[column] == EMPTY[column]:
                self.set(column, value)
        for column, items in observation.merged.items():
            if items:
                self._merge(column, items, is_later)
        if observation.key.submitted and not self.row["submitted"]:
            self.set("submitted", observation.key.submitted)
            self.row["placed"] = self.changed["placed"] = placed(observation.key.submitted, self.row["found"])
        for parent in observation.parents:
            self._add_parent(parent)
        self.row["seen"] = max(last, observation.seen)

    def _add_parent(self, parent: ParentKey) -> None:
        if parent not in self.parents:
            self.parents.add(parent)
            self.new_parents.append(parent)
            if self.id is not None:
                self.events.append(("parent", "", f"{parent.source} {parent.native_id}"))

    def _merge(self, column: str, items: dict[str, Any], is_later: bool) -> None:
        old = json.loads(self.row[column])
        merged = old | items if is_later else items | old
        if merged != old:
            self.set(column, json.dumps(merged, ensure_ascii=False, separators=(",", ":"), sort_keys=True))


def new_job(source: str, observation: Checked, now: float) -> StoredJob:
    """A job that is found by its first observation."""
    key = observation.key
    row = EMPTY | {"source": source, "native_id": key.native_id, "submitted": key.submitted, "seen": observation.seen, "found": now}
    job = StoredJob(row | {"placed": placed(key.submitted, now)})
    job.add(observation, now)
    if not job.events:
        job.events.append(("state", "", UNKNOWN))
    return job


def placed(submitted: int, found: float) -> float:
    """By what a job is ordered: a submission in the future, of a wrong clock, would be the first of all lists for ever."""
    return float(submitted) if 0 < submitted <= found else found


def words(value: Any) -> str:
    """A value of a column in the history."""
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
