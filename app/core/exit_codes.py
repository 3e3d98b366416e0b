"""Exit codes of programs."""

from __future__ import annotations

LAST_SIGNAL = 64


def exit_signal(code: int | None) -> int | None:
    """The signal that ended a program, by its exit code: -11 or, from a shell, 139; None: it ended by itself."""
    number = 0 if code is None else -code if code < 0 else code - 128
    return number if 0 < number <= LAST_SIGNAL else None
