"""The declaration of an area. Menu, help, status, metrics, commands and so on are built from these declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from flask import Flask
    from prometheus_client import Metric

    from app.core.events import EventSource
    from app.core.settings import Settings


class MenuItem(NamedTuple):
    """An entry of the main menu."""

    title: str
    path: str
    role: str = "viewer"  # name of the least role that sees it
    below: tuple[str, ...] = ()  # beginnings of further addresses that belong to the entry


class HelpTopic(NamedTuple):
    """A page of the help, at /help/<name>."""

    name: str
    title: str
    template: str
    context: Callable[[], Mapping[str, Any]] = dict  # values for the template, made for each request


COMMAND_GROUPS = ("Run", "Data", "Accounts", "Maintenance")
"""Headings of the commands in `dqmhub --help`, in this order."""


class CliCommand(NamedTuple):
    """A command of `dqmhub`."""

    module: str  # defines a click command of the command's name, with _ for -
    group: str  # one of COMMAND_GROUPS


State = Literal["ok", "warn", "down", "idle"]


class StatusLine(NamedTuple):
    """A line of the status page."""

    name: str
    state: State
    text: str
    age_s: float | None = None  # age of the last sign of life, s
    detail: str = ""  # a longer text, for instance the last error


class StatusTable(NamedTuple):
    """A table of the status page, below its lines."""

    template: str  # renders nothing if there are no rows
    context: Callable[[], Mapping[str, Any]]


class RunLink(NamedTuple):
    """A link to what an area has of a run or of a monitor element, for the pages of other areas."""

    text: str
    address: str  # with the URL prefix


class ShownElement(NamedTuple):
    """A monitor element that a page shows."""

    run: int  # 0: the ongoing run
    lumi: int  # 0: the whole run
    dataset: str  # /primary/processed/tier
    path: str
    is_number: bool = False  # or a text: there is no plot


class RunPoint(NamedTuple):
    """The value of a trend in a run, for the pages of other areas."""

    title: str  # of the trend
    dataset: str  # primary dataset and processing
    value: str  # with its error; "" for none
    reason: str  # why there is none, or why it is marked; "" for no reason
    address: str  # with the URL prefix


class RunPanel(NamedTuple):
    """What an area shows of a run on the pages of that run in other areas."""

    template: str  # gets `run`, `tz` and the values of `context`; renders nothing if the area does not know the run
    context: Callable[[int], Mapping[str, Any]]  # of a run


class OwnJob(NamedTuple):
    """What an area says of a background job, for the job diary."""

    name: str
    labels: Mapping[str, str] = {}  # such as run, dataset
    user: str = ""  # who asked for it
    page: str = ""  # path of its page, without the URL prefix
    file: str = ""  # path of its file, whose folder viewers must not see in errors
    follows: tuple[tuple[str, str], ...] = ()  # kind and key of the jobs whose results it needs


class OwnJobKind(NamedTuple):
    """A kind of background jobs that are in the job diary."""

    kind: str  # in the queue
    title: str
    describe: Callable[[Iterable[str]], Mapping[str, OwnJob]]  # by the keys of jobs; unknown ones are left out


class PanelOption(NamedTuple):
    """An option of a panel of walls: a text, or a whole number."""

    name: str
    meaning: str  # a short sentence
    default: str | int
    lowest: int = 0  # of a number
    highest: int = 0


class WallPanel(NamedTuple):
    """A kind of panels on walls, the pages for screens that people see from far away.

    A template gets the values of `context`, of which `title` is the heading if the wall has no other; its ages are made by `age`.
    `context` and `picture` get the value of each option by its name, and the room in the panel on a screen of 1920x1080 as
    `panel_width` and `panel_height` in pixels; `picture` gets also the number of a picture, from 0, and returns a response.
    """

    kind: str
    title: str  # of panels that have no other
    template: str
    context: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    options: tuple[PanelOption, ...] = ()
    problems: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = lambda options: ()  # options that cannot be used, and why
    picture: Callable[[Mapping[str, Any], int], Any] | None = None  # of panels whose template shows pictures


@dataclass(frozen=True)
class Area:
    """One part of the product, and what it adds to menu, help, status, metrics, commands and so on.

    Functions import what they need when they are called, so that declarations load fast.
    """

    name: str  # of the folder in app/, templates/, static/, tests/
    title: str  # for users
    init_app: Callable[[Flask], None] | None = None  # adds blueprints, hooks and what threads share
    menu: tuple[MenuItem, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)  # endpoint -> name of the least role
    endpoints_without_storage: frozenset[str] = frozenset()  # endpoints of POST that are tried while the disk cannot be written, too
    openapi: Callable[[], Mapping[str, Any]] | None = None  # paths of the API document
    status: Callable[[Settings], Iterable[StatusLine]] | None = None
    status_tables: tuple[StatusTable, ...] = ()
    ready: tuple[Callable[[Settings], StatusLine], ...] = ()  # what must work before this process can serve pages
    metrics: Callable[[Settings], Iterable[Metric]] | None = None  # families of samples for /metrics
    jobs: str = ""  # module with handlers and periodic tasks, which only consumers import
    commands: Mapping[str, CliCommand] = field(default_factory=dict)
    settings: type | None = None  # table of settings
    more_settings: tuple[tuple[str, type], ...] = ()  # titles and tables of its parts that have and document their own
    help: tuple[HelpTopic, ...] = ()
    events: EventSource | None = None  # what notifications are sent about
    run_links: Callable[[int], Iterable[RunLink]] | None = None  # to the pages of a run; none if the area does not know it
    element_links: Callable[[ShownElement], Iterable[RunLink]] | None = None  # to what the area can do with a histogram
    element_panels: Callable[[ShownElement], Iterable[RunLink]] | None = None  # fragments that the page of an ME loads when opened
    run_panel: RunPanel | None = None
    run_points: Callable[[int, str, int], Iterable[RunPoint]] | None = None  # of a run in a dataset ("": all), at most so many
    latest_runs: Callable[[int], Iterable[int]] | None = None  # numbers of the newest runs that the area has, at most so many
    own_jobs: tuple[OwnJobKind, ...] = ()
    wall_panels: tuple[WallPanel, ...] = ()
    published: Callable[[], Any] | None = None  # what mirrors get of the area: a PublishedArea of app/publish/areas.py


_areas: list[Area] = []
"""The areas of this process."""


def set_areas(areas: Iterable[Area]) -> None:
    """Make these the areas of this process. Raises ValueError when two of them have the same name of something."""
    areas = list(areas)
    check_areas(areas)
    _areas[:] = areas


def current_areas() -> tuple[Area, ...]:
    """The areas of the web application in whose context this is called; elsewhere those of this process."""
    from flask import current_app, has_app_context

    areas: Iterable[Area] = current_app.extensions["areas"] if has_app_context() else _areas
    return tuple(areas)


def check_areas(areas: Iterable[Area]) -> None:
    """Raise ValueError when two areas use the same name, so that one would hide the other, or when a group of commands is unknown."""
    owners: dict[tuple[str, str], str] = {}
    for area in areas:
        for name, command in area.commands.items():
            if command.group not in COMMAND_GROUPS:
                raise ValueError(f"The command {name} is in the group {command.group}; the groups are {', '.join(COMMAND_GROUPS)}")
        for what, name in _names(area):
            if (what, name) in owners:
                raise ValueError(f"The areas {owners[what, name]} and {area.title} have the same {what}: {name}")
            owners[what, name] = area.title


def _names(area: Area) -> Iterable[tuple[str, str]]:
    """The names of an area that no other may have, each with what it names."""
    yield "name", area.name
    yield from (("page in the menu", item.path) for item in area.menu)
    yield from (("command", name) for name in area.commands)
    yield from (("help topic", topic.name) for topic in area.help)
    yield from (("kind of background jobs", each.kind) for each in area.own_jobs)
    yield from (("kind of wall panel", panel.kind) for panel in area.wall_panels)
    yield from (("kind of event", kind.name) for kind in (area.events.kinds if area.events else ()))
