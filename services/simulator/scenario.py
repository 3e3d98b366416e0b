"""The simulated runs, repeated forever: quiet and short ones, and all faults known from P5."""

from __future__ import annotations

from .runs import JobFault, RunPlan


def _client(name: str) -> str:
    return f"{name}_dqm_sourceclient-live"


FIRST_PRODUCTION_RUN = 367100
"""The first four runs with jobs are those of the demo files (app/gui/demo/make.py), so that both show the same runs."""

PRODUCTION_RUNS = (
    RunPlan("cosmic_run", 24, step=29),
    RunPlan("pp_run", 1, step=2),
    RunPlan("pp_run", 60, {_client("pixel"): JobFault("crash", 11, 134), _client("beamhlt"): JobFault("blind")}, release=1, step=9),
    RunPlan("hi_run", 18, {_client("csc"): JobFault("crash", 4, -11, always=True)}, release=1),
    RunPlan("cosmic_run", 12, clients=False, release=1),
    RunPlan(
        "pp_run",
        150,
        {
            _client("ctpps"): JobFault("crash", 21, 65),
            _client("gem"): JobFault("stuck", 12),
            _client("beamhlt"): JobFault("blind"),
            _client("ecal"): JobFault("crash", 17, 92, always=True),
            "hlt_dqm_clientPB-live": JobFault("crash", 140, -11, always=True),
        },
        release=2,
        hltd_restart=90,
    ),
    RunPlan("cosmic_run", 30, {_client("hcalreco"): JobFault("crash", 7, 134)}, release=2),
)

PLAYBACK_RUNS = (
    RunPlan("pp_run", 40, {_client("dt"): JobFault("crash", 20, 65)}),
    RunPlan("pp_run", 60, {_client("gem"): JobFault("stuck", 5), _client("sistrip"): JobFault("crash", 25, 134)}, release=1),
    RunPlan("cosmic_run", 25, release=1),
)

HISTORY_S = 80 * 60.0
"""Simulated time before the start: production is then in its sixth run, with several faults."""
