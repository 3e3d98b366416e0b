"""Checks of an installation read the database, and change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import PeeweeException

from app.core import database, database_schema
from app.core.settings import Settings
from app.ops.doctor import examine
from app.queue.periodic import PeriodicTaskState
from tests.ops.doctor.findings import found, wrong


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()}


def test_all_checks_of_a_missing_data_folder_name_it_and_make_nothing(settings: Settings) -> None:
    findings = list(examine(settings, ""))
    assert not settings.data.exists()
    assert {name for name, finding in findings if "does not exist" in finding.text and str(settings.data) in finding.text} >= {
        "data-folder",
        "database",
    }
    assert [finding.text for _, finding in findings if "This check failed" in finding.text] == []


def test_checks_of_an_empty_data_folder_leave_it_empty(settings: Settings) -> None:
    settings.data.mkdir()
    assert wrong(settings, "database") == [("error", f"The database {settings.data}/dqmhub.db does not exist")]
    assert wrong(settings, "software") == []
    found(settings, "clock")
    assert list(settings.data.iterdir()) == []


def test_checks_of_a_stopped_hub_change_no_file(hub: Settings) -> None:
    database.disconnect()
    (hub.data / "dqmhub.db.inode").unlink()
    before = contents(hub.data)
    for check in ("database", "software", "clock"):
        assert found(hub, check)
    assert contents(hub.data) == before


def test_a_check_reads_what_a_running_hub_has_written_last_and_cannot_write_itself(hub: Settings) -> None:
    PeriodicTaskState.create(name="grab", period_s=30)
    with database_schema.reading(hub):
        assert PeriodicTaskState.select().count() == 1
        with pytest.raises(PeeweeException, match="readonly"):
            PeriodicTaskState.create(name="other", period_s=30)
    PeriodicTaskState.create(name="other", period_s=30)


def test_a_database_server_that_refuses_is_one_line_with_what_to_do(settings: Settings) -> None:
    (finding,) = found(settings.replace(database_url="postgresql://nobody@127.0.0.1:1/none"), "database")
    assert (finding.level, finding.remedy) == ("error", "Check database_url and the server")
    assert finding.text.startswith("Cannot reach the database (")
    assert finding.text.isprintable()
