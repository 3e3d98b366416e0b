"""Experts fetch the whole log of a job from P5; shifters acknowledge crashes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.security import Role, tokens
from app.security.models import Audit, User
from app.square.models import Acknowledgement, Job
from app.square.settings import SquareSettings
from tests.square import data
from tests.support.p5 import FU, P5, Simulators


def bearer(role: Role) -> dict[str, str]:
    """The Authorization header of somebody with this role."""
    user = User.create(name=f"{role.title}-{time.time()}", role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


@pytest.fixture(scope="module")
def p5(simulators: Simulators) -> Iterator[P5]:
    with simulators.run("--speed", "0") as server:
        server.advance(120)
        yield server


@pytest.fixture
def near(filled: Settings, p5: P5) -> FlaskClient:
    """A browser at a hub that polls the simulator and has one of its jobs."""
    (one, *_) = p5.jobs(FU)
    old = Job.get(Job.run == 358792)
    values = dict(old.__data__) | {"key": one["_id"], "host": FU, "run": one["run"], "tag": one["tag"]}
    del values["id"]
    Job.create(**values)
    return create_app(filled.replace(**p5.settings)).test_client()


def key() -> str:
    return str(Job.get(Job.host == FU).key)


def test_an_expert_reads_the_whole_log_as_p5_has_it(near: FlaskClient, p5: P5) -> None:
    own = {**bearer(Role.EXPERT), "Host": "127.0.0.1:8889"}
    theirs = p5.at(FU).get(f"/utils/show_log/{key()}").content
    answer = near.post(f"/square/log/whole?key={key()}&as=file", headers=own, buffered=True)
    assert answer.status_code == 200, answer.text
    assert answer.data == theirs
    page = near.post(f"/square/log/whole?key={key()}", headers=own)
    assert "Whole log, as fetched from P5 now." in page.text
    assert 'id="L1"' in page.text
    assert Audit.select().where(Audit.action == "fetch log").count() == 2


def test_failing_p5_is_reported(near: FlaskClient) -> None:
    Job.update(key="gone").where(Job.host == FU).execute()
    answer = near.post("/square/log/whole?key=gone", headers={**bearer(Role.EXPERT), "Host": "127.0.0.1:8889"})
    assert answer.status_code == 502
    assert "did not send the whole log" in answer.get_json()["message"]


@pytest.mark.parametrize("path", ["", "/square?x=", "@127.0.0.1"])
def test_unlisted_machine_in_a_document_is_not_contacted_for_a_log(filled: Settings, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        host = f"127.0.0.1:{elsewhere.getsockname()[1]}{path}"
        Job.update(host=host).where(Job.key == Job.select(Job.key).where(Job.run == 358792).limit(1)).execute()
        settings = filled.replace(square_url="http://gateway7", square_gateway="gateway7", square_cookie="qzsecretqz")
        client, own = create_app(settings).test_client(), {**bearer(Role.EXPERT), "Host": "127.0.0.1:8889"}
        answer = client.post(f"/square/log/whole?key={Job.get(Job.host == host).key}", headers=own)
        assert answer.status_code == 403, answer.text
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_behind_cmsweb_only_the_gateway_can_send_a_whole_log(filled: Settings) -> None:
    settings = filled.replace(square_url="https://cmsweb.invalid/dqm/dqm-square-origin")
    client, own = create_app(settings).test_client(), {**bearer(Role.EXPERT), "Host": "127.0.0.1:8889"}
    job = Job.get(Job.run == 358792)
    message = f"The whole log is on <bdi>{job.host}</bdi>, but CMSWEB only reaches {settings.of(SquareSettings).square_gateway}"
    page = client.get(f"/square/log?key={job.key}", headers=own).text
    assert message in page
    assert "Whole log from P5" not in page
    answer = client.post(f"/square/log/whole?key={job.key}", headers=own)
    assert answer.status_code == 501
    assert "It can be fetched by a hub inside P5" in answer.get_json()["message"]
    Job.update(host=f"{settings.of(SquareSettings).square_gateway}.cms").where(Job.key == job.key).execute()
    page = client.get(f"/square/log?key={job.key}", headers=own).text
    assert "Whole log from P5" in page
    assert message not in page


def test_without_p5_there_is_nothing_to_fetch(filled: Settings, client: FlaskClient) -> None:
    answer = client.post(f"/square/log/whole?key={Job.select().first().key}", headers=bearer(Role.EXPERT))
    assert answer.status_code == 503


@pytest.mark.both_databases
def test_a_shifter_acknowledges_a_crash_once(filled: Settings, client: FlaskClient) -> None:
    crashed = Job.get(Job.run == 358792, Job.tag.startswith("gem_")).key
    other = Job.get(Job.run == 358792, Job.tag.startswith("csc_")).key
    own = bearer(Role.SHIFTER)
    assert client.post(f"/square/job/acknowledge?key={crashed}", headers=own).status_code == 409, "it runs"
    data.change(crashed, exit_code=65)
    data.change(other, exit_code=65)
    before = data.version()
    assert "Acknowledge crash" in client.get(f"/square/job?key={crashed}", headers=own).text
    answer = client.post(f"/square/job/acknowledge?key={crashed}", headers=own, data={"note": "informed <b>the expert</b>"})
    assert answer.status_code == 303
    assert data.version() == before + 1, "pages are updated"
    assert Acknowledgement.get(Acknowledgement.key == crashed).note == "informed <b>the expert</b>"
    html = client.get("/square").text
    assert html.index("<bdi>csc</bdi>") < html.index("<bdi>gem</bdi>"), "unacknowledged crashes are first"
    again = client.post(f"/square/job/acknowledge?key={crashed}", headers=own)
    assert again.status_code == 409
    assert "informed <b>the expert</b>" in again.get_json()["message"]
    assert Audit.get(Audit.action == "acknowledge").reason == "informed <b>the expert</b>"


def test_acknowledgement_is_valid_until_the_next_report(filled: Settings, client: FlaskClient) -> None:
    key, own = Job.get(Job.run == 358792, Job.tag.startswith("gem_")).key, bearer(Role.SHIFTER)
    data.change(key, reported=time.time() - 1000)
    assert client.post(f"/square/job/acknowledge?key={key}", headers=own, data={"note": "stuck"}).status_code == 303
    assert "acknowledged by" in client.get("/square").text
    data.change(key, exit_code=-9, reported=time.time() + 1)
    assert "acknowledged by" not in client.get("/square").text, "the crash is not acknowledged"
    data.change(key, reported=time.time() - 1)
    Acknowledgement.update(at=time.time() - 10).execute()
    assert client.post(f"/square/job/acknowledge?key={key}", headers=own, data={"note": "crashed"}).status_code == 303
    (row,) = Acknowledgement.select()
    assert (row.note, row.revision) == ("crashed", 2)
