"""The base class of conditions, and what they judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from app.gui.catalog.catalog import Freshness, OpenSample


class LimitField(NamedTuple):
    """A field of the form of a rule: one of the limits of its condition."""

    name: str
    label: str
    kind: str  # "number", "whole" or "choices"
    default: Any
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[tuple[str, str], ...] = ()  # value and label


class WatchedPlots(NamedTuple):
    """What a rule watches in one version of a sample."""

    sample: OpenSample
    freshness: Freshness
    place: str  # path or name of the place of the rule
    mes: Sequence[int]  # indices of the MEs of its place that the sample has, in order
    absent: Mapping[str, int]  # paths of expected MEs that it lacks, with the newest lumisection that had each; 0: none of this run
    lumi: int  # newest lumisection of the data; 0: unknown
    now: float  # Unix s UTC
    registered: float | None = None  # when the newest file was registered whose list is not stored yet, Unix s UTC


class Broken(NamedTuple):
    """Something that breaks a rule."""

    subject: str  # path of an ME or folder; "" for the sample
    detail: str  # one line for people
    is_error: bool = True  # False: a warning
    is_kept: bool = False  # within the margin of hysteresis: neither a reason to raise an alarm nor to let it recover


class Condition(ABC):
    """What breaks a rule."""

    name: ClassVar[str]
    title: ClassVar[str]  # in forms
    position: ClassVar[int]  # in forms
    fields: ClassVar[tuple[LimitField, ...]]
    needs_new_data: ClassVar[bool] = True  # judged once for each version of a sample; else every few seconds, without MEs
    needs_past: ClassVar[bool] = False  # `absent` is filled for those alone
    judges_plots: ClassVar[bool] = False  # subjects are MEs: one that the run no longer has is neither broken nor kept

    @abstractmethod
    def broken(self, watched: WatchedPlots, limits: Mapping[str, Any]) -> Iterable[Broken]:
        """What breaks a rule with these limits, at most once for each subject, the worst first."""

    def shortcoming(self, watched: WatchedPlots) -> str:
        """What the data lack so that the rule watches less than it should, a sentence; "" for nothing."""
        return ""

    def problems(self, limits: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """Field and problem of limits that do not fit together; each alone is in its range."""
        return ()


def is_among(mes: Sequence[int], index: int) -> bool:
    """Whether an index is one of `mes`, which are in order."""
    if isinstance(mes, range):
        return index in mes
    at = bisect_left(mes, index)
    return at < len(mes) and mes[at] == index


def path_text(path: bytes) -> str:
    """The path of an ME as texts have it."""
    return path.decode(errors="replace")
