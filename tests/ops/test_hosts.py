"""Hosts of one hub that differ in what they must have in common are named."""

from __future__ import annotations

import json
import time

import pytest
from flask.testing import FlaskClient

from app.core.common_state import common_state, differences
from app.core.heartbeat import Heartbeat, Service
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.doctor.checks import hosts
from app.ops.hosts import host_problems


def other_host(settings: Settings, **changes: object) -> None:
    """The heartbeat of a host with these settings, changed so."""
    common = json.dumps(common_state(settings.replace(**changes)))
    values = {"name": "web", "host": "web2", "process": 1, "version": "1", "started": time.time(), "seen": time.time()}
    Service.create(**values, common=common)


def test_a_host_alone_has_nothing_to_agree_on(hub: Settings) -> None:
    assert [diagnosis.level for diagnosis in hosts.check(hub, "")] == ["ok"]


def test_what_only_one_of_several_hosts_can_see_is_named(hub: Settings) -> None:
    other_host(hub)
    (hub.data / "trends").mkdir(exist_ok=True)
    remedies = [remedy for _, remedy in host_problems(hub)]
    assert [remedy.split()[1] for remedy in remedies] == ["database_url", "huey_url", "live_snapshots_dir", "trend_configs"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"secret_key": "0123456789abcdef" * 4}, "secret_key"),
        ({"file_roots": ("/elsewhere",)}, "file_roots"),
        ({"huey_url": "redis://r:1/0"}, "huey_url"),
    ],
)
def test_what_differs_between_two_hosts_is_named(hub: Settings, client: FlaskClient, changes: dict[str, object], name: str) -> None:
    other_host(hub, **changes)
    found = [diagnosis for diagnosis in hosts.check(hub, "") if diagnosis.text.startswith("web2 has")]
    assert [(diagnosis.level, diagnosis.text.split()[3]) for diagnosis in found] == [("error", name)]
    assert f"web2 has another {name}" in client.get("/status").text


def test_settings_of_one_host_may_differ(hub: Settings) -> None:
    key = "0123456789abcdef" * 4
    one, other = hub.replace(secret_key=key), hub.replace(secret_key=key, data_dir="/other", web_host="10.0.0.2", web_workers=7)
    assert differences(common_state(one), common_state(other)) == []


def test_looking_at_a_hub_makes_no_key(hub: Settings, client: FlaskClient) -> None:
    other_host(hub)
    (hub.data / "secret").unlink()
    assert [diagnosis.level for diagnosis in hosts.check(hub, "") if "secret_key" in diagnosis.text] == []
    assert client.get("/status").status_code == 200
    Heartbeat("worker", hub).write()
    assert not (hub.data / "secret").exists()


def test_a_release_without_fingerprints_differs_in_nothing(hub: Settings) -> None:
    Service.create(name="web", host="web2", process=1, version="0", started=time.time(), seen=time.time())
    assert [text for text, _ in host_problems(hub) if text.startswith("web2")] == []


def test_a_host_that_is_gone_and_had_a_clock_that_was_ahead_is_no_host(hub: Settings, client: FlaskClient) -> None:
    ahead = time.time() + 300 * 86400
    Service.create(name="worker", host="gone", process=1, version=VERSION, started=ahead, seen=ahead, common='{"secret_key": "other"}')
    assert list(host_problems(hub)) == []
    assert 'dqmhub_processes{service="worker"} 0.0' in client.get("/metrics").text


def test_fingerprints_show_no_secret(hub: Settings) -> None:
    common = common_state(hub.replace(secret_key="0123456789abcdef" * 4, square_cookie="a secret cookie"))
    assert set(common) >= {"secret_key", "square_cookie"}
    assert "cookie" not in "".join(common.values())
    assert common["square_cookie"] != common_state(hub.replace(secret_key="another key of this hub, for a test"))["secret_key"]
