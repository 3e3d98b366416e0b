"""The sample that a file holds, as determined by its name and content."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import NamedTuple

from app.formats import FORMATS
from app.formats.detection import detect_format
from app.gui.files.entries import ONLINE_DATASET, AllowedRoots, Entry, dataset_problem


class Overrides(NamedTuple):
    """What a user states about files; it has priority over their names and contents."""

    dataset: str = ""  # "": taken from the name
    run: int | None = None  # None: taken from the name
    format: str = ""  # "": taken from content and name


NO_OVERRIDES = Overrides()


def entry_from_path(path: str, roots: AllowedRoots, overrides: Overrides = NO_OVERRIDES) -> Entry | None:
    """Build an entry from the overrides, file name and content; None if the sample cannot be determined."""
    usual_format, match = _match_name(os.path.basename(path))
    dataset = overrides.dataset or (_dataset(match.groupdict().get("dataset"), usual_format) if match else "")
    run = overrides.run if overrides.run is not None else int(match["run"]) if match else None
    format = overrides.format or _detect(path) or usual_format
    if run is None or not format or dataset_problem(dataset):
        return None
    return Entry(dataset, run, 0, roots.resolve(path), format)


def _match_name(name: str) -> tuple[str, re.Match[str] | None]:
    """The format that files with such a name usually have, and the match of its pattern."""
    for format, pattern in _name_patterns(tuple(FORMATS.by_number().values())):
        if match := pattern.fullmatch(name):
            return format, match
    return "", None


@cache
def _name_patterns(formats: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    return [(format, re.compile(FORMATS[format].file_name, re.ASCII)) for format in formats]


def _dataset(name: str | None, format: str) -> str:
    """The dataset in a file name, PD__Era__TIER; snapshots have none and are of the ongoing run."""
    if not name:
        return ONLINE_DATASET if FORMATS[format].online else ""
    primary, *processed, tier = name.split("__")
    return f"/{primary}/{'__'.join(processed)}/{tier}"


def _detect(path: str) -> str | None:
    try:
        return detect_format(path)
    except OSError:  # AllowedRoots.problem reports it
        return None
