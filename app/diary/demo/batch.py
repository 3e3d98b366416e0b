"""Jobs of the demo in batch systems and in folders of jobs, as users submit them: singly, in arrays and in clusters."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.diary.demo.job import DAY_S, FACTS, HOUR_S, MINUTE_S, DemoCourse, DemoFailure, DemoJob, course
from app.diary.observations.observation import Observation, ParentKey
from app.diary.states import DONE

DAYS = 30.0
"""The jobs are of so many days until now, most of the last ones."""
USERS = ("anna", "ben", "carla", "demo-shifter", "demo-viewer", "erik")
FAILURES = (
    DemoFailure("The program ended with exit code 7", 7),
    DemoFailure("Segmentation violation", 139, 11),
    DemoFailure("Killed: more memory than was asked for", 137, 9),
    DemoFailure("Ended after its longest time", 1),
    DemoFailure("Cannot open the input: no such file", 65),
)
DATASETS = ("/ZeroBias/Run2023C-Demo-v1/DQMIO", "/Muon/Run2023C-Demo-v1/DQMIO")
RUNS = (367_100, 367_129, 367_131, 367_140)


class DemoBatch(NamedTuple):
    """How jobs come in a batch system.

    Attributes:
        source: Name of the source.
        names: Beginnings of the names of jobs.
        groups: How often jobs are submitted.
        size: Jobs that are submitted at once.
        native_id: Text of an id, of the number of a group and that of a job in it.
        hours: Usual length of a job.
        labels: Of all its jobs.
    """

    source: str
    names: tuple[str, ...]
    groups: int
    size: int
    native_id: str
    hours: float
    labels: Mapping[str, str] = {}


SYSTEMS = (
    DemoBatch("slurm", ("harvesting", "reco-2023C", "alignment"), 20, 20, "{group}_{job}", 2.5, {"partition": "long"}),
    DemoBatch("grid-engine", ("pixel-gain", "strip-noise", "crash-test"), 200, 1, "{group}", 5, {"queue": "main.q"}),
    DemoBatch("htcondor", ("express-replay", "validation"), 20, 10, "{group}.{job}", 1.5, {"pool": "crab"}),
    DemoBatch("lsf", ("calibration", "beamspot-fit"), 20, 5, "{group}[{job}]", 1, {"queue": "1nd"}),
)
"""The batch systems of the demo."""
SIMULATION = "simulation"
"""The source of the jobs that are found in folders."""
SOURCES = (*(system.source for system in SYSTEMS), SIMULATION)
FIRST_GROUP = 8_123_000


def batch_jobs(now: float) -> Iterator[DemoJob]:
    """The jobs of all batch systems."""
    for system in SYSTEMS:
        dice = random.Random(system.source)
        for group, submitted in enumerate(_submissions(dice, system.groups, now), FIRST_GROUP):
            name, user, run = dice.choice(system.names), dice.choice(USERS), dice.choice(RUNS)
            shared: dict[str, Any] = {"name": f"{name}-{group % 1000}", "user": user, "project": f"dqm-{name.partition('-')[0]}"}
            labels = {**system.labels, "run": str(run), "dataset": dice.choice(DATASETS)}
            for job in range(system.size):
                went = course(dice, submitted, HOUR_S, system.hours * HOUR_S, now, FAILURES)
                values = {**shared, "labels": labels | _host(dice, went), "metrics": _metrics(dice, went), "facts": FACTS}
                native_id = system.native_id.format(group=group, job=job + 1)
                yield DemoJob(system.source, Observation(native_id, submitted=submitted, kind="batch", **values, **went._asdict()))


def simulations(now: float, count: int) -> Iterator[DemoJob]:
    """So many simulations that are variations of earlier ones, their base runs."""
    dice = random.Random(SIMULATION)
    earlier: dict[str, list[ParentKey]] = {}  # by campaign
    for number, submitted in enumerate(_submissions(dice, count, now), 1):
        went = course(dice, submitted, HOUR_S, 3 * HOUR_S, now, FAILURES)
        energy, thickness = dice.choice(("13.6", "14", "5.36")), dice.choice(("285", "300", "320"))
        native_id, campaign = str(1_234_000 + number), dice.choice(("phase2-tracker", "hgcal-noise", "ttbar"))
        bases = earlier.setdefault(campaign, [])[-8:]
        job = Observation(
            native_id,
            submitted=submitted,
            kind=SIMULATION,
            name=f"{campaign}_{thickness}um.py",
            user=dice.choice(USERS),
            project=campaign,
            workdir=f"/simulation/{campaign}/{native_id}",
            labels={"campaign": campaign, "energy": energy, "thickness": thickness} | _host(dice, went),
            metrics=_metrics(dice, went),
            outputs=[f"/simulation/{campaign}/{native_id}/step3.root"] if went.state == DONE else [],
            parents=[dice.choice(bases)] if bases and dice.random() < 0.7 else [],
            facts={**FACTS, "information": f"Sensor thickness of {thickness} um at {energy} TeV"},
            **went._asdict(),
        )
        earlier[campaign].append(ParentKey(SIMULATION, native_id))
        yield DemoJob(SIMULATION, job)


def _submissions(dice: random.Random, count: int, now: float) -> list[float]:
    """Times of submission, whole minutes, the oldest first."""
    return sorted(now - max(DAYS * DAY_S * dice.random() ** 2 // MINUTE_S, 1) * MINUTE_S for _ in range(count))


def _host(dice: random.Random, went: DemoCourse) -> dict[str, str]:
    return {"host": f"lxb{dice.randrange(100, 140)}"} if went.started else {}


def _metrics(dice: random.Random, went: DemoCourse) -> dict[str, float]:
    if not went.started:
        return {}
    wall_s = (went.ended or went.seen) - went.started
    rss_kb = dice.randrange(1_000_000, 4_000_000)
    return {"cpu_s": round(wall_s * dice.uniform(0.6, 0.99)), "events": int(wall_s * dice.uniform(1, 8)), "rss_kb": rss_kb}
