"""A hundred kinds of damaged observations: none leaves as an exception, and good ones beside them are stored."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import Settings
from app.diary.errors import BadObservation
from app.diary.models import DiaryJob, DiaryQuarantine, DiarySource
from app.diary.observations.checks import MAX_FACTS, MAX_ITEMS, checked
from app.diary.observations.observation import Observation
from app.diary.observations.quarantine import quarantine
from app.diary.observations.store import store
from tests.diary.observations import NOW

NESTED: list[Any] = []
for _ in range(3000):
    NESTED = [NESTED]


class Hostile:
    """An object whose text cannot be made."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


WRONG_TIMES = [-1, -0.1, 1e300, 2e11, math.nan, math.inf, -math.inf, "12:30", "", True, [], {}, b"1", datetime(2026, 1, 1, tzinfo=UTC)]
WRONG_WHOLE = [1.5, "7", True, 2**63, -(2**63) - 1, 2**64, math.nan, [], {}, b"7", 10**5000]
WRONG_TEXTS = [7, 1.5, True, b"text", [], ["a"], {}, Hostile()]
WRONG_LISTS = ["a", 7, {}, {"a": 1}, True, b"a", {1}, iter(())]
REFUSED: list[dict[str, Any]] = [
    *({"native_id": value} for value in ["", "  ", "x" * 201, None, 7, b"7", [], Hostile()]),
    *({"seen": value} for value in [*WRONG_TIMES, None]),
    *({"submitted": value} for value in WRONG_TIMES),
    *({"state": value} for value in [None, 7, b"running", [], Hostile()]),
    *({"started": value} for value in WRONG_TIMES),
    *({"exit_code": value} for value in WRONG_WHOLE),
    *({"name": value} for value in WRONG_TEXTS),
    *({"logs": value} for value in [*WRONG_LISTS, ["a"], [("a",)], [("a", "b", "c")], [("a", 7)], [None]]),
    *({"parents": value} for value in [*WRONG_LISTS[:-1], ["a"], [("s",)], [("s", "")], [("", "7")], [("s", "7", "x")], [("s", 7)]]),
    *({"labels": value} for value in ["a", 7, [("a", "b")], {1: "a"}, {"a": 1}, {"a": b"b"}, {"a": Hostile()}]),
    *({"metrics": value} for value in ["a", 7, {"a": "1"}, {"a": math.nan}, {"a": math.inf}, {"a": True}, {"a": 10**400}, {1: 2}]),
    *({"facts": value} for value in ["a", 7, [1], {1: "a"}, b"{}"]),
]
MENDED: list[dict[str, Any]] = [
    {"native_id": " 7 "},
    {"native_id": "7\0\ud800"},
    {"state": "SPECIAL_EXIT"},
    {"state": ""},
    {"state": "running" * 10**5},
    {"name": "x" * 10**6},
    {"name": "a\0b"},
    {"name": b"caf\xe9".decode(errors="surrogateescape")},
    {"name": "\u202e\n\x1b[31m"},
    {"exit_code": -(2**63)},
    {"started": 0},
    {"labels": {"a" * 10**5: "b" * 10**5, "\0": "\udcff", "none": None}},
    {"labels": {str(number): "x" for number in range(10**4)}},
    {"logs": [("/x" * 10**5, "log")] * 10**4},
    {"outputs": ["\udcff"] * 1000},
    {"parents": [("s" * 1000, "7\0", 5.5)]},
    {"facts": {"deep": NESTED, "bytes": b"\xff", "nan": math.nan, "set": {1}, "odd": {"\ud800": ["\0"]}, "hostile": Hostile()}},
    {"facts": {"huge": 10**5000, "key": {1: 2, None: 3}, "backslash": "\\u0000"}},
    {"facts": {str(number): "x" * 1000 for number in range(1000)}},
    {"metrics": {"a": -0.0, "b": 10**200}},
]


def observation(values: dict[str, Any]) -> Observation:
    return Observation(**{"native_id": "damaged", "seen": NOW, "state": "running", **values})


def test_there_are_a_hundred_kinds_of_damage() -> None:
    assert len(REFUSED) + len(MENDED) >= 100


@pytest.mark.parametrize("values", REFUSED, ids=lambda values: next(iter(values)))
def test_what_cannot_be_stored_is_refused_with_a_reason(values: dict[str, Any]) -> None:
    with pytest.raises(BadObservation, match=r"\w+ \w+"):
        checked(observation(values))


@pytest.mark.both_databases
def test_good_observations_among_damaged_ones_are_stored_and_the_damaged_ones_counted_and_kept(hub: Settings) -> None:
    mixed: list[Any] = [None, "text", 7, {}, object()]
    for number, values in enumerate([*REFUSED, *MENDED]):
        mixed += [observation({"native_id": f"d{number}", **values}), Observation(f"good{number}", NOW, "running")]
    counts = store("s", mixed, NOW)
    quarantine("s", counts.refused, NOW, 50)
    assert len(counts.refused) == len(REFUSED) + 5
    good = {row.native_id for row in DiaryJob.select(DiaryJob.native_id) if row.native_id.startswith("good")}
    assert len(good) == len(REFUSED) + len(MENDED)
    assert DiaryJob.select().count() == len(good) + len(MENDED)
    assert DiarySource.get().quarantined == len(REFUSED) + 5
    kept = list(DiaryQuarantine.select())
    assert 0 < len(kept) <= 50
    assert all(row.reason and len(row.text) <= 4000 for row in kept)


@pytest.mark.both_databases
def test_a_record_that_comes_with_each_scan_is_kept_once_and_counted(hub: Settings) -> None:
    store("s", [], NOW)
    for step in range(3):
        quarantine("s", [("torn line", "No id"), (f"only in {step}", "No id")], NOW + step, 3)
    found = {row.text: (row.count, row.first, row.at) for row in DiaryQuarantine.select()}
    assert found == {"torn line": (3, NOW, NOW + 2), "only in 1": (1, NOW + 1, NOW + 1), "only in 2": (1, NOW + 2, NOW + 2)}
    assert DiarySource.get().quarantined == 6


@pytest.mark.parametrize("values", MENDED, ids=lambda values: next(iter(values)))
def test_what_is_too_long_or_unstorable_is_mended(values: dict[str, Any]) -> None:
    found = checked(observation(values))
    text = json.dumps([found.key, found.values, found.merged, found.parents], ensure_ascii=False)
    text.encode()  # no lone surrogate
    assert "\\u0000" not in text.replace("\\\\u0000", "")
    assert len(text) < MAX_FACTS + 6000 * MAX_ITEMS


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.text(alphabet="\0\ud800a", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Observation.__dataclass_fields__, ANYTHING)))
def test_any_observation_is_refused_or_becomes_storable_text(values: dict[str, Any]) -> None:
    try:
        found = checked(observation(values))
    except BadObservation:
        return
    json.dumps([found.values, found.merged, found.parents], ensure_ascii=False, allow_nan=False).encode()
