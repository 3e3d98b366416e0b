"""Deliveries that fail: no machine or file holds up another, and each failure is reported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from services.transfer.bu import deliveries as module
from services.transfer.bu.contact import Contact
from services.transfer.names import merged_name
from tests.support.ports import free_port
from tests.support.processes import until
from tests.transfer.bu.arrivals import spoil_journal
from tests.transfer.bu.deliveries.conftest import RUN, Site, refuse_if, registered
from tests.transfer.hub_server import HubServer, acknowledge_all, hub_server


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


def test_a_file_that_is_gone_is_reported_and_not_tried_for_ever(site: Site, hub: HubServer) -> None:
    site.machine("gui1", hub.url)
    made = site.merged(RUN, 1)
    Path(made.path).unlink()
    site.start().add(made)
    site.wait()
    (record,) = site.records()
    assert record["error"] == f"{made.path} is gone"
    assert hub.requests == []


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
