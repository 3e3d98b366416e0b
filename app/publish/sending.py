"""Snapshots to the mirrors: each has a turn of its own, with its own pauses, so that one that is down or slow delays nobody.

What a mirror has is believed to nobody but the mirror: it is asked when a turn begins and after each failure, and
says it in each answer.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.text import one_line
from app.http_client import HttpClient, HttpError, root_cause
from app.publish import revisions
from app.publish.keys import signing_key
from app.publish.models import MirrorState, RevisionSeries
from app.publish.settings import PublishSettings
from app.queue import Turn
from protocol.snapshot import pack

log = logging.getLogger(__name__)

SEND_S = 1.0
"""Seconds between two looks at whether there is something to send."""

CONNECT_S, ANSWER_S = 5.0, 30.0
"""Seconds for connecting, and for a whole exchange with a mirror."""

SERIES_S = 3600.0
"""A series lasts so long at least, whatever a mirror says."""

MOST_CORRECTIONS = 3
"""So often a mirror may say that it has something else, before it is left alone for a while."""

LONGEST_PAUSE_S = 60.0
MOST_BYTES = 64 * 1024
"""Of an answer."""


class Failed(Exception):
    """A mirror did not take a snapshot; the message says why."""


class Has(NamedTuple):
    """What a mirror says that it has."""

    series: str
    edition: int


@contextmanager
def sending(address: str, settings: Settings, turn: Turn) -> Iterator[Callable[[], None]]:
    """Gives a step that brings a mirror up to date."""
    sender = Sender(address, settings)
    try:
        yield partial(sender.step, turn.over)
    finally:
        sender.client.close()


class Sender:
    """What one mirror is sent. has: None until it was asked; corrections: how often in a row it said that it has something else than we sent on from."""

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = address
        self.base = address.rstrip("/")
        self.settings = settings
        self.has: Has | None = None
        self.corrections = 0
        self.client = HttpClient(
            ca=settings.of(PublishSettings).publish_ca, headers={"Content-Type": "application/octet-stream", "Accept": "application/json"}
        )

    def step(self, over: Callable[[], bool]) -> None:
        """Send what the mirror lacks, unless it is to be left alone for now; what fails is written down."""
        row = row_of(self.address)
        if 0 < row.not_before - time.time() <= LONGEST_PAUSE_S:  # what is later was written by a clock that was set back
            return
        try:
            self.has = self.has or _has(self._request("GET"))
            while self._lacks() and not over():
                self._send()
        except (Failed, HttpError, OSError) as error:  # OSError: the signing key cannot be read
            self.has, self.corrections = None, 0
            failed(row, root_cause(error) if isinstance(error, OSError) else str(error))

    def _lacks(self) -> bool:
        series = revisions.current()
        return bool(series.revision) and self.has != Has(series.name, series.revision)

    def _send(self) -> None:
        series = revisions.current()
        since = self.has.edition if self.has and self.has.series == series.name else 0
        if since > series.revision:
            series, since = self._renewed(series, since), 0
        if 0 < since < series.forgotten:
            raise Failed("it was away for so long that what left meanwhile is not known any more: empty its file, and it gets everything")
        snapshot = revisions.snapshot(series, since, self.settings.instance_name)
        body = pack(snapshot, signing_key(self.settings))
        answer = self._request("POST", body)
        if answer.status == 409:
            now, self.corrections = _has(answer), self.corrections + 1
            if now in (self.has, Has(series.name, since)) or self.corrections > MOST_CORRECTIONS:
                raise Failed(f"it refuses edition {snapshot.until} of {series.name}: {answer.why}")
            self.has = now
            return
        self.has = _has(answer)
        if self.has != Has(series.name, snapshot.until):
            raise Failed(
                f"it says that it has edition {self.has.edition} of {self.has.series!r} after it was sent {snapshot.until} of {series.name}"
            )
        self.corrections = 0
        succeeded(self.address, self.has, snapshot.at, len(body))

    def _renewed(self, series: RevisionSeries, claimed: int) -> RevisionSeries:
        """Another series, when a mirror has more of this one than was made: the database was lost or put back, so its numbers are worth nothing.

        One that only says so would have everything sent to everybody again and again.
        """
        if time.time() - series.started < SERIES_S:
            made = f"of which only {series.revision} were made"
            raise Failed(
                f"it says that it has edition {claimed} of {series.name}, {made}; a new series begins when this one is an hour old"
            )
        log.warning("%s has edition %d of %s, more than there are: a new series begins", self.address, claimed, series.name)
        return revisions.restart_series(series)

    def _request(self, method: str, body: bytes | None = None) -> Answer:
        """What the mirror answers to GET or POST of /snapshots with 200 or 409; Failed for anything else."""
        raw = self.client.request(
            method,
            f"{self.base}/snapshots",
            deadline_s=ANSWER_S,
            max_bytes=MOST_BYTES,
            connect_s=CONNECT_S,
            body=body,
            truncate=True,
            retries=1,
        )
        answer = Answer(raw.status, _mapping(raw.body))
        if answer.status not in (200, 409):
            raise Failed(f"it answers with status {answer.status}" + (f": {answer.why}" if answer.why else ""))
        return answer


class Answer(NamedTuple):
    """An answer of a mirror; told: its JSON, {} when it is none."""

    status: int
    told: dict[str, Any]

    @property
    def why(self) -> str:
        return one_line(str(self.told.get("message", "")))[:300]


def _mapping(raw: bytes) -> dict[str, Any]:
    """A body as a JSON object; {} when it is none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _has(answer: Answer) -> Has:
    series, edition = answer.told.get("series"), answer.told.get("have")
    if not isinstance(series, str) or type(edition) is not int or edition < 0:
        raise Failed(f"what answers (status {answer.status}) is no mirror")
    return Has(series, edition)


def row_of(address: str) -> MirrorState:
    """How it goes with a mirror, or with the folder."""
    found: MirrorState | None = MirrorState.get_or_none(MirrorState.address == address)
    if found is None:
        MirrorState.insert(address=address).on_conflict_ignore().execute()
        found = MirrorState.get(MirrorState.address == address)
    return found


def succeeded(address: str, has: Has, at: float, sent: int) -> None:
    """Write that a mirror has an edition that was made `at`; sent: bytes."""
    facts = {"series": has.series, "revision": has.edition, "at": at, "last_ok": time.time(), "failures": 0, "not_before": 0.0}
    MirrorState.update(facts | {"sent": MirrorState.sent + sent}).where(MirrorState.address == address).execute()


def failed(row: MirrorState, error: str) -> None:
    """Write why a mirror has nothing new, and leave it alone for longer and longer."""
    now, pause = time.time(), min(2.0**row.failures, LONGEST_PAUSE_S)
    if error != row.error or not row.failures:
        log.warning("%s is not brought up to date: %s", row.address, error)
    facts = {"last_error": now, "error": error[:1000], "failures": row.failures + 1, "not_before": now + pause}
    MirrorState.update(facts).where(MirrorState.id == row.id).execute()
