"""Settings of webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.event_sources import ALL, check_kinds
from app.core.settings.checks import webhooks
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class WebhookSettings:
    """Settings of webhooks."""

    notify_webhooks: tuple[str, ...] = setting((), "Addresses that get each notification as JSON, https://...", webhooks, secret=True)
    notify_webhook_secret: str = setting("", "Key that signs each request (HMAC-SHA256); empty: not signed.", secret=True)
    notify_webhook_kinds: tuple[str, ...] = setting((ALL,), "Kinds of events, or `problems`, or `all`.", check_kinds)


TABLE = WebhookSettings
