"""Jobs of Grid Engine as observations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.core.exit_codes import exit_signal
from app.diary import states
from app.diary.observations.observation import Observation, ParentKey
from app.diary.sources.batch_fields import log_paths
from app.diary.sources.grid_engine_text import FinishedJob, QueuedJob, seconds

REPEATED = (24, 25)
"""Codes of failures after which a job waits again: migrating, rescheduling."""
AFTER_JOB, WAITS_AGAIN = 100, 99
"""The code of a job that began and was ended by a signal; the exit status by which one asks for another attempt."""
_PLACEHOLDER = re.compile(r"\$(HOME|USER|JOB_ID|JOB_NAME|HOSTNAME|TASK_ID)\b")


def state_of(letters: str) -> str:
    """The state of a job in the queue by its letters: `qw`, `hqw`, `r`, `Eqw`, ..."""
    if "E" in letters:
        return states.HELD
    if any(letter in letters for letter in "rtsST"):
        return states.RUNNING
    if "h" in letters:
        return states.HELD
    return states.PENDING if "q" in letters or "w" in letters else states.UNKNOWN


def queued_observation(
    job: QueuedJob, task: int | None, submitted: float, seen: float, known: Mapping[str, str] | None, source: str
) -> Observation:
    """A job in the queue.

    Args:
        job: What `qstat` shows.
        task: Number of the task of an array.
        submitted: Time of submission, Unix s.
        seen: When this was so, Unix s.
        known: What `qstat -j` says of it, if it was asked.
        source: Name of the source.
    """
    state = state_of(job.state)
    queue, _, host = job.queue.partition("@")
    labels = {"queue": queue, "host": host}
    more = _details(job, "" if task is None else str(task), known, source) if known else {}
    return Observation(
        native_id=job.number if task is None else f"{job.number}.{task}",
        seen=seen,
        state=state,
        submitted=submitted,
        kind="batch",
        name=job.name,
        user=job.owner,
        reason=_waiting_reason(job.state, known or {}),
        started=job.started or None if state == states.RUNNING else None,
        labels={name: value for name, value in labels.items() if value},
        facts={"state": job.state} | dict(known or {}),
        **more,
    )


def _waiting_reason(letters: str, known: Mapping[str, str]) -> str:
    """Why a job waits, as far as its state letters show."""
    if "E" in letters:
        errors = [value for key, value in known.items() if key.startswith("error reason")]
        return "\n".join(errors) or "It is in the error state"
    words = {"h": "On hold", "d": "Being deleted", "s": "Suspended", "S": "Suspended", "T": "Suspended", "R": "Restarted"}
    return ", ".join(dict.fromkeys(words[letter] for letter in letters if letter in words))


def _details(job: QueuedJob, task: str, known: Mapping[str, str], source: str) -> dict[str, Any]:
    """The fields of an observation that `qstat -j` alone knows."""
    folder = known.get("cwd") or known.get("sge_o_home", "")
    parents = re.findall(r"\d+", known.get("jid_predecessor_list", ""))
    return {
        "workdir": folder,
        "project": _project(known),
        "logs": log_paths(folder, [(path, "file") for path in _log_files(job, task, known)]),
        "parents": [ParentKey(source, parent) for parent in parents],
    }


def _project(fields: Mapping[str, str]) -> str:
    return "" if fields.get("project") == "NONE" else fields.get("project", "")


def _log_files(job: QueuedJob, task: str, known: Mapping[str, str]) -> list[str]:
    """The files of output and errors, some of them relative. A folder cannot be distinguished from a file."""
    values = {"HOME": known.get("sge_o_home", ""), "USER": job.owner, "JOB_ID": job.number, "JOB_NAME": job.name}
    values |= {"TASK_ID": task or "undefined", "HOSTNAME": job.queue.partition("@")[2]}
    ending = f"{job.number}.{task}" if task else job.number
    kinds = [("stdout_path_list", "o")] + ([] if known.get("merge") == "y" else [("stderr_path_list", "e")])
    found = {}
    for key, letter in kinds:
        pattern = known.get(key, "").split(",")[0].split(":", 2)[-1]  # NONE:HOST:PATH
        path = _PLACEHOLDER.sub(lambda match: values[match[1]], pattern) if pattern else f"{job.name}.{letter}{ending}"
        found[path] = True
    return list(found)


def is_former_attempt(job: FinishedJob, queued: QueuedJob) -> bool:
    """Whether what accounting has of a job, or task, that is in the queue is one of its former attempts, and not its end.

    Its end may be there, too: it may have ended after `qstat` had been asked.
    """
    if "E" in queued.state or job.failed in REPEATED:
        return True
    if state_of(queued.state) in (states.PENDING, states.HELD):
        return job.failed not in (0, AFTER_JOB) or job.exit_status == WAITS_AGAIN
    return job.ended is not None and job.ended < queued.started


def finished_observation(job: FinishedJob, seen: float) -> Observation:
    """A job that accounting has. Its exit status is 128 plus the signal that ended it or its last command."""
    is_good = job.failed == 0 and job.exit_status == 0
    state = states.PENDING if job.failed in REPEATED else states.DONE if is_good else states.FAILED
    failure = f"failed {job.failed}" + (f": {job.failure}" if job.failure else "")
    labels = {"queue": job.fields.get("qname", ""), "host": job.fields.get("hostname", "")}
    times = {"elapsed_s": seconds(job.fields.get("ru_wallclock", "")), "cpu_s": seconds(job.fields.get("cpu", ""))}
    return Observation(
        native_id=job.native_id,
        seen=seen,
        state=state,
        submitted=job.submitted,
        kind="batch",
        name=job.fields.get("jobname"),
        user=job.fields.get("owner"),
        project=_project(job.fields),
        exit_code=job.exit_status if job.started else None,
        signal=exit_signal(job.exit_status),
        reason=failure if job.failed else "",
        started=job.started,
        ended=job.ended,
        labels={name: value for name, value in labels.items() if value and value != "UNKNOWN"},
        metrics={name: value for name, value in times.items() if value is not None},
        facts=dict(job.fields),
    )
