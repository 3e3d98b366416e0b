"""Current faults of the web servers at the simulated P5."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ServerFaults:
    """Faults that incidents switch on and off."""

    gateway_down: bool = False  # the gateway closes connections without a response
    down: set[str] = field(default_factory=set)  # unreachable hosts
    slow_s: dict[str, float] = field(default_factory=dict)  # delay of responses by host
    truncate: dict[str, int] = field(default_factory=dict)  # number of responses to cut, by host
    vanish: dict[str, int] = field(default_factory=dict)  # number of documents to drop before they are requested, by host
    garble: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)  # status and body of the next responses, by host
    command_answers: list[tuple[int, bytes]] = field(default_factory=list)  # the same for the control room
    ssh: dict[str, str] = field(default_factory=dict)  # "refused" or "hangs", by host
    broken_commands: bool = False  # commands have the bugs of the original

    def should_fail(self, counts: dict[str, int], host: str) -> bool:
        """Whether a counted fault affects this request; counts it down."""
        left = counts.get(host, 0)
        if left > 0:
            counts[host] = left - 1
        return left > 0
