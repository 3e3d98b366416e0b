"""A journal goes on whatever becomes of its file, and nothing of it is lost when the file can be used again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from services.transfer import storage
from services.transfer.journal import Journal
from tests.support.small_disk import fill_disk, small_disk

KIND = "file"
NOBODY = 65534
FILLED = {"text": "x" * 200_000}
"""A document for which there is no room on a full disk, also where SQLite kept some."""


@pytest.fixture(autouse=True)
def return_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "RETURN_S", 0.0)


def records(journal: Journal) -> list[int]:
    return [one["run"] for one in journal.records_after(0, 1000)]


def record(run: int) -> dict[str, object]:
    return {"kind": KIND, "at": 1.5, "run": run}


def stored(path: Path) -> list[str]:
    """The keys of the documents in a file, as another program reads them."""
    with closing(sqlite3.connect(path)) as connection:
        return [key.decode() for (key,) in connection.execute("SELECT key FROM documents ORDER BY key")]


def write_and_be_killed(path: Path) -> None:
    """Leave a journal as a process that is killed does: SQLite had no time to bring its log into the file."""
    journal = Journal(path)
    journal.put(KIND, 1, "old", {"size": 1}, record(1))
    files = {file: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    journal.close()
    for file, content in files.items():
        file.write_bytes(content)


def write_and_end(path: Path) -> None:
    """Leave a journal as a process that is stopped does."""
    with closing(Journal(path)) as journal:
        journal.put(KIND, 1, "old", {"size": 1}, record(1))


@pytest.mark.parametrize("leave", [write_and_end, write_and_be_killed])
def test_on_a_full_disk_a_journal_begins_with_what_it_had_and_loses_nothing(tmp_path: Path, leave: Callable[[Path], None]) -> None:
    path = tmp_path / "state" / "j.sqlite"
    with small_disk(path.parent):
        leave(path)
        filling = fill_disk(path.parent)
        journal = Journal(path)
        journal.report_to(["a hub"], lambda: None)
        assert journal.get(KIND, 1, "old") == {"size": 1}
        journal.put(KIND, 1, "new", {"size": 2}, record(2))
        journal.put(KIND, 1, "big", FILLED, record(3))
        journal.remove(KIND, 1, "old")
        assert (sorted(journal.of_run(KIND, 1)), records(journal)) == (["big", "new"], [1, 2, 3])
        filling.unlink()
        journal.add_record(record(4))
        assert stored(path) == ["big", "new"]
        journal.close()
        with closing(Journal(path)) as journal:
            assert journal.of_run(KIND, 1) == {"new": {"size": 2}, "big": FILLED}
            assert records(journal) == [1, 2, 3, 4]
            assert journal.acknowledged("a hub") == 0


def test_a_journal_whose_disk_becomes_full_goes_on_and_its_file_gets_all_of_it_later(tmp_path: Path) -> None:
    path = tmp_path / "state" / "j.sqlite"
    with small_disk(path.parent), closing(Journal(path)) as journal:
        journal.report_to(["a hub"], lambda: None)
        journal.put(KIND, 1, "old", {"size": 1}, record(1))
        (before,) = journal.records_after(0, 10)
        filling = fill_disk(path.parent)
        for number in range(5):
            journal.put(KIND, 1, f"big{number}", FILLED, record(2 + number))
        assert records(journal) == [1, 2, 3, 4, 5, 6]
        numbers = [one["number"] for one in journal.records_after(0, 10)]
        assert numbers == sorted(set(numbers))
        journal.acknowledge("a hub", numbers[-2])  # what is sent while the disk is full
        filling.unlink()
        journal.forget(2)
        assert stored(path) == ["big0", "big1", "big2", "big3", "big4", "old"]
        assert (records(journal)[-1], journal.records_after(numbers[-2], 10)[0]["number"]) == (6, numbers[-1])
        journal.add_record(record(7))
        assert journal.records_after(numbers[-1], 10)[0]["run"] == 7  # hubs take none for one that they have
        assert before["number"] == numbers[0]


def test_a_journal_that_comes_back_leaves_what_another_process_wrote(tmp_path: Path) -> None:
    """As processes for single runs of one host, which share a file."""
    path = tmp_path / "state" / "j.sqlite"
    path.mkdir(parents=True)
    journal = Journal(path)
    journal.put(KIND, 1, "mine", {"size": 1}, record(1))
    path.rmdir()
    with closing(Journal(path)) as other:
        other.put(KIND, 2, "other", {"size": 2}, record(2))
        journal.put(KIND, 1, "mine too", {"size": 3})
        journal.close()
        assert (sorted(other.of_run(KIND, 1)), sorted(other.of_run(KIND, 2))) == (["mine", "mine too"], ["other"])
        assert sorted(records(other)) == [1, 2]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_journal_that_belongs_to_another_user_is_read_if_that_is_possible_and_goes_on_in_memory(mode: int) -> None:
    """As after a start by hand, as root: the folder is that of the service, the file is not."""
    with TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, NOBODY)
        path = Path(folder, "j.sqlite")
        write_and_end(path)
        path.chmod(mode)
        os.seteuid(NOBODY)
        try:
            with closing(Journal(path)) as journal:
                journal.put(KIND, 1, "new", {"size": 2}, record(2))
                assert sorted(journal.of_run(KIND, 1)) == (["new", "old"] if mode & 0o004 else ["new"])
        finally:
            os.seteuid(0)
        assert stored(path) == ["old"]


def damage(path: Path) -> None:
    """Overwrite the second half of a file."""
    content = path.read_bytes()
    assert len(content) > 20 * 4096
    path.write_bytes(content[: len(content) // 2] + b"\x55" * (len(content) - len(content) // 2))


def test_a_journal_that_is_damaged_in_the_middle_is_kept_aside_and_a_new_one_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "j.sqlite"
    with closing(Journal(path)) as journal:
        for number in range(200):
            journal.put(KIND, number, "a", {"text": "x" * 1000})
    damage(path)
    damaged = path.read_bytes()
    with closing(Journal(path)) as journal:
        assert journal.runs(KIND) == []
        journal.put(KIND, 1, "a", {})
    assert path.with_name("j.sqlite.damaged").read_bytes() == damaged
    assert stored(path) == ["a"]
    assert f"The journal {path} is damaged" in caplog.text


def test_a_journal_that_is_damaged_while_it_is_used_is_replaced_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with closing(Journal(path)) as journal:
        for number in range(200):
            journal.put(KIND, number, "a", {"text": "x" * 1000})
    journal = Journal(path)
    journal.report_to(["a hub"], lambda: None)
    with closing(Journal(path)) as other:
        other.put(KIND, 1, "c", {})  # so that SQLite reads again what it read before
    damage(path)
    for number in range(200):
        journal.put(KIND, number, "b", {"text": "y"}, record(number))
    assert path.with_name("j.sqlite.damaged").exists()
    assert journal.get(KIND, 199, "b") == {"text": "y"}
    number = journal.records_after(0, 1000)[-1]["number"]
    journal.acknowledge("a hub", number)
    assert (journal.acknowledged("a hub"), records(journal)) == (number, [])
    journal.close()
