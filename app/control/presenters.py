"""What pages show of a command: its answer in sections, and what became of the jobs that it touched."""

from __future__ import annotations

from typing import NamedTuple

from app.control.answers import Table, Texts, Wrong
from app.control.commands import KINDS
from app.control.models import ANSWERED, Command
from app.control.responses import Part, parts_of
from app.control.specs import Kind
from app.square import logs
from app.square.models import Job
from app.square.runs import age, client_name
from app.square.states import LOOKS, Look, exit_words, state_of

MOST_LINES = 300
"""Lines at the end of a text that a page shows; a download has all of it."""

LOG_NAMES = {"get_hltd_logs": ("hltd.log", "anelastic.log"), "get_fff_logs": ("fff_dqmtools.log",)}


class Step(NamedTuple):
    """A command that a line of an answer leads to: the words for it, its name, its arguments."""

    words: str
    name: str
    values: dict[str, str]


class Section(NamedTuple):
    """A part of an answer. title: of it; table or lines: what is shown; steps: what each line of the table leads to;
    left_out: lines before `lines` that are not shown; file: its number as a download, None for a table."""

    title: str
    table: Table | None
    steps: list[Step]
    lines: list[logs.Line]
    left_out: int
    file: int | None


class Fate(NamedTuple):
    """A job that a command touched, as it is now. later: processes that its client has started since, the newest first."""

    job: Job
    name: str
    look: Look
    exit: str
    later: list[Job]


def texts(row: Command) -> list[tuple[str, str]]:
    """The titles and texts of an answer, logs each by itself: what can be downloaded, by its place."""
    return [found for part in parts_of(row) for found in _texts(KINDS[row.name], part)]


def _texts(kind: Kind, part: Part) -> list[tuple[str, str]]:
    names = LOG_NAMES.get(kind.name)
    if names and part.state == ANSWERED and isinstance(found := kind.reads(part.text), Texts):
        return [(names[at] if at < len(names) else f"log {at + 1}", text) for at, text in enumerate(found.texts)]
    return [(part.machine or "P5", part.text)]


def sections(row: Command) -> list[Section]:
    """The answer as a page shows it."""
    kind, found, file = KINDS[row.name], [], 0
    for part in parts_of(row):
        table = _table(kind, part)
        for title, text in _texts(kind, part):
            if table or not text:
                found.append(Section(title, table, _steps(row, table), [], 0, None))
            else:
                lines = text.removesuffix("\n").split("\n")
                cut = max(0, len(lines) - MOST_LINES)
                found.append(Section(title, None, [], logs.shown(lines[cut:], first=cut + 1), cut, file))
            file += 1
    return [section for section in found if section.table or section.lines]


def _steps(row: Command, table: Table | None) -> list[Step]:
    lines = table.lines if table else []
    if row.name == "get_simulator_runs":
        return [Step("Play", "start_playback_run", {"run_number": name}) for (name,) in lines]
    if row.name == "get_production_runs":
        return [Step("Copy", "copy_production_runs", {"run_number": name}) for (name,) in lines]
    if row.name == "get_dqm_clients":
        switched = {"on": ("Switch off", "0"), "off": ("Switch on", "1")}
        return [
            Step(switched[state][0], "change_dqm_client", {"host": row.given["host"], "client": name, "state": switched[state][1]})
            for name, state in lines
        ]
    return []


def _table(kind: Kind, part: Part) -> Table | None:
    if part.state != ANSWERED:
        return None
    try:
        found = kind.reads(part.text)
    except Wrong:  # another version of this product took it for good
        return None
    return found if isinstance(found, Table) else None


def fates(row: Command) -> list[Fate]:
    """What became of the jobs that a command touched."""
    keys = row.touches()["jobs"]
    found = []
    for job in Job.select().where(Job.key.in_(keys)).order_by(Job.tag, Job.host) if keys else ():
        look = LOOKS[state_of(job.exit_code, age(job.reported) or 0)]
        same = Job.system == job.system, Job.run == job.run, Job.tag == job.tag, Job.host == job.host
        later = Job.select().where(*same, Job.id > job.id).order_by(Job.id.desc())
        found.append(Fate(job, client_name(job.tag), look, exit_words(job.exit_code), list(later)))
    return found
