"""From a new point to the message of a webhook, by real processes, one of which is killed between storing and telling."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from app.core.database import release
from app.core.settings import Settings
from app.trends.rules import store
from app.trends.rules.models import TrendViolation
from tests.notify.receivers import Hook, hook
from tests.support.processes import service, until
from tests.support.raw_server import closed
from tests.support.site import bound
from tests.trends.rules.conftest import LAST, RULE, WatchedTrend

pytestmark = pytest.mark.slow


def violations() -> list[TrendViolation]:
    release()
    return list(TrendViolation.select())


def kinds(chat: Hook) -> list[tuple[str, int]]:
    return [(message["kind"], message["run"]) for message in chat.messages]


def test_a_step_is_told_once_although_its_process_is_killed_and_then_the_recovery(tmp_path: Path, sqlite_template: Path) -> None:
    data = tmp_path / "var"
    shutil.copytree(sqlite_template, data)
    with hook() as chat:
        settings = Settings(
            data_dir=str(data),
            square_url=f"http://{closed()}",
            square_playback=(),
            trend_rules_s=1.0,
            notify_webhooks=(chat.address,),
            public_url="https://dqm.cern.ch",
        )
        with bound(settings):
            watched = WatchedTrend(settings)
            store.add_rule(RULE, "alice")
            watched.add(20.0, 20.0, 20.0)
            chat.hold = threading.Event()  # the webhook does not answer yet
            with service(settings, "live") as first:
                until(lambda: bool(violations()), "the violation to be stored")
                first.kill()
                first.wait()
            chat.hold.set()
            before = len(chat.messages)
            assert before <= 1
            with service(settings, "live"):
                until(lambda: len(chat.messages) > before, "the message")
                watched.add(10.0)
                until(lambda: ("trend-inside", LAST + 4) in kinds(chat), "the recovery")
    assert set(kinds(chat)) == {("trend-outside", LAST + 1), ("trend-inside", LAST + 4)}
    begun = [message for message in chat.messages if message["kind"] == "trend-outside"]
    assert len({message["id"] for message in begun}) == 1, "a message may arrive twice after a kill, with the same id"
    assert begun[0]["link"].startswith("https://dqm.cern.ch/trends/chart?series=DT/charge/StreamExpress/Express&runs=355001-355023&band=")
