"""The pages of a run: jobs by urgency, the situation, hosts and machines."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.core.version import VERSION
from app.square.models import Host, HostStatus, Job
from app.square.systems import SYSTEMS
from tests.square import data


def words(html: str) -> str:
    """The text of a page as a reader sees it."""
    body = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:2000]
    return words(answer.text)


def clients(html: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a class="stop"[^>]*><bdi>([^<]*)', html)


def key_of(tag: str, run: int = 358792) -> str:
    return str(Job.get(Job.run == run, Job.tag.startswith(f"{tag}_dqm")).key)


def test_the_live_page_shows_the_newest_run(filled: Settings, client: FlaskClient) -> None:
    text = text_of(client, "/square")
    assert "Run 358792" in text
    assert "31 running 0 finished" in text
    assert "cosmic_run" in text
    assert "12_4_8_39145" in text
    assert "live" in text
    assert "Europe/Zurich" in text


def test_every_client_is_listed_with_its_numbers(filled: Settings, client: FlaskClient) -> None:
    page = client.get("/square/runs/358788").text
    assert len(clients(page)) == 31
    row = next(words(f"<main>{row}</main>") for row in page.split("<tr ") if "<bdi>beam</bdi>" in row)
    assert "2022-09-15 13:45:47" in row
    assert "fu-c2f11-11-04" in row
    assert "1,165" in row
    assert "705 MB" in row
    assert " 99 " in row


def test_a_run_leads_to_the_runs_before_and_after(filled: Settings, client: FlaskClient) -> None:
    page = client.get("/square/runs/358791").text
    assert 'aria-label="Previous run: 358788"' in page
    assert 'aria-label="Next run: 358792"' in page


def test_crash_is_listed_first_with_exit_code_and_signal(filled: Settings, client: FlaskClient) -> None:
    data.change(key_of("sistrip"), exit_code=134)
    page = client.get("/square").text
    assert clients(page)[0] == "sistrip"
    assert "134 SIGABRT" in page
    assert "1 down" in words(page)


def test_a_job_that_is_silent_for_a_quarter_of_an_hour_is_stuck(filled: Settings, client: FlaskClient) -> None:
    data.change(key_of("gem"), reported=time.time() - 800)
    assert "0 stuck" in text_of(client, "/square")
    data.change(key_of("gem"), reported=time.time() - 901)
    page = client.get("/square").text
    assert "1 stuck" in words(page)
    assert clients(page)[0] == "gem"


def test_restarts_of_a_client_stand_together_as_attempts(filled: Settings, client: FlaskClient) -> None:
    old = Job.get(Job.key == key_of("pixel"))
    data.change(old.key, exit_code=-11, reported=time.time() - 60)
    values = dict(old.__data__) | {"key": "again", "pid": 99999, "started": time.time(), "exit_code": None}
    del values["id"]
    Job.create(**values)
    page = client.get("/square").text
    assert clients(page).count("pixel") == 2
    at = clients(page).index("pixel")
    assert clients(page)[at + 1] == "pixel"
    text = words(page)
    assert text.index("attempt 2") < text.index("attempt 1")
    assert "-11 SIGSEGV" in text


def test_old_run_is_shown_as_ended(filled: Settings, client: FlaskClient) -> None:
    assert "Run ended" in text_of(client, "/square/runs/358788")


def test_before_the_first_run_the_page_waits_for_it(hub: Settings, client: FlaskClient) -> None:
    text = text_of(client, "/square")
    assert "No hosts are configured" in text
    with proxy.atomic():
        data.hosts(advance(data.SYSTEM))
    assert "No run has been reported yet" in text_of(client, "/square")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"failures": 3, "error": "connection refused"}, "P5 is unreachable: connection refused"),
        ({"failures": 9, "error": "refused", "last_ok": 1000.0, "last_error": 2000.0}, "P5 is no longer polled"),
        ({"last_ok": 1000.0}, "P5 is no longer polled"),
        ({"behind": 100}, "Catching up: 500 documents"),
    ],
)
def test_page_explains_why_nothing_updates(filled: Settings, client: FlaskClient, change: dict[str, object], sentence: str) -> None:
    Host.update(change).execute()
    assert sentence in text_of(client, "/square")


def test_while_catching_up_the_newest_stored_run_is_not_called_the_last(filled: Settings, client: FlaskClient) -> None:
    Job.update(exit_code=0).execute()
    data.change(key_of("gem"), exit_code=0)
    assert "The next run has not begun" in text_of(client, "/square")
    Host.update(behind=100).execute()
    data.change(key_of("gem", 358788), exit_code=0)
    text = text_of(client, "/square")
    assert "Catching up: 500 documents" in text
    assert "The next run has not begun" not in text
    assert "Run ended" in text_of(client, "/square/runs/358791"), "which is true of an older one"


def test_texts_on_responding_hosts_stay_true_between_polls(filled: Settings, client: FlaskClient) -> None:
    text = text_of(client, "/square")
    assert text.count("responding within 30 s") == 5
    since = datetime.fromtimestamp(HostStatus.get(HostStatus.up == 1).first, ZoneInfo("Europe/Zurich"))
    assert f"up dqmfu-c2b03-45-01 since {since:%Y-%m-%d %H:%M:%S}" in text


def test_one_failing_host_is_named_with_the_time(filled: Settings, client: FlaskClient) -> None:
    Host.update(failures=3, error="timed out", last_ok=time.time() - 200).where(Host.name == "fu-c2f11-11-03").execute()
    page = text_of(client, "/square")
    assert "fu-c2f11-11-03 does not respond" in page
    since = datetime.fromtimestamp(time.time() - 200, ZoneInfo("Europe/Zurich"))
    assert f"(since {since:%Y-%m-%d %H:}" in page


def test_stalled_jobs_are_distinguished_from_a_stalled_poller(filled: Settings, client: FlaskClient) -> None:
    Job.update(reported=time.time() - 300).where(Job.run == 358792).execute()
    data.change(key_of("gem"), reported=time.time() - 300)
    assert "but no job reports" in text_of(client, "/square")


def test_cluster_is_shown_as_p5_reports_it(filled: Settings, client: FlaskClient) -> None:
    text = text_of(client, "/square")
    assert "down dqmfu-c2b04-45-01" in text
    assert "Connection refused" in text
    assert "up dqmfu-c2b03-45-01" in text


def test_machine_without_reports_disappears_or_becomes_unknown(filled: Settings, client: FlaskClient) -> None:
    HostStatus.update(last=time.time() - 86400).where(HostStatus.name == "dqmfu-c2b04-45-01").execute()
    text = text_of(client, "/square")
    assert "up dqmfu-c2b03-45-01" in text
    assert "dqmfu-c2b04-45-01" not in text
    HostStatus.update(last=time.time() - 86400).execute()
    data.change(key_of("gem"), lumi=1)
    text = text_of(client, "/square")
    assert text.count("unknown dqmfu") == 2
    assert "no data for 24 h" in text


def test_times_are_in_swiss_time_unless_utc_is_selected(filled: Settings, client: FlaskClient) -> None:
    assert "2022-09-15 13:45:47" in text_of(client, "/square/runs/358788")
    text = text_of(client, "/square/runs/358788?tz=utc")
    assert "2022-09-15 11:45:47" in text
    assert "Times: UTC" in text


def test_the_repeated_hour_is_distinguished_by_its_zone(filled: Settings, client: FlaskClient) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    data.change(key_of("gem", 358788), reported=first)
    data.change(key_of("csc", 358788), reported=first + 3600)
    data.change(key_of("beam", 358788), reported=first + 7200)
    text = text_of(client, "/square/runs/358788")
    assert all(time in text for time in ("2026-10-25 02:30:00 CEST", "2026-10-25 02:30:00 CET", "2026-10-25 03:30:00"))
    assert "03:30:00 C" not in text
    assert "2026-10-25 00:30:00 UTC" not in text_of(client, "/square/runs/358788?tz=utc")


def test_the_other_system_has_its_own_runs(filled: Settings, client: FlaskClient) -> None:
    assert "No hosts are configured" in text_of(client, f"/square?system={SYSTEMS[1]}")
    assert client.get("/square/runs/358792?system=playback").status_code == 404


@pytest.mark.parametrize("address", ["/square?system=test", "/square?tz=moon"])
def test_an_invalid_address_is_reported(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("run", ["1", "99999999999999999999999999"])
@pytest.mark.both_databases
def test_a_run_that_is_not_known_is_not_found(filled: Settings, client: FlaskClient, run: str) -> None:
    assert client.get(f"/square/runs/{run}").status_code == 404


def test_bookmarks_of_the_original_mirror_redirect_to_the_same_view(filled: Settings, client: FlaskClient) -> None:
    assert client.get("/square?run=358788&db=production").location == "/square/runs/358788"
    assert client.get("/square?run=500016&db=playback").location == "/square/runs/500016?system=playback"
    assert client.get("/square?db=playback").location == "/square?system=playback"


@pytest.mark.parametrize("page", ["job", "log"])
def test_the_footer_of_a_page_that_is_polled_shows_the_version_of_the_hub(filled: Settings, client: FlaskClient, page: str) -> None:
    text = client.get(f"/square/{page}", query_string={"key": key_of("gem")}).text
    assert f"<span>DQM Hub {VERSION}</span>" in text


def test_the_report_of_a_problem_names_the_run_of_a_page_of_dqm2(filled: Settings, client: FlaskClient) -> None:
    for origin in (
        "/square/runs/358788?system=playback",
        f"/square/job?key={key_of('gem', 358788)}",
        f"/square/log?key={key_of('gem', 358788)}",
    ):
        assert "Run: 358788 of DQM^2" in unescape(client.get("/help/report", query_string={"from": origin}).text), origin
    assert "Run: none" in unescape(client.get("/help/report", query_string={"from": "/square"}).text)


def test_a_viewer_gets_no_link_to_notifications_which_need_a_shifter(filled: Settings, client: FlaskClient) -> None:
    assert 'href="/notifications' not in client.get("/square").text


def test_the_area_is_in_the_menu(client: FlaskClient) -> None:
    assert 'href="/square" aria-current="page">DQM^2</a>' in client.get("/square").text


def test_a_time_that_no_calendar_has_is_a_number(filled: Settings, client: FlaskClient) -> None:
    data.change(key_of("gem"), reported=1e18)
    assert "1e+18" in text_of(client, "/square")


def test_the_home_page_shows_what_runs_now(filled: Settings, client: FlaskClient) -> None:
    data.change(key_of("gem"), exit_code=134)
    live, home = text_of(client, "/square"), text_of(client, "/")
    assert "Run 358792 of DQM^2" in home
    assert "1 down" in home
    running = re.search(r"(\d+) running", live)
    assert running
    assert f"{running[1]} clients running" in home
