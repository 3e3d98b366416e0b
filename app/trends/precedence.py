"""Which of several files of one run and dataset gives the points: the highest version, then the latest time of change.

Of several datasets of one processing, the version of the processing is between the two."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.core.urls import base_name
from app.trends.models import TrendLosingFile

_VERSION = re.compile(r"DQM_V(\d{4})_")


def file_version_number(url: str) -> int:
    """The version in the name of a file: 2 for DQM_V0002_R000355557__...; 0 for a name without one."""
    match = _VERSION.match(base_name(url))
    return int(match[1]) if match else 0


def takes_precedence(url: str, mtime_ns: int, over: str, over_mtime_ns: int) -> bool:
    """Whether points of a file replace those of another one of the same run and dataset.

    Args:
        url, mtime_ns: The file and its time of change, Unix ns.
        over, over_mtime_ns: The file that the points are of.
    """
    return url == over or (file_version_number(url), mtime_ns) >= (file_version_number(over), over_mtime_ns)


class FilePrecedence(NamedTuple):
    """Of files of one run in several datasets of one processing, that with the highest precedence gives the points."""

    file_version: int
    processing_version: int
    mtime_ns: int  # Unix ns
    url: str


def file_precedence(url: str, mtime_ns: int, processing_version: int) -> FilePrecedence:
    """The precedence of a file among those of datasets such as /ZeroBias/Run2022C-Express-v1/DQMIO and .../Run2022C-Express-v2/DQMIO.

    Args:
        url, mtime_ns: The file and its time of change, Unix ns.
        processing_version: Of its dataset.
    """
    return FilePrecedence(file_version_number(url), processing_version, mtime_ns, url)


def note_losing_file(dataset: int, run: int, loser: str, winner: str) -> None:
    """Remember that a file has lost against another one."""
    TrendLosingFile.insert(dataset=dataset, run=run, url=loser).on_conflict_ignore().execute()
    won = (TrendLosingFile.dataset == dataset) & (TrendLosingFile.run == run) & (TrendLosingFile.url == winner)
    TrendLosingFile.delete().where(won).execute()
