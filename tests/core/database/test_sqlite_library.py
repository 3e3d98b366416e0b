"""Which SQLite a process uses."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from tests.support.processes import environment

PROGRAM = """
import sqlite3, sys
sqlite3.sqlite_version_info = (3, 26, 0)  # of RHEL 8
{before}
import app
import huey.storage, peewee
modules = {{huey.storage.sqlite3.__name__, peewee.sqlite3.__name__.partition(".")[0], __import__("sqlite3").__name__}}
print(*modules)
from app.cli import main
main(["db", "upgrade"])
"""


def run(settings: Settings, before: str = "") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(before=before)
    return subprocess.run([sys.executable, "-c", program], cwd=TREE, env=environment(settings), capture_output=True, text=True, check=False)


def test_the_whole_process_uses_the_sqlite_of_the_package_where_that_of_python_is_too_old(settings: Settings) -> None:
    if not list(distributions(name="pysqlite3-binary")):
        pytest.skip("the package pysqlite3-binary is not for this kind of machine")
    done = run(settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "pysqlite3"
    assert (Path(settings.data) / "dqmhub.db").is_file()


def test_an_old_sqlite_without_the_package_is_refused_in_one_line(settings: Settings) -> None:
    done = run(settings, "sys.modules['pysqlite3'] = None")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "of this Python is too old: install the Python package pysqlite3-binary" in done.stderr


def test_a_new_enough_sqlite_of_python_is_used_by_all_modules() -> None:
    import huey.storage
    import peewee

    assert {huey.storage.sqlite3.__name__, peewee.sqlite3.__name__} == {"sqlite3"}
