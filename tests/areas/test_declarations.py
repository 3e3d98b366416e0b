"""What is written for an area is also declared in its `area.py`: a forgotten line there is named."""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from types import ModuleType

import click
import pytest
from flask import Blueprint, Flask

import app as application
import jobs
from app import cli
from app.areas import AREAS
from app.core.area import Area
from app.core.events import EventSource
from app.core.settings import TREE, CoreSettings, table
from app.publish.areas import PublishedArea
from app.security.roles import Role, least_role

SHARED = {"templates": {"web"}, "static": {"web", "vendor"}}
"""Folders that belong to no area."""

PARTS = {"lines": "status", "status_lines": "status", "status_tables": "status_tables", "metrics": "metrics", "PATHS": "openapi"}
"""Names in modules `status` and `openapi` of an area, and the part of its declaration that uses each."""


@cache
def modules() -> list[ModuleType]:
    """All modules of the application."""
    return [import_module(found.name) for found in pkgutil.walk_packages(application.__path__, "app.")]


def written(kind: type, package: str = "app") -> list[object]:
    """The objects of a kind that modules of a package define, each once."""
    values = (value for module in modules() if module.__name__.startswith(package) for value in vars(module).values())
    return list({id(value): value for value in values if isinstance(value, kind)}.values())


def by_name(folders: Iterable[Path]) -> set[str]:
    return {path.name for path in folders}


def test_every_folder_with_a_declaration_is_in_areas() -> None:
    found = by_name(path.parent for path in (TREE / "app").glob("*/area.py")) - {"core"}  # which defines `Area`
    assert found == {area.name for area in AREAS}, "add a line to app/areas.py"


@pytest.mark.parametrize("top", SHARED)
def test_templates_and_static_files_are_in_the_folder_of_their_area(top: str) -> None:
    found = by_name(path for path in (TREE / top).iterdir() if any(path.glob("*")))
    assert found - SHARED[top] <= {area.name for area in AREAS}


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_every_area_has_tests_in_the_folder_of_its_name(area: Area) -> None:
    assert any((TREE / "tests" / area.name).rglob("test_*.py")), f"add tests to tests/{area.name}"


def test_every_module_of_jobs_is_declared() -> None:
    found = {f"jobs.{module.name}" for module in pkgutil.iter_modules(jobs.__path__)}
    assert found == {area.jobs for area in AREAS if area.jobs}, "add `jobs=` to the area, or the consumers do not load the module"


@cache
def commands_of_groups() -> set[int]:
    """The ids of the commands that belong to a group, which may be in another module."""
    groups = [value for value in written(click.Group, "app.cli") if isinstance(value, click.Group)]
    return {id(command) for group in groups for command in group.commands.values()}


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(cli.__path__)])
def test_every_command_is_declared(name: str) -> None:
    module = import_module(f"app.cli.{name}")
    commands = {value.name for value in vars(module).values() if isinstance(value, click.Command) and id(value) not in commands_of_groups()}
    declared = {command for area in AREAS for command, place in area.commands.items() if place.module == module.__name__}
    assert commands == declared, "add it to `commands=` of its area"


def test_every_table_of_settings_is_declared() -> None:
    modules()
    declared = {area.settings for area in AREAS} | {each for area in AREAS for _, each in area.more_settings} | {CoreSettings}
    undeclared = [each.__name__ for each in table._tables if each.__module__.startswith("app.") and each not in declared]
    assert undeclared == [], "add it to `settings=` of its area"


def test_every_blueprint_is_registered(app: Flask) -> None:
    registered = list(app.blueprints.values())
    missing = [each.name for each in written(Blueprint) if isinstance(each, Blueprint) and each not in registered]
    assert missing == [], "register it in `init_app` of its area"


def test_every_source_of_events_is_declared() -> None:
    modules()
    sources = {source for source in EventSource.__subclasses__() if source.__module__.startswith("app.") and not isabstract(source)}
    assert sources == {type(area.events) for area in AREAS if area.events}, "add it to `events=` of its area"


def test_every_published_area_is_declared() -> None:
    declared = [area.published() for area in AREAS if area.published]
    missing = [each.name for each in written(PublishedArea) if isinstance(each, PublishedArea) and each not in declared]
    assert missing == [], "add it to `published=` of its area"
    assert {each.name for each in declared} <= {area.name for area in AREAS}


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_status_metrics_and_api_of_an_area_are_declared(area: Area) -> None:
    ours = [module for module in modules() if module.__name__.startswith(f"app.{area.name}.")]
    names = {name for module in ours if module.__name__.endswith((".status", ".openapi")) for name in vars(module)}
    missing = {part for name, part in PARTS.items() if name in names and not getattr(area, part)}
    assert missing == set(), f"app/{area.name} has them, but its area.py does not"


def test_every_menu_entry_leads_to_a_page_and_has_its_least_role(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for item in [item for area in AREAS for item in area.menu]:
        endpoint, _ = adapter.match(item.path)
        assert least_role(app.view_functions[endpoint]) is Role.of(item.role), f"{item.title}: who sees the entry may not use the page"


def test_every_migration_has_a_number_of_its_own() -> None:
    numbers = Counter(path.name[:4] for path in (TREE / "migrations").glob("[0-9]*.py"))
    assert [number for number, count in numbers.items() if count > 1] == [], "take the next number"


def test_every_help_page_is_a_topic() -> None:
    found = {str(path.relative_to(TREE / "templates")) for path in (TREE / "templates").glob("*/help.html")}
    assert found - {"home/help.html"} <= {topic.template for area in AREAS for topic in area.help}, "add it to `help=` of its area"
