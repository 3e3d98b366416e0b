"""From an incident at P5 to its notification, through the poller, as real processes: each kind of event."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.database import release
from app.core.settings import Settings
from app.notify.models import Notification
from tests.notify.receivers import Hook, hook
from tests.square.chain import Chain, chain
from tests.support.p5 import CROWDED
from tests.support.processes import until
from tests.support.site import bound

pytestmark = pytest.mark.slow

CLIENT = "pixel_dqm_sourceclient-live"


@pytest.fixture
def chat() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def p5_behind(tmp_path: Path, sqlite_template: Path, chat: Hook) -> Iterator[Chain]:
    """A P5 with no events but those of the test, whose clock is 20 minutes behind; its hub notifies a webhook."""
    data = tmp_path / "var"
    shutil.copytree(sqlite_template, data)
    base_settings = Settings(
        data_dir=str(data),
        square_poll_s=0.2,
        square_status_s=1.0,
        square_playback=(),
        notify_webhooks=(chat.address,),
        notify_timeout_s=60.0,  # a late answer would mean a second message
    )
    with bound(base_settings), chain(base_settings, "--quiet-start", "--speed", "1", "--behind", "1200", services=("live", "p5")) as found:
        yield found


def test_every_kind_of_event_at_p5_is_notified(p5_behind: Chain, chat: Hook) -> None:
    p5 = p5_behind.p5

    def titles() -> list[str]:
        return [message["title"] for message in chat.messages]

    def arrives(title: str) -> None:
        until(lambda: title in titles(), title)

    old = p5.incident("start_run", lumis=100)["run"]
    p5.advance(60)

    def is_late() -> bool:
        release()
        return (
            Notification.select().where(Notification.run == old, Notification.kind == "run-start", Notification.outcome == "late").exists()
        )

    until(is_late, "the run to be detected as late")
    p5.incident("stick", tag=CLIENT)
    p5.advance(1140)  # to the time of this machine
    arrives(f"pixel is stuck in run {old}")
    p5.incident("crash", tag="beam_", code=139, restart=False)
    arrives(f"beam crashed in run {old}")
    p5.incident("end_run", follow=False)
    p5.advance(60)
    new = p5.incident("start_run", lumis=100)["run"]
    p5.advance(10)
    arrives(f"Run {new} began")
    p5.incident("host_down", host=CROWDED)
    arrives(f"{CROWDED} is down")
    assert f"Run {old} began" not in titles()

    def all_sent() -> bool:
        release()
        return {message["id"] for message in chat.messages} == {
            each.event for each in Notification.select().where(Notification.outcome == "notified")
        }

    until(all_sent, "all to be sent")
    assert len(chat.messages) == len({message["id"] for message in chat.messages})
