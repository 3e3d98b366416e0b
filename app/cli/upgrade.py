"""`dqmhub upgrade`: from one release to the next, and back."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from app import cli
from app.core.installation import Release, current, release, releases, version_key
from app.core.settings import TREE, Settings
from app.core.version import VERSION

if TYPE_CHECKING:
    from app.ops.upgrade.services import Services
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

    If a step fails, the previous release is in use again. In two cases the services stay stopped instead: no release was in use before, or
    the database has migrations that the previous one does not know, and this upgrade made no backup before them. An upgrade that was killed
    is finished by the same command.
    """
    from app.ops.backup import backup_folder
    from app.ops.owner import acting_as_owner, make_data_folder
    from app.ops.upgrade import UpgradeError, load_state
    from app.ops.upgrade.services import Services, default_command
    from app.ops.upgrade.state import one_upgrade

    if back and abandon:
        raise click.UsageError("--back and --abandon exclude each other")
    if version and (back or abandon):
        raise click.UsageError(f"With --{'back' if back else 'abandon'} no version is named, and {version} is one")
    if yes and not back:
        raise click.UsageError("--yes belongs to --back")
    services = Services(_command(command) or default_command())
    own = release()
    if own and not (back or abandon):
        _run_target(own, version)
    if version and not (own or back or abandon) and version != VERSION:
        raise click.ClickException(f"There is no release {version} here: this is {VERSION} in {TREE}, which is no installed release")
    settings = cli.settings()
    os.chdir(TREE)
    make_data_folder(settings.data, backup_folder(settings))
    try:
        with interrupted_in_order(), acting_as_owner(settings.data), one_upgrade(settings):
            state = load_state(settings)
            if abandon:
                _abandon(settings, state)
            elif back or (state and state.stage == "returning"):
                _go_back(settings, state, own, services, yes)
            else:
                _upgrade(settings, state, own, services)
    except UpgradeError as error:
        raise click.ClickException(str(error)) from error


def _command(text: str) -> list[str]:
    """The words of a command, with the whole path of its program; [] for ""."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise click.UsageError(f"--services cannot be read: {error}") from error
    if words:
        program = shutil.which(words[0])
        if program is None:
            raise click.UsageError(f"--services names {words[0]}, which is no program that can be run")
        words[0] = os.path.abspath(program)
    return words


@contextmanager
def interrupted_in_order() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a step, so that the way back follows, and go on when the terminal is lost."""

    def interrupt(number: int, _: object) -> None:
        raise KeyboardInterrupt(f"it was interrupted by {signal.Signals(number).name}")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
        _refuse_incomplete(target)
        os.execv(target.launcher, [str(target.launcher), *sys.argv[1:]])


def _refuse_incomplete(target: Release) -> None:
    """Raise ClickException if the program of a release does not start, as after an installation that was interrupted."""
    done = subprocess.run([target.launcher, "upgrade", "--help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise click.ClickException(
            f"Nothing was changed: the release {target.version} in {target.prefix} is not complete ({reason}): remove {target.folder}, and "
            "install it again"
        )


def _upgrade(settings: Settings, state: UpgradeState | None, own: Release | None, services: Services) -> None:
    from app.ops.upgrade import upgrade
    from app.ops.upgrade.health import check_health
    from app.ops.upgrade.planning import upgrade_to_do

    to_do = upgrade_to_do(settings, state, own)
    if to_do is None:
        click.echo(f"{VERSION} is in use already")
        return
    program = [str(own.launcher)] if own else [sys.executable, "-m", "app.cli"]
    done = upgrade(settings, to_do, own.prefix if own else None, services, lambda: check_health(settings, program), _progress)
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
    previous = f"from {state.previous} " if state.previous else ""
    click.echo(f"the upgrade {previous}to {state.target} is abandoned{backup}{replaced}")
    click.echo("`dqmhub db status` says whether the database fits the release in use; start the services when it does")


def _go_back(settings: Settings, state: UpgradeState | None, own: Release | None, services: Services, yes: bool) -> None:
    from app.ops.upgrade import UpgradeError, go_back

    if state is None or state.stage == "returned":
        raise UpgradeError("There is no upgrade to return from; `dqmhub restore` restores a backup")
    kept = go_back(settings, state, own.prefix if own else None, services, _progress, yes)
    click.echo(f"{state.previous} is in use again{kept}")
    if not services.command:
        click.echo("start the services now")


def _progress(line: str) -> None:
    with suppress(OSError):  # the terminal may be lost
        click.echo(line, err=True)
