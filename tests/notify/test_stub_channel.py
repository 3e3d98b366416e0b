"""A new channel is one folder: with it the channel is on the page, in deliveries, settings, quiet hours, status and docs check."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from app import create_app
from app.areas import settings_reference
from app.core.metrics import family_text
from app.core.settings import TREE, SettingError, Settings, load, table
from app.notify import channels, status
from app.notify.added_channels import all_channels, channel_form
from app.notify.area import AREA, channel_settings
from app.notify.delivery import deliver_due
from app.notify.models import Delivery, NotificationChannel
from app.security import Role
from jobs.notify import deliver
from tests.notify import seed
from tests.notify.channel_docs import undocumented
from tests.square.test_pages_whole_log import bearer

FOLDER = Path(__file__).with_name("stub_channels")
HOST = {"Host": "127.0.0.1:8889"}
KINDS = channels.channel_kinds()


@pytest.fixture
def pigeon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The channel of the folder stub_channels/pigeon, for one test."""
    monkeypatch.setattr(table, "_tables", [*table._tables])
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(FOLDER)])
    channels.channel_tables()
    yield
    for name in [name for name in sys.modules if name.startswith("app.notify.channels.pigeon")]:
        del sys.modules[name]


@pytest.fixture
def configured(hub: Settings, pigeon: None, tmp_path: Path) -> Settings:
    return hub.replace(notify_pigeon_loft=str(tmp_path))


def test_its_settings_are_read_checked_and_documented(pigeon: None, tmp_path: Path) -> None:
    settings = load(None, {"DQMHUB_NOTIFY_PIGEON_LOFT": str(tmp_path), "DQMHUB_NOTIFY_QUIET": "pigeon 22:00-06:00"})
    (channel,) = channels.channels(settings)
    of_files = ("file-missing", "not-sent", "corrupt-input", "merge-failed", "gui-unreachable", "gui-failing")
    of_transfer = (*of_files, "process-failing", "end-late", "disk-full", "transfer-silent")
    assert set(channel.kinds) == {
        *("plot-alarm", "plot-alarm-reminder", "crash", "stuck", "silent-host", "trend-outside", "backup-old"),
        *of_transfer,
    }
    assert (channel.name, channel.quiet_hours) == ("pigeon", ["22:00-06:00"])
    with pytest.raises(SettingError, match="channels: " + ", ".join(sorted([*KINDS, "pigeon"]))):
        load(None, {"DQMHUB_NOTIFY_QUIET": "carrier 22:00-06:00"})


def test_without_its_folder_there_is_no_such_setting() -> None:
    with pytest.raises(SettingError, match="channels: " + ", ".join(KINDS)):
        load(None, {"DQMHUB_NOTIFY_QUIET": "pigeon 22:00-06:00"})
    assert "pigeon" not in settings_reference()


def test_it_is_on_the_page_and_in_deliveries_status_metrics_and_periodic_tasks(configured: Settings, tmp_path: Path) -> None:
    client = create_app(configured).test_client()
    seed.job(358792, "beam", time.time() - 5, 139)
    seed.detect(configured)
    page = client.get("/notifications", headers=HOST | bearer(Role.OPERATOR)).text
    assert 'aria-label="Send a test by pigeon"' in page
    assert client.post("/notifications/test", data={"channel": "pigeon"}, headers=HOST | bearer(Role.OPERATOR)).status_code == 303
    (channel,) = channels.channels(configured)
    deliver_due(channel, "", lambda: False)
    assert [(row.channel, row.state, row.detail) for row in Delivery.select()] == [("pigeon", "sent", "coo")] * 2
    assert sorted(file.read_text() for file in tmp_path.glob("[ct]*-*")) == ["Test of Test", "beam crashed in run 358792"]
    assert [(line.name, line.state) for line in status.lines(configured)] == [("notifications by pigeon", "ok")]
    assert 'dqmhub_notification_deliveries{channel="pigeon",state="sent"} 2.0' in family_text(status.metrics(configured)).decode()
    assert [task.name for task in deliver(configured)] == ["notifications by added channels", "notifications by pigeon"]


def test_operators_add_one_by_the_form_of_its_folder(hub: Settings, pigeon: None, tmp_path: Path) -> None:
    client, operator = create_app(hub).test_client(), HOST | bearer(Role.OPERATOR)
    assert ">Add: pigeon</a>" in client.get("/notifications/channels", headers=operator).text
    form = client.get("/notifications/channels/new?channel=pigeon", headers=operator).text
    assert all(f'for="field-{name}"' in form for name in ("loft", "ring"))
    sent = {"channel": "pigeon", "name": "White", "kind": "crash", "option-loft": f"{tmp_path}/none", "option-ring": "s3cr3t"}
    wrong = client.post("/notifications/channels", headers=operator, data=sent)
    assert (wrong.status_code, f"{tmp_path}/none is no folder" in wrong.text, "s3cr3t" in wrong.text) == (400, True, False)
    assert client.post("/notifications/channels", headers=operator, data=sent | {"option-loft": str(tmp_path)}).status_code == 303
    seed.job(358792, "beam", time.time() - 5, 139)
    seed.detect(hub)
    (channel,) = all_channels(hub)
    deliver_due(channel, "", lambda: False)
    assert [(row.channel, row.state, row.detail) for row in Delivery.select()] == [('pigeon "White"', "sent", "coo")]
    assert [file.read_text() for file in tmp_path.glob("crash-*")] == ["beam crashed in run 358792"]
    page = client.get("/notifications/channels", headers=operator).text
    assert (str(tmp_path) in page, "s3cr3t" in page) == (True, False)


def test_a_channel_whose_kind_is_gone_sends_nothing_and_says_so(hub: Settings) -> None:
    values = {"kind": "pigeon", "name": 'pigeon "White"', "kinds": "all", "options": "{}", "user": "olga"}
    NotificationChannel.create(**values, changed=time.time())
    page = create_app(hub).test_client().get("/notifications/channels", headers=HOST | bearer(Role.OPERATOR)).text
    assert "this version has no channel pigeon" in page
    assert all_channels(hub) == []


def test_quiet_hours_defer_it_and_its_errors_are_retried(configured: Settings) -> None:
    seed.job(358792, "beam", time.time() - 5, 139)
    seed.detect(configured.replace(notify_quiet=("pigeon 00:00-12:00", "pigeon 12:00-00:00")))
    assert [row.state for row in Delivery.select()] == ["deferred"]
    Delivery.update(not_before=0.0, since=time.time()).execute()
    closed = configured.replace(notify_pigeon_loft="/nowhere")
    (channel,) = channels.channels(closed)
    deliver_due(channel, "", lambda: False)
    assert [(row.state, row.detail) for row in Delivery.select()] == [("deferred", "the loft is closed: No such file or directory")]
    page = create_app(closed).test_client().get("/notifications", headers=HOST | bearer(Role.SHIFTER)).text
    assert "No pigeon flies: /nowhere is no folder." in page
    assert "retrying" in page


def test_every_channel_is_documented(pigeon: None) -> None:
    assert undocumented() == []


def test_with_its_folder_no_other_document_has_to_be_changed(pigeon: None) -> None:
    assert "Notifications by pigeon" in dict(channel_settings())
    assert settings_reference([replace(AREA, more_settings=channel_settings())]) == settings_reference([AREA])
    listed = [path for path in (TREE / "docs").rglob("*.md") if re.search(r"app/notify/channels/\w+/", path.read_text(encoding="utf-8"))]
    assert listed == [], "documents lead to the folder of all channels, not to single ones"


def test_every_channel_has_the_name_of_its_folder_a_form_and_a_setting_of_its_kinds() -> None:
    assert [channel.kind for channel in channels.channel_types()] == list(KINDS)
    for kind, settings_table in channels.channel_tables():
        assert channel_form(kind).fields
        assert f"notify_{kind}_kinds" in [row.name for row in fields(settings_table)]
