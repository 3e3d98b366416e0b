"""The worker of a mirror: it receives the whole body of a request only if that may be a snapshot of a trusted hub."""

from __future__ import annotations

from typing import Any

from protocol.buffered_http.worker import BufferedWorker
from protocol.snapshot import FIRST_LINE_BYTES

from .receiver import public_keys
from .uploads import is_refused_by_its_start

UPLOADS_AT_ONCE = 3
"""Memory for bodies: that of this many snapshots of the largest size."""


class MirrorWorker(BufferedWorker):
    """`BufferedWorker` with the limits of a mirror."""

    EARLY_BYTES = FIRST_LINE_BYTES

    def init_process(self) -> None:
        """Called by gunicorn in the new process."""
        self.max_body_bytes = self.app.options.largest_mb * 2**20
        self.keys = public_keys(self.app.options.keys)
        self.body_budget_bytes = UPLOADS_AT_ONCE * self.max_body_bytes
        super().init_process()

    def answers_early(self, request: Any, body_length: int | None, start: bytes) -> bool:
        """Whether the body is of no use: no address but /snapshots reads one."""
        if request.method != "POST" or not request.path.endswith("/snapshots"):
            return True
        return is_refused_by_its_start(body_length, start, self.max_body_bytes, self.keys)
