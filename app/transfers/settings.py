"""Settings of the transfer of online files."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class TransfersSettings:
    """Settings of the area."""

    transfer_missing_lumis: float = setting(
        3.0, "Lumisections without a new snapshot of a client after which its file is missing.", between(1, 1000)
    )
    transfer_silent_s: float = setting(
        60.0, "Time without a report after which a process of the transfer is silent, s.", between(15, 86400)
    )
    transfer_disk_mark: float = setting(
        0.9, "Used fraction of a disk of a filter unit or builder unit above which it is a problem.", between(0.1, 1)
    )
    transfer_refresh_s: float = setting(5.0, "Refresh interval of the pages of transfers, s.", between(1, 600))
    transfer_keep_days: int = setting(90, "Days for which what was reported of a run is kept after its last report.", between(1, 36500))
