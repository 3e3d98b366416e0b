"""The errors of the area as answers of HTTP."""

from __future__ import annotations

from app.transfers.errors import BadReport, TransfersError, UnknownTransferRun
from app.web import Problem


def problem_of(error: TransfersError) -> Problem:
    """The answer to a request that raised this error."""
    fields = [(error.field, error.problem)] if isinstance(error, BadReport) else []
    return Problem(404 if isinstance(error, UnknownTransferRun) else 400, str(error), fields)
