"""An old backup is on the status page and in notifications, where backups are made at all."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.ops.area import AREA
from app.ops.backup import backup_folder, make_backup
from app.ops.backup.manifest import write_manifest
from app.ops.backup.status import status_lines
from tests.support.processes import environment


def test_a_hub_that_makes_no_backups_is_reminded_but_not_alerted(hub: Settings) -> None:
    (line,) = status_lines(hub)
    assert (line.state, line.text) == ("idle", "no backups are made")
    assert AREA.events is not None
    assert AREA.events.find("operation", 0, time.time()) == []


def test_a_folder_without_a_backup_is_a_warning(hub: Settings) -> None:
    (line,) = status_lines(hub.replace(backup_dir=str(hub.data)))
    assert (line.state, line.text) == ("warn", "there is none yet")


def test_a_backup_older_than_the_setting_is_a_warning_and_an_event_until_the_next_one(
    hub: Settings, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(hub).items():
        monkeypatch.setenv(name, value)
    events = AREA.events
    assert events is not None
    made = make_backup(hub, backup_folder(hub), lambda _: None)
    (line,) = status_lines(hub)
    assert (line.state, line.text.startswith(f"{made.name} of ")) == ("ok", True)
    assert events.active_systems(hub) == ("operation",)
    assert events.find("operation", 0, time.time()) == []

    write_manifest(made._replace(made=made.made - 27 * 3600))
    (line,) = status_lines(hub)
    assert (line.state, line.text.startswith("older than 26 h: ")) == ("warn", True)
    assert "older than 26 h" in client.get("/status").text
    (event,) = events.find("operation", 0, time.time())
    assert (event.at, events.is_open(event), events.path(event)) == (pytest.approx(made.made - 3600), True, "/status")
    assert events.find("operation", 0, time.time()) == [event]
    assert events.find("operation", time.time() - 60, time.time()) == []
    make_backup(hub, backup_folder(hub), lambda _: None)
    assert not events.is_open(event)


def test_backups_whose_disk_is_not_mounted_stay_on_the_status_page_in_metrics_and_become_an_event(
    hub: Settings, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(hub).items():
        monkeypatch.setenv(name, value)
    made = make_backup(hub, backup_folder(hub), lambda _: None)
    assert "\ndqmhub_backups 1.0\n" in client.get("/metrics").text
    made.folder.parent.rename(hub.data / "away")
    (line,) = status_lines(hub)
    assert (line.state, line.text) == ("warn", "the last one is gone")
    text = client.get("/metrics").text
    assert "\ndqmhub_backups 0.0\n" in text
    assert "\ndqmhub_backup_age_seconds " in text
    (hub.data / "last-backup").write_text(f"{made.made - 27 * 3600}")
    assert AREA.events is not None
    assert AREA.events.active_systems(hub) == ("operation",)
    (event,) = AREA.events.find("operation", 0, time.time())
    assert (event.at, AREA.events.is_open(event)) == (pytest.approx(made.made - 3600), True)
