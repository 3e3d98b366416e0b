"""Values that the settings of this kind of channels refuse, and the allowed values in the message."""

from __future__ import annotations

from typing import Any

REFUSED: dict[str, list[tuple[Any, str]]] = {
    "notify_webhooks": [
        (["ftp://host"], "a list of addresses https://host/path"),
        (["https://user@host/"], "a list of addresses https://host/path"),
        (["https://host:x/"], "a list of addresses https://host/path"),
        (["https://host/a b"], "a list of addresses https://host/path"),
        (["https://ho(st/"], "a list of addresses https://host/path"),
    ],
    "notify_webhook_secret": [("changeme", "a secret of your own")],
}
