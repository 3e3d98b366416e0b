"""HTTP statuses of the errors of the DQM GUI."""

from __future__ import annotations

from app.gui import errors
from app.gui.layouts import errors as layouts
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.web import Problem

STATUSES: dict[type[errors.GuiError], tuple[int, int]] = {
    errors.InvalidInput: (400, 0),
    errors.UnknownSample: (404, 0),
    errors.UnknownElement: (404, 0),
    errors.NotInQuarantine: (404, 0),
    errors.NoWindow: (404, 0),
    errors.Importing: (503, 1),
    errors.ImportFailed: (502, 0),
    errors.UnusableFile: (422, 0),
    errors.NotInFile: (404, 0),
    errors.FileServerUnreachable: (503, 5),
    errors.ImportPostponed: (503, 5),
    errors.PlotError: (502, 0),
    errors.UnusableElement: (422, 0),
    errors.NotSubtractable: (422, 0),
    errors.UnsuitableFormat: (400, 0),
    errors.NothingToDraw: (404, 0),
    errors.Quarantined: (422, 0),
    errors.PlotUnavailable: (503, 2),
    errors.ListOutdated: (503, 1),
    errors.PlotServerUnreachable: (503, 5),
    errors.PlotTimeout: (504, 0),
    layouts.InvalidArrangement: (400, 0),
    layouts.UnknownArrangement: (404, 0),
    layouts.PathTaken: (409, 0),
    layouts.NotEditable: (409, 0),
    layouts.PrivateArrangement: (403, 0),
    ArrangementConflict: (409, 0),
}
"""Status and Retry-After (s; 0: no header) of each error; a class without an entry has that of its base class."""


NO_WINDOW = "DQM-No-Window"
"""Header of the answer for a plot that can be drawn, and whose window cannot: pages show a note, no failure."""


def status_of(error: errors.GuiError) -> tuple[int, int]:
    """The HTTP status of an error and its Retry-After in s, 0 for none."""
    return next((STATUSES[base] for base in type(error).__mro__ if base in STATUSES), (500, 0))


def problem_of(error: errors.GuiError) -> Problem:
    """The HTTP answer to an error of the GUI."""
    status, retry_s = status_of(error)
    headers = {"Retry-After": str(retry_s)} if retry_s else {}
    if isinstance(error, errors.NotSubtractable):
        headers[NO_WINDOW] = "1"
    return Problem(status, error.message, error.fields, headers)
