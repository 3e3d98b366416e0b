"""Jobs that delete or change many rows do it in short transactions: other writers wait for the end of each."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.core.settings import Settings
from app.core.short_writes import MOST_ITEMS
from app.gui import short_links
from app.gui.catalog.storing import forget_names
from app.gui.models import NameList, ShortLink
from app.trends import recompute
from app.trends.custom import store
from app.trends.custom.models import RequestedPoint, RequestedTrend
from app.trends.models import Trend, TrendDataset, TrendExtraction, TrendVersion
from tests.support.write_watch import WriteWatch, watched

MANY = 3000


def many_name_lists() -> None:
    NameList.insert_many([{"sha256": f"{number}", "blob": b"", "count": 0} for number in range(MANY)]).execute()


def many_short_links() -> None:
    ShortLink.insert_many([{"name": f"{number}", "address": "/", "created": 0.0, "used": 0.0} for number in range(MANY)]).execute()


def many_points() -> None:
    trend = RequestedTrend.create(key="k", kind="files", request="{}", user="u", created=0.0, seen=0.0)
    row = {"trend": trend.id, "dataset": "/A/B/C", "lumi": 0, "reason": "", "file": ""}
    RequestedPoint.insert_many([row | {"run": run} for run in range(MANY)]).execute()


def many_extractions() -> None:
    trend = Trend.create(subsystem="S", name="t", title="", y_title="", place="")
    TrendVersion.create(
        trend=trend.id, hash="h", metric="Mean()", me="m", histo1="", histo2="", reference="", threshold=0, created=0.0, activated=1
    )
    dataset = TrendDataset.create(name="/A/B/C", primary_dataset="A", era="B", processing="B", version=1)
    row = {"dataset": dataset.id, "sample_file": 1, "sample_version": 1, "state": "failed", "next_try": time.time(), "finished": 0.0}
    TrendExtraction.insert_many([row | {"run": run} for run in range(MANY)]).execute()


@pytest.mark.parametrize(
    ("fill", "run", "left"),
    [
        (many_name_lists, forget_names, lambda: NameList.select().count()),
        (many_short_links, lambda: short_links.delete_unused(1), lambda: ShortLink.select().count()),
        (many_points, lambda: store.remove_unseen(1), lambda: RequestedPoint.select().count()),
        (
            many_extractions,
            lambda: recompute.recompute("", "", "mended"),
            lambda: TrendExtraction.select().where(TrendExtraction.next_try > 0).count(),
        ),
    ],
    ids=["name lists", "short links", "points of a trend", "extractions"],
)
def test_many_rows_are_written_in_short_transactions(
    hub: Settings, fill: Callable[[], None], run: Callable[[], int], left: Callable[[], int]
) -> None:
    fill()
    watch = WriteWatch(2 * MOST_ITEMS + 1)  # a row and its statement each
    with watched(watch):
        run()
    assert left() == 0
    assert watch.longest
    assert watch.too_long == []
