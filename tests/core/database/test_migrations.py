"""Tables are created and changed by `dqmhub db upgrade` only, one upgrade at a time, and survive interruptions."""

from __future__ import annotations

import fcntl
import pkgutil
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from select import select

import pytest
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from app.core import database, database_schema
from app.core.database import Table, UnusableDatabase
from app.core.database_schema import MIGRATIONS
from app.core.settings import TREE, Settings
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment

pytestmark = pytest.mark.slow

NEWEST = max(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
OTHER_TABLES = {"schema_migration", "upgrade", "diary_words", "diary_text", "sqlite_sequence"}
"""Tables without a model. SQLite has used numbers in sqlite_sequence; FTS5 adds tables whose names begin with diary_words_."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """Settings of a database without a table."""
    if request.param == "sqlite":
        yield settings
    else:
        with request.getfixturevalue("postgresql").database() as url:
            yield Settings(data_dir=settings.data_dir, database_url=url)
    database.disconnect()
    database.proxy.initialize(None)


def dqmhub(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    code = "import sys; from app.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=TREE,
        env=environment(settings),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """Exit code and last line of each output."""
    with dqmhub(settings, *arguments) as process:
        output, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, (output.splitlines() or [""])[-1], (errors.splitlines() or [""])[-1]


def test_an_empty_database_is_upgraded_by_one_command_and_then_unchanged(empty: Settings) -> None:
    code, _, error = run(empty, "db", "status")
    assert code == 1
    assert error.endswith("for a new hub run `dqmhub db upgrade`")
    code, output, _ = run(empty, "db", "upgrade")
    assert (code, output.startswith("applied 0001_gui, 0002_work"), output.endswith(NEWEST)) == (0, True, True)
    assert run(empty, "db", "upgrade") == (0, "the database is up to date", "")
    assert run(empty, "db", "status") == (0, "the database is up to date", "")


def test_the_services_refuse_an_older_and_a_newer_database_with_different_hints(hub: Settings) -> None:
    history = database.proxy.obj
    history.execute_sql(f"UPDATE schema_migration SET name = '9999_future' WHERE name = '{NEWEST}'")
    with pytest.raises(UnusableDatabase, match=r"belongs to a newer version of DQM Hub \(it has 9999_future\): install that version"):
        database_schema.check(history)
    with pytest.raises(UnusableDatabase, match="9999_future"):
        database_schema.upgrade(history, lambda _: None)
    history.execute_sql("DELETE FROM schema_migration WHERE name = '9999_future'")
    with pytest.raises(UnusableDatabase, match=f"older than this version of DQM Hub .it lacks {NEWEST}.: run `dqmhub db upgrade`"):
        database_schema.check(history)


@pytest.mark.parametrize("command", ["live", "worker", "web"])
def test_no_service_starts_on_an_empty_database(empty: Settings, command: str) -> None:
    code, _, error = run(empty, command)
    assert code == 1
    assert "run `dqmhub db upgrade`" in error


def test_simultaneous_upgrades_wait_for_the_first(empty: Settings) -> None:
    processes = [dqmhub(empty, "db", "upgrade") for _ in range(4)]
    printed = []
    for process in processes:
        with process:
            printed.append(process.communicate(timeout=PATIENCE_S))
    assert [process.returncode for process in processes] == [0] * 4, printed
    answers = [output.splitlines()[-1].split()[0] for output, _ in printed]
    assert sorted(answers) == ["applied", "the", "the", "the"]
    database_schema.check(database.connect(empty))


def test_an_upgrade_that_waits_for_another_one_does_not_find_the_database_locked(settings: Settings) -> None:
    path = settings.data / "dqmhub.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as other, open(f"{path}.upgrade", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other.execute("BEGIN EXCLUSIVE")  # as while the first upgrade makes the new file a WAL database
        with dqmhub(settings, "db", "upgrade") as process:
            assert process.stdout is not None
            first = process.stdout.readline() if select([process.stdout], [], [], PATIENCE_S)[0] else ""
            other.rollback()
            fcntl.flock(lock, fcntl.LOCK_UN)
            errors = process.communicate(timeout=PATIENCE_S)[1]
    assert (first, process.returncode) == ("Another upgrade is running; waiting for it\n", 0), errors


@pytest.mark.storm
def test_an_upgrade_killed_at_any_moment_is_finished_by_the_next(empty: Settings) -> None:
    chance = storms.chance(367129)
    for _ in range(4 * storms.TIMES):
        with dqmhub(empty, "db", "upgrade") as process:
            time.sleep(chance.uniform(0.1, 0.6))
            process.kill()
    assert run(empty, "db", "upgrade")[0] == 0
    assert tables_differ(empty) == ""


def subclasses(base: type) -> Iterator[type]:
    for each in base.__subclasses__():
        yield each
        yield from subclasses(each)


def tables_differ(settings: Settings) -> str:
    """How the tables of a database differ from the models; nothing when they agree."""
    for found_module in pkgutil.walk_packages([str(TREE / "app")], "app."):
        import_module(found_module.name)
    models = [model for model in subclasses(Table) if model.__module__.startswith("app.")]
    found = database.connect(settings)
    database_schema.check(found)
    without_models = {name for name in found.get_tables() if name in OTHER_TABLES or name.startswith("diary_words_")}
    assert {model._meta.table_name for model in models} | without_models >= set(found.get_tables())
    return str(diff_models(found, models))


def test_the_migrations_create_the_tables_of_the_models(hub: Settings) -> None:
    assert tables_differ(hub) == ""


def test_a_database_that_does_not_answer_is_named_in_one_line(settings: Settings) -> None:
    unreachable = Settings(data_dir=settings.data_dir, database_url="postgresql://dqmhub@127.0.0.1:1/hub")
    for command in (("db", "upgrade"), ("db", "status"), ("worker",)):
        code, _, error = run(unreachable, *command)
        assert (code, error.endswith("check database_url and the server")) == (1, True), error


def test_roles_that_were_stored_as_numbers_are_names_after_an_upgrade(empty: Settings, tmp_path: Path) -> None:
    before = tmp_path / "migrations"
    shutil.copytree(database_schema.MIGRATIONS, before, ignore=lambda _, names: [name for name in names if name >= "0019"])
    connected = database.connect(empty)
    Runner(connected, str(before)).up()
    columns = "(name, role, password, disabled, created)"
    for number in (1, 4, 5):
        connected.execute_sql(f"""INSERT INTO "user" {columns} VALUES ('u{number}', {number}, '', false, 0)""")
    database_schema.upgrade(connected, lambda _: None)
    found = connected.execute_sql('SELECT name, role FROM "user" ORDER BY name').fetchall()
    assert [tuple(row) for row in found] == [("u1", "viewer"), ("u4", "operator"), ("u5", "admin")]
