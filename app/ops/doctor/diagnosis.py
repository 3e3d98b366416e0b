"""What a check of `dqmhub doctor` finds."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Diagnosis(NamedTuple):
    """One sentence on an installation."""

    level: Literal["ok", "warning", "error"]
    text: str
    remedy: str = ""  # what to do, "" if nothing
