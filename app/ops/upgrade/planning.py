"""What an upgrade has to do: continue an unfinished one, begin a new one, or nothing."""

from __future__ import annotations

from app.core.database import refuse_missing
from app.core.database_faults import was_used
from app.core.installation import Release, current
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.upgrade.errors import UpgradeError
from app.ops.upgrade.migrations import has_all_migrations
from app.ops.upgrade.state import UpgradeState
from render.build import binary


def upgrade_to_do(settings: Settings, state: UpgradeState | None, own: Release | None) -> UpgradeState | None:
    """The upgrade to this version that is unfinished, or a new one; None if this version is in use already.

    Args:
        state: The progress of the last upgrade.
        own: The release of this program; None in a checkout.

    Raises:
        UpgradeError: Another upgrade is unfinished, or the services would not work with this version.
        UnusableDatabase: The database of a hub that was in use is missing.
    """
    if state and state.is_unfinished:
        if state.target != VERSION:
            raise UpgradeError(
                f"The upgrade to {state.target} is unfinished: continue it with `dqmhub upgrade {state.target}`, or return with --back"
            )
        return state
    if was_used(settings.data):  # the first upgrade of an installation makes the database
        refuse_missing(settings)
    in_use = current(own.prefix) if own else None
    if (not own or in_use == own) and has_all_migrations(settings):
        return None
    if own and in_use and binary(in_use.folder).exists() and not binary(own.folder).exists():
        raise UpgradeError(f"The render service of {VERSION} is not built: run `{own.launcher} render build`, then upgrade again")
    return UpgradeState("upgrading", in_use.version if in_use and in_use != own else "", VERSION)
