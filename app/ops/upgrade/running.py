"""The steps of an upgrade, and the way back. Each can be repeated, so a killed upgrade is finished by running it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from peewee import PeeweeException

from app.core import database, database_schema
from app.core.installation import InstallationError, Release, releases, switch
from app.core.settings import Settings
from app.ops.backup import Backup, BackupError, backup_folder, find_backup, restore, verify
from app.ops.backup.folder import no_other_backup
from app.ops.backup.making import refuse_full_disk, write_backup
from app.ops.owner import acting_as_superuser
from app.ops.upgrade.errors import UpgradeError
from app.ops.upgrade.migrations import has_all_migrations, migrations_of, unbind, unknown_migration
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import UpgradeState, forget_state, load_state, store_state

FAILURES = (UpgradeError, BackupError, InstallationError, OSError, PeeweeException, database.UnusableDatabase, KeyboardInterrupt)
"""Errors of steps with a cause outside of this program. All other errors lead to the way back, too."""

CONFIRM_S = 86400.0
"""Age of a backup from which on the way back to it needs --yes."""

Progress = Callable[[str], object]


def upgrade(
    settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, check: Callable[[], object], progress: Progress
) -> UpgradeState:
    """Stop the services, make a backup, migrate, switch to the target, check its health and start; or go back if one of that fails.

    A database that has all migrations already, as on the second of several hosts, stays as it is: without a backup, and services of
    other hosts may use it meanwhile. The backup of an unfinished upgrade is only kept if the database was migrated since: otherwise people
    may have gone on with it. When services were started with a migrated database, people may have stored something, so only
    `go_back` restores the backup.

    Args:
        state: A new one, or an unfinished one.
        prefix: Of the installed releases; None in a checkout, where nothing is switched.
        check: Raises UpgradeError if the target does not work with the migrated database.

    Raises:
        UpgradeError: The upgrade failed. The message says whether the previous release is in use again.
    """
    is_migrated, is_complete = _backup_to_restore(settings, state) is not None, has_all_migrations(settings)
    makes_backup = not (is_migrated or is_complete)
    with _no_other_backup(settings, makes_backup) if is_migrated or makes_backup else nullcontext():
        state = _stop(settings, state, services, progress, is_alone=is_migrated or makes_backup)
        try:
            if makes_backup:
                state = store_state(settings, state._replace(backup=_backup(settings, state.previous or state.target, progress)))
            if not is_complete:
                progress("Migrating the database")
            database_schema.upgrade(database.connect(settings), progress, state.backup)
            unbind()
            if prefix:
                progress(f"Switching to {state.target}")
                with acting_as_superuser():
                    switch(prefix, state.target)
            progress(f"Checking the health of {state.target}")
            check()
        except (Exception, KeyboardInterrupt) as error:
            raise _failed(settings, state, prefix, services, progress, error) from error
        try:
            progress("Starting the services")
            services.start(settings, state.target, state.services)
        except (Exception, KeyboardInterrupt) as error:
            unbind()
            if unknown := _unknown_before(settings, state, prefix):
                way_back = f"restore a backup from before the migration: {state.previous} does not know {unknown} of the database"
            elif not state.previous:
                way_back = "restore the backup"
            elif _backup_to_restore(settings, state):
                way_back = "return with --back: what was stored since the backup is then only kept aside"
            else:
                raise _failed(settings, state, prefix, services, progress, error) from error
            raise UpgradeError(
                f"{state.target} is in use, but not all of its services run: {error}. Remove the cause and continue with `dqmhub upgrade`, "
                f"or {way_back}"
            ) from error
    return _finish(settings, state._replace(stage="upgraded"), state.target)


def _failed(
    settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, progress: Progress, error: BaseException
) -> UpgradeError:
    """Go back after an error, if a release was in use before; what to tell the administrator."""
    progress(f"The upgrade failed: {error}")
    unbind()
    unknown = _unknown_before(settings, state, prefix)
    if unknown or not (prefix and state.previous):
        way = f"way back to {state.previous}, which does not know {unknown} of the database" if unknown else "release to go back to"
        made = f"; the backup made before is {state.backup}" if state.backup else ""
        return UpgradeError(
            f"The upgrade to {state.target} failed: {error}. There is no {way}, and the services are stopped{made}. "
            "Remove the cause and continue with `dqmhub upgrade`, or end it with `dqmhub upgrade --abandon`"
        )
    aside = _return(settings, state, prefix, services, progress)
    return UpgradeError(f"The upgrade to {state.target} failed, and {state.previous} is in use again: {error}{aside}")


def go_back(
    settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, progress: Progress, is_confirmed: bool = False
) -> str:
    """Stop the services, restore the backup if the database was migrated, switch to the previous release, and start.

    What this needs is looked for before anything is stopped or changed.

    Args:
        is_confirmed: Whether a backup older than CONFIRM_S is restored, too.

    Returns:
        A sentence on what is kept of the replaced database; "" if there is none.

    Raises:
        UpgradeError: There is no way back, or it failed.
    """
    if not (prefix and state.previous):
        restored = f"; `dqmhub restore {state.backup}` restores the backup made before" if state.backup else ""
        raise UpgradeError(f"There is no way back, nothing was changed: no release was in use before {state.target}{restored}")
    installed = [each.version for each in releases(prefix)]
    if state.previous not in installed:
        raise UpgradeError(
            f"There is no way back to {state.previous}, nothing was changed: it is not installed in {prefix}, only {', '.join(installed)}; "
            f"install it again{_kept_database(state)}"
        )
    backup = _backup_to_restore(settings, state)
    if backup is None:
        if unknown := unknown_migration(settings, Release(prefix, state.previous)):
            raise UpgradeError(
                f"There is no way back to {state.previous}, nothing was changed: the database has {unknown}, which that does not know, "
                "and was not migrated by an upgrade of this host. Go back on the host that has done that, or restore a backup, first"
            )
        return _return(settings, state, prefix, services, progress)
    age_s = max(0.0, time.time() - backup.made)
    loss = f"the database gets back to the backup {backup.name}, made {age_s / 3600:.1f} h ago; what was stored since is only kept aside"
    if age_s > CONFIRM_S and state.stage != "returning" and not is_confirmed:
        raise UpgradeError(f"Nothing was changed: on the way back {loss}. If that is right: `dqmhub upgrade --back --yes`")
    progress(f"On the way back {loss}")
    progress(f"Verifying the backup {backup.name}")
    try:
        verify(backup)
    except BackupError as error:
        raise UpgradeError(f"There is no way back to {state.previous}, nothing was changed: {error}{_kept_database(state)}") from error
    with _no_other_backup(settings):
        return _return(settings, state, prefix, services, progress)


def _return(settings: Settings, state: UpgradeState, prefix: Path, services: Services, progress: Progress) -> str:
    """Do what `go_back` does, without its checks."""
    backup = _backup_to_restore(settings, state)
    state = _stop(settings, state._replace(stage="returning"), services, progress, is_alone=backup is not None)
    try:
        if backup:
            state = store_state(settings, state._replace(replaced=restore(settings, backup, progress).aside))
        progress(f"Switching to {state.previous}")
        with acting_as_superuser():
            switch(prefix, state.previous)
        progress("Starting the services")
        services.start(settings, state.previous, state.services)
    except FAILURES as error:
        raise UpgradeError(
            f"The way back to {state.previous} failed: {error}{_kept_database(state)}. "
            "Remove the cause, then continue with `dqmhub upgrade --back`, or end it with `dqmhub upgrade --abandon`"
        ) from error
    return _kept_database(_finish(settings, state._replace(stage="returned"), state.previous))


@contextmanager
def _no_other_backup(settings: Settings, makes_one: bool = False) -> Iterator[None]:
    """Keep a nightly backup from copying a database that changes, and look for the space of the own one, before anything is stopped."""
    with ExitStack() as block:
        try:
            folder = backup_folder(settings)
            block.enter_context(no_other_backup(folder))
            if makes_one:
                refuse_full_disk(folder, None if settings.database_url else settings.data / "dqmhub.db")
        except BackupError as error:
            raise UpgradeError(f"{error}. Nothing was changed") from error
        yield


def _finish(settings: Settings, state: UpgradeState, version: str) -> UpgradeState:
    """Store that all steps are done."""
    try:
        return store_state(settings, state)
    except UpgradeError as error:
        raise UpgradeError(
            f"{version} is in use, and its services run, but this could not be noted: {error}. Then repeat the command"
        ) from error


def _stop(settings: Settings, state: UpgradeState, services: Services, progress: Progress, is_alone: bool) -> UpgradeState:
    """Store a state with the services that run, and stop them. If that fails, they are started, and the state is that before.

    Args:
        is_alone: Whether the database will change, so that services of other hosts must not run either.

    Raises:
        UpgradeError: Some cannot be stopped, or the state cannot be stored; nothing else has been changed.
    """
    earlier = load_state(settings)
    is_unfinished = earlier is not None and earlier.is_unfinished
    unfinished = f"The upgrade to {state.target} is unfinished, and the services are not started; end it with `dqmhub upgrade --abandon`"
    end = unfinished if is_unfinished else "Nothing was changed"
    try:
        if is_alone:
            services.wait_for_others(settings)
        state = store_state(settings, state._replace(services=tuple(sorted({*state.services, *services.running(settings)}))))
    except FAILURES as error:
        raise UpgradeError(f"{error}. {end}") from error
    try:
        progress("Stopping the services")
        services.stop(settings)
    except FAILURES as error:
        if not is_unfinished:
            if earlier:
                store_state(settings, earlier)
            else:
                forget_state(settings)
            progress("Starting the services")
            try:
                services.start(settings, "", ())
            except FAILURES as second:
                end = f"The database was not changed, but the services could not be started again: {second}"
        raise UpgradeError(f"{error}. {end}") from error
    return state


def _kept_database(state: UpgradeState) -> str:
    """The end of a message: where the replaced database is."""
    return f". The migrated database is kept in {state.replaced}" if state.replaced else ""


def _backup(settings: Settings, version: str, progress: Progress) -> str:
    """The name of a new backup of what this version wrote; "" for a database without tables, which has nothing to lose."""
    try:
        database.connect(settings)
        return write_backup(settings, backup_folder(settings), progress, version).name if database.proxy.get_tables() else ""
    finally:
        unbind()


def _backup_to_restore(settings: Settings, state: UpgradeState) -> Backup | None:
    """The backup that was made before, if the database has other migrations now. Raises UpgradeError if it is gone."""
    if not state.backup:
        return None
    try:
        backup = find_backup(backup_folder(settings), state.backup)
    except BackupError as error:
        raise UpgradeError(
            f"The way back from {state.target} to {state.previous} is lost: {error}. Bring the backup made before the "
            f"upgrade back to its folder, or keep everything as it is with `dqmhub upgrade --abandon`{_kept_database(state)}"
        ) from error
    try:
        return None if migrations_of(settings) == backup.migrations else backup
    except (PeeweeException, database.UnusableDatabase):
        return backup  # what cannot be read is replaced, too


def _unknown_before(settings: Settings, state: UpgradeState, prefix: Path | None) -> str:
    """As `unknown_migration` of the release in use before; "" if there was none, or if its backup is restored on the way back."""
    try:
        if not (prefix and state.previous) or _backup_to_restore(settings, state):
            return ""
        return unknown_migration(settings, Release(prefix, state.previous))
    except (PeeweeException, database.UnusableDatabase):
        return ""  # nobody can tell, as while the database cannot be reached
