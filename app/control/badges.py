"""Badges of the control room: states of commands and kinds of events."""

from __future__ import annotations

from app.control.models import ANSWERED, FAILED, QUEUED, REFUSED, SENDING, UNKNOWN
from app.web.badges import Badge

COMMAND_BADGES = {
    QUEUED: Badge("idle", "off", "queued", "Waiting to be sent."),
    SENDING: Badge("idle", "run", "sent", "Sent; no response from P5 yet."),
    ANSWERED: Badge("ok", "ok", "done", "Confirmed by P5."),
    REFUSED: Badge("error", "error", "refused", "Not executed: P5 refused it, or it was not sent."),
    FAILED: Badge("error", "error", "failed", "P5 responded with an error, or was unreachable."),
    UNKNOWN: Badge("unsure", "unsure", "unknown", "Sent, but the outcome is not known: it may have been executed. It is not sent again."),
}
"""The badge of each state of a command."""

EVENT_BADGES = {
    "crash": Badge("error", "error", "crash", ""),
    "stuck": Badge("warning", "warning", "stuck", ""),
    "silent-host": Badge("warning", "warning", "silent", ""),
    "run-start": Badge("idle", "run", "run", ""),
    "run-end": Badge("idle", "off", "run", ""),
}
"""The badge of each kind of event."""
