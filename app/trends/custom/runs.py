"""The values of whole runs."""

from __future__ import annotations

from functools import partial

from app.core.settings import Settings
from app.gui.catalog.catalog import Catalog
from app.gui.samples import SampleKey
from app.trends.custom.requests import RunsRequest
from app.trends.custom.samples import choose_samples
from app.trends.custom.store import PointKey
from app.trends.custom.values import IMPORT_WAIT_S, OpenedValue, WantedValue, file_tag, sample_value


def run_values(request: RunsRequest, settings: Settings) -> tuple[list[WantedValue], str]:
    """The values of a request, the newest run first, and what the limit of files leaves out."""
    catalog = Catalog(settings)
    samples, note = choose_samples(request, settings)
    return [WantedValue(PointKey(key.dataset, key.run, 0), partial(_open, catalog, key, request)) for key in samples], note


def _open(catalog: Catalog, key: SampleKey, request: RunsRequest) -> OpenedValue:
    sample = catalog.open(key, IMPORT_WAIT_S)
    return OpenedValue(file_tag(sample), partial(sample_value, sample, request))
