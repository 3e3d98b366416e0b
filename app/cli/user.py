"""`dqmhub user` and `dqmhub token`: accounts and API tokens."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from app import cli
from app.security.roles import GRANTED

if TYPE_CHECKING:
    from app.security.models import Token, User

ROLE = click.Choice([role.title for role in GRANTED])


@click.group()
def user() -> None:
    """Accounts: who may sign in, and with which role."""


@click.group()
def token() -> None:
    """API tokens of scripts."""


def known(name: str) -> User:
    from app.security import accounts

    if found := accounts.find(name):
        return found
    raise click.ClickException(f"there is no user {name}; `dqmhub user ls` lists them")


def ask_password() -> str:
    """Typed twice at a terminal, or one line of standard input; never an argument, which every user of the machine could see."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")


def when(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "never"


@user.command("add")
@click.argument("name")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="What the user may do.")
def add_user(name: str, role: str) -> None:
    """Add the user NAME; asks for the password, or reads it from standard input."""
    cli.open_database()
    from app.security import Role, accounts

    try:
        added = accounts.add(name, Role.of(role), ask_password())
    except accounts.Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"added {added.name} with the role {role}")


@user.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_users(as_json: bool) -> None:
    """List the accounts."""
    cli.open_database()
    from app.security.models import User

    rows = list(User.select().order_by(User.name))
    if as_json:
        shown = [{"name": row.name, "role": row.role.title, "disabled": row.disabled, "created": row.created} for row in rows]
        click.echo(json.dumps(shown, indent=2))
        return
    for row in rows:
        click.echo(f"{row.name:<24} {row.role.title:<9} {'disabled' if row.disabled else 'enabled':<9} since {when(row.created)}")


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLE)
def change_role(name: str, role: str) -> None:
    """Give the user NAME another ROLE; the user has to sign in again."""
    cli.open_database()
    from app.security import Role, accounts

    accounts.set_role(known(name), Role.of(role))
    click.echo(f"{name} has the role {role}")


@user.command("password")
@click.argument("name")
def change_password(name: str) -> None:
    """Set another password for the user NAME, who has to sign in again."""
    cli.open_database()
    from app.security import accounts

    account = known(name)
    try:
        accounts.set_password(account, ask_password())
    except accounts.Refused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} has a new password")


@user.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Stop the user NAME from signing in, now; tokens of the user stop too."""
    set_disabled(name, True)


@user.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let the user NAME sign in again after `disable`."""
    set_disabled(name, False)


def set_disabled(name: str, disabled: bool) -> None:
    cli.open_database()
    from app.security import accounts

    accounts.set_disabled(known(name), disabled)
    click.echo(f"{name} is {'disabled' if disabled else 'enabled'}")


@token.command("add")
@click.argument("owner")
@click.option("--name", required=True, help="What the token is for, shown in lists.")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="What the token may do; at most what its owner may.")
@click.option("--days", type=click.FloatRange(0, 3650, min_open=True), default=365, show_default=True, help="Days until it expires.")
def add_token(owner: str, name: str, role: str, days: float) -> None:
    """Make a token of the user OWNER and print it, this once."""
    cli.open_database()
    from app.security import Role, tokens

    account = known(owner)
    if Role.of(role) > account.role:
        raise click.ClickException(f"{account.name} has the role {Role(account.role).title}; a token cannot have more")
    row, secret = tokens.make(account, name, Role.of(role), days)
    click.echo(f"token {row.id} until {when(row.expires)}; it is not shown again:", err=True)
    click.echo(secret)


@token.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_tokens(as_json: bool) -> None:
    """List the tokens, without their secrets."""
    cli.open_database()
    from app.security.models import Token, User

    rows = list(Token.select(Token, User).join(User).order_by(Token.id))
    if as_json:
        click.echo(json.dumps([described(row) for row in rows], indent=2))
        return
    for row in rows:
        times = f"until {when(row.expires)}, used {when(row.last_used)}"
        click.echo(f"{row.id:>5} {row.user.name:<20} {row.role.title:<9} {times}: {row.name}")


def described(row: Token) -> dict[str, object]:

    values: dict[str, object] = {name: getattr(row, name) for name in ("id", "name", "created", "expires", "last_used")}
    return {**values, "owner": row.user.name, "role": row.role.title}


@token.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Make the token NUMBER useless, now."""
    cli.open_database()
    from app.security import tokens
    from app.security.models import Token

    row = Token.get_or_none(Token.id == number)
    if row is None:
        raise click.ClickException(f"there is no token {number}; `dqmhub token ls` lists them")
    tokens.revoke(row)
    click.echo(f"token {number} is revoked")
