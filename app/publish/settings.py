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
        (), "Mirrors outside that are sent what the public may see, https://...; empty, as publish_folder: nothing leaves.", mirrors
    )
    publish_folder: str = setting("", "Folder into which the same is written, for mirrors that read files.", path=True)
    publish_key: str = setting("", "Key (PEM) that signs it; empty: publish/key in data_dir (`dqmhub mirror-key` makes it).")
    publish_ca: str = setting(
        "", "File (PEM) or folder of the authorities that the mirrors' certificates are checked against; empty: the usual ones."
    )
    publish_s: float = setting(3.0, "Seconds between two looks at what is new for the mirrors.", between(0.2, 10))
    publish_keep_runs: int = setting(300, "Runs of each system that mirrors show, the newest.", between(1, 10_000))
    publish_log_runs: int = setting(100, "Runs of each system whose logs mirrors show, the newest.", between(0, 10_000))

    @property
    def publishes(self) -> bool:
        """Whether anything is published."""
        return bool(self.publish_mirrors or self.publish_folder)
