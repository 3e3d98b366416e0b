"""A pigeon carries each message into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from app.core.settings import Settings
from app.notify.channels.base import Channel
from app.notify.errors import TemporaryError
from app.notify.messages import Message


class PigeonChannel(Channel):
    """One pigeon, which does not fly by night."""

    kind = "pigeon"
    max_age_s = 600.0
    defers_in_quiet_hours = True

    @classmethod
    def configured(cls, settings: Settings) -> list[Self]:
        """The pigeon of the loft."""
        return [cls(settings)] if settings["notify_pigeon_loft"] else []

    @classmethod
    def problems(cls, settings: Settings) -> list[str]:
        """A loft that is no folder."""
        loft = settings["notify_pigeon_loft"]
        return [f"No pigeon flies: {loft} is no folder."] if loft and not Path(loft).is_dir() else []

    def send(self, messages: Sequence[Message]) -> str:
        """Write one message."""
        (message,) = messages
        try:
            (Path(self.settings["notify_pigeon_loft"]) / message.id).write_text(message.title)
        except OSError as error:
            raise TemporaryError(f"the loft is closed: {error.strerror}") from error
        return "coo"


CHANNEL = PigeonChannel
