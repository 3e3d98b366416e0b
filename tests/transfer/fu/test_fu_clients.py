"""When a run is over on a filter unit; times are those of the calls."""

from __future__ import annotations

from services.transfer.fu.clients import RunClients
from services.transfer.processes import ClientProcess

CLIENT = ClientProcess(77, 7, "sistrip_cfg.py", False)


def test_a_run_waits_longer_for_its_first_client_than_for_one_that_starts_again() -> None:
    clients = RunClients(end_s=15, begin_s=300)
    clients.note_run(7, 1000)
    clients.note_processes([], 1250)
    assert not clients.has_ended(7, 1299)
    assert clients.has_ended(7, 1300)
    clients.note_processes([CLIENT], 1300)
    assert not clients.has_ended(7, 1900)
    clients.note_processes([], 1900)
    assert not clients.has_ended(7, 1314)
    assert clients.has_ended(7, 1315)


def test_a_run_that_was_never_noticed_has_not_ended() -> None:
    assert not RunClients(end_s=15, begin_s=300).has_ended(7, 1e9)
