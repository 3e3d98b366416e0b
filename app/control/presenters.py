"""The response to a command and the jobs that it affected, as pages show them."""

from __future__ import annotations

from typing import NamedTuple

from app.control.commands import COMMANDS
from app.control.models import SubmittedCommand
from app.control.readers import ReadResponse, ResponseError, ResponseTable, ResponseTexts
from app.control.responses import MachineResponse, load_responses
from app.control.specs import CommandSpec
from app.square import logs
from app.square.clients import client_name, job_state
from app.square.models import Job
from app.square.states import JOB_BADGES, exit_words
from app.web.badges import Badge

MAX_LINES = 300
"""Lines at the end of a text that a page shows; the download has the whole text."""

LOG_NAMES = {"get_hltd_logs": ("hltd.log", "anelastic.log"), "get_fff_logs": ("fff_dqmtools.log",)}


class RowAction(NamedTuple):
    """A command that can be prepared from a row of a table."""

    label: str
    command: str
    args: dict[str, str]


class ResponseSection(NamedTuple):
    """A part of a response under a heading: either a table or the lines of a text."""

    title: str
    table: ResponseTable | None
    actions: list[RowAction]  # one for each line of the table, or none
    lines: list[logs.LogLine]
    omitted: int  # lines before `lines`, which only the download has
    download: int | None  # number of the text as a download; None for a table


class AffectedJob(NamedTuple):
    """A job that a command affected, in its current state."""

    job: Job
    name: str
    badge: Badge
    exit: str
    later: list[Job]  # processes that replaced it, newest first


def response_texts(row: SubmittedCommand) -> list[tuple[str, str]]:
    """Title and text of each downloadable part of a response; every log is a part of its own."""
    return [found for response in load_responses(row) for found in _texts(COMMANDS[row.name], response)]


def _texts(spec: CommandSpec, response: MachineResponse) -> list[tuple[str, str]]:
    names = LOG_NAMES.get(spec.name)
    if names and isinstance(found := _content(spec, response), ResponseTexts):
        return [(names[index] if index < len(names) else f"log {index + 1}", text) for index, text in enumerate(found.texts)]
    return [(response.machine or "P5", response.text)]


def response_sections(row: SubmittedCommand) -> list[ResponseSection]:
    """The response to a command in sections."""
    spec = COMMANDS[row.name]
    parts = [(_table(spec, response), title, text) for response in load_responses(row) for title, text in _texts(spec, response)]
    found = [
        ResponseSection(title, table, _row_actions(row, table), [], 0, None)
        if table or not text
        else _text_section(title, _readable(spec, text), number)
        for number, (table, title, text) in enumerate(parts)
    ]
    return [section for section in found if section.table or section.lines]


def _readable(spec: CommandSpec, text: str) -> str:
    """A text as its reader gives it to people; a log, and what is not as expected, as it is."""
    try:
        found = None if spec.name in LOG_NAMES else spec.read(text)
    except ResponseError:
        found = None
    return found.texts[0] if isinstance(found, ResponseTexts) else text


def _text_section(title: str, text: str, number: int) -> ResponseSection:
    lines = text.removesuffix("\n").split("\n")
    omitted = max(0, len(lines) - MAX_LINES)
    return ResponseSection(title, None, [], logs.select_lines(lines[omitted:], first=omitted + 1), omitted, number)


def _row_actions(row: SubmittedCommand, table: ResponseTable | None) -> list[RowAction]:
    lines = table.lines if table else []
    if row.name == "get_simulator_runs":
        return [RowAction("Play", "start_playback_run", {"run_number": name}) for (name,) in lines]
    if row.name == "get_production_runs":
        return [RowAction("Copy", "copy_production_runs", {"run_number": name}) for (name,) in lines]
    if row.name == "get_dqm_clients":
        return [_switch_action(row.args["host"], name, state) for name, state in lines]
    return []


def _switch_action(host: str, client: str, state: str) -> RowAction:
    label, wanted = ("Disable", "0") if state == "on" else ("Enable", "1")
    return RowAction(label, "change_dqm_client", {"host": host, "client": client, "state": wanted})


def _content(spec: CommandSpec, response: MachineResponse) -> ReadResponse | None:
    """A response as what was asked for; a failed one can hold a part of that. None if it is something else."""
    try:
        return spec.read(response.text) if response.status == 200 else None
    except ResponseError:
        return None


def _table(spec: CommandSpec, response: MachineResponse) -> ResponseTable | None:
    found = _content(spec, response)
    return found if isinstance(found, ResponseTable) else None


def affected_jobs(row: SubmittedCommand) -> list[AffectedJob]:
    """The jobs that a command affected."""
    keys = row.impact_fields()["jobs"]
    return [_affected_job(job) for job in Job.select().where(Job.key.in_(keys)).order_by(Job.tag, Job.host)] if keys else []


def _affected_job(job: Job) -> AffectedJob:
    look = JOB_BADGES[job_state(job)]
    same = Job.system == job.system, Job.run == job.run, Job.tag == job.tag, Job.host == job.host
    later = Job.select().where(*same, Job.id > job.id).order_by(Job.id.desc())
    return AffectedJob(job, client_name(job.tag), look, exit_words(job.exit_code), list(later))
