"""The steps of an upgrade, and the way back. Each can be repeated, so a killed upgrade is finished by running it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from peewee import PeeweeException

from app.core import database
from app.core.installation import InstallationError, releases, switch
from app.core.settings import Settings
from app.ops.backup import Backup, BackupError, backup_folder, find_backup, make_backup, restore, verify
from app.ops.upgrade.errors import UpgradeError
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import UpgradeState, store_state

FAILURES = (UpgradeError, BackupError, InstallationError, OSError, PeeweeException, database.UnusableDatabase)
"""Errors of steps with a cause outside; from all others the way back is taken, too."""

Progress = Callable[[str], object]


def has_all_migrations(settings: Settings) -> bool:
    """Whether the database has exactly the migrations of this version, so that there is nothing to migrate."""
    try:
        database.check(database.connect(settings))
    except database.UnusableDatabase:
        return False
    finally:
        _unbind()
    return True


def upgrade(
    settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, check: Callable[[], object], progress: Progress
) -> UpgradeState:
    """Stop the services, make a backup, migrate, switch to the target, check its health and start; or go back if one of that fails.

    The backup of an unfinished upgrade is only kept if the database was migrated since: otherwise people may have gone on with it.

    Args:
        state: A new one, or an unfinished one.
        prefix: Of the installed releases; None in a checkout, where nothing is switched.
        check: Raises UpgradeError if the target does not work with the migrated database.

    Raises:
        UpgradeError: The upgrade failed. The message says whether the previous release is in use again.
    """
    is_migrated = _to_restore(settings, state) is not None
    state = store_state(settings, state)
    progress("Stopping the services")
    ran = services.stop(settings)
    state = store_state(settings, state._replace(services=tuple(sorted({*state.services, *ran}))))
    try:
        if not is_migrated:
            state = store_state(settings, state._replace(backup=_backup(settings, state.previous, progress)))
        progress("Migrating the database")
        database.upgrade(database.connect(settings), progress, state.backup)
        _unbind()
        if prefix:
            progress(f"Switching to {state.target}")
            switch(prefix, state.target)
        progress(f"Checking the health of {state.target}")
        check()
        progress("Starting the services")
        services.start(settings, state.target, state.services)
    except Exception as error:
        progress(f"The upgrade failed: {error}")
        _unbind()
        aside = _return(settings, state, prefix, services, progress)
        raise UpgradeError(f"The upgrade to {state.target} failed, and {state.previous} is in use again: {error}{aside}") from error
    return store_state(settings, state._replace(stage="upgraded"))


def go_back(settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, progress: Progress) -> str:
    """Stop the services, restore the backup if the database was migrated, switch to the previous release, and start.

    What this needs is looked for before anything is stopped or changed.

    Returns:
        A sentence on what is kept of the replaced database; "" if there is none.

    Raises:
        UpgradeError: There is no way back, or it failed.
    """
    installed = [each.version for each in releases(prefix)] if prefix else [state.previous]
    if state.previous not in installed:
        raise UpgradeError(
            f"There is no way back to {state.previous}, nothing was changed: it is not installed in {prefix}, only {', '.join(installed)}; "
            f"install it again{_kept(state)}"
        )
    if backup := _to_restore(settings, state):
        progress(f"Verifying the backup {backup.name}")
        try:
            verify(backup)
        except BackupError as error:
            raise UpgradeError(f"There is no way back to {state.previous}, nothing was changed: {error}{_kept(state)}") from error
    return _return(settings, state, prefix, services, progress)


def _return(settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, progress: Progress) -> str:
    """The same, without looking first."""
    state = store_state(settings, state._replace(stage="returning"))
    try:
        services.stop(settings)
        if backup := _to_restore(settings, state):
            state = store_state(settings, state._replace(replaced=restore(settings, backup, progress).aside))
        if prefix:
            progress(f"Switching to {state.previous}")
            switch(prefix, state.previous)
        progress("Starting the services")
        services.start(settings, state.previous, state.services)
    except FAILURES as error:
        raise UpgradeError(
            f"The way back to {state.previous} failed: {error}{_kept(state)}. "
            "Remove the cause, then continue with `dqmhub upgrade --back`, or end it with `dqmhub upgrade --abandon`"
        ) from error
    store_state(settings, state._replace(stage="returned"))
    return _kept(state)


def _kept(state: UpgradeState) -> str:
    """The end of a message: where the replaced database is."""
    return f". The migrated database is kept in {state.replaced}" if state.replaced else ""


def _backup(settings: Settings, version: str, progress: Progress) -> str:
    """The name of a new backup of what this version wrote; "" for a database without tables, which has nothing to lose."""
    try:
        database.connect(settings)
        return make_backup(settings, backup_folder(settings), progress, version).name if database.proxy.get_tables() else ""
    finally:
        _unbind()


def _to_restore(settings: Settings, state: UpgradeState) -> Backup | None:
    """The backup that was made before, if the database has other migrations now. Raises UpgradeError if it is gone."""
    if not state.backup:
        return None
    try:
        backup = find_backup(backup_folder(settings), state.backup)
    except BackupError as error:
        raise UpgradeError(
            f"The way back from {state.target} to {state.previous} is lost: {error}. Bring the backup made before the "
            f"upgrade back to its folder, or let all be as it is by `dqmhub upgrade --abandon`{_kept(state)}"
        ) from error
    try:
        query = database.connect(settings).execute_sql("SELECT name FROM schema_migration ORDER BY name")
        return None if tuple(migration for (migration,) in query.fetchall()) == backup.migrations else backup
    except (PeeweeException, database.UnusableDatabase):
        return backup  # what cannot be read is replaced, too
    finally:
        _unbind()


def _unbind() -> None:
    database.disconnect()
    database.proxy.initialize(None)  # the next connection may be to another file
