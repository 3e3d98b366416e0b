"""Accounts of users whom a directory has identified: made at the first time, then as the directory says, and never those of others."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from app.core import database
from app.security import Role, accounts, sessions, tokens
from app.security.errors import AccountError, NoRoleError
from app.security.models import Audit, Session, Token, User
from app.security.passwords import verify
from app.security.sessions import Lengths
from app.security.sign_on.flow import SignedOnUser
from app.security.sign_on.provider import IdentityProvider
from app.security.sign_on.provider_sessions import end_by_provider, remember
from app.security.sign_on.settings import SignOnSettings
from tests.security.conftest import make_user, sign_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.core.settings import Settings

pytestmark = pytest.mark.both_databases

ADA = "https://issuer.example 4711"


def ada(role: Role = Role.VIEWER, subsystems: str = "") -> User:
    return accounts.from_directory("sign-on", ADA, "Ada", role, subsystems)


def test_a_user_gets_an_account_at_the_first_time_and_the_same_one_ever_after(hub: Settings) -> None:
    first = ada(Role.EXPERT, "Pixel")
    assert (first.name, first.role, first.subsystems, first.origin) == ("ada", Role.EXPERT, "Pixel", "sign-on")
    assert accounts.from_directory("sign-on", ADA, "ada.lovelace", Role.EXPERT, "Pixel").id == first.id
    assert User.get().name == "ada"
    assert [(row.user, row.action, row.answer) for row in Audit.select()] == [("ada", "add user", "role expert:Pixel, from sign-on")]


def test_another_role_of_the_directory_applies_and_ends_the_sessions_of_the_old_one(hub: Settings) -> None:
    sessions.start(ada(Role.OPERATOR), Lengths(1, 1), "", "")
    ada(Role.OPERATOR)
    assert Session.select().count() == 1
    assert ada(Role.VIEWER).role == Role.VIEWER
    assert User.get().role == Role.VIEWER
    assert Session.select().count() == 0


@pytest.mark.parametrize(("origin", "subject"), [("local", None), ("proxy", ADA), ("sign-on", "https://issuer.example 1")])
def test_an_account_of_the_same_name_is_never_taken_over(hub: Settings, origin: str, subject: str | None) -> None:
    owner = make_user("ada", Role.ADMIN)
    User.update(origin=origin, subject=subject).execute()
    with pytest.raises(AccountError, match="The name ada belongs to another account here, which is not taken over"):
        ada()
    assert (User.get().id, User.get().role) == (owner.id, Role.ADMIN)


def test_an_account_that_is_disabled_here_stays_disabled_whatever_the_directory_says(hub: Settings) -> None:
    accounts.set_disabled(ada(), True)
    with pytest.raises(AccountError, match="disabled here; the administrators can enable it: dqmhub user enable ada"):
        ada(Role.ADMIN)
    assert User.get().disabled
    accounts.set_disabled(User.get(), False)
    assert ada(Role.ADMIN).role == Role.ADMIN


def test_a_role_that_the_directory_takes_is_gone_with_the_sessions_also_where_the_account_is_disabled(hub: Settings) -> None:
    sessions.start(ada(Role.OPERATOR), Lengths(1, 1), "", "")
    with pytest.raises(NoRoleError, match="ada has no role here"):
        ada(Role.PUBLIC)
    assert (User.get().role, Session.select().count()) == (Role.PUBLIC, 0)
    accounts.set_disabled(ada(Role.OPERATOR), True)
    with pytest.raises(AccountError, match="is disabled"):
        ada(Role.PUBLIC)
    assert (User.get().disabled, User.get().role) == (True, Role.PUBLIC)


def test_who_has_no_role_gets_no_account(hub: Settings) -> None:
    with pytest.raises(NoRoleError, match="Ada has no role here"):
        ada(Role.PUBLIC)
    assert not User.select().exists()


def test_a_name_that_no_account_can_have_is_refused(hub: Settings) -> None:
    with pytest.raises(AccountError, match="A user name has up to 64 characters"):
        accounts.from_directory("sign-on", ADA, "Ada Lovelace", Role.VIEWER)
    assert not User.select().exists()


def test_simultaneous_first_requests_of_a_user_make_one_account(hub: Settings) -> None:
    def in_thread(_: int) -> int:
        try:
            return int(ada().id)
        finally:
            database.disconnect()

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(in_thread, range(8)))) == 1
    assert User.select().count() == 1


def test_an_account_of_a_directory_has_no_password(client: FlaskClient, hub: Settings) -> None:
    user = ada()
    for password in ("", "no account", "None"):
        assert not verify(password, user.password)
        assert sign_in(client, "ada", password).status_code == 401


@pytest.mark.parametrize(
    "change", [lambda user: accounts.set_password(user, "violet tractor 7 harbour"), lambda user: accounts.set_role(user, Role.ADMIN)]
)
def test_what_the_directory_decides_cannot_be_changed_here(hub: Settings, change: Callable[[User], object]) -> None:
    with pytest.raises(AccountError, match="of ada comes from sign-on: change it there"):
        change(ada())
    assert (User.get().password, User.get().role) == ("", Role.VIEWER)


def test_an_account_that_is_handed_over_belongs_to_the_next_user_of_this_name_and_to_no_other(hub: Settings) -> None:
    owner = make_user("ada", Role.SHIFTER)
    tokens.make(owner, "old", Role.SHIFTER, 1)
    sessions.start(owner, Lengths(1, 1), "", "")
    accounts.hand_over(owner, "sign-on")
    assert (Session.select().count(), Token.select().count(), User.get().password) == (0, 0, "")
    with pytest.raises(AccountError, match="belongs to another account"):
        accounts.from_directory("proxy", "/DC=ch/CN=ada", "ada", Role.ADMIN)
    taken = ada(Role.EXPERT)
    assert (taken.id, taken.role, taken.subject) == (owner.id, Role.EXPERT, ADA)
    with pytest.raises(AccountError, match="belongs to another account"):
        accounts.from_directory("sign-on", "https://issuer.example 2", "ada", Role.ADMIN)


def test_the_provider_ends_the_sessions_that_it_names(hub: Settings) -> None:
    provider = IdentityProvider(SignOnSettings(sign_on_issuer="https://issuer.example"))
    for sid in ("s-1", "s-2", "s-3"):
        remember(sessions.start(ada(), Lengths(1, 1), "", ""), SignedOnUser(ADA, "ada", Role.VIEWER, "", sid, ""))
    now = int(time.time())
    assert end_by_provider(provider, {"iat": now, "sid": "s-1", "jti": "t-1"}) == 1
    assert end_by_provider(provider, {"iat": now, "jti": "t-2", "sid": "s-2", "sub": "another"}) == 0
    assert end_by_provider(provider, {"iat": now, "jti": "t-3", "sub": "4711"}) == 2
    assert not Session.select().exists()
