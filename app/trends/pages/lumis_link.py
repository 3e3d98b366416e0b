"""The link from a run of a trend to the same metric over the lumisections of the run."""

from __future__ import annotations

from collections.abc import Mapping

from app.gui.samples import lumis_of
from app.web.links import link

LUMIS_PATH = "/trends/lumis"


def lumis_link(run: int, dataset: str, metric: str, elements: Mapping[str, str]) -> str:
    """The address of the form, filled in; "" if the run has no files of lumisections.

    Args:
        elements: Paths of the monitor elements by `me`, `histo1`, `histo2` and `reference`.
    """
    if not dataset or not any(lumis_of(run, dataset)):
        return ""
    return link(LUMIS_PATH, {"run": run, "dataset": dataset, "metric": metric, **elements})
