"""The journal of a process of the transfer: what it did survives it, and records wait until all hubs have them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from app.core.settings import TREE
from services.transfer import journal as module
from services.transfer.journal import Journal, JournalFailed
from tests.support.patience import PATIENCE_S


def record(number: int) -> dict[str, object]:
    return {"kind": "file", "at": 1.5, "run": number}


def runs(journal: Journal) -> list[int]:
    return [one["run"] for one in journal.records_after(0, 1000)]


def test_documents_are_found_by_kind_run_and_key_after_a_new_start(tmp_path: Path) -> None:
    strange = os.fsdecode(b"a'\xff\n\xc3\xa9")
    journal = Journal(tmp_path / "new" / "j.sqlite")
    journal.put("sent", 1, strange, {"size": 1})
    journal.put("sent", 1, strange, {"size": 2, "name": strange})
    journal.put("sent", 1, "b", {"size": 3})
    journal.put("merge", 1, "b", {})
    journal.put("sent", 2, "b", {"size": 4})
    journal.close()
    journal = Journal(tmp_path / "new" / "j.sqlite")
    assert journal.get("sent", 1, strange) == {"size": 2, "name": strange}
    assert journal.of_run("sent", 1) == {strange: {"size": 2, "name": strange}, "b": {"size": 3}}
    assert journal.get("sent", 3, "b") is None
    assert journal.runs("sent") == [1, 2]
    journal.forget(1)
    journal.remove("sent", 2, "b")
    assert (journal.runs("sent"), journal.runs("merge")) == ([], [])


def test_records_wait_until_all_hubs_have_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    called: list[int] = []
    journal.report_to(["a", "b"], lambda: called.append(1))
    for number in range(5):
        journal.add_record(record(number))
    assert (runs(journal), len(called)) == ([0, 1, 2, 3, 4], 5)
    numbers = [one["number"] for one in journal.records_after(0, 1000)]
    assert journal.records_after(numbers[1], 2) == [{"number": numbers[2], **record(2)}, {"number": numbers[3], **record(3)}]
    journal.acknowledge("a", numbers[3])
    assert runs(journal) == [0, 1, 2, 3, 4]
    journal.acknowledge("b", numbers[1])
    assert runs(journal) == [2, 3, 4]
    journal.acknowledge("b", numbers[0])  # never backwards
    assert (journal.acknowledged("a"), journal.acknowledged("b")) == (numbers[3], numbers[1])
    journal.report_to(["a"], lambda: None)
    assert runs(journal) == [4]
    journal.report_to([], lambda: None)
    journal.add_record(record(9))
    assert runs(journal) == []


def test_numbers_of_records_grow_also_when_the_journal_was_lost(tmp_path: Path) -> None:
    numbers = []
    for _ in range(2):
        journal = Journal(tmp_path / "j.sqlite")
        journal.add_record(record(1))
        journal.add_record(record(1))
        numbers += [one["number"] for one in journal.records_after(0, 10)]
        journal.close()
        (tmp_path / "j.sqlite").unlink()
    assert numbers == sorted(set(numbers))


def test_of_too_many_records_the_oldest_are_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 10 * len(json.dumps(record(10))))
    journal = Journal(tmp_path / "j.sqlite")
    for number in range(10, 35):
        journal.put("sent", 1, "a", {"n": number}, record(number))
    assert (runs(journal), journal.dropped) == (list(range(25, 35)), 15)
    assert journal.get("sent", 1, "a") == {"n": 34}
    journal.add_record({**record(99), "large": "x" * (len(json.dumps(record(10))) * 5)})
    assert runs(journal) == [*range(32, 35), 99]


def test_records_of_any_size_take_no_more_of_the_disk_than_their_bound_and_give_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of concatenations of many clients have 18 kB, others 400 bytes."""
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 1 << 20)
    path = tmp_path / "j.sqlite"
    with closing(Journal(path)) as journal:
        journal.report_to(["a hub"], lambda: None)
        for number in range(300):
            journal.add_record({**record(number), "inputs": "x" * (18_000 if number % 2 else 400)})
        kept = journal.records_after(0, 1000)
        left = sum(len(json.dumps({name: value for name, value in one.items() if name != "number"})) for one in kept)
        assert (1 << 20) - 18_100 < left <= 1 << 20
        assert runs(journal) == list(range(300 - len(kept), 300))
    assert path.stat().st_size < 1.5 * (1 << 20)
    with closing(Journal(path)) as journal:
        journal.acknowledge("a hub", kept[-1]["number"])
        assert runs(journal) == []
    assert path.stat().st_size < 100_000


def test_a_document_and_its_record_are_stored_together_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    with pytest.raises(TypeError):
        journal.put("sent", 1, "a", {}, {"kind": object()})
    assert (journal.get("sent", 1, "a"), runs(journal)) == (None, [])
    journal.put("sent", 1, "a", {}, record(1))
    assert (journal.get("sent", 1, "a"), runs(journal)) == ({}, [1])


def test_many_threads_use_one_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    threads = [threading.Thread(target=lambda n=n: [journal.put("k", n, str(i), {"i": i}, record(n)) for i in range(20)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(journal.of_run("k", n)) for n in range(8)] == [20] * 8
    assert len(runs(journal)) == 160


def test_a_damaged_journal_is_kept_aside_and_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"no database" * 1000)
    journal = Journal(path)
    journal.put("k", 1, "a", {})
    assert (tmp_path / "j.sqlite.damaged").read_bytes().startswith(b"no database")


def test_a_statement_that_fails_says_so_as_any_failed_write(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    other = sqlite3.connect(tmp_path / "j.sqlite")
    other.execute("DROP TABLE documents")
    with pytest.raises(JournalFailed, match="Cannot write the journal: no such table"):
        journal.put("k", 1, "a", {})
    journal.add_record(record(1))  # the failed transaction has ended


@pytest.mark.slow
def test_what_was_stored_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from services.transfer.journal import Journal
journal = Journal(Path({str(tmp_path / "j.sqlite")!r}))
for number in range(10**9):
    journal.put("k", 1, str(number), {{}}, {{"kind": "file", "at": 0, "run": number}})
    print(number, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=TREE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    for line in process.stdout:
        if line == b"50\n":
            break
    process.send_signal(signal.SIGKILL)
    said = process.stdout.read().split()
    process.stdout.close()
    process.wait(PATIENCE_S)
    last = int(said[-1]) if said else 50
    journal = Journal(tmp_path / "j.sqlite")
    stored = len(journal.of_run("k", 1))
    assert stored in (last + 1, last + 2)
    assert runs(journal) == list(range(stored))
