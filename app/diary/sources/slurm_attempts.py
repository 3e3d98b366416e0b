"""Attempts of jobs of Slurm: a job that is requeued gets another time of submission, and its former record ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.diary.sources.slurm_text import Record

REPEATED = ("REQUEUED", "PREEMPTED", "NODE_FAIL", "REQUEUE_HOLD", "SPECIAL_EXIT")
"""States of records that another record of the same job may follow."""


class Attempts(NamedTuple):
    """The attempts of a job that was requeued. In JSON a list."""

    first: int  # time of the first submission, which is in the key of the job
    last: int  # time of submission of the last record
    number: int


def followed(attempts: Mapping[str, Iterable[int]], records: Iterable[Record]) -> dict[str, Attempts]:
    """The attempts of each requeued job, by JobID.

    Args:
        attempts: Those that are known.
        records: What is in the queue and what has ended, in any order, also the records that were in `attempts` already.
    """
    found = {job: Attempts(*values) for job, values in attempts.items()}
    before: dict[str, Record] = {}
    for record in sorted((each for each in records if each["Submit"].isdigit()), key=lambda each: int(each["Submit"])):
        job, submitted = record["JobID"], int(record["Submit"])
        last = before.get(job)
        before[job] = record
        if last is None or not _follows(record, last):
            continue
        begin = int(last["Submit"])
        own = found.get(job)
        if own is None or begin > own.last:
            found[job] = Attempts(begin, submitted, 2)
        elif begin == own.last:
            found[job] = Attempts(own.first, submitted, own.number + 1)
    return found


def is_followed(record: Record, attempts: Mapping[str, Attempts]) -> bool:
    """Whether a record is that of a former attempt."""
    own = attempts.get(record["JobID"])
    return own is not None and record["Submit"].isdigit() and own.first <= int(record["Submit"]) < own.last


def _follows(record: Record, last: Record) -> bool:
    """Whether a record is the next attempt of the same job, and no other job with the same id."""
    has_ended = last["State"].split(" ")[0] in REPEATED and last["End"].isdigit()
    is_same = (record["User"], record["JobName"]) == (last["User"], last["JobName"])
    return has_ended and is_same and int(last["Submit"]) < int(record["Submit"]) >= int(last["End"])
