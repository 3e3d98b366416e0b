"""The command `dqmhub` as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.areas import AREAS
from app.cli.backup import backup
from app.core.settings import TREE, Settings
from tests.support.cli import run_command
from tests.support.processes import environment

SLOW_MODULES = {"peewee", "psycopg", "huey", "redis", "flask", "numpy", "uproot", "requests", "cryptography"}


def test_help_lists_all_commands_and_loads_no_slow_module() -> None:
    code = (
        "import sys\nfrom app.cli import main\ntry: main(['--help'])\n"
        f"except SystemExit: print('loaded', sorted({SLOW_MODULES!r} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True).stdout
    assert output.endswith("loaded []\n")
    names = {name for area in AREAS for name in area.commands}
    assert names <= set(output.split())


def test_the_help_of_backup_says_what_its_commands_do() -> None:
    sentence = run_command({}, "backup", "--help").stdout.split("Options:")[0]
    assert {f"`{name}`" for name in backup.commands} <= set(sentence.split())


def test_the_help_of_upgrade_names_the_cases_without_a_way_back() -> None:
    words = " ".join(run_command({}, "upgrade", "--help").stdout.split())
    assert "no release was in use before, or the database has migrations that the previous one does not know" in words


@pytest.mark.parametrize(
    ("servers", "drivers"),
    [
        ({}, []),
        ({"database_url": "postgresql://host/hub"}, ["psycopg"]),
        ({"huey_url": "redis://host/0"}, ["redis"]),
    ],
)
def test_a_process_loads_the_drivers_of_the_servers_that_the_hub_has_and_no_others(
    settings: Settings, servers: dict[str, str], drivers: list[str]
) -> None:
    code = (
        "import sys\nfrom app import cli\ncli.settings()\nimport app.core.database, app.queue.consumer\n"
        "print(*(name for name in ('psycopg', 'redis', 'pymysql') if sys.modules.get(name)))\n"
        "from app.diary.importing.databases import mysql\nmysql('mysql://host/diary')\nprint(sys.modules['pymysql'].__name__)"
    )
    variables = environment(settings.replace(**servers))
    loaded = subprocess.run([sys.executable, "-c", code], cwd=TREE, env=variables, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == [*drivers, "pymysql"], "that of an old diary is there when it is imported"
