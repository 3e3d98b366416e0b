"""How the states of a command look, and what they mean."""

from __future__ import annotations

from app.control.models import ANSWERED, FAILED, QUEUED, REFUSED, SENDING, UNKNOWN
from app.square.states import Look

LOOKS = {
    QUEUED: Look("idle", "off", "waiting", "It waits to be sent."),
    SENDING: Look("idle", "run", "under way", "It was sent, and P5 has not answered yet."),
    ANSWERED: Look("ok", "ok", "answered", "P5 has done what it was asked for, and says so."),
    REFUSED: Look("error", "error", "refused", "It was not carried out: P5 said no, or it was not sent."),
    FAILED: Look("error", "error", "failed", "P5 answered with an error, or could not be reached."),
    UNKNOWN: Look(
        "unsure", "unsure", "unknown", "It was sent, and no answer is known: it may have been carried out. It is not sent again."
    ),
}
