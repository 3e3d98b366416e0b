"""A hub that has polled two runs of the simulated P5, and an operator of the hub."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import create_app
from app.control import service
from app.control.models import SubmittedCommand
from app.core.settings import Settings
from app.security import Role, tokens
from app.security.models import User
from app.square.poller.cluster import store_statuses
from app.square.poller.host_poller import HostPoller
from app.square.settings import SquareSettings
from app.square.upstream import Upstream
from tests.support.p5 import P5, Simulators
from tests.support.square_fixtures import faulty, filled

__all__ = ["faulty", "filled"]

HOME = "http://127.0.0.1:8889"
RUNS = ("production", "playback")


def bearer(role: Role) -> dict[str, str]:
    """The Authorization header of a user with this role, named after it."""
    user = User.get_or_none(User.name == role.title) or User.create(name=role.title, role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


class Room:
    """The control room of a hub, and the P5 behind it."""

    def __init__(self, settings: Settings, p5: P5) -> None:
        self.settings, self.p5 = settings, p5
        self.app = create_app(settings)
        self.client = self.app.test_client()
        self.operator = bearer(Role.OPERATOR)

    def poll(self) -> None:
        """Poll everything from P5."""
        for system, machines in self.settings.of(SquareSettings).square_machines.items():
            for machine in machines:
                assert HostPoller(system, machine, self.settings).poll(lambda: False)
        upstream = Upstream(self.settings)
        store_statuses("production", upstream)
        store_statuses("playback", upstream)
        upstream.close()

    def get(self, path: str, role: Role = Role.OPERATOR) -> Any:
        return self.client.get(path, headers=bearer(role), base_url=HOME)

    def submit(self, name: str, reason: str = "tests need it", *, idempotency_key: str = "", **arguments: str) -> Any:
        """The answer of the API to a command."""
        body: dict[str, Any] = {
            "name": name,
            "arguments": arguments,
            "reason": reason,
            **({"idempotency_key": idempotency_key} if idempotency_key else {}),
        }
        return self.app.test_client().post("/api/v1/control/commands", json=body, headers=self.operator, base_url=HOME)

    def do(self, name: str, **arguments: str) -> SubmittedCommand:
        """Submit and execute a command; returns its row."""
        response = self.submit(name, **arguments)
        assert response.status_code == 202, response.text
        return self.execute(response.get_json()["id"])

    def execute(self, number: int) -> SubmittedCommand:
        service.execute(self.settings, number)
        row: SubmittedCommand = SubmittedCommand.get_by_id(number)
        return row

    def page_of(self, row: SubmittedCommand) -> str:
        answer = self.get(f"/control/commands/{row.id}")
        assert answer.status_code == 200
        text: str = answer.text
        return text

    def requests(self) -> list[dict[str, Any]]:
        """The requests that P5 received since it started."""
        found: list[dict[str, Any]] = self.p5.record()["requests"]
        return found


@pytest.fixture(scope="module")
def p5(simulators: Simulators) -> Iterator[P5]:
    """A simulator whose clock only moves by `advance`."""
    with simulators.run("--quiet-start", "--speed", "0") as server:
        yield server


def with_p5(hub: Settings, p5: P5, **changes: Any) -> Settings:
    return hub.replace(**{**p5.settings, "square_command_timeout_s": 60.0, **changes})


@pytest.fixture
def bare(hub: Settings, p5: P5) -> Room:
    """A hub that has polled nothing: it knows only the machines of its settings."""
    return Room(with_p5(hub, p5), p5)


@pytest.fixture
def room_of(hub: Settings, p5: P5) -> Iterator[Callable[..., Room]]:
    """Create the control room of a hub with these settings. P5 has a run in each system; the hub has not polled it yet."""
    for system in RUNS:
        p5.incident("end_run", system=system, follow=False)
    p5.advance(100)  # the jobs of the test before have ended
    for host in p5.status()["hosts"]:
        p5.incident("reset_revisions", host=host)
    for system in RUNS:
        p5.incident("start_run", system=system, lumis=200)
    p5.advance(75)
    yield lambda **changes: Room(with_p5(hub, p5, **changes), p5)
    for name in ("slow", "broken_commands", "gateway_down"):
        p5.incident(name, **({"seconds": 0.0} if name == "slow" else {"on": False}))
    p5.incident("answer_commands", body="", count=0)


@pytest.fixture
def room(room_of: Callable[..., Room]) -> Room:
    """A hub that has polled everything of P5."""
    found = room_of()
    found.poll()
    return found
