"""No new live data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.alarms.conditions.base import Broken, Condition, LimitField, WatchedPlots
from app.gui.samples import SampleKey


class StaleData(Condition):
    """The newest file of a dataset is older than a time, or there is none. Its subject is the sample."""

    name = "stale"
    title = "No new data"
    position = 40
    needs_new_data = False
    fields = (LimitField("seconds", "For", "number", 300.0, "s", least=10.0, most=30 * 86400.0),)

    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """The sample, if its newest list is of a file that is too old."""
        changed, name = watched.freshness.changed, _name(watched.sample.key)
        since = watched.registered if changed is None else changed
        reason = f": {watched.freshness.problem}" if watched.freshness.problem else ""
        if since is None:
            yield Broken("", f"there are no data of {name}")
        elif watched.now - since >= limits["seconds"]:
            words = "are not read yet after" if changed is None else "are older than"
            yield Broken("", f"the newest data of {name} {words} {limits['seconds']:g} s{reason}")


def _name(key: SampleKey) -> str:
    return f"the ongoing run of {key.dataset}" if not key.run else str(key)


CONDITION = StaleData
