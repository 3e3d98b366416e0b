"""Whether the hub works: for machines, for Prometheus, for people."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core import database
from app.core.heartbeat import Heartbeat, Service
from app.core.settings import Settings
from app.core.version import VERSION
from app.gui.models import FAILED, File
from app.ops.backup import backup_folder, make_backup
from app.queue import store
from app.queue.periodic import PeriodicTaskState
from tests.support import gui


@pytest.fixture(scope="module")
def render_service(tmp_path_factory: pytest.TempPathFactory) -> object:
    with gui.render_service(tmp_path_factory.mktemp("r")) as folder:
        yield folder


def test_live_answers_without_anything_else(client: FlaskClient) -> None:
    assert client.get("/healthz/live").json == {"status": "ok"}


def test_ready_is_503_without_a_render_service_and_names_it(client: FlaskClient) -> None:
    answer = client.get("/healthz/ready")
    assert (answer.status_code, answer.json) == (503, {"status": "down", "checks": {"database": "ok", "disk": "ok", "render": "down"}})


def test_ready_is_200_when_all_is_there(client: FlaskClient, hub: Settings, render_service: Path) -> None:
    (hub.data / "render").symlink_to(render_service)
    answer = client.get("/healthz/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")


@pytest.mark.both_databases
def test_a_database_that_went_away_makes_it_unready_and_is_named(app: Flask, hub: Settings) -> None:
    client = app.test_client()
    database.disconnect()
    database.connect(hub.replace(database_url="postgresql://nobody@127.0.0.1:1/none"))
    for address in ("/healthz/ready", "/status"):
        answer = client.get(f"http://127.0.0.1{address}")
        assert answer.status_code == (503 if "ready" in address else 200)
    assert "Cannot reach the database" in answer.text


def test_a_database_that_another_program_has_locked_is_named_as_that_for_as_long_as_it_is(client: FlaskClient, hub: Settings) -> None:
    words = "locked by another program: pages can be read, nothing can be stored"
    with closing(sqlite3.connect(hub.data / "dqmhub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get("/status")
        assert (answer.status_code, words in answer.text, "responds in" in answer.text) == (200, True, False)
        assert client.get("/healthz/ready").json["checks"]["database"] == "warn"  # pages can be read
        other.execute("ROLLBACK")
    assert words not in client.get("/status").text


def test_a_migration_by_a_newer_release_does_not_take_a_running_web_server_from_its_proxy(client: FlaskClient) -> None:
    database.proxy.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('9999_newer', '2026-01-01')")
    assert client.get("/healthz/ready").json["checks"]["database"] == "warn"
    text = client.get("/status").text
    assert "of a newer version: start the services of that" in text
    assert "The database belongs to a newer version of DQM Hub" in text
    assert "start it with `dqmhub worker`" in text, "the other lines are shown"


def test_metrics_count_requests_files_and_work(client: FlaskClient, hub: Settings) -> None:
    client.get("/api/v1/samples")
    store.enqueue("import", "7")
    File.create(url="/data/a.root", format="tdirectory", registered=time.time())
    text = client.get("/metrics").text
    assert re.search(r'^dqmhub_requests_total{endpoint="gui_api.list_samples",method="GET",status="200"} [1-9]', text, re.M)
    assert '\ndqmhub_files{state="new"} 1.0\n' in text
    assert '\ndqmhub_jobs{queue="bulk",state="queued"} 1.0\n' in text
    assert '\ndqmhub_jobs{queue="live",state="failed"} 0.0\n' in text, "alerts see the first rise"
    assert "\ndqmhub_build_info{version=" in text


@pytest.mark.both_databases
def test_status_shows_who_is_there_and_who_fell_silent(client: FlaskClient, hub: Settings) -> None:
    Heartbeat("live", hub).write()
    Heartbeat("worker", hub).write()
    Service.update(seen=time.time() - 600).where(Service.name == "worker").execute()
    text = client.get("/status").text
    assert "1 running, version" in text
    assert "silent" in text
    assert "10 min</span> ago" in text
    assert "start it with `dqmhub worker`" in text
    assert "start it with `dqmhub web`" in text


def test_status_names_a_library_of_plugins_that_is_not_loaded(client: FlaskClient, hub: Settings, tmp_path: Path) -> None:
    with gui.render_service(tmp_path / "r", "--load", "/nonexistent/plugins.so") as folder:
        (hub.data / "render").symlink_to(folder)
        text = client.get("/status").text
        assert client.get("/healthz/ready").status_code == 200
    assert "without plugins" in text
    assert "/nonexistent/plugins.so: cannot open shared object file" in text


def test_a_sign_of_life_is_one_row_for_each_process(hub: Settings) -> None:
    for _ in range(3):
        Heartbeat("live", hub).write()
    assert Service.select().count() == 1
    Service.update(seen=time.time() - 2 * 86400).execute()
    Heartbeat("web", hub).write()
    assert [service.name for service in Service.select()] == ["web"]


def test_status_shows_the_last_errors(client: FlaskClient) -> None:
    File.create(url="/data/<b>.root", format="tdirectory", state=FAILED, error="the key list is cut off", registered=time.time())
    text = client.get("/status").text
    assert "the key list is cut off" in text
    assert "&lt;b&gt;.root" in text
    assert "/data/" not in text, "viewers do not see folders"


@pytest.mark.both_databases
def test_the_application_of_the_entry_module_is_the_hub(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQMHUB_DATA_DIR", hub.data_dir)
    if hub.database_url:
        monkeypatch.setenv("DQMHUB_DATABASE_URL", hub.database_url)
    import importlib

    import wsgi

    application = importlib.reload(wsgi).application
    assert application.config["HUB"].data == hub.data
    assert create_app(hub).url_map.is_endpoint_expecting("gui.browse", "place")


def test_status_and_metrics_show_the_age_of_each_periodic_task(client: FlaskClient) -> None:
    now = time.time()
    PeriodicTaskState.create(name="poll production", period_s=2.0, owner="here:1", last_ok=now - 1, duration_s=0.25)
    PeriodicTaskState.create(
        name="poll playback", period_s=2.0, last_ok=now - 7200, last_error=now - 1, error="OSError: P5 is away", failures=9
    )
    page = client.get("/status").text
    assert "every 2 s, takes 0.25 s" in page
    assert "failed 9 times in a row" in page
    assert "OSError: P5 is away" in page
    assert "2 h</span> ago" in page
    lines = client.get("/metrics").text
    assert 'dqmhub_periodic_task_failures{task="poll playback"} 9' in lines
    assert 'dqmhub_periodic_task_step_seconds{task="poll production"} 0.25' in lines


def test_times_in_the_future_are_no_signs_of_life_and_are_named(client: FlaskClient) -> None:
    """As after a clock that was ahead was set back."""
    later = time.time() + 3600
    Service.create(name="worker", host="fu-1", process=1, version=VERSION, started=later, seen=later)
    PeriodicTaskState.create(name="count", period_s=5.0, last_ok=later)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", client.get("/status").text))
    assert re.search(r"clock check behind a heartbeat by 3,[56]\d\d s – The last heartbeat of worker on fu-1 is in the future", text), text
    assert "worker down silent –" in text
    assert "periodic task count down every 5 s –" in text


def test_metrics_have_the_space_of_disks_and_the_age_of_the_newest_backup(client: FlaskClient, hub: Settings) -> None:
    assert "\ndqmhub_backup_age_seconds " not in client.get("/metrics").text
    backup = make_backup(hub, backup_folder(hub), lambda _: None)
    text = client.get("/metrics").text
    assert re.search(r'^dqmhub_disk_free_bytes{folder="data"} [1-9]', text, re.M)
    assert re.search(r'^dqmhub_disk_size_bytes{folder="backups"} [1-9]', text, re.M)
    (age,) = re.findall(r"^dqmhub_backup_age_seconds (\S+)$", text, re.M)
    assert 0 <= float(age) <= time.time() - backup.made + 1


def test_a_periodic_task_that_hangs_in_its_first_step_is_as_old_in_metrics_as_the_service_that_runs_it(
    client: FlaskClient, hub: Settings
) -> None:
    now = time.time()
    Service.create(name="live", host="dqm-1", process=7, version="0.1.0", started=now - 400, seen=now)
    PeriodicTaskState.create(name="grab", period_s=30)
    (age,) = re.findall(r'^dqmhub_periodic_task_age_seconds{task="grab"} ([0-9.]+)', client.get("/metrics").text, re.M)
    assert float(age) >= 400
