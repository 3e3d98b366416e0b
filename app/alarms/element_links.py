"""Links from a plot to the alarms about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.alarms.models import ACKNOWLEDGED
from app.alarms.reading import ShownAlarm, alarms_of_plot
from app.core.area import RunLink, ShownElement
from app.core.zones import CERN
from app.web.links import link


def element_links(element: ShownElement) -> Iterator[RunLink]:
    """The open alarms about a histogram in this run."""
    if element.lumi:
        return
    for alarm in alarms_of_plot(element.dataset, element.run, element.path):
        yield RunLink(_text(alarm), link("/alarms", {"rule": alarm.rule}))


def _text(alarm: ShownAlarm) -> str:
    """Such as "Alarm since 10:31, acknowledged by ann", Swiss time."""
    since = f"Alarm since {datetime.fromtimestamp(alarm.raised, CERN):%H:%M}"
    if alarm.mute:
        return f"{since}, muted"
    return f"{since}, acknowledged by {alarm.acknowledged_by}" if alarm.state == ACKNOWLEDGED else since
