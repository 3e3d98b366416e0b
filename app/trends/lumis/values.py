"""The values of lumisections: each by itself, or of the difference from the lumisection before."""

from __future__ import annotations

from functools import partial

from app.core.settings import Settings
from app.formats import FormatError
from app.gui.catalog.catalog import Catalog, OpenSample
from app.trends.computing import Computation, Histograms, SampleFile, outcome_of, read_histograms
from app.trends.custom.requests import LumisRequest
from app.trends.custom.store import PointKey, StoredValue
from app.trends.custom.values import IMPORT_WAIT_S, OpenedValue, WantedValue, file_tag, missing_element, sample_value, stored_outcome
from app.trends.histogram import Histogram
from app.trends.lumis.difference import difference
from app.trends.lumis.samples import choose_lumis, sample_key
from app.trends.metrics.metric import NoPoint


def lumi_values(request: LumisRequest, settings: Settings) -> tuple[list[WantedValue], str]:
    """The values of a request in the order of lumisections, and what was left out."""
    catalog = Catalog(settings)
    chosen = choose_lumis(request, settings)
    opened = [partial(_open, catalog, request, lumi, chosen.before.get(lumi, 0)) for lumi in chosen.lumis]
    keys = [PointKey(request.dataset, request.run, lumi) for lumi in chosen.lumis]
    return [WantedValue(key, open) for key, open in zip(keys, opened, strict=True)], chosen.note


def _open(catalog: Catalog, request: LumisRequest, lumi: int, before: int) -> OpenedValue:
    sample = catalog.open(sample_key(request, lumi), IMPORT_WAIT_S)
    if not request.differences or not before:
        return OpenedValue(file_tag(sample), partial(sample_value, sample, request))
    earlier = catalog.open(sample_key(request, before), IMPORT_WAIT_S)
    file = file_tag(sample, earlier)
    return OpenedValue(file, partial(_difference_value, sample, earlier, request, file))


def _difference_value(sample: OpenSample, earlier: OpenSample, request: LumisRequest, file: str) -> StoredValue:
    if missing := missing_element(sample, request):
        return StoredValue(None, None, missing, file)
    computation = Computation(0, request.metric, request.paths, 0)
    try:
        histograms = _differences(_read(sample, request), _read(earlier, request))
    except NoPoint as error:
        return StoredValue(None, None, str(error), file)
    return stored_outcome(outcome_of(computation, histograms), file)


def _read(sample: OpenSample, request: LumisRequest) -> Histograms:
    file = SampleFile(sample.url, sample.format, sample.file_version, sample.names, sample.columns)
    return read_histograms(file, set(request.paths.values()))


def _differences(late: Histograms, early: Histograms) -> Histograms:
    """What was filled since the lumisection before; all of a histogram that it lacks. Raises `NoPoint`."""
    found: dict[str, Histogram | FormatError] = {}
    for path, after in late.items():
        before = early.get(path)
        broken = next((each for each in (after, before) if isinstance(each, FormatError)), None)
        if broken:
            found[path] = broken
        elif isinstance(after, Histogram):
            found[path] = difference(after, before) if isinstance(before, Histogram) else after
    return found
