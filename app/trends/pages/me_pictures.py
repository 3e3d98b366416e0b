"""The monitor elements of a point with their plots in the DQM GUI, or why it has none."""

from __future__ import annotations

from typing import NamedTuple

from app.core.urls import base_name
from app.formats import Kind
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.errors import GuiError, ImportFailed, Importing, UnknownSample
from app.gui.samples import SampleKey
from app.gui.view import View
from app.trends.query.stored_points import PointConfig

WAIT_S = 1.0
"""Longest wait for the list of a file that is being read; then its page polls."""

SIZE = (400, 300)
"""Width and height of a plot beside a chart, pixels."""

ROLES = {"me": "Main", "histo1": "Optional 1", "histo2": "Optional 2", "reference": "Reference"}
"""What each monitor element of a configuration is for."""


class MEPicture(NamedTuple):
    """A monitor element of a configuration, and its plot in one run."""

    role: str
    path: str
    address: str  # of its page in the DQM GUI; "" if that does not have it
    image: str  # address of its plot; "" if there is none
    text: str  # its value, if it is a number or text
    problem: str  # why there is neither; "" if there is


class MEPictures(NamedTuple):
    """The monitor elements of a configuration in one run."""

    pictures: list[MEPicture]
    problem: str  # why none has a plot; "" otherwise
    is_coming: bool  # whether the file is being read
    other_file: str  # name of the file in the DQM GUI, if the point is of another version


def me_pictures(config: PointConfig, run: int, dataset: str, url: str, mtime_ns: int) -> MEPictures:
    """The monitor elements of a configuration in a run; url and mtime_ns: the file of the point, "" and 0 if there is none."""
    key = SampleKey(run, 0, dataset)
    try:
        sample = current_catalog().open(key, WAIT_S)
    except GuiError as error:
        problem = _sentence(key, error)
        lacking = [MEPicture(ROLES[name], path, "", "", "", problem) for name, path in config.inputs.items()]
        return MEPictures(lacking, problem, isinstance(error, Importing), "")
    is_other = url and (sample.url, sample.file_version.mtime_ns) != (url, mtime_ns)
    pictures = [_picture(sample, name, path) for name, path in config.inputs.items()]
    return MEPictures(pictures, "", False, base_name(sample.url) if is_other else "")


def _sentence(key: SampleKey, error: GuiError) -> str:
    match error:
        case UnknownSample():
            return f"The DQM GUI has no file of {key}: it was never registered here, or is not any more."
        case Importing():
            return f"The file of {key} is being read; the plots come in a moment."
        case ImportFailed():
            return f"The file of {key} cannot be read: {error.reason}."
    return f"{error.message}."


def _picture(sample: OpenSample, name: str, path: str) -> MEPicture:
    view, me = View(sample.key), path.encode()
    index = sample.names.find(me)
    if index is None:
        return MEPicture(ROLES[name], path, "", "", "", f"{base_name(sample.url)} has no monitor element {path}.")
    address = view.of_folder(me.rpartition(b"/")[0]).of_plot(me).address
    if Kind(sample.columns.kind[index]).scalar:
        return MEPicture(ROLES[name], path, address, "", sample.scalar(index), "")
    return MEPicture(ROLES[name], path, address, view.image(me, SIZE), "", "")
