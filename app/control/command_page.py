"""The page of a submitted command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.control import service
from app.control.badges import COMMAND_BADGES
from app.control.commands import COMMANDS
from app.control.models import SubmittedCommand
from app.control.presenters import AffectedJob, ResponseSection, response_sections
from app.control.specs import CommandSpec
from app.core.settings import Settings
from app.square.runs import age
from app.square.settings import SquareSettings
from app.square.view_state import ViewState
from app.web import etag_of
from app.web.badges import Badge

FOLLOW_S = 180.0
"""Time after the end of a command during which its page still follows the jobs that it affected."""


@dataclass(frozen=True)
class CommandPage:
    """Values of the templates command.html and command_fragment.html."""

    view: ViewState
    row: SubmittedCommand
    spec: CommandSpec
    badge: Badge
    sections: list[ResponseSection]
    jobs: list[AffectedJob]
    impact: dict[str, Any]  # fields of its Impact
    path: str
    is_polled: bool
    poll: str
    repeat: str  # address of the form with the same arguments
    timeout_s: float  # that P5 has for each request
    max_queued_s: float  # after which an unsent command is refused
    commands: Mapping[str, CommandSpec]
    ago: Callable[[float | None], float | None]


def command_version(row: SubmittedCommand, jobs: list[AffectedJob]) -> str:
    """Changes whenever the page changes."""
    return etag_of(row.version, [(one.job.version, len(one.later)) for one in jobs])


def command_page(settings: Settings, view: ViewState, row: SubmittedCommand, jobs: list[AffectedJob]) -> CommandPage:
    """The values of the page."""
    path = f"/control/commands/{row.id}"
    return CommandPage(
        view=view,
        row=row,
        spec=COMMANDS[row.name],
        badge=COMMAND_BADGES[row.state],
        sections=response_sections(row),
        jobs=jobs,
        impact=row.impact_fields(),
        path=path,
        is_polled=row.is_open or (bool(jobs) and (age(row.ended) or 0) < FOLLOW_S),
        poll=view.link(path, since=command_version(row, jobs)),
        repeat=view.link(f"/control/{row.name}", **row.args),
        timeout_s=settings.of(SquareSettings).square_command_timeout_s,
        max_queued_s=service.MAX_QUEUED_S,
        commands=COMMANDS,
        ago=age,
    )
