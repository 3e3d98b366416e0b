"""A golden JSON is checked with clear errors, and kept by the hash of its content."""

from __future__ import annotations

import json
import logging
import time
from hashlib import sha256

import pytest

from app.core.settings import Settings
from app.trends.errors import RequestLimit
from app.trends.golden import find_golden, golden_lumis, golden_runs
from app.trends.golden import store as golden_store
from app.trends.golden.content import MAX_BYTES, canonical, read_golden
from app.trends.golden.errors import InvalidGolden, UnknownGolden
from app.trends.golden.models import GoldenList
from app.trends.golden.store import DAY_S, MOST_A_DAY, UNUSED_DAYS, delete_unused, store_golden
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.store import add_rule, switch_rule, used_golden

pytestmark = pytest.mark.both_databases

FILE = b'{"355101": [[7, 7]], "355100": [[60, 70], [1, 50]]}'
CANONICAL = '{"355100":[[1,50],[60,70]],"355101":[[7,7]]}'
"""The same, written by hand: runs and ranges ascending, without blanks."""
HASH = sha256(CANONICAL.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "file: is not JSON"),
        ("[" * 100_000, "file: is not JSON (too many lists or objects within each other)"),
        ('{"355100": [[1, ' + "9" * 5000 + "]]}", "file: is not JSON (a number has too many digits)"),
        ("[]", 'file: expected {"355100": [[1, 50], [60, 70]], ...}'),
        ("{}", "file: expected 1 to 20,000 runs, not 0"),
        ('{"355100": [[1, 2]], "355100": [[3, 4]]}', "run 355100: is named twice: join its ranges"),
        ('{"run": [[1, 2]]}', "run run: expected a run number from 1 to"),
        ('{"0355100": [[1, 2]]}', "run 0355100: expected a run number"),
        ('{"4000000000": [[1, 2]]}', "run 4000000000: expected a run number"),
        ('{"355100": "all"}', 'run 355100: expected a list of 1 to 1,000 ranges such as [[1, 50], [60, 70]], not "all"'),
        ('{"355100": []}', "run 355100: expected a list of 1 to 1,000 ranges such as [[1, 50], [60, 70]], not 0 of them"),
        ('{"355100": [1, 50]}', "run 355100, range 1: expected two whole numbers such as [1, 50], not 1"),
        ('{"355100": [[1, 2], [3]]}', "run 355100, range 2: expected two whole numbers such as [1, 50], not [3]"),
        ('{"355100": [[1, 2.5]]}', "run 355100, range 1: expected two whole numbers such as [1, 50], not [1, 2.5]"),
        ('{"355100": [[true, 2]]}', "run 355100, range 1: expected two whole numbers"),
        ('{"355100": [[0, 5]]}', "run 355100, range 1: expected lumisections from 1 to 100,000, not [0, 5]"),
        ('{"355100": [[50, 1]]}', "run 355100, range 1: ends before it begins; expected [1, 50]"),
        ('{"355100": [[50, 1]], "x": 1}', "run x: expected a run number"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_would_be_right(text: str, problem: str) -> None:
    with pytest.raises(InvalidGolden) as raised:
        read_golden(text.encode())
    assert problem in str(raised.value)


def test_a_file_in_another_encoding_is_refused_without_words_of_the_interpreter() -> None:
    with pytest.raises(InvalidGolden, match=r"is not JSON \(byte 1 is no UTF-8\)"):
        read_golden('{"355100": [[1, 2]]}'.encode("utf-16"))


def test_a_file_with_many_problems_names_the_first_and_counts_the_others() -> None:
    with pytest.raises(InvalidGolden) as raised:
        read_golden(json.dumps({f"x{number}": [] for number in range(100)}).encode())
    assert len(raised.value.fields) == 21
    assert raised.value.fields[-1] == ("file", "80 more problems")


def test_a_file_that_is_too_large_or_no_text_is_refused() -> None:
    with pytest.raises(InvalidGolden, match="at most 1,000,000 bytes"):
        read_golden(b" " * (MAX_BYTES + 1))
    with pytest.raises(InvalidGolden, match="is not JSON"):
        read_golden(b"\xff\xfe")


def test_ranges_that_overlap_or_touch_are_joined() -> None:
    assert read_golden(b'{"5": [[10, 20], [1, 4], [5, 6], [15, 30], [12, 13]]}') == {5: [(1, 6), (10, 30)]}


def test_the_same_lumisections_have_the_same_hash_however_they_are_written(hub: Settings) -> None:
    assert canonical(read_golden(FILE)) == CANONICAL
    first = store_golden(FILE, "a.json")
    again = store_golden(b'\xef\xbb\xbf{"355100":[[1,49],[50,50],[60,70]],\n"355101":[[7,7]]}', "b.json")
    assert (first.hash, again.hash, again.name) == (HASH, HASH, "a.json")
    assert (first.runs, first.lumis) == (2, 62)
    assert GoldenList.select().count() == 1
    assert golden_runs(HASH) == [355100, 355101]
    assert golden_lumis(HASH) == {355100: [(1, 50), (60, 70)], 355101: [(7, 7)]}


def test_the_beginning_of_a_hash_is_enough_where_only_one_list_has_it(hub: Settings) -> None:
    store_golden(FILE)
    assert find_golden(HASH[:12]).hash == HASH
    for digest, problem in [
        (HASH[:11], "expected 12 to 64 of the digits 0-9 and a-f"),
        ("0" * 65, "expected 12 to 64 of the digits"),
        ("A" * 12, "expected 12 to 64 of the digits"),
        ("0" * 12, "upload it on the page /trends/golden"),
    ]:
        with pytest.raises(UnknownGolden, match=problem):
            find_golden(digest)
    row = GoldenList.get_by_id(HASH)
    row.hash = HASH[:20] + "".join("0" if digit != "0" else "1" for digit in HASH[20:])
    row.save(force_insert=True)
    with pytest.raises(UnknownGolden, match="give more digits"):
        find_golden(HASH[:20])
    assert find_golden(HASH).hash == HASH


def test_a_list_that_nobody_used_for_a_year_is_removed(hub: Settings) -> None:
    store_golden(FILE)
    old = store_golden(b'{"1": [[1, 1]]}').hash
    GoldenList.update(used=time.time() - (UNUSED_DAYS + 1) * DAY_S).execute()
    golden_runs(HASH)
    assert delete_unused() == 1
    assert [row.hash for row in GoldenList.select()] == [HASH]
    assert old != HASH


def test_new_lists_take_the_place_of_those_that_nobody_used(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden_store, "MAX_LISTS", 3)
    monkeypatch.setattr(golden_store, "ROOM", 1)
    store_golden(FILE)
    GoldenList.update(created=time.time() - 5 * DAY_S, used=time.time() - 4 * DAY_S).execute()
    for run in range(1, 6):
        store_golden(json.dumps({str(run): [[1, 1]]}).encode())
    kept = {tuple(golden_runs(row.hash)) for row in GoldenList.select()}
    assert kept == {(355100, 355101), (4,), (5,)}


def test_a_list_that_a_rule_names_never_makes_room_and_never_grows_old(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden_store, "MAX_LISTS", 2)
    rule = add_rule(RuleDefinition("DT", "ZeroBias", "Prompt", "charge", f"golden:{store_golden(FILE).hash[:12]}"), "ann")
    for run in range(1, 4):
        store_golden(json.dumps({str(run): [[1, 1]]}).encode(), keep=used_golden())
        assert GoldenList.select().where(GoldenList.hash == HASH).exists()
    GoldenList.update(used=0.0).execute()
    delete_unused(used_golden())
    assert [row.hash for row in GoldenList.select()] == [HASH]
    switch_rule(rule, False, "ann")
    assert (used_golden(), delete_unused(used_golden())) == (set(), 1)


def test_one_user_stores_only_so_many_new_lists_in_a_day(hub: Settings) -> None:
    for run in range(1, MOST_A_DAY + 1):
        store_golden(json.dumps({str(run): [[1, 1]]}).encode())
    with pytest.raises(RequestLimit, match="50 new golden JSON files within a day"):
        store_golden(FILE)
    assert store_golden(b'{"1": [[1, 1]]}').runs == 1, "a known one is not new"
    GoldenList.update(created=time.time() - DAY_S).execute()
    assert store_golden(FILE).hash == HASH


def test_the_content_of_a_list_is_read_once_and_not_to_know_that_it_exists(hub: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "peewee")
    run = time.time_ns() % 10**9 + 1  # another content in each test, as this process knows earlier ones
    digest = store_golden(json.dumps({str(run): [[3, 4]]}).encode()).hash
    caplog.clear()
    assert [golden_runs(digest), list(golden_lumis(digest)), golden_runs(digest[:12])] == [[run]] * 3
    find_golden(digest)
    assert sum('"content"' in record.getMessage() for record in caplog.records) == 1
    assert len(caplog.records) > 3, "all queries were seen"
    GoldenList.delete().execute()
    with pytest.raises(UnknownGolden, match="There is no golden JSON"):
        golden_runs(digest)
