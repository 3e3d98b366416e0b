"""Errors of the area. Each message is a sentence for users."""

from __future__ import annotations


class TransfersError(Exception):
    """Base of the errors of the area."""


class BadReport(TransfersError):
    """A report that cannot be read at all.

    Attributes:
        field: The field that is wrong.
        problem: What would be right.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__("The report cannot be used")
        self.field = field
        self.problem = problem


class BadRecord(TransfersError):
    """A record, or the state, of a report that cannot be stored; the message is the reason."""


class UnknownTransferRun(TransfersError):
    """Nothing was reported of the run."""
