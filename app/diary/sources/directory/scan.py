"""One scan of a directory source: its new jobs, and what changed in those that are followed."""

from __future__ import annotations

import os
import time
from typing import Any

from app.diary.log_kinds import LOG, README, SUBMISSION_LOG
from app.diary.observations.checks import clean
from app.diary.observations.observation import Observation, ParentKey
from app.diary.sources.directory.memory import FOLDER, FOLDER_BYTES, Memory
from app.diary.sources.directory.places import RETRIES, FollowedJob, Trace, TracePlace
from app.diary.sources.directory.snapshot import GONE, JobSnapshot, snapshot_of
from app.diary.sources.directory.texts import ReadmeFacts, SubmissionLog
from app.diary.sources.source import reason_of
from app.diary.states import CANCELLED, DONE, FAILED, UNFINISHED, UNKNOWN

SCAN_S = 30.0
"""A scan that takes longer ends after the present job; the next one continues."""
IDLE_PLACES = 500
"""Places without unfinished jobs that are listed in one scan."""
OTHER_JOB_S = 86400.0
"""READMEs with submissions farther apart belong to different jobs with the same id."""
README_S = 60.0
"""Time that an ended job that reappears waits for its README."""
MOST_PROBLEMS = 10_000
"""Most problems that are remembered."""


class DirectoryScan:
    """One scan of a source.

    Attributes:
        oldest: What ended before was removed from the diary; Unix s UTC.
        observations: What it found.
        quarantined: Text and reason of what could not be read.
    """

    def __init__(self, source: str, memory: Memory) -> None:
        self.source = source
        self.memory = memory
        self.config = memory.config
        self.now = time.time()
        self.begin = time.monotonic()
        self.oldest = self.now - memory.keep_s if memory.keep_s else 0.0
        self.observations: list[Observation] = []
        self.quarantined: list[tuple[str, str]] = []

    def is_over(self, part: float = 1.0) -> bool:
        """Whether the time of the scan, or this part of it, is over."""
        return time.monotonic() - self.begin > SCAN_S * part

    def report(self, place: str, text: str, reason: str) -> None:
        """Report once why a place cannot be read. reason: "" if it can be read again."""
        problems = self.memory.problems
        if problems.get(place, "") == reason:
            return
        if not reason:
            del problems[place]
            return
        if len(problems) >= MOST_PROBLEMS:
            problems.clear()
        problems[place] = reason
        self.quarantined.append((text, reason))

    def read_submissions(self) -> bool:
        """Follow the jobs of new submission logs; whether there are no more. Raises OSError without the folder of logs."""
        submissions, known = self.memory.submissions, self.memory.known
        if submissions is None:
            return True
        for path, log in submissions.new(self.oldest, lambda: self.is_over(0.5), self.report):
            key = hash((log.native_id, int(log.submitted)))
            job = FollowedJob(log.native_id, log.submitted, log.folder, self.now, path)
            if key not in known:
                known.add(key)
                job.pending_fields = self._of_log(log, path)
                self._follow_latest(job)
            elif not self._followed(job):  # its log came again; what is stored of its end stays unless it is seen otherwise
                self.memory.follow(job, self.now)
        return not submissions.waiting and not self.is_over(0.5)

    def _follow_latest(self, job: FollowedJob) -> None:
        """Follow a new job. If two jobs in one place have its id, only the later one is followed; both are in the diary."""
        before = self._followed(job)
        self.memory.follow(job, self.now)
        earlier = before if self._followed(job) is job else job
        if earlier and earlier.pending_fields:
            self._observe(earlier, UNKNOWN)

    def _followed(self, job: FollowedJob) -> FollowedJob | None:
        """The job with this id in the place of a job."""
        place = self.memory.places.get(job.folder)
        return place.jobs.get(job.native_id) if place else None

    def _of_log(self, log: SubmissionLog, path: str) -> dict[str, Any]:
        own = {FOLDER: log.folder, FOLDER_BYTES: os.fsencode(log.folder).hex() if clean(log.folder) != log.folder else ""}
        facts = {name: value for name, value in (own | log.facts | own).items() if value}
        values = {"kind": self.config.job_kind, "user": log.user, "name": log.name, "project": self.config.project_of(log.folder)}
        return values | {"logs": [(path, SUBMISSION_LOG)], "facts": facts}

    def follow(self, is_whole: bool) -> None:
        """Check the followed jobs. is_whole: all unfinished ones are observed, also the unchanged ones."""
        idle = IDLE_PLACES
        for path, place in list(self.memory.places.items()):
            if not (place.discovers or place.active or place.changed):
                idle -= 1
                if idle < 0:
                    continue
            if self.is_over():
                return
            self.memory.places[path] = self.memory.places.pop(path)
            self._follow_place(place, path, is_whole)

    def _follow_place(self, place: TracePlace, path: str, is_whole: bool) -> None:
        place.retries = RETRIES
        try:
            place.refresh()
            self.report(path, "", "")
        except (OSError, ValueError) as error:  # also of a path that cannot be one
            if place.discovers:
                raise
            if getattr(error, "errno", None) not in GONE:
                self.report(path, path, getattr(error, "strerror", None) or str(error))
            for native_id in place.active:
                self._miss(place.jobs[native_id])
            return
        if place.discovers:
            self._discover(place)
        for native_id in [*place.changed, *(each for each in place.active if each not in place.changed)]:
            if self.is_over():
                return
            place.changed.discard(native_id)
            if job := place.jobs.get(native_id):
                self._follow_job(place, job, is_whole)

    def _discover(self, place: TracePlace) -> None:
        """Follow the jobs whose first trace is found."""
        for native_id in place.changed:
            trace = place.traces.get(native_id)
            if trace and native_id not in place.jobs and not self._was_removed(trace):
                place.add(self._discovered(trace, native_id, 0.0), is_active=True)

    def _discovered(self, trace: Trace, native_id: str, submitted: float) -> FollowedJob:
        """A job that no submission log names."""
        job = FollowedJob(native_id, submitted, "", self.now)
        facts = {FOLDER: trace.folder}
        job.pending_fields = {"kind": self.config.job_kind, "project": self.config.project_of(trace.folder), "facts": facts}
        return job

    def _was_removed(self, trace: Trace) -> bool:
        """Whether a trace is of a job that ended so long ago that the diary has removed it."""
        if not self.oldest or self.config.rules[trace.rule].state in UNFINISHED:
            return False
        try:
            return os.stat(os.path.join(trace.folder, trace.entry)).st_mtime < self.oldest
        except OSError:
            return False

    def _follow_job(self, place: TracePlace, job: FollowedJob, is_whole: bool) -> None:
        was_active = place.active.pop(job.native_id, "") is None
        if not was_active and self._is_unchanged(place, job):
            return
        key = f"{job.folder}\0{job.native_id}"
        found = None
        try:
            found = snapshot_of(place, job, self.config)
            self.report(key, "", "")
        except OSError as error:
            self.report(key, str(error.filename or job.folder), error.strerror or str(error))
        except Exception as error:  # whatever is in its files
            if job.entry_seen.is_settled:  # otherwise it is written just now
                self.report(key, job.line, reason_of(error))
        if place.discovers and found is not None:
            job = self._job_of_readme(place, job, found)
        if found is None:
            self._miss(job)
        elif not self._waits_for_readme(place, job, found):
            self._record(job, found, is_whole)
        if self.memory.is_active(job, self.now):
            place.active[job.native_id] = None
        else:
            job.rest()

    def _job_of_readme(self, place: TracePlace, job: FollowedJob, found: JobSnapshot) -> FollowedJob:
        """The job, or another one with the same id if the README has another submission. Then that one is followed."""
        submitted = found.readme.values.get("submitted", 0.0) if found.readme else 0.0
        if not (job.submitted and submitted) or abs(submitted - job.submitted) < OTHER_JOB_S:
            return job
        other = self._discovered(place.traces[job.native_id], job.native_id, submitted)
        other.readme_path, other.has_readme, other.log_names = job.readme_path, job.has_readme, job.log_names
        other.readme_seen, other.job_dir_seen = job.readme_seen, job.job_dir_seen
        found.has_logs = True
        place.replace(other)
        return other

    def _waits_for_readme(self, place: TracePlace, job: FollowedJob, found: JobSnapshot) -> bool:
        """Whether a job that had ended has a new directory without a README yet: it may be the directory of another job."""
        has_moved = job.state in (DONE, FAILED, CANCELLED) and found.job_dir != job.job_dir
        has_submission = self.config.readme is not None and "submitted" in self.config.readme.keys
        if not (place.discovers and has_moved and has_submission and job.submitted) or found.readme or job.has_readme:
            job.waits_since = 0.0
            return False
        job.waits_since = job.waits_since or self.now
        job.at = self.now  # each scan checks it
        return self.now - job.waits_since < README_S

    def _is_unchanged(self, place: TracePlace, job: FollowedJob) -> bool:
        """Whether the trace of a job that has ended gives the state and directory that were observed last, by its name alone."""
        if (trace := place.traces.get(job.native_id)) is None:
            return True
        rule = self.config.rules[trace.rule]
        names = rule.groups_of(trace.entry) | {"folder": trace.folder, "entry": trace.entry}
        return not rule.first_line and (rule.state, rule.job_dir_of(names)) == (job.state, job.job_dir)

    def _miss(self, job: FollowedJob) -> None:
        """Handle a missing job: a new one is observed nevertheless, the others may be lost or reappear."""
        if job.pending_fields:
            self._observe(job, UNKNOWN)
        if job.state in UNFINISHED:
            job.state = ""

    def _record(self, job: FollowedJob, found: JobSnapshot, is_whole: bool) -> None:
        """Observe a job if something of it changed."""
        for path, problem in found.problems:
            self.report(path, path, problem)
        is_unfinished = found.state in UNFINISHED
        is_changed = (found.state, found.job_dir) != (job.state, job.job_dir)
        if is_changed or is_unfinished:
            job.at = self.now
        job.state, job.job_dir = found.state, found.job_dir
        if found.readme:
            self._add_readme(job, found.readme)
        if found.has_logs:
            job.pending_fields["logs"] = _logs_of(job)
        if is_changed or job.pending_fields or (is_whole and is_unfinished):
            self._observe(job, found.state, workdir=found.job_dir, labels=found.labels | job.pending_fields.pop("labels", {}))

    def _add_readme(self, job: FollowedJob, readme: ReadmeFacts) -> None:
        """Add the fields of a README to the next observation, where they replace those of the submission log."""
        values = dict(readme.values)
        job.submitted = job.submitted or values.pop("submitted", 0.0)
        values.pop("submitted", None)
        parents = [ParentKey(self.source, native_id) for native_id in readme.parents if native_id != job.native_id]
        facts = job.pending_fields.get("facts", {}) | readme.facts
        job.pending_fields = job.pending_fields | values | {"labels": readme.labels, "facts": facts, "parents": parents}

    def _observe(self, job: FollowedJob, state: str, **values: Any) -> None:
        self.observations.append(Observation(job.native_id, self.now, state, job.submitted, **(job.pending_fields | values)))
        job.pending_fields = {}


def _logs_of(job: FollowedJob) -> list[tuple[str, str]]:
    """The known logs of a job, as path and kind."""
    own = [(os.path.join(job.job_dir, name), LOG) for name in job.log_names]
    return [(path, kind) for path, kind in ((job.log, SUBMISSION_LOG), (job.readme_path, README), *own) if path]
