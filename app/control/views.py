"""The pages of the control room: all at a glance, the form of a command with what it touches, and a command with its answer."""

from __future__ import annotations

import re
import secrets
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.control import arguments, inventory, service
from app.control.badges import LOOKS
from app.control.commands import KINDS
from app.control.models import OPEN, Command
from app.control.presenters import fates, sections, texts
from app.control.specs import Kind
from app.control.timeline import ENTRIES, FILTERS, chosen, timeline
from app.security import Role, current_user, needs
from app.square import runs
from app.square.models import Job
from app.square.settings import SquareSettings
from app.square.states import LOOKS as JOB_LOOKS
from app.square.states import state_of
from app.square.upstream import behind_cmsweb, short
from app.square.view_state import ViewState, view_from_request
from app.web import Problem, etag_of, nothing_new, page, request_settings
from app.web.clock import ZONES

pages = Blueprint("control", __name__, url_prefix="/control")

FORM_BYTES = 64 * 1024
SETTLE_S = 180.0
"""So long after its end the page of a command goes on to show what becomes of the jobs that it touched."""


class MachineLine(NamedTuple):
    """A machine as the control room shows it. up: as P5 says, None when it does not; jobs: that run on it; fails: the last request to it failed."""

    name: str
    system: str
    files: bool
    up: bool | None
    jobs: int
    fails: bool


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise Problem(404, f"there is no command {name[:100]}; there are {', '.join(KINDS)}")
    return KINDS[name]


def machine_lines() -> list[MachineLine]:
    """The machines of all systems."""
    up: dict[str, bool | None] = {}
    fails: set[str] = set()
    jobs: dict[str, int] = {}
    for system in ("production", "playback"):
        up |= {machine.name: machine.up for machine in runs.machines(system)}
        fails |= {host.name for host in runs.hosts(system) if host.failing}
        for job in inventory.running(system):
            jobs[short(job.host)] = jobs.get(short(job.host), 0) + 1
    return [
        MachineLine(one.name, one.system, one.files, up.get(one.name), jobs.get(one.name, 0), one.name in fails)
        for one in inventory.machines(request_settings()).values()
    ]


@pages.get("")
@needs(Role.OPERATOR)
def room() -> Response:
    """Machines, the player, and what was commanded and what happened."""
    place, choice = view_from_request(), chosen()
    service.close_lost(request_settings())
    machines, player = machine_lines(), inventory.player()
    open_rows = list(Command.select().where(Command.state.in_(OPEN)).order_by(Command.id))
    entries = timeline(choice)
    version = etag_of(machines, player, entries, [row.version for row in open_rows])
    if answer := nothing_new(version):
        return answer
    path = "/control"
    return page(
        "control/room.html", "control/room_fragment.html",
        place=place, machines=machines, player=player, open_rows=open_rows, entries=entries[:ENTRIES], kinds=KINDS, looks=LOOKS,
        url=request_settings().of(SquareSettings).square_url, outside=behind_cmsweb(request_settings()), poll=place.link(path, **choice.query, since=version), poll_s=request_settings().of(SquareSettings).square_poll_s, ago=runs.age,
        zones=[(name, place.replace(tz=name).link(path, **choice.query), name == place.tz) for name in ZONES],
        shows=[(words, place.link(path, **choice._replace(show=name).query), name == choice.show) for name, (words, _) in FILTERS.items()],
        systems=[(words, place.link(path, **choice._replace(of=name).query), name == choice.of)
                 for name, words in (("", "Both"), ("production", "Production"), ("playback", "Playback"))],
        older=place.link(path, **choice._replace(before=entries[ENTRIES - 1].at).query) if len(entries) > ENTRIES else "",
        newest=place.link(path, **choice._replace(before=2e11).query) if choice.query["before"] else "",
    )  # fmt: skip


@pages.get("/<name>")
@needs(Role.OPERATOR)
def form(name: str) -> Response:
    """The arguments of a command; when they can be used, what it touches. Nothing is sent."""
    kind, place = kind_of(name), view_from_request()
    values = {argument.name: request.args.get(argument.name, "") for argument in kind.arguments}
    if "system" in values:
        values["system"] = place.system
    _choose_only(kind, values)
    return form_page(kind, place, values, only_given="check" not in request.args)


def _choose_only(kind: Kind, values: dict[str, str]) -> None:
    """What can be chosen in one way only is chosen."""
    for argument in kind.arguments:
        if argument.choices and not argument.optional and not values[argument.name]:
            allowed = list(argument.choices(request_settings(), values))
            values[argument.name] = allowed[0] if len(allowed) == 1 else ""


def form_page(
    kind: Kind, place: ViewState, values: dict[str, str], reason: str = "", problem: Problem | None = None, *, only_given: bool = False
) -> Response:
    """The form of a command. problem: why it was not given; only_given: nothing is said of arguments that were not given yet."""
    errors: dict[str, str] = dict(problem.errors) if problem else {}
    confirmation: dict[str, Any] = {}
    try:
        given = arguments.check(request_settings(), kind.arguments, values)
        confirmation = confirm(kind, given)
    except Problem as wrong:
        errors |= {name: why for name, why in wrong.errors if values.get(name) or not only_given}
        given = {name: value for name, value in values.items() if name not in dict(wrong.errors)}
    so_far = {argument.name: given.get(argument.name, "") for argument in kind.arguments}
    choices = {argument.name: argument.choices(request_settings(), so_far) for argument in kind.arguments if argument.choices}
    html = render_template(
        "control/form.html", kind=kind, place=place, values=values, reason=reason, problem=problem, errors=errors, choices=choices,
        confirm=bool(confirmation), kinds=KINDS, **confirmation,
    )  # fmt: skip
    answer = make_response(html, problem.status if problem else 400 if errors else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def confirm(kind: Kind, given: arguments.Given) -> dict[str, Any]:
    """What a form shows before a command is given, and what it sends back so that it is given once, and as it was shown."""
    touched = kind.touches(request_settings(), given)
    jobs = list(Job.select().where(Job.key.in_(touched.jobs)).order_by(Job.tag, Job.host)) if touched.jobs else []
    return {
        "given": given, "touched": touched, "jobs": [(job, JOB_LOOKS[state_of(job.exit_code, runs.age(job.reported) or 0)]) for job in jobs],
        "why_not": service.why_not(request_settings(), kind, given), "once": secrets.token_urlsafe(16), "seen": service.touched_token(touched),
        "client_name": runs.client_name,
    }  # fmt: skip


@pages.post("/<name>")
@needs(Role.OPERATOR)
def give(name: str) -> AnyResponse:
    """Give a command: one that changes something only by the form that showed what it touches."""
    request.max_content_length = FORM_BYTES
    kind, place = kind_of(name), view_from_request()
    values = {argument.name: request.form.get(argument.name, "") for argument in kind.arguments}
    reason, once, seen = (request.form.get(field, "") for field in ("reason", "once", "seen"))
    try:
        if kind.changes and not (re.fullmatch(r"[\w-]{16,64}", once) and seen):
            raise Problem(400, "the command was not given: look at what it touches first, and confirm it below")
        once = once if re.fullmatch(r"[\w-]{16,64}", once) else secrets.token_urlsafe(16)
        row = service.give(request_settings(), kind, values, current_user().name, reason, once, seen)
    except Problem as problem:
        return form_page(kind, place, values, reason, problem)
    return redirect(place.link(f"/control/commands/{row.id}"), 303)


def found(number: int) -> Command:
    """The command of this number; Problem 404 when there is none."""
    row: Command | None = Command.get_or_none(Command.id == number) if number < 2**31 else None
    if row is None:
        raise Problem(404, f"there is no command {number}")
    return row


@pages.get("/commands/<int:number>")
@needs(Role.OPERATOR)
def command(number: int) -> Response:
    """A command: how far it is, what P5 answered, and what became of the jobs that it touched."""
    service.close_lost(request_settings())
    row, place = found(number), view_from_request()
    jobs = fates(row)
    version = etag_of(row.version, [(fate.job.version, len(fate.later)) for fate in jobs])
    if answer := nothing_new(version):
        return answer
    polled = row.is_open or (bool(jobs) and (runs.age(row.ended) or 0) < SETTLE_S)
    path = f"/control/commands/{number}"
    again = place.link(f"/control/{row.name}", **row.given)
    return page(
        "control/command.html", "control/command_fragment.html",
        place=place, row=row, kind=KINDS[row.name], look=LOOKS[row.state], sections=sections(row), fates=jobs, touched=row.touches(), path=path,
        kinds=KINDS, polled=polled, poll=place.link(path, since=version), again=again, ago=runs.age, patience=request_settings().of(SquareSettings).square_command_timeout_s, late_s=service.LATE_S,
    )  # fmt: skip


@pages.get("/commands/<int:number>/<int:part>.txt")
@needs(Role.OPERATOR)
def answer_text(number: int, part: int) -> Response:
    """A text of an answer as a file, as it came."""
    row = found(number)
    known_texts = texts(row)
    if part >= len(known_texts):
        raise Problem(404, f"the answer to command {number} has no part {part}; it may have been cleaned up")
    title, text = known_texts[part]
    answer = Response(text.encode("utf-8", "surrogatepass"), content_type="text/plain; charset=utf-8")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{row.name}-{number}-{title}")[:150]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name.removesuffix(".log")}.log"'
    return answer
