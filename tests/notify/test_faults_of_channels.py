"""A fault in one channel, its row or its receiver stops no other, brings no secret back and outlives no change of the channel."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.database import end_thread, release
from app.core.settings import Settings
from app.notify.added_channels import ChannelDefinition, add_channel, added_channels, all_channels, change_channel, enable_channel
from app.notify.added_delivery import added_delivery_task
from app.notify.channels import channels
from app.notify.channels.sound.channel import SoundChannel
from app.notify.channels.webhook.form import WebhookForm
from app.notify.delivery import deliver_due
from app.notify.errors import InvalidChannel
from app.notify.masking import without_secrets
from app.notify.models import Delivery, Notification, NotificationChannel
from app.queue.periodic import PeriodicTask, TaskRun
from app.security import Role
from tests.notify import seed
from tests.notify.receivers import Hook, hook
from tests.square.test_pages_whole_log import bearer
from tests.support.processes import until
from tests.support.raw_server import closed

HOST = {"Host": "127.0.0.1:8889"}
PAGE = "/notifications/channels"
PAGES = ("/notifications", PAGE, "/status", "/metrics", "/events")


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(notify_networks=("127.0.0.0/8",), notify_timeout_s=60.0)


@pytest.fixture
def client(configured: Settings) -> FlaskClient:
    return create_app(configured).test_client()


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


def operator() -> dict[str, str]:
    return HOST | bearer(Role.OPERATOR)


def add(settings: Settings, title: str, address: str, key: str = "") -> NotificationChannel:
    add_channel(settings, ChannelDefinition("webhook", title, ("all",), {"address": address, "key": key}), "olga")
    found: NotificationChannel = NotificationChannel.get(NotificationChannel.name == f'webhook "{title}"')
    return found


def crash(settings: Settings, *clients: str) -> None:
    for name in clients:
        seed.job(358792, name, time.time() - 5, 139)
    seed.detect(settings)


def send_due(settings: Settings) -> None:
    for channel in all_channels(settings):
        deliver_due(channel, "", lambda: False)


@pytest.mark.parametrize("options", ["[]", "{", "null", '{"address": 7}'])
def test_a_row_that_cannot_be_read_stops_no_other_channel_and_can_be_mended_on_its_page(
    configured: Settings, client: FlaskClient, receiver: Hook, options: str
) -> None:
    broken = add(configured, "broken", "https://188.184.0.1/")
    add(configured, "works", receiver.address)
    NotificationChannel.update(options=options).where(NotificationChannel.id == broken.id).execute()
    crash(configured, "beam")
    send_due(configured)
    assert len(receiver.messages) == 2
    assert [client.get(path, headers=operator()).status_code for path in PAGES] == [200] * len(PAGES)
    assert "a fault that is in the log" in client.get(PAGE, headers=operator()).text
    sent = {"kind": "all", "option-address": receiver.address}
    assert client.get(f"{PAGE}/{broken.id}", headers=operator()).status_code == 200
    assert client.post(f"{PAGE}/{broken.id}", headers=operator(), data=sent).status_code == 303
    assert [bool(each.channel) for each in added_channels(configured)] == [True, True]


@pytest.mark.parametrize("method", ["problems", "obstacle", "channel", "receiver"])
def test_a_fault_in_the_form_of_a_kind_stops_no_other_kind(
    configured: Settings, client: FlaskClient, receiver: Hook, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    add(configured, "faulty", "https://188.184.0.1/s3cr3t")
    changed = configured.replace(notify_webhooks=(receiver.address,))

    def fault(*_: object) -> None:
        raise KeyError("s3cr3t")

    monkeypatch.setattr(WebhookForm, method, fault)
    crash(changed, "beam")
    send_due(changed)
    assert len(receiver.messages) == 2
    for path in PAGES:
        page = client.get(path, headers=operator())
        assert (page.status_code, "s3cr3t" in page.text) == (200, False)


def test_a_fault_in_the_code_of_a_channel_is_named_and_stops_no_other_kind(
    configured: Settings, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = configured.replace(notify_webhooks=(receiver.address,), notify_sound=closed())
    with monkeypatch.context() as patched:
        patched.setattr(SoundChannel, "send", lambda *_: 1 // 0)
        crash(changed, "beam")
        send_due(changed)
    assert len(receiver.messages) == 2
    assert [(each.state, each.detail) for each in Delivery.select().where(Delivery.channel == "sound")] == [
        ("pending", "a fault of this channel, which is in the log: ZeroDivisionError")
    ]
    monkeypatch.setattr(SoundChannel, "configured", lambda *_: 1 // 0)
    assert [channel.kind for channel in channels(changed)] == ["webhook"]
    page = create_app(changed).test_client().get("/notifications", headers=operator()).text
    assert "No channel sound of the settings can be made: a fault that is in the log (ZeroDivisionError)." in page


@pytest.mark.both_databases
def test_a_channel_that_is_disabled_while_it_sends_sends_no_more(configured: Settings, receiver: Hook) -> None:
    row = add(configured, "chat", receiver.address)
    crash(configured, "beam", "csc", "ecal")
    (channel,) = all_channels(configured)
    receiver.hold.clear()

    def deliver() -> None:
        try:
            deliver_due(channel, "", lambda: False)
        finally:
            end_thread()

    thread = threading.Thread(target=deliver)
    thread.start()
    until(lambda: receiver.requests, "the first request")
    enable_channel(row.id, "olga", enabled=False)
    receiver.hold.set()
    thread.join()
    release()
    assert len(receiver.requests) == 1
    assert {(each.state, each.detail) for each in Delivery.select()} == {("failed", "the channel was disabled")}


def test_a_channel_that_is_changed_while_it_sends_goes_on_at_its_new_address(configured: Settings, receiver: Hook) -> None:
    stopping = threading.Event()
    run = TaskRun(PeriodicTask("test", 1.0, lambda _: None), stopping, 600.0)
    with hook() as old, added_delivery_task(configured, run) as step:
        row = add(configured, "chat", old.address)
        crash(configured, "beam", "csc", "ecal")
        old.hold.clear()
        step()
        until(lambda: old.requests, "the first request")
        change_channel(configured, row.id, ("all",), {"address": receiver.address, "key": ""}, "olga")
        old.hold.set()

        def all_sent() -> bool:
            step()
            release()
            return {each.state for each in Delivery.select()} == {"sent"}

        until(all_sent, "all to be sent")
        stopping.set()
    assert (len(old.requests), len(receiver.requests)) == (1, 3)


def test_channels_are_those_of_the_transaction_that_queues(configured: Settings, receiver: Hook) -> None:
    """Operators change channels in transactions that wait for the same counter, so no delivery is left of a channel that is gone."""
    from app.notify.detection import EventCollector, WatchedSystem
    from app.square.event_source import SquareEvents

    row = add(configured, "chat", receiver.address)
    collector = EventCollector(configured)
    collector.channels = all_channels(configured)
    enable_channel(row.id, "olga", enabled=False)
    seed.job(358792, "beam", time.time() - 5, 139)
    collector.collect(WatchedSystem(SquareEvents(), "production"), 3600.0)
    assert (Notification.select().count(), Delivery.select().count()) == (2, 0)


ECHOES = (
    "Cannot POST /hooks/s3cr3t?token=0th%20er",
    "Unknown token s3cr3t",
    "token 0th er is wrong",
    "no /HOOKS/S3CR3T here",
    "k3y&lt;y is no key; k3y<y",
    "x" * 280 + " /hooks/s3cr3t?tok",
)


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("is_added", [False, True])
def test_a_receiver_that_repeats_a_secret_brings_it_on_no_page(configured: Settings, receiver: Hook, echo: str, is_added: bool) -> None:
    address, key = f"{receiver.address}/hooks/s3cr3t?token=0th%20er", "k3y<y"
    changed = configured if is_added else configured.replace(notify_webhooks=(address,), notify_webhook_secret=key)
    if is_added:
        add(configured, "chat", address, key)
    receiver.status, receiver.text = 404, echo.encode()
    crash(changed, "beam")
    send_due(changed)
    (detail,) = {each.detail for each in Delivery.select()}
    assert detail.startswith("status 404: ")
    assert "\N{HORIZONTAL ELLIPSIS}" in detail or detail.endswith("x ")
    shown = [create_app(changed).test_client().get(path, headers=operator()).text for path in PAGES]
    for text in (detail, *shown):
        assert not [word for word in ("s3cr", "0th", "k3y") if word in text.lower()]


def test_only_what_may_be_secret_is_masked() -> None:
    secrets = ("https://chat.cern.ch/a/hooks/b4d?x=1", "")
    assert without_secrets("status 404: no a at chat.cern.ch, 1 left", secrets) == "status 404: no a at chat.cern.ch, 1 left"
    assert without_secrets("nothing is secret", ()) == "nothing is secret"
    assert without_secrets("POST /a/hooks/b4d", secrets) == "POST \N{HORIZONTAL ELLIPSIS}"


def test_an_operator_changes_events_and_address_and_empty_secrets_stay(configured: Settings, client: FlaskClient, receiver: Hook) -> None:
    row = add(configured, "chat", "https://188.184.0.1/s3cr3t", "k3y")
    form = client.get(f"{PAGE}/{row.id}", headers=operator()).text
    assert ("Edit the channel webhook" in form, "s3cr3t" in form, "k3y" in form, 'value="all" checked' in form) == (
        True,
        False,
        False,
        True,
    )
    wrong = client.post(f"{PAGE}/{row.id}", headers=operator(), data={"kind": "crush", "option-address": "ftp://s3cr3t"})
    assert (wrong.status_code, "expected an address" in wrong.text, "s3cr3t" in wrong.text) == (400, True, False)
    assert client.post(f"{PAGE}/{row.id}", headers=operator(), data={"kind": "crash"}).status_code == 303
    changed = NotificationChannel.get_by_id(row.id)
    assert (changed.kinds, json.loads(changed.options)) == ("crash", {"address": "https://188.184.0.1/s3cr3t", "key": "k3y"})
    sent = {"kind": ["crash", "run-start"], "option-address": receiver.address}
    assert client.post(f"{PAGE}/{row.id}", headers=operator(), data=sent).status_code == 303
    assert client.post(f"{PAGE}/{row.id}", headers=HOST | bearer(Role.SHIFTER), data=sent).status_code == 403
    assert client.post(f"{PAGE}/{row.id + 1}", headers=operator(), data=sent).status_code == 409
    crash(configured, "beam")
    send_due(configured)
    assert sorted(message["kind"] for message in receiver.messages) == ["crash", "run-start"]
    assert all("X-DQMHub-Signature" in headers for _, headers, _ in receiver.requests)
    with pytest.raises(InvalidChannel, match="kind: some of problems, all"):
        change_channel(configured, row.id, (), {}, "olga")


def test_only_disabled_channels_have_a_button_to_delete_them(configured: Settings, client: FlaskClient) -> None:
    row = add(configured, "chat", "https://188.184.0.1/")
    assert ">Delete</button>" not in client.get(PAGE, headers=operator()).text
    assert client.post(f"{PAGE}/{row.id}/delete", headers=operator()).status_code == 409
    enable_channel(row.id, "olga", enabled=False)
    assert ">Delete</button>" in client.get(PAGE, headers=operator()).text
