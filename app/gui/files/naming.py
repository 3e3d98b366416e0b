"""What files are called, and which sample of which dataset that makes them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from app.formats import FORMATS
from app.formats.detection import detect_format
from app.gui.files.register import ONLINE, Entry, Places, dataset_problem


class Told(NamedTuple):
    """What is said of files whose names and contents do not tell it; "" and None: nothing."""

    dataset: str = ""
    run: int | None = None
    format: str = ""


NOTHING_TOLD = Told()


def from_path(path: str, places: Places, told: Told = NOTHING_TOLD) -> Entry | None:
    """The entry of a file by what is told, by its name and, for the format, by its content; None when these do not tell the sample."""
    name = os.path.basename(path)
    usual, match = _by_name(name)
    dataset = told.dataset or (_dataset(match.groupdict().get("dataset"), usual) if match else "")
    run = told.run if told.run is not None else int(match["run"]) if match else None
    format = told.format or _detected(path) or usual
    if run is None or not format or dataset_problem(dataset):
        return None
    return Entry(dataset, run, 0, places.real(path), format)


def _by_name(name: str) -> tuple[str, re.Match[str] | None]:
    """The format that files of such a name usually have, and the match of its pattern."""
    for format in FORMATS.by_number().values():
        if match := re.fullmatch(FORMATS[format].file_name, name, re.ASCII):
            return format, match
    return "", None


def _dataset(in_name: str | None, usual: str) -> str:
    """Snapshots are of the run that is taken, unless something else is told."""
    if not in_name:
        return ONLINE if FORMATS[usual].online else ""
    primary, *processed, tier = in_name.split("__")
    return f"/{primary}/{'__'.join(processed)}/{tier}"


def _detected(path: str) -> str | None:
    try:
        return detect_format(path)
    except OSError:  # whoever registers it hears so from Places.problem
        return None
