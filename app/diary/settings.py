"""Settings of the job diary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.settings.checks import below_root, between
from app.core.settings.table import setting, settings_table

_OWNER = re.compile(r"(?P<login>[^\s=]+)=(?P<user>\S*)")


def check_owners(value: Sequence[str]) -> str:
    """Check of the setting `diary_owners`."""
    is_good = all(_OWNER.fullmatch(item) for item in value)
    return "" if is_good else 'a list such as "anna=adoe": login at this hub = user of the batch systems, empty for none'


@settings_table
@dataclass(frozen=True)
class DiarySettings:
    """Settings of the job diary."""

    diary_sources_dir: str = setting(
        "", "Folder with a file NAME.toml for each further source of jobs; empty: only those that are on by themselves.", path=True
    )
    diary_own_period_s: float = setting(
        10.0, "Pause between two scans of the sources that are on by themselves: own jobs and DQM clients, s.", between(0.2, 3600)
    )
    diary_refresh_s: float = setting(5.0, "Refresh interval of the list of jobs, s.", between(1, 600))
    diary_lost_cycles: int = setting(
        3, "Complete scans of a source in a row without an unfinished job after which the job is lost.", between(1, 1000)
    )
    diary_lost_s: float = setting(600.0, "Least time missing from its source until a job is lost, s.", between(0, 30 * 86400))
    diary_quarantine_rows: int = setting(200, "Unusable records kept for each source, the newest ones.", between(1, 10000))
    diary_keep_days: int = setting(
        0, "Days for which a job is kept after its source last reported it; 0: for ever. Reviewed jobs stay.", between(0, 36500)
    )
    diary_log_roots: tuple[str, ...] = setting(
        (), "Folders with logs that the pages of jobs may show to everybody who may read this hub.", below_root, path=True
    )
    diary_run_plots: str = setting(
        "reportSummaryMap", "Search for the plots of its run on the page of a job, as in the search box of a sample; empty: none."
    )
    diary_owners: tuple[str, ...] = setting(
        (),
        'Users of batch systems whose jobs belong to a login, as "anna=adoe"; a login that is not listed owns the jobs of the user of '
        'its own name, one with "anna=" none.',
        check_owners,
    )

    def batch_users(self, login: str) -> tuple[str, ...]:
        """The users of batch systems whose jobs belong to a login."""
        listed = [match["user"] for item in self.diary_owners if (match := _OWNER.fullmatch(item)) and match["login"].lower() == login]
        return tuple(dict.fromkeys(filter(None, listed if listed else [login])))
