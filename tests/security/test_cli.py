"""`dqmhub user` and `dqmhub token`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from app import cli
from app.cli.user import ROLE
from app.security import Role, accounts
from app.security.models import Audit, Token, User
from app.security.roles import GRANTED
from app.security.tokens import authenticate, make
from tests.security.conftest import PASSWORD

if TYPE_CHECKING:
    from app.core.settings import Settings

pytestmark = pytest.mark.both_databases

Command = Callable[..., Result]


@pytest.fixture
def dqmhub(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command on the database of the test."""
    monkeypatch.setenv("DQMHUB_DATA_DIR", hub.data_dir)
    monkeypatch.setenv("DQMHUB_DATABASE_URL", hub.database_url)

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(cli.dqmhub, arguments, input=typed)

    return run


@pytest.fixture
def directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub uses an identity provider and proxies that identify users."""
    for name, value in {"SIGN_ON_ISSUER": "https://login.example", "SIGN_ON_CLIENT_ID": "dqm", "PROXY_SIGN_IN": "certificate"}.items():
        monkeypatch.setenv(f"DQMHUB_{name}", value)


def test_every_role_can_be_granted() -> None:
    assert list(ROLE.choices) == [role.title for role in GRANTED]


def test_a_user_is_added_with_the_password_from_standard_input(dqmhub: Command) -> None:
    result = dqmhub("user", "add", "Alice", "--role", "expert", typed=PASSWORD + "\n")
    assert (result.exit_code, result.output) == (0, "added alice with the role expert\n")
    assert accounts.verify(PASSWORD, User.get().password)
    assert PASSWORD not in result.output


def test_errors_are_one_line(dqmhub: Command) -> None:
    for arguments, typed, expected in [
        (("user", "add", "alice"), "short\n", "A password has 10 to 256 characters"),
        (("user", "add", "a b"), PASSWORD, "A user name has"),
        (("user", "role", "alice", "admin"), "", "There is no user alice"),
        (("token", "add", "alice", "--name", "x"), "", "There is no user alice"),
        (("token", "add", "alice", "--name", "x", "--area", "nothing"), "", "There is no area nothing with an API"),
        (("token", "revoke", "7"), "", "There is no token 7"),
    ]:
        result = dqmhub(*arguments, typed=typed)
        assert result.exit_code == 1
        assert expected in result.output
    assert not User.select().exists()


def test_an_account_is_changed_disabled_and_listed(dqmhub: Command) -> None:
    dqmhub("user", "add", "alice", typed=PASSWORD)
    assert dqmhub("user", "role", "alice", "shifter").exit_code == 0
    assert dqmhub("user", "password", "alice", typed=PASSWORD + "!").exit_code == 0
    assert dqmhub("user", "disable", "alice").exit_code == 0
    (row,) = json.loads(dqmhub("user", "ls", "--json").output)
    assert (row["name"], row["role"], row["disabled"]) == ("alice", "shifter", True)
    assert "disabled" in dqmhub("user", "ls").output
    assert dqmhub("user", "enable", "alice").exit_code == 0
    assert accounts.verify(PASSWORD + "!", User.get().password)
    assert Audit.select().count() == 5


def test_no_account_is_handed_over_to_a_directory_that_the_hub_does_not_use(dqmhub: Command) -> None:
    dqmhub("user", "add", "anna", "--role", "admin", typed=PASSWORD)
    results = [dqmhub("user", "hand-over", "anna", "--to", origin) for origin in ("sign-on", "proxy")]
    assert [(result.exit_code, result.output) for result in results] == [
        (1, "Error: Sign-on is not set up, so nobody could use this account: set sign_on_issuer and sign_on_client_id first\n"),
        (1, "Error: proxy_sign_in is off, so nobody could use this account: set it first\n"),
    ]
    assert User.get().origin == "local"


@pytest.mark.parametrize("change", [("hand-over", "anna"), ("disable", "anna"), ("role", "anna", "viewer")])
def test_a_change_that_leaves_no_local_administrator_warns(dqmhub: Command, directories: None, change: tuple[str, ...]) -> None:
    for name in ("bob", "anna"):
        dqmhub("user", "add", name, "--role", "admin", typed=PASSWORD)
    assert "warning" not in dqmhub("user", "disable", "bob").output
    result = dqmhub("user", *change)
    assert (result.exit_code, "no enabled local account has the role admin now" in result.output) == (0, True)


def test_an_account_is_handed_over_to_a_directory_which_then_decides(dqmhub: Command, directories: None) -> None:
    dqmhub("user", "add", "emergency", "--role", "admin", typed=PASSWORD)
    dqmhub("user", "add", "alice", "--role", "shifter", typed=PASSWORD)
    assert dqmhub("user", "hand-over", "alice").output == "the next user alice of sign-on has this account\n"
    assert " sign-on " in dqmhub("user", "ls").output
    refused = [dqmhub("user", "role", "alice", "admin"), dqmhub("user", "password", "alice", typed=PASSWORD)]
    assert [(result.exit_code, "comes from sign-on: change it there" in result.output) for result in refused] == [(1, True)] * 2
    assert dqmhub("user", "hand-over", "alice", "--to", "proxy").exit_code == 0
    assert User.get(name="alice").origin == "proxy"


def test_all_accounts_of_an_old_issuer_are_moved_with_their_tokens_to_the_new_one(dqmhub: Command) -> None:
    old, new = "https://old.example", "https://new.example"
    for number, name in enumerate(("ada", "bob", "carl")):
        accounts.from_directory("sign-on", f"{old} {number}", name, Role.VIEWER)
    accounts.from_directory("sign-on", f"{new} 2", "carl.new", Role.VIEWER)
    _, secret = make(accounts.from_directory("sign-on", f"{old} 0", "ada", Role.VIEWER), "nightly", Role.VIEWER, 1)
    result = dqmhub("user", "move-issuer", old, new)
    assert (result.exit_code, "moved 2 accounts" in result.output) == (1, True)
    assert "Not moved, since their users have other accounts there: carl" in result.output
    assert accounts.from_directory("sign-on", f"{new} 0", "ada", Role.VIEWER).name == "ada"
    assert authenticate(secret).user.name == "ada"
    assert Audit.select().where(Audit.action == "move user").count() == 2
    nobody = dqmhub("user", "move-issuer", "https://none.example", new)
    assert f"There are no accounts of https://none.example; issuers of accounts are: {new}, {old}" in nobody.output


def test_a_token_is_shown_once_and_revoked(dqmhub: Command) -> None:
    dqmhub("user", "add", "alice", "--role", "operator", typed=PASSWORD)
    made = dqmhub("token", "add", "alice", "--name", "nightly", "--role", "operator", "--days", "30")
    secret = made.stdout.strip()
    assert authenticate(secret).role == Role.OPERATOR
    listed = dqmhub("token", "ls").output + dqmhub("token", "ls", "--json").output
    assert "nightly" in listed
    assert secret not in listed
    assert dqmhub("token", "revoke", str(Token.get().id)).exit_code == 0
    assert not Token.select().exists()


def test_a_token_cannot_have_a_higher_role_than_its_owner(dqmhub: Command) -> None:
    dqmhub("user", "add", "alice", typed=PASSWORD)
    result = dqmhub("token", "add", "alice", "--name", "x", "--role", "admin")
    assert result.exit_code == 1
    assert "alice has the role viewer; a token of alice cannot have more" in result.output


def test_a_new_password_revokes_the_tokens_of_the_user_unless_they_are_kept(dqmhub: Command) -> None:
    dqmhub("user", "add", "alice", typed=PASSWORD)
    dqmhub("token", "add", "alice", "--name", "nightly")
    kept = dqmhub("user", "password", "alice", "--keep-tokens", typed=PASSWORD + "!")
    assert (kept.output, Token.select().count()) == ("alice has a new password\n", 1)
    revoked = dqmhub("user", "password", "alice", typed=PASSWORD + "?")
    assert (revoked.output, Token.select().count()) == ("alice has a new password; 1 token revoked\n", 0)
