"""Settings of trends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.core.settings.checks import between, regular_expression
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class TrendSettings:
    """Settings of trends."""

    trend_configs: str = setting("", "Folder with the configurations of trends; empty: trends/ in data_dir.", path=True)
    trend_datasets: str = setting("", "Pattern (re2) of the datasets that have trends; empty: all with whole runs.", regular_expression)
    trend_scan_s: float = setting(60.0, "Interval between searches for samples whose trends are due, s.", between(1, 86400))
    trend_retry_s: float = setting(
        300.0, "Pause after a failed extraction, s; it doubles with each failure, up to a day.", between(1, 86400)
    )
    trend_rules_s: float = setting(60.0, "Interval between evaluations of rules whose points have changed, s.", between(1, 86400))
    trend_follow_s: float = setting(
        5.0, "Interval between looks at the snapshots of ongoing runs for requested trends, s.", between(1, 600)
    )
    trend_request_files: int = setting(1000, "Most files that are read for one requested trend.", between(1, 100_000))
    trend_requests_per_user: int = setting(3, "Most requested trends that are computed for one user at a time.", between(1, 100))
    trend_request_days: int = setting(
        14, "Time for which a requested trend is kept after somebody looked at it last, days.", between(1, 3650)
    )


def config_folder(settings: Settings) -> Path:
    """The folder of the configurations."""
    return Path(settings.of(TrendSettings).trend_configs or settings.data / "trends")


def has_config_folder(settings: Settings) -> bool:
    """Whether configurations are read from files: a folder was set, or the usual one exists."""
    return bool(settings.of(TrendSettings).trend_configs) or config_folder(settings).is_dir()
