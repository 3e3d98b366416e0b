"""The form of a sound server."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.settings import Settings, checks
from app.notify.channels.base import Channel
from app.notify.channels.connection import host_and_port
from app.notify.channels.form import ChannelField, ChannelForm, wrong_host
from app.notify.channels.sound.channel import SoundChannel
from app.notify.settings import NotifySettings


class SoundForm(ChannelForm):
    """A server in the internet or in `notify_networks`."""

    title = "Sound"
    fields = (ChannelField("server", "Sound server (CMS-WOW)", "host:port, such as daq-expert.cms:50555"),)

    def problems(self, settings: Settings, options: Mapping[str, str]) -> list[tuple[str, str]]:
        """A server that is none, or in a private network."""
        if checks.host_and_port(options["server"]):
            return [("server", "expected host:port")]
        problem = wrong_host(settings, host_and_port(options["server"])[0])
        return [("server", problem)] if problem else []

    def receiver(self, options: Mapping[str, str]) -> str:
        """The server."""
        return options["server"]

    def channel(self, settings: Settings, name: str, options: Mapping[str, str]) -> Channel:
        """The channel."""
        found = SoundChannel(settings.replace(notify_sound=options["server"]), name)
        found.networks = settings.of(NotifySettings).notify_networks
        return found


FORM = SoundForm()
