"""The list of the events of all areas, for viewers, and the permanent link of each event."""

from __future__ import annotations

import re
import time
from collections.abc import Collection

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.counters import advance
from app.core.events import Event
from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.delivery import deliver_due
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.messages import message_of
from app.notify.models import COUNTER, Delivery, Notification
from app.notify.wall_panels import NOTICES
from app.security import Role
from app.square.event_source import SquareEvents
from app.square.models import Job, Run
from tests.notify import seed
from tests.square.test_pages_whole_log import bearer
from tests.support.raw_server import closed

HOST = {"Host": "127.0.0.1:8889"}


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(notify_sound=closed(), notify_webhooks=(f"http://{closed()}/s3cr3t",), notify_timeout_s=60.0)


@pytest.fixture
def client(configured: Settings) -> FlaskClient:
    """A hub with the start of a run, two crashes, and a crash of playback; the notification of one crash has failed."""
    now = time.time()
    seed.job(358792, "beam", now - 5, 139)
    seed.job(7, "csc", now - 5, 1, system="playback")
    seed.detect(configured)
    seed.detect(configured, "playback")
    (sound,) = [channel for channel in channels(configured) if channel.kind == "sound"]
    deliver_due(sound, "", lambda: False)
    return create_app(configured).test_client()


def viewer() -> dict[str, str]:
    return HOST | bearer(Role.VIEWER)


def titles(client: FlaskClient, query: str) -> list[str]:
    page = client.get(f"/events{query}", headers=viewer()).text
    return re.findall(r"<bdi>((?:Run|beam|csc|client)[^<]*)</bdi></a>", page)


def test_viewers_see_the_events_of_all_systems_newest_first_and_filter_them(client: FlaskClient) -> None:
    everything = ["csc crashed in run 7", "beam crashed in run 358792", "Run 7 began", "Run 358792 began"]
    assert titles(client, "") == everything
    assert titles(client, "?system=playback") == everything[::2]
    assert titles(client, "?problems=1") == everything[:2]
    assert titles(client, "?kind=run-start&system=production") == [everything[3]]
    assert titles(client, "?kind=run-start&problems=1") == []
    number = Notification.get(Notification.title == everything[1]).id
    assert titles(client, f"?before={number}") == everything[2:]


def test_an_event_that_is_detected_late_stands_at_its_time_in_lists_polls_and_on_walls(client: FlaskClient) -> None:
    version = re.findall(r"since=([^&\"]+)", client.get("/events", headers=viewer()).text)[0]
    for number, ago in enumerate((50, 3600, 1)):
        seed.notification(number, ago=ago)
    advance(COUNTER)
    expected = ["client 2 crashed", "csc crashed in run 7", "beam crashed in run 358792", "client 0 crashed"]
    assert titles(client, "")[:4] == expected
    assert titles(client, "")[-1] == "client 1 crashed"
    assert titles(client, f"?since={version}")[:4] == expected
    shifter = client.get("/notifications", headers=HOST | bearer(Role.SHIFTER)).text
    assert [shifter.index(title) for title in expected] == sorted(shifter.index(title) for title in expected)
    assert [row.title for row in NOTICES.context({"count": 4, "problems_only": 0})["rows"]] == expected
    first = Notification.get(Notification.title == "client 0 crashed")
    assert titles(client, f"?before={first.id}")[-1] == "client 1 crashed"
    assert not set(expected) & set(titles(client, f"?before={first.id}"))


def test_events_of_one_moment_are_on_one_page_of_the_list_each(client: FlaskClient) -> None:
    Notification.update(at=1000.0).execute()
    pages = [titles(client, f"?before={row.id}") for row in Notification.select().order_by(Notification.id)]
    assert [len(page) for page in pages] == [0, 1, 2, 3]


def test_a_wrong_field_of_the_list_is_named_and_left_out(client: FlaskClient) -> None:
    page = client.get("/events?kind=crush&problem=1&system=playback", headers=viewer()).text
    assert "&#39;crush&#39; is none of " in page
    assert "did you mean problems?" in page
    assert titles(client, "?kind=crush&problem=1&system=playback") == ["csc crashed in run 7", "Run 7 began"]


def test_older_events_keep_the_filters_of_the_list(configured: Settings, client: FlaskClient) -> None:
    for number in range(60):
        seed.job(358792, f"client{number}", time.time() - 5, 1)
    seed.detect(configured)
    page = client.get("/events?kind=crash&system=production", headers=viewer()).text
    (older,) = re.findall(r'href="[^"?]*(\?[^"]*before=\d+[^"]*)" data-key="n"', page)
    older = older.replace("&amp;", "&")
    assert {"kind=crash", "system=production"} <= set(older[1:].split("&"))
    assert len(titles(client, "?kind=crash&system=production")) == 50
    assert len(titles(client, older)) == 11


def test_a_poll_of_the_list_gets_nothing_until_something_changed(configured: Settings, client: FlaskClient) -> None:
    own = viewer() | {"HX-Request": "true", "HX-Target": "events"}
    first = client.get("/events?problems=1", headers=own).text
    (poll,) = re.findall(r'hx-get="([^"]*since=[^"]*)"', first)
    poll = poll.replace("&amp;", "&")
    assert "problems=1" in poll
    assert "<html" not in first
    assert client.get(poll, headers=own).status_code == 204
    seed.job(358792, "ecal", time.time() - 5, 1)
    seed.detect(configured)
    assert "ecal crashed" in client.get(poll, headers=own).text


def test_each_event_has_a_permanent_link_that_cannot_be_guessed(client: FlaskClient) -> None:
    row = Notification.get(Notification.title == "beam crashed in run 358792")
    assert re.fullmatch("[0-9a-f]{32}", row.mark)
    assert len({each.mark for each in Notification.select()}) == Notification.select().count()
    assert f'href="/events/{row.mark}"' in client.get("/events", headers=viewer()).text
    page = client.get(f"/events/{row.mark}", headers=viewer()).text
    for words in ("beam crashed in run 358792", "Exit code 139 SIGSEGV", "/events?kind=crash", "/square/job?key=", "sound", "358792"):
        assert words in page
    for wrong in (row.event, row.event.partition("-")[2], "0" * 32, "x"):
        answer = client.get(f"/events/{wrong}", headers=viewer())
        assert answer.status_code == 404
        assert "There is no event with this link; events are kept for 365 days" in answer.text


def test_an_event_whose_object_or_kind_is_gone_has_no_button_that_leads_nowhere(client: FlaskClient) -> None:
    row = Notification.get(Notification.title == "beam crashed in run 358792")
    start = Notification.get(Notification.title == "Run 358792 began")
    assert "Open its page" in client.get(f"/events/{row.mark}", headers=viewer()).text
    gone = [seed.notification(1, kind=kind) for kind in ("run-start", "plot-alarm", "trend-lost")]
    Notification.update(run=1).where(Notification.id == gone[0].id).execute()
    for table in (Job, Run):
        table.delete().where(table.run == 358792).execute()
    for each in (row, start, *gone):
        page = client.get(f"/events/{each.mark}", headers=viewer()).text
        assert ("Open its page" in page, "Its page has been removed." in page) == (False, True), each.kind
    assert message_of(Notification.get_by_id(gone[2].id), "https://dqm.cern.ch/hub/").link == ""
    assert 'href="/notifications"' not in client.get("/notifications", headers=HOST | bearer(Role.SHIFTER)).text.partition("<table")[2]


def test_only_shifters_see_what_receivers_answered_and_only_operators_send_again(configured: Settings, client: FlaskClient) -> None:
    Delivery.update(state="failed").where(Delivery.channel == "sound").execute()
    paths = ("/events", f"/events/{Notification.get(Notification.title == 'beam crashed in run 358792').mark}")
    for path in paths:
        for role, sees_errors, sees_button in (
            (Role.VIEWER, False, False),
            (Role.SHIFTER, True, False),
            (Role.OPERATOR, True, True),
        ):
            page = client.get(path, headers=HOST | bearer(role)).text
            assert ("no connection to port" in page, "Send again" in page) == (sees_errors, sees_button), (path, role)
            assert "s3cr3t" not in page


def test_messages_have_the_permanent_link_beside_the_page_of_the_event(client: FlaskClient) -> None:
    row = Notification.get(Notification.title == "beam crashed in run 358792")
    message = message_of(row, "https://dqm.cern.ch/hub/")
    assert message.link.startswith("https://dqm.cern.ch/hub/square/job?key=")
    assert message.permalink == f"https://dqm.cern.ch/hub/events/{row.mark}"
    assert message_of(row, "").permalink == ""


def test_a_source_chooses_kinds_of_channels_among_those_that_are_subscribed(configured: Settings) -> None:
    class Choosing(SquareEvents):
        def channels(self, event: Event) -> Collection[str] | None:
            return {"crash": ["sound", "mail"], "run-start": ["sound"]}.get(event.kind)

    seed.job(358792, "beam", time.time() - 5, 139)
    EventCollector(configured).collect(WatchedSystem(Choosing(), "production"), 3600.0)
    query = Delivery.select(Delivery, Notification).join(Notification)
    assert [(each.notification.kind, each.channel) for each in query] == [("crash", "sound")], "sound is subscribed to problems only"
