"""Commands and requests for logs only go to a machine that says that it is the one meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.control.models import FAILED, REFUSED
from app.security import Role
from app.square.models import Document, Job
from tests.control.conftest import HOME, Room, bearer
from tests.support.p5 import FU, GATEWAY

pytestmark = pytest.mark.parametrize("hub", ["sqlite"], indirect=True)


def polled(room: Room) -> Room:
    room.poll()
    return room


def utils(room: Room) -> list[str]:
    """The paths of the requests that a machine executes itself."""
    return [request["path"] for request in room.requests() if request["path"].startswith("/utils/")]


def test_nothing_is_sent_to_a_tunnel_that_ends_at_another_machine(room_of: Callable[..., Room]) -> None:
    first = room_of()
    room = polled(room_of(square_addresses=(f"{FU}={first.p5.address}",)))  # in truth the address of the gateway
    job, before = Job.get(Job.host == FU, Job.exit_code.is_null()), len(utils(room))
    killed = room.do("kill", system="production", key=job.key, signal="9")
    dropped = room.do("drop", system="production", run=str(job.run))
    assert (killed.state, dropped.state) == (REFUSED, FAILED), "drop goes to each host, and others do not answer"
    reason = f'{first.p5.address} is "{GATEWAY}", not {FU}; correct square_gateway, or add {FU} to square_addresses'
    assert killed.error == f"nothing was sent: {reason}"
    assert reason in dropped.error
    assert [path for path in utils(room)[before:] if "kill" in path] == []
    assert "exit_code" not in room.p5.documents(FU, job.key)[0]
    answer = room.client.post(f"/square/log/whole?key={job.key}", headers=bearer(Role.EXPERT), base_url=HOME)
    assert answer.status_code == 502
    assert reason in answer.get_json()["message"]


def test_drop_deletes_nothing_at_a_wrong_gateway(room_of: Callable[..., Room]) -> None:
    room = polled(room_of(square_gateway="dqmrubu-c2a06-05-01"))
    row = room.do("drop", system="playback", run=str(Document.get(Document.system == "playback").run))
    assert row.state in (REFUSED, FAILED)
    assert "Deleted" not in row.error


def test_a_machine_whose_name_does_not_resolve_gets_nothing(room_of: Callable[..., Room]) -> None:
    room = polled(room_of(square_addresses=()))
    job, before = Job.get(Job.host == FU, Job.exit_code.is_null()), len(utils(room))
    row = room.do("kill", system="production", key=job.key, signal="9")
    assert row.state == FAILED
    assert row.error.startswith(f"nothing was sent to {FU}, which did not give its name: ")
    assert len(utils(room)) == before
