"""From a new snapshot to the message of a webhook, by a real process that is killed again and again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.alarms.models import NEW, RECOVERED, AlarmNotice, PlotAlarm
from app.alarms.store import save_rule
from app.core.database import release
from app.core.settings import Settings
from tests.alarms.live_sample import LiveSample
from tests.alarms.rules import ERRORS
from tests.notify.receivers import Hook, hook
from tests.support.processes import service, until
from tests.support.raw_server import closed
from tests.support.site import bound
from tests.support.storms import TIMES, chance

pytestmark = [pytest.mark.slow, pytest.mark.storm]

ALARMS = TIMES


def state() -> str:
    """The state of the one alarm; "" without one."""
    release()
    found = PlotAlarm.get_or_none()
    return found.state if found else ""


def notified(chat: Hook, kind: str) -> set[str]:
    """The ids of messages of a kind; one may arrive twice after a kill."""
    return {message["id"] for message in chat.messages if message["kind"] == kind}


def test_each_alarm_is_notified_and_stored_once_although_its_judge_is_killed_at_random(tmp_path: Path, sqlite_template: Path) -> None:
    data, dice = tmp_path / "var", chance(19)
    shutil.copytree(sqlite_template, data)
    with hook() as chat:
        settings = Settings(
            data_dir=str(data),
            file_roots=(str(data),),
            square_url=f"http://{closed()}",
            square_playback=(),
            alarm_judge_s=0.2,
            notify_webhooks=(chat.address,),
        )
        with bound(settings):
            save_rule(ERRORS._replace(calm_s=0), number=None, user="ann")
            live = LiveSample(settings)
            for count in range(1, ALARMS + 1):
                for tests, wanted in (({"DT/a": [("t", 300, "")]}, NEW), ({}, RECOVERED)):
                    live.write({"DT/a": float(live.snapshots)}, tests)
                    with service(settings, "live") as victim:
                        until(lambda wanted=wanted: state() == wanted, "the judgement")
                        if dice.random() < 0.5:
                            until(lambda count=count: len(notified(chat, "plot-alarm")) == count, "the message")
                        victim.kill()
            with service(settings, "live"):
                until(lambda: len(notified(chat, "plot-alarm-recovered")) == ALARMS, "the messages")
            release()
            kinds = [notice.kind for notice in AlarmNotice.select().order_by(AlarmNotice.id)]
    assert kinds == ["plot-alarm", "plot-alarm-recovered"] * ALARMS
    assert len(notified(chat, "plot-alarm")) == ALARMS
