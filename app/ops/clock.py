"""The clock on the status page: whether it was set, and whether other machines agree with it."""

from __future__ import annotations

import time

from app.core.area import StatusLine
from app.core.clock import CLOCK, in_words
from app.core.database import rows
from app.core.heartbeat import SILENT_S, Service

WRONG = "compare it with the right time; daily jobs that delete old data wait for up to 12 hours if it was set far ahead"


def clock_line() -> StatusLine:
    """State of the clock of this machine, with the heartbeats of other machines as witnesses."""
    if step_s := CLOCK.set_by_s():
        return StatusLine("clock", "warn", f"was set {in_words(step_s)}", detail=f"The clock of this machine: {WRONG}")
    newest = rows(Service.select(Service.seen, Service.name, Service.host).order_by(Service.seen.desc()).limit(1))
    for seen, name, host in newest:
        if (ahead_s := seen - time.time()) > SILENT_S:
            text = f"behind a heartbeat by {ahead_s:,.0f} s"
            return StatusLine("clock", "warn", text, detail=f"The last heartbeat of {name} on {host} is in the future: compare the clocks")
    return StatusLine("clock", "ok", "was not set, and no heartbeat is in the future")
