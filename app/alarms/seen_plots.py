"""What a run has had below the place of a rule, so that what is absent is known, and since when.

Each run begins with nothing. Its lists are read as they are stored: a monitor element (ME) that was there between two of them only
is not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import zstandard

from app.alarms.conditions.base import path_text
from app.alarms.models import AlarmRule, SeenPlots
from app.alarms.places import PlaceContent
from app.formats import MENames
from app.gui.catalog.catalog import OpenSample

MOST_ABSENT = 5000
"""Most absent MEs whose last lumisection is stored."""


class RunHistories:
    """What the runs of the rules of one process have had; it is in the database, and only a new list of names is compared with it."""

    def __init__(self) -> None:
        self._looked: dict[int, tuple[float, int, MENames]] = {}  # time of change of a rule, run and names at the last look

    def absent(self, rule: AlarmRule, sample: OpenSample, place: PlaceContent, run: int, lumi: int) -> Mapping[str, int]:
        """The MEs of a place that are absent in this version of a sample, with the newest lumisection that had each, 0 for none.

        Looking twice at one version finds and stores the same. run: by the MEs of the sample.
        """
        before: SeenPlots | None = SeenPlots.get_or_none(SeenPlots.rule == rule.id)
        if before is not None and before.run != run:
            before.delete_instance()
            before = None
        known: dict[str, int] = json.loads(before.absent) if before is not None else {}
        changed, looked_run, names = self._looked.get(rule.id, (0.0, 0, None))
        if before is not None and (changed, looked_run) == (rule.changed, run) and names is sample.names:
            SeenPlots.update(lumi=lumi).where(SeenPlots.id == before.id).execute()
            return known
        found = _compare(sample, place, before, known)
        _store(rule, before, found, run, lumi)
        self._looked[rule.id] = rule.changed, run, sample.names
        return found.absent


class _Found(NamedTuple):
    absent: dict[str, int]
    seen: set[bytes] | None  # all that were ever there if that has changed


def _compare(sample: OpenSample, place: PlaceContent, before: SeenPlots | None, known: Mapping[str, int]) -> _Found:
    last = before.lumi if before is not None else 0
    if place.expected is not None:
        missing = [path for path in place.expected if sample.names.find(path.encode()) is None]
        return _Found({path: known.get(path, last) for path in missing[:MOST_ABSENT]}, None)
    seen = _names(before.names) if before is not None else set()
    present = {sample.names[index] for index in place.mes}
    missing = sorted(map(path_text, seen - present))[:MOST_ABSENT]
    return _Found({path: known.get(path, last) for path in missing}, None if present <= seen else seen | present)


def _store(rule: AlarmRule, before: SeenPlots | None, found: _Found, run: int, lumi: int) -> None:
    values: dict[str, Any] = {"run": run, "lumi": lumi, "absent": json.dumps(found.absent)}
    if found.seen is not None:
        values["names"] = zstandard.compress(b"\0".join(sorted(found.seen)))
    if before is not None:
        SeenPlots.update(values).where(SeenPlots.id == before.id).execute()
    else:
        SeenPlots.insert(rule=rule.id, **({"names": zstandard.compress(b"")} | values)).on_conflict_ignore().execute()


def _names(blob: bytes) -> set[bytes]:
    joined = zstandard.decompress(bytes(blob))
    return set(joined.split(b"\0")) if joined else set()
