"""What a check of `dqmhub doctor` finds."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Diagnosis(NamedTuple):
    """One sentence on an installation."""

    level: Literal["ok", "warning", "error"]
    text: str
    remedy: str = ""  # what to do, "" if nothing


def error(reason: str, remedy: str) -> Diagnosis:
    """An error whose remedy is the end of a sentence elsewhere."""
    return Diagnosis("error", reason, remedy[0].upper() + remedy[1:])
