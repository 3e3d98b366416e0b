"""What a strip chart shows: the monitor element, its quantity and the runs, from the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from app.core.database import rows
from app.formats import Kind
from app.gui.catalog.catalog import Catalog
from app.gui.errors import GuiError
from app.gui.models import Dataset, Sample
from app.gui.samples import SampleKey
from app.trends.custom.form import MAX_PATH
from app.trends.custom.quantities import BIN, MAX_BIN, metric_of, quantities_of
from app.trends.custom.requests import StripRequest
from app.trends.errors import InvalidFields
from app.web.arguments import LARGEST_RUN, parse_int

RUNS = 20
"""Runs of a chart without a choice."""
MOST_RUNS = 200


class StripChoice(NamedTuple):
    """The fields of an address."""

    dataset: str
    me: str
    run: int  # from whose page the chart is opened; 0: the ongoing one
    quantities: tuple[str, ...]  # that the monitor element has, as far as is known
    quantity: str
    bin: int
    runs: int

    @property
    def fields(self) -> dict[str, str | int]:
        """Those that the address needs beside the monitor element and the run."""
        return {
            "quantity": "" if self.quantity == self.quantities[0] else self.quantity,
            "bin": self.bin if self.quantity == BIN else "",
            "runs": "" if self.runs == RUNS else self.runs,
        }


def read_choice(values: Mapping[str, str], catalog: Catalog) -> StripChoice:
    """The choice of the arguments of a request. Raises InvalidFields."""
    dataset, me = values.get("dataset", ""), values.get("me", "").strip("/")
    run, runs = parse_int(values.get("run") or "0", LARGEST_RUN), parse_int(values.get("runs") or str(RUNS), MOST_RUNS)
    number = parse_int(values.get("bin") or "1", MAX_BIN)
    errors = []
    if not me or len(me) > MAX_PATH:
        errors.append(("me", "Expected the path of a monitor element, as Pixel/Tracks/ntracks"))
    if run is None:
        errors.append(("run", "Expected the number of a run, or 0 for the ongoing one"))
    if not runs or runs < 2:
        errors.append(("runs", f"Expected a whole number from 2 to {MOST_RUNS}"))
    if not number:
        errors.append(("bin", "Expected the number of a bin, from 1"))
    quantities = _quantities(SampleKey(run or 0, 0, dataset), me, values.get("quantity", ""), catalog)
    quantity = values.get("quantity") or quantities[0]
    if quantity not in quantities:
        errors.append(("quantity", f"Expected one of {', '.join(quantities)}"))
    if errors:
        raise InvalidFields(errors)
    return StripChoice(dataset, me, run or 0, quantities, quantity, number or 1, runs or RUNS)


def _quantities(key: SampleKey, me: str, wanted: str, catalog: Catalog) -> tuple[str, ...]:
    """The quantities of the monitor element in a run; those of a histogram of one axis, and the wanted one, if its list is not there."""
    with suppress(GuiError, OSError):
        for run in (key.run, *last_runs(key.dataset, 1)):
            sample = catalog.open(key._replace(run=run), 0)
            if (index := sample.names.find(me.encode())) is not None:
                return quantities_of(Kind(sample.columns.kind[index]))
    usual = quantities_of(Kind.TH1F)
    is_of_others = wanted not in usual and any(wanted in quantities_of(kind) for kind in Kind)
    return (*usual, wanted) if is_of_others else usual


def last_runs(dataset: str, count: int, upto: int = LARGEST_RUN) -> Sequence[int]:
    """The last runs of a dataset up to one, the newest first, without those that only have lumisections."""
    has_list = Sample.me_count.is_null() | (Sample.me_count > 0)
    query = Sample.select(Sample.run).join(Dataset).where(Dataset.name == dataset, Sample.lumi == 0, Sample.run > 0, Sample.run <= upto)
    return [run for (run,) in rows(query.where(has_list).order_by(Sample.run.desc()).limit(count))]


def strip_request(choice: StripChoice, files: int) -> tuple[StripRequest, Sequence[int]]:
    """The request whose values a chart shows, and its runs, the newest first.

    The chart ends at the newest run, or at that of the page if this is older than all of those.

    Args:
        files: Runs whose values are wanted, at least those of the chart.
    """
    runs = last_runs(choice.dataset, max(files, choice.runs))
    upto = choice.run if runs and 0 < choice.run < runs[min(choice.runs, len(runs)) - 1] else 0
    if upto:
        runs = last_runs(choice.dataset, max(files, choice.runs), upto)
    wanted = f"{runs[-1]}-{upto}" if upto and runs else f"latest:{max(files, choice.runs)}"
    metric = metric_of(choice.quantity, choice.bin)
    request = StripRequest(metric, choice.me, choice.dataset, runs=wanted, files=max(files, choice.runs), upto=upto)
    return request, runs[: choice.runs]
