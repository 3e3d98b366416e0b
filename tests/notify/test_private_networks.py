"""Channels of the page reach the internet and the networks of `notify_networks` only, however an address is written."""

from __future__ import annotations

import socket
import time

import pytest

from app.core.settings import Settings
from app.notify.added_channels import added_problems, all_channels
from app.notify.models import Delivery, NotificationChannel
from tests.notify import seed
from tests.notify.adding import LOOPBACK, add, problems, send_due, states
from tests.notify.receivers import hook, sound_server
from tests.support.raw_server import raw


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(notify_networks=LOOPBACK, notify_timeout_s=60.0)


PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "[::1]",
    "[::ffff:192.168.0.1]",
    "[64:ff9b::a01:203]",
    "[fe80::1]",
    "localhost",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0",
    "[fec0::1]",
    "[::7f00:1]",
    "[::]",
)


def test_an_address_in_a_private_network_is_refused_unless_the_settings_allow_it(configured: Settings) -> None:
    closed = configured.replace(notify_networks=())
    for host in PRIVATE:
        ((field, problem),) = problems(closed, "webhook", "chat", address=f"https://{host}/hook")
        assert (field, problem.partition(" is in a private network, ")[2]) == (
            "address",
            "and the setting notify_networks does not list that",
        )
        assert problems(closed, "sound", "loud", server=f"{host}:50555")[0][0] == "server"
    add(closed, "webhook", "chat", address="https://188.184.0.1/hook")
    add(closed, "webhook", "short", address="https://3166175233/hook")
    add(closed.replace(notify_networks=("::1/128",)), "webhook", "here", address="https://[::1]/hook")
    NotificationChannel.delete().where(NotificationChannel.name == 'webhook "here"').execute()
    add(configured, "webhook", "near", address="https://127.0.0.1/hook")
    assert added_problems(closed) == [
        'webhook "near" sends nothing: 127.0.0.1 is in a private network, and the setting notify_networks does not list that.'
    ]


@pytest.mark.parametrize("host", ["exa..mple.org", "...", "-a.cern.ch", f"{'a' * 70}.cern.ch", ".".join(["abc"] * 64), "."])
def test_a_name_that_no_host_can_have_is_refused(configured: Settings, host: str) -> None:
    assert problems(configured, "webhook", "chat", address=f"https://{host}/") == [
        ("address", f"{host} is not the name of a host: expected one such as chat.cern.ch")
    ]
    add(configured, "webhook", "good", address=f"https://a-b_c.{'a' * 63}.ch./hook")


def test_a_name_that_leads_to_a_private_address_gets_nothing(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: known("127.0.0.1" if host == "hub.test" else host, *rest, **more)
    )
    closed = configured.replace(notify_networks=())
    with hook() as receiver, raw(sound_server()) as server:
        add(closed, "webhook", "chat", address=receiver.address.replace("127.0.0.1", "hub.test"))
        add(closed, "sound", "loud", server=server.place.replace("127.0.0.1", "hub.test"))
        for channel in all_channels(closed):
            Delivery.create(
                notification=seed.notification(len(states())),
                channel=channel.name,
                state="pending",
                since=time.time(),
                not_before=0.0,
                changed=0.0,
            )
        send_due(closed)
        assert [(state, "a private network that is not allowed" in detail) for _, state, detail in states()] == [("pending", True)] * 2
        assert (receiver.requests, server.received) == ([], [])
        Delivery.update(not_before=0.0).execute()
        send_due(configured)
        assert {state for _, state, _ in states()} == {"sent"}, "with the network in the settings"


def test_channels_of_the_settings_may_be_in_private_networks(configured: Settings) -> None:
    with hook() as receiver:
        changed = configured.replace(notify_networks=(), notify_webhooks=(receiver.address,))
        seed.job(358792, "beam", time.time() - 5, 139)
        seed.detect(changed)
        send_due(changed)
        assert {state for _, state, _ in states()} == {"sent"}
