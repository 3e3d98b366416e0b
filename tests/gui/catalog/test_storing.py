"""Storing the lists of a file with more samples than one short transaction holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.core.settings import Settings
from app.formats import FileVersion
from app.gui import samples
from app.gui.catalog import storing
from app.gui.catalog.reader import Contents, StoredListing
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.models import NEW, READY, File, Sample
from tests.support.write_watch import WriteWatch, watched

pytestmark = pytest.mark.both_databases

DATASET, RUN = "/A/B/C", 5
OLD, NEWER = FileVersion(100, 1), FileVersion(200, 2)
MANY = 450


@pytest.fixture
def file(hub: Settings) -> File:
    register.register([Entry(DATASET, RUN, 0, "/data/a.root", "dqmio")])
    return file_now()


def file_now() -> File:
    return File.get(File.url == "/data/a.root")


def contents(lumis: Sequence[int], columns: bytes = b"old") -> Contents:
    return Contents([StoredListing(RUN, lumi, 10, "hash", columns, b"", 0, 0) for lumi in lumis], {"hash": (10, b"names")}, 0)


def listed() -> dict[int, bytes]:
    """The columns of each lumisection that has a list."""
    return {sample.lumi: bytes(sample.columns) for sample in Sample.select().where(Sample.namelist.is_null(False))}


def before_each_transaction(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Call a function with the number of each transaction that stores samples, before it does."""
    store_samples, calls = storing._store_samples, []

    def stored(file: File, rows: list[dict[str, Any]]) -> None:
        calls.append(rows)
        act(len(calls))
        store_samples(file, rows)

    monkeypatch.setattr(storing, "_store_samples", stored)


def test_a_file_with_many_lumisections_is_stored_in_short_transactions(hub: Settings, file: File) -> None:
    watch = WriteWatch()
    with watched(watch):
        storing.store(file, OLD, contents(range(1, MANY)))
    assert all(transaction.writes <= 2 * storing.BATCH for transaction in watch.longest)
    assert samples.lumis_of(RUN, DATASET) == list(range(1, MANY))
    assert (file_now().state, file_now().size) == (READY, OLD.size)
    assert [sample.lumi for sample in Sample.select().where(Sample.first)] == [1]
    assert Sample.get(Sample.lumi == 0).me_count == 0  # the file has no list of the whole run


def test_no_list_is_shown_with_the_version_of_another(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    storing.store(file, OLD, contents(range(1, MANY)))
    seen = []

    def look(_: int) -> None:
        now = file_now()
        seen.append((now.state, now.size, now.mtime_ns, set(listed().values()) - {b"new"}))

    before_each_transaction(monkeypatch, look)
    storing.store(file_now(), NEWER, contents(range(1, MANY + 10), b"new"))
    assert set(map(str, seen)) == {str((NEW, NEWER.size, NEWER.mtime_ns, set()))}
    assert listed() == dict.fromkeys(range(1, MANY + 10), b"new")
    assert file_now().state == READY


def test_storing_that_broke_off_is_done_again(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(number: int) -> None:
        if number == 2:
            raise OSError("the disk is full")

    with monkeypatch.context() as breaking:
        before_each_transaction(breaking, break_off)
        with pytest.raises(OSError, match="the disk is full"):
            storing.store(file, OLD, contents(range(1, MANY)))
    assert file_now().state == NEW
    assert 0 < len(listed()) < MANY - 1
    storing.store(file_now(), OLD, contents(range(1, MANY)))
    assert file_now().state == READY
    assert samples.lumis_of(RUN, DATASET) == list(range(1, MANY))


def test_two_processes_do_not_mix_two_versions(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtake(number: int) -> None:
        if number == 1:
            File.update(size=NEWER.size, mtime_ns=NEWER.mtime_ns).execute()

    before_each_transaction(monkeypatch, overtake)
    with pytest.raises(storing.StoredMeanwhile):
        storing.store(file, OLD, contents(range(1, MANY)))
    assert file_now().state == NEW
    storing.store(file_now(), OLD, contents(range(1, MANY), b"again"))
    assert set(listed().values()) == {b"again"}


def test_a_dataset_that_is_registered_meanwhile_lets_the_file_be_imported_again(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    def also(number: int) -> None:
        if number == 2:
            register.register([Entry("/D/E/F", RUN, 0, "/data/a.root", "dqmio")])

    with monkeypatch.context() as registering:
        before_each_transaction(registering, also)
        storing.store(file, OLD, contents(range(1, MANY)))
    assert file_now().state == NEW
    storing.store(file_now(), OLD, contents(range(1, MANY)))
    assert file_now().state == READY
    assert samples.lumis_of(RUN, "/D/E/F") == samples.lumis_of(RUN, DATASET)
