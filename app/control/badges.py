"""Badges of the control room: states of commands and kinds of events."""

from __future__ import annotations

from app.control.models import ANSWERED, FAILED, QUEUED, REFUSED, SENDING, UNKNOWN
from app.square.states import Look

COMMAND_BADGES = {
    QUEUED: Look("idle", "off", "queued", "Waiting to be sent."),
    SENDING: Look("idle", "run", "sent", "Sent; no response from P5 yet."),
    ANSWERED: Look("ok", "ok", "done", "Confirmed by P5."),
    REFUSED: Look("error", "error", "refused", "Not executed: P5 refused it, or it was not sent."),
    FAILED: Look("error", "error", "failed", "P5 responded with an error, or was unreachable."),
    UNKNOWN: Look("unsure", "unsure", "unknown", "Sent, but the outcome is not known: it may have been executed. It is not sent again."),
}
"""The badge of each state of a command."""

EVENT_BADGES = {
    "crash": Look("error", "error", "crash", ""),
    "stuck": Look("warning", "warning", "stuck", ""),
    "silent-host": Look("warning", "warning", "silent", ""),
    "run-start": Look("idle", "run", "run", ""),
    "run-end": Look("idle", "off", "run", ""),
}
"""The badge of each kind of event."""
