"""The form of a pigeon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.notify.channels.pigeon.channel import PigeonChannel  # a test adds the folder

from app.core.settings import Settings
from app.notify.channels.base import Channel
from app.notify.channels.form import ChannelField, ChannelForm


class PigeonForm(ChannelForm):
    """A loft that exists."""

    title = "Pigeon"
    fields = (ChannelField("loft", "Loft", "A folder."), ChannelField("ring", "Number of its ring", is_required=False, is_secret=True))

    def problems(self, settings: Settings, options: Mapping[str, str]) -> list[tuple[str, str]]:
        """A loft that is no folder."""
        return [] if Path(options["loft"]).is_dir() else [("loft", f"{options['loft']} is no folder")]

    def receiver(self, options: Mapping[str, str]) -> str:
        """The loft."""
        return options["loft"]

    def channel(self, settings: Settings, name: str, options: Mapping[str, str]) -> Channel:
        """The pigeon."""
        found: Channel = PigeonChannel(settings.replace(notify_pigeon_loft=options["loft"]), name)
        return found


FORM = PigeonForm()
