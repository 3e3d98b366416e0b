"""Reports of a process to hubs: every record arrives, whatever a hub does meanwhile, and no hub holds up another."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from services.transfer import reporting
from services.transfer.hub import Hub
from services.transfer.journal import Journal
from services.transfer.reporting import Reporter
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.raw_server import raw
from tests.transfer.hub_server import Answer, HubServer, acknowledge_all, hub_server

STATE = {"started": 1.0, "runs": []}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "RETRY_S", 0.01)
    monkeypatch.setattr(reporting, "RETRY_MOST_S", 0.05)


def reporter(journal: Journal, hubs: Sequence[Hub]) -> Reporter:
    return Reporter(journal, hubs, "fu-1", "fu", lambda: STATE)


def add(journal: Journal, *runs: int) -> None:
    for run in runs:
        journal.add_record({"kind": "file", "at": 1.5, "run": run})


def runs(server: HubServer) -> list[int]:
    return [record["run"] for record in server.records]


def test_a_report_has_the_state_and_all_new_records_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    with hub_server() as server:
        before = time.time()
        sender = reporter(journal, [Hub(server.url)])
        until(lambda: server.requests, "the first report, without a record")
        add(journal, 1, 2)
        until(lambda: runs(server) == [1, 2], "the records, long before the next period")
        until(lambda: not journal.records_after(0, 10), "the acknowledged records to be gone")
        sender.close()
    _, _, document = server.requests[0]
    assert before <= document.pop("now") <= time.time()
    assert document.pop("release") == metadata.version("dqmhub"), "that of the software, not of the form of reports"
    assert document == {"host": "fu-1", "mode": "fu", "version": 1, "dropped": 0, "state": STATE, "records": []}


def test_records_wait_while_a_hub_is_unreachable_and_survive_the_process(tmp_path: Path) -> None:
    port = free_port()
    hub = Hub(f"http://127.0.0.1:{port}/hub")
    journal = Journal(tmp_path / "j.sqlite")
    sender = reporter(journal, [hub])
    add(journal, 1, 2)
    sender.close()
    journal.close()
    journal = Journal(tmp_path / "j.sqlite")
    sender = reporter(journal, [hub])
    add(journal, 3)
    with hub_server(port) as server:
        until(lambda: runs(server) == [1, 2, 3], "all records")
        sender.close()


def test_a_hub_that_never_answers_holds_up_neither_the_others_nor_the_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    with raw(lambda _, __, ended: ended.wait() and None) as silent, hub_server() as server:
        sender = reporter(journal, [Hub(f"http://{silent.place}"), Hub(server.url)])
        for run in range(5):
            add(journal, run)
        until(lambda: runs(server) == list(range(5)), "the records at the other hub")
        assert len(journal.records_after(0, 10)) == 5  # the silent hub still lacks them
        sender.close()


def test_many_records_come_in_several_reports_and_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "BATCH", 10)
    journal = Journal(tmp_path / "j.sqlite")
    journal.report_to(["later"], lambda: None)
    add(journal, *range(35))
    with hub_server() as server:
        sender = reporter(journal, [Hub(server.url)])
        until(lambda: len(server.records) == 35, "all records")
        sender.close()
    assert runs(server) == list(range(35))
    assert max(len(document["records"]) for _, _, document in server.requests) == 10


def test_the_last_records_are_sent_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "CLOSE_S", PATIENCE_S)
    journal = Journal(tmp_path / "j.sqlite")
    with hub_server() as server:
        sender = reporter(journal, [Hub(server.url)])
        add(journal, 1)
        sender.close()
    assert runs(server) == [1]


def test_failures_are_logged_once_and_a_refused_record_holds_up_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers = [(401, {"message": "a token"})] * 3 + [(200, {"acknowledged": 10**15}), (200, [])]

    def answer(report: Any) -> Answer:
        if answers:
            return answers.pop(0)
        status, document = acknowledge_all(report)
        refused = [{"number": record["number"], "problem": "no run"} for record in report["records"] if record["run"] == 2]
        return status, document | {"refused": refused}

    journal = Journal(tmp_path / "j.sqlite")
    with hub_server() as server:
        server.answer = answer
        sender = reporter(journal, [Hub(server.url)])
        add(journal, 1, 2, 3)
        until(lambda: not journal.records_after(0, 10), "the records to be acknowledged")
        sender.close()
    assert [record.message for record in caplog.records].count(f"Cannot report: {server.url} answered 401: a token") == 1
    assert sum("refused a part of a report" in record.message and "no run" in record.message for record in caplog.records) == 1
    assert f"Reports to {server.url} again" in caplog.text


def test_a_report_is_no_larger_than_a_hub_takes(tmp_path: Path) -> None:
    """The hub takes 8 MB; records of 100 kB are those of concatenations of hundreds of clients."""
    journal = Journal(tmp_path / "j.sqlite")
    journal.report_to(["later"], lambda: None)
    for run in range(30):
        journal.add_record({"kind": "concatenation", "at": 1.5, "run": run, "inputs": ["a" * 1000] * 100})
    journal.add_record({"kind": "concatenation", "at": 1.5, "run": 30, "inputs": ["a" * 1000] * 2000})
    add(journal, 31)
    with hub_server() as server:
        sender = reporter(journal, [Hub(server.url)])
        until(lambda: runs(server) == [*range(30), 31], "all records but the one that is too large")
        until(lambda: server.requests[-1][2]["dropped"] == 1, "the dropped record to be counted")
        sender.close()
    assert max(len(json.dumps(document)) for _, _, document in server.requests) < 1_200_000


def test_a_fault_in_the_state_of_a_mode_does_not_end_the_reports(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    faults = [KeyError("a"), OSError("b")]

    def state() -> dict[str, Any]:
        if faults:
            raise faults.pop()
        return STATE

    journal = Journal(tmp_path / "j.sqlite")
    with hub_server() as server:
        sender = Reporter(journal, [Hub(server.url)], "fu-1", "fu", state)
        add(journal, 1)
        until(lambda: runs(server) == [1], "the record")
        sender.close()
    assert "KeyError" in caplog.text
