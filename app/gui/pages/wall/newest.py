"""The sample that a panel of a wall shows."""

from __future__ import annotations

import time

from app.gui.catalog.catalog import OpenSample
from app.gui.catalog.stored import find_sample
from app.gui.current import current_catalog
from app.gui.errors import GuiError, UnknownSample
from app.gui.samples import SampleKey, runs_of

NO_WAIT_S = 0.0


def newest_sample(dataset: str) -> OpenSample:
    """The ongoing run of a dataset, or else its newest run, without waiting for a file that is being read. Raises GuiError."""
    run = 0 if find_sample(SampleKey(0, 0, dataset)) else next(iter(runs_of(dataset, limit=1)), None)
    if run is None:
        raise UnknownSample(f"No run of {dataset} is registered yet")
    return current_catalog().open(SampleKey(run, 0, dataset), NO_WAIT_S)


def sentence(error: GuiError) -> str:
    """What is wrong, for a panel."""
    return f"{error.message}."


def data_time(sample: OpenSample) -> float:
    """When the file of a sample was written, Unix s UTC."""
    return min(sample.file_version.mtime_ns / 1e9, time.time())
