"""State of the stand-ins: issued tokens, faults, changed runs, and the record of requests."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .attributes import Run, generated_run

SERVICES = ("auth", "oms", "rr")
MAX_REQUESTS = 20_000
FIRST_RUN, LAST_RUN = 300_000, 399_999
"""OMS and the Run Registry know the runs in this range."""


@dataclass(frozen=True)
class ServiceOptions:
    """Options of the stand-ins."""

    seed: int = 1
    life_s: float = 1200.0  # of a token
    client_id: str = "dqmhub"
    client_secret: str = "dqmhub-demo-secret"
    oms_audience: str = "cmsoms-prod"
    rr_audience: str = "cmsrunregistry-sso-proxy"


class Fault(NamedTuple):
    """How the next requests to a service are answered, see `faults.KINDS`."""

    kind: str
    arguments: dict[str, Any]


class Token(NamedTuple):
    """An issued token."""

    audience: str  # "" for one that is only good for an exchange
    until: float  # seconds of time.monotonic()


@dataclass
class RunServices:
    """The three services. They belong to one thread, that of the server's event loop.

    Attributes:
        life_s: Life of new tokens, s.
        with_units: Whether OMS sends units in meta.row.
        changes: What differs from the generated attributes of runs, by run: "oms", "rr" and "fill" have changed attributes, or
            None when the service does not know the run; "units" replaces the units of OMS; "datasets" and "ranges" replace parts of
            the datasets of the Run Registry, and their lumisection ranges, by name.
        times: Start and end (None: ongoing) of runs that a simulator of P5 has, Unix s UTC.
        faults: Pending faults of each service; a count below 0 lasts until it is cleared.
        requests: All requests, newest last.
    """

    options: ServiceOptions = field(default_factory=ServiceOptions)
    life_s: float = 0.0
    with_units: bool = True
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    times: dict[int, tuple[float, float | None]] = field(default_factory=dict)
    faults: dict[str, list[tuple[Fault, int]]] = field(default_factory=lambda: {name: [] for name in SERVICES})
    tokens: dict[str, Token] = field(default_factory=dict)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_REQUESTS))

    def __post_init__(self) -> None:
        self.life_s = self.life_s or self.options.life_s

    def reset(self) -> None:
        """Forget all changes, faults, tokens, times and requests since the start, also the runs from files."""
        vars(self).update(vars(RunServices(self.options)))

    def issue_token(self, audience: str) -> str:
        """A new token for an audience."""
        text = secrets.token_hex(16)
        self.tokens[text] = Token(audience, time.monotonic() + self.life_s)
        return text

    def is_valid(self, text: str, audience: str | None = None) -> bool:
        """Whether a token has not expired, and is for this audience (None: any)."""
        token = self.tokens.get(text)
        return token is not None and time.monotonic() < token.until and audience in (None, token.audience)

    def take_fault(self, service: str) -> Fault | None:
        """The fault that affects this request; counts it down."""
        pending = self.faults[service]
        if not pending:
            return None
        fault, count = pending[0]
        if count == 1:
            pending.pop(0)
        elif count > 1:
            pending[0] = fault, count - 1
        return fault

    def run(self, number: int) -> Run | None:
        """A run as it would be without changes; None outside the known range."""
        if not FIRST_RUN <= number <= LAST_RUN and number not in self.changes:
            return None
        return generated_run(self.options.seed, number, self.times.get(number))

    def change(self, number: int, changes: Mapping[str, Any]) -> None:
        """Change attributes of a run from now on; those of an earlier change stay unless they are named again."""
        found = self.changes.setdefault(number, {})
        for name, value in changes.items():
            old = found.get(name)
            found[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
