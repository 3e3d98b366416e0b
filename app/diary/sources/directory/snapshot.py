"""The snapshot of one job: its state from its trace, its directory, and its README."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from app.diary.sources.directory.config import DirectoryConfig, ReadmeRules
from app.diary.sources.directory.files import read_beginning
from app.diary.sources.directory.places import FollowedJob, Trace, TracePlace
from app.diary.sources.directory.texts import ReadmeFacts, read_readme

LINE_BYTES = 4096
README_BYTES = 256 << 10
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
"""Errors of what was moved or removed between two calls."""
NO_DIRECTORY = "Not a directory: with needs_job_dir = false the name alone gives the state, with only_directories = true it is skipped"
MOST_LOGS = 20
"""Most logs of a job, the first by name."""
MAX_ATTEMPTS = 3
"""Most attempts to read a job that moves meanwhile, in one scan."""


@dataclass
class JobSnapshot:
    """A job at one moment."""

    state: str
    job_dir: str
    labels: dict[str, str] = field(default_factory=dict)
    readme: ReadmeFacts | None = None  # None: it is as it was
    has_logs: bool = False  # there are others than before
    problems: list[tuple[str, str]] = field(default_factory=list)  # path and reason


def snapshot_of(place: TracePlace, job: FollowedJob, config: DirectoryConfig) -> JobSnapshot | None:
    """The snapshot of a job; None: it is missing. Raises OSError, ValueError for what cannot be read.

    A job may move while it is read: its script ends, its directory is brought from a scratch disk to its place. Then its place
    is listed again.
    """
    for _ in range(MAX_ATTEMPTS):
        if (trace := place.traces.get(job.native_id)) is None:
            return None
        try:
            return _snapshot(job, trace, config)
        except OSError as error:
            job.entry_seen.forget()
            if error.errno not in GONE:
                raise
        if not place.retries:
            return None
        place.retries -= 1
        place.refresh()
    return None


def _snapshot(job: FollowedJob, trace: Trace, config: DirectoryConfig) -> JobSnapshot:
    rule = config.rules[trace.rule]
    groups = rule.groups_of(trace.entry)
    names = groups | {"folder": trace.folder, "entry": trace.entry}
    if rule.first_line:
        names |= _groups_of_line(job, os.path.join(trace.folder, trace.entry), rule.first_line)
    found = JobSnapshot(rule.state, rule.job_dir_of(names), {name: groups[name] for name in rule.labels if groups[name]})
    if found.job_dir != job.job_dir:
        job.forget_readme()
    try:
        at = os.stat(found.job_dir)
    except OSError:
        if rule.needs_job_dir:
            raise
        return found
    if not stat.S_ISDIR(at.st_mode):
        if not rule.needs_job_dir:
            return found
        raise OSError(errno.EINVAL, NO_DIRECTORY, found.job_dir)  # and no error of what was moved
    if _has_link(trace.folder, found.job_dir):
        found.problems.append((found.job_dir, "It is a symbolic link: no README or log is read there"))
    elif config.readme or config.logs:
        _read_job_dir(job, found, at, config)
    return found


def _has_link(folder: str, job_dir: str) -> bool:
    """Whether a directory, or one on the way to it from the folder of the traces, is a link: it could lead to files of others."""
    paths = [job_dir]
    while paths[-1].startswith(f"{folder}/"):
        paths.append(os.path.dirname(paths[-1]))
    return any(os.path.islink(path) for path in paths if path != folder)


def _groups_of_line(job: FollowedJob, path: str, form: re.Pattern[str]) -> dict[str, str]:
    if job.entry_seen.is_due(os.stat(path)):
        begin, _, _ = read_beginning(path, LINE_BYTES).partition(b"\n")
        job.line = begin.decode(errors="surrogateescape").rstrip("\r")
    line = form.fullmatch(job.line)
    if line is None:
        raise ValueError(f"The first line of {path} does not match {form.pattern}: {job.line[:200]}")
    return {name: value or "" for name, value in line.groupdict().items()}


def _read_job_dir(job: FollowedJob, found: JobSnapshot, at: os.stat_result, config: DirectoryConfig) -> None:
    """Find the README and the logs of a job, and read the README if it may have changed. A file without permission hides no state."""
    try:
        if (config.logs or not job.readme_path) and job.job_dir_seen.is_due(at):
            _list_job_dir(job, found, sorted(os.listdir(found.job_dir)), config)
        if config.readme and job.readme_path:
            _read_readme(job, found, config.readme, config.zone)
    except OSError as error:
        path = job.readme_path or found.job_dir
        job.forget_readme()
        if error.errno in GONE:
            raise
        found.problems.append((path, error.strerror or str(error)))


def _list_job_dir(job: FollowedJob, found: JobSnapshot, names: list[str], config: DirectoryConfig) -> None:
    if config.readme and not job.readme_path:
        form = re.compile(config.readme.pattern)
        if name := next((name for name in names if form.fullmatch(name)), ""):
            job.readme_path = os.path.join(found.job_dir, name)
    if config.logs:
        log_names = tuple(name for name in names if config.logs.fullmatch(name))[:MOST_LOGS]
        found.has_logs = log_names != job.log_names or found.job_dir != job.job_dir
        job.log_names = log_names


def _read_readme(job: FollowedJob, found: JobSnapshot, rules: ReadmeRules, zone: ZoneInfo) -> None:
    path = job.readme_path
    if job.readme_seen.is_due(os.stat(path, follow_symlinks=False)):
        found.readme = read_readme(read_beginning(path, README_BYTES).decode(rules.encoding, "replace"), rules, zone)
        found.problems += [(path, problem) for problem in found.readme.problems]
        found.has_logs = True
    job.has_readme = job.readme_seen.is_settled
