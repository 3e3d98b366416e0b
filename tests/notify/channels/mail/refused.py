"""Values that the settings of this kind of channels refuse, and the allowed values in the message."""

from __future__ import annotations

from typing import Any

REFUSED: dict[str, list[tuple[Any, str]]] = {
    "notify_smtp": [
        ("mail.cern.ch", "host:port"),
        ("mail.cern.ch:x", "host:port"),
        ("smtp://mail.cern.ch:25", "host:port"),
        (":25", "host:port"),
    ],
    "notify_smtp_security": [("ssl", "one of starttls, tls, none")],
    "notify_smtp_user": [(7, "text")],
    "notify_smtp_password": [("password", "a secret of your own")],
    "notify_mail_from": [
        ("DQM", "empty, or an address"),
        ("DQM <dqm@cern.ch>", "empty, or an address"),
        ("a@b, c@d", "empty, or an address"),
    ],
    "notify_mail_to": [(["a@b, c@d"], "a list of addresses such as dqm@cern.ch")],
}
