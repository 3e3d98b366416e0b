"""Mails to users about the ends of their own jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.database import proxy
from app.core.settings import Settings
from app.diary.jobs import pin_state
from app.diary.models import DiaryJob
from app.diary.observations.store import lose, store
from app.diary.review import notices
from app.diary.review.notices import JobEvents
from app.notify.channels.mail.channel import MailChannel
from app.notify.delivery import deliver_due
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.errors import InvalidSubscription
from app.notify.models import Delivery, Notification, Subscription
from app.notify.outbox import send_test
from app.notify.subscriptions import subscribe
from app.security import Role
from app.security.models import Audit, User
from tests.diary.observations import only_job, seen
from tests.diary.users import browser_of
from tests.notify.receivers import Box, mail_server

HOST = {"Host": "127.0.0.1:8889"}
SUBMITTED = int(time.time()) - 1000
BOTH = ("job-ended", "job-failed")


@pytest.fixture
def box() -> Iterator[Box]:
    with mail_server() as found:
        yield found


@pytest.fixture
def configured(hub: Settings, box: Box) -> Settings:
    """A hub with a mail server, which collects nothing."""
    for name in ("anna", "bob"):
        User.create(name=name, role=Role.VIEWER, password="", created=time.time())
    return hub.replace(
        notify_smtp=box.place,
        notify_smtp_security="none",
        notify_mail_from="dqm-hub@cern.ch",
        notify_timeout_s=60.0,
        notify_mail_to=("shift@cern.ch",),
        notify_user_pause_s=0.0,
    )


def observe(state: str, native_id: str = "7", user: str = "anna", **facts: object) -> None:
    now = time.time()
    store("slurm", [seen(now, state, native_id, submitted=SUBMITTED, user=user, name="fit", **facts)], now)


def send(settings: Settings) -> None:
    EventCollector(settings).collect(WatchedSystem(JobEvents(), "jobs"), 86400.0)
    deliver_due(MailChannel(settings), settings.public_url, lambda: False)


def titles() -> list[str]:
    return [event.title for event in JobEvents().find("jobs", 0, time.time() + 10)]


def test_a_user_gets_a_mail_when_an_own_job_fails(configured: Settings, box: Box) -> None:
    configured = configured.replace(public_url="https://dqm.cern.ch/hub")
    subscribe(configured, "anna", "anna@cern.ch", ["job-failed"])
    for user in ("anna", "bob"):
        observe("running", f"7{user}", user, labels={"run": "358788"})
    send(configured)
    assert box.mails == []
    for user in ("anna", "bob"):
        observe("failed", f"7{user}", user, exit_code=139, reason="killed")
    send(configured)
    (mail,) = box.mails
    assert mail["To"] == "anna@cern.ch"
    assert mail["Subject"] == "[Test] Job fit of anna failed"
    number = DiaryJob.get(DiaryJob.user == "anna").id
    text = mail.get_content()
    assert "slurm 7anna, exit code 139 SIGSEGV, killed" in text
    assert f"https://dqm.cern.ch/hub/diary/jobs/{number}" in text
    assert Notification.get().run == 358788
    send(configured)
    assert len(box.mails) == 1


def test_many_ends_are_one_mail_to_each_user(configured: Settings, box: Box) -> None:
    for user in ("anna", "bob"):
        subscribe(configured, user, f"{user}@dqm.cern.ch", BOTH)
        for number in range(8):
            observe("running", f"{user}{number}", user)
            observe("done", f"{user}{number}", user)
    send(configured)
    assert {mail["To"]: mail["Subject"][:23] for mail in box.mails} == {
        "anna@dqm.cern.ch": "[Test] 8 notifications:",
        "bob@dqm.cern.ch": "[Test] 8 notifications:",
    }


def test_notifications_of_users_are_collected_for_the_time_of_the_settings(configured: Settings, box: Box) -> None:
    configured = configured.replace(notify_user_pause_s=3600.0)
    subscribe(configured, "anna", "anna@cern.ch", BOTH)
    observe("running")
    observe("done")
    send(configured)
    assert box.mails == []
    assert Delivery.get().not_before % 3600 == 0


def test_owners_of_the_same_job_do_not_see_each_others_addresses(configured: Settings, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQMHUB_DIARY_OWNERS", "bob=anna")
    for user in ("anna", "bob"):
        subscribe(configured, user, f"{user}@cern.ch", BOTH)
    observe("running")
    observe("failed")
    send(configured)
    assert sorted(mail["To"] for mail in box.mails) == ["anna@cern.ch", "bob@cern.ch"]
    assert sorted(box.recipients) == [["anna@cern.ch"], ["bob@cern.ch"]]


def test_an_address_that_is_refused_for_now_delays_no_mail_to_operators(configured: Settings, box: Box) -> None:
    subscribe(configured, "anna", "anna@cern.ch", BOTH)
    box.rejections["anna@cern.ch"] = "451 try again later"
    observe("running")
    observe("failed")
    EventCollector(configured).collect(WatchedSystem(JobEvents(), "jobs"), 86400.0)
    send_test(configured, "mail", "olga")
    deliver_due(MailChannel(configured), "", lambda: False)
    assert [mail["To"] for mail in box.mails] == ["shift@cern.ch"]


def test_a_user_with_more_ends_than_mails_name_gets_a_mail_that_says_so(
    configured: Settings, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MOST_EVENTS", 3)
    for user in ("anna", "bob"):
        subscribe(configured, user, f"{user}@cern.ch", BOTH)
    observe("running", "first", "bob")
    observe("done", "first", "bob")
    for number in range(3):
        observe("running", f"a{number}")
        observe("done", f"a{number}")
    send(configured)
    texts = {mail["To"]: mail.get_content() for mail in box.mails}
    assert "Many jobs of bob are done or cancelled" in texts["bob@cern.ch"]
    assert "/diary?user=bob&order=ended" in JobEvents().path(
        next(e for e in JobEvents().find("jobs", 0, time.time() + 9) if e.key == "user:bob")
    )
    assert "Many" not in texts["anna@cern.ch"]
    send(configured)
    assert len(box.mails) == 2


@pytest.mark.both_databases
def test_events_are_ends_that_the_hub_has_seen_or_that_are_recent(hub: Settings) -> None:
    User.create(name="anna", role=Role.VIEWER, password="", created=0)
    assert titles() == [], "nobody has subscribed"
    subscribe(hub, "anna", "anna@cern.ch", BOTH)
    now = time.time()
    observe("done", "short", ended=now - 60)
    observe("done", "old", ended=now - 7200)
    observe("running", "runs")
    for state in ("running", "done"):
        observe(state, "late", ended=now - 7200)
    observe("running", "pinned")
    pin_state(DiaryJob.get(DiaryJob.native_id == "pinned").id, "failed", "bob")
    assert len(titles()) == 2
    assert {re.sub(r".* ", "", event.text) for event in JobEvents().find("jobs", 0, now + 10)} == {"short", "late"}
    lose("slurm", 100, 3, time.time() + 1, time.time())
    assert titles()[0] == "Job fit of anna is lost"
    assert [event.kind for event in JobEvents().find("jobs", 0, time.time() + 10, ["job-failed"])] == ["job-failed"]


def test_the_ends_of_jobs_are_found_by_an_index(hub: Settings) -> None:
    from app.diary.review.notices import _ends

    sql, values = _ends(("done",), ["anna"]).sql()
    plan = " ".join(str(row) for row in proxy.execute_sql("EXPLAIN QUERY PLAN " + sql, values).fetchall())
    assert "diary_event_end" in plan


def test_a_job_belongs_to_the_logins_that_the_settings_map_to_its_user(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQMHUB_DIARY_OWNERS", "carl=adoe,anna=")
    for name in ("anna", "carl"):
        User.create(name=name, role=Role.VIEWER, password="", created=0)
        subscribe(hub, name, f"{name}@cern.ch", BOTH)
    for user in ("adoe", "anna"):
        observe("running", user, user)
        observe("done", user, user)
    (event,) = JobEvents().find("jobs", 0, time.time() + 10)
    assert event.title == "Job fit of adoe is done"
    assert JobEvents().owners(event, ["anna", "bob", "carl"]) == ["carl"]


def test_no_mail_is_sent_to_those_who_have_left(configured: Settings, box: Box) -> None:
    subscribe(configured, "anna", "anna@cern.ch", BOTH)
    observe("running")
    observe("done")
    EventCollector(configured).collect(WatchedSystem(JobEvents(), "jobs"), 86400.0)
    User.update(disabled=True).where(User.name == "anna").execute()
    deliver_due(MailChannel(configured), "", lambda: False)
    assert box.mails == []
    assert (Delivery.get().state, Delivery.get().detail) == ("failed", "no user is subscribed to it any more")
    observe("running", "8")
    observe("done", "8")
    assert titles() == []


def test_other_channels_and_recipients_get_nothing_of_single_users(configured: Settings, box: Box) -> None:
    configured = configured.replace(notify_mail_kinds=("all",), notify_sound="127.0.0.1:1", notify_sound_kinds=("all",))
    subscribe(configured, "anna", "anna@cern.ch", BOTH)
    observe("running")
    observe("failed")
    send(configured)
    assert [mail["To"] for mail in box.mails] == ["anna@cern.ch"]
    assert [row.channel for row in Delivery.select()] == ["mail"]


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "expected an address such as anna@cern.ch"),
        ("anna", "expected an address such as anna@cern.ch"),
        ("anna@cern.ch\nBcc: all@cern.ch", "expected an address such as anna@cern.ch"),
        ("anna@cern.ch, all@cern.ch", "expected an address such as anna@cern.ch"),
        ("anna@evil.example", "expected an address of cern.ch"),
        ("anna@evilcern.ch", "expected an address of cern.ch"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused(hub: Settings, address: str, problem: str) -> None:
    with pytest.raises(InvalidSubscription) as error:
        subscribe(hub, "anna", address, BOTH)
    assert error.value.fields == [("address", problem)]
    assert not Subscription.select().exists()


def signed_in(settings: Settings) -> tuple[FlaskClient, dict[str, str]]:
    return browser_of(create_app(settings).test_client(), "anna"), HOST


def test_a_viewer_subscribes_on_a_page_of_the_notifications(configured: Settings) -> None:
    client, headers = signed_in(configured)
    page = client.get("/notifications/own", headers=headers)
    assert page.status_code == 200
    assert page.text.count("checked") == 0
    sent = {"kind": list(BOTH), "address": " anna@cern.ch "}
    answer = client.post("/notifications/own", data=sent, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notifications/own?saved=1")
    page = client.get("/notifications/own?saved=1", headers=headers)
    assert "Saved. You get mails at anna@cern.ch." in page.text
    assert page.text.count("checked") == 2
    (audited,) = Audit.select().where(Audit.action == "subscribe")
    assert (audited.user, audited.target) == ("anna", "anna@cern.ch: job-ended, job-failed")
    client.post("/notifications/own", data={"address": ""}, headers=headers)
    assert not Subscription.select().exists()
    assert "You get no mails." in client.get("/notifications/own?saved=1", headers=headers).text


def test_what_is_wrong_is_said_and_stays_in_the_form(configured: Settings) -> None:
    client, headers = signed_in(configured)
    answer = client.post("/notifications/own", data={"kind": "job-ended", "address": '"><b>@x'}, headers=headers)
    assert answer.status_code == 400
    assert "expected an address such as anna@cern.ch" in answer.text
    assert 'value="&#34;&gt;&lt;b&gt;@x"' in answer.text
    assert answer.text.count("checked") == 1
    assert client.post("/notifications/own", data={"kind": "crash", "address": "a@cern.ch"}, headers=headers).status_code == 400


def test_without_an_account_there_is_nothing_to_subscribe(hub: Settings) -> None:
    client = create_app(hub.replace(anonymous_read="everyone")).test_client()
    assert client.get("/notifications/own", headers=HOST).headers["Location"].startswith("/account/sign-in?next=")
    assert client.post("/notifications/own", data={}, headers=HOST).status_code == 403


def test_a_hub_without_mail_says_so(hub: Settings) -> None:
    User.create(name="anna", role=Role.VIEWER, password="", created=0)
    client, headers = signed_in(hub)
    assert "This hub sends no such mails" in unescape(client.get("/notifications/own", headers=headers).text)


def test_a_hub_that_does_not_watch_jobs_says_so(configured: Settings) -> None:
    for systems, is_said in ((("production",), True), (("production", "jobs"), False)):
        client, headers = signed_in(configured.replace(notify_systems=systems))
        assert ("This hub sends no such mails" in client.get("/notifications/own", headers=headers).text) == is_said


def test_the_page_of_a_job_is_the_page_of_its_event(hub: Settings) -> None:
    User.create(name="anna", role=Role.VIEWER, password="", created=0)
    subscribe(hub, "anna", "anna@cern.ch", BOTH)
    observe("running")
    observe("cancelled", labels={"run": "x" * 50})
    (event,) = JobEvents().find("jobs", 0, time.time() + 10)
    assert (event.kind, event.run, JobEvents().path(event)) == ("job-ended", None, f"/diary/jobs/{only_job().id}")
