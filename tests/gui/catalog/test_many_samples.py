"""Files with many samples, and files that replace others while they are shown."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import uproot
from flask import Flask
from flask.testing import FlaskClient

import jobs
from app.areas import AREAS
from app.core.settings import Settings
from app.formats import file_version
from app.gui import samples
from app.gui.catalog.catalog import Catalog
from app.gui.errors import ImportFailed, Importing, NotInFile, UnknownSample
from app.gui.files import register
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.models import File, NameList, Sample
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.queue import execution
from app.queue.models import BackgroundJob
from tests.support.patience import PATIENCE_S
from tests.support.processes import wait_for_jobs

DATASET = "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"
RUN = 367094
WHOLE = SampleKey(RUN, 0, DATASET)
LIVE = SampleKey(0, 0, ONLINE_DATASET)


@pytest.fixture
def folder(hub: Settings) -> Path:
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def catalog(hub: Settings) -> Catalog:
    return Catalog(hub)


@pytest.fixture
def real(fixtures_dir: Path) -> Path:
    return fixtures_dir / "dqmfiles"


def copied(file: Path, folder: Path, name: str = "") -> str:
    return str(shutil.copy(file, folder / (name or file.name)))


def dqmio(real: Path, run: int = RUN) -> Path:
    return real / f"ZeroBias__Run2023C-PromptReco-v1__DQMIO_run{run}.root"


def snapshot(real: Path, run: int = RUN) -> Path:
    return real / f"run{run}_DQMLive_concat.pb"


def stored_lumis(file: Path) -> list[int]:
    """The lumisections in a DQMIO file, as uproot reads them."""
    with uproot.open(file) as opened:
        return sorted({int(lumi) for lumi in opened["Indices/Lumi"].array()})


def closed(catalog: Catalog) -> Catalog:
    """A catalog without import slots: only a worker could read a file, and none is running."""
    for _ in range(catalog.settings.of(GuiSettings).import_slots):
        assert catalog.waiting.acquire(blocking=False)
    return catalog


@pytest.mark.both_databases
def test_all_runs_and_lumisections_in_a_file_become_samples_of_its_dataset(catalog: Catalog, folder: Path, real: Path) -> None:
    register.register([Entry(DATASET, RUN, 0, copied(dqmio(real), folder), "dqmio")])
    opened = catalog.open(WHOLE, PATIENCE_S)
    lumis = stored_lumis(dqmio(real))
    assert len(lumis) > 40
    assert samples.lumis_of(RUN, DATASET) == lumis
    assert len(opened.names) == len(catalog.open(WHOLE._replace(lumi=lumis[-1]), 0).names) == 1
    assert BackgroundJob.select().count() == NameList.select().count() == 1
    assert samples.runs() == [WHOLE]


def test_the_address_of_a_lumisection_works_before_its_file_is_read(client: FlaskClient, folder: Path, real: Path) -> None:
    register.register([Entry(DATASET, RUN, 0, copied(dqmio(real), folder), "dqmio")])
    assert client.get(f"/browse/{RUN}:7{DATASET}").status_code == 200
    assert client.get(f"/browse/{RUN}:4000{DATASET}").status_code == 404


def test_registered_lumisections_are_listed_before_their_file_is_read(client: FlaskClient, folder: Path, real: Path) -> None:
    register.register([Entry(DATASET, RUN, 0, copied(dqmio(real), folder), "dqmio")])
    assert len(client.get(f"/api/v1/lumis/{RUN}{DATASET}").json) == 46


@pytest.mark.both_databases
def test_a_sample_registered_with_another_file_keeps_that_file(catalog: Catalog, folder: Path, real: Path) -> None:
    other, lumi = copied(snapshot(real), folder), stored_lumis(dqmio(real))[1]
    register.register([Entry(DATASET, RUN, 0, copied(dqmio(real), folder), "dqmio"), Entry(DATASET, RUN, lumi, other, "protobuf")])
    catalog.open(WHOLE, PATIENCE_S)
    assert Sample.get(Sample.lumi == lumi).file.url == other
    assert Sample.get(Sample.lumi == lumi).namelist is None
    assert len(catalog.open(WHOLE._replace(lumi=lumi), PATIENCE_S).names) > 0


@pytest.mark.both_databases
def test_samples_missing_from_a_new_version_of_the_file_are_no_longer_listed(catalog: Catalog, folder: Path, real: Path) -> None:
    place = copied(dqmio(real), folder)
    register.register([Entry(DATASET, RUN, 0, place, "dqmio")])
    catalog.open(WHOLE, PATIENCE_S)
    shutil.copy(dqmio(real, 367129), place)
    with pytest.raises(NotInFile, match=f"holds no monitor elements of run {RUN}"):
        catalog.open(WHOLE, PATIENCE_S)
    assert samples.lumis_of(RUN, DATASET) == []
    assert samples.lumis_of(367129, DATASET) == stored_lumis(dqmio(real, 367129))
    shutil.copy(dqmio(real), place)
    os.utime(place, ns=(5, 5))
    assert catalog.open(WHOLE, PATIENCE_S).key == WHOLE


def test_a_snapshot_without_a_run_number_has_the_registered_run(catalog: Catalog, folder: Path, real: Path) -> None:
    register.register([Entry(ONLINE_DATASET, RUN, 0, copied(snapshot(real), folder), "protobuf")])
    assert len(catalog.open(SampleKey(RUN, 0, ONLINE_DATASET), PATIENCE_S).names) > 0
    assert samples.lumis_of(RUN, ONLINE_DATASET) == [0]
    assert samples.lumis_of(0, ONLINE_DATASET) == []


def test_a_snapshot_of_the_live_run_is_also_a_sample_of_its_own_run(catalog: Catalog, folder: Path, real: Path) -> None:
    file = copied(snapshot(real), folder)
    register.register([Entry(ONLINE_DATASET, run, 0, file, "protobuf") for run in (0, RUN)])
    assert len(catalog.open(LIVE, PATIENCE_S).names) == len(catalog.open(SampleKey(RUN, 0, ONLINE_DATASET), PATIENCE_S).names) == 1


def test_a_whole_run_and_a_lumisection_have_different_lists(catalog: Catalog, folder: Path, real: Path) -> None:
    place = copied(real / f"DQM_V0001_R000{RUN}__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root", folder)
    register.register([Entry(DATASET, RUN, 7, place, "tdirectory")])
    with pytest.raises(ImportFailed, match="lumisection 7"):
        catalog.open(WHOLE._replace(lumi=7), PATIENCE_S)
    assert len(catalog.open(WHOLE, 0).names) > 0


def test_a_harvest_of_many_runs_has_the_registered_run(catalog: Catalog, folder: Path, real: Path) -> None:
    place = copied(real / f"DQM_V0001_R000{RUN}__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root", folder)
    register.register([Entry(DATASET, 5, 0, place, "tdirectory")])
    assert len(catalog.open(SampleKey(5, 0, DATASET), PATIENCE_S).names) > 0
    assert samples.lumis_of(RUN, DATASET) == []


@pytest.mark.both_databases
def test_a_run_with_lumisections_only_is_found_by_its_first_lumisection(hub: Settings) -> None:
    register.register([Entry(DATASET, 5, lumi, "/data/a.root", "dqmio") for lumi in (9, 7, 8)])
    register.register([Entry(DATASET, 6, 0, "/data/b.root", "dqmio"), Entry(DATASET, 6, 1, "/data/b.root", "dqmio")])
    assert samples.runs() == [SampleKey(6, 0, DATASET), SampleKey(5, 7, DATASET)]
    assert samples.latest_runs() == [6, 5]
    register.register([Entry(DATASET, 5, 3, "/data/a.root", "dqmio"), Entry(DATASET, 7, 2, "/data/c.root", "dqmio")])
    assert samples.runs() == [SampleKey(7, 2, DATASET), SampleKey(6, 0, DATASET), SampleKey(5, 3, DATASET)]
    register.register([Entry(DATASET, 5, 0, "/data/d.root", "dqmio")])
    assert samples.runs(run="5") == [SampleKey(5, 0, DATASET)]


@pytest.mark.both_databases
def test_an_empty_whole_run_does_not_replace_its_lumisections(catalog: Catalog, folder: Path, real: Path) -> None:
    place = copied(dqmio(real), folder)
    register.register([Entry(DATASET, 367129, 0, place, "dqmio")])  # the file is of another run
    with pytest.raises(NotInFile, match=f"holds no monitor elements of run 367129 of {DATASET}"):
        catalog.open(SampleKey(367129, 0, DATASET), PATIENCE_S)
    assert samples.runs()[-1] == WHOLE


@pytest.mark.both_databases
def test_the_old_list_is_used_until_the_list_of_the_newer_file_is_stored(catalog: Catalog, hub: Settings, folder: Path, real: Path) -> None:
    register.register([Entry(ONLINE_DATASET, 0, 0, copied(snapshot(real), folder), "protobuf")])
    before = catalog.open(LIVE, PATIENCE_S)
    newer = copied(snapshot(real, 367129), folder)
    register.register([Entry(ONLINE_DATASET, 0, 0, newer, "protobuf")])
    waiting = closed(Catalog(hub)).open(LIVE, 0)
    assert (waiting.identity, waiting.note) == (before.identity, f"{Path(newer).name} is being read")
    after = run_open_work(hub).open(LIVE, 0)
    assert (after.url, after.note) == (newer, "")
    assert after.version > before.version
    assert [file.url for file in File.select()] == [newer]


def run_open_work(hub: Settings) -> Catalog:
    """Run the open jobs as the consumers do; returns a new catalog."""
    jobs.load(AREAS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQMHUB_DATA_DIR", hub.data_dir)
        for row in list(BackgroundJob.select().where(BackgroundJob.state == "queued")):
            execution.run(row.id)
    wait_for_jobs()  # keeping a snapshot reads a newer file in a thread
    return Catalog(hub)


def test_the_old_list_is_used_while_its_file_is_rewritten(catalog: Catalog, hub: Settings, folder: Path, real: Path) -> None:
    place = copied(snapshot(real), folder)
    register.register([Entry(ONLINE_DATASET, 0, 0, place, "protobuf")])
    before = catalog.open(LIVE, PATIENCE_S)
    shutil.copy(snapshot(real, 367129), place)
    waiting = closed(Catalog(hub)).open(LIVE, 0)
    assert (waiting.identity, waiting.note) == (before.identity, f"{Path(place).name} is being read")
    assert waiting.file_version != (os.stat(place).st_size, os.stat(place).st_mtime_ns)
    after = catalog.open(LIVE, PATIENCE_S)
    assert after.file_version == (os.stat(place).st_size, os.stat(place).st_mtime_ns)


def test_a_list_older_than_the_request_allows_is_not_used(catalog: Catalog, hub: Settings, folder: Path, real: Path) -> None:
    place = copied(snapshot(real), folder)
    register.register([Entry(ONLINE_DATASET, 0, 0, place, "protobuf")])
    catalog.open(LIVE, PATIENCE_S)
    listed = File.get().listed
    shutil.copy(snapshot(real, 367129), place)
    waiting = closed(Catalog(hub))
    assert waiting.open(LIVE, 0, not_older_than=listed).note
    with pytest.raises(Importing):
        waiting.open(LIVE, 0, not_older_than=listed + 1)


@pytest.mark.both_databases
def test_the_api_returns_an_older_list_if_the_request_allows_it(app: Flask, client: FlaskClient, folder: Path, real: Path) -> None:
    place = copied(snapshot(real), folder)
    register.register([Entry(ONLINE_DATASET, 0, 0, place, "protobuf")])
    for address in ("/api/v1/archive/0/Global/Online/ALL", "/data/json/archive/0/Global/Online/ALL"):
        assert client.get(address).status_code == 200
    before = client.get("/api/v1/archive/0/Global/Online/ALL").headers["ETag"]
    os.utime(place, (5, 5))
    closed(app.extensions["catalog"])
    old = client.get(f"/api/v1/archive/0/Global/Online/ALL?notOlderThan={int(File.get().listed)}")
    assert (old.status_code, old.headers["ETag"]) == (200, before)
    File.update(listed=1000.0).execute()
    for time in ("1001", "99999999999999999999"):
        answer = client.get(f"/api/v1/archive/0/Global/Online/ALL?notOlderThan={time}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert client.get("/api/v1/archive/0/Global/Online/ALL").status_code == 200


def test_an_unreadable_newer_file_keeps_the_old_list_and_shows_the_reason(catalog: Catalog, folder: Path, real: Path) -> None:
    register.register([Entry(ONLINE_DATASET, 0, 0, copied(snapshot(real), folder), "protobuf")])
    before = catalog.open(LIVE, PATIENCE_S)
    bad = folder / "bad.root"
    bad.write_bytes(b"root" + bytes(100))
    register.register([Entry(ONLINE_DATASET, 0, 0, str(bad), "tdirectory")])
    opened = catalog.open(LIVE, PATIENCE_S)
    assert opened.identity == before.identity
    assert bad.name in opened.note
    assert str(bad) not in opened.note
    assert catalog.freshness(LIVE).problem.startswith(f"{bad.name}: ")
    with pytest.raises(ImportFailed):
        catalog.open(LIVE, PATIENCE_S, not_older_than=File.get(File.url == before.url).listed + 1)


def test_an_ongoing_run_shows_its_last_readable_version_when_its_file_is_damaged_or_removed(
    catalog: Catalog, hub: Settings, folder: Path, real: Path
) -> None:
    place = Path(copied(snapshot(real), folder))
    register.register([Entry(ONLINE_DATASET, 0, 0, str(place), "protobuf"), Entry(DATASET, 0, 1, str(place), "protobuf")])
    before = catalog.open(LIVE, PATIENCE_S)
    place.write_bytes(b"no snapshot")
    damaged = catalog.open(LIVE, PATIENCE_S)
    assert (damaged.identity, place.name in damaged.note) == (before.identity, True)
    assert damaged.file_version != file_version(place), "nothing is drawn of the file as it is now"
    place.unlink()
    assert "No such file" in catalog.open(LIVE, PATIENCE_S).note
    with pytest.raises(ImportFailed, match="No such file"):
        catalog.open(LIVE, PATIENCE_S, not_older_than=File.get().listed + 1)
    with pytest.raises(ImportFailed, match="file_roots"):
        Catalog(hub.replace(data_dir="/nowhere")).open(LIVE, PATIENCE_S)
    shutil.copy(snapshot(real, 367129), place)
    assert catalog.open(LIVE, PATIENCE_S).note == ""


@pytest.mark.both_databases
def test_a_registered_live_file_is_read_at_once_by_the_live_queue(hub: Settings) -> None:
    register.register([Entry(ONLINE_DATASET, 0, 0, "/data/1.pb", "protobuf"), Entry("/A/B/C", 5, 0, "/data/5.root", "tdirectory")])
    register.register([Entry(ONLINE_DATASET, 0, 0, "/data/1.pb", "protobuf")])
    (row,) = BackgroundJob.select()
    assert (row.queue, row.kind, row.key) == ("live", "import", str(File.get(File.url == "/data/1.pb").id))


def test_a_file_whose_lumisections_only_its_content_lists_is_read_at_registration(hub: Settings, folder: Path, real: Path) -> None:
    place = copied(dqmio(real), folder)
    register.register([Entry(DATASET, RUN, 0, place, "dqmio"), Entry("/A/B/C", 5, 7, "/data/5.root", "dqmio")])
    (row,) = BackgroundJob.select()
    assert (row.queue, row.kind, row.key) == ("bulk", "import", str(File.get(File.url == place).id))
    run_open_work(hub)
    found = {key.lumi for key in samples.search(str(RUN), lumi=-1)}
    assert found == set(stored_lumis(dqmio(real))) - {0}


def test_online_files_are_read_on_first_access(hub: Settings) -> None:
    register.register([Entry(ONLINE_DATASET, run, 0, f"/data/{run}.pb", "protobuf") for run in range(1, register.MAX_LIVE_FILES + 2)])
    assert BackgroundJob.select().count() == 0


def test_a_poll_reports_a_newer_file_and_enqueues_its_import(catalog: Catalog, hub: Settings, folder: Path, real: Path) -> None:
    place = copied(snapshot(real), folder)
    os.utime(place, (1000, 1000))
    register.register([Entry(ONLINE_DATASET, 0, 0, place, "protobuf")])
    assert catalog.freshness(LIVE)._replace(version=0) == (0, True, "", None)
    first = run_open_work(hub).freshness(LIVE)
    assert first[1:] == (False, "", 1000.0)
    assert catalog.freshness(LIVE) == first
    os.utime(place, (2000, 2000))
    assert catalog.freshness(LIVE) == first._replace(is_importing=True)
    assert catalog.freshness(LIVE) == first._replace(is_importing=True)
    assert BackgroundJob.select().where(BackgroundJob.kind == register.IMPORT, BackgroundJob.state == "queued").count() == 1
    second = run_open_work(hub).freshness(LIVE)
    assert second.version > first.version
    assert second.changed == 2000.0
    Path(place).unlink()
    assert "No such file" in catalog.freshness(LIVE).problem


def test_a_poll_of_a_missing_or_forbidden_file_reports_the_reason(catalog: Catalog, hub: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownSample):
        catalog.freshness(LIVE)
    register.register([Entry(ONLINE_DATASET, 0, 0, str(tmp_path / "x.pb"), "protobuf")])
    assert "file_roots" in Catalog(hub.replace(file_roots=())).freshness(LIVE).problem
