"""What is wrong at the stand-in P5 at the moment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Faults:
    """Switches of the web servers. `slow_s`, `truncate` and `vanish` are by host: seconds, answers to cut, documents to lose.

    `garble` has, by host, the status and body of the answers that come next; `command_answers` those of the control room.
    """

    gateway_down: bool = False
    down: set[str] = field(default_factory=set)
    slow_s: dict[str, float] = field(default_factory=dict)
    truncate: dict[str, int] = field(default_factory=dict)
    vanish: dict[str, int] = field(default_factory=dict)
    garble: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    command_answers: list[tuple[int, bytes]] = field(default_factory=list)
    broken_commands: bool = False

    def take(self, counts: dict[str, int], host: str) -> bool:
        """Whether this is to go wrong now; counts it."""
        left = counts.get(host, 0)
        if left > 0:
            counts[host] = left - 1
        return left > 0
