"""The table of the commands that were given to P5, and what came of each."""

from __future__ import annotations

import json
import re
from typing import Any

from peewee import BigIntegerField, BlobField, DoubleField, IntegerField, TextField

from app.core.database import Table

QUEUED, SENDING = OPEN = ("queued", "sending")
ANSWERED, REFUSED, FAILED, UNKNOWN = ENDED = ("answered", "refused", "failed", "unknown")

_PLAIN = re.compile(r"[^\s=]*")

COUNTER = "control"
"""The name by which `app.core.counters.advance` counts the changes of the control room."""


class Command(Table):
    """One command, or question, to P5. It is sent at most once: who sends it makes a queued row a sending one before.

    state: queued; sending; answered (P5 did it, and said so); refused (P5 said no, or it was not sent); failed (P5
    answered with an error); unknown (it was sent, and no answer is known). arguments: JSON object of texts. touched: JSON
    of `Touched`, as it was shown before. once: of the form that gave it, so that a second click gives no second command.
    status: of the last HTTP answer. answer: zstd of the JSON list of `Part`. Times are Unix s UTC.
    """

    system = TextField()
    name = TextField()
    arguments = TextField()
    touched = TextField()
    user = TextField()
    reason = TextField()
    once = TextField(unique=True)
    created = DoubleField(index=True)
    state = TextField(default=QUEUED)
    sent_at = DoubleField(null=True)
    ended = DoubleField(null=True)
    status = IntegerField(null=True)
    answer = BlobField(null=True)
    error = TextField(default="")
    version = BigIntegerField()

    class Meta:
        table_name = "square_command"
        indexes = ((("name", "state"), False), (("state",), False))

    @property
    def given(self) -> dict[str, str]:
        values: dict[str, str] = json.loads(self.arguments)
        return values

    @property
    def target(self) -> str:
        """What it was for, in a line; a value that could be taken for several is in quotes."""
        return " ".join(f"{name}={value if _PLAIN.fullmatch(value) else repr(value)}" for name, value in self.given.items())

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def touches(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.touched)
        return values
