"""Channels that operators add on the page: checked, subscribed, tested, disabled and deleted without a restart; no secret comes back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.database import release
from app.core.settings import Settings
from app.notify.added_channels import (
    added_channels,
    added_problems,
    all_channels,
    delete_channel,
    enable_channel,
)
from app.notify.added_delivery import added_delivery_task
from app.notify.detection import EventCollector
from app.notify.errors import OutdatedRequest
from app.notify.models import Notification, NotificationChannel
from app.queue.periodic import PeriodicTask, TaskRun
from app.security import Role
from app.security.models import Audit
from tests.notify import seed
from tests.notify.adding import LOOPBACK, add, problems, send_due, states
from tests.notify.receivers import hook, mail_server
from tests.square.test_pages_whole_log import bearer
from tests.support.processes import until
from tests.support.raw_server import raw, silent

HOST = {"Host": "127.0.0.1:8889"}
PAGE = "/notifications/channels"


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(notify_networks=LOOPBACK, notify_timeout_s=60.0, notify_smtp_security="none", notify_mail_from="dqm@cern.ch")


@pytest.fixture
def client(configured: Settings) -> FlaskClient:
    return create_app(configured).test_client()


def operator() -> dict[str, str]:
    return HOST | bearer(Role.OPERATOR)


@pytest.mark.both_databases
def test_an_operator_adds_tests_disables_and_deletes_a_channel(configured: Settings, client: FlaskClient) -> None:
    with hook() as receiver:
        data = {
            "channel": "webhook",
            "name": "Pixel  chat",
            "kind": ["problems", "run-end"],
            "option-address": f"{receiver.address}/s3cr3t",
            "option-key": "k3y",
        }
        assert client.post(PAGE, headers=HOST | bearer(Role.SHIFTER), data=data).status_code == 403
        assert client.post(PAGE, headers=operator(), data=data).status_code == 303
        page = client.get(PAGE, headers=operator()).text
        assert 'webhook "Pixel chat"' in page.replace("&#34;", '"')
        assert receiver.address.removeprefix("http://") in page
        seed.job(358792, "beam", time.time() - 5, 139)
        seed.detect(configured)
        assert client.post("/notifications/test", headers=operator(), data={"channel": 'webhook "Pixel chat"'}).status_code == 303
        send_due(configured)
        assert [message["kind"] for message in receiver.messages] == ["crash", "test"], "it is not subscribed to run-start"
        assert all("X-DQMHub-Signature" in headers for _, headers, _ in receiver.requests)
        number = NotificationChannel.get().id
        seed.job(358792, "csc", time.time() - 5, 139)
        seed.detect(configured)
        assert client.post(f"{PAGE}/{number}/enable", headers=operator(), data={"on": "0"}).status_code == 303
        assert [detail for _, state, detail in states() if state == "failed"] == ["the channel was disabled"]
        assert all_channels(configured) == []
        assert "disabled" in client.get(PAGE, headers=operator()).text
        assert client.post(f"{PAGE}/{number}/enable", headers=operator(), data={"on": "1"}).status_code == 303
        assert len(all_channels(configured)) == 1
        assert client.post(f"{PAGE}/{number}/enable", headers=operator(), data={"on": "0"}).status_code == 303
        assert client.post(f"{PAGE}/{number}/delete", headers=operator()).status_code == 303
        assert client.post(f"{PAGE}/{number}/delete", headers=operator()).status_code == 409
        shown = [client.get(path, headers=operator()).text for path in (PAGE, "/notifications", "/status", "/metrics", "/events")]
    actions = [(row.action, row.target) for row in Audit.select().order_by(Audit.id) if "notification channel" in row.action]
    assert [action.split()[0] for action, _ in actions] == ["add", "test", "disable", "enable", "disable", "delete"]
    for text in (page, *shown, *(target for _, target in actions)):
        assert "s3cr3t" not in text
        assert "k3y" not in text


def test_an_invalid_channel_is_rejected_with_its_fields_and_the_form_keeps_all_but_secrets(
    configured: Settings, client: FlaskClient
) -> None:
    data = {"channel": "webhook", "name": 'a "b"', "kind": "crush", "option-address": "ftp://host/s3cr3t"}
    answer = client.post(PAGE, headers=operator(), data=data)
    assert answer.status_code == 400
    for words in (
        "without quotation marks",
        "some of problems, all, ",
        "expected an address such as https://host/path",
        "a &#34;b&#34;",
    ):
        assert words in answer.text
    assert "s3cr3t" not in answer.text
    assert client.post(PAGE, headers=operator(), data={"channel": "pigeon"}).status_code == 400
    assert client.get(f"{PAGE}/new?channel=pigeon", headers=operator()).status_code == 400
    assert "Key" in client.get(f"{PAGE}/new?channel=webhook", headers=operator()).text
    assert NotificationChannel.select().count() == 0


def test_names_are_unique_and_fields_must_be_filled_in(configured: Settings) -> None:
    add(configured, "sound", "Control room", server="127.0.0.1:50555")
    assert problems(configured, "sound", "Control room", server="127.0.0.1:50555") == [
        ("name", 'there is a channel sound "Control room" already')
    ]
    assert problems(configured, "sound", "other") == [("server", "1 to 1000 printable characters")]
    assert problems(configured, "sound", "other", server="localhost") == [("server", "expected host:port")]
    assert problems(configured, "sound", "other", "job-failed", server="127.0.0.1:1")[0][0] == "kind", "personal kinds are for single users"


def test_mail_goes_to_allowed_domains_by_the_server_of_the_settings(configured: Settings) -> None:
    assert problems(configured, "mail", "Pixel", to="anna@cern.ch") == [("channel", "No mail can be sent: notify_smtp must be set.")]
    with mail_server() as box:
        changed = configured.replace(notify_smtp=box.place)
        assert problems(changed, "mail", "Pixel", to="anna@cern.ch, eve@evil.org") == [
            ("to", "eve@evil.org: expected an address of cern.ch")
        ]
        for none in (",", " ; "):
            ((field, problem),) = problems(changed, "mail", "Pixel", to=none)
            assert (field, problem) in (("to", "at least one address such as anna@cern.ch"), ("to", "1 to 1000 printable characters"))
        add(changed, "mail", "Pixel", "crash", to="anna@cern.ch; bob@mail.cern.ch, anna@cern.ch Anna@CERN.ch")
        seed.job(358792, "beam", time.time() - 5, 139)
        seed.detect(changed)
        send_due(changed)
        assert box.recipients == [["anna@cern.ch", "bob@mail.cern.ch"]]
    assert [each.reaches_users for each in all_channels(changed)] == [False], "single users get one mail, by the channel of the settings"
    assert added_problems(changed.replace(notify_user_domains=("fnal.gov",))) == [
        'mail "Pixel" sends nothing: anna@cern.ch: expected an address of fnal.gov.'
    ]
    assert all_channels(changed.replace(notify_user_domains=("fnal.gov",))) == []


@pytest.fixture
def delivering(configured: Settings) -> Iterator[Callable[[], None]]:
    """A step of the periodic task that sends by the channels of the page."""
    stopping = Event()
    run = TaskRun(PeriodicTask("test", 1.0, lambda _: None), stopping, 600.0)
    with added_delivery_task(configured, run) as step:
        yield step
        stopping.set()


def test_one_that_hangs_delays_no_other_and_a_new_one_needs_no_restart(configured: Settings, delivering: Callable[[], None]) -> None:
    with ExitStack() as stack:
        held, good, later = (stack.enter_context(hook()) for _ in range(3))
        stack.callback(held.hold.set)
        held.hold.clear()
        add(configured, "webhook", "a hangs", address=held.address)
        add(configured, "webhook", "b works", address=good.address)
        seed.job(358792, "beam", time.time() - 5, 139)
        seed.detect(configured)
        delivering()
        until(lambda: len(good.messages) == 2 and held.requests, "the messages of the one that works, while the other hangs")
        add(configured, "webhook", "c later", address=later.address)
        seed.job(358792, "csc", time.time() - 5, 139)
        seed.detect(configured)
        delivering()
        until(lambda: len(later.messages) == 1, "the message of the new one")
        assert len(held.requests) == 1
        held.hold.set()

        def all_sent() -> bool:
            delivering()
            release()
            return {state for _, state, _ in states()} == {"sent"}

        until(all_sent, "all to be sent")


def test_a_disabled_channel_is_sent_nothing_and_can_be_deleted(configured: Settings, delivering: Callable[[], None]) -> None:
    with raw(silent) as server:
        add(configured, "sound", "loud", server=server.place)
        seed.job(358792, "beam", time.time() - 5, 139)
        seed.detect(configured)
        number = NotificationChannel.get().id
        with pytest.raises(OutdatedRequest, match="is enabled: disable it before you delete it"):
            delete_channel(number)
        enable_channel(number, "olga", enabled=False)
        delivering()
        assert server.received == []
        delete_channel(number)
    assert {(state, detail) for _, state, detail in states()} == {("failed", "the channel was disabled")}
    EventCollector(configured).close_removed_channels()
    assert added_channels(configured) == []
    assert Notification.select().count() == 2


def test_the_form_of_each_kind_asks_for_each_field_by_a_label(configured: Settings, client: FlaskClient) -> None:
    for kind in ("mail", "sound", "webhook"):
        page = client.get(f"{PAGE}/new?channel={kind}", headers=operator()).text
        names = re.findall(r'<input id="([^"]+)"', page)
        assert {"name"} < set(names)
        assert set(re.findall(r'<label for="([^"]+)"', page)) == set(names)
