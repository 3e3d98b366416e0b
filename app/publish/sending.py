"""Sending snapshots to mirrors. Each mirror has its own task and its own pauses, so that a slow or unreachable one delays no other.

The revision of a mirror is known only from its responses: it is requested when a task starts and after each failure, and every
response contains it.
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
from app.publish.errors import SendError
from app.publish.keys import signing_key
from app.publish.models import RevisionSeries
from app.publish.progress import Position, is_paused, record_failure, record_success, state_of
from app.publish.settings import PublishSettings
from app.queue.periodic import TaskRun
from protocol.snapshot import Snapshot, pack

log = logging.getLogger(__name__)

SEND_S = 1.0
"""Interval at which a mirror is brought up to date."""

CONNECT_S, EXCHANGE_S = 5.0, 30.0
"""Timeouts of connecting, and of a whole exchange with a mirror."""

MIN_SERIES_S = 3600.0
"""Minimum age of a series that is restarted, so that a faulty mirror cannot cause repeated full transfers."""

MAX_CORRECTIONS = 3
"""Number of consecutive reports of unexpected positions after which sending to a mirror pauses."""

MAX_RESPONSE_BYTES = 64 * 1024


class MirrorResponse(NamedTuple):
    """A response of a mirror."""

    status: int
    body: dict[str, Any]  # its JSON; {} for anything else

    @property
    def message(self) -> str:
        """The reason for a refusal."""
        return one_line(str(self.body.get("message", "")))[:300]

    @property
    def position(self) -> Position:
        """The state of the mirror. Raises SendError for the response of another server."""
        series, revision = self.body.get("series"), self.body.get("have")
        if not isinstance(series, str) or type(revision) is not int or revision < 0:
            raise SendError(f"This address is not a mirror (its response has status {self.status})")
        return Position(series, revision)


@contextmanager
def sending(address: str, settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Provide the step of the periodic task that brings a mirror up to date."""
    sender = Sender(address, settings)
    try:
        yield partial(sender.step, run.should_stop)
    finally:
        sender.client.close()


class Sender:
    """Sends to one mirror.

    Attributes:
        position: Series and revision of the mirror; None: unknown.
        corrections: Number of consecutive reports of an unexpected position.
    """

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = address
        self.settings = settings
        self.position: Position | None = None
        self.corrections = 0
        self.client = HttpClient(
            ca=settings.of(PublishSettings).publish_ca, headers={"Content-Type": "application/octet-stream", "Accept": "application/json"}
        )

    def step(self, should_stop: Callable[[], bool]) -> None:
        """Bring the mirror up to date, unless sending to it pauses; a failure is recorded."""
        row = state_of(self.address)
        if is_paused(row):
            return
        try:
            self.position = self.position or self._request("GET").position
            while self._is_behind() and not should_stop():
                self._send()
        except (SendError, HttpError, OSError) as error:  # OSError: the signing key cannot be read
            self.position, self.corrections = None, 0
            record_failure(row, root_cause(error) if isinstance(error, OSError) else str(error))

    def _is_behind(self) -> bool:
        series = revisions.current()
        return bool(series.revision) and self.position != Position(series.name, series.revision)

    def _send(self) -> None:
        """Send one snapshot."""
        series = revisions.current()
        since = self.position.revision if self.position and self.position.series == series.name else 0
        if since > series.revision:
            series, since = self._restart_series(series, since), 0
        if 0 < since < series.forgotten:
            raise SendError("It was unreachable for so long that removals were forgotten. Empty its file to send everything again")
        snapshot = revisions.snapshot(series, since, self.settings.instance_name)
        body = pack(snapshot, signing_key(self.settings))
        response = self._request("POST", body)
        if response.status == 409:
            self._correct(response, snapshot)
        else:
            self._confirm(response, snapshot, len(body))

    def _correct(self, response: MirrorResponse, snapshot: Snapshot) -> None:
        """Continue from the position that the mirror reports. Raises SendError if that cannot help."""
        reported, self.corrections = response.position, self.corrections + 1
        if reported in (self.position, Position(snapshot.series, snapshot.since)) or self.corrections > MAX_CORRECTIONS:
            raise SendError(f"It refuses revision {snapshot.until} of {snapshot.series}: {response.message}")
        self.position = reported

    def _confirm(self, response: MirrorResponse, snapshot: Snapshot, size: int) -> None:
        """Record that the mirror has the snapshot."""
        self.position = response.position
        if self.position != Position(snapshot.series, snapshot.until):
            reported = f"revision {self.position.revision} of {self.position.series!r}"
            raise SendError(f"It reports {reported} after revision {snapshot.until} of {snapshot.series} was sent")
        self.corrections = 0
        record_success(self.address, self.position, snapshot.at, size)

    def _restart_series(self, series: RevisionSeries, reported: int) -> RevisionSeries:
        """A new series, because the mirror is ahead of the database, which was lost or restored."""
        if time.time() - series.started < MIN_SERIES_S:
            raise SendError(
                f"It reports revision {reported} of {series.name}, but the newest is {series.revision}. "
                "A new series starts when this one is an hour old"
            )
        log.warning(
            "%s has revision %d of %s, but the newest is %d: starting a new series", self.address, reported, series.name, series.revision
        )
        return revisions.restart_series(series)

    def _request(self, method: str, body: bytes | None = None) -> MirrorResponse:
        """The response to GET or POST of /snapshots with status 200 or 409. Raises SendError for any other status."""
        raw = self.client.request(
            method,
            f"{self.address.rstrip('/')}/snapshots",
            deadline_s=EXCHANGE_S,
            max_bytes=MAX_RESPONSE_BYTES,
            connect_s=CONNECT_S,
            body=body,
            truncate=True,
            retries=1,
        )
        response = MirrorResponse(raw.status, _json_object(raw.body))
        if response.status not in (200, 409):
            raise SendError(f"Its response has status {response.status}" + (f": {response.message}" if response.message else ""))
        return response


def _json_object(raw: bytes) -> dict[str, Any]:
    """A JSON object; {} for anything else."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
