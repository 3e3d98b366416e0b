"""Signing in, sessions and their end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from app.core import database
from app.security import Role, accounts, throttle
from app.security.errors import AccountError, TooManyAttemptsError
from app.security.models import Audit, Session, SignInAttempt, User
from app.security.settings import SecuritySettings
from tests.security.conftest import HOME, PASSWORD, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.core.settings import Settings
    from tests.security.conftest import RemoteClient

FROM_PAGE = {"Origin": HOME}


def name_key(name: str) -> str:
    return throttle.keys(name, "")[1]


def may_see_audit(client: FlaskClient) -> bool:
    return client.get("/account/audit").status_code == 200


def test_a_user_returns_to_the_page_after_signing_in(client: FlaskClient, people: dict[Role, User]) -> None:
    assert not may_see_audit(client)
    answer = sign_in(client, " ADMIN ", next="/account/audit?user=x")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account/audit?user=x"
    assert may_see_audit(client)


def test_the_address_of_signing_out_leads_home_and_signs_nobody_out(client: FlaskClient, people: dict[Role, User]) -> None:
    sign_in(client, "admin")
    assert client.get("/account/sign-out").headers["Location"] == "/"
    assert may_see_audit(client)


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(client: FlaskClient, people: dict[Role, User]) -> None:
    cookie = sign_in(client, "admin").headers["Set-Cookie"]
    parts = [part.split("=")[0].strip() for part in cookie.split(";")]
    assert parts == ["dqmhub_8889", "Expires", "HttpOnly", "Path", "SameSite"]
    assert "SameSite=Lax" in cookie


def test_with_https_the_cookie_is_sent_over_https_only(small_app: Callable[..., Flask]) -> None:
    client = small_app(secure_cookies=True, url_prefix="/dqm").test_client()
    make_user("alice", Role.VIEWER)
    cookie = sign_in(client, "alice", base_url="https://127.0.0.1").headers["Set-Cookie"]
    assert cookie.startswith("__Secure-dqmhub_8889=")  # a name with __Host- allows no path
    assert "; Secure;" in cookie
    assert "; Path=/dqm;" in cookie


def test_with_https_no_other_host_of_the_domain_can_set_the_cookie(small_app: Callable[..., Flask]) -> None:
    client = small_app(secure_cookies=True).test_client()
    make_user("alice", Role.VIEWER)
    cookie = sign_in(client, "alice", base_url="https://127.0.0.1").headers["Set-Cookie"]
    assert cookie.startswith("__Host-dqmhub_8889=")  # RFC 6265bis, 4.1.3.2: Secure, Path=/, and no Domain
    parts = {part.strip() for part in cookie.split(";")}
    assert {"Secure", "Path=/"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_no_password_or_session_identifier_is_stored_or_logged(
    client: FlaskClient, people: dict[Role, User], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = sign_in(client, "admin", "wrong " + PASSWORD).text + sign_in(client, PASSWORD, "x").text.replace(f'value="{PASSWORD}"', "")
    sign_in(client, "admin")
    cookie = client.get_cookie("dqmhub_8889", domain="127.0.0.1")
    assert cookie is not None
    stored = [str(row) for table in (User, Session, SignInAttempt, Audit) for row in table.select().where(table.id > 0).tuples()]
    everything = shown + caplog.text + " ".join(stored)
    assert PASSWORD not in everything
    with client.session_transaction(base_url=HOME) as session:
        assert session["id"] not in everything


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody-here", PASSWORD), ("", ""), ("admin", "")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(client: FlaskClient, people: dict[Role, User], name: str, password: str) -> None:
    answer = sign_in(client, name, password)
    assert answer.status_code == 401
    assert "Wrong user name or password, or the account is disabled." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_signing_out_ends_the_session_also_for_a_copy_of_the_cookie(client: FlaskClient, app: Flask, people: dict[Role, User]) -> None:
    sign_in(client, "admin")
    cookie = client.get_cookie("dqmhub_8889", domain="127.0.0.1")
    assert cookie is not None
    thief = app.test_client()
    thief.set_cookie("dqmhub_8889", cookie.value, domain="127.0.0.1")
    assert may_see_audit(thief)
    assert client.post("/account/sign-out", headers=FROM_PAGE).headers["Location"] == "/"
    assert not may_see_audit(client)
    assert not may_see_audit(thief)


def change_role(user: User) -> None:
    accounts.set_role(user, Role.ADMIN)


def change_password(user: User) -> None:
    accounts.set_password(user, "another tractor 9 lighthouse")


def disable(user: User) -> None:
    accounts.set_disabled(user, True)


@pytest.mark.parametrize("change", [change_role, change_password, disable])
def test_every_session_ends_when_the_account_changes(client: FlaskClient, people: dict[Role, User], change: Callable[[User], None]) -> None:
    sign_in(client, "admin")
    sign_in(client, "admin")
    change(people[Role.ADMIN])
    assert not may_see_audit(client)
    assert not Session.select().exists()


def test_a_session_ends_after_its_hours(client: FlaskClient, hub: Settings, people: dict[Role, User]) -> None:
    sign_in(client, "admin")
    expires = Session.get().expires
    assert abs(expires - Audit.select().order_by(Audit.id.desc()).get().at - hub.of(SecuritySettings).session_hours * 3600) < 60
    Session.update(expires=expires - hub.of(SecuritySettings).session_hours * 3600 - 60).execute()
    assert not may_see_audit(client)


def test_a_disabled_user_cannot_sign_in_until_enabled(client: FlaskClient, people: dict[Role, User]) -> None:
    accounts.set_disabled(people[Role.ADMIN], True)
    assert sign_in(client, "admin").status_code == 401
    accounts.set_disabled(people[Role.ADMIN], False)
    assert sign_in(client, "admin").status_code == 303


@pytest.mark.parametrize("broken", ["", "x", "eyJpZCI6MX0.Zz.zz", "eyJpZCI6WzFdfQ"])
def test_a_cookie_with_another_signature_is_ignored(remote: RemoteClient, broken: str) -> None:
    remote.client.set_cookie("dqmhub_8889", broken, domain="127.0.0.1")
    assert remote("GET", "/account/audit").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/%0a/x\u00e9",
        "///evil.example",
    ],
)
def test_signing_in_never_redirects_to_another_site(client: FlaskClient, people: dict[Role, User], target: str) -> None:
    assert sign_in(client, "viewer", next=target).headers["Location"] == "/"
    page = client.get("/account/sign-in", query_string={"next": target}).text
    assert 'name="next" value="/"' in page


def test_the_cookie_and_the_policy_stay_below_the_prefix(small_app: Callable[..., Flask]) -> None:
    client = small_app(secure_cookies=True, trusted_proxies=("127.0.0.1/32",), url_prefix="/dqm").test_client()
    make_user("alice", Role.VIEWER)
    front = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    answer = sign_in(client, "alice", headers=front, base_url="https://127.0.0.1:8889")
    assert answer.headers["Location"] == "/dqm/"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-dqmhub_8889=")
    assert "; Path=/dqm;" in cookie
    assert answer.headers["Content-Security-Policy"].endswith("report-uri /dqm/csp-report")


def test_with_a_url_prefix_everything_stays_below_it(small_app: Callable[..., Flask]) -> None:
    client = small_app(url_prefix="/dqm/hub").test_client()
    make_user("alice", Role.ADMIN)
    response = client.get("/dqm/hub/account/audit", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}, base_url=HOME)
    assert response.headers["Location"] == "/dqm/hub/account/sign-in?next=/account/audit"
    answer = client.post(
        "/dqm/hub/account/sign-in", data={"name": "alice", "password": PASSWORD, "next": "/account/audit"}, headers=FROM_PAGE, base_url=HOME
    )
    assert answer.headers["Location"] == "/dqm/hub/account/audit"
    assert client.get("/dqm/hub/account/audit", base_url=HOME).status_code == 200


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait after wrong passwords is over, however long the machine stalls."""
    now = time.time()
    monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: now))


@pytest.mark.usefixtures("stopped_clock")
def test_waits_after_wrong_passwords_grow_and_the_page_shows_them(client: FlaskClient, people: dict[Role, User]) -> None:
    statuses = [sign_in(client, "admin", "wrong").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    answer = sign_in(client, "admin")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert "Too many wrong passwords: wait" in answer.text
    SignInAttempt.update(until=0).execute()
    assert sign_in(client, "admin").status_code == 303
    assert not SignInAttempt.select().where(SignInAttempt.key == name_key("admin")).exists()


@pytest.mark.both_databases
@pytest.mark.usefixtures("stopped_clock")
def test_guessing_many_names_from_one_address_is_slowed_down(hub: Settings) -> None:
    for number in range(100):
        throttle.claim(f"user{number}", "2001:db8::1")
    with pytest.raises(TooManyAttemptsError, match="Too many wrong passwords"):
        throttle.claim("user99", "2001:db8::ffff")  # of the same /64, which is one client's
    throttle.claim("user99", "2001:db8:1::1")


@pytest.mark.both_databases
@pytest.mark.usefixtures("stopped_clock")
def test_attempts_that_must_wait_leave_no_rows_of_the_names_that_they_make_up(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RULES, "address", (10, 900.0))
    for number in range(10):
        throttle.claim(f"user{number}", "192.0.2.7")
    before = SignInAttempt.select().count()
    for number in range(10, 15):
        with pytest.raises(TooManyAttemptsError):
            throttle.claim(f"user{number}", "192.0.2.7")
    assert SignInAttempt.select().count() == before


@pytest.mark.both_databases
def test_a_name_that_is_attacked_waits_a_minute_at_most_so_its_owner_is_not_locked_out(hub: Settings) -> None:
    for number in range(20):  # the waits double: 2 to the power of 16 s without the limit
        throttle.claim("admin", f"198.51.100.{number}")
        SignInAttempt.update(until=0).where(SignInAttempt.key == name_key("admin")).execute()
    row = SignInAttempt.get(SignInAttempt.key == name_key("admin"))
    throttle.claim("admin", "203.0.113.1")
    assert SignInAttempt.get(SignInAttempt.key == name_key("admin")).until - row.last <= 61


@pytest.mark.both_databases
@pytest.mark.usefixtures("stopped_clock")
def test_simultaneous_guesses_are_all_counted(hub: Settings) -> None:
    def attempt(_: int) -> bool:
        try:
            throttle.claim("admin", "192.0.2.7")
            return True
        except TooManyAttemptsError:
            return False
        finally:
            database.end_thread()

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(24))) == 5


@pytest.mark.both_databases
@pytest.mark.usefixtures("stopped_clock")
def test_setting_the_clock_back_does_not_lengthen_waits(hub: Settings) -> None:
    for _ in range(5):
        throttle.claim("alice", "192.0.2.7")
    with pytest.raises(TooManyAttemptsError):
        throttle.claim("alice", "192.0.2.7")
    SignInAttempt.update(last=SignInAttempt.last + 3600, until=SignInAttempt.until + 3600).execute()
    throttle.claim("alice", "192.0.2.7")


@pytest.mark.both_databases
def test_a_successful_attempt_subtracts_only_the_counts_of_its_own_name(hub: Settings) -> None:
    throttle.claim("alice", "192.0.2.7")
    throttle.claim("mallory", "192.0.2.7")
    throttle.claim("mallory", "192.0.2.7")
    throttle.forgive("mallory", "192.0.2.7")
    counts = {row.key: row.failures for row in SignInAttempt.select()}
    assert counts == dict.fromkeys(throttle.keys("alice", "192.0.2.7"), 1)


def test_a_good_sign_in_does_not_pay_for_failures_with_other_names(client: FlaskClient, people: dict[Role, User]) -> None:
    for number in range(40):
        throttle.claim(f"user{number}", "127.0.0.1")
    assert sign_in(client, "admin").status_code == 303
    assert sign_in(client, "viewer").status_code == 303


@pytest.mark.both_databases
def test_a_script_with_an_old_password_never_makes_others_at_its_address_wait(hub: Settings) -> None:
    for _ in range(20):
        throttle.claim("script", "192.0.2.7")
        SignInAttempt.update(until=0).execute()  # as after its wait
    assert SignInAttempt.get(SignInAttempt.key == "address:192.0.2.7").failures == 5


@pytest.mark.both_databases
def test_a_good_sign_in_leaves_no_wait_at_an_address_that_many_names_failed_at(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RULES, "address", (10, 900.0))
    for number in range(10):
        throttle.claim(f"user{number}", "192.0.2.7")
    SignInAttempt.update(until=0).execute()  # as after its wait
    throttle.claim("alice", "192.0.2.7")
    throttle.forgive("alice", "192.0.2.7")
    throttle.claim("bob", "192.0.2.7")


def test_a_user_changes_the_password_and_only_this_browser_stays_signed_in(
    client: FlaskClient, app: Flask, people: dict[Role, User]
) -> None:
    other = app.test_client()
    sign_in(client, "admin")
    sign_in(other, "admin")
    new = "another tractor 9 lighthouse"
    form = {"old": PASSWORD, "new": new, "again": new}
    assert client.post("/account/password", data={**form, "old": "wrong"}, headers=FROM_PAGE).status_code == 403
    assert client.post("/account/password", data={**form, "again": "x"}, headers=FROM_PAGE).status_code == 400
    assert (
        "too easy"
        in client.post("/account/password", data={**form, "new": "password2026", "again": "password2026"}, headers=FROM_PAGE).text
    )
    assert client.post("/account/password", data=form, headers=FROM_PAGE).status_code == 200
    assert may_see_audit(client)
    assert not may_see_audit(other)
    assert sign_in(other, "admin").status_code == 401
    assert sign_in(other, "admin", new).status_code == 303


def test_a_token_cannot_change_a_password(client: FlaskClient, bearer: dict[Role, dict[str, str]]) -> None:
    assert client.get("/account/password", headers=bearer[Role.ADMIN]).status_code == 403
    assert client.post("/account/password", headers=bearer[Role.ADMIN], data={}).status_code == 403


@pytest.mark.both_databases
def test_an_account_needs_a_name_that_is_free_and_a_password_that_is_not_weak(hub: Settings) -> None:
    made = accounts.add(" Alice@cern.ch ", Role.SHIFTER, PASSWORD)
    assert (made.name, made.role) == ("alice@cern.ch", Role.SHIFTER)
    for name, password in [
        ("alice@CERN.ch", PASSWORD),
        ("a b", PASSWORD),
        ("", PASSWORD),
        ("x" * 65, PASSWORD),
        ("bob", "short"),
        ("<b>", PASSWORD),
    ]:
        with pytest.raises(AccountError):
            accounts.add(name, Role.VIEWER, password)
    assert User.select().count() == 1


def test_every_page_shows_who_is_signed_in_and_a_way_to_sign_in_or_out(client: FlaskClient, people: dict[Role, User]) -> None:
    assert "Sign in" in client.get("/no-such-page").text
    assert client.get("/account/password").headers["Location"] == "/account/sign-in?next=/account/password"
    sign_in(client, "expert")
    page = client.get("/account/password").text
    assert "expert" in page
    assert 'action="/account/sign-out"' in page
    assert "Audit log" not in page


def test_the_sign_in_form_is_small(client: FlaskClient, hub: Settings) -> None:
    assert sign_in(client, "admin", "x" * 20_000).status_code == 413


def test_no_cache_stores_pages_of_accounts(client: FlaskClient, hub: Settings) -> None:
    assert client.get("/account/sign-in").headers["Cache-Control"] == "no-store"
    assert urlsplit(sign_in(client, "x", "y").request.url).path == "/account/sign-in"
