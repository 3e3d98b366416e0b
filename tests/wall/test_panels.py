"""The panels of walls about clients of DQM^2, notifications and alarms."""

from __future__ import annotations

import re
import time

from app import create_app
from app.alarms.models import PlotAlarm
from app.core.settings import Settings
from app.notify.models import Notification
from tests.alarms.pages import seed as alarms
from tests.gui.pages.pages import words
from tests.notify import seed
from tests.wall.walls import show


def test_the_clients_of_the_newest_run_have_their_states(hub: Settings) -> None:
    now = time.time()
    seed.job(358791, "beam", now - 10, exit_code=134)
    seed.job(358791, "ecal", now - 10)
    page = show(create_app(hub), "clients")
    cells = re.findall(r'<b>(\w+)</b><span class="state">.*?</svg><span>(\w+)</span>', page)
    assert cells == [("beam", "crashed"), ("ecal", "running")]
    assert "1 down" in words(page)


def test_the_newest_events_are_listed_or_those_alone_that_somebody_should_look_at(hub: Settings) -> None:
    row = {"system": "production", "run": 1, "key": "", "subject": "x", "detected": 0.0, "text": "", "outcome": "notified"}
    for kind, title in (("run-began", "Run 1 began"), ("crash", "Client beam crashed")):
        Notification.create(event=kind, kind=kind, title=title, at=time.time(), **row)
    page = words(show(create_app(hub), "notices"))
    assert "Client beam crashed" in page
    assert "Run 1 began" in page
    page = words(show(create_app(hub), "notices", problems_only=1))
    assert "Client beam crashed" in page
    assert "Run 1 began" not in page


def test_open_alarms_are_listed_those_first_that_nobody_has_acknowledged(hub: Settings) -> None:
    pixel, strips = alarms.rule("Pixel errors", subsystem="PixelPhase1"), alarms.rule("Strips errors", subsystem="SiStrip")
    alarms.alarm(pixel, "Pixel/known", state="acknowledged", acknowledged=time.time(), acknowledged_by="ann")
    alarms.alarm(pixel, "Pixel/new")
    alarms.alarm(pixel, "Pixel/gone", state="recovered", recovered=time.time())
    alarms.alarm(strips, "Strips/other")
    page = show(create_app(hub), "alarms", subsystem="pixelphase1")
    assert re.findall(r"</svg>Pixel/(\w+)</b>\s*<span class=\"state\"", page) == ["new", "known"]
    assert "1 to look at of 2 open" in words(page)
    assert "other" in words(show(create_app(hub), "alarms"))
    PlotAlarm.delete().execute()
    assert "No open alarms" in words(show(create_app(hub), "alarms"))
