"""The names of hosts as outside may see them."""

from __future__ import annotations


def censored(host: str) -> str:
    """The name of a host as the older mirror shows it: dqmfu-c2b03-.. or fu..04."""
    parts = host.split("-")
    return "-".join(parts[:2]) + "-.." if host.startswith("dqm") else f"{parts[0]}..{parts[-1]}" if len(parts) > 1 else host
