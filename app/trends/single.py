"""The value of one metric from one file, for people who write configurations; it needs no database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.formats import FileVersion, FormatError, file_version, scan
from app.formats.detection import detect_format
from app.trends.computing import compute
from app.trends.errors import ConfigError
from app.trends.expressions import parse_metric
from app.trends.outcomes import Computation, SampleFile

INPUTS = {"me": "main", "histo1": "histo1", "histo2": "histo2", "reference": "reference"}
"""Names of the fields of a case, and the inputs of a metric that they fill."""


def compute_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """`value`, `error` and `reason` of a case with the fields `file`, `metric`, `me`, and perhaps `histo1`, `histo2`, `reference`.

    Whatever is wrong with the case is the reason.
    """
    try:
        return _computed(case)
    except (ConfigError, FormatError, OSError, ValueError) as error:
        return _no_value(str(error))


def _computed(case: Mapping[str, Any]) -> dict[str, Any]:
    for field in ("file", "metric", "me"):
        if not isinstance(case.get(field), str):
            raise ConfigError(f"The case has no {field}; right would be a text")
    parse_metric(case["metric"])
    sample = _sample_file(case["file"], file_version(case["file"]))
    paths = {name: str(case[field]) for field, name in INPUTS.items() if case.get(field)}
    for path in paths.values():
        if sample.names.find(path.encode()) is None:
            raise ConfigError(f"The file has no monitor element {path}")
    (outcome,) = compute(sample, [Computation(0, case["metric"], paths, 0)]).outcomes
    value, error = outcome.value or (None, None)
    return {"value": value, "error": error, "reason": outcome.reason}


def _no_value(reason: str) -> dict[str, Any]:
    return {"value": None, "error": None, "reason": reason}


@lru_cache(maxsize=4)
def _sample_file(path: str, version: FileVersion) -> SampleFile:
    """The first sample of a file: that of the whole run, if it has one."""
    format = detect_format(path)
    if format is None:
        raise FormatError("has no format that can be read", path, "a ROOT file or a protobuf snapshot of DQM")
    listing = min(scan(path, format).samples.items())[1]
    return SampleFile(path, format, version, listing.names, listing.columns)
