"""The transfer on the status page and in /metrics, and the removal of old reports."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from app.cli import dqmhub
from app.core.settings import Settings
from app.transfers import runs
from app.transfers.hosts import cleanup_rounds, hosts
from app.transfers.models import TransferHost, TransferProblem
from app.transfers.retention import OF_RUN, remove_old
from app.transfers.status import metrics, status_lines
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
)

DAY_S = 86400


def lines(settings: Settings) -> dict[str, tuple[str, str]]:
    """State and text of each line, by name."""
    return {line.name.removeprefix("transfer: "): (line.state, line.text) for line in status_lines(settings)}


def test_a_hub_without_transfer_has_no_lines(hub: Settings) -> None:
    assert lines(hub) == {}


def test_each_mode_gui_machine_and_kind_of_problem_has_a_line(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state(disks={"/a": 0.95})), now)
    receive(hub, report(now=now, host="fu-2"), now)
    receive(hub, report(now=now, mode="bu", state=bu_state()), now)
    receive(hub, report(now=now + 600, mode="cleanup", host="gui-1"), now)
    assert lines(hub) == {
        "filter units": ("ok", "2 hosts reporting"),
        "builder units": ("ok", "1 host reporting"),
        "clean-up": ("warn", "1 host reporting"),
        "GUI machine gui-1": ("ok", "reachable, 0 files waiting"),
        "disks": ("warn", "1 disk fuller than allowed"),
        "unsent files": ("ok", "none"),
        "missing files": ("ok", "none"),
        "damaged files": ("ok", "none"),
        "ends of runs": ("ok", "none"),
        "merges": ("ok", "none"),
    }
    details = {line.name: line.detail for line in status_lines(hub)}
    assert details["transfer: disks"] == "fu-1, /a: more than 90% used, its mark"
    assert details["transfer: clean-up"] == "The clock of gui-1 is +600 s off"


def test_what_a_run_that_is_over_lacks_counts_for_a_day_and_stays_on_its_page(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(file_record(1, at=now), now=now, state=fu_state("over")), now)
    assert lines(hub)["missing files"] == ("warn", "1 client without a file that should be there")
    TransferProblem.update(began=now - DAY_S - 9).execute()
    assert lines(hub)["missing files"] == ("ok", "none")
    assert [each.ended for each in runs.problems_of(RUN)] == [None]


def test_silent_hosts_and_what_they_said_of_gui_machines_are_marked_until_they_are_out_of_service(hub: Settings) -> None:
    now = time.time()
    for host in ("fu-1", "fu-2"):
        receive(hub, report(now=now, host=host), now)
    receive(hub, report(now=now, mode="bu"), now)
    TransferHost.update(seen=now - 100).where(TransferHost.host.in_(["fu-2", "bu-1"])).execute()
    assert lines(hub)["filter units"] == ("down", "1 of 2 hosts silent: fu-2")
    assert lines(hub)["GUI machine gui-1"] == ("idle", "not known: bu-1 is silent")
    assert [host.host for host in hosts(60) if host.is_silent] == ["fu-2", "bu-1"]
    TransferHost.update(seen=now - 8 * DAY_S).where(TransferHost.host == "fu-2").execute()
    assert lines(hub)["filter units"] == ("ok", "1 host reporting")


def test_a_gui_machine_that_cannot_be_reached_is_down_with_its_error(hub: Settings) -> None:
    now = time.time()
    away = bu_state(gui_machines=[{"name": "gui-1", "reachable": False, "since": now, "error": "no route", "waiting": 2}])
    receive(hub, report(now=now, mode="bu", state=away), now)
    (line,) = [line for line in status_lines(hub) if "GUI" in line.name]
    assert (line.state, line.text, line.detail) == ("down", "unreachable from bu-1, 2 files waiting", "no route")


def test_the_status_page_and_the_metrics_have_the_transfer(client: FlaskClient, hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, dropped=3, state=fu_state(queued=5)), now)
    receive(hub, report(now=now, mode="bu"), now)
    assert "transfer: filter units" in client.get("/status").text
    text = client.get("/metrics").text
    assert 'dqmhub_transfer_dropped_records{host="fu-1",mode="fu"} 3.0' in text
    assert 'dqmhub_transfer_queued_files{host="fu-1"} 5.0' in text
    assert 'dqmhub_transfer_gui_machine_reachable{builder="bu-1",gui_machine="gui-1"} 1.0' in text
    assert 'dqmhub_transfer_disk_used_ratio{host="fu-1",mode="fu",place="/fff/output"} 0.3' in text
    assert 'dqmhub_transfer_problems{kind="file-missing"} 0.0' in text


@pytest.mark.both_databases
def test_old_runs_go_with_all_that_is_stored_of_them_and_others_stay(hub: Settings) -> None:
    old = (
        concatenation_record(1),
        merge_record(2),
        delivery_record(3),
        file_record(4),
        concatenation_record(5, left_out=[{"name": "a", "reason": "b"}]),
    )
    receive(hub, report(*old, cleanup_record(6), state=fu_state(clients=(process(7),))), NOW)
    assert all(table.select().where(table.run == RUN).exists() for table in OF_RUN)
    later = NOW + 90 * DAY_S + 100
    receive(hub, report(file_record(1, run=RUN + 1, at=later - 200), host="fu-2", now=later - 200, state=fu_state(runs=[])), later - 200)
    assert remove_old(90, later) == 1
    assert not any(table.select().where(table.run == RUN).exists() for table in OF_RUN)
    assert [each.run for each in runs.runs()] == [RUN + 1]
    assert [host.host for host in hosts(60)] == ["fu-2"]
    assert cleanup_rounds() == []
    assert remove_old(90, later) == 0


def test_the_problems_of_a_host_that_is_forgotten_end(hub: Settings) -> None:
    receive(hub, report(mode="cleanup", state=cleanup_state(disk=0.95)), NOW)
    assert [each.ended for each in runs.problems_of(0)] == [None]
    remove_old(90, NOW + 91 * DAY_S)
    assert [each.ended for each in runs.problems_of(0)] == [NOW + 91 * DAY_S]


@pytest.mark.both_databases
def test_a_host_that_is_forgotten_has_no_problems_and_no_runs_and_what_it_sent_stays(
    hub: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DQMHUB_DATA_DIR", hub.data_dir)
    monkeypatch.setenv("DQMHUB_DATABASE_URL", hub.database_url)
    now = time.time()
    waits = fu_state(disks={"/a": 0.95}, clients=(process(7, tag="", snapshot=0),))
    receive(hub, report(file_record(1, at=now - 300), host="fu-9", state=waits, now=now), now)
    receive(hub, report(file_record(1, at=now), now=now), now)
    assert {each.kind for each in runs.lasting_problems([0, RUN])} == {"disk-full", "file-missing"}
    done = CliRunner().invoke(dqmhub, ["transfers", "forget", "fu-9"])
    assert (done.exit_code, done.output) == (0, "Forgot fu-9\n")
    assert runs.lasting_problems([0, RUN]) == []
    assert [each.host for each in hosts(60)] == ["fu-1"]
    assert {(each.host, each.state) for each in runs.run(RUN).hosts} == {("fu-1", "ongoing"), ("fu-9", "over")}
    assert {each.host for each in runs.run(RUN).clients} == {"fu-1", "fu-9"}
    again = CliRunner().invoke(dqmhub, ["transfers", "forget", "fu-9"])
    assert (again.exit_code, again.output) == (1, "Error: No process of the transfer has reported from fu-9\n")


def test_status_and_metrics_count_all_problems_and_read_a_few(hub: Settings) -> None:
    now = time.time()
    receive(hub, report(now=now, state=fu_state(disks={f"/{number}": 0.95 for number in range(90)})), now)
    assert lines(hub)["disks"] == ("warn", "90 disks fuller than allowed")
    assert [line.detail.count("its mark") for line in status_lines(hub) if line.name == "transfer: disks"] == [5]
    (counts,) = [metric for metric in metrics(hub) if metric.name == "dqmhub_transfer_problems"]
    assert {sample.labels["kind"]: sample.value for sample in counts.samples if sample.value} == {"disk-full": 90}
