"""Objects of older class versions are read with the StreamerInfo of their file, in all formats and after any other plots."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import uproot

from app.formats import payload, scan
from app.formats.errors import FormatError
from app.formats.streamer_info import streamer_list
from render.client import Request
from render.errors import RenderRefused
from tests.render.service import Service, wait_until
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

LAYOUTS = ["root5", "geant4", "swapped"]
CONTENTS, ENTRIES = [0, *range(1, 11), 0], 100  # as make_root5_file.py writes them


def write(folder: Path, script: str, *arguments: str) -> Path:
    path = folder / "DQM_V0001_R000000001__A__B__DQMIO.root"
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name(script)), *arguments, str(path)]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    return path


def request_for(file: Path) -> Request:
    """A request for the first histogram of a file, without StreamerInfo."""
    (listing,) = scan(file).samples.values()
    found = payload(file, "tdirectory", listing.columns.row(0))
    return Request("Sub/Folder/old", "w=400;h=300", [(found.data, found.displacement)], found.flags)


@pytest.fixture(scope="module")
def old_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("old"), "make_old_version_file.py")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each of the LAYOUTS."""
    return {layout: write(tmp_path_factory.mktemp(layout), "make_root5_file.py", layout) for layout in LAYOUTS}


@pytest.fixture(scope="module")
def request_for_old(old_file: Path) -> Request:
    return request_for(old_file)


@pytest.fixture(scope="module")
def one_worker(program: Path, tmp_path_factory: pytest.TempPathFactory, old_file: Path) -> Iterator[Service]:
    """A service with one worker, and with one folder of allowed files."""
    with Service(program, tmp_path_factory.mktemp("service"), "--workers", "1", "--root", str(old_file.parent)) as service:
        yield service.wait_until_ready()


@pytest.fixture
def fresh(one_worker: Service) -> Service:
    """The service with a new worker, which has no StreamerInfo yet: it is a fork of a process that draws nothing."""
    (worker,) = one_worker.workers
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(one_worker.workers) == 1 and worker not in one_worker.workers, "the worker should be replaced")
    one_worker.forget_log()
    return one_worker


def in_format(request: Request, output_format: str) -> Request:
    return replace(request, spec=f"w=400;h=300;format={output_format}")


def as_json(service: Service, request: Request, file: Path) -> dict[str, Any]:
    response = service.client.render(in_format(request, "json"), lambda: [streamer_list(file)])
    assert response.code == 0, service.log
    found: dict[str, Any] = json.loads(response.image)
    return found


def test_missing_streamer_info_has_its_own_code(fresh: Service, request_for_old: Request) -> None:
    assert fresh.client.render(request_for_old).code == 1
    with pytest.raises(RenderRefused) as refused:
        fresh.client.render(in_format(request_for_old, "json"))
    assert refused.value.code == 1


def test_streamer_list_of_the_file_is_used(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    empty = fresh.client.render(replace(request_for_old, objects=[(b"", 0)])).image
    response = fresh.client.render(replace(request_for_old, streamers=[streamer_list(old_file)]))
    assert response.code == 0, fresh.log
    assert len(response.image) > len(empty)


@pytest.mark.parametrize("output_format", ["json", "root", "png", "svg", "pdf"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_histograms_of_root_5_and_other_programs_are_read_in_each_format(
    fresh: Service, files: dict[str, Path], layout: str, output_format: str
) -> None:
    worker, request = fresh.workers, in_format(request_for(files[layout]), output_format)
    response = fresh.client.render(request, lambda: [streamer_list(files[layout])])
    assert response.code == 0, fresh.log
    if output_format == "json":
        found = json.loads(response.image)
        assert (found["fArray"], found["fEntries"]) == (CONTENTS, ENTRIES)
    if output_format == "root":
        with uproot.open(io.BytesIO(response.image)) as file:
            assert file["old"].values(flow=True).tolist() == CONTENTS
            assert file["old"].member("fEntries") == ENTRIES
    assert fresh.workers == worker


def test_no_result_depends_on_what_a_process_drew_before(fresh: Service, files: dict[str, Path]) -> None:
    requests = {layout: request_for(file) for layout, file in files.items()}
    for order in permutations(LAYOUTS):
        for layout in order:
            found = as_json(fresh, requests[layout], files[layout])
            assert (found["fArray"], found["fEntries"]) == (CONTENTS, ENTRIES), f"{layout} in the order {order}"
            assert fresh.client.render(requests[layout]).code == 1, "without StreamerInfo"


def test_an_overlay_has_the_streamer_info_of_each_of_its_files(fresh: Service, files: dict[str, Path]) -> None:
    old, older = request_for(files["root5"]), request_for(files["geant4"])
    both = replace(in_format(old, "json"), objects=[*old.objects, *older.objects])
    response = fresh.client.render(both, lambda: [streamer_list(files["root5"]), streamer_list(files["geant4"])])
    assert response.code == 0, fresh.log
    assert [each["fArray"] for each in json.loads(response.image)["objects"]] == [CONTENTS, CONTENTS]


def test_an_object_that_its_file_does_not_describe_is_damaged_without_losing_the_worker(
    fresh: Service, files: dict[str, Path], old_file: Path
) -> None:
    worker = fresh.workers
    as_json(fresh, request_for(files["geant4"]), files["geant4"])  # another file describes the same version
    response = fresh.client.render(request_for(files["geant4"]), lambda: [streamer_list(old_file)])
    assert response.code == 2
    assert fresh.workers == worker


def test_streamer_file_below_a_root_is_used(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    by_name = fresh.client.render(replace(request_for_old, streamer_file=str(old_file)))
    assert by_name.code == 0, fresh.log
    assert fresh.client.render(replace(request_for_old, streamers=[streamer_list(old_file)])) == by_name


@pytest.mark.parametrize("path_kind", ["direct", "dots", "symbolic link"])
def test_streamer_file_outside_the_roots_is_not_opened(
    fresh: Service, request_for_old: Request, old_file: Path, tmp_path: Path, path_kind: str
) -> None:
    forbidden = tmp_path / "outside.root"
    forbidden.write_bytes(old_file.read_bytes())
    link = old_file.parent / "link.root"
    link.unlink(missing_ok=True)
    link.symlink_to(forbidden)
    names = {"direct": forbidden, "dots": f"{old_file.parent}/../{tmp_path.name}/../{forbidden}", "symbolic link": link}
    response = fresh.client.render(replace(request_for_old, streamer_file=str(names[path_kind])))
    assert response.code == 1
    assert "cannot read the streamers of" in fresh.log


@pytest.mark.parametrize(
    "raw", [b"@", b"\x40\0\0\x10" + b"\xff" * 4 + b"TList\0" + b"\0" * 6, b"\x40\0\0\x0a" + b"\xff" * 4 + b"TH1F\0" + b"\0"]
)
def test_invalid_streamer_list_is_reported_without_losing_the_worker(fresh: Service, request_for_old: Request, raw: bytes) -> None:
    worker = fresh.workers
    assert fresh.client.render(replace(request_for_old, streamers=[(raw, 0)])).code != 0
    assert fresh.workers == worker


def test_file_without_streamer_list_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"root" + bytes(200), b"no ROOT file" * 20):
        (tmp_path / "x.root").write_bytes(content)
        with pytest.raises(FormatError, match="StreamerInfo"):
            streamer_list(tmp_path / "x.root")
