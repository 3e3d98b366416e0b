"""Our own significance of runs, and the DCS bits that their lumisections need. The limits are settings."""

from __future__ import annotations

from typing import NamedTuple

from app.runs.models import KNOWN, NOT_FETCHED, RunFactsRow, RunRecord
from app.runs.settings import RunsSettings
from app.runs.units import INTEGRATED

ONGOING = "The run goes on, and has not reached the limit yet."


class Significance(NamedTuple):
    """Whether a run is significant."""

    value: bool | None  # None: not known yet
    reason: str  # a sentence


def significance_of(facts: RunRecord | RunFactsRow, settings: RunsSettings) -> Significance:
    """The significance of a run: enough luminosity of a collision run, or a long enough cosmic run; special runs are excluded."""
    if facts.rr_state != KNOWN:
        text = "has not been fetched yet" if facts.rr_state == NOT_FETCHED else "does not know the run"
        return Significance(None, f"The Run Registry {text}.")
    run_class = (facts.run_class or "").lower()
    is_collision = "collision" in run_class
    if not is_collision and "cosmic" not in run_class:
        return Significance(False, f"Runs of the class {facts.run_class or '(none)'} are not significant.")
    if facts.oms_state != KNOWN:
        text = "has not been fetched yet" if facts.oms_state == NOT_FETCHED else "does not know the run"
        return Significance(None, f"OMS {text}.")
    special = settings.runs_special.lower()
    if special and special in (facts.hlt_key or "").lower():
        return Significance(False, f"The HLT key contains {settings.runs_special}.")
    return _collision(facts, settings.runs_collisions_lumi) if is_collision else _cosmic(facts, settings.runs_cosmics_s)


def _collision(facts: RunRecord | RunFactsRow, limit: float) -> Significance:
    unit = facts.unknown_units.get("recorded_lumi", INTEGRATED)
    if unit != INTEGRATED:
        return Significance(None, f"OMS sends the recorded luminosity in the unknown unit {unit}.")
    if facts.recorded_lumi is None:
        return Significance(None, "OMS has no recorded luminosity yet.")
    if facts.recorded_lumi < limit and facts.end is None:
        return Significance(None, ONGOING)
    comparison = "at least" if facts.recorded_lumi >= limit else "less than"
    return Significance(facts.recorded_lumi >= limit, f"The recorded luminosity is {comparison} {limit:g} /pb.")


def _cosmic(facts: RunRecord | RunFactsRow, limit: float) -> Significance:
    if facts.duration is None:
        return Significance(None, "OMS has no duration yet.")
    if facts.duration < limit and facts.end is None:
        return Significance(None, ONGOING)
    comparison = "at least" if facts.duration >= limit else "less than"
    return Significance(facts.duration >= limit, f"The duration is {comparison} {limit:g} s.")


def dcs_groups_of(hlt_key: str | None, settings: RunsSettings) -> list[tuple[str, ...]]:
    """Groups of DCS bits of a run with this HLT key: a lumisection passes with all bits of one group."""
    if not settings.runs_dcs_bits:
        return []
    if "cosmic" in (hlt_key or "").lower():
        return [tuple(group.split("+")) for group in settings.runs_dcs_cosmics]
    return [settings.runs_dcs_bits]
