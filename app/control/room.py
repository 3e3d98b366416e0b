"""The start page of the control room: machines, player, open commands and recent activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.control import inventory
from app.control.activity import FILTERS, PAGE_ENTRIES, ActivityEntry, ActivityFilter, recent_activity
from app.control.badges import COMMAND_BADGES
from app.control.commands import COMMANDS
from app.control.inventory import PlaybackPlayer
from app.control.models import OPEN, SubmittedCommand
from app.control.specs import CommandSpec
from app.core.settings import Settings
from app.square import runs
from app.square.settings import SquareSettings
from app.square.systems import SYSTEM_LABELS, SYSTEMS
from app.square.upstream import behind_cmsweb, short_name
from app.square.view_state import ViewState
from app.web import etag_of
from app.web.badges import Badge
from app.web.clock import LAST_TIME
from app.web.links import NavLink

PATH = "/control"


class RoomMachine(NamedTuple):
    """A machine as the page shows it."""

    name: str
    system: str
    is_bu: bool
    up: bool | None  # as P5 reports; None if unknown
    jobs: int  # running on it
    is_failing: bool  # the last request of this hub to it failed


@dataclass(frozen=True)
class RoomPage:
    """Values of the templates room.html and room_fragment.html."""

    view: ViewState
    machines: list[RoomMachine]
    player: PlaybackPlayer | None
    open_rows: list[SubmittedCommand]
    entries: list[ActivityEntry]
    commands: Mapping[str, CommandSpec]
    badges: Mapping[str, Badge]  # by state of a command
    systems: Mapping[str, str]  # labels by name
    url: str  # of P5; "" for none
    is_cmsweb: bool
    poll: str
    poll_s: float
    ago: Callable[[float | None], float | None]
    zones: list[NavLink]
    kind_links: list[NavLink]
    system_links: list[NavLink]
    older: str  # address of the next page; "" for none
    latest: str  # address of the first page; "" if this is it


class RoomState(NamedTuple):
    """All that a poll compares."""

    machines: list[RoomMachine]
    player: PlaybackPlayer | None
    open_rows: list[SubmittedCommand]
    entries: list[ActivityEntry]  # one more than a page shows, if there are more

    @property
    def version(self) -> str:
        """Changes whenever the page changes."""
        return etag_of(self.machines, self.player, self.entries, [row.version for row in self.open_rows])


def room_state(settings: Settings, chosen: ActivityFilter) -> RoomState:
    """The present state of the control room."""
    open_rows = list(SubmittedCommand.select().where(SubmittedCommand.state.in_(OPEN)).order_by(SubmittedCommand.id))
    return RoomState(room_machines(settings), inventory.latest_player(), open_rows, recent_activity(chosen))


def room_machines(settings: Settings) -> list[RoomMachine]:
    """The machines of all systems."""
    up: dict[str, bool | None] = {}
    failing: set[str] = set()
    jobs: dict[str, int] = {}
    for system in SYSTEMS:
        up |= {machine.name: machine.up for machine in runs.machines(system)}
        failing |= {host.name for host in runs.hosts(system) if host.failing}
        for job in inventory.running_jobs(system):
            jobs[short_name(job.host)] = jobs.get(short_name(job.host), 0) + 1
    return [
        RoomMachine(one.name, one.system, one.is_bu, up.get(one.name), jobs.get(one.name, 0), one.name in failing)
        for one in inventory.machines(settings).values()
    ]


def room_page(settings: Settings, view: ViewState, chosen: ActivityFilter, state: RoomState) -> RoomPage:
    """The values of the page."""
    square, entries = settings.of(SquareSettings), state.entries
    has_more = len(entries) > PAGE_ENTRIES
    return RoomPage(
        view=view,
        machines=state.machines,
        player=state.player,
        open_rows=state.open_rows,
        entries=entries[:PAGE_ENTRIES],
        commands=COMMANDS,
        badges=COMMAND_BADGES,
        systems=SYSTEM_LABELS,
        url=square.square_url,
        is_cmsweb=behind_cmsweb(settings),
        poll=view.link(PATH, **chosen.query, since=state.version),
        poll_s=square.square_refresh_s,
        ago=runs.age,
        zones=view.zone_links(PATH, **chosen.query),
        kind_links=_kind_links(view, chosen),
        system_links=_system_links(view, chosen),
        older=_page_link(view, chosen, entries[PAGE_ENTRIES - 1].at) if has_more else "",
        latest=_page_link(view, chosen, LAST_TIME) if chosen.before < LAST_TIME else "",
    )


def _page_link(view: ViewState, chosen: ActivityFilter, before: float) -> str:
    return view.link(PATH, **chosen._replace(before=before).query)


def _kind_links(view: ViewState, chosen: ActivityFilter) -> list[NavLink]:
    return [
        NavLink(label, view.link(PATH, **chosen._replace(show=name).query), name == chosen.show) for name, (label, _) in FILTERS.items()
    ]


def _system_links(view: ViewState, chosen: ActivityFilter) -> list[NavLink]:
    labels = {"": "All systems", **SYSTEM_LABELS}
    return [NavLink(label, view.link(PATH, **chosen._replace(of=name).query), name == chosen.of) for name, label in labels.items()]
