"""What files are called, and which sample of which dataset that makes them."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from app.formats.recognise import recognise
from app.gui.files.register import ONLINE, Entry, Places, dataset_problem

_DATASET = "(?P<dataset>[^/]+__[^/]+__[^/]+)"
NAMES = {
    "tdirectory": re.compile(rf"DQM_V\d{{4}}_([^_]+_)?R(?P<run>\d{{9}})(__{_DATASET})?\.root", re.ASCII),
    "protobuf": re.compile(r"(DQM_V\d{4}_([^_]+_)?R|run)(?P<run>\d{6,9})(_[^/]*)?\.pb", re.ASCII),
    "dqmio": re.compile(rf"{_DATASET}_run(?P<run>\d{{1,9}})\.root", re.ASCII),
}
"""What files are called, and the format that files of such a name have as a rule."""


class Told(NamedTuple):
    """What is said of files whose names and contents do not tell it; "" and None: nothing."""

    dataset: str = ""
    run: int | None = None
    format: str = ""


NOTHING_TOLD = Told()


def from_path(path: str, places: Places, told: Told = NOTHING_TOLD) -> Entry | None:
    """The entry of a file by what is told, by its name and, for the format, by its content; None when these do not tell the sample."""
    name = os.path.basename(path)
    usual, match = next(((usual, match) for usual, names in NAMES.items() if (match := names.fullmatch(name))), ("", None))
    dataset = told.dataset or (_dataset(match.groupdict().get("dataset"), usual) if match else "")
    run = told.run if told.run is not None else int(match["run"]) if match else None
    format = told.format or _recognised(path) or usual
    if run is None or not format or dataset_problem(dataset):
        return None
    return Entry(dataset, run, 0, places.real(path), format)


def _dataset(in_name: str | None, usual: str) -> str:
    """Snapshots are of the run that is taken, unless something else is told."""
    if not in_name:
        return ONLINE if usual == "protobuf" else ""
    primary, *processed, tier = in_name.split("__")
    return f"/{primary}/{'__'.join(processed)}/{tier}"


def _recognised(path: str) -> str | None:
    try:
        return recognise(path)
    except OSError:  # whoever registers it hears so from Places.problem
        return None
