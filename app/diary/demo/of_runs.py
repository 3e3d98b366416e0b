"""Jobs of the demo that belong to runs: DQM clients, and the imports and extractions of this hub."""

from __future__ import annotations

import random
from collections.abc import Iterator

from app.diary.demo.job import DAY_S, FACTS, MINUTE_S, DemoFailure, DemoJob, course
from app.diary.observations.observation import Observation, ParentKey
from app.diary.states import DONE, FAILED, LOST, RUNNING

RUNS = (*range(366_400, 367_100, 27), 367_100, 367_129, 367_131, 367_140)
"""The runs, the last one ongoing; the demo has files of the last four."""
DAYS = 14.0
"""The runs are of so many days until now."""
CLIENTS = (
    *("beam", "beampixel", "beamspot", "castor", "csc", "ctpps", "dt", "ecal", "ecalpreshower", "fed"),
    *("gem", "hcal", "hlt", "info", "l1tstage1", "l1tstage2", "lumi", "mutracking", "onlinebeammonitor", "pixel"),
    *("pixellumi", "ramdisk", "rpc", "sistrip"),
)
CRASHES = (
    DemoFailure("Segmentation violation", -11, 11),
    DemoFailure("Fatal exception of CMSSW: ProductNotFound", 65),
    DemoFailure("Killed: out of memory", -9, 9),
)
NOT_READ = (
    DemoFailure("The file has no histograms of a known layout", 1),
    DemoFailure("The file is cut off: read 4,096 of 118,204 bytes", 1),
)
DATASETS = ("/ZeroBias/Run2023C-Demo-v1/DQMIO", "/Muon/Run2023C-Demo-v1/DQMIO", "/StreamExpress/Run2023C-Demo-v1/DQMIO")
CMSSW = "CMSSW_14_0_11"
FIRST_OWN = 100_000
"""The number in the queue of the first own job of the demo; that of a real demo is never so large."""


def dqm_clients(now: float) -> Iterator[DemoJob]:
    """The clients of each run; some crash and are started again by another job, a few report no more."""
    for position, run in enumerate(RUNS):
        dice = random.Random(run)
        begin, end = _times(position, now)
        for number, client in enumerate(CLIENTS):
            yield DemoJob("dqm-clients", _client(dice, run, client, number, (begin, end), now))


def _times(position: int, now: float) -> tuple[float, float]:
    """Begin and end of a run; the last one has no end yet."""
    pause_s = DAYS * DAY_S / len(RUNS)
    begin = now - (len(RUNS) - position) * pause_s + pause_s * 0.6
    return begin, min(begin + pause_s * (0.5 + 0.3 * random.Random(position).random()), now)


def _client(dice: random.Random, run: int, client: str, number: int, times: tuple[float, float], now: float) -> Observation:
    begin, end = times
    host, pid, fate = f"fu-c2f11-{11 + number // 8}-{1 + number % 8:02}", 20_000 + dice.randrange(40_000), dice.random()
    failure = dice.choice(CRASHES) if fate < 0.05 else None
    last = begin + (end - begin) * dice.random() if fate < 0.07 else end
    is_lost, is_running = 0.05 <= fate < 0.07, fate >= 0.07 and end >= now
    events, length_s = int((last - begin) * dice.uniform(2, 40)), max(last - begin, 1.0)
    code = failure.exit_code if failure else None if is_lost or is_running else 0
    return Observation(
        native_id=f"dqm-source-state-run{run}-host{host}-pid{pid:06}",
        seen=last,
        state=FAILED if failure else LOST if is_lost else RUNNING if is_running else DONE,
        submitted=begin,
        kind="dqm-client",
        name=client,
        started=begin,
        ended=None if code is None else last,
        exit_code=code,
        signal=failure.signal if failure else None,
        reason=failure.reason if failure else "It reports no more" if is_lost else "",
        labels={"run": str(run), "client": client, "tag": f"{client}_dqm_sourceclient-live", "host": host, "cmssw": CMSSW},
        metrics={"lumi": int(length_s / 23.31), "events": events, "rate": events / length_s, "rss_kb": 400_000 + dice.randrange(3_000_000)},
        facts={**FACTS, "pid": pid, "fi_state": "ENDED" if code is not None else "RUNNING"},
    )


def own_jobs(now: float) -> Iterator[DemoJob]:
    """For each run the imports of its files, extractions that follow from them, and requested trends."""
    ids = iter(range(FIRST_OWN, FIRST_OWN + 1000))
    for position, run in enumerate(RUNS):
        dice, at = random.Random(f"own {run}"), _times(position, now)[1] - 10 * MINUTE_S
        for dataset in DATASETS:
            labels = {"run": str(run), "dataset": dataset, "queue": "bulk"}
            name = f"DQM_V0001_R{run:09}__{dataset.strip('/').replace('/', '__')}.root"
            read = _own(dice, next(ids), "import", name, labels, at + dice.random() * MINUTE_S, now)
            yield DemoJob("own-jobs", read)
            if read.state == DONE and read.ended:
                parents = [ParentKey("own-jobs", read.native_id, int(read.submitted))]
                found = _own(dice, next(ids), "extraction", f"run {run} of {dataset}", labels, read.ended, now, parents)
                yield DemoJob("own-jobs", found)


def _own(
    dice: random.Random,
    number: int,
    kind: str,
    name: str,
    labels: dict[str, str],
    submitted: float,
    now: float,
    parents: list[ParentKey] | None = None,
) -> Observation:
    went = course(dice, submitted, 4, 20, now, NOT_READ)
    return Observation(
        native_id=str(number),
        submitted=submitted,
        kind=kind,
        name=name,
        attempts=1 if went.started else 0,
        labels=labels,
        metrics={"progress": 1.0} if went.state == DONE else {},
        parents=parents,
        facts=FACTS,
        **went._asdict(),
    )
