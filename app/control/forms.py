"""The form of a command: its arguments, and the preview of its impact that is confirmed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.control import service
from app.control.arguments import check_arguments
from app.control.commands import COMMANDS
from app.control.danger import submit_label
from app.control.errors import ControlError, InvalidCommand
from app.control.specs import CommandSpec, Impact
from app.core.settings import Settings
from app.square.clients import client_name, job_state
from app.square.models import Job
from app.square.states import JOB_BADGES
from app.square.view_state import ViewState
from app.web.badges import Badge


class Preview(NamedTuple):
    """The impact of a command with checked arguments, and the tokens that its confirmation sends back."""

    args: dict[str, str]
    impact: Impact
    jobs: list[tuple[Job, Badge]]  # the jobs that it ends, with their badges
    blocked: str  # why it cannot be sent; "" if it can
    idempotency_key: str
    confirmed_impact: str  # token of the impact
    submit_label: str  # text of the button that confirms it


@dataclass(frozen=True)
class CommandForm:
    """Values of the template form.html."""

    spec: CommandSpec
    view: ViewState
    values: dict[str, str]  # of the arguments, as entered
    reason: str
    message: str  # why the command was not submitted; ""
    errors: dict[str, str]  # problem of each wrong field
    choices: dict[str, dict[str, str]]  # allowed values of each argument, with labels
    preview: Preview | None  # None while some arguments are wrong
    commands: Mapping[str, CommandSpec]
    client_name: Callable[[str], str]


def preselect(settings: Settings, spec: CommandSpec, values: dict[str, str]) -> None:
    """Fill in each required argument that has one choice only."""
    for argument in spec.arguments:
        if argument.choices and not argument.optional and not values[argument.name]:
            allowed = list(argument.choices(settings, values))
            values[argument.name] = allowed[0] if len(allowed) == 1 else ""


def command_form(
    settings: Settings,
    spec: CommandSpec,
    view: ViewState,
    values: dict[str, str],
    *,
    reason: str = "",
    error: ControlError | None = None,
    only_entered: bool = False,
) -> CommandForm:
    """The form of a command.

    Args:
        values: The arguments as entered.
        error: Why the command was not submitted.
        only_entered: Report no errors of empty arguments.
    """
    errors = dict(error.fields) if error else {}
    preview, args = None, values
    try:
        args = check_arguments(settings, spec.arguments, values)
        preview = command_preview(settings, spec, args)
    except InvalidCommand as wrong:
        errors |= {name: problem for name, problem in wrong.fields if values.get(name) or not only_entered}
        args = {name: value for name, value in values.items() if name not in dict(wrong.fields)}
    known = {argument.name: args.get(argument.name, "") for argument in spec.arguments}
    choices = {argument.name: argument.choices(settings, known) for argument in spec.arguments if argument.choices}
    return CommandForm(spec, view, values, reason, error.message if error else "", errors, choices, preview, COMMANDS, client_name)


def command_preview(settings: Settings, spec: CommandSpec, args: dict[str, str]) -> Preview:
    """The preview of a command with checked arguments."""
    impact = spec.impact(settings, args)
    jobs = list(Job.select().where(Job.key.in_(impact.jobs)).order_by(Job.tag, Job.host)) if impact.jobs else []
    return Preview(
        args=args,
        impact=impact,
        jobs=[(job, JOB_BADGES[job_state(job)]) for job in jobs],
        blocked=service.submission_block(settings, spec, args),
        idempotency_key=secrets.token_urlsafe(16),
        confirmed_impact=service.impact_token(impact),
        submit_label=submit_label(spec, args, impact),
    )
