"""Report summaries of subsystems below a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from app.alarms.conditions.base import Broken, Condition, LimitField, WatchedPlots, is_among, path_text
from app.formats import MENames

ENDING = b"/EventInfo/reportSummary"
"""End of the paths of report summaries: the good fraction of a subsystem, 0 to 1; -1 was never filled."""


class LowReportSummary(Condition):
    """The report summary of a subsystem is below a value, until it has reached another one."""

    name = "summary"
    title = "Report summary is low"
    position = 20
    judges_plots = True
    fields = (
        LimitField("below", "Below", "number", 0.9, least=0.0, most=1.0),
        LimitField("until", "Recovers at", "number", 0.95, least=0.0, most=1.0),
    )

    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """The report summaries that are low, the lowest first, and those within the margin."""
        sample, found = watched.sample, []
        for index in _summaries(sample.names):
            value = _fraction(sample.facts.scalars.get(index, "")) if is_among(watched.mes, index) else limits["until"]
            if value < limits["until"]:
                found.append((value, index))
        for value, index in sorted(found):
            subject, is_kept = path_text(sample.names[index]), not 0 <= value < limits["below"]
            words = f"report summary {value:.4g}, below {limits['below']:g}" if not is_kept else _kept_words(value, limits)
            yield Broken(subject, words, is_kept=is_kept)

    def shortcoming(self, watched: WatchedPlots) -> str:
        """That there is no report summary in the place of the rule."""
        if any(is_among(watched.mes, index) for index in _summaries(watched.sample.names)):
            return ""
        where = f" below {watched.place}" if watched.place else ""
        return f"There is no report summary{where} in {watched.sample.key}"

    def problems(self, limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """An alarm must not recover while it is raised."""
        if limits["until"] < limits["below"]:
            yield "until", f"expected at least the value below which alarms are raised, {limits['below']:g}"


def _kept_words(value: float, limits: Mapping[str, Any]) -> str:
    return "report summary not filled" if value < 0 else f"report summary {value:.4g}, not yet {limits['until']:g}"


_found: WeakKeyDictionary[MENames, list[int]] = WeakKeyDictionary()
"""The report summaries of a list of names; a pass over all names for each version takes too long."""


def _summaries(names: MENames) -> list[int]:
    if (found := _found.get(names)) is None:
        folders = names.folder(b"").subfolders
        indices = (names.find(folder.name + ENDING, folder.first, folder.last) for folder in folders)
        found = _found[names] = [index for index in indices if index is not None]
    return found


def _fraction(text: str) -> float:
    """The value of a report summary; -1 for one that was never filled."""
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if value >= 0 else -1.0  # NaN as well


CONDITION = LowReportSummary
