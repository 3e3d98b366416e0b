"""`dqmhub user`: accounts."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from app import cli
from app.core.text import counted
from app.security.roles import GRANTED, Role, parse_role, role_text

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.security.models import User

ROLE = click.Choice([role.title for role in GRANTED])


ROLE_NAMES = f"[{'|'.join(ROLE.choices)}|expert:SUBSYSTEM,...]"


def role_parameter(context: click.Context, parameter: click.Parameter, value: str) -> tuple[Role, str]:
    """The role and the subsystems of an argument such as `expert:Pixel,SiStrips`."""
    try:
        return parse_role(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group()
def user() -> None:
    """Create, list, change and disable accounts."""


def existing_user(name: str) -> User:
    """The user of this name; an error of the command if there is none."""
    from app.security import accounts

    if found := accounts.user_by_name(name):
        return found
    raise click.ClickException(f"There is no user {name}; `dqmhub user ls` lists the users")


def read_password() -> str:
    """A password, typed twice at a terminal or from a line of standard input. Every user of the machine could see an argument."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")


def utc_time(at: float | None) -> str:
    """A time as text, "never" for None."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


@user.command("add")
@click.argument("name")
@click.option("--role", callback=role_parameter, metavar=ROLE_NAMES, default="viewer", show_default=True, help="Role of the user.")
def add_user(name: str, role: tuple[Role, str]) -> None:
    """Create the user NAME.

    Prompts for the password, or reads it from standard input.
    """
    cli.open_database()
    from app.security import accounts
    from app.security.errors import AccountError

    try:
        added = accounts.add(name, role[0], read_password(), role[1])
    except AccountError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"added {added.name} with the role {role_text(*role)}")


@user.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_users(as_json: bool) -> None:
    """List the users."""
    cli.open_database()
    from app.security.models import User

    rows = list(User.select().order_by(User.name))
    if as_json:
        values = [
            {
                "name": row.name,
                "role": row.role.title,
                "subsystems": list(filter(None, row.subsystems.split(","))),
                "disabled": row.disabled,
                "origin": row.origin,
                "created": row.created,
            }
            for row in rows
        ]
        click.echo(json.dumps(values, indent=2))
        return
    for row in rows:
        state = "disabled" if row.disabled else "enabled"
        click.echo(f"{row.name:<24} {role_text(row.role, row.subsystems):<9} {state:<9} {row.origin:<8} since {utc_time(row.created)}")


@user.command("role")
@click.argument("name")
@click.argument("role", callback=role_parameter, metavar=ROLE_NAMES)
def change_role(name: str, role: tuple[Role, str]) -> None:
    """Change the role of a user.

    An expert can be limited to subsystems, as in expert:Pixel,SiStrips. Ends all sessions of the user.
    """
    cli.open_database()
    from app.security import accounts
    from app.security.errors import AccountError

    try:
        accounts.set_role(existing_user(name), *role)
    except AccountError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} has the role {role_text(*role)}")
    if role[0] != Role.ADMIN:
        _warn_without_administrator()


@user.command("password")
@click.argument("name")
@click.option("--keep-tokens", is_flag=True, help="Revoke no API token of the user.")
def change_password(name: str, keep_tokens: bool) -> None:
    """Set a new password for the user NAME.

    Ends all sessions of the user, and revokes all API tokens. Prompts for the password, or reads it from standard input.
    """
    cli.open_database()
    from app.security import accounts, tokens
    from app.security.errors import AccountError

    account = existing_user(name)
    kept = [token.id for token in tokens.tokens_of(account)] if keep_tokens else []
    try:
        revoked = accounts.set_password(account, read_password(), kept)
    except AccountError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} has a new password" + (f"; {counted(len(revoked), 'token')} revoked" if revoked else ""))


@user.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Disable the user NAME, including sessions and tokens."""
    set_disabled(name, True)


@user.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Enable the user NAME again."""
    set_disabled(name, False)


@user.command("hand-over")
@click.argument("name")
@click.option(
    "--to", "origin", type=click.Choice(["sign-on", "proxy"]), default="sign-on", show_default=True, help="Who then identifies the user."
)
def hand_over(name: str, origin: str) -> None:
    """Hand the account NAME over to the identity provider: to its user NAME.

    Ends all sessions of the user, and revokes the password and all API tokens. What the user made here stays.
    """
    settings = cli.open_database()
    from app.security import accounts

    account = existing_user(name)
    _check_origin(settings, origin)
    accounts.hand_over(account, origin)
    click.echo(f"the next user {name} of {origin} has this account")
    _warn_without_administrator()


def _check_origin(settings: Settings, origin: str) -> None:
    """Refuse a directory that this hub does not use: nobody could use the account."""
    from app.security.proxy_sign_in.settings import ProxySignInSettings
    from app.security.sign_on.settings import SignOnSettings

    sign_on = settings.of(SignOnSettings)
    if origin == "sign-on" and not (sign_on.sign_on_issuer and sign_on.sign_on_client_id):
        raise click.ClickException(
            "Sign-on is not set up, so nobody could use this account: set sign_on_issuer and sign_on_client_id first"
        )
    if origin == "proxy" and settings.of(ProxySignInSettings).proxy_sign_in == "off":
        raise click.ClickException("proxy_sign_in is off, so nobody could use this account: set it first")


def _warn_without_administrator() -> None:
    """Warn if no enabled local account with the role admin is left."""
    from app.security import accounts

    if not accounts.has_local_administrator():
        text = "warning: no enabled local account has the role admin now; keep one for emergencies: dqmhub user add NAME --role admin"
        click.echo(text, err=True)


@user.command("move-issuer")
@click.argument("old")
@click.argument("new")
def move_issuer(old: str, new: str) -> None:
    """Move all accounts of the issuer OLD to the issuer NEW, under which the identity provider now works.

    Only for a provider at which each user has the same `sub` as before. Ends the sessions of the users; their tokens stay valid.
    """
    cli.open_database()
    from app.security.sign_on.issuers import accounts_of_issuers, move_accounts

    moved, left = move_accounts(old, new)
    if not moved and not left:
        issuers = ", ".join(sorted(accounts_of_issuers())) or "none"
        raise click.ClickException(f"There are no accounts of {old}; issuers of accounts are: {issuers}")
    click.echo(f"moved {counted(len(moved), 'account')} to {new}")
    if left:
        raise click.ClickException(f"Not moved, since their users have other accounts there: {', '.join(left)}")


def set_disabled(name: str, disabled: bool) -> None:
    """Disable or enable a user."""
    cli.open_database()
    from app.security import accounts

    accounts.set_disabled(existing_user(name), disabled)
    click.echo(f"{name} is {'disabled' if disabled else 'enabled'}")
    if disabled:
        _warn_without_administrator()
