"""Our own significance, checked against the real runs that the original HDQM judged, and its limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.runs.models import KNOWN, UNKNOWN, RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import dcs_groups_of, significance_of

DEFAULTS = RunsSettings()


def facts(**values: Any) -> RunRecord:
    return RunRecord(**{"run": 1, "oms_state": KNOWN, "rr_state": KNOWN, "end": 1.0, **values})


def collisions(**values: Any) -> RunRecord:
    return facts(**{"run_class": "Collisions23", "recorded_lumi": 1.0, "hlt_key": "/cdaq/physics/Run2023/2e34/v1/HLT/V1", **values})


def cosmics(**values: Any) -> RunRecord:
    return facts(**{"run_class": "Cosmics23", "duration": 4000.0, "hlt_key": "/cdaq/cosmic/v1/HLT/V1", **values})


def test_the_real_runs_of_2018_are_judged_as_by_the_original(fixtures_dir: Path) -> None:
    rows = json.loads((fixtures_dir / "hdqm" / "oms_run_rows_2018.json").read_text())
    for row in rows:
        found = facts(**{name: row[name] for name in ("run_class", "recorded_lumi", "duration", "hlt_key")})
        assert significance_of(found, DEFAULTS).value is bool(row["significant"]), row["run"]


def test_the_real_runs_of_2022_are_judged_as_by_the_original(fixtures_dir: Path) -> None:
    records = json.loads((fixtures_dir / "hdqm" / "rr_runs_filtered_ordered.json").read_text())["runs"]
    found = {}
    for record in records:
        oms = {name: record["oms_attributes"][name] for name in ("recorded_lumi", "duration", "hlt_key")}
        found[record["run_number"]] = significance_of(facts(run_class=record["rr_attributes"]["class"], **oms), DEFAULTS).value
    assert found == {355555: True, 355556: False}


@pytest.mark.parametrize(
    ("run", "value"),
    [
        (collisions(recorded_lumi=0.1), True),
        (collisions(recorded_lumi=0.0999), False),
        (collisions(hlt_key="/cdaq/special/2023/HLT/V1"), False),
        (collisions(hlt_key=None), True),
        (collisions(recorded_lumi=None), None),
        (collisions(units='{"recorded_lumi": "furlongs"}'), None),
        (cosmics(duration=3600.0), True),
        (cosmics(duration=3599.0), False),
        (cosmics(duration=None), None),
        (cosmics(duration=3599.0, end=None), None),
        (cosmics(duration=3600.0, end=None), True),
        (collisions(recorded_lumi=0.05, end=None), None),
        (cosmics(rr_significant=False), True),
        (facts(run_class="Commissioning23", duration=9000.0, recorded_lumi=5.0), False),
        (facts(run_class=None), False),
        (collisions(rr_state=UNKNOWN, run_class=None), None),
        (collisions(oms_state=UNKNOWN), None),
        (collisions(oms_state=""), None),
    ],
)
def test_the_limits_are_inclusive_and_missing_facts_are_unknown(run: RunRecord, value: bool | None) -> None:
    found = significance_of(run, DEFAULTS)
    assert found.value is value
    assert found.reason.endswith(".")


def test_the_limits_are_settings() -> None:
    strict = RunsSettings(runs_collisions_lumi=2.0, runs_cosmics_s=5000.0, runs_special="")
    assert significance_of(collisions(), strict).value is False
    assert significance_of(cosmics(), strict).value is False
    assert significance_of(collisions(recorded_lumi=2.0, hlt_key="/cdaq/special"), strict).value is True


def test_cosmic_runs_pass_the_dcs_filter_with_one_group_of_muon_bits() -> None:
    assert dcs_groups_of("/cdaq/cosmic/v1/HLT", DEFAULTS) == [("dtm", "dtp", "dt0", "gem"), ("cscm", "cscp")]
    (physics,) = dcs_groups_of("/cdaq/physics/v1/HLT", DEFAULTS)
    assert len(physics) == 23
    assert dcs_groups_of("/cdaq/physics/v1/HLT", RunsSettings(runs_dcs_bits=())) == []
