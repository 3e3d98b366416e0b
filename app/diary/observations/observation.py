"""An observation: what a source reports of one job at one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class JobKey(NamedTuple):
    """What tells a job of a source from all others."""

    native_id: str
    submitted: int = 0  # whole Unix s UTC; 0: unknown


class ParentKey(NamedTuple):
    """The key of a job that another one follows from."""

    source: str
    native_id: str
    submitted: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source reports of a job. None: it reports nothing of it; "" or an empty collection: there is none.

    Nothing here is trusted: `checks.checked` refuses what cannot be stored.

    Attributes:
        native_id: Id of the job in the source.
        seen: When this was so, by the clock of the source, Unix s UTC.
        state: One of `app.diary.states.STATES`; another word is "unknown".
        submitted: Time of submission, Unix s UTC; 0: unknown, the newest job of this id is meant.
        started, ended: Unix s UTC.
        labels: Short texts by name, such as run, dataset, host.
        metrics: Numbers by name: events, rate, lumi, rss.
        logs: Pairs of path and kind.
        parents: Keys of jobs that this one follows from.
        facts: All that the source reports, by its own names.
    """

    native_id: str
    seen: float
    state: str
    submitted: float = 0
    kind: str | None = None
    name: str | None = None
    user: str | None = None
    project: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    attempts: int | None = None
    started: float | None = None
    ended: float | None = None
    workdir: str | None = None
    labels: Mapping[str, str] | None = None
    metrics: Mapping[str, float] | None = None
    logs: Sequence[tuple[str, str]] | None = None
    outputs: Sequence[str] | None = None
    parents: Sequence[ParentKey] | None = None
    facts: Mapping[str, Any] | None = None
