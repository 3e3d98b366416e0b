"""The value of one metric from one file, for people who write configurations; it needs no database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from app.formats import FileVersion, FormatError, file_version, scan
from app.formats.detection import detect_format
from app.trends.computing import compute
from app.trends.errors import ConfigError, UnreadableSample
from app.trends.expressions import parse_metric
from app.trends.outcomes import Computation, SampleFile

INPUTS = {"me": "main", "histo1": "histo1", "histo2": "histo2", "reference": "reference"}
"""Names of the fields of a case, and the inputs of a metric that they fill."""

FIELDS = ("file", "metric", *INPUTS)


class CaseResult(NamedTuple):
    """The value of a case, or the reason why it has none."""

    value: float | None
    error: float | None
    reason: str
    is_readable: bool = True  # whether the file could be read at all

    @property
    def document(self) -> dict[str, Any]:
        """The result as it is printed."""
        return {"value": self.value, "error": self.error, "reason": self.reason}


def compute_case(case: Mapping[str, Any]) -> CaseResult:
    """The result of a case with the fields `file`, `metric`, `me`, and perhaps `histo1`, `histo2`, `reference`.

    Whatever is wrong with the case is the reason.
    """
    try:
        return _computed(case)
    except UnreadableSample as error:
        return CaseResult(None, None, str(error), is_readable=False)
    except ConfigError as error:
        return CaseResult(None, None, str(error))


def _computed(case: Mapping[str, Any]) -> CaseResult:
    _check_fields(case)
    parse_metric(case["metric"])
    try:
        sample = _sample_file(case["file"], file_version(case["file"]))
        paths = {name: case[field] for field, name in INPUTS.items() if case.get(field)}
        for path in paths.values():
            if sample.names.find(path.encode()) is None:
                raise ConfigError(f"The file has no monitor element {path}")
        (outcome,) = compute(sample, [Computation(0, case["metric"], paths, 0)]).outcomes
    except OSError as failure:
        raise UnreadableSample(f"{case['file']}: {failure.strerror or failure}") from failure
    except FormatError as failure:
        raise UnreadableSample(str(failure)) from failure
    value, error = outcome.value or (None, None)
    return CaseResult(value, error, outcome.reason)


def _check_fields(case: Mapping[str, Any]) -> None:
    """Raises `ConfigError` for a field that is missing, unknown, or no text."""
    for field, value in case.items():
        if field not in FIELDS:
            near = get_close_matches(field, FIELDS, 1)
            raise ConfigError(
                f"There is no field {field}; " + (f"the nearest is {near[0]}" if near else f"right would be {', '.join(FIELDS)}")
            )
        if value is not None and not _is_text(value):
            raise ConfigError(f"The {field} is no text that can be used; right would be a text without NUL")
    for field in ("file", "metric", "me"):
        if not case.get(field):
            raise ConfigError(f"The case has no {field}; right would be a text")


def _is_text(value: object) -> bool:
    """Whether a value is a text that a path or a name can be; the names of files may have bytes that are not UTF-8."""
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False


@lru_cache(maxsize=4)
def _sample_file(path: str, version: FileVersion) -> SampleFile:
    """The first sample of a file: that of the whole run, if it has one."""
    format = detect_format(path)
    if format is None:
        raise FormatError("has no format that can be read", path, "a ROOT file or a protobuf snapshot of DQM")
    listing = min(scan(path, format).samples.items())[1]
    return SampleFile(path, format, version, listing.names, listing.columns)
