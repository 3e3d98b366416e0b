"""The page of notifications: its contents by role, and the actions of operators; the list of events for scripts."""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.core.zones import CERN
from app.notify.channels import channels
from app.notify.delivery import deliver_due
from app.notify.maintenance import parse_time
from app.notify.models import Delivery, MaintenanceWindow, Notification
from app.security import Role
from app.security.models import Audit
from tests.notify import seed
from tests.square.test_pages_whole_log import bearer
from tests.support.raw_server import closed

pytestmark = pytest.mark.both_databases

HOST = {"Host": "127.0.0.1:8889"}
PAGE = "/notifications"


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(
        notify_webhooks=("https://chat.cern.ch/hooks/s3cr3t",),
        notify_sound=closed(),
        notify_quiet=("sound 02:00-02:01",),
        square_url=f"http://{closed()}",
        square_production=("fu-1", "fu-2"),
    )


@pytest.fixture
def client(configured: Settings) -> FlaskClient:
    return create_app(configured).test_client()


def shifter() -> dict[str, str]:
    return HOST | bearer(Role.SHIFTER)


def operator() -> dict[str, str]:
    return HOST | bearer(Role.OPERATOR)


def crash(configured: Settings, client: str = "beam", **facts: object) -> None:
    seed.job(358792, client, time.time() - 5, 139, **facts)
    seed.detect(configured)


def failed(configured: Settings) -> Delivery:
    """The sound of a crash, expired."""
    crash(configured)
    (channel,) = [channel for channel in channels(configured) if channel.kind == "sound"]
    deliver_due(channel, "", lambda: False)
    Delivery.update(not_before=0.0, since=0.0).where(Delivery.channel == "sound").execute()
    deliver_due(channel, "", lambda: False)
    row: Delivery = Delivery.get(Delivery.channel == "sound")
    assert row.state == "failed"
    return row


def audited() -> list[tuple[str, str]]:
    return [
        (each.action, each.target)
        for each in Audit.select().where(Audit.action.not_in(["add token", "refused request"])).order_by(Audit.id)
    ]


def test_a_shifter_sees_deliveries_and_why_they_failed(configured: Settings, client: FlaskClient) -> None:
    failed(configured)
    page = client.get(PAGE, headers=shifter()).text
    assert "beam" in page
    assert "crashed in run 358792" in page
    assert "Exit code 139 SIGSEGV" in page
    assert re.search(r"failed.*no connection to port", page, re.S)
    assert "webhook chat.cern.ch" in page
    assert "02:00-02:01" in page
    assert "s3cr3t" not in page
    for button in ("Send again", "Send a test", "Announce"):
        assert button not in page
        assert button in client.get(PAGE, headers=operator()).text


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        ("2027-03-28T01:30", "2027-03-28T02:30", 1.0),  # the clock shows no 02:30, but 03:30 instead
        ("2027-10-31T02:15", "2027-10-31T02:45", 1.5),  # and both twice
    ],
)
def test_maintenance_lasts_through_the_night_in_which_the_clock_is_set(begins: str, ends: str, hours: float) -> None:
    first, last = parse_time(begins, 0), parse_time(ends, 1)
    assert first is not None
    assert last is not None
    assert (last - first) / 3600 == hours


def test_events_that_were_not_notified_show_the_reason(configured: Settings, client: FlaskClient) -> None:
    crash(configured)
    crash(configured, key="second")
    MaintenanceWindow.create(system="production", hosts="", begins=0.0, ends=time.time() + 600, reason="new kernel", user="op")
    crash(configured, "csc")
    seed.job(358791, "beam", time.time() - 2000, 1)
    seed.detect(configured)
    page = client.get(PAGE, headers=shifter()).text
    for words in ("none (duplicate)", "none (maintenance)", "none (event too old)", "new kernel"):
        assert words in page


def test_without_a_channel_the_page_shows_how_to_configure_one(hub: Settings) -> None:
    page = create_app(hub).test_client().get(PAGE, headers=shifter()).text
    assert "No notification channel configured" in page
    assert "No events yet" in page


def test_a_poll_gets_nothing_until_something_changed(configured: Settings, client: FlaskClient) -> None:
    own = shifter() | {"HX-Request": "true", "HX-Target": "notifications"}

    def poll(text: str) -> str:
        found = re.search(r'hx-get="([^"]*since=[^"]*)"', text)
        assert found
        return found[1].replace("&amp;", "&")

    first = client.get(PAGE, headers=own).text
    assert "<html" not in first
    assert client.get(poll(first), headers=own).status_code == 204
    crash(configured)
    second = client.get(poll(first), headers=own)
    assert second.status_code == 200
    assert client.get(poll(second.text), headers=own).status_code == 204
    MaintenanceWindow.create(system="production", hosts="", begins=time.time() - 5, ends=time.time() + 600, reason="x", user="op")
    third = client.get(poll(second.text), headers=own)
    assert third.status_code == 200, "a window has begun"


def test_older_events_are_on_older_pages(configured: Settings, client: FlaskClient) -> None:
    for number in range(60):
        seed.job(358792, f"client{number}", time.time() - 5, 1)
    seed.detect(configured)
    first = client.get(PAGE, headers=shifter()).text
    (older,) = re.findall(r'href="([^"]*before=\d+[^"]*)" data-key="n"', first)
    second = client.get(older.replace("&amp;", "&"), headers=shifter()).text
    seen = [set(re.findall(r"client\d+ crashed", page)) for page in (first, second)]
    assert (len(seen[0] | seen[1]), seen[0] & seen[1]) == (60, set())
    assert "Latest events" in second


def test_an_operator_can_resend_failed_deliveries_only(configured: Settings, client: FlaskClient) -> None:
    row = failed(configured)
    assert client.post(f"{PAGE}/resend/{row.id}", headers=shifter()).status_code == 403
    assert client.post(f"{PAGE}/resend/{row.id}", headers=operator()).status_code == 303
    again = Delivery.get_by_id(row.id)
    assert (again.state, again.attempts, again.since > time.time() - 60) == ("pending", 0, True)
    assert client.post(f"{PAGE}/resend/{row.id}", headers=operator()).status_code == 409
    for unknown in (999, 2**70):
        assert client.post(f"{PAGE}/resend/{unknown}", headers=operator()).status_code == 409
        assert client.post(f"{PAGE}/maintenance/{unknown}/end", headers=operator()).status_code == 409
    assert audited() == [("resend notification", "sound: beam crashed in run 358792")]


def test_a_deferred_mail_that_was_rejected_is_shown_as_retrying(configured: Settings, client: FlaskClient) -> None:
    crash(configured)
    Delivery.update(state="deferred", attempts=2, detail="status 451: greylisted").where(Delivery.channel == "sound").execute()
    page = client.get(PAGE, headers=shifter()).text
    assert re.search(r"retrying.*status 451: greylisted.*2 attempts", page, re.S)
    assert "deferred (quiet hours)" not in page


def test_a_delivery_of_a_removed_channel_cannot_be_resent(configured: Settings, client: FlaskClient) -> None:
    row = failed(configured)
    Delivery.update(channel="webhook gone").where(Delivery.id == row.id).execute()
    assert client.post(f"{PAGE}/resend/{row.id}", headers=operator()).status_code == 400
    assert Delivery.get_by_id(row.id).state == "failed"


def test_an_operator_can_test_a_channel(configured: Settings, client: FlaskClient) -> None:
    assert client.post(f"{PAGE}/test", headers=operator(), data={"channel": "sound"}).status_code == 303
    (row,) = Notification.select()
    (delivery,) = Delivery.select()
    assert (row.kind, row.title, delivery.channel, delivery.state) == ("test", "Test of Test", "sound", "pending")
    assert client.post(f"{PAGE}/test", headers=operator(), data={"channel": "pigeon"}).status_code == 400
    assert client.post(f"{PAGE}/test", headers=shifter(), data={"channel": "sound"}).status_code == 403
    assert audited() == [("test notification channel", "sound")]


def window(**change: str | list[str]) -> dict[str, str | list[str]]:
    now = time.time()
    moments = {name: f"{datetime.fromtimestamp(now + after, CERN):%Y-%m-%dT%H:%M}" for name, after in (("begins", -60), ("ends", 7200))}
    return {"system": "production", "host": ["fu-2"], "reason": "new <b>kernel</b>", **moments, **change}


def test_maintenance_is_announced_for_production_unless_another_system_is_chosen(client: FlaskClient) -> None:
    choice = re.search(r'<select name="system">(.*?)</select>', client.get(PAGE, headers=operator()).text)
    assert choice
    assert choice[1].startswith("<option>production</option>")


def test_an_operator_announces_and_ends_maintenance(configured: Settings, client: FlaskClient) -> None:
    assert client.post(f"{PAGE}/maintenance", headers=operator(), data=window()).status_code == 303
    (row,) = MaintenanceWindow.select()
    assert (row.system, row.hosts, row.reason) == ("production", "fu-2", "new <b>kernel</b>")
    assert 7000 < row.ends - time.time() <= 7200
    assert "new &lt;b&gt;kernel&lt;/b&gt;" in client.get(PAGE, headers=shifter()).text
    assert client.post(f"{PAGE}/maintenance/{row.id}/end", headers=shifter()).status_code == 403
    assert client.post(f"{PAGE}/maintenance/{row.id}/end", headers=operator()).status_code == 303
    assert MaintenanceWindow.get_by_id(row.id).ends <= time.time()
    assert client.post(f"{PAGE}/maintenance/{row.id}/end", headers=operator()).status_code == 409
    assert [action for action, _ in audited()] == ["announce maintenance", "end maintenance"]
    assert audited()[0][1].startswith("production fu-2, 20")


NO_WINDOWS: list[tuple[dict[str, str | list[str]], str]] = [
    ({"system": "test"}, "system"),
    ({"host": ["fu-2", "pc"]}, "host"),
    ({"reason": " \0"}, "reason"),
    ({"begins": "tomorrow"}, "begins"),
    ({"ends": "2026-02-30T10:00"}, "ends"),
    ({"ends": "2020-01-01T10:00"}, "ends"),
    ({"ends": "9999-12-31T23:59"}, "ends"),
    ({"begins": "2020-01-01T10:00"}, "ends"),
    ({"begins": "9999-12-31T22:00", "ends": "9999-12-31T23:59"}, "begins"),
]


def test_an_invalid_window_is_rejected_with_its_fields(configured: Settings, client: FlaskClient) -> None:
    headers = operator()
    for change, field in NO_WINDOWS:
        answer = client.post(f"{PAGE}/maintenance", headers=headers, data=window(**change))
        assert answer.status_code == 400
        assert [each["field"] for each in answer.get_json()["errors"]] == [field], change
    assert MaintenanceWindow.select().count() == 0


def test_repeated_hours_are_within_the_window(configured: Settings, client: FlaskClient) -> None:
    year = datetime.now(CERN).year + 1
    sunday = max(day for day in range(25, 32) if datetime(year, 10, day).weekday() == 6)
    night = f"{year}-10-{sunday}T02:30"
    assert client.post(f"{PAGE}/maintenance", headers=operator(), data=window(begins=night, ends=night)).status_code == 303
    row = MaintenanceWindow.get()
    assert row.ends - row.begins == 3600


def test_texts_of_machines_are_never_markup(configured: Settings, client: FlaskClient) -> None:
    crash(configured, "<img src=x onerror=alert(1)>", host='"><script>')
    page = client.get(PAGE, headers=operator()).text
    assert "<img" not in page
    assert "<script>" not in page


def test_scripts_get_the_events(configured: Settings, client: FlaskClient) -> None:
    seed.job(358792, "beam", time.time() - 5, 139)
    seed.job(358791, "csc", time.time() - 90_000, 1)
    address = "/api/v1/square/events"
    viewer = HOST | bearer(Role.VIEWER)

    def titles(query: str = "") -> list[str]:
        answer = client.get(address + query, headers=viewer)
        assert answer.status_code == 200, answer.text
        return [event["title"] for event in answer.get_json()["events"]]

    assert titles() == ["beam crashed in run 358792", "Run 358792 began"]
    assert titles("?kinds=crash&since=0") == ["beam crashed in run 358792", "csc crashed in run 358791"]
    assert titles("?kinds=crash&since=0&limit=1") == ["beam crashed in run 358792"]
    assert titles(f"?since=0&until={int(time.time()) - 1000}&kinds=run-start,crash") == ["csc crashed in run 358791", "Run 358791 began"]
    assert titles("?system=playback") == []
    (event, *_) = client.get(address, headers=viewer).get_json()["events"]
    assert set(event) == {"id", "system", "kind", "run", "key", "at", "title", "text"}
    etag = client.get(address, headers=viewer).headers["ETag"]
    assert client.get(address, headers=viewer | {"If-None-Match": etag}).status_code == 304
    for query in ("?kinds=end", "?since=-1", "?until=x", "?system=test", "?limit=1.5"):
        assert client.get(address + query, headers=viewer).status_code == 400
