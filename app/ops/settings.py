"""Settings of backups, and of the services beside the hub: public mirror, and simulator of P5."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.core.settings.checks import between, public_keys, url_path
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class ServiceSettings:
    """Settings of backups, and of the services beside the hub: public mirror, and simulator of P5."""

    mirror_host: str = setting("127.0.0.1", "Address on which `dqmhub mirror` listens.")
    mirror_port: int = setting(8084, "Port on which `dqmhub mirror` listens.", between(1, 65535))
    mirror_data: str = setting("", "Data folder of the mirror; empty: mirror in data_dir.", path=True)
    mirror_keys: tuple[str, ...] = setting((), "Public keys of the hubs whose snapshots the mirror accepts.", public_keys)
    mirror_folder: str = setting("", "Folder with further snapshots for the mirror, beside those sent over HTTP.", path=True)
    mirror_prefix: str = setting("", "URL path of the mirror behind a reverse proxy.", url_path)
    mirror_rate: float = setting(30.0, "Sustained requests per second from one address to the mirror; 0: no limit.", between(0, 1e6))
    mirror_oldest_h: float = setting(24.0, "Largest age of a snapshot that is sent to the mirror, in hours.", between(0.1, 8760))
    mirror_burst: int = setting(300, "Requests that one address may send to the mirror at once.", between(1, 1_000_000))
    simulator_port: int = setting(9215, "Port on which `dqmhub simulate`, the simulator of P5, listens.", between(1, 65535))
    backup_dir: str = setting("", "Folder of backups, better on another disk; empty: backups in data_dir.", path=True)
    backup_keep: int = setting(7, "Number of newest backups that are kept.", between(1, 1000))
    backup_max_age_h: float = setting(26.0, "Age of the newest backup above which it is reported as a problem, in hours.", between(1, 8760))


def mirror_data(settings: Settings) -> Path:
    """The data folder of the mirror."""
    return Path(settings.of(ServiceSettings).mirror_data or settings.data / "mirror")
