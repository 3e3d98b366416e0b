"""Who adds an area writes its folder and one line in AREAS; each part of it then appears in its place.

The area in tests/areas/stub stands for a new one. `missing` names each part that is not where users look for it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner
from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

import jobs
from app import create_app
from app.areas import AREAS, settings_reference
from app.cli import Commands
from app.core import area as core_area
from app.core import database, database_schema
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, StatusTable
from app.core.event_sources import event_kinds
from app.core.settings import SettingError, Settings, load, sample, table
from app.notify.detection import watched_systems
from app.publish.publisher import Publisher
from app.queue import periodic
from app.runs.fetching import enroll_wanted
from app.runs.models import RunRecord
from app.security import Role
from app.security.roles import least_role
from app.square.event_source import SquareEvents
from app.square.models import Run
from jobs.publish import publish
from tests.square.test_pages_whole_log import bearer

STUB = Path(__file__).with_name("stub")
HOME = "http://127.0.0.1:8889"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Area]:
    """The declaration of the stub area; settings, periodic tasks and migrations are known for one test."""
    monkeypatch.setattr(table, "_tables", [*table._tables])
    monkeypatch.setattr(periodic, "_sources", [])
    monkeypatch.setattr(core_area, "_areas", [*AREAS])
    shutil.copytree(database_schema.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(STUB / "migration.py", tmp_path / "migrations" / "9999_stub.py")
    monkeypatch.setattr(database_schema, "MIGRATIONS", tmp_path / "migrations")
    area: Area = import_module("tests.areas.stub.area").AREA
    yield area
    for name in [name for name in sys.modules if name.startswith("tests.areas.stub")]:
        del sys.modules[name]


def missing(hub: Settings, area: Area) -> set[str]:
    """The parts of an area that do not appear in their places."""
    areas = (*AREAS, area)
    app = create_app(hub, areas)
    get = app.test_client().get
    Run.insert(system="production", run=7, first=1.0, last=2.0, jobs=0, version=1).on_conflict_ignore().execute()
    found = {path: get(path, base_url=HOME) for path in ("/", "/stub", "/api/v1/stub", "/status", "/metrics", "/help", "/help/stub")}
    text = {path: answer.text for path, answer in found.items()}
    paths = get("/api/openapi.json", base_url=HOME).json["paths"]
    jobs.load((area,))
    watched = [system.name for system in watched_systems(hub.replace(notify_systems=("stub system",)))]
    (task,) = publish(hub.replace(publish_folder=str(hub.data)))
    Publisher(*task.start.args).step()
    operator = bearer(Role.OPERATOR)
    for_operators = {
        path: get(path, base_url=HOME, headers=operator).text for path in ("/notifications", "/published", "/published/preview?of=stub")
    }
    marked = {name: least_role(view).title for name, view in app.view_functions.items() if name.startswith("stub.")}
    runner = CliRunner()
    parts = {
        "menu": 'href="/stub">Stub area</a>' in text["/"],
        "init_app": found["/stub"].status_code == 200 and found["/api/v1/stub"].json == 1,
        "roles": marked == area.roles,
        "openapi": "/api/v1/stub" in paths,
        "status": "stub visits" in text["/status"] and "1 visits" in text["/status"],
        "metrics": r'dqmhub_stub_visits{page="the \"stub\" page"} 1.0' in text["/metrics"],
        "jobs": [task.name for task in periodic.configured_tasks(hub)] == ["forget stub visits"],
        "commands": "hello from the stub area" in runner.invoke(Commands(areas=areas), ["stub"]).output
        and "Greet from the stub area." in runner.invoke(Commands(areas=areas), ["--help"]).output,
        "settings": '| `stub_greeting` | `"Welcome"` |' in settings_reference(areas),
        "help": "Help on the stub area" in text["/help/stub"] and "/help/stub" in text["/help"],
        "events": "stub-host" in for_operators["/notifications"] and watched == ["stub system"],
        "run_links": '<a href="/stub">Visits of run 7</a>' in get("/square/runs/7", base_url=HOME).text,
        "run_panel": "visits since run 7</p>" in get("/square/runs/7", base_url=HOME).text,
        "latest_runs": 8 in enrolled(app),
        "published": "Stub visits" in for_operators["/published"] and "1 visits</p>" in for_operators["/published/preview?of=stub"],
    }
    return {name for name, is_there in parts.items() if not is_there}


def enrolled(app: Flask) -> set[int]:
    """The runs whose facts are wanted."""
    with app.app_context():
        enroll_wanted()
    return {row.run for row in RunRecord.select(RunRecord.run)}


@pytest.fixture
def upgraded(stub: Area, settings: Settings, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with the table of the stub area."""
    shutil.copytree(sqlite_template, settings.data)
    database_schema.upgrade(database.connect(settings), lambda _: None)
    yield settings
    database.disconnect()
    database.proxy.initialize(None)


def test_an_area_is_one_folder_and_one_line(upgraded: Settings, stub: Area) -> None:
    assert missing(upgraded, stub) == set()
    assert "# stub_greeting = " in sample()
    greeted = upgraded.replace(stub_greeting="Salut")
    assert "<h1>Salut</h1>" in create_app(greeted, (*AREAS, stub)).test_client().get("/stub", base_url=HOME).text


@pytest.mark.parametrize(
    ("part", "empty"),
    [
        ("menu", ()),
        ("roles", {}),
        ("openapi", None),
        ("status", None),
        ("metrics", None),
        ("jobs", ""),
        ("commands", {}),
        ("settings", None),
        ("help", ()),
        ("events", None),
        ("run_links", None),
        ("run_panel", None),
        ("latest_runs", None),
        ("published", None),
    ],
)
def test_a_part_that_an_area_lacks_is_named(upgraded: Settings, stub: Area, part: str, empty: object) -> None:
    assert missing(upgraded, replace(stub, **{part: empty})) == {part}


def test_pages_and_api_that_an_area_lacks_are_named(upgraded: Settings, stub: Area) -> None:
    assert "init_app" in missing(upgraded, replace(stub, init_app=None))


def test_a_failing_area_hides_no_other_on_status_page_and_in_metrics(upgraded: Settings, stub: Area) -> None:
    def fail(_: Settings) -> Iterator[object]:
        raise RuntimeError("the stub is broken")

    get = create_app(upgraded, (*AREAS, replace(stub, status=fail, metrics=fail))).test_client().get
    page, metrics = get("/status", base_url=HOME).text, get("/metrics", base_url=HOME).text
    assert "RuntimeError: the stub is broken" in page
    assert "queue live" in page
    assert 'dqmhub_metrics_failed{area="stub"} 1.0' in metrics
    assert "dqmhub_periodic_task_failures" in metrics


def test_a_failing_table_or_check_is_a_line_of_the_status_page(upgraded: Settings, stub: Area) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("the stub is broken")

    broken = replace(stub, status_tables=(StatusTable("stub/help.html", fail),), ready=(fail,))
    get = create_app(upgraded, (*AREAS, broken)).test_client().get
    page, ready = get("/status", base_url=HOME), get("/healthz/ready", base_url=HOME)
    assert page.status_code == 200
    assert "RuntimeError: the stub is broken" in page.text
    assert "queue live" in page.text
    assert (ready.status_code, ready.json["checks"]["Stub"]) == (503, "down")


def test_metrics_that_cannot_be_written_hide_no_other(upgraded: Settings, stub: Area) -> None:
    def fail(_: Settings) -> Iterator[Metric]:
        yield GaugeMetricFamily("dqmhub_stub", "Help", labels=["name"])
        broken = GaugeMetricFamily("dqmhub_stub_broken", "Help", labels=["name"])
        broken.add_metric(["\udc80"], 1)
        yield broken

    text = create_app(upgraded, (*AREAS, replace(stub, metrics=fail))).test_client().get("/metrics", base_url=HOME).text
    assert 'dqmhub_metrics_failed{area="stub"} 1.0' in text
    assert "dqmhub_periodic_task_failures" in text


def test_settings_can_name_the_events_of_an_area_that_create_app_is_given(
    upgraded: Settings, stub: Area, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "dqmhub.toml"
    file.write_text(f'data_dir = "{upgraded.data_dir}"\nnotify_sound_kinds = ["stub-visit"]\nnotify_systems = ["stub system"]\n')
    monkeypatch.setenv("DQMHUB_CONFIG", str(file))
    with pytest.raises(
        SettingError,
        match="a list of all, problems, plot-alarm, plot-alarm-reminder, plot-alarm-recovered, run-start, run-end, crash, stuck, silent-host",
    ):
        load()
    app = create_app(None, (*AREAS, stub))
    assert app.config["HUB"]["notify_sound_kinds"] == ("stub-visit",)


def test_the_events_of_an_area_belong_to_the_application_that_has_it(upgraded: Settings, stub: Area) -> None:
    with_stub, without = create_app(upgraded, (*AREAS, stub)), create_app(upgraded)
    with with_stub.app_context():
        assert "stub-visit" in [kind.name for kind in event_kinds()]
    with without.app_context():
        assert "stub-visit" not in [kind.name for kind in event_kinds()]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "gui"}, "Runs and plots and Stub have the same name: gui"),
        ({"menu": (MenuItem("Other", "/square"),)}, "DQM\\^2 and Stub have the same page in the menu: /square"),
        ({"commands": {"run": CliCommand("tests.areas.stub.commands", "Run")}}, "and Stub have the same command: run"),
        ({"help": (HelpTopic("square", "Other", "stub/help.html"),)}, "DQM\\^2 and Stub have the same help topic: square"),
        ({"events": SquareEvents()}, "DQM\\^2 and Stub have the same kind of event: run-start"),
        ({"commands": {"stub": CliCommand("tests.areas.stub.commands", "Other")}}, "The command stub is in the group Other; the groups"),
    ],
)
def test_an_area_cannot_hide_a_part_of_another(hub: Settings, stub: Area, change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        create_app(hub, (*AREAS, replace(stub, **change)))
    with pytest.raises(ValueError, match=words):
        jobs.load((*AREAS, replace(stub, **change)))


def test_two_areas_cannot_have_one_setting(stub: Area) -> None:
    with pytest.raises(ValueError, match=r"another table has the setting stub_greeting"):
        table.settings_table(stub.settings)
