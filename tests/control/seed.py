"""A command and its responses, for tests of all areas."""

from __future__ import annotations

import json

from app.control.models import COUNTER, FAILED, SubmittedCommand
from app.control.responses import MachineResponse, dump_responses
from app.control.specs import Impact
from app.core.counters import advance
from app.core.settings import Settings


def fill(settings: Settings, now: float) -> None:
    """A restart that an operator commanded, and what the host responded. now: Unix s."""
    error = "The host responded with 500"
    SubmittedCommand.create(
        system="production",
        name="restart_hltd",
        arguments=json.dumps({"host": "fu-c2f11-11-01"}),
        impact=json.dumps(Impact(["fu-c2f11-11-01"], [], {}, ["Its clients end"])._asdict()),
        user="demo-operator",
        reason="The clients hang",
        idempotency_key="a-key-of-a-form",
        created=now - 60,
        sent_at=now - 59,
        ended=now - 58,
        state=FAILED,
        status=500,
        error=error,
        answer=dump_responses([MachineResponse("fu-c2f11-11-01", 500, "Traceback of the host", FAILED, error)]),
        version=advance(COUNTER),
    )
