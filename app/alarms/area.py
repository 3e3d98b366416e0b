"""Declaration of the area "Alarms"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import alarms
from app.alarms.event_source import AlarmEvents
from app.alarms.settings import AlarmSettings
from app.alarms.wall_panels import ALARMS
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, RunLink, ShownElement, StatusLine

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.alarms.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.alarms.status import metrics

    return metrics()


def _element_links(element: ShownElement) -> Iterable[RunLink]:
    from app.alarms.element_links import element_links

    return element_links(element)


AREA = Area(
    name="alarms",
    title="Alarms",
    init_app=alarms.init_app,
    status=_status,
    metrics=_metrics,
    jobs="jobs.alarms",
    commands={"alarms": CliCommand("app.cli.alarms", "Data")},
    settings=AlarmSettings,
    events=AlarmEvents(),
    element_links=_element_links,
    wall_panels=(ALARMS,),
    menu=(MenuItem("Alarms", "/alarms"),),
    help=(HelpTopic("alarms", "Alarms", "alarms/help.html"),),
    roles={
        "alarms.alarms": "viewer",
        "alarms.acknowledge": "shifter",
        "alarms.unacknowledge": "shifter",
        "alarms.mute": "shifter",
        "alarms.end_mute": "shifter",
        "alarm_count.count": "viewer",
        "alarm_rules.rule_list": "viewer",
        "alarm_rules.rule": "viewer",
        "alarm_rules.new": "expert",
        "alarm_rules.add": "expert",
        "alarm_rules.edit": "expert",
        "alarm_rules.save": "expert",
        "alarm_rules.switch": "expert",
        "alarm_rules.delete": "expert",
        "alarm_rules.add_ready": "expert",
        "alarm_notices.notice": "viewer",
    },
)
