"""The steps of an upgrade, and the way back. Each can be repeated, so a killed upgrade is finished by running it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from peewee import PeeweeException

from app.core import database
from app.core.installation import InstallationError, switch
from app.core.settings import Settings
from app.ops.backup import BackupError, backup_folder, find_backup, make_backup, restore
from app.ops.upgrade.errors import UpgradeError
from app.ops.upgrade.services import Services
from app.ops.upgrade.state import UpgradeState, store_state

FAILURES = (UpgradeError, BackupError, InstallationError, OSError, PeeweeException, database.UnusableDatabase)
"""Errors of steps with a cause outside; from all others the way back is taken, too."""

Progress = Callable[[str], object]


def upgrade(
    settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, check: Callable[[], object], progress: Progress
) -> UpgradeState:
    """Stop the services, make a backup, migrate, switch to the target, check its health and start; or go back if one of that fails.

    Args:
        state: A new one, or an unfinished one.
        prefix: Of the installed releases; None in a checkout, where nothing is switched.
        check: Raises UpgradeError if the target does not work with the migrated database.

    Raises:
        UpgradeError: The upgrade failed. The message says whether the previous release is in use again.
    """
    state = store_state(settings, state)
    progress("Stopping the services")
    ran = services.stop(settings)
    state = store_state(settings, state._replace(services=tuple(sorted({*state.services, *ran}))))
    try:
        if not state.backup:
            state = store_state(settings, state._replace(backup=_backup(settings, progress)))
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
        aside = go_back(settings, state, prefix, services, progress)
        raise UpgradeError(f"The upgrade to {state.target} failed, and {state.previous} is in use again: {error}{aside}") from error
    return store_state(settings, state._replace(stage="upgraded"))


def go_back(settings: Settings, state: UpgradeState, prefix: Path | None, services: Services, progress: Progress) -> str:
    """Stop the services, restore the backup if the database was migrated, switch to the previous release, and start.

    Returns:
        A sentence on what is kept of the replaced database; "" if there is none.

    Raises:
        UpgradeError: The way back failed, too.
    """
    store_state(settings, state._replace(stage="returning"))
    kept = ""
    try:
        services.stop(settings)
        if state.backup and (place := _restore(settings, state.backup, progress)):
            kept = f". The migrated database is kept in {place}"
        if prefix:
            progress(f"Switching to {state.previous}")
            switch(prefix, state.previous)
        progress("Starting the services")
        services.start(settings, state.previous, state.services)
    except FAILURES as error:
        raise UpgradeError(
            f"The way back to {state.previous} failed: {error}. Remove the cause, then continue with `dqmhub upgrade --back`"
        ) from error
    store_state(settings, state._replace(stage="returned"))
    return kept


def _backup(settings: Settings, progress: Progress) -> str:
    """The name of a new backup; "" for a database without tables, which has nothing to lose."""
    try:
        database.connect(settings)
        return make_backup(settings, backup_folder(settings), progress).name if database.proxy.get_tables() else ""
    finally:
        _unbind()


def _restore(settings: Settings, name: str, progress: Progress) -> str:
    """Restore a backup if the database has other migrations; returns where the replaced database is, "" if it was not replaced."""
    backup = find_backup(backup_folder(settings), name)
    try:
        query = database.connect(settings).execute_sql("SELECT name FROM schema_migration ORDER BY name")
        if tuple(migration for (migration,) in query.fetchall()) == backup.migrations:
            return ""
    except (PeeweeException, database.UnusableDatabase):
        pass  # what cannot be read is replaced, too
    finally:
        _unbind()
    return restore(settings, backup, progress).aside


def _unbind() -> None:
    database.disconnect()
    database.proxy.initialize(None)  # the next connection may be to another file
