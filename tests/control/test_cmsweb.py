"""Routes to P5: inside, each machine itself; outside, through CMSWEB, blocked commands are not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.control.models import ANSWERED, FAILED, REFUSED, SubmittedCommand
from app.core.settings import Settings
from app.square.models import Job
from app.square.upstream import Upstream
from tests.control.conftest import Room
from tests.support.certificates import write_certificate
from tests.support.cmsweb import cmsweb
from tests.support.p5 import FU, GATEWAY, P5, Simulators

SQLITE = pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
"""These tests do not depend on the kind of database."""

SECRET = "changeme-of-the-simulator"


@pytest.fixture(scope="module")
def p5(simulators: Simulators) -> Iterator[P5]:
    with simulators.run("--quiet-start", "--speed", "0", "--secret", SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return {name: write_certificate(folder, name) for name in ("server", "client")}


@pytest.fixture
def cmsweb_room_of(room_of: Callable[..., Room], p5: P5, certificates: dict[str, str]) -> Iterator[Callable[..., Room]]:
    """Makes the control room of a hub outside P5."""
    with cmsweb(p5.address, certificates["server"], certificates["client"]) as address:
        defaults = {
            "square_url": address,
            "square_ca": certificates["server"],
            "square_certificate": certificates["client"],
            "square_cookie": SECRET,
        }
        yield lambda **more: room_of(**{**defaults, **more})


@pytest.fixture
def cmsweb_room(cmsweb_room_of: Callable[..., Room]) -> Room:
    found = cmsweb_room_of()
    found.poll()
    return found


@SQLITE
def test_commands_to_the_gateway_pass_through_cmsweb(cmsweb_room: Room) -> None:
    assert "through CMSWEB" in cmsweb_room.get("/control").text
    assert cmsweb_room.do("get_dqm_machines").state == ANSWERED
    row = cmsweb_room.do("restart_hltd", host=FU)
    assert (row.state, row.error) == (ANSWERED, "")
    assert cmsweb_room.do("next_lumi", socket="bd68c7bb.fff_simulator").state == ANSWERED, "the player is on the gateway"


@SQLITE
def test_kill_and_drop_are_refused_through_cmsweb(cmsweb_room: Room) -> None:
    job = Job.select().where(Job.host == FU, Job.exit_code.is_null()).first()
    before = len(cmsweb_room.requests())
    for name, arguments in {
        "kill": {"system": "production", "key": job.key, "signal": "9"},
        "drop": {"system": "production", "run": str(job.run)},
    }.items():
        answer = cmsweb_room.submit(name, **arguments)
        assert answer.status_code == 409
        assert "CMSWEB blocks this command; submit it from a hub inside P5" in answer.get_json()["message"]
        page = cmsweb_room.client.get(
            f"/control/{name}", query_string=arguments, headers=cmsweb_room.operator, base_url="http://127.0.0.1:8889"
        ).text
        assert "Not possible: CMSWEB blocks this command" in page
        assert 'name="reason"' not in page
    assert len(cmsweb_room.requests()) == before
    assert SubmittedCommand.select().count() == 0


@SQLITE
def test_player_on_another_machine_is_unreachable_through_cmsweb(cmsweb_room_of: Callable[..., Room]) -> None:
    other = cmsweb_room_of(square_gateway="dqmrubu-c2a06-01-01")
    other.poll()
    answer = other.submit("next_lumi", socket="bd68c7bb.fff_simulator")
    assert answer.status_code == 409
    assert f"CMSWEB only reaches dqmrubu-c2a06-01-01, and this command is for {GATEWAY}" in answer.get_json()["message"]


@SQLITE
def test_rejected_cookie_is_refused(cmsweb_room_of: Callable[..., Room]) -> None:
    row = cmsweb_room_of(square_cookie="another-secret").do("restart_hltd", host=FU)
    assert (row.state, row.error) == (REFUSED, "P5 refused the request: redirected: the cookie is not accepted")
    empty = cmsweb_room_of(square_cookie="").do("restart_hltd", host=FU)
    expected = "P5 refused the request: status 303: the setting square_cookie is empty, and DQM^2 behind CMSWEB requires the cookie"
    assert (empty.state, empty.error) == (REFUSED, expected)


@SQLITE
def test_without_the_certificate_nothing_is_sent(cmsweb_room_of: Callable[..., Room], certificates: dict[str, str]) -> None:
    row = cmsweb_room_of(square_ca="").do("restart_hltd", host=FU)
    assert row.state == FAILED
    assert row.error.startswith(f"nothing was sent to {GATEWAY}: TLS: ")
    missing = cmsweb_room_of(square_certificate="/nowhere.pem").do("restart_hltd", host=FU)
    assert missing.state == FAILED
    assert "/nowhere.pem" in missing.error


def test_the_address_of_each_machine_is_that_of_the_settings_or_its_name(settings: Settings) -> None:
    def base(url: str, host: str, *addresses: str) -> str:
        return Upstream(settings.replace(square_url=url, square_addresses=addresses)).base_of(host)

    direct = f"http://{GATEWAY}:9215"
    assert base(direct, FU) == f"http://{FU}:9215"
    assert base(direct, GATEWAY) == direct
    assert base("http://127.0.0.1:7000", FU) == f"http://{FU}:9215", "the end of a tunnel is the gateway only"
    assert base("http://127.0.0.1:7000", f"{FU}.cms", f"{FU}=http://127.0.0.1:7001/") == "http://127.0.0.1:7001"
    assert base("https://cmsweb.cern.ch/dqm/x/", FU) == "https://cmsweb.cern.ch/dqm/x"
