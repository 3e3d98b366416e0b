"""What holds for the messages and connections of every channel."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.channels.mail.channel import MailChannel
from app.notify.channels.sound.channel import SoundChannel
from app.notify.channels.webhook.channel import WebhookChannel
from app.notify.errors import NotifyError, TemporaryError
from app.notify.messages import message_of
from app.notify.models import Notification
from tests.notify.channels.messages import CRASH, HOSTILE
from tests.notify.receivers import Box, Hook, sound_server
from tests.support.raw_server import Behaviour, closed, dripping, garbage, raw, silent


def test_no_name_becomes_a_header_a_recipient_an_element_or_a_field(configured: Settings, box: Box, receiver: Hook) -> None:
    with raw(sound_server()) as server:
        SoundChannel(configured.replace(notify_sound=server.place)).send([HOSTILE])
        (alarm,) = ET.fromstring(bytes(server.received[0]))
    assert (alarm.tag, sorted(alarm.attrib), len(alarm)) == ("alarm", ["sender", "sound", "talk"], 0)
    assert (alarm.text or "").endswith('</alarm></CommandSequence>","kind":"run-end" . QUIT')
    WebhookChannel(configured, "webhook", receiver.address).send([HOSTILE])
    assert receiver.messages == [json.loads(json.dumps(HOSTILE._asdict()))]
    MailChannel(configured.replace(notify_smtp=box.place)).send([HOSTILE])
    (got,) = box.mails
    assert box.recipients == [["shifter@cern.ch", "expert@cern.ch"]]
    assert {name.lower() for name in got} == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
    assert "QUIT" in got.get_content()


@pytest.mark.parametrize("behaviour", [silent, dripping(b"2"), dripping(b"\r\n"), dripping(b"HTTP/1.1 100 Continue\r\n\r\n")])
@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_the_time_limit_holds_for_the_whole_attempt(configured: Settings, behaviour: Behaviour, post: str) -> None:
    with raw(behaviour) as server, pytest.raises(NotifyError):
        send(configured.replace(notify_timeout_s=0.2), post, server.place)


@pytest.mark.parametrize("post", ["webhook", "mail", "sound"])
def test_garbage_and_closed_ports_are_errors(configured: Settings, post: str) -> None:
    with raw(garbage) as server, pytest.raises(NotifyError):
        send(configured, post, server.place)
    with pytest.raises(TemporaryError, match="no connection to port"):
        send(configured, post, closed())


def send(settings: Settings, post: str, place: str) -> None:
    """Send CRASH by a kind of channel to host:port."""
    changed = settings.replace(notify_smtp=place, notify_sound=place, notify_webhooks=(f"http://{place}/",))
    (channel,) = [channel for channel in channels(changed) if channel.kind == post]
    channel.send([CRASH])


def test_a_message_links_to_the_page_of_its_event() -> None:
    def link(kind: str, run: int | None, key: str, system: str = "production") -> str:
        row = Notification(event="x", kind=kind, run=run, key=key, system=system, title="", text="", at=0.0, repeats=0)
        return message_of(row, "https://dqm.cern.ch/hub/").link

    assert link("crash", 7, "a b&c") == "https://dqm.cern.ch/hub/square/job?key=a+b%26c"
    assert link("run-end", 7, "", "playback") == "https://dqm.cern.ch/hub/square/runs/7?system=playback"
    assert link("silent-host", None, "fu-1") == "https://dqm.cern.ch/hub/square"
    assert (
        message_of(Notification(event="x", kind="test", system="production", title="", text="", at=0.0, repeats=0, key=""), "").link == ""
    )


def test_channels_are_those_that_are_configured_and_their_names_hold_no_secret(settings: Settings) -> None:
    assert channels(settings) == []
    hooks = ("https://chat.cern.ch/hooks/s3cr3t", "https://chat.cern.ch/hooks/0th3r", "http://10.0.0.1:8065/x")
    changed = settings.replace(
        notify_webhooks=hooks, notify_sound="daq-expert.cms:50555", notify_smtp="mail.cern.ch:25", notify_mail_from="a@b.ch"
    )
    assert [channel.name for channel in channels(changed)] == [
        "sound",
        "webhook chat.cern.ch",
        "webhook chat.cern.ch (2)",
        "webhook 10.0.0.1:8065",
    ]
