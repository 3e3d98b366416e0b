"""The parts of dataset names, /primary/processed/tier, for a choice in steps: each part has the values that go with the others.

A text that is a value of its part chooses this value; any other text matches the values that contain it (case-insensitive).
The parts of all datasets are kept in memory; there are far fewer datasets than samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from peewee import Database, fn

from app.core.database import proxy, rows
from app.gui.models import Dataset, Sample
from app.gui.samples import SampleKey
from app.web.arguments import parse_int

PARTS = ("primary", "processed", "tier")
"""The parts of the name of a dataset, in their order."""

Parts = tuple[str, str, str]
"""A text for each of PARTS."""


class PartValues(NamedTuple):
    """What there is to choose for one part."""

    chosen: str  # the value that is chosen, or ""
    values: list[str]  # those that match the text of this part and exist together with the other parts, in alphabetical order


class DatasetChoice(NamedTuple):
    """What there is to choose for each part, and what matches all of them."""

    parts: tuple[PartValues, ...]  # in the order of PARTS
    matches: int  # datasets with all of them
    dataset: str  # the only one that matches, or ""


def choose(typed: Parts, run: int | None = None) -> DatasetChoice:
    """What the texts for the parts leave to choose, among all datasets or those of a run."""
    known = _known(proxy.obj, *rows(Dataset.select(fn.COUNT(Dataset.id), fn.MAX(Dataset.id)))[0])
    datasets = known if run is None else _split(_names_of(run))
    matching = [_matching({parts[place] for parts in known}, text) for place, text in enumerate(typed)]
    groups = _by_mismatch(datasets, matching)
    whole = groups[0]
    choices = tuple(_part_values((whole, groups[1 << place]), place, typed[place], matching[place]) for place in range(len(PARTS)))
    return DatasetChoice(choices, len(whole), "/" + "/".join(whole[0]) if len(whole) == 1 else "")


def _by_mismatch(datasets: Iterable[Parts], matching: Sequence[set[str]]) -> list[list[Parts]]:
    """Datasets by the parts that do not match: bit 0 of the index stands for the first part, and so on."""
    primary, processed, tier = matching
    groups: list[list[Parts]] = [[] for _ in range(8)]
    for parts in datasets:
        groups[(parts[0] not in primary) + 2 * (parts[1] not in processed) + 4 * (parts[2] not in tier)].append(parts)
    return groups


def _matching(values: set[str], text: str) -> set[str]:
    """The values that a text chooses: itself, or all that contain it."""
    return {text} if text in values else {value for value in values if text.lower() in value.lower()}


def _part_values(groups: Iterable[list[Parts]], place: int, text: str, matching: set[str]) -> PartValues:
    """The values of a part of datasets whose other parts match."""
    values = {parts[place] for group in groups for parts in group}
    return PartValues(text if {text} == matching else "", sorted(value for value in values if text.lower() in value.lower()))


@lru_cache(maxsize=1)
def _known(database: Database, count: int, last: int | None) -> tuple[Parts, ...]:
    """The parts of all datasets; the arguments change with each new one, since none is ever removed."""
    return tuple(_split(name for (name,) in rows(Dataset.select(Dataset.name))))


def _split(names: Iterable[str]) -> list[Parts]:
    found = []
    for name in names:
        _, primary, processed, tier = name.split("/", 3)
        found.append((primary, processed, tier))
    return found


def _names_of(run: int) -> list[str]:
    """The datasets with this run, also of single lumisections."""
    query = Sample.select(Dataset.name).join(Dataset).where(Sample.run == run, Sample.first)
    return [name for (name,) in rows(query)]


def is_known_run(text: str) -> int | None:
    """The run of this number, or None if there is no such run."""
    run = parse_int(text)
    return run if run is not None and rows(Sample.select(Sample.run).where(Sample.run == run).limit(1)) else None


def samples_of(dataset: str, run: str, limit: int) -> list[SampleKey]:
    """The latest samples of a dataset whose run contains the text `run`, one for each run."""
    query = Sample.select(Sample.run, Sample.lumi).join(Dataset).where(Dataset.name == dataset, Sample.first)
    if run:
        query = query.where(Sample.run.cast("TEXT").contains(run))
    return [SampleKey(number, lumi, dataset) for number, lumi in rows(query.order_by(Sample.run.desc()).limit(limit))]
