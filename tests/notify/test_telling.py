"""A channel tells what is due, tries again what failed as long as it makes sense, and says what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.notify import status
from app.notify.channels import Channel, channels
from app.notify.delivery import tell
from app.notify.detection import deliver
from app.notify.models import Delivery, Maintenance, Notice
from app.web.clock import CERN
from tests.notify.receivers import Hook, hook, mail_server, sound_server
from tests.support.raw_server import closed, raw

pytestmark = pytest.mark.both_databases


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


def notice(number: int, kind: str = "crash", ago: float = 0.0) -> Notice:
    at = time.time() - ago
    made: Notice = Notice.create(
        event=f"{kind}-{number}", system="production", kind=kind, run=358792, key=f"job{number}", subject=f"client{number}",
        at=at, found=at, title=f"client {number} crashed", text="", fate="told",
    )  # fmt: skip
    return made


def due(channel: Channel, *numbers: int, ago: float = 0.0, quiet: bool = False) -> None:
    """Notices that a channel is to tell since so long; or, when it was quiet, until now."""
    for number in numbers:
        deliver(notice(number, ago=ago), channel, time.time() - ago, time.time() - 1 if quiet else None)


def one_channel(settings: Settings, **given: object) -> Channel:
    (channel,) = channels(settings.replace(notice_timeout_s=60.0, **given))  # type: ignore[arg-type]  # the values are of many types
    return channel


def work(channel: Channel) -> None:
    tell(channel, "", lambda: False)


def states() -> list[tuple[str, int, str]]:
    return [(each.state, each.attempts, each.why) for each in Delivery.select().order_by(Delivery.id)]


def again_now() -> None:
    Delivery.update(not_before=0.0).execute()


def test_what_is_due_is_told_in_its_order_and_then_no_more(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notice_webhooks=(receiver.address,))
    due(channel, 1, 2, 3)
    work(channel)
    work(channel)
    assert [told["id"] for told in receiver.told] == ["crash-1", "crash-2", "crash-3"]
    assert states() == [("sent", 1, "status 200")] * 3


def test_what_fails_is_tried_again_later_and_later(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notice_webhooks=(receiver.address,))
    receiver.status = 503
    due(channel, 1)
    pauses = []
    for _ in range(8):
        work(channel)
        row = Delivery.get()
        pauses.append(round(row.not_before - row.changed))
        work(channel)  # it is not due
        again_now()
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert len(receiver.asked) == 8
    assert states() == [("waiting", 8, "status 503: the channel is archived")]
    receiver.status = 204
    work(channel)
    assert states() == [("sent", 9, "status 204")]


def test_after_a_failure_the_others_wait_for_the_next_step_and_go_before_what_failed(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notice_webhooks=(receiver.address,))
    receiver.status = 500
    due(channel, 1, 2)
    work(channel)
    assert [told["id"] for told in receiver.told] == ["crash-1"]
    receiver.status = 200
    work(channel)
    assert [told["id"] for told in receiver.told] == ["crash-1", "crash-2"]
    assert [state for state, _, _ in states()] == ["waiting", "sent"]


def test_who_refuses_is_not_asked_again_and_the_others_are_told(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notice_webhooks=(receiver.address,))
    receiver.status = 404
    due(channel, 1, 2)
    work(channel)
    again_now()
    work(channel)
    assert len(receiver.asked) == 2
    assert states() == [("failed", 1, "status 404: the channel is archived")] * 2


def test_an_alarm_is_not_heard_a_minute_late(hub: Settings) -> None:
    with raw(sound_server()) as server:
        channel = one_channel(hub, notice_sound=server.place)
        due(channel, 1, ago=61.0)
        due(channel, 2, ago=20.0)
        Delivery.update(why="no connection").where(Delivery.since < time.time() - 60).execute()
        work(channel)
        assert len(server.heard) == 1
    assert states() == [
        ("failed", 0, "it was not told within 60 s, and is too late now; last: no connection"),
        ("sent", 1, "All ok"),
    ]


def test_a_webhook_is_tried_for_an_hour_and_a_mail_for_a_day(hub: Settings) -> None:
    hooks = one_channel(hub, notice_webhooks=(f"http://{closed()}/",))
    mails = one_channel(hub, notice_smtp=closed(), notice_mail_from="a@b.ch", notice_mail_to=("c@d.ch",))
    for channel, first, seconds in ((hooks, 1, 3600), (mails, 3, 86400)):
        due(channel, first, ago=seconds - 60)
        due(channel, first + 1, ago=seconds + 1)
        work(channel)
    assert [state for state, _, _ in states()] == ["waiting", "failed"] * 2
    assert states()[3][2] == "it was not told within 86400 s, and is too late now"


def test_more_than_five_at_once_are_one_mail(hub: Settings) -> None:
    with mail_server() as box:
        channel = one_channel(
            hub, notice_smtp=box.place, notice_smtp_security="none", notice_mail_from="a@b.ch", notice_mail_to=("c@d.ch",), instance_name="DQM"
        )  # fmt: skip
        due(channel, 1, 2, 3, 4, 5)
        work(channel)
        assert len(box.mails) == 5
        due(channel, *range(10, 16))
        work(channel)
        assert [mail["Subject"] for mail in box.mails[5:]] == ["[DQM] 6 notices: client 10 crashed and more"]
        assert {state for state, _, _ in states()} == {"sent"}


def test_what_was_held_in_quiet_hours_is_one_mail_at_their_end(hub: Settings) -> None:
    with mail_server() as box:
        channel = one_channel(
            hub, notice_smtp=box.place, notice_smtp_security="none", notice_mail_from="a@b.ch", notice_mail_to=("c@d.ch",), instance_name="DQM"
        )  # fmt: skip
        due(channel, 1, 2, ago=7200.0, quiet=True)
        due(channel, 3)
        assert [state for state, _, _ in states()] == ["held", "held", "waiting"]
        work(channel)
        assert [mail["Subject"] for mail in box.mails] == ["[DQM] 2 notices: client 1 crashed and more", "[DQM] client 3 crashed"]


def quiet_now(kind: str) -> tuple[str, ...]:
    """Hours around this moment, by the clock at CERN."""
    begin, end = (f"{datetime.fromtimestamp(time.time() + after, CERN):%H:%M}" for after in (-1800, 1800))
    return (f"{kind} {begin}-{end}",)


def test_what_was_not_sent_when_quiet_hours_began_is_held_or_dropped(hub: Settings) -> None:
    sounds = one_channel(hub, notice_sound=closed(), notice_quiet=quiet_now("sound"))
    mails = one_channel(hub, notice_smtp=closed(), notice_mail_from="a@b.ch", notice_mail_to=("c@d.ch",), notice_quiet=quiet_now("mail"))
    due(sounds, 1)
    due(mails, 2)
    work(sounds)
    work(mails)
    (dropped, _, why), (held, attempts, _) = states()
    assert (dropped, held, attempts) == ("dropped", "held", 1)
    assert why.startswith("quiet hours; last: no connection to port")
    assert Delivery.get(Delivery.state == "held").not_before > time.time() + 1000


def test_a_mail_server_that_is_away_all_night_is_tried_again_each_minute(hub: Settings) -> None:
    channel = one_channel(hub, notice_smtp=closed(), notice_mail_from="a@b.ch", notice_mail_to=("c@d.ch",))
    due(channel, 1)
    Delivery.update(attempts=1100).execute()
    work(channel)
    row = Delivery.get()
    assert (row.state, row.attempts, round(row.not_before - row.changed)) == ("waiting", 1101, 60)


def test_a_consumer_that_stops_leaves_the_rest_for_the_next(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notice_webhooks=(receiver.address,))
    due(channel, 1, 2, 3)
    tell(channel, "", lambda: len(receiver.asked) >= 2)
    assert [state for state, _, _ in states()] == ["sent", "sent", "waiting"]


def test_a_reason_of_any_length_and_letters_is_kept_short(hub: Settings) -> None:
    def send(_: Sequence[object]) -> str:
        return "\0" + "x" * 10_000

    channel = one_channel(hub, notice_sound=closed())._replace(send=send)
    due(channel, 1)
    work(channel)
    assert states() == [("sent", 1, "\ufffd" + "x" * 499)]


def test_the_status_page_and_the_metrics_say_how_each_channel_does(hub: Settings, receiver: Hook) -> None:
    given = hub.replace(notice_webhooks=(receiver.address + "/s3cr3t", "http://127.0.0.1:9/0th3r"), notice_sound=closed())
    good, other, bad = channels(given)
    assert [(line.name, line.state, line.text) for line in status.lines(given)] == [
        (f"notices by {channel.name}", "idle", "in the last day: nothing to tell") for channel in (good, other, bad)
    ]
    due(good, 1, 2)
    deliver(notice(3), bad, time.time())
    work(good)
    work(bad)
    assert [(line.state, line.text) for line in status.lines(given)] == [
        ("ok", "in the last day: 2 sent"), ("idle", "in the last day: nothing to tell"), ("warn", "in the last day: 1 waiting"),
    ]  # fmt: skip
    client: FlaskClient = create_app(given).test_client()
    host = {"Host": "127.0.0.1:8889"}
    page, metrics = client.get("/status", headers=host).text, client.get("/metrics", headers=host).text
    assert "notices by sound" in page
    assert "no connection to port" in page
    assert f'dqmhub_notice_deliveries{{channel="{good.name}",state="sent"}} 2' in metrics
    assert 'dqmhub_notice_deliveries{channel="sound",state="waiting"} 1' in metrics
    assert 'dqmhub_notice_waiting_seconds{channel="sound"}' in metrics
    assert "s3cr3t" not in page + metrics


def test_old_notices_are_forgotten_with_what_became_of_them(hub: Settings) -> None:
    channel = one_channel(hub, notice_sound=closed())
    due(channel, 1, ago=11 * 86400.0)
    due(channel, 2, ago=9 * 86400.0)
    Maintenance.create(system="production", hosts="", begins=0.0, ends=time.time() - 11 * 86400, reason="x", user="op")
    assert status.clean(10, lambda _: None) == 2
    assert [each.event for each in Notice.select()] == ["crash-2"]
    assert (Delivery.select().count(), Maintenance.select().count()) == (1, 0)
