"""`dqmhub token`: API tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from app import cli
from app.cli.user import ROLE, existing_user, utc_time
from app.security.roles import Role

if TYPE_CHECKING:
    from app.security.models import Token


def known_areas(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of areas with an API; an error of the command for another one."""
    from app.security.token_limits import limits

    known = [area.name for area in limits()]
    if unknown := sorted(set(value) - set(known)):
        raise click.ClickException(f"There is no area {unknown[0]} with an API; there are {', '.join(known)}")
    return tuple(dict.fromkeys(value))


@click.group()
def token() -> None:
    """Create, list and revoke API tokens."""


@token.command("add")
@click.argument("owner")
@click.option("--name", required=True, help="Purpose of the token, shown in lists.")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="Role of the token, at most that of its owner.")
@click.option("--days", type=click.FloatRange(0, 3650, min_open=True), default=365, show_default=True, help="Days until it expires.")
@click.option("--area", "areas", multiple=True, callback=known_areas, help="Area to which the token is limited; several times for several.")
def add_token(owner: str, name: str, role: str, days: float, areas: tuple[str, ...]) -> None:
    """Create an API token for the user OWNER (shown once)."""
    cli.open_database()
    from app.security import tokens

    account = existing_user(owner)
    if Role.of(role) > account.role:
        raise click.ClickException(f"{account.name} has the role {Role(account.role).title}; a token of {account.name} cannot have more")
    row, secret = tokens.make(account, name, Role.of(role), days, areas)
    click.echo(f"token {row.id}, expires {utc_time(row.expires)}; it is shown only once:", err=True)
    click.echo(secret)


@token.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_tokens(as_json: bool) -> None:
    """List the tokens, without their secrets."""
    cli.open_database()
    from app.security.models import Token, User

    rows = list(Token.select(Token, User).join(User).order_by(Token.id))
    if as_json:
        click.echo(json.dumps([token_values(row) for row in rows], indent=2))
        return
    for row in rows:
        times = f"expires {utc_time(row.expires)}, last used {utc_time(row.last_used)}"
        click.echo(
            f"{row.id:>5} {row.user.name:<20} {row.role.title:<9} {times}: {row.name}" + (f" (limited to {row.areas})" if row.areas else "")
        )


def token_values(row: Token) -> dict[str, object]:
    """The public values of a token, for JSON."""
    values: dict[str, object] = {name: getattr(row, name) for name in ("id", "name", "created", "expires", "last_used")}
    return {**values, "owner": row.user.name, "role": row.role.title, "areas": list(filter(None, row.areas.split(",")))}


@token.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Revoke the token NUMBER."""
    cli.open_database()
    from app.security import tokens
    from app.security.models import Token

    row = Token.get_or_none(Token.id == number)
    if row is None:
        raise click.ClickException(f"There is no token {number}; `dqmhub token ls` lists the tokens")
    tokens.revoke(row)
    click.echo(f"token {number} is revoked")
