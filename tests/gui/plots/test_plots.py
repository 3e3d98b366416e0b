"""Plots: drawn once, cached by all their inputs, drawn once for simultaneous requests, with a bounded cache."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uproot

from app.core import database
from app.core.metrics import RENDERS
from app.core.settings import TREE, Settings
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import GuiError
from app.gui.models import Quarantine
from app.gui.plots import plots as room
from app.gui.plots.plot_files import evict
from app.gui.plots.plot_parts import PlotPart
from app.gui.plots.plots import Plot, Plots
from app.gui.problems import status_of
from app.gui.samples import SampleKey
from app.queue import execution, store
from render.options import Options
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.small_disk import fill_disk, small_disk

pytestmark = pytest.mark.slow

MAP = b"PixelPhase1/EventInfo/reportSummaryMap"


@pytest.fixture
def sample(hub: Settings) -> OpenSample:
    execution.connect(hub)
    return Catalog(hub).open(SampleKey(367129, 0, "/ZeroBias/Run2023C-Demo-v1/DQMIO"), PATIENCE_S)


def drawn() -> float:
    return sum(metric.value for family in RENDERS.collect() for metric in family.samples if metric.name.endswith("_total"))


def test_a_plot_is_drawn_once_for_all_processes(hub: Settings, sample: OpenSample) -> None:
    before = drawn()
    first, second = Plots(hub), Plots(hub)
    assert first.plot(sample, MAP, Options()) == second.plot(sample, MAP, Options())
    assert drawn() == before + 1


def test_plots_are_drawn_without_being_kept_while_the_disk_is_full(hub: Settings, sample: OpenSample) -> None:
    folder = hub.data / "plots"
    with small_disk(folder):
        plots, kept, new = Plots(hub), Options(width=400), Options(width=500)
        image = plots.plot(sample, MAP, kept)
        filling, before = fill_disk(folder), drawn()
        assert plots.plot(sample, MAP, kept) == image
        assert drawn() == before
        once, twice = plots.plot(sample, MAP, new), plots.plot(sample, MAP, new)
        assert (once, drawn()) == (twice, before + 2)
        assert len(list(folder.glob("??/*"))) == 1, "no part of a file is left"
        filling.unlink()
        assert plots.plot(sample, MAP, new) == plots.plot(sample, MAP, new) == once
        assert drawn() == before + 3


def test_plots_are_kept_again_after_the_whole_cache_was_removed(hub: Settings, sample: OpenSample) -> None:
    plots = Plots(hub)
    image, before = plots.plot(sample, MAP, Options()), drawn()
    shutil.rmtree(hub.data / "plots")
    assert plots.plot(sample, MAP, Options()) == plots.plot(sample, MAP, Options()) == image
    assert drawn() == before + 1


def test_a_plot_is_shown_although_the_eviction_of_others_cannot_be_queued(hub: Settings, sample: OpenSample) -> None:
    plots = Plots(hub)
    plots.max_bytes = 1
    database.proxy.execute_sql("PRAGMA query_only = 1")  # as on a disk that has become read-only
    assert plots.plot(sample, MAP, Options(width=321)).found
    database.proxy.execute_sql("PRAGMA query_only = 0")


def test_simultaneous_requests_for_a_plot_draw_it_once(hub: Settings, sample: OpenSample) -> None:
    before = drawn()
    plots, start, got = Plots(hub.replace(web_threads=18)), threading.Barrier(16), list[Plot]()

    def request_plot() -> None:
        start.wait()
        got.append(plots.plot(sample, MAP, Options(width=500)))
        database.end_thread()

    threads = [threading.Thread(target=request_plot) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(got) == 16
    assert len(set(got)) == 1
    assert drawn() == before + 1


def test_the_key_of_a_plot_depends_on_all_its_inputs(hub: Settings, sample: OpenSample) -> None:
    plots = Plots(hub)
    other_build = Plots(hub)
    other_build.render_version = "another build"
    keys = {
        plots.key(sample, MAP, Options()),
        plots.key(sample, MAP + b"2", Options()),
        plots.key(sample, MAP, Options(xmin=0.0)),
        plots.key(sample, MAP, Options(format="svg")),
        plots.key(sample._replace(identity="another version"), MAP, Options()),
        other_build.key(sample, MAP, Options()),
    }
    assert len(keys) == 6


def test_a_failed_plot_is_retried(hub: Settings, sample: OpenSample, render_service: Path) -> None:
    (hub.data / "render").unlink()
    plots = Plots(hub)
    with pytest.raises(GuiError, match="dqmhub render"):
        plots.plot(sample, MAP, Options())
    (hub.data / "render").symlink_to(render_service)
    assert plots.plot(sample, MAP, Options()).found


class Silent:
    """A render service that accepts requests and never responds; yields the list of its connections."""

    def __init__(self, folder: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "socket"))
        self.listener.listen(100)
        self.came: list[socket.socket] = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self) -> None:
        with suppress(OSError):
            while True:
                self.came.append(self.listener.accept()[0])

    def end(self) -> None:
        with suppress(OSError):  # it has ended before
            self.listener.shutdown(socket.SHUT_RDWR)
        for connection in (self.listener, *self.came):
            connection.close()


@pytest.fixture
def silent(hub: Settings) -> Iterator[Silent]:
    (hub.data / "render").unlink()
    (hub.data / "render").mkdir()
    service = Silent(hub.data / "render")
    yield service
    service.end()


class Requests:
    """Requests for plots, sent all at once; `statuses` are those of the answers so far."""

    def __init__(self, plots: Plots, sample: OpenSample, paths: list[bytes]) -> None:
        self.statuses: list[int] = []
        self.threads = [threading.Thread(target=self._request, args=(plots, sample, path)) for path in paths]
        for thread in self.threads:
            thread.start()

    def _request(self, plots: Plots, sample: OpenSample, path: bytes) -> None:
        with pytest.raises(GuiError) as raised:
            plots.plot(sample, path, Options())
        self.statuses.append(status_of(raised.value)[0])
        database.end_thread()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE_S)


def test_simultaneous_requests_for_a_slow_plot_share_one_attempt(
    hub: Settings, sample: OpenSample, silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FAILURE_S", PATIENCE_S)  # some may come late
    plots = Plots(hub)
    plots.client.timeout = 1
    requests = Requests(plots, sample, [MAP] * 5)
    requests.wait()
    assert requests.statuses == [504] * 5
    assert len(silent.came) == 1


@pytest.mark.parametrize(
    "paths",
    [[MAP, MAP, b"another plot"], [b"plot %d" % number for number in range(5)]],
    ids=["for other plots", "for other pages"],
)
def test_slow_plots_leave_threads(hub: Settings, sample: OpenSample, silent: Silent, paths: list[bytes]) -> None:
    plots = Plots(hub.replace(web_threads=4))
    plots.client.timeout = PATIENCE_S
    requests = Requests(plots, sample, paths)
    until(lambda: len(silent.came) + len(requests.statuses) == len(paths), "two to be drawn and the others to be refused")
    assert (len(silent.came), set(requests.statuses)) == (2, {503})
    silent.end()
    requests.wait()


def test_eviction_removes_the_least_recently_used_plots(tmp_path: Path) -> None:
    for number in range(10):
        place = tmp_path / f"{number:02}" / f"{number:02}.png"
        place.parent.mkdir()
        place.write_bytes(bytes(100))
        os.utime(place, (number, number))
    assert evict(tmp_path, 350) == 7
    assert sorted(file.stem for file in tmp_path.glob("*/*.png")) == ["07", "08", "09"]
    assert evict(tmp_path, 350) == 0


def test_a_growing_cache_enqueues_an_eviction(hub: Settings, sample: OpenSample) -> None:
    plots = Plots(hub.replace(plot_cache_mb=1))
    for width in range(300, 310):
        plots.plot(sample, MAP, Options(width=width))
    eviction = store.latest_job(room.EVICT, "plots")
    assert eviction
    assert eviction.state == "queued"


def open_written(hub: Settings, folder: Path, script: str, *arguments: str) -> OpenSample:
    """A sample with the histogram that a script of tests/render writes into a file."""
    file = folder / "DQM_V0001_R000000001__A__B__DQMIO.root"
    command = [sys.executable, "-W", "ignore", str(TREE / "tests" / "render" / script), *arguments, str(file)]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    gui.register_all([file])
    return Catalog(hub.replace(file_roots=(str(folder),))).open(SampleKey(1, 0, "/A/B/DQMIO"), PATIENCE_S)


def test_an_object_of_an_old_class_version_is_drawn_by_the_streamer_info_of_its_file(hub: Settings, tmp_path: Path) -> None:
    old = open_written(hub, tmp_path, "make_old_version_file.py")
    plots = Plots(hub)
    image = plots.plot(old, b"Sub/Folder/old", Options()).image
    assert json.loads(plots.json(old, 0))["fEntries"] == 50
    assert len(image) > len(plots.plot(old, b"Sub/Folder/none", Options()).image)


@pytest.mark.parametrize("layout", ["root5", "geant4"])
def test_a_histogram_of_another_time_or_program_is_there_in_every_format(hub: Settings, tmp_path: Path, layout: str) -> None:
    old = open_written(hub, tmp_path, "make_root5_file.py", layout)
    plots, me = Plots(hub), b"Sub/Folder/old"
    document = json.loads(plots.json(old, 0))
    assert (document["fArray"], document["fEntries"]) == ([0, *range(1, 11), 0], 100)
    with uproot.open(io.BytesIO(plots.plot(old, me, Options(format="root")).image)) as file:
        assert file["old"].values().tolist() == list(range(1, 11))
    assert b"Of older times" in plots.plot(old, me, Options(format="svg")).image
    assert Quarantine.select().count() == 0
    parts = [PlotPart(old, me), PlotPart(old, me)]
    assert len(json.loads(plots.overlay(parts, Options(format="json")).image)["objects"]) == 2
