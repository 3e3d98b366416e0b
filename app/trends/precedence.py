"""Which of several files of one run and dataset gives the points: the highest version, then the latest time of change."""

from __future__ import annotations

import re

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


def note_losing_file(dataset: int, run: int, loser: str, winner: str) -> None:
    """Remember that a file has lost against another one."""
    TrendLosingFile.insert(dataset=dataset, run=run, url=loser).on_conflict_ignore().execute()
    won = (TrendLosingFile.dataset == dataset) & (TrendLosingFile.run == run) & (TrendLosingFile.url == winner)
    TrendLosingFile.delete().where(won).execute()
