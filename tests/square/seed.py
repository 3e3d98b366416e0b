"""An ongoing run and an older one as the poller writes them, for tests of all areas."""

from __future__ import annotations

from app.core.counters import advance
from app.core.settings import Settings
from tests.square import data

RUN = 367140


def fill(settings: Settings, now: float) -> None:
    """Jobs that run, ended and crashed, with documents, logs and delivered files; and the hosts. now: Unix s."""
    version = advance(data.SYSTEM)
    for position, (run, client, code) in enumerate(
        [(RUN, "beam", "-1"), (RUN, "ecal", "139"), (RUN - 9, "beam", "0"), (RUN - 9, "csc", "-1")]
    ):
        data.job(_row(run, client, code, now - 3600 * (RUN - run) - 5, 1000 + position), version)
    data.graph(_graph(RUN, now), version)
    for run in (RUN, RUN - 9):
        data.summed(run, version)
    data.hosts(version)


def _row(run: int, client: str, code: str, reported: float, process: int) -> dict[str, object]:
    """A row of the original mirror."""
    return {
        "id": f"dqm-source-state-run{run}-host_fu-c2f11-11-01-pid{process}",
        "run": run,
        "client": f"{client}_dqm_sourceclient-live",
        "hostname": "fu-c2f11-11-01",
        "exit_code": code,
        "fi_state": "3",
        "cmssw_lumi": "20",
        "cmssw_run": str(run),
        "events_total": "4000",
        "events_rate": "5.5",
        "vmrss": "1500000 kB",
        "client_path": f"/cmsnfsdqmdata/dqmdata/dqm_cmssw/production_CMSSW_14_0_11/src/{client}_dqm_sourceclient-live_cfg.py",
        "runkey": "runkey=pp_run",
        "timestamp_epoch": str(reported),
        "stdlog_start": ["Begin processing"],
        "stdlog_end": ["----- Begin Fatal Exception -----", "Killed by signal 11"],
    }


def _graph(run: int, now: float) -> dict[str, object]:
    times = {"mtimes": [now - 50, now - 20], "ctimes": [now - 50, now - 20]}
    points = times | {"fsize": [40_062_583, 35_684_313], "lumis": [1, 2], "evt_accepted": [1457, 1388], "evt_processed": [11_415, 11_085]}
    return {
        "id": f"dqm-timestamps-run{run}",
        "run": str(run),
        "hostname": "bu-c2f11-09-01",
        "global_start_epoch": str(now - 600),
        "stream_data": {"streamDQM": points},
    }
