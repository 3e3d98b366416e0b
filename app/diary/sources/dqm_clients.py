"""The DQM clients: the jobs at P5 that the tables of DQM^2 have."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.core.exit_codes import exit_signal
from app.core.settings import Settings
from app.diary import states
from app.diary.observations.observation import Observation
from app.diary.settings import DiarySettings
from app.diary.sources.source import JobScan, JobSource, PeriodOption, SourceKind, observed, read_options
from app.square.clients import client_name, job_state
from app.square.models import Job
from app.square.states import CRASHED, FINISHED, RUNNING, STOPPED, STUCK, STUCK_S
from app.square.systems import DEFAULT_SYSTEM, SYSTEMS

STATES = {
    RUNNING: states.RUNNING,
    FINISHED: states.DONE,
    CRASHED: states.FAILED,
    STOPPED: states.CANCELLED,
    STUCK: states.LOST,
}
AT_ONCE = 2000
"""Jobs of a system in one scan."""
OVERLAP_S = 60.0


class DqmClients(JobSource):
    """The jobs that changed since the last scan, and those that have become stuck, which changes no row.

    The cursor has for each system the version and number of its last job, and the time `at` of the last scan.
    """

    title = "DQM clients"

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The changed jobs of all systems, in the order of their changes."""
        now, found = time.time(), []
        following: dict[str, Any] = {"at": now}
        for system in SYSTEMS:
            version, number = cursor.get(system, (0, 0))
            changed = (Job.version > version) | ((Job.version == version) & (Job.id > number))
            query = Job.select().where(Job.system == system, Job.version >= version, changed)
            jobs = list(query.order_by(Job.version, Job.id).limit(AT_ONCE))
            following[system] = (jobs[-1].version, jobs[-1].id) if jobs else (version, number)
            stuck = self._stuck(system, cursor.get("at", now), now)
            if len(stuck) == AT_ONCE:
                following["at"] = min(following["at"], stuck[-1].reported + STUCK_S)
            found += [*jobs, *stuck]
        observations, quarantined = observed(found, _observation)
        return JobScan(observations, following, quarantined=quarantined)

    def _stuck(self, system: str, since: float, now: float) -> list[Job]:
        """The jobs whose last report became too old since a time."""
        became = Job.reported.between(since - OVERLAP_S - STUCK_S, now - STUCK_S)
        query = Job.select().where(Job.system == system, Job.exit_code.is_null(), became)
        return list(query.order_by(Job.reported).limit(AT_ONCE))


def _observation(job: Job) -> Observation:
    state = job_state(job)
    code = job.exit_code
    labels = {"run": job.run, "client": client_name(job.tag), "tag": job.tag, "host": job.host, "system": job.system}
    labels |= {"cmssw": job.cmssw, "runkey": job.runkey}
    metrics = {"lumi": job.lumi, "events": job.events, "rate": job.rate, "rss_kb": job.rss_kb}
    query = {"key": job.key} | ({"system": job.system} if job.system != DEFAULT_SYSTEM else {})
    return Observation(
        native_id=job.key if job.system == DEFAULT_SYSTEM else f"{job.system}/{job.key}",
        seen=max(job.reported, 0.0),
        state=STATES[state],
        submitted=max(job.started, 0.0),
        kind="dqm-client",
        name=client_name(job.tag),
        exit_code=code,
        signal=exit_signal(code),
        reason={STOPPED: "Stopped by a command", STUCK: "It reports no more"}.get(state, ""),
        started=max(job.started, 0.0),
        ended=None if code is None else max(job.reported, 0.0),
        labels={name: str(value) for name, value in labels.items() if value not in (None, "")},
        metrics={name: value for name, value in metrics.items() if value is not None},
        logs=[(f"/square/job?{urlencode(query)}", "page"), (f"/square/log?{urlencode(query)}", "page")],
        facts={"pid": job.pid, "configuration": job.path, "fi_state": job.fi_state, "data_run": job.data_run},
    )


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return DqmClients(name, read_options(PeriodOption, options).period_s or settings.of(DiarySettings).diary_own_period_s)


KIND = SourceKind("dqm-clients", _make, is_default=True)
