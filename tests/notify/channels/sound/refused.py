"""Values that the settings of this kind of channels refuse, and the allowed values in the message."""

from __future__ import annotations

from typing import Any

REFUSED: dict[str, list[tuple[Any, str]]] = {
    "notify_sound": [("daq-expert.cms", "host:port"), ("daq-expert.cms:0", "host:port")],
}
