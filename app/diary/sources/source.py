"""What every source of jobs is: a way to get what some place says of its jobs, as observations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from inspect import formatannotation
from typing import Any, ClassVar, NamedTuple, TypeVar

from app.core.settings import Settings
from app.diary.errors import BadSourceConfig
from app.diary.observations.observation import JobKey, Observation

T = TypeVar("T")
R = TypeVar("R")


class JobScan(NamedTuple):
    """What one scan of a source gives."""

    observations: Iterable[Observation]  # may be made one by one
    cursor: Mapping[str, Any]  # JSON object with which the next scan begins
    complete: bool = False  # every unfinished job of the source is among the observations: the others are missing
    quarantined: Sequence[tuple[str, str]] = ()  # text and reason of each record that cannot be used


class JobSource(ABC):
    """A place with jobs. What its methods raise is shown, and the scan is repeated later.

    Attributes:
        name: In keys of jobs, addresses and commands.
        title: For people.
        period_s: Pause between two scans.
    """

    title: ClassVar[str]

    def __init__(self, name: str, period_s: float) -> None:
        self.name = name
        self.period_s = period_s

    @abstractmethod
    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """Look for jobs, with bounded work. cursor: that of the last scan whose observations were stored; {} at first."""

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        """Ask again about unfinished jobs that scans did not show, before they are lost."""
        return ()


def observed(records: Iterable[R], build: Callable[[R], Observation]) -> tuple[list[Observation], list[tuple[str, str]]]:
    """The observations of the usable records, and the text and reason of each other record; one bad record hides no other."""
    found, quarantined = [], []
    for record in records:
        try:
            found.append(build(record))
        except Exception as error:  # whatever is in it
            quarantined.append((repr(record), reason_of(error)))
    return found, quarantined


def reason_of(error: Exception) -> str:
    """Why a record cannot be used, for people."""
    if isinstance(error, KeyError):
        return f"It has no field {error}"
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


class SourceKind(NamedTuple):
    """A kind of sources: one module."""

    name: str  # `kind` in configurations
    make: Callable[[str, Mapping[str, Any], Settings], JobSource]  # of name and options; raises BadSourceConfig
    is_default: bool = False  # there is one of this kind and name without a configuration


@dataclass(frozen=True)
class PeriodOption:
    """The options of a source that has no other one."""

    period_s: float = 0.0  # 0: that of the settings


def read_options(table: type[T], values: Mapping[str, Any]) -> T:
    """The options of a source. Raises BadSourceConfig for an unknown, missing or wrong one.

    Args:
        table: A dataclass whose annotations are str, int, float, bool or tuple[str, ...].
        values: By name, as TOML has them.
    """
    rows = {row.name: row for row in fields(table)}  # type: ignore[arg-type]  # a dataclass
    if unknown := sorted(values.keys() - rows.keys()):
        raise BadSourceConfig(f"Unknown option {unknown[0]}; options: {', '.join(rows) or 'none'}")
    for name, row in rows.items():
        if name not in values and row.default is MISSING and row.default_factory is MISSING:
            raise BadSourceConfig(f"The option {name} is missing")
    return table(**{name: _option(name, _kind_of(rows[name].type), value) for name, value in values.items()})


def _kind_of(annotation: Any) -> str:
    """An annotation as text, also in a module with evaluated annotations."""
    return annotation if isinstance(annotation, str) else formatannotation(annotation)


def _option(name: str, kind: str, value: Any) -> Any:
    """A value as the type that an annotation names."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "float" and is_number:
        return float(value)
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if type(value).__name__ == kind:
        return value
    words = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}.get(kind, "a list of texts")
    raise BadSourceConfig(f"The option {name} must be {words}")
