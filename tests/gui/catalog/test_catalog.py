"""The lists of monitor elements: made at the first access, once, and again when the file is another one."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
import uproot

from app.core import database
from app.core.settings import Settings
from app.gui.catalog import importing
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.catalog.reader import Contents
from app.gui.catalog.stored import retry
from app.gui.errors import ImportFailed, Importing, UnknownSample
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.files.register import IMPORT
from app.gui.models import FAILED, READY, File, NameList, Sample
from app.gui.problems import status_of
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.queue import execution, store
from app.queue.models import BackgroundJob
from tests.support import gui
from tests.support.patience import PATIENCE_S


@pytest.fixture
def hub(hub: Settings, demo_files: list[Path], render_service: Path) -> Settings:
    """A hub in which the demo files are registered and plots can be drawn."""
    return gui.with_demo(hub, demo_files, render_service)


DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
KEY = SampleKey(367129, 0, DATASET)


@pytest.fixture
def catalog(hub: Settings) -> Catalog:
    execution.connect(hub)
    return Catalog(hub)


OWN = SampleKey(400000, 0, DATASET)


def histograms(file: Path) -> set[str]:
    """The paths of all histograms in a file, as uproot reads them."""
    with uproot.open(file) as opened:
        keys = opened.classnames(cycle=False)
    paths = (path.split("/", 3) for path, name in keys.items() if name.startswith(("TH1", "TH2", "TH3", "TProfile")))
    return {f"{subsystem}/{rest.removeprefix('Run summary/')}" for _, _, subsystem, rest in paths}


def test_the_first_access_reads_the_file_and_lists_every_histogram(catalog: Catalog, demo_files: list[Path]) -> None:
    opened = catalog.open(KEY, PATIENCE_S)
    names = {opened.names[index].decode() for index in range(len(opened.names)) if opened.columns.kind[index] > 0x0F}
    assert names == histograms(next(file for file in demo_files if "367129__ZeroBias" in file.name))
    assert File.get(File.url == opened.url).state == READY


@pytest.mark.both_databases
def test_a_list_is_cached_in_memory_and_in_the_database(catalog: Catalog, hub: Settings) -> None:
    opened = catalog.open(KEY, PATIENCE_S)
    cached = catalog.open(KEY, 0)
    assert (cached.names, cached.columns, cached.facts) == (opened.names, opened.columns, opened.facts)
    assert cached.columns is opened.columns
    again = Catalog(hub).open(KEY, 0)
    assert again.names.pack() == opened.names.pack()
    assert again.columns.pack() == opened.columns.pack()
    assert again.facts == opened.facts


def test_an_evicted_list_is_not_kept_in_memory_by_its_samples(catalog: Catalog) -> None:
    names = weakref.ref(catalog.open(KEY, PATIENCE_S).names)
    catalog.lists.names.clear()
    gc.collect()
    assert names() is None
    assert len(catalog.open(KEY, 0).names) == 369


@pytest.mark.both_databases
def test_samples_with_the_same_names_share_one_list(catalog: Catalog, own_file: Path) -> None:
    first = catalog.open(SampleKey(367100, 0, DATASET), PATIENCE_S)
    second = catalog.open(OWN, PATIENCE_S)
    assert first.names is second.names
    assert NameList.select().count() == 1
    assert Sample.select().where(Sample.namelist.is_null(False)).count() == 2


@pytest.mark.both_databases
def test_the_error_of_an_unknown_sample_names_similar_ones(catalog: Catalog) -> None:
    with pytest.raises(UnknownSample, match=r"run 367129 has /Muon/Run2023C-Demo-v1/DQMIO") as raised:
        catalog.open(SampleKey(367129, 0, "/No/Such/DQMIO"), PATIENCE_S)
    assert status_of(raised.value) == (404, 0)


def reads(file: Path) -> int:
    """How often the file was read, or is to be."""
    number = str(File.get(File.url == str(file)).id)
    return BackgroundJob.select().where(BackgroundJob.kind == IMPORT, BackgroundJob.key == number).count()


def test_a_file_that_changed_is_read_again(catalog: Catalog, own_file: Path, demo_files: list[Path]) -> None:
    before = catalog.open(OWN, PATIENCE_S)
    shutil.copy(demo_files[1], own_file)
    after = catalog.open(OWN, PATIENCE_S)
    assert after.identity != before.identity
    assert after.version > before.version
    os.utime(own_file, ns=(1, 1))
    assert catalog.open(OWN, PATIENCE_S).identity != after.identity


@pytest.mark.both_databases
def test_a_damaged_file_shows_the_reason_and_is_not_read_again_until_it_changes(
    catalog: Catalog, own_file: Path, demo_files: list[Path]
) -> None:
    own_file.write_bytes(b"this is no ROOT file")
    with pytest.raises(ImportFailed, match=f"^Cannot open [^:]+: {own_file.name}: "):
        catalog.open(OWN, PATIENCE_S)
    assert File.get(File.url == str(own_file)).state == FAILED
    assert reads(own_file) == 1
    with pytest.raises(ImportFailed):
        catalog.open(OWN, PATIENCE_S)
    assert reads(own_file) == 1
    shutil.copy(demo_files[0], own_file)
    assert len(catalog.open(OWN, PATIENCE_S).names) > 100


def test_a_request_can_force_a_new_import(catalog: Catalog, own_file: Path) -> None:
    own_file.write_bytes(b"this is no ROOT file")
    with pytest.raises(ImportFailed):
        catalog.open(OWN, PATIENCE_S)
    retry(File.get(File.url == str(own_file)).id)
    with pytest.raises(ImportFailed):
        catalog.open(OWN, PATIENCE_S)
    assert reads(own_file) == 2


def test_a_removed_file_is_reported_and_read_when_it_returns(catalog: Catalog, own_file: Path) -> None:
    catalog.open(OWN, PATIENCE_S)
    moved = own_file.rename(own_file.with_suffix(".away"))
    with pytest.raises(ImportFailed, match="No such file"):
        catalog.open(OWN, PATIENCE_S)
    moved.rename(own_file)
    assert catalog.open(OWN, PATIENCE_S).key == OWN


def test_reading_stops_at_its_memory_limit(hub: Settings, own_file: Path) -> None:
    tight = Catalog(hub.replace(import_memory_mb=20))
    with pytest.raises(ImportFailed, match=r"import_memory_mb|ended with code"):
        tight.open(OWN, PATIENCE_S)


def test_a_link_created_after_registration_cannot_leave_the_roots(catalog: Catalog, own_file: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.root"
    own_file.rename(outside)
    own_file.symlink_to(outside)
    with pytest.raises(ImportFailed, match="file_roots"):
        catalog.open(OWN, PATIENCE_S)


@pytest.mark.both_databases
def test_simultaneous_requests_read_the_file_once(catalog: Catalog, own_file: Path) -> None:
    opened: list[OpenSample] = []
    barrier = threading.Barrier(4)

    def open_sample() -> None:
        barrier.wait()
        opened.append(catalog.open(OWN, PATIENCE_S))
        database.end_thread()

    threads = [threading.Thread(target=open_sample) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(opened) == 4
    assert reads(own_file) == 1


@pytest.mark.both_databases
def test_a_file_whose_reading_was_cancelled_does_not_count_as_empty(catalog: Catalog, own_file: Path) -> None:
    catalog.importing.update(range(-catalog.settings.of(GuiSettings).import_slots, 0))  # only a worker could read it, and none is running
    row = store.enqueue(IMPORT, str(File.get(File.url == str(own_file)).id))
    cancel = threading.Timer(0.3, cancel_elsewhere, [row.id])
    cancel.start()
    with pytest.raises(ImportFailed, match="cancelled"):
        catalog.open(OWN, PATIENCE_S)
    cancel.join()


@pytest.mark.both_databases
def test_a_file_that_is_registered_while_the_one_before_is_read_is_read_as_well(
    catalog: Catalog, own_file: Path, demo_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the next snapshot of an ongoing run can be; its reading did not fail because it was not begun."""
    newer, read = own_file.with_name("newer.root"), importing.read
    shutil.copy(demo_files[1], newer)

    def read_meanwhile(url: str, *others: Any) -> Contents:
        if url == str(own_file):
            register.register([Entry(DATASET, OWN.run, 0, str(newer), "tdirectory")])
        return read(url, *others)

    monkeypatch.setattr(importing, "read", read_meanwhile)
    opened = catalog.open(OWN, PATIENCE_S)
    assert (opened.url, opened.note) == (str(newer), "")


def cancel_elsewhere(number: int) -> None:
    store.cancel(number)
    database.end_thread()


def test_without_a_free_import_slot_the_worker_reads_the_file(catalog: Catalog, own_file: Path) -> None:
    for _ in range(catalog.settings.of(GuiSettings).import_slots):
        assert catalog.waiting.acquire(blocking=False)
    with pytest.raises(Importing) as raised:
        catalog.open(OWN, PATIENCE_S)
    assert status_of(raised.value) == (503, 1)
    assert raised.value.job.state == "queued"


def test_a_folder_removed_from_the_roots_is_no_longer_served(catalog: Catalog, hub: Settings) -> None:
    catalog.open(KEY, PATIENCE_S)
    with pytest.raises(ImportFailed, match="file_roots"):
        Catalog(hub.replace(file_roots=())).open(KEY, PATIENCE_S)
