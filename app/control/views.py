"""The pages of the control room: its start page, the form of a command, and a submitted command with its response."""

from __future__ import annotations

import re
import secrets

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.control import service
from app.control.activity import FILTERS, ActivityFilter
from app.control.command_page import command_page, command_version
from app.control.errors import ControlError, InvalidCommand, UnknownCommand
from app.control.forms import CommandForm, command_form, preselect
from app.control.presenters import affected_jobs, response_texts
from app.control.problems import problem_of
from app.control.room import room_page, room_state
from app.control.specs import CommandSpec
from app.security import Role, needs
from app.security.caller import current_user
from app.square.systems import SYSTEMS
from app.square.view_state import view_from_request
from app.web import nothing_new, page, request_settings
from app.web.arguments import choice_arg, float_arg
from app.web.clock import LAST_TIME
from app.web.responses import ContentResponse

pages = Blueprint("control", __name__, url_prefix="/control")

MAX_FORM_BYTES = 64 * 1024

KEY_PATTERN = r"[\w-]{16,64}"
"""Idempotency keys."""


def filter_from_request() -> ActivityFilter:
    """The filter in the query. Raises Problem 400."""
    return ActivityFilter(choice_arg("show", tuple(FILTERS)), choice_arg("of", ("", *SYSTEMS)), float_arg("before", LAST_TIME, LAST_TIME))


@pages.get("")
@needs(Role.OPERATOR)
def room() -> Response:
    """The start page."""
    view, chosen = view_from_request(), filter_from_request()
    service.close_abandoned(request_settings())
    state = room_state(request_settings(), chosen)
    if answer := nothing_new(state.version):
        return answer
    return page("control/room.html", "control/room_fragment.html", **vars(room_page(request_settings(), view, chosen, state)))


@pages.get("/<name>")
@needs(Role.OPERATOR)
def form(name: str) -> Response:
    """The form of a command, with a preview once the arguments are complete. Sends nothing."""
    spec, view = service.find_spec(name), view_from_request()
    values = {argument.name: request.args.get(argument.name, "") for argument in spec.arguments}
    if "system" in values:
        values["system"] = view.system
    preselect(request_settings(), spec, values)
    found = command_form(request_settings(), spec, view, values, only_entered="check" not in request.args)
    return _form_response(found, 400 if found.errors else 200)


def _form_response(found: CommandForm, status: int) -> Response:
    answer = make_response(render_template("control/form.html", **vars(found)), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/<name>")
@needs(Role.OPERATOR)
def submit(name: str) -> AnyResponse:
    """Submit a command. One that changes something must come from a form that showed its impact."""
    request.max_content_length = MAX_FORM_BYTES
    spec, view = service.find_spec(name), view_from_request()
    values = {argument.name: request.form.get(argument.name, "") for argument in spec.arguments}
    reason = request.form.get("reason", "")
    try:
        key, token = _confirmation(spec)
        row = service.submit(request_settings(), spec, values, current_user().name, reason, key, token)
    except ControlError as error:
        found = command_form(request_settings(), spec, view, values, reason=reason, error=error)
        return _form_response(found, problem_of(error).status)
    return redirect(view.link(f"/control/commands/{row.id}"), 303)


def _confirmation(spec: CommandSpec) -> tuple[str, str]:
    """The idempotency key of the form and the token of the confirmed impact. Raises InvalidCommand without a confirmation."""
    key, token = request.form.get("idempotency_key", ""), request.form.get("confirmed_impact", "")
    has_key = re.fullmatch(KEY_PATTERN, key) is not None
    if spec.changes and not (has_key and token):
        raise InvalidCommand("The command was not submitted: check its effect and confirm it below")
    return (key if has_key else secrets.token_urlsafe(16)), token


@pages.get("/commands/<int:number>")
@needs(Role.OPERATOR)
def command(number: int) -> Response:
    """A submitted command with its state, its response and the jobs that it affected."""
    service.close_abandoned(request_settings())
    row, view = service.find_command(number), view_from_request()
    jobs = affected_jobs(row)
    if answer := nothing_new(command_version(row, jobs)):
        return answer
    return page("control/command.html", "control/command_fragment.html", **vars(command_page(request_settings(), view, row, jobs)))


@pages.get("/commands/<int:number>/<int:part>.txt")
@needs(Role.OPERATOR)
def response_file(number: int, part: int) -> Response:
    """One text of a response as a file, unchanged."""
    row = service.find_command(number)
    texts = response_texts(row)
    if part >= len(texts):
        raise UnknownCommand(f"The response to command {number} has no part {part}; it may have been deleted by age")
    title, text = texts[part]
    answer = ContentResponse(text.encode("utf-8", "surrogatepass"), content_type="text/plain; charset=utf-8")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{row.name}-{number}-{title}")[:150]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name.removesuffix(".log")}.log"'
    return answer
