"""Settings of the services that run beside the hub: a mirror, and the stand-in for P5."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, prefix, public_keys
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class ServiceSettings:
    """Settings of the services that run beside the hub: a mirror, and the stand-in for P5."""

    mirror_host: str = setting("127.0.0.1", "Address that a mirror listens on (`dqmhub mirror`).")
    mirror_port: int = setting(8084, "Port that a mirror listens on.", between(1, 65535))
    mirror_data: str = setting("", "Folder for what a mirror stores; empty: mirror in data_dir.")
    mirror_keys: tuple[str, ...] = setting((), "Public keys of the hubs whose snapshots a mirror takes.", public_keys)
    mirror_folder: str = setting("", "Folder from which a mirror takes snapshots, besides those that are posted to it.")
    mirror_prefix: str = setting("", "Path under which a reverse proxy shows the mirror.", prefix)
    mirror_rate: float = setting(
        30.0, "Requests per second that one address may send to a mirror for long; 0: any number.", between(0, 1e6)
    )
    mirror_oldest_h: float = setting(24.0, "Hours that a snapshot may be old that is posted to a mirror.", between(0.1, 8760))
    mirror_burst: int = setting(300, "Requests that one address may send to a mirror at once.", between(1, 1_000_000))
    simulator_port: int = setting(9215, "Port of this machine that the stand-in for P5 listens on (`dqmhub simulate`).", between(1, 65535))
