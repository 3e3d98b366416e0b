"""Logs, and what is of no run: machines, events, the list of runs, the glossary, and how much was dropped or replaced."""

from __future__ import annotations

import time

from app.publish.fragments import fragment
from app.publish.items import HTML, TEXT, Rendered, Wanted
from app.publish.redaction_counts import totals as sums
from app.square import details, events, logs, runs
from app.square.models import Job
from app.square.states import exit_words, state_of

FEED = 200
"""Events that the mirrors have, at most so old."""
FEED_S = 30 * 86400.0

TALLY_DAYS = 30


def log(wanted: Wanted) -> Rendered:
    """What is stored of the log of a job, for people and as text."""
    job = Job.get_or_none(Job.system == wanted.place.system, Job.key == wanted.place.name)
    if job is None:
        return Rendered([])
    seen, stored = wanted.clean.job(job), logs.join(*details.log_of(job))
    lines = wanted.clean.lines([logs.clean(line) for line in stored.lines])
    page = fragment(
        "log", system=wanted.place.system, run=wanted.place.run, job=seen, state=state_of(job.exit_code, 0), exit=exit_words(job.exit_code),
        gap=stored.gap, lines=logs.shown(lines),
    )  # fmt: skip
    gap = len(lines) if stored.gap is None else stored.gap
    parts = lines if stored.gap is None else [*lines[:gap], "", "... (lines that are not stored) ...", "", *lines[gap:]]
    text = wanted.item("logtext", seen.identifier, TEXT, "\n".join(parts) + "\n")
    return Rendered([wanted.item("log", seen.identifier, HTML, page), text])


def cluster(wanted: Wanted) -> Rendered:
    machines = map(wanted.clean.machine, runs.machines(wanted.place.system))
    told = [[seen.host, seen.said, seen.message or None, seen.at] for seen in machines]
    return Rendered([wanted.json("cluster", "data", told)])


def index(wanted: Wanted) -> Rendered:
    return Rendered([wanted.json("index", "runs", sorted(wanted.kept))])


def feed(wanted: Wanted) -> Rendered:
    """What happened lately, for the mirrors' feeds."""
    now = time.time()
    found = events.events(wanted.place.system, now - FEED_S, now, FEED)
    return Rendered([wanted.json("events", "data", [wanted.clean.event(one)._asdict() for one in found])])


def glossary(wanted: Wanted) -> Rendered:
    return Rendered([wanted.item("help", "page", HTML, fragment("help"))])


def redactions(wanted: Wanted) -> Rendered:
    """How much was dropped or replaced, by kind."""
    totals = dict(sorted(sums(time.strftime("%Y-%m-%d", time.gmtime(time.time() - TALLY_DAYS * 86400))).items()))
    page = wanted.item("redactions", "page", HTML, fragment("redactions", totals=totals, days=TALLY_DAYS))
    return Rendered([page, wanted.json("redactions", "data", totals)])
