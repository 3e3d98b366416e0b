"""The form of a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.core.settings.checks import webhooks
from app.notify.channels.base import Channel
from app.notify.channels.form import ChannelField, ChannelForm, wrong_host
from app.notify.channels.webhook.channel import WebhookChannel
from app.notify.settings import NotifySettings


class WebhookForm(ChannelForm):
    """An address in the internet or in `notify_networks`, and the key of its signatures."""

    title = "Webhook"
    fields = (
        ChannelField(
            "address",
            "Address",
            "https://host/path. It gets each notification as JSON; only its host is shown later. With http:// others can read both on the way.",
            is_secret=True,
        ),
        ChannelField("key", "Key", "Signs each request (HMAC-SHA256); empty: not signed.", is_required=False, is_secret=True),
    )

    def problems(self, settings: Settings, options: Mapping[str, str]) -> list[tuple[str, str]]:
        """An address that is none, or in a private network."""
        if webhooks((options["address"],)):
            return [("address", "expected an address such as https://host/path")]
        problem = wrong_host(settings, urlsplit(options["address"]).hostname or "")
        return [("address", problem)] if problem else []

    def receiver(self, options: Mapping[str, str]) -> str:
        """Its host."""
        return urlsplit(options["address"]).netloc

    def channel(self, settings: Settings, name: str, options: Mapping[str, str]) -> Channel:
        """The channel."""
        found = WebhookChannel(settings.replace(notify_webhook_secret=options.get("key", "")), name, options["address"])
        found.networks = settings.of(NotifySettings).notify_networks
        return found


FORM = WebhookForm()
