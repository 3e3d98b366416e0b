"""Hosts of one hub that differ in what they must have in common are named."""

from __future__ import annotations

import json
import time

import pytest
from flask.testing import FlaskClient

from app.core.common_state import common_state, differences
from app.core.heartbeat import Service
from app.core.settings import Settings
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


def test_fingerprints_show_no_secret(hub: Settings) -> None:
    common = common_state(hub.replace(square_cookie="a secret cookie"))
    assert set(common) >= {"secret_key", "square_cookie"}
    assert "cookie" not in "".join(common.values())
    assert common["square_cookie"] != common_state(hub.replace(secret_key="another key of this hub, for a test"))["secret_key"]
