"""The content of a golden JSON: `{"355100": [[1, 50], [60, 70]]}`, the lumisections of each run as ranges with both ends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from app.core.text import json_problem
from app.trends.golden.errors import InvalidGolden
from app.trends.models import LARGEST_RUN

Range = tuple[int, int]
"""First and last lumisection."""

GoldenRuns = dict[int, list[Range]]
"""Runs, ascending, with their ranges, ascending and apart from each other."""

MAX_BYTES = 1_000_000
"""Size of a file; those of a year have less than 0.1 MB."""
TOO_LARGE = f"expected at most {MAX_BYTES:,} bytes"
MAX_RUNS = 20_000
MAX_RANGES = 1_000
"""Ranges of one run."""
LARGEST_LUMI = 100_000
MAX_PROBLEMS = 20

EXAMPLE = 'expected {"355100": [[1, 50], [60, 70]], ...}: runs, each with the first and last lumisection of its ranges'


class _Twice(ValueError):
    """A run that is named twice, which JSON allows."""


def read_golden(data: bytes) -> GoldenRuns:
    """The runs of a golden JSON; ranges that overlap or touch are joined. Raises InvalidGolden with all that is wrong."""
    if len(data) > MAX_BYTES:
        raise InvalidGolden([("file", TOO_LARGE)])
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_pairs)
    except _Twice as error:
        raise InvalidGolden([(f"run {error}", "is named twice: join its ranges")]) from None
    except (ValueError, RecursionError) as error:
        raise InvalidGolden([("file", f"is not JSON ({json_problem(error)}); {EXAMPLE}")]) from None
    if not isinstance(value, dict):
        raise InvalidGolden([("file", EXAMPLE)])
    if not 1 <= len(value) <= MAX_RUNS:
        raise InvalidGolden([("file", f"expected 1 to {MAX_RUNS:,} runs, not {len(value):,}")])
    runs: GoldenRuns = {}
    problems = [*_read_all(value, runs)]
    if problems:
        more = [("file", f"{len(problems) - MAX_PROBLEMS} more problems")] if len(problems) > MAX_PROBLEMS else []
        raise InvalidGolden(problems[:MAX_PROBLEMS] + more)
    return dict(sorted(runs.items()))


def canonical(runs: GoldenRuns) -> str:
    """The text that a list is kept as, and whose hash names it: the same for the same lumisections."""
    return json.dumps({str(run): ranges for run, ranges in runs.items()}, separators=(",", ":"))


def ranges_text(ranges: Iterable[Range]) -> str:
    """Ranges for people: `1-50, 60`."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def lumi_count(ranges: Iterable[Range]) -> int:
    """The number of lumisections."""
    return sum(last - first + 1 for first, last in ranges)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name[:20])
        found[name] = value
    return found


def _read_all(value: dict[str, Any], runs: GoldenRuns) -> Iterator[tuple[str, str]]:
    """Fill `runs`; yields what is wrong."""
    for name, ranges in value.items():
        place = f"run {name[:20]}"
        is_number = name.isascii() and name.isdecimal() and len(name) <= 10 and 1 <= int(name) <= LARGEST_RUN
        if not is_number or name.startswith("0"):
            yield place, f"expected a run number from 1 to {LARGEST_RUN} such as 355100"
            continue
        if not isinstance(ranges, list) or not 1 <= len(ranges) <= MAX_RANGES:
            what = f"{len(ranges):,} of them" if isinstance(ranges, list) else _short(ranges)
            yield place, f"expected a list of 1 to {MAX_RANGES:,} ranges such as [[1, 50], [60, 70]], not {what}"
            continue
        wrong = [(f"{place}, range {number}", problem) for number, each in enumerate(ranges, 1) if (problem := _problem(each))]
        yield from wrong
        if not wrong:
            runs[int(name)] = _joined(ranges)


def _problem(value: Any) -> str:
    """What is wrong with a range, and what would be right; "" if nothing is."""
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value)
    if not is_pair:
        return f"expected two whole numbers such as [1, 50], not {_short(value)}"
    first, last = value
    if not (first >= 1 and last <= LARGEST_LUMI):
        return f"expected lumisections from 1 to {LARGEST_LUMI:,}, not {_short(value)}"
    return "" if first <= last else f"ends before it begins; expected [{last}, {first}]"


def _short(value: Any) -> str:
    return json.dumps(value)[:60]


def _joined(ranges: list[list[int]]) -> list[Range]:
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
