"""Alarms on pages of plots and on walls."""

from __future__ import annotations

import re
import time
from datetime import datetime
from html import unescape

import pytest

from app import create_app
from app.alarms.element_links import element_links
from app.alarms.models import ACKNOWLEDGED, NEW, AlarmMute, PlotAlarm, hash_of
from app.alarms.reading import alarms_of_plot
from app.core.area import ShownElement
from app.core.database import proxy
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


def test_rows_of_a_wall_name_the_subsystem_and_the_end_of_the_path_that_differs(hub: Settings) -> None:
    rule = seed.rule()
    maps = [f"{subsystem}/EventInfo/reportSummaryMap" for subsystem in ("CSC", "DT")]
    for path in (*maps, "CSC/EventInfo/shift/reportSummaryMap", "DT/x", "Hcal/Digi/depth/depth1", "Hcal/Time/depth/depth1", ""):
        seed.alarm(rule, path)
    names = [unescape(name) for name in re.findall(r'<b class="sentence">.*?</svg>(.*?)</b>', show(create_app(hub), "alarms"), re.DOTALL)]
    assert names == [
        "CSC/EventInfo/reportSummaryMap",
        "DT … reportSummaryMap",
        "CSC … shift/reportSummaryMap",
        "DT/x",
        "Hcal/Digi/depth/depth1",
        "Hcal/Time/depth/depth1",
        seed.ONLINE,
    ]


def test_the_page_of_a_plot_reads_no_alarm_of_other_plots(hub: Settings) -> None:
    rule, now = seed.rule(), time.time()
    seed.alarm(rule)
    muted = [
        {"rule": rule.id, "subject": f"Pixel/{each}", "begins": now, "ends": now + 3600, "reason": "x", "user": "ann"}
        for each in range(400)
    ]
    usual = {"rule": rule.id, "run": 0, "state": NEW, "detail": "x", "begun": now, "raised": now, "judged": now, "version": 1}

    def steps() -> int:
        """Steps of a hundred instructions that SQLite makes."""
        connection, made = proxy.connection(), [0]

        def step() -> None:
            made[0] += 1

        connection.set_progress_handler(step, 100)
        assert len(alarms_of_plot(seed.ONLINE, 0, seed.PLOT)) == 1
        connection.set_progress_handler(None, 100)
        return made[0]

    before = steps()
    for at in range(0, 400, 100):
        AlarmMute.insert_many(muted[at : at + 100]).execute()
        PlotAlarm.insert_many(
            [usual | {"subject": name, "subject_hash": hash_of(name)} for name in (f"Pixel/{at}/{each}" for each in range(100))]
        ).execute()
    mutes = 400 * 20 // 100  # steps to skip mutes of other plots of the rule, which are few and end
    assert steps() <= before + mutes
