"""The number of alarms on all pages and in answers to polls."""

from __future__ import annotations

import http.client
import re
from pathlib import Path

from flask.testing import FlaskClient

from app.alarms.models import ACKNOWLEDGED, REMINDED
from app.core import database
from app.core.settings import Settings
from tests.alarms.pages import seed
from tests.alarms.pages.conftest import Browse
from tests.support.site import site

POLL = {"HX-Request": "true", "DQM-Automatic": "1"}
HEADER = "DQM-Alarms"
MAX_POLL_BYTES = 300


def count_of(client: FlaskClient) -> str:
    """The number in the answer to an open page."""
    return client.get("/alarms/count", headers=POLL).headers[HEADER].partition(".")[0]


def newest_of(client: FlaskClient) -> int:
    """When the newest alarm was raised or its last reminder was sent, ms."""
    return int(client.get("/alarms/count", headers=POLL).headers[HEADER].partition(".")[2])


def forget(client: FlaskClient) -> None:
    """Let the next answer have what others have changed meanwhile."""
    client.application.extensions["alarm_count"].forget()


def test_each_page_shows_how_many_alarms_nobody_acknowledged(client: FlaskClient) -> None:
    rule = seed.rule()
    seed.alarm(rule, "a")
    seed.alarm(rule, "b")
    seed.alarm(rule, "c", state=ACKNOWLEDGED)
    for address in ("/", "/status", "/alarms"):
        found = re.search(
            r'id="alarm-count".*?data-alarms="(\d+)\.\d+">.*?<b>(\d+)</b><span class="unseen">(.*?)</span>',
            client.get(address).text,
            re.DOTALL,
        )
        assert found, address
        assert found.groups() == ("2", "2", " alarms to look at")


def test_an_answer_to_an_open_page_has_the_number_also_without_other_news(client: FlaskClient) -> None:
    seed.alarm(seed.rule())
    answer = client.get("/alarms/count", headers=POLL)
    assert answer.status_code == 204
    assert answer.headers[HEADER].startswith("1.")
    assert client.get("/square", headers=POLL).headers[HEADER] == answer.headers[HEADER]
    assert HEADER not in client.get("/square").headers  # the page has it


def test_the_answer_after_an_acknowledgement_has_the_new_number(browse: Browse) -> None:
    shifter = browse("shifter")
    alarm = seed.alarm(seed.rule())
    assert count_of(shifter) == "1"
    shifter.post("/alarms/acknowledge", data={"alarm": alarm.id})
    assert count_of(shifter) == "0"


def test_the_second_number_grows_with_new_alarms_and_reminders_alone(browse: Browse) -> None:
    shifter, rule = browse("shifter"), seed.rule()
    first = seed.alarm(rule, "a")
    second = seed.alarm(rule, "b", raised=first.raised + 10)
    before = newest_of(shifter)
    shifter.post("/alarms/acknowledge", data={"alarm": first.id})
    assert newest_of(shifter) == before
    seed.change(second, state=REMINDED, reminded=first.raised + 20)
    forget(shifter)
    assert newest_of(shifter) == before + 10_000


def test_nobody_without_rights_learns_the_number(browse: Browse, client: FlaskClient) -> None:
    seed.alarm(seed.rule())
    far = {"REMOTE_ADDR": "192.0.2.7"}
    answer = client.get("/alarms/count", headers=POLL, environ_overrides=far)
    assert answer.status_code == 401
    assert HEADER not in answer.headers
    assert "alarm-count" not in client.get("/account/sign-in", environ_overrides=far).text


def test_a_poll_without_news_is_below_300_bytes_with_its_headers(sqlite_template: Path, tmp_path: Path) -> None:
    with site(Settings(data_dir=str(tmp_path / "p"), web_workers=1), sqlite_template, []) as settings:
        database.connect(settings)
        seed.alarm(seed.rule())
        database.disconnect()
        for address in ("/alarms/count", None):
            conn = http.client.HTTPConnection("127.0.0.1", settings.web_port)
            if address is None:
                conn.request("GET", "/alarms")
                poll = re.search(r'hx-get="([^"]*)"', conn.getresponse().read().decode())
                assert poll
                address = poll[1]
            conn.request("GET", address, headers=POLL)
            assert conn.sock
            received = conn.sock.recv(4096)
            conn.close()
            assert received.startswith(b"HTTP/1.1 204")
            assert b"DQM-Alarms: 1." in received
            assert len(received) < MAX_POLL_BYTES, received
