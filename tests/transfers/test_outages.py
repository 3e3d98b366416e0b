"""Failures on the way from the clients to the GUI machines are named where they are, and by what they are now."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.core.settings import Settings
from app.transfers import runs
from app.transfers.hosts import gui_machines
from app.transfers.reports.unsent import LASTING_S
from app.transfers.status import metrics, status_lines
from tests.transfers.samples import (
    LUMISECTION_S,
    NOW,
    RUN,
    bu_state,
    file_record,
    fu_state,
    gui_machine,
    process,
    receive,
    report,
    root_record,
    waiting_file,
)
from tests.transfers.test_problems import at, events, lasting, missing

pytestmark = pytest.mark.both_databases

LIMIT_S = 3 * LUMISECTION_S
AWAY = "/fff/BU0: there is no such folder"


def outage(since: float, written: float, *clients: str) -> dict[str, Any]:
    """The state of a filter unit whose builder unit is away, and whose clients have written at this time."""
    waiting = [waiting_file(since, AWAY, client=client, written=written) for client in clients]
    processes = tuple(process(number, client, written) for number, client in enumerate(clients))
    target = {"place": "/fff/BU0", "error": AWAY, "since": since}
    return fu_state(clients=processes, waiting=waiting, queued=len(clients), target=target)


def test_an_outage_of_the_builder_unit_is_a_problem_of_the_filter_unit_and_not_of_its_clients(hub: Settings) -> None:
    at(hub, 0, file_record(1), file_record(2, "CSC"), state=fu_state(clients=(process(0), process(1, "CSC"))))
    for seconds in (60, 120, 180):
        at(hub, seconds, state=outage(NOW + 5, NOW + seconds - 3, "SiStrip", "CSC"))
    assert lasting() == missing() == {}
    assert lasting(0) == {"/fff/BU0": "not-sent fu"}
    assert {kind: title for kind, title in events().items() if kind != "transfer-silent"} == {
        "not-sent": "The transfer: files wait on fu-1"
    }
    for client in runs.run(RUN).clients:
        assert (client.error, client.waits_because, client.attempts) == (AWAY, AWAY, 3)
        assert client.waits_since == pytest.approx(NOW + 5)
    at(hub, 190, file_record(3, at=NOW + 190, since=NOW + 5), state=fu_state(clients=(process(0, snapshot=NOW + 189),)))
    assert lasting(0) == {}
    assert {each.client: each.worst_delay_s for each in runs.run(RUN).clients}["SiStrip"] == pytest.approx(184), "the outage is in it"


def test_a_client_that_writes_nothing_in_an_outage_is_missing_too(hub: Settings) -> None:
    at(hub, 0, file_record(1), state=fu_state(clients=(process(0),)))
    at(hub, LIMIT_S + 9, state=outage(NOW + 5, NOW, "SiStrip"))
    assert missing() == {"SiStrip": "no new snapshot for more than 3 lumisections"}
    assert lasting(0) == {"/fff/BU0": "not-sent fu"}


@pytest.mark.parametrize(
    ("seconds", "file", "text"),
    [
        (LASTING_S - 1, waiting_file(NOW, "no such file"), ""),
        (LASTING_S + 1, waiting_file(NOW, "it changed"), "its snapshot waits: it changed"),
        (LASTING_S + 1, waiting_file(NOW, "md5 differs", file="ROOT file"), "its ROOT file waits: md5 differs"),
        (LIMIT_S + 1, waiting_file(NOW, written=NOW + LIMIT_S), "its snapshot waits: it is not sent in time"),
        (LIMIT_S + 1, waiting_file(NOW, file="ROOT file"), ""),
    ],
)
def test_one_file_that_waits_too_long_is_a_problem_of_its_client(hub: Settings, seconds: float, file: dict[str, Any], text: str) -> None:
    at(hub, seconds, state=fu_state(waiting=[file]))
    found = {each.subject: each.text for each in runs.problems_of(RUN) if each.kind == "not-sent"}
    assert found == ({"SiStrip": text} if text else {})
    at(hub, seconds + 9, state=fu_state())
    assert lasting() == {}


def test_a_gui_machine_that_refuses_all_files_is_a_problem_though_it_can_be_reached(hub: Settings) -> None:
    refused = "https://gui-1/api/v1/register answered 401: Unknown or revoked API token"
    for seconds, found in ((LASTING_S - 1, {}), (LASTING_S + 1, {"gui-1": "gui-failing bu"})):
        at(hub, seconds, mode="bu", state=bu_state(gui_machines=[gui_machine(refused, NOW)]))
        assert lasting(0) == found
    assert {kind: title for kind, title in events().items() if kind != "transfer-silent"} == {
        "gui-failing": "GUI machine gui-1 gets no files from bu-1"
    }
    at(hub, 99, mode="bu", state=bu_state())
    assert lasting(0) == {}


def test_the_status_page_and_the_metrics_have_a_gui_machine_that_gets_no_files(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(mode="bu", now=now, state=bu_state(gui_machines=[gui_machine("answered 401", now - 99)])), now)
    receive(hub, report(now=now, state=outage(now - 99, now, "SiStrip", "CSC")), now)
    lines = {line.name: (line.state, line.text, line.detail) for line in status_lines(hub)}
    assert lines["transfer: GUI machine gui-1"] == ("down", "gets no files from bu-1, 1 file waiting", "answered 401")
    assert lines["transfer: unsent files"] == ("warn", "1 cause for which files wait", f"fu-1, /fff/BU0: {AWAY}")
    values = {metric.name: [sample.value for sample in metric.samples] for metric in metrics(hub)}
    assert values["dqmhub_transfer_gui_machine_failing"] == [1.0]
    assert [each.is_failing for each in gui_machines(60)] == [True]


def test_the_text_of_a_problem_that_lasts_is_that_of_its_newest_cause(hub: Settings) -> None:
    for seconds, error in ((0, "No route to host"), (10, "Permission denied")):
        at(hub, seconds, mode="bu", state=bu_state(gui_machines=[gui_machine(error, NOW, reachable=False)]))
        assert [(each.text, each.began) for each in runs.problems_of(0)] == [(error, NOW)]
    for used in (0.91, 0.999):
        at(hub, 20, state=fu_state(disks={"/x": used}))
    assert [each.text for each in runs.problems_of(0) if each.kind == "disk-full"] == ["more than 90% used, its mark"]


def test_the_end_of_a_run_at_the_builder_unit_ends_missing_snapshots_and_the_row_names_what_is_missing_then(hub: Settings) -> None:
    at(hub, 0, file_record(1), state=fu_state())
    at(hub, LIMIT_S + 9, state=fu_state())
    at(hub, LIMIT_S + 10, mode="bu", state=bu_state("merged"))
    for seconds in (11, 20):
        at(hub, LIMIT_S + seconds, state=fu_state())
        assert missing() == {"SiStrip": "it has snapshots, but no ROOT file"}
        assert len(lasting()) == 1


def test_a_client_that_died_without_a_file_stays_missing_while_the_run_goes_on(hub: Settings) -> None:
    at(hub, 0, state=fu_state(clients=(process(7, tag="", snapshot=0), process(8, "CSC", NOW, client="csc.py"))))
    for seconds in (LIMIT_S + 9, LIMIT_S + 19):
        at(hub, seconds, state=fu_state(clients=(process(8, "CSC", NOW + seconds, client="csc.py"),)))
        assert missing() == {"sistrip_cfg.py (7)": "it has no process any more, and has written nothing"}
    at(hub, LIMIT_S + 29, state=fu_state(clients=(process(9, tag="SiStrip", snapshot=NOW + LIMIT_S + 25),)))
    assert "sistrip_cfg.py (7)" not in missing()


def test_a_root_file_that_is_sent_ends_the_error_of_a_snapshot_that_is_gone(hub: Settings) -> None:
    receive(hub, report(file_record(1, sent=0, error="it was removed before it was sent")), NOW)
    assert runs.runs()[0].errors == 1
    receive(hub, report(root_record(2)), NOW)
    assert runs.runs()[0].errors == 0
    assert [each.error for each in runs.run(RUN).clients] == [""]
