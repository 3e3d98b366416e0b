"""Deliveries to GUI machines: files are copied and registered, and no machine or file holds up another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.transfer.bu import deliveries as module
from services.transfer.bu import lanes
from services.transfer.bu.again import deliver_again
from services.transfer.bu.contact import Contact
from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.lanes import CONCATENATION, MERGED_FILE, Delivery
from services.transfer.journal import Journal
from services.transfer.names import concatenation_name, merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.support.ports import free_port
from tests.support.processes import until
from tests.transfer.bu.arrivals import spoil_journal
from tests.transfer.hub_server import HubServer, acknowledge_all, hub_server

RUN = 367094
DATASET = "/Global/Online/ALL"


class Site:
    """A BU and its GUI machines, which are folders and hubs of this machine.

    Attributes:
        newest: The newest run of the BU.
        deliveries: The deliveries of the process that runs now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.newest = RUN
        self.machines: list[GuiMachineOptions] = []
        (folder / "bu").mkdir()
        self.deliveries: Deliveries | None = None

    def machine(self, name: str, hub: str) -> GuiMachineOptions:
        """A GUI machine whose folders are there."""
        token = self.folder / "token"
        token.write_text("dqmhub_token\n")
        for kind in ("pb", "root"):
            (self.folder / name / kind).mkdir(parents=True)
        self.machines.append(
            GuiMachineOptions(
                name=name, pb_folder=f"{self.folder}/{name}/pb", root_folder=f"{self.folder}/{name}/root", hub=hub, token_file=str(token)
            )
        )
        return self.machines[-1]

    def start(self) -> Deliveries:
        """Start the process of the BU."""
        self.journal = Journal(self.folder / "bu.sqlite")
        self.journal.report_to(["http://hub"], lambda: None)
        self.deliveries = Deliveries(Options(bu=BuOptions(gui_machines=tuple(self.machines))), self.journal, lambda: self.newest)
        self.deliveries.start()
        return self.deliveries

    def stop(self) -> None:
        """End the process of the BU."""
        if self.deliveries:
            self.deliveries.close(60)
            self.journal.close()
        self.deliveries = None

    def concatenation(self, run: int, number: int) -> Delivery:
        """A concatenation that the BU has made."""
        name = concatenation_name(run, hashlib.md5(b"%d" % number).hexdigest())
        return self._made(Delivery(run, CONCATENATION, name, f"{self.folder}/bu/{name}", 10, 1e9 + number), b"PB %d" % number)

    def merged(self, run: int, version: int) -> Delivery:
        """A merged file that the BU has made."""
        name = merged_name(run, version)
        return self._made(Delivery(run, MERGED_FILE, name, f"{self.folder}/bu/{name}", 10, 1e9, version), b"ROOT %d" % version)

    def _made(self, delivery: Delivery, content: bytes) -> Delivery:
        Path(delivery.path).write_bytes(content)
        return delivery

    def wait(self) -> None:
        """Wait until nothing waits."""
        until(lambda: not any(one["waiting"] for one in self.states), "the deliveries")

    @property
    def states(self) -> list[dict[str, Any]]:
        assert self.deliveries
        return self.deliveries.state()

    def records(self, **fields: object) -> list[dict[str, Any]]:
        """The records with these fields."""
        return [one for one in self.journal.records_after(0, 1000) if fields.items() <= one.items()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(lanes, "RETRY_S", 0.02)
    monkeypatch.setattr(lanes, "RETRY_MOST_S", 0.1)
    found = Site(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as server:
        yield server


def registered(hub: HubServer) -> list[list[tuple[int, str, int]]]:
    """Run, name of the file and format of each entry of each request."""
    with hub.lock:
        documents = [document for _, _, document in hub.requests]
    assert all((one["dataset"], one["lumi"]) == (DATASET, 0) for document in documents for one in document)
    return [[(one["run"], os.path.basename(one["file"]), one["fileformat"]) for one in document] for document in documents]


def refuse_if(condition: Callable[[list[Any]], bool]) -> Callable[[Any], tuple[int, Any]]:
    return lambda entries: (400, {"message": "There is no file"}) if condition(entries) else acknowledge_all(entries)


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


def test_a_machine_that_is_down_holds_up_no_other_and_gets_the_newest_when_it_is_back(site: Site, hub: HubServer) -> None:
    down, up = site.machine("gui1", hub.url), site.machine("gui2", hub.url)
    os.rename(site.folder / "gui1", site.folder / "gui1 away")
    deliveries = site.start()
    for number in range(26):
        made = site.concatenation(RUN, number)
        deliveries.add(made)
        until(lambda name=made.name: os.path.exists(f"{up.pb_folder}/{name}"), f"concatenation {number}")
    until(lambda: not site.states[0]["reachable"], "the failure")
    state = site.states[0]
    assert (state["name"], state["waiting"], site.states[1]["reachable"]) == ("gui1", 1, True)
    assert state["failing"] > 0
    assert "No such file or directory" in state["error"]
    os.rename(site.folder / "gui1 away", site.folder / "gui1")
    site.wait()
    until(lambda: site.states[0]["reachable"], "the state")
    assert os.listdir(down.pb_folder) == [made.name]
    assert len(os.listdir(up.pb_folder)) == 26
    assert (site.states[0]["reachable"], site.states[0]["error"], site.states[0]["failing"]) == (True, "", 0)
    assert site.states[0]["since"] > state["since"]
    first, last = site.records(gui_machine="gui1")  # the first failure, and the end of it
    assert "No such file or directory" in first["error"]
    assert (last["name"], last["error"]) == (made.name, "")


def test_the_error_and_the_attempts_of_a_delivery_are_reported_again_while_it_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_S", 0.0)
    site.machine("gui1", "")
    os.rename(site.folder / "gui1", site.folder / "gui1 away")
    deliveries = site.start()
    deliveries.add(site.concatenation(RUN, 1))
    until(lambda: len(site.records(gui_machine="gui1")) >= 3, "three failures")
    first, *others = site.records(gui_machine="gui1")[:3]
    assert [each["attempts"] for each in others] == [2, 3]
    assert {each["error"] for each in others} == {first["error"]}
    os.rename(site.folder / "gui1 away", site.folder / "gui1")
    site.wait()


def test_a_hub_that_is_away_gets_a_file_that_was_copied_once(site: Site) -> None:
    port = free_port()
    machine = site.machine("gui1", f"http://127.0.0.1:{port}/hub")
    made = site.concatenation(RUN, 1)
    site.start().add(made)
    until(lambda: "Connection refused" in site.states[0]["error"], "the failure")
    copy = Path(machine.pb_folder, made.name)
    inode = copy.stat().st_ino
    with hub_server(port) as server:
        server.answer = acknowledge_all
        site.wait()
        assert registered(server) == [[(0, made.name, 3), (RUN, made.name, 3)]]
    assert copy.stat().st_ino == inode
    until(lambda: site.states[0]["reachable"], "the state")


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


def test_a_file_that_a_hub_refuses_holds_up_no_other(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    refused = merged_name(RUN, 1)
    hub.answer = refuse_if(lambda entries: entries[0]["file"].endswith(refused))
    deliveries = site.start()
    deliveries.add(site.merged(RUN, 1))
    until(lambda: "answered 400: There is no file" in site.states[0]["error"], "the refusal")
    assert site.states[0]["reachable"]
    deliveries.add(site.merged(RUN + 1, 1))
    until(lambda: (RUN + 1, merged_name(RUN + 1, 1), 1) in [one for entries in registered(hub) for one in entries], "the other file")
    hub.answer = acknowledge_all
    site.wait()
    assert registered(hub)[-1] == [(RUN, refused, 1)]


def test_a_copy_that_was_removed_before_it_was_registered_is_copied_once_more(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    made = site.concatenation(RUN, 1)
    copy = Path(machine.pb_folder, made.name)

    def answer(entries: Any) -> tuple[int, Any]:
        if len(hub.requests) == 1:
            copy.unlink()
        return acknowledge_all(entries) if copy.exists() else (400, {"message": "There is no file"})

    hub.answer = answer
    site.start().add(made)
    site.wait()
    assert copy.read_bytes() == b"PB 1"
    assert len(hub.requests) == 2


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


def test_a_file_that_is_gone_is_reported_and_not_tried_for_ever(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    made = site.merged(RUN, 1)
    Path(made.path).unlink()
    site.start().add(made)
    site.wait()
    (record,) = site.records()
    assert record["error"] == f"{made.path} is gone"
    assert hub.requests == []


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


def test_a_file_that_cannot_be_delivered_does_not_make_its_machine_unreachable_while_others_are(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    os.rename(machine.root_folder, machine.root_folder + " away")
    deliveries = site.start()
    deliveries.add(site.merged(RUN, 1))
    until(lambda: site.states[0]["error"], "the failure")
    state = site.states[0]
    assert (state["reachable"], state["waiting"]) == (True, 1)
    for number in range(5):
        made = site.concatenation(RUN, number)
        deliveries.add(made)
        until(lambda name=made.name: any((RUN, name, 3) in entries for entries in registered(hub)), f"concatenation {number}")
        until(lambda: site.states[0] == state, "the same state as before")
    os.rename(machine.root_folder + " away", machine.root_folder)
    site.wait()
    until(lambda: not site.states[0]["error"], "the end of the error")


def test_a_machine_is_unreachable_when_a_lane_fails_and_no_other_reached_it_since() -> None:
    contact = Contact("gui1")
    found = []
    for lane, is_reached in (("a", True), ("b", False), ("a", True), ("b", False), ("a", False), ("b", True), ("a", True)):
        contact.note(lane, is_reached)
        contact.update([])
        found.append(contact.state()["reachable"])
    assert found == [True, False, True, True, False, True, True]


def test_the_log_has_one_line_for_a_machine_that_is_away_whatever_the_words_of_each_attempt(caplog: pytest.LogCaptureFixture) -> None:
    contact = Contact("gui1")
    caplog.set_level("INFO", logger="services.transfer")
    for error, is_reached in (("255", False), ("12", False), ("255", False), ("401", True), ("403", True), ("12", False), ("", True)):
        contact.note("a", is_reached)
        contact.update([error])
    assert caplog.messages == [
        *("GUI machine gui1 is unreachable: 255", "GUI machine gui1: 401", "GUI machine gui1: 403"),
        *("GUI machine gui1 is unreachable: 12", "GUI machine gui1: deliveries succeed again"),
    ]


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


def test_files_are_delivered_and_registered_although_the_journal_cannot_be_read_or_written(site: Site, hub: HubServer) -> None:
    machine = site.machine("gui1", hub.url)
    deliveries = site.start()
    spoil_journal(site.folder / "bu.sqlite")
    made, merged = site.concatenation(RUN, 1), site.merged(RUN, 1)
    for delivery in (made, merged, site.concatenation(RUN, 2)):
        deliveries.add(delivery)
        site.wait()
    assert len(os.listdir(machine.pb_folder)) == 2
    assert registered(hub)[:2] == [[(0, made.name, 3), (RUN, made.name, 3)], [(RUN, merged.name, 1)]]
    assert [run for run, _, _ in registered(hub)[2]] == [0]  # it stays merged
