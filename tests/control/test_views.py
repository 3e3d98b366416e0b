"""The pages of the control room: roles, no effect of viewing, and the list of activity."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from app.control.commands import COMMANDS
from app.control.models import SubmittedCommand
from app.security import Role, passwords
from app.security.models import User
from app.square.models import Job, Run
from app.square.settings import SquareSettings
from tests.control.conftest import HOME, Room, bearer
from tests.security.conftest import sign_in
from tests.security.test_origin import OTHERS
from tests.support.p5 import CROWDED, FU

pytestmark = pytest.mark.slow

SOCKET = "bd68c7bb.fff_simulator"


def arguments(room: Room) -> dict[str, dict[str, str]]:
    """Arguments that every command takes."""
    job = Job.select().where(Job.host == FU, Job.exit_code.is_null()).first()
    client = {"host": FU, "client": f"{job.tag}_cfg.py", "state": "0"}
    room.do("get_simulator_runs")
    room.do("get_production_runs")
    run = f"run{room.p5.status()['systems']['production']['run']}"
    examples = {
        "restart_hltd": {"host": FU},
        "restart_fff": {"host": FU},
        "get_hltd_logs": {"host": FU},
        "get_fff_logs": {"host": FU},
        "next_run": {"socket": SOCKET},
        "get_dqm_clients": {"host": FU},
        "change_dqm_client": client,
        "get_cluster_status": {"cluster": "playback"},
        "next_lumi": {"socket": SOCKET},
        "start_playback_run": {"run_number": "run349963"},
        "copy_production_runs": {"run_number": run},
        "kill": {"system": "production", "key": job.key, "signal": "9"},
        "drop": {"system": "production", "run": str(job.run)},
    }
    return {name: examples.get(name, {}) for name in COMMANDS}


@pytest.mark.both_databases
def test_viewing_pages_sends_no_request_to_p5(room: Room) -> None:
    examples = arguments(room)
    numbers = [row.id for row in SubmittedCommand.select()]
    before, commands = len(room.requests()), SubmittedCommand.select().count()
    for name, values in examples.items():
        answer = room.client.get(f"/control/{name}", query_string={**values, "check": "1"}, headers=room.operator, base_url=HOME)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert 'aria-label="Confirmation"' in answer.text, name
    for path in (
        "",
        "?show=commands",
        *(f"/commands/{number}" for number in numbers),
        *(f"/commands/{number}/0.txt" for number in numbers),
    ):
        assert room.get(f"/control{path}").status_code == 200
    for path in ("", *(f"/{number}" for number in numbers)):
        assert room.get(f"/api/v1/control/commands{path}").status_code == 200
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        room.client.open(
            "/control/restart_hltd",
            method=method,
            query_string={"host": FU, "reason": "because"},
            headers=room.operator,
            base_url=HOME,
        )
    assert len(room.requests()) == before
    assert SubmittedCommand.select().count() == commands


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
def test_no_command_can_be_submitted_from_another_site(room: Room) -> None:
    User.create(name="olga", role=Role.OPERATOR, password=passwords.hash_password("violet tractor 7 harbour"), created=time.time())
    examples = arguments(room)
    assert sign_in(room.client, "olga").status_code == 303
    assert room.client.get("/control", base_url=HOME).status_code == 200
    before, commands = len(room.requests()), SubmittedCommand.select().count()
    for name, values in examples.items():
        for headers in OTHERS:
            form = {**values, "reason": "because", "idempotency_key": "a-number-used-once-1", "confirmed_impact": "x"}
            answer = room.client.post(f"/control/{name}", data=form, headers=headers, base_url=HOME)
            assert answer.status_code == 403, (name, headers)
            body = {"name": name, "arguments": values, "reason": "because"}
            assert room.client.post("/api/v1/control/commands", json=body, headers=headers, base_url=HOME).status_code == 403
    assert (len(room.requests()), SubmittedCommand.select().count()) == (before, commands)


def test_only_operators_may_view_or_submit(room: Room) -> None:
    row = room.do("get_dqm_machines")
    addresses = ["", "/restart_hltd", f"/commands/{row.id}", f"/commands/{row.id}/0.txt"]
    for role in (Role.VIEWER, Role.SHIFTER, Role.EXPERT):
        for path in addresses:
            assert room.get(f"/control{path}", role).status_code == 403
        for name in COMMANDS:
            answer = room.client.post(f"/control/{name}", data={"host": FU, "reason": "because"}, headers=bearer(role), base_url=HOME)
            assert answer.status_code == 403
        assert room.get("/api/v1/control/commands", role).status_code == 403
        assert 'href="/control' not in room.get("/square", role).text
    assert 'href="/control' in room.get("/square").text
    assert room.get("/control", Role.ADMIN).status_code == 200


def test_bookmarks_of_the_older_control_room_redirect_and_its_commands_do_not(room: Room) -> None:
    before = len(room.requests())
    assert [room.get(path).location for path in ("/cr/", "/cr/login/")] == ["/control"] * 2
    assert room.get(f"/cr/exe?what=restart_hltd&host={FU}").status_code == 404
    assert len(room.requests()) == before


def test_the_page_shows_machines_jobs_and_the_player(room: Room) -> None:
    page = room.get("/control").text
    rows = dict(re.findall(r'<tr>\s*<th scope="row"><bdi>(dqm[^<]*)</bdi></th>(.*?)</tr>', page, re.DOTALL))
    assert set(rows) == {name for names in room.settings.of(SquareSettings).square_machines.values() for name in names}
    assert 'class="number">4</td>' in rows[FU]
    assert 'class="number">27</td>' in rows[CROWDED]
    assert "restart_hltd?host=" in rows[FU]
    run = room.p5.status()["systems"]["playback"]["run"]
    assert f"Run <b>{run}</b> is <b><bdi>running</bdi></b>" in page


def poll(room: Room, page: str) -> Any:
    (address,) = re.findall(r'hx-get="([^"]*)"', page)
    return room.get(address.replace("&amp;", "&"))


def test_a_second_browser_sees_a_command_by_its_poll(room: Room) -> None:
    page = room.get("/control").text
    assert poll(room, page).status_code == 204
    number = room.submit("restart_hltd", host=FU).get_json()["id"]
    answer = poll(room, page)
    assert answer.status_code == 200
    assert f"/control/commands/{number}" in answer.text
    assert "queued" in answer.text
    command = room.get(f"/control/commands/{number}").text
    assert poll(room, command).status_code == 204
    room.execute(number)
    assert "done" in poll(room, command).text


@pytest.mark.both_databases
def test_commands_and_events_are_one_list_newest_first(room: Room) -> None:
    room.do("get_dqm_machines")
    room.do("restart_hltd", host=CROWDED)
    crashed = Job.select().where(Job.host == FU, Job.exit_code.is_null()).first()
    Run.update(first=time.time() - 60).execute()  # the clock of the simulator is ahead
    Job.update(exit_code=65, reported=time.time() - 30).where(Job.id == crashed.id).execute()
    table = room.get("/control").text.partition('id="activity-title"')[2]
    name = crashed.tag.partition("_")[0]
    places = [table.index(words) for words in ("Restart hltd</bdi>", "Hosts</bdi>", f"{name} crashed in run")]
    assert places == sorted(places)
    assert "tests need it" in table
    assert f'/square/job?key={crashed.key}"' in table
    shown = {
        show: room.get(f"/control?show={show}").text.partition('id="activity-title"')[2]
        for show in ("commands", "crashes", "queries", "runs")
    }
    assert ["Restart hltd</bdi>" in text for text in shown.values()] == [True, False, False, False]
    assert [f"{name} crashed" in text for text in shown.values()] == [False, True, False, False]
    assert ["Hosts</bdi>" in text for text in shown.values()] == [False, False, True, False]
    assert [" began</bdi>" in text for text in shown.values()] == [False, False, False, True]
    playback = room.get("/control?of=playback").text.partition('id="activity-title"')[2]
    assert "Restart hltd</bdi>" not in playback
    for wrong in ("show=x", "of=x", "before=x", "before=-1", "before=nan"):
        assert room.get(f"/control?{wrong}").status_code == 400


def test_older_entries_are_on_further_pages(room: Room) -> None:
    row = room.do("restart_hltd", host=FU)
    values = {name: value for name, value in row.__data__.items() if name != "id"}
    now = time.time()
    SubmittedCommand.insert_many(
        [values | {"idempotency_key": f"once-{number}", "created": now - number, "reason": f"no. {number}."} for number in range(120)]
    ).execute()
    page, seen = room.get("/control?show=commands").text, []
    while True:
        seen += re.findall(r"no\. (\d+)\.", page)
        older = re.search(r'href="([^"]*)" data-key="n">Older', page)
        if not older:
            break
        page = room.get(older[1].replace("&amp;", "&")).text
    assert seen == [str(number) for number in range(120)]


def test_api_lists_commands_and_returns_one_with_its_responses(room: Room) -> None:
    first = room.do("get_dqm_machines")
    second = room.do("restart_hltd", host=FU)
    listed = room.get("/api/v1/control/commands").get_json()["commands"]
    assert [row["id"] for row in listed] == [second.id, first.id]
    assert room.get(f"/api/v1/control/commands?before={second.id}&limit=5").get_json()["commands"] == listed[1:]
    document = room.get(f"/api/v1/control/commands/{second.id}").get_json()
    assert document["responses"] == [{"machine": "dqmrubu-c2a06-03-01", "status": 200, "text": "Ok", "state": "answered", "error": ""}]
    assert document["arguments"] == {"host": FU}
    assert len(document["impact"]["jobs"]) == 4
    assert room.get("/api/v1/control/commands/999999").status_code == 404
    wrong: list[Any] = [
        [],
        {"name": 1},
        {"name": "drop", "arguments": []},
        {"name": "drop", "reason": 1},
        {"name": "drop", "idempotency_key": "short"},
        {"name": "drop", "arguments": {"a": None}},
    ]
    for body in wrong:
        answer = room.client.post("/api/v1/control/commands", json=body, headers=room.operator, base_url=HOME)
        assert answer.status_code == 400
        assert answer.get_json()["errors"]
    unknown = room.client.post("/api/v1/control/commands", json={"name": "explode"}, headers=room.operator, base_url=HOME)
    assert unknown.status_code == 404


def test_a_body_that_is_not_json_or_deeply_nested_is_refused(room: Room) -> None:
    for data in ("[" * 16_000, "{", '{"name": ' * 500):
        answer = room.client.post(
            "/api/v1/control/commands", data=data, content_type="application/json", headers=room.operator, base_url=HOME
        )
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "body")
