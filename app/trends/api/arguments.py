"""The arguments of /api/v1/trends: series, runs and conditions."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from app.trends.errors import InvalidQuery, UnknownSelection
from app.trends.query.conditions import SIGNIFICANCES, RunConditions
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import Selection, series_of_selection
from app.trends.query.series_key import Key, SeriesKey, parse_key
from app.trends.query.stored_series import find_series
from app.web.arguments import choice_arg

SELECTION = ("subsystem", "pd", "ps")
"""Names of the arguments of a selection."""


def selection_arg() -> Selection | None:
    """The selection of the arguments subsystem, pd and ps; None without any of them. Raises InvalidQuery."""
    values = [request.args.get(name, "") for name in SELECTION]
    if not any(values):
        return None
    if missing := [name for name, value in zip(SELECTION, values, strict=True) if not value]:
        verb = "is" if len(missing) == 1 else "are"
        raise InvalidQuery(f"A selection needs subsystem, pd and ps: {' and '.join(missing)} {verb} missing")
    return Selection._make(values)


def keys_arg(*, older: bool) -> list[Key]:
    """The series of the arguments series=, each once, or all of a selection.

    Raises:
        InvalidQuery: There are neither, or one is malformed.
        UnknownSelection: There is no such selection or series.
    """
    keys = list(dict.fromkeys(parse_key(text) for text in request.args.getlist("series")))
    selection = selection_arg()
    if selection and keys:
        raise InvalidQuery("Expected series= or a selection, not both")
    if selection:
        return [*all_series(selection)]
    if not keys:
        raise InvalidQuery("Expected series=subsystem/name/primary dataset/processing, any number of times, or subsystem, pd and ps")
    _check_known(keys, older=older)
    return keys


def all_series(selection: Selection) -> list[SeriesKey]:
    """The series of a selection. Raises UnknownSelection."""
    keys = series_of_selection(selection)
    if not keys:
        raise UnknownSelection("There are no trends of {} in {} with processing {}".format(*(part[:100] for part in selection)))
    return keys


def _check_known(keys: Sequence[Key], *, older: bool) -> None:
    found = find_series([key for key in keys if isinstance(key, SeriesKey)], older=older)
    if unknown := [str(key)[:200] for key, series in found.items() if not series]:
        raise UnknownSelection(f"There is no series {', '.join(unknown[:5])}; /api/v1/trends lists the trends")


def runs_arg() -> RunChoice:
    """The runs of the argument runs. Raises InvalidQuery."""
    return RunChoice.parse(request.args.get("runs", ""))


def conditions_arg() -> RunConditions:
    """The conditions of the arguments significant and class. Raises Problem 400."""
    return RunConditions(choice_arg("significant", SIGNIFICANCES), request.args.get("class", ""))
