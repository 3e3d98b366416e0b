"""Storing reports, on both databases."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.core.settings import Settings
from app.transfers import products, runs
from app.transfers.clients import ClientTransfers
from app.transfers.errors import BadReport, UnknownTransferRun
from app.transfers.hosts import cleanup_rounds, gui_machines, hosts, transfers_version
from app.transfers.models import TransferRun
from app.transfers.product_models import TransferDelivery, TransferMerge
from app.transfers.reports import records
from app.transfers.reports.checks import read_report
from tests.diary.threads import run_at_once
from tests.transfers.samples import (
    NOW,
    RUN,
    bu_state,
    cleanup_record,
    cleanup_state,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    receive,
    report,
    root_record,
)

pytestmark = pytest.mark.both_databases


def only_client(run: int = RUN) -> ClientTransfers:
    (client,) = runs.run(run).clients
    return client


def test_files_of_a_client_are_summed_up_with_their_last_and_worst_delay(hub: Settings) -> None:
    sent = [file_record(n, at=NOW + 24 * n, size=1000 + n, sent=NOW + 24 * n - 4 + delay) for n, delay in ((1, 2.5), (2, 9.0), (3, 3.0))]
    assert receive(hub, report(*sent, root_record(4, at=NOW + 100))) == 4
    client = only_client()
    assert (client.host, client.client, client.snapshots, client.snapshot_bytes) == ("fu-1", "SiStrip", 3, 3006)
    assert (client.delay_s, client.worst_delay_s) == (3.0, 9.0)
    assert (client.snapshot_written, client.snapshot_sent, client.snapshot_size) == (NOW + 68, NOW + 71, 1003)
    assert (client.root_name, client.root_size, client.root_delay_s) == ("DQM_V0001_SiStrip_R000397456.root", 5000, 3.0)
    (summary,) = runs.runs()
    assert (summary.run, summary.hosts, summary.clients, summary.snapshots, summary.snapshot_bytes) == (RUN, 1, 1, 3, 3006)
    assert (summary.root_files, summary.root_bytes, summary.errors) == (1, 5000, 0)


def test_a_report_that_is_sent_again_changes_nothing(hub: Settings) -> None:
    first = report(file_record(1), file_record(2), delivery_record(3), cleanup_record(4))
    assert receive(hub, first) == receive(hub, first) == 4
    assert receive(hub, report(file_record(2), file_record(5))) == 5
    assert only_client().snapshots == 3
    assert len(cleanup_rounds()) == 1


def test_two_processes_that_receive_the_same_report_store_it_once(hub: Settings) -> None:
    document = report(*(file_record(number) for number in range(1, 121)))
    assert run_at_once(lambda: receive(hub, document), 3) == []
    assert only_client().snapshots == 120


def test_records_of_a_new_journal_are_stored_though_their_numbers_begin_again(hub: Settings) -> None:
    receive(hub, report(file_record(1), file_record(2, at=NOW + 1)))
    again = report(file_record(1, at=NOW + 2), file_record(2, at=NOW + 3))
    receive(hub, again)
    receive(hub, again)
    assert only_client().snapshots == 4


def test_numbers_of_one_host_and_mode_say_nothing_of_another(hub: Settings) -> None:
    for host, mode in (("fu-1", "fu"), ("fu-2", "fu"), ("fu-1", "bu")):
        receive(hub, report(file_record(1), host=host, mode=mode, state=bu_state() if mode == "bu" else fu_state()))
    assert sorted((client.host, client.snapshots) for client in runs.run(RUN).clients) == [("fu-1", 2), ("fu-2", 1)]


def test_a_failed_file_keeps_its_error_until_one_of_its_kind_is_sent(hub: Settings) -> None:
    receive(hub, report(root_record(1, sent=0, attempts=1, error="rsync: the disk is full")))
    receive(hub, report(root_record(2, sent=0, attempts=3, error="rsync: no route")))
    client = only_client()
    assert (client.root_sent, client.attempts, client.error, client.error_at) == (0, 3, "rsync: no route", NOW)
    receive(hub, report(file_record(3, at=NOW + 5)))
    assert only_client().error == "rsync: no route", "a snapshot is another file"
    assert runs.runs()[0].errors == 1
    receive(hub, report(root_record(4, at=NOW + 9, attempts=5)))
    client = only_client()
    assert (client.attempts, client.error, client.error_at) == (4, "", NOW)
    assert runs.runs()[0].errors == 0


def test_what_a_record_says_of_a_file_that_was_sent_is_a_note_and_no_error(hub: Settings) -> None:
    receive(hub, report(root_record(1, error="checked by its size alone")))
    client = only_client()
    assert (client.error, client.note, runs.runs()[0].errors) == ("", "checked by its size alone", 0)
    receive(hub, report(root_record(2)))
    assert only_client().note == ""


def test_times_of_a_host_with_a_wrong_clock_are_shown_by_the_clock_of_the_hub(hub: Settings) -> None:
    receive(hub, report(file_record(1, at=NOW + 3600), now=NOW + 3600))
    (host,) = hosts(60)
    assert host.skew_s == 3600
    client = only_client()
    assert (client.snapshot_written, client.snapshot_sent, client.delay_s) == (NOW - 4, NOW - 1, 3.0)


def test_concatenations_merges_and_deliveries_are_kept_with_what_went_in(hub: Settings) -> None:
    damaged = [{"name": "run397456_BRIL_DQMLive__fu-2.pb", "reason": "it ends within an entry"}]
    receive(
        hub, report(concatenation_record(1, left_out=damaged), merge_record(2), delivery_record(3), delivery_record(4, "gui-2"), mode="bu")
    )
    (made,) = products.concatenations(RUN)
    assert (made.host, made.size, made.entries, made.shared, made.examples) == ("bu-1", 1900, 19, 1, [["DQM/a", "SiStrip", "CTPPS"]])
    assert [(each["client"], each["replaced"]) for each in made.inputs] == [("SiStrip", 1), ("CTPPS", 0)]
    assert made.left_out == damaged
    (merge,) = products.merges(RUN)
    assert (merge.version, merge.is_accepted, merge.histograms, merge.resolved) == (1, True, 19, 2)
    assert [(each.gui_machine, each.delay_s) for each in products.deliveries(RUN)] == [("gui-1", 3.0), ("gui-2", 3.0)]


def test_a_delivery_that_is_tried_again_is_one_delivery(hub: Settings) -> None:
    receive(hub, report(delivery_record(1, registered=0, error="HTTP 503"), mode="bu"))
    receive(hub, report(delivery_record(2, attempts=2), mode="bu"))
    (delivery,) = products.deliveries(RUN)
    assert (delivery.attempts, delivery.error, delivery.delay_s) == (2, "", 3.0)
    assert TransferDelivery.select().count() == 1


def test_a_delivery_that_failed_is_an_error_until_a_newer_file_is_delivered(hub: Settings) -> None:
    receive(hub, report(delivery_record(1, registered=0, error="HTTP 503"), delivery_record(2, "gui-2"), mode="bu"))
    assert runs.runs()[0].errors == 1
    receive(hub, report(delivery_record(3, "gui-2", name="concat_2.pb", made=NOW), mode="bu"))
    assert runs.runs()[0].errors == 1, "that is another GUI machine"
    receive(hub, report(delivery_record(4, name="merged.root", what="merged file", made=NOW), mode="bu"))
    assert runs.runs()[0].errors == 1, "that is no concatenation"
    receive(hub, report(delivery_record(5, name="concat_2.pb", made=NOW), mode="bu"))
    assert runs.runs()[0].errors == 0


def test_only_the_newest_concatenations_of_a_run_and_deliveries_to_a_gui_machine_are_kept(
    hub: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT_CONCATENATIONS", 20)
    monkeypatch.setattr(records, "KEPT_DELIVERIES", 20)
    numbers = range(1, 26)
    made = [concatenation_record(2 * n, size=n) for n in numbers]
    sent = [delivery_record(2 * n + 1, name=f"{n}.pb", made=NOW + n) for n in numbers]
    merged = delivery_record(1, name="merged.root", what="merged file")
    receive(hub, report(merged, *made, *sent, concatenation_record(1000, run=RUN - 1), mode="bu"))
    assert [each.size for each in products.concatenations(RUN)] == list(range(25, 5, -1))
    assert len(products.concatenations(RUN - 1)) == 1
    names = {each.name for each in products.deliveries(RUN)}
    assert names == {"merged.root"} | {f"{n}.pb" for n in range(6, 26)}


def test_runs_are_listed_newest_first_from_any_run_on(hub: Settings) -> None:
    receive(hub, report(*(file_record(number, run=RUN + number) for number in range(1, 6))))
    assert [each.run for each in runs.runs(2)] == [RUN + 5, RUN + 4]
    assert [each.run for each in runs.runs(2, RUN + 4)] == [RUN + 3, RUN + 2]
    with pytest.raises(UnknownTransferRun, match=str(RUN + 6)):
        runs.run(RUN + 6)


def test_the_state_of_a_run_is_that_at_the_builder_unit(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(state=fu_state("over"), now=now), now)
    assert runs.run(RUN).state == "over"
    receive(hub, report(mode="bu", state=bu_state("ongoing"), now=now), now)
    assert runs.run(RUN).state == runs.runs()[0].state == "ongoing"
    assert [(host.mode, host.state, host.waiting_for) for host in runs.run(RUN).hosts] == [("fu", "over", []), ("bu", "ongoing", ["fu-1"])]


def test_a_report_without_news_leaves_the_versions_as_they_are(hub: Settings) -> None:
    receive(hub, report(file_record(1), state=fu_state(clients=(process(7),))))
    versions = transfers_version(), runs.run_version(RUN)
    receive(hub, report(state=fu_state(clients=(process(7),)), now=NOW + 10), NOW + 10)
    assert (transfers_version(), runs.run_version(RUN)) == versions
    receive(hub, report(state=fu_state(clients=(process(7, snapshot=NOW + 12),)), now=NOW + 20), NOW + 20)
    assert transfers_version() > versions[0]
    assert runs.run_version(RUN) == transfers_version()


def test_a_change_of_one_run_leaves_the_version_of_the_others(hub: Settings) -> None:
    both: dict[str, Any] = {"runs": [{"run": run, "state": "over", "waiting_for": []} for run in (RUN - 1, RUN)]}
    receive(hub, report(mode="bu", state=bu_state() | both))
    before = runs.run_version(RUN - 1)
    both["runs"][1] = {"run": RUN, "state": "merged", "waiting_for": []}
    receive(hub, report(mode="bu", state=bu_state() | both))
    assert runs.run_version(RUN - 1) == before
    assert runs.run_version(RUN) == transfers_version()


def test_hosts_gui_machines_and_clean_up_are_listed(hub: Settings) -> None:
    receive(hub, report(cleanup_record(1), mode="cleanup", host="gui-1", state=cleanup_state(would_remove=4)))
    gui = [{"name": "gui-2", "reachable": False, "since": NOW - 60, "error": "no route", "waiting": 1}]
    receive(hub, report(mode="bu", state=bu_state(gui_machines=gui)))
    receive(hub, report(host="fu-2"))
    assert [(each.host, each.mode) for each in hosts(60)] == [("fu-2", "fu"), ("bu-1", "bu"), ("gui-1", "cleanup")]
    assert hosts(60, "gui-1")[0].disks == {"/data/dqmgui/files": 0.5}
    (machine,) = gui_machines(60)
    assert (machine.name, machine.is_reachable, machine.since, machine.error, machine.waiting) == ("gui-2", False, NOW - 60, "no route", 1)
    (done,) = cleanup_rounds("gui-1")
    assert (done.removed, done.bytes, done.rules, done.examples) == (3, 300, {"old run": 3}, ["run1.pb"])


def test_wrong_records_are_refused_alone(hub: Settings) -> None:
    wrong = [
        file_record(2, sent="now"),
        file_record(3, size=-1),
        file_record(4, run=0),
        file_record(5, written=float("nan")),
        {"number": 6, "kind": "rumour"},
        {"number": "7"},
        "8",
        merge_record(9, inputs=[{"host": 1}]),
        {key: value for key, value in delivery_record(10).items() if key != "what"},
        cleanup_record(11, disk=1.5),
    ]
    document = report(file_record(1), *wrong, file_record(12))
    found = read_report(document)
    assert [record.number for record in found.records] == [1, 12]
    assert [each.number for each in found.refused] == [2, 3, 4, 5, 6, 0, 0, 9, 10, 11]
    assert all(each.problem.partition(":")[0] for each in found.refused)
    assert receive(hub, document) == 12
    assert only_client().snapshots == 2
    assert (hosts(60)[0].refused, hosts(60)[0].problem) == (10, "disk: expected a number from 0 to 1")


def test_a_state_that_cannot_be_used_leaves_the_records_and_the_last_good_state(hub: Settings) -> None:
    receive(hub, report(state=fu_state(queued=3)))
    receive(hub, report(file_record(1), state={"runs": "many"}))
    assert only_client().snapshots == 1
    (host,) = hosts(60)
    assert (host.state["queued"], host.refused) == (3, 1)


def test_a_state_with_more_client_processes_than_any_host_has_is_refused(hub: Settings) -> None:
    found = read_report(report(state=fu_state(clients=tuple(process(pid) for pid in range(1, 501)))))
    assert found.state
    assert not found.refused
    runs_of_many = [{"run": run, "state": "ongoing", "clients": [process(pid) for pid in range(300)]} for run in (RUN, RUN + 1)]
    found = read_report(report(state=fu_state(runs=runs_of_many)))
    assert found.state is None
    assert [each.problem for each in found.refused] == ["state: runs: expected at most 500 client processes"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "a b"),
        ("host", None),
        ("mode", "mirror"),
        ("now", "noon"),
        ("dropped", -1),
        ("version", None),
        ("records", {}),
        ("records", [1] * 2001),
    ],
)
def test_a_report_that_says_nothing_of_its_sender_is_refused_as_a_whole(field: str, value: Any) -> None:
    with pytest.raises(BadReport) as refused:
        read_report(report() | {field: value})
    assert refused.value.field == field


def test_names_that_no_database_holds_are_stored_without_the_characters(hub: Settings) -> None:
    receive(hub, report(file_record(1, "Si\0\ud800Strip", name="x" * 1000)))
    client = only_client()
    assert client.client == "Si\ufffd\ufffdStrip"
    assert len(client.snapshot_name) == 300


def test_the_tables_of_the_migration_hold_the_largest_values(hub: Settings) -> None:
    receive(hub, report(merge_record(1, run=2**31 - 1, version=2**40, size=2**45, accepted=False, error="x" * 5000), mode="bu"))
    assert TransferMerge.get().number == 2**31 - 1
    assert TransferRun.select().count() == 2
