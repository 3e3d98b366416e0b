"""The base class of channels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

from app.core.event_sources import expand_kinds
from app.core.settings import Settings
from app.notify.errors import PermanentError
from app.notify.messages import Message
from app.notify.quiet_hours import quiet_until
from app.notify.settings import QUIET_HOURS, NotifySettings


class Channel(ABC):
    """One receiver of notifications; a subclass is a kind of channel."""

    kind: ClassVar[str]  # the name of its folder
    max_age_s: ClassVar[float]  # a delivery that is still open after so long has failed
    supports_digest: ClassVar[bool] = False  # `send` takes several messages at once
    reaches_users: bool = False  # sends notifications of personal kinds to single users: has `send_to`
    defers_in_quiet_hours: ClassVar[bool] = False  # sends at the end of quiet hours; other channels suppress
    secrets: tuple[str, ...] = ()  # masked in all answers and errors that are stored
    networks: tuple[str, ...] | None = None  # it may connect to the internet and these networks only; None: to all addresses

    def __init__(self, settings: Settings, name: str = "") -> None:
        """Make a channel.

        Args:
            settings: Those of the instance.
            name: Unique and without secrets, shown on pages and stored with deliveries; the kind when it is "".
        """
        self.settings = settings
        self.name = name or self.kind
        self.kinds = expand_kinds(settings[f"notify_{self.kind}_kinds"])

    @classmethod
    @abstractmethod
    def configured(cls, settings: Settings) -> list[Self]:
        """The channels of this kind that the settings configure."""

    @classmethod
    def problems(cls, settings: Settings) -> list[str]:
        """Sentences on settings that do not fit together."""
        return []

    @abstractmethod
    def send(self, messages: Sequence[Message]) -> str:
        """Send messages (one without `supports_digest`) and return the receiver's answer.

        Raises:
            TemporaryError: To be tried again.
            PermanentError: Not to be tried again.
        """

    def send_to(self, addresses: Sequence[str], messages: Sequence[Message]) -> str:
        """The same for messages to single users, by a channel with `reaches_users`. addresses: of mail."""
        raise PermanentError(f"{self.name} sends nothing to single users")

    @property
    def quiet_hours(self) -> list[str]:
        """Its quiet hours, as "22:00-06:00"."""
        found = [QUIET_HOURS.fullmatch(item) for item in self.settings.of(NotifySettings).notify_quiet]
        return [f"{each['begin']}-{each['end']}" for each in found if each and each["channel"] == self.kind]

    def quiet_until(self, at: float) -> float | None:
        """The end of the quiet hours in which a moment lies, else None; both Unix s UTC."""
        return quiet_until(self.settings.of(NotifySettings).notify_quiet, self.kind, at)
