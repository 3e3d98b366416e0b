"""Alarms on pages of plots and on walls."""

from __future__ import annotations

from datetime import datetime

import pytest

from app import create_app
from app.alarms.element_links import element_links
from app.alarms.models import ACKNOWLEDGED
from app.core.area import ShownElement
from app.core.settings import Settings
from app.core.zones import CERN
from tests.alarms.pages import seed
from tests.gui.pages.pages import words
from tests.wall.walls import show

AT = datetime(2026, 11, 29, 10, 31, tzinfo=CERN).timestamp()


@pytest.mark.parametrize(
    ("run", "lumi", "expected"),
    [(0, 0, ["Alarm since 10:31", "Alarm since 10:31, acknowledged by ann"]), (0, 7, []), (367140, 0, [])],
)
def test_the_page_of_a_plot_names_its_alarms_in_this_run(hub: Settings, run: int, lumi: int, expected: list[str]) -> None:
    first = seed.rule()
    seed.alarm(first, raised=AT)
    seed.alarm(seed.rule("Second"), raised=AT, state=ACKNOWLEDGED, acknowledged_by="ann")
    with create_app(hub).test_request_context("/"):
        found = list(element_links(ShownElement(run, lumi, seed.ONLINE, seed.PLOT)))
    assert sorted(link.text for link in found) == expected
    if expected:
        assert f"/alarms?rule={first.id}" in [link.address for link in found]


def test_a_wall_shows_the_open_alarms_the_worst_first(hub: Settings) -> None:
    assert "No open alarms." in words(show(create_app(hub), "alarms"))
    seed.fill()
    page = words(show(create_app(hub), "alarms"))
    assert "2 to look at of 4 open" in page
    assert page.index("alert(1)") < page.index("warning") < page.index("known")
    assert "muted" in page
    assert "No open alarms." in words(show(create_app(hub), "alarms", subsystem="Hcal"))
