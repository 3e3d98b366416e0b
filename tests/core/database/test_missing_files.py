"""A database that is missing, empty or damaged is named, with the way on; only `dqmhub db upgrade` and a restore make a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import create_app
from app.core import database_schema
from app.core.database import UnusableDatabase
from app.core.settings import Settings
from app.ops.backup import backup_folder, make_backup
from tests.ops.doctor.findings import found
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.site import unbind

RESTORE = "stop all services, restore the newest backup by `dqmhub restore`, and start them again"
NEW_HUB = "for a new hub run `dqmhub db upgrade`"


def without_database(hub: Settings) -> Path:
    """Remove the file of the database of a hub that nobody uses."""
    unbind()
    for path in hub.data.glob("dqmhub.db*"):
        path.unlink()
    return hub.data / "dqmhub.db"


def ended(hub: Settings, *command: str) -> tuple[int, str]:
    """Exit code and errors of a command."""
    try:
        done = run_command(environment(hub), *command)
    finally:
        unbind()
    return done.returncode, done.stderr


def test_no_start_makes_a_data_folder_or_a_database_that_is_missing(settings: Settings) -> None:
    for start in (database_schema.open_usable, create_app):
        with pytest.raises(UnusableDatabase, match=f"^The database {settings.data}/dqmhub.db does not exist: correct data_dir, or mount"):
            start(settings)
    assert not settings.data.exists()


def test_the_message_about_a_lost_database_names_the_restore_before_the_new_hub(hub: Settings) -> None:
    (hub.data / "secret").write_text("0" * 64)
    file = without_database(hub)
    for command in (("user", "ls"), ("backup",), ("upgrade",)):
        code, error = ended(hub, *command)
        assert (code, error) == (
            1,
            f"dqmhub: The database {file} does not exist: correct data_dir, or mount its disk; if it is lost, {RESTORE}; {NEW_HUB}\n",
        )
    assert list(hub.data.glob("dqmhub.db*")) == []


def test_an_empty_file_is_not_an_older_database(hub: Settings) -> None:
    (hub.data / "secret").write_text("0" * 64)
    file = without_database(hub)
    file.touch()
    (finding,) = found(hub, "database")
    assert (finding.text, finding.remedy) == (f"The database {file} has no tables", f"If it had data, {RESTORE}; {NEW_HUB}")


@pytest.mark.parametrize("damage", ["rubbish", "truncated"])
def test_a_damaged_database_is_named_with_the_way_on(hub: Settings, damage: str) -> None:
    make_backup(hub, backup_folder(hub), lambda _: None)
    unbind()
    file = hub.data / "dqmhub.db"
    content = file.read_bytes()
    file.write_bytes(b"rubbish " * 1000 if damage == "rubbish" else content[: len(content) // 8192 * 4096])
    (finding,) = found(hub, "database")
    assert finding.text.startswith(f"{file} is damaged (")
    assert finding.remedy == RESTORE[0].upper() + RESTORE[1:]
    for command in (("user", "ls"), ("backup",)):
        code, error = ended(hub, *command)
        assert (code, error.startswith(f"dqmhub: The database cannot be used: {file} is damaged (")) == (1, True), error
        assert error.endswith(f"): {RESTORE}\n")
