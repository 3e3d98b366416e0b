"""The table of the commands to P5 with their states and responses."""

from __future__ import annotations

import json
import re
from typing import Any

from peewee import BigIntegerField, BlobField, DoubleField, IntegerField, TextField

from app.core.database import Table

QUEUED, SENDING = OPEN = ("queued", "sending")
ANSWERED, REFUSED, FAILED, UNKNOWN = ENDED = ("answered", "refused", "failed", "unknown")

_UNQUOTED = re.compile(r"[^\s=]*")

COUNTER = "control"
"""Name of the version counter of the control room, see app.core.counters."""


class SubmittedCommand(Table):
    """A command or query to P5. A process marks it as `sending` before it sends it, so that it is sent at most once.

    Times are Unix s UTC.

    Attributes:
        system: The system it is for; "" for none.
        name: Name of its CommandSpec.
        arguments: JSON object of texts.
        impact: JSON of its `Impact` as it was confirmed.
        user: Name of the user who submitted it.
        idempotency_key: Chosen by the form or script: the same key never submits a second command.
        state: queued; sending; answered: P5 confirmed it; refused: P5 refused it, or it was not sent; failed: P5 responded with an
            error; unknown: it was sent, but its outcome is not known.
        status: HTTP status of the last response.
        answer: zstd of the JSON list of `MachineResponse`; None once it was deleted by age.
        version: Value of the version counter at its last change.
    """

    system = TextField()
    name = TextField()
    arguments = TextField()
    impact = TextField()
    user = TextField()
    reason = TextField()
    idempotency_key = TextField(unique=True)
    created = DoubleField(index=True)
    state = TextField(default=QUEUED)
    sent_at = DoubleField(null=True)
    ended = DoubleField(null=True)
    status = IntegerField(null=True)
    answer = BlobField(null=True)
    error = TextField(default="")
    version = BigIntegerField()

    class Meta:
        table_name = "control_command"
        indexes = ((("name", "state"), False), (("state",), False))

    @property
    def args(self) -> dict[str, str]:
        """Its arguments by name."""
        values: dict[str, str] = json.loads(self.arguments)
        return values

    @property
    def target(self) -> str:
        """Its arguments on one line; a value that could be read as several is quoted."""
        return " ".join(f"{name}={value if _UNQUOTED.fullmatch(value) else repr(value)}" for name, value in self.args.items())

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    def impact_fields(self) -> dict[str, Any]:
        """The fields of its `Impact` by name."""
        values: dict[str, Any] = json.loads(self.impact)
        return values
