"""A document with a wild run number is no newest run, on the hub, in its API and on mirrors; operators hide runs."""

from __future__ import annotations

import json
import re
import time
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.counters import version_of
from app.core.settings import Settings
from app.publish.publisher import Publisher
from app.publish.redactions import REDACTIONS
from app.security import Role
from app.security.models import Audit
from app.square.events import events
from app.square.models import Document, Job, Run
from app.square.plausibility import FAR, FUTURE, OUT_OF_RANGE, RunFacts, doubt_of, judge_recent
from app.square.poller.host_poller import HostPoller
from app.square.published import PUBLISHED
from protocol.snapshot import ItemKey
from tests.notify import seed
from tests.publish.copies import contents
from tests.square.test_pages_whole_log import bearer
from tests.support.p5 import FU, P5
from tests.support.processes import until

pytestmark = pytest.mark.both_databases

REAL = (358785, 358788, 358789, 358791, 358792)
"""Numbers of runs of one night."""

HOUR_S = 3600.0


def report(number: int, ago: float, *hosts: str, **facts: Any) -> None:
    """A run that began so long ago and ended some minutes later, as these hosts report it."""
    at = time.time() - ago
    for host in hosts or ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"):
        seed.job(number, f"{host}-beam", at + 300, 0, host=host, started=at, **facts)


@pytest.fixture
def night(hub: Settings) -> Settings:
    """Five runs, an hour apart; the newest began an hour ago."""
    for place, number in enumerate(reversed(REAL), 1):
        report(number, place * HOUR_S)
    return hub


def publish(settings: Settings) -> dict[ItemKey, bytes]:
    """All published items."""
    publisher = Publisher(settings.replace(publish_folder="/nowhere"), [PUBLISHED, REDACTIONS])
    publisher.step()
    until(lambda: publisher.step() or not publisher.incomplete, "everything to be published")
    return contents()


def listed(html: str) -> list[int]:
    """The runs in the table of the timeline."""
    return [int(run) for run in re.findall(r'<th scope="row"><a class="stop"[^>]*>(\d+)<', html)]


def assert_newest(settings: Settings, client: FlaskClient, newest: int, all_runs: list[int]) -> None:
    """A run is the newest one, and these runs are listed, everywhere."""
    page = client.get("/square").text
    assert f'data-run="{newest}"' in page
    assert client.get("/api/v1/square/runs/0").get_json()["run"] == newest
    assert [run["run"] for run in client.get("/api/v1/square/runs").get_json()["runs"]] == sorted(all_runs, reverse=True)
    assert client.get("/api?what=get_info&db=production").get_json() == [min(all_runs), newest]
    span = "from=0&to=9000000000000000&bad_only=0&ls=0&db=production"
    assert [int(run) for run in client.get(f"/api?what=get_runs&{span}").get_json()] == sorted(all_runs)
    assert listed(client.get("/square/timeline").text) == sorted(all_runs, reverse=True)
    items = publish(settings)
    assert json.loads(items[ItemKey("index", "production", 0, "newest")]) == newest
    assert json.loads(items[ItemKey("index", "production", 0, "runs")]) == sorted(all_runs)
    live = items[ItemKey("live", "production", 0, "page")].decode()
    assert re.findall(r'class="run">\s*<span class="label">Run</span> <a[^>]*>(\d+)', live) == [str(newest)]
    assert {key.run for key in items if key.kind == "run"} == set(all_runs)


WILD = {2**40: OUT_OF_RANGE, -4: OUT_OF_RANGE, 0: OUT_OF_RANGE, 999_999: FAR, 500_016: FAR, 7: FAR}


@pytest.mark.parametrize("wild", WILD)
def test_one_document_with_a_wild_run_number_is_listed_apart_and_never_the_newest_run(
    night: Settings, client: FlaskClient, p5: P5, wild: int
) -> None:
    document = {"_id": "wild", "type": "dqm-source-state", "hostname": FU, "run": wild, "tag": "beam", "report_timestamp": time.time()}
    p5.incident("upload", host=FU, documents=[document])
    assert HostPoller("production", FU, night.replace(square_url=p5.address, square_timeout_s=60.0)).poll(lambda: False)
    assert Run.get(Run.run == wild).doubt == WILD[wild]
    assert_newest(night, client, 358792, list(REAL))
    assert "1 doubtful run" in client.get("/square").text
    apart = unescape(client.get("/square/timeline").text.partition('id="doubtful-title"')[2])
    assert f">{wild}<" in apart.replace("\n", "").replace(" ", "")
    (one,) = client.get("/api/v1/square/runs").get_json()["doubtful"]
    assert one["run"] == wild
    if wild > 0:
        assert "Doubtful run: " in client.get(f"/square/runs/{wild}").text
    found = events("production", 0, time.time() + 1)
    assert wild not in {event.run for event in found if event.kind.startswith("run-")}


def test_a_host_that_was_moved_from_playback_does_not_bring_its_runs_along(night: Settings, client: FlaskClient) -> None:
    moved = "dqmfu-c2b01-45-01"
    for place in range(40):  # also after the newest run of production
        report(500_016 + place, 5.5 * HOUR_S - place * 480, moved)
    assert {run.run for run in Run.select().where(Run.doubt != "")} == set(range(500_016, 500_056))
    assert_newest(night, client, 358792, list(REAL))
    report(358793, 10, moved)
    assert_newest(night, client, 358793, [*REAL, 358793])


def test_runs_of_a_moved_host_that_were_read_before_all_others_become_doubtful(hub: Settings, client: FlaskClient) -> None:
    for place in range(40):
        report(500_016 + place, 5.5 * HOUR_S - place * 480, "dqmfu-c2b01-45-01")
    for host in ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"):
        for place, number in enumerate(reversed(REAL), 1):
            report(number, place * HOUR_S, host)
    judge_recent("production")
    assert_newest(hub, client, 358792, list(REAL))
    version = version_of("production")
    judge_recent("production")
    assert version_of("production") == version, "nothing has changed"


def test_a_wild_run_that_came_first_of_all_becomes_doubtful_once_there_are_others(hub: Settings, client: FlaskClient) -> None:
    report(999_999, 5 * HOUR_S, "dqmfu-c2b03-45-01")
    assert Run.get().doubt == "", "nothing is known that it could be compared with"
    for place, number in enumerate(REAL):
        report(number, (4 - place) * 600 + 60)
    assert Run.get(Run.run == 999_999).doubt == FAR
    assert_newest(hub, client, 358792, list(REAL))


def test_the_newest_run_is_the_one_that_began_last_whatever_its_number(night: Settings, client: FlaskClient) -> None:
    report(358700, 60)
    assert_newest(night, client, 358700, [358700, *REAL])
    page = client.get("/square").text
    assert 'aria-label="Next run: 358785"' in page, "neighbours are those by number"


def test_a_run_whose_only_job_reports_from_the_far_future_is_doubtful(night: Settings, client: FlaskClient) -> None:
    report(358793, -1e9)
    assert Run.get(Run.run == 358793).doubt == FUTURE
    assert_newest(night, client, 358792, list(REAL))


HOSTS = [f"dqmfu-c2b0{number}-45-01" for number in range(1, 6)]


@pytest.fixture
def night_of_five(hub: Settings) -> Settings:
    """As `night`, but five hosts report each run."""
    for place, number in enumerate(reversed(REAL), 1):
        report(number, place * HOUR_S, *HOSTS)
    return hub


def test_a_number_that_jumps_for_good_is_plausible_once_most_hosts_report_it(night_of_five: Settings, client: FlaskClient) -> None:
    for count, doubt in ((1, FAR), (2, FAR), (3, "")):
        report(700_001, 900, HOSTS[count - 1])
        assert Run.get(Run.run == 700_001).doubt == doubt, f"{count} of 5 hosts"
    for place in range(5):  # within minutes: the last run before them stays plausible
        report(700_002 + place, 800 - place * 60, *HOSTS)
    assert_newest(night_of_five, client, 700_006, [*REAL, *range(700_001, 700_007)])
    judge_recent("production")
    assert not Run.select().where(Run.doubt != "").count()


def test_two_hosts_that_were_moved_from_playback_do_not_bring_their_runs_along(night_of_five: Settings, client: FlaskClient) -> None:
    for place in range(2):
        report(500_016 + place, 900 - place * 400, *HOSTS[:2])
    assert {run.run for run in Run.select().where(Run.doubt != "")} == {500_016, 500_017}
    assert_newest(night_of_five, client, 358792, list(REAL))


def test_numbers_that_jump_for_good_are_plausible_from_the_third_run_on_with_fewer_hosts(
    night_of_five: Settings, client: FlaskClient
) -> None:
    for place, number in enumerate((700_001, 700_002)):
        report(number, 1000 - place * 100, *HOSTS[:2])
        assert Run.get(Run.run == number).doubt == FAR
    for place, number in enumerate((700_003, 700_004)):
        report(number, 800 - place * 100, *HOSTS[:2])
    assert Run.get(Run.run == 700_004).doubt == ""
    assert f'data-run="{700_004}"' in client.get("/square").text


def test_runs_of_many_years_are_all_plausible(hub: Settings) -> None:
    for year in range(8):
        for place in range(3):
            report(280_000 + year * 15_000 + place, (8 - year) * 365 * 86400 - place * HOUR_S)
    assert not Run.select().where(Run.doubt != "").count()


@pytest.mark.parametrize(
    ("run", "others", "doubt"),
    [
        (358792, [], ""),
        (10_000_000, [], OUT_OF_RANGE),
        (999_999, [358788, 358791], ""),
        (999_999, [358788, 358791, 358792], FAR),
        (358792, [358788, 358791, 999_999, 999_998], ""),
        (358792, [358788, 999_997, 999_999, 999_998], FAR),
        (408_792, [358792] * 5, ""),
        (408_793, [358792] * 5, FAR),
    ],
)
def test_a_run_is_doubtful_if_most_of_the_runs_around_it_are_far(run: int, others: list[int], doubt: str) -> None:
    assert doubt_of(RunFacts(run, 1e9, 1), [RunFacts(other, 1e9, 2) for other in others], 1e9) == doubt


def test_an_operator_hides_a_run_from_hub_api_and_mirrors_and_shows_it_again(night: Settings, client: FlaskClient) -> None:
    own, reason = bearer(Role.OPERATOR), "test of <b>hltd</b>"
    assert "Hide run" in client.get("/square/runs/358792", headers=own).text
    assert client.post("/square/hide-run", headers=own, data={"run": "358792", "reason": reason}).status_code == 303
    assert_newest(night, client, 358791, list(REAL[:-1]))
    assert client.get("/api/v1/square/runs").get_json()["hidden"][0]["reason"] == reason
    page = client.get("/square/runs/358792").text
    assert "This run is on no list and no mirror" in page
    assert "test of &lt;b&gt;hltd&lt;/b&gt;" in page
    assert "test of &lt;b&gt;hltd" in client.get("/square/timeline").text
    seed.job(358792, "csc", time.time(), 65)
    assert 358792 not in {event.run for event in events("production", 0, time.time() + 1)}
    assert Document.select().count() + Job.select().where(Job.run == 358792).count() > 0, "its data stay"
    assert client.post("/square/show-run", headers=own, data={"run": "358792"}).status_code == 303
    assert_newest(night, client, 358792, list(REAL))
    changes = Audit.select().where(Audit.target == "production run 358792").order_by(Audit.id)
    assert [(row.action, row.reason) for row in changes] == [("hide run", reason), ("show run", "")]


def test_a_doubtful_run_with_a_negative_number_can_be_hidden(night: Settings, client: FlaskClient) -> None:
    report(-4, 10)
    own = bearer(Role.OPERATOR)
    assert 'aria-label="Hide run -4"' in client.get("/square/timeline", headers=own).text
    assert client.post("/square/hide-run", headers=own, data={"run": "-4", "reason": "no run"}).status_code == 303
    assert "doubtful run" not in client.get("/square").text


def test_only_operators_hide_runs_and_only_with_a_reason(night: Settings, client: FlaskClient) -> None:
    assert client.post("/square/hide-run", headers=bearer(Role.SHIFTER), data={"run": "358792", "reason": "x"}).status_code == 403
    assert "Hide run" not in client.get("/square/runs/358792", headers=bearer(Role.SHIFTER)).text
    own = bearer(Role.OPERATOR)
    for form, status in (({"run": "358792"}, 400), ({"run": "x", "reason": "x"}, 400), ({"run": "999", "reason": "x"}, 404)):
        assert client.post("/square/hide-run", headers=own, data=form).status_code == status
    assert_newest(night, client, 358792, list(REAL))


def test_scripts_of_operators_hide_runs_and_show_them_again(night: Settings, client: FlaskClient) -> None:
    own = bearer(Role.OPERATOR)
    report(-4, 10)
    for run in (358792, -4):
        answer = client.post("/api/v1/square/hide-run", headers=own, json={"run": run, "reason": "test of hltd"})
        assert answer.status_code == 200
        latest = answer.json["hidden"][0]
        assert (latest["run"], latest["reason"]) == (run, "test of hltd")
    assert_newest(night, client, 358791, list(REAL[:-1]))
    assert client.get("/api/v1/square/runs").get_json()["doubtful"] == []
    answer = client.post("/api/v1/square/show-run", headers=own, json={"run": 358792})
    assert [one["run"] for one in answer.json["hidden"]] == [-4]
    assert_newest(night, client, 358792, list(REAL))
    changes = Audit.select().where(Audit.target == "production run 358792").order_by(Audit.id)
    assert [(row.action, row.reason) for row in changes] == [("hide run", "test of hltd"), ("show run", "")]


def test_a_script_hides_runs_only_as_operator_with_a_reason_and_a_whole_number(night: Settings, client: FlaskClient) -> None:
    good = {"run": 358792, "reason": "x"}
    assert client.post("/api/v1/square/hide-run", headers=bearer(Role.EXPERT), json=good).status_code == 403
    own = bearer(Role.OPERATOR)
    wrong: list[tuple[Any, int]] = [
        ({"run": 358792}, 400),
        ({"run": 358792, "reason": " "}, 400),
        ({"run": "358792", "reason": "x"}, 400),
        ({"run": True, "reason": "x"}, 400),
        ({"run": 1e300, "reason": "x"}, 400),
        ({"run": 10**30, "reason": "x"}, 400),
        ({"run": 358792, "reason": ["x"]}, 400),
        ([], 400),
        (None, 400),
        ({"run": 999, "reason": "x"}, 404),
    ]
    for body, status in wrong:
        answer = client.post("/api/v1/square/hide-run", headers=own, json=body)
        assert (answer.status_code, answer.json["status"]) == (status, status), body
    assert_newest(night, client, 358792, list(REAL))


def test_a_body_that_is_not_json_or_deeply_nested_is_refused(night: Settings, client: FlaskClient) -> None:
    own = bearer(Role.OPERATOR)
    for address in ("hide-run", "show-run"):
        for data, kind in (("[" * 16_000, "application/json"), ("{", "application/json"), ('{"run": 358792, "reason": "x"}', "text/plain")):
            answer = client.post(f"/api/v1/square/{address}", headers=own, data=data, content_type=kind)
            assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "body")
