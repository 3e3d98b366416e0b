"""The arguments of /hdqm/api/data, with the messages of the original."""

from __future__ import annotations

from typing import NamedTuple

from flask import request

from app.trends.api.arguments import all_series
from app.trends.errors import InvalidQuery, UnknownSelection
from app.trends.models import LARGEST_RUN
from app.trends.query.run_choice import LATEST, RunChoice
from app.trends.query.selection import Selection
from app.trends.query.series_key import SeriesKey, plain_name
from app.trends.query.stored_series import key_of_series
from app.web import Problem

INVALID_COMBINATION = "The combination of parameters you provided is invalid."
INVALID_RUNS = "runs parameter is not valid. It has to be a comma separated list of integers."
MOST_DIGITS = 20
"""A longer number is refused as a whole; its first digits would be another number."""
DIGITS = f"at most {MOST_DIGITS} digits"


class DataRequest(NamedTuple):
    """What is requested."""

    keys: list[SeriesKey]
    choice: RunChoice
    by_id: bool = False  # an id may be that of an older version of its trend


def required(name: str) -> str:
    """A parameter that must be there. Raises Problem 400 with the message of the original."""
    value = request.args.get(name)
    if not value:
        raise Problem(400, f"Please provide a {name} parameter.", [(name, "Expected a value")])
    return value


def whole_number(name: str) -> int:
    """A parameter that is a whole number; 0, as the original has it, stands for a missing one. Raises Problem 400."""
    text = request.args.get(name, "").strip()
    if not text:
        return 0
    if not _is_number(text):
        raise Problem(400, f"{name} parameter is not valid. It has to be an integer.", [(name, f"Expected a whole number, {DIGITS}")])
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def data_request() -> DataRequest:
    """The series and runs of this request. Raises Problem 400, InvalidQuery and UnknownSelection."""
    series, number = request.args.get("series", ""), whole_number("series_id")
    if series and number:
        raise Problem(400, "series and series_id can not be defined at the same time.")
    if number:
        return DataRequest([_key_of(number)], _choice(), by_id=True)
    selection = Selection(required("subsystem"), required("pd"), required("processing_string"))
    choice, trend = _choice(), whole_number("trend_id")
    keys = all_series(selection)
    if trend:
        keys = [key_in(selection, trend)]
    if series:
        keys = _named(keys, series)
    return DataRequest(keys, choice, by_id=bool(trend) and not series)


def key_in(selection: Selection, number: int) -> SeriesKey:
    """The series of an id in a selection. Raises UnknownSelection."""
    key = _key_of(number)
    if Selection.of(key) != selection:
        raise UnknownSelection("The trend {} is not of {} in {} with processing {}".format(number, *(part[:100] for part in selection)))
    return key


def _key_of(number: int) -> SeriesKey:
    key = key_of_series(number) if number <= LARGEST_RUN else None
    if key is None:
        raise UnknownSelection(f"There is no trend {number}; plot_selection has the ids")
    return key


def _named(keys: list[SeriesKey], names: str) -> list[SeriesKey]:
    """Those of some series whose names, separated by commas, are wanted, with or without `plot:`. Raises UnknownSelection."""
    by_name = {key.name: key for key in keys}
    wanted = dict.fromkeys(plain_name(name.strip()) for name in names.split(",") if name.strip())
    if unknown := [name[:100] for name in wanted if name not in by_name]:
        raise UnknownSelection(f"There is no trend {', '.join(unknown[:5])} in this selection")
    return [by_name[name] for name in wanted]


def _choice() -> RunChoice:
    """The runs: a range, a list, or the latest."""
    first, last, latest, runs = whole_number("from_run"), whole_number("to_run"), request.args.get("latest"), request.args.get("runs")
    if (bool(first or last), latest is not None, runs is not None).count(True) > 1 or bool(first) != bool(last):
        raise Problem(400, INVALID_COMBINATION, [("from_run", "Expected one of: from_run and to_run, latest, runs")])
    if runs is not None:
        return _listed(runs)
    if first:
        return RunChoice.between(first, last)
    return RunChoice.newest(whole_number("latest") if latest else LATEST)


def _listed(text: str) -> RunChoice:
    parts = [part.strip() for part in text.split(",")]
    if not all(map(_is_number, parts)):
        raise Problem(400, INVALID_RUNS, [("runs", f"Expected whole numbers, {DIGITS}, separated by commas")])
    try:
        return RunChoice.of([int(part) for part in parts])
    except InvalidQuery as error:
        raise Problem(400, INVALID_RUNS, [("runs", str(error))]) from error
