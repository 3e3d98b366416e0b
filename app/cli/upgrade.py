"""`dqmhub upgrade`: from one release to the next, and back."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

from app import cli
from app.core.installation import Release, current, release, releases, version_key
from app.core.settings import TREE, Settings
from app.core.version import VERSION

if TYPE_CHECKING:
    from app.ops.upgrade.state import UpgradeState


@click.command()
@click.argument("version", default="")
@click.option("--back", is_flag=True, help="Return to the release before the last upgrade, and to its backup if the database was migrated.")
@click.option("--yes", is_flag=True, help="With --back: also restore a backup that is older than a day.")
@click.option("--abandon", is_flag=True, help="End an upgrade or a way back that cannot be finished: database and link stay as they are.")
@click.option(
    "--services", "command", default="", help="Command that is run with `stop` and `start`; by default systemctl where systemd runs."
)
def upgrade(version: str, back: bool, yes: bool, abandon: bool, command: str) -> None:
    """Upgrade to the installed release VERSION, by default the newest: backup, migrations, switch, health check.

    If a step fails, the release before is in use again. An upgrade that was killed is finished by the same command.
    """
    from app.ops.backup import backup_folder
    from app.ops.owner import acting_as_owner, make_data_folder
    from app.ops.upgrade import UpgradeError, load_state
    from app.ops.upgrade.state import one_upgrade

    own = release()
    if own and not (back or abandon):
        _run_target(own, version)
    if version and not (own or back or abandon) and version != VERSION:
        raise click.ClickException(f"There is no release {version} here: this is {VERSION} in {TREE}, which is no installed release")
    settings = cli.settings()
    os.chdir(TREE)
    make_data_folder(settings.data, backup_folder(settings))
    try:
        with acting_as_owner(settings.data), one_upgrade(settings):
            state = load_state(settings)
            if abandon:
                _abandon(settings, state)
            elif back or (state and state.stage == "returning"):
                _go_back(settings, state, own, command, yes)
            else:
                _upgrade(settings, state, own, command)
    except UpgradeError as error:
        raise click.ClickException(str(error)) from error


def _run_target(own: Release, version: str) -> None:
    """Go on with the program of the release to upgrade to, unless this is it: only that knows its migrations."""
    installed = releases(own.prefix)
    target = next((each for each in installed if each.version == version), None) if version else installed[-1]
    if target is None:
        raise click.ClickException(
            f"There is no release {version} in {own.prefix}; installed: {', '.join(each.version for each in installed)}"
        )
    in_use = current(own.prefix)
    if in_use and version_key(target.version) < version_key(in_use.version):
        raise click.ClickException(
            f"{target.version} is older than {in_use.version}, which is in use; the way back is `dqmhub upgrade --back`"
        )
    if target != own:
        os.execv(target.launcher, [str(target.launcher), *sys.argv[1:]])


def _upgrade(settings: Settings, state: UpgradeState | None, own: Release | None, command: str) -> None:
    from app.core.database import refuse_missing
    from app.core.database_faults import was_used
    from app.ops.upgrade import UpgradeError
    from app.ops.upgrade.health import check_health
    from app.ops.upgrade.running import has_all_migrations
    from app.ops.upgrade.running import upgrade as run_upgrade
    from app.ops.upgrade.services import Services, default_command
    from app.ops.upgrade.state import UpgradeState
    from render.build import binary

    in_use = current(own.prefix) if own else None
    if state and state.is_unfinished and state.target != VERSION:
        raise UpgradeError(
            f"The upgrade to {state.target} is unfinished: continue it with `dqmhub upgrade {state.target}`, or return with --back"
        )
    if not (state and state.is_unfinished):
        if was_used(settings.data):  # the first upgrade of an installation makes the database
            refuse_missing(settings)
        if (in_use.version if in_use else "" if own else VERSION) == VERSION and has_all_migrations(settings):
            click.echo(f"{VERSION} is in use already")
            return
        if own and in_use and binary(in_use.folder).exists() and not binary(own.folder).exists():
            raise UpgradeError(f"The render service of {VERSION} is not built: run `{own.launcher} render build`, then upgrade again")
        state = UpgradeState("upgrading", in_use.version if in_use else VERSION, VERSION)
    services = Services(shlex.split(command) or default_command())
    program = [str(own.launcher)] if own else [sys.executable, "-m", "app.cli"]
    done = run_upgrade(settings, state, own.prefix if own else None, services, lambda: check_health(settings, program), _progress)
    click.echo(f"{done.target} is in use; the backup made before is {done.backup}" if done.backup else f"{done.target} is in use")
    if not services.command:
        click.echo("start the services now")


def _abandon(settings: Settings, state: UpgradeState | None) -> None:
    from app.ops.upgrade import UpgradeError, forget_state

    if not (state and state.is_unfinished):
        raise UpgradeError("There is no unfinished upgrade")
    forget_state(settings)
    backup = f"; the backup made before is {state.backup}" if state.backup else ""
    replaced = f"; the migrated database is kept in {state.replaced}" if state.replaced else ""
    click.echo(f"the upgrade from {state.previous} to {state.target} is abandoned{backup}{replaced}")
    click.echo("`dqmhub db status` says whether the database fits the release in use; start the services when it does")


def _go_back(settings: Settings, state: UpgradeState | None, own: Release | None, command: str, yes: bool) -> None:
    from app.ops.upgrade import UpgradeError, go_back
    from app.ops.upgrade.services import Services, default_command

    if state is None or state.stage == "returned":
        raise UpgradeError("There is no upgrade to return from; `dqmhub restore` restores a backup")
    services = Services(shlex.split(command) or default_command())
    kept = go_back(settings, state, own.prefix if own else None, services, _progress, yes)
    click.echo(f"{state.previous} is in use again{kept}")
    if not services.command:
        click.echo("start the services now")


def _progress(line: str) -> None:
    click.echo(line, err=True)
