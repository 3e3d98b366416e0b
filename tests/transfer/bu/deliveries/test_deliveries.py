"""Deliveries to GUI machines: which files are copied and registered, also after a restart."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from services.transfer.bu import lanes
from services.transfer.bu.again import deliver_again
from services.transfer.bu.lanes import CONCATENATION, Delivery
from services.transfer.names import merged_name
from services.transfer.options import Options
from tests.support.processes import until
from tests.transfer.bu.deliveries.conftest import RUN, Site, registered
from tests.transfer.hub_server import HubServer, acknowledge_all, hub_server


def test_a_concatenation_is_copied_and_registered_as_its_run_and_as_the_ongoing_one(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    made = site.concatenation(RUN, 1)
    site.start().add(made)
    site.wait()
    assert (site.folder / "gui1" / "pb" / made.name).read_bytes() == b"PB 1"
    assert registered(hub) == [[(0, made.name, 3), (RUN, made.name, 3)]]
    (request,) = hub.requests
    assert request[:2] == ("/hub/api/v1/register", "Bearer dqmhub_token")
    (record,) = site.records()
    assert {name: record[name] for name in ("kind", "run", "gui_machine", "name", "what", "size", "made", "attempts", "error")} == {
        "kind": "delivery",
        "run": RUN,
        "gui_machine": "gui1",
        "name": made.name,
        "what": "concatenation",
        "size": 10,
        "made": made.made,
        "attempts": 1,
        "error": "",
    }
    assert record["made"] < record["copied"] <= record["registered"] <= record["at"]


def test_a_machine_without_hub_only_gets_the_files(site: Site) -> None:
    site.machine("gui1", "")
    site.start().add(site.merged(RUN, 1))
    site.wait()
    assert os.listdir(site.folder / "gui1" / "root") == [merged_name(RUN, 1)]
    (record,) = site.records()
    assert (record["registered"], record["error"]) == (0, "")


def test_only_the_newest_run_is_registered_as_the_ongoing_one(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    deliveries = site.start()
    names = []
    for run, newest in ((RUN, RUN), (RUN, RUN + 1), (RUN + 1, RUN + 1), (RUN, RUN + 1)):
        site.newest = newest
        made = site.concatenation(run, len(names))
        names.append(made.name)
        deliveries.add(made)
        site.wait()
    assert registered(hub) == [
        [(0, names[0], 3), (RUN, names[0], 3)],
        [(RUN, names[1], 3)],
        [(0, names[2], 3), (RUN + 1, names[2], 3)],
        [(RUN, names[3], 3)],
    ]


def test_a_run_that_is_merged_stays_merged(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    deliveries = site.start()
    late = site.concatenation(RUN, 1)
    for delivery in (site.merged(RUN, 2), site.merged(RUN, 1), late):
        deliveries.add(delivery)
        site.wait()
    assert registered(hub) == [[(RUN, merged_name(RUN, 2), 1)], [(0, late.name, 3)]]
    assert sorted(os.listdir(machine.root_folder)) == [merged_name(RUN, 1), merged_name(RUN, 2)]
    site.newest = RUN + 1
    deliveries.add(site.concatenation(RUN, 2))
    site.wait()
    assert len(registered(hub)) == 2
    assert len(os.listdir(machine.pb_folder)) == 2


def test_a_run_that_goes_on_after_its_merge_is_shown_until_the_next_merge(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    site.newest = RUN + 1
    deliveries = site.start()
    again = [replace(site.concatenation(RUN, number), version=1) for number in range(2)]
    for delivery in (site.merged(RUN, 1), again[0], site.merged(RUN, 2), again[1]):
        deliveries.add(delivery)
        site.wait()
    assert registered(hub) == [[(RUN, merged_name(RUN, 1), 1)], [(RUN, again[0].name, 3)], [(RUN, merged_name(RUN, 2), 1)]]


def test_the_log_says_when_a_machine_got_a_merged_file_and_its_first_concatenation_of_a_run(
    site: Site, hub: HubServer, caplog: pytest.LogCaptureFixture
) -> None:
    site.machine("gui1", hub.url)
    caplog.set_level("INFO", logger="services.transfer")
    deliveries = site.start()
    files = [site.concatenation(RUN, 1), site.concatenation(RUN, 2), site.merged(RUN, 2), site.merged(RUN, 1)]
    for delivery in files:
        deliveries.add(delivery)
        site.wait()
    assert [record.getMessage() for record in caplog.records] == [
        f"{files[0].name} is copied and registered at gui1",
        f"{files[2].name} is copied and registered at gui1",
        f"{files[3].name} is copied, and not registered, as a later merge of the run is at gui1",
    ]


def test_merged_files_are_never_skipped_also_when_the_service_is_started_again(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    os.rename(machine.root_folder, machine.root_folder + " away")
    deliveries = site.start()
    for version in range(1, 6):
        deliveries.add(site.merged(RUN, version))
    until(lambda: site.states[0]["error"], "the failure")
    site.stop()
    os.rename(machine.root_folder + " away", machine.root_folder)
    deliveries = site.start()
    deliveries.add(site.merged(RUN, 5))  # as the end of the run has it again
    site.wait()
    assert sorted(os.listdir(machine.root_folder)) == [merged_name(RUN, version) for version in range(1, 6)]
    assert registered(hub)[-1] == [(RUN, merged_name(RUN, 5), 1)]


def test_what_was_delivered_is_not_delivered_again_after_a_restart(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    files = [site.concatenation(RUN, 1), site.merged(RUN, 1)]
    for turn in range(2):
        deliveries = site.start()
        for file in files:
            deliveries.add(file)
        site.wait()
        assert len(hub.requests) == 2, turn
        site.stop()
    site.machine("gui2", hub.url)
    deliveries = site.start()
    for file in files:
        deliveries.add(file)
    site.wait()
    assert len(hub.requests) == 4  # a machine that is new
    assert len(os.listdir(machine.pb_folder)) == 1


def test_a_machine_that_lost_its_files_gets_them_again_when_that_is_asked_for(site: Site, hub: HubServer) -> None:
    """The merged files and the newest concatenation that are still here, of one run or of all; another machine gets nothing."""
    machine = site.machine("gui1", hub.url)
    site.machine("gui1 copy", hub.url)
    files = [site.concatenation(RUN, 1), site.merged(RUN, 1), site.merged(RUN, 2), site.merged(RUN + 1, 1)]
    deliveries = site.start()
    for file in files:
        deliveries.add(file)
        site.wait()
    site.stop()
    Path(files[1].path).unlink()
    for wanted, run in ((files[:1] + files[2:3], RUN), (files[:1] + files[2:], 0)):
        for folder in (machine.pb_folder, machine.root_folder):
            for name in os.listdir(folder):
                os.unlink(f"{folder}/{name}")
        hub.requests.clear()
        assert sorted(deliver_again(Options(state=str(site.folder)), "gui1", run)) == sorted(one.name for one in wanted)
        deliveries = site.start()
        deliveries.add(files[0])  # as the first round has it
        site.wait()
        site.stop()
        assert sorted(os.listdir(machine.pb_folder) + os.listdir(machine.root_folder)) == sorted(one.name for one in wanted)
        assert {name for entries in registered(hub) for _, name, _ in entries} == {one.name for one in wanted}


def test_a_file_is_in_use_until_all_machines_have_it(site: Site) -> None:
    with ExitStack() as stack:
        hubs = [stack.enter_context(hub_server()) for _ in range(2)]
        for number, server in enumerate(hubs):
            server.answer = lambda _: (503, {})
            site.machine(f"gui{number}", server.url)
        made = site.concatenation(RUN, 1)
        deliveries = site.start()
        assert not deliveries.uses(Path(made.path))
        deliveries.add(made)
        assert deliveries.uses(Path(made.path))
        for server, is_used in zip(hubs, (True, False), strict=True):
            server.answer = acknowledge_all
            until(lambda wanted=is_used: deliveries.uses(Path(made.path)) is wanted, "the delivery")
        site.wait()


def test_an_older_run_that_still_ends_gets_its_turn_while_a_newer_one_fills_the_connection() -> None:
    tried: list[int] = []

    def attempt(delivery: Delivery) -> Delivery:
        tried.append(delivery.run)
        if delivery.run == RUN + 1 and len(tried) < 10:  # it took as long as the next one of its run
            lane.add(Delivery(RUN + 1, CONCATENATION, f"{len(tried)}", "", 0, 0.0))
        return replace(delivery, is_done=True)

    lane = lanes.Lane("lane", attempt, lambda: None)
    for run in (RUN - 1, RUN, RUN + 1):
        lane.add(Delivery(run, CONCATENATION, "0", "", 0, 0.0))
    lane.start()
    until(lambda: not lane.waiting, "the deliveries")
    lane.stop()
    assert tried[:5] == [RUN + 1, RUN, RUN - 1, RUN + 1, RUN + 1]


def test_files_of_a_mounted_machine_are_registered_by_the_paths_that_its_hub_has(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    site.machines[0] = replace(machine, hub_pb_folder="/data/dqmgui/files/pb", hub_root_folder="/data/dqmgui/files/root")
    made, merged = site.concatenation(RUN, 1), site.merged(RUN, 1)
    deliveries = site.start()
    for delivery in (made, merged):
        deliveries.add(delivery)
        site.wait()
    assert os.listdir(machine.pb_folder) == [made.name]
    with hub.lock:
        files = {entry["file"] for _, _, entries in hub.requests for entry in entries}
    assert files == {f"/data/dqmgui/files/pb/{made.name}", f"/data/dqmgui/files/root/{merged.name}"}
