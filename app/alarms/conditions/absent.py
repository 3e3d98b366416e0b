"""Monitor elements (MEs) that are absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.alarms.conditions.base import Broken, Condition, LimitField, WatchedPlots


class AbsentPlots(Condition):
    """A sample has lacked an ME of its place for a number of lumisections."""

    name = "absent"
    title = "Plots are absent"
    position = 30
    needs_past = True
    fields = (LimitField("lumis", "For", "whole", 10, "lumisections", least=1, most=10_000),)

    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """The MEs that are expected, and have been absent for so long; the place itself if nothing of it is there."""
        if not watched.mes and not watched.absent and watched.lumi >= limits["lumis"]:
            yield Broken(watched.place, "nothing of it is there in this run")
        for path, last in watched.absent.items():
            if watched.lumi - last >= limits["lumis"]:
                yield Broken(path, f"absent since lumisection {last:,}" if last else "absent in this run")


CONDITION = AbsentPlots
