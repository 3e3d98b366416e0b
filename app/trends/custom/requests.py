"""What a user asks for: a metric of monitor elements, and the samples whose values are wanted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import ClassVar, Self

from app.trends.errors import InvalidQuery

KEY_DIGITS = 16
"""Hex digits of the key of a request."""


@dataclass(frozen=True)
class TrendRequest:
    """A metric and its monitor elements in a dataset; each subclass chooses the samples in its own way."""

    kind: ClassVar[str]
    is_over_lumis: ClassVar[bool] = False

    metric: str  # the expression
    me: str
    dataset: str  # /primary/processed/tier
    histo1: str = ""
    histo2: str = ""
    reference: str = ""

    @property
    def paths(self) -> dict[str, str]:
        """The monitor element of each input of the metric."""
        named = {"main": self.me, "histo1": self.histo1, "histo2": self.histo2, "reference": self.reference}
        return {name: path for name, path in named.items() if path}

    @property
    def fields(self) -> dict[str, str | int]:
        """The fields of the form that have a value."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def text(self) -> str:
        """A JSON object of the fields, the same for equal requests."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def key(self) -> str:
        """The key of the trend."""
        return self.hashed

    @property
    def hashed(self) -> str:
        """A hash of the request."""
        return sha256(f"{self.kind} {self.text}".encode()).hexdigest()[:KEY_DIGITS]

    @classmethod
    def read(cls, text: str) -> Self:
        """The request of a JSON object that `text` made."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class RunsRequest(TrendRequest):
    """The value of whole runs.

    Attributes:
        datasets: Pattern (re2) of further datasets; "" for none.
        runs: As `app.trends.query.run_choice` reads it.
        files: Most files that are read.
    """

    kind = "runs"

    datasets: str = ""
    runs: str = "latest:50"
    files: int = 200


@dataclass(frozen=True)
class StripRequest(RunsRequest):
    """A quantity of one monitor element in the last runs of its dataset, whatever their number.

    Attributes:
        metric: The quantity, see `app.trends.custom.quantities`.
        upto: The last run; 0 for the newest.
    """

    kind = "strip"

    upto: int = 0

    @property
    def key(self) -> str:
        """A hash of what is the same for any number of runs, so that more of them need the values of these alone."""
        return replace(self, runs="", files=0).hashed


@dataclass(frozen=True)
class LumisRequest(TrendRequest):
    """The value of the lumisections of one run.

    Attributes:
        run: The run.
        golden: Hash of a golden JSON whose lumisections alone are wanted; "" for all.
        files: Most files that are read.
        differences: Whether files are snapshots with all since the start of the run, so that the value is that of the difference from
            the lumisection before.
    """

    kind = "lumis"
    is_over_lumis = True

    run: int = 0
    golden: str = ""
    differences: bool = False
    files: int = 1000


@dataclass(frozen=True)
class LiveRequest(TrendRequest):
    """The value of the lumisections of an ongoing run, from the snapshots that replace each other while somebody looks.

    Attributes:
        run: The run; 0 for whichever is ongoing.
    """

    kind = "live"
    is_over_lumis = True

    run: int = 0


REQUESTS: dict[str, type[TrendRequest]] = {request.kind: request for request in (RunsRequest, StripRequest, LumisRequest, LiveRequest)}
"""The kinds of requests."""


def read_request(kind: str, text: str) -> TrendRequest:
    """A stored request. Raises InvalidQuery if this version does not know its kind or fields."""
    try:
        return REQUESTS[kind].read(text)
    except (KeyError, TypeError):
        raise InvalidQuery("The request is of another version of DQM Hub; ask for the trend again") from None
