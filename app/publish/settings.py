"""Settings of publishing to mirrors."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, mirrors
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class PublishSettings:
    """Settings of publishing to mirrors."""

    publish_mirrors: tuple[str, ...] = setting(
        (), "URLs of the public mirrors, https://...; if this and publish_folder are empty, nothing is published.", mirrors
    )
    publish_folder: str = setting("", "Existing folder for the published data, for mirrors that read files.", path=True)
    publish_key: str = setting("", "Private key (PEM) that signs published data; empty: publish/key in data_dir, see `dqmhub mirror-key`.")
    publish_ca: str = setting("", "File (PEM) or folder of authorities for the certificates of mirrors; empty: those of the system.")
    publish_s: float = setting(3.0, "Interval of publishing changes, s.", between(0.2, 10))
    publish_keep_runs: int = setting(300, "Number of newest runs of each system that are published.", between(1, 10_000))
    publish_log_runs: int = setting(100, "Number of newest runs of each system whose logs are published.", between(0, 10_000))

    @property
    def publishes(self) -> bool:
        """Whether anything is published."""
        return bool(self.publish_mirrors or self.publish_folder)
