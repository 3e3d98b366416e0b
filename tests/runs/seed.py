"""Facts of a run, for tests of all areas."""

from __future__ import annotations

import json

from app.core.counters import advance
from app.core.settings import Settings
from app.runs.models import COUNTER, KNOWN, RunRecord

RUN = 367131
"""A run of the demo files, too."""


def fill(settings: Settings, now: float) -> None:
    """What OMS and the Run Registry may have of a run, and a failed attempt to get more. now: Unix s."""
    RunRecord.delete().where(RunRecord.run == RUN).execute()
    RunRecord.create(
        run=RUN,
        enrolled=now,
        oms_state=KNOWN,
        oms_at=now,
        oms_due=now + 3600,
        oms_error="OMS does not respond",
        start=now - 7200,
        end=now - 3600,
        fill=8800,
        fill_type="PROTONS of the fill",
        injection_scheme="25ns_2400b of the scheme",
        era="Run2023C of the era",
        l1_key="l1_hlt_collisions2023/v99 of the key",
        hlt_key="/cdaq/physics/Run2023/2e34/v1.1.0/HLT of the key",
        rr_state=KNOWN,
        rr_at=now,
        rr_due=now + 3600,
        rr_significant=True,
        run_class="Collisions23 of the class",
        rr_run_state="SIGNOFF",
        components=json.dumps({"a component": {"GOOD": 10, "BAD": 2}}),
        version=advance(COUNTER),
    )
