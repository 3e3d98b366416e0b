"""What shall be so at a moment: the runs with the clients that run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WantedClient:
    """A client that runs.

    Attributes:
        host: Its FU.
        attempt: 1 for its first process in the run, then 2, 3, ...
        lumi: The newest lumisection that it has read; 0: none.
        is_cut: Whether its snapshots are damaged.
    """

    host: str
    attempt: int
    lumi: int
    is_cut: bool = False


@dataclass(frozen=True)
class WantedRun:
    """A run with clients.

    Attributes:
        run: Its number.
        key: Its run key, such as `pp_run`.
        started: Unix s.
        release: Release of CMSSW.
        lumis: Lumisections at its end.
        lumi: Lumisections so far.
        is_over: Whether it has ended; a client that is not wanted any more has then ended well, not crashed.
        clients: Those that run, by tag.
        crash_codes: Exit codes of crashes by tag, where they are known.
        crash_at_end: Tags of clients that crash while they write their ROOT file.
    """

    run: int
    key: str
    started: float
    release: str
    lumis: int
    lumi: int
    is_over: bool
    clients: Mapping[str, WantedClient]
    crash_codes: Mapping[str, int] = field(default_factory=dict)
    crash_at_end: frozenset[str] = frozenset()
