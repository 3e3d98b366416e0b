"""Objects of older class versions are drawn if the request provides the StreamerInfo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.formats import payload, scan
from app.formats.errors import FormatError
from app.formats.streamer_info import streamer_list
from render.client import Request
from tests.render.service import Service
from tests.support.patience import PATIENCE_S


@pytest.fixture(scope="module")
def old_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("old") / "DQM_V0001_R000000001__A__B__DQMIO.root"
    script = Path(__file__).with_name("make_old_version_file.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(path)], check=True, timeout=PATIENCE_S)
    return path


@pytest.fixture(scope="module")
def request_for_old(old_file: Path) -> Request:
    (listing,) = scan(old_file).samples.values()
    found = payload(old_file, "tdirectory", listing.columns.row(0))
    return Request("Sub/Folder/old", "w=400;h=300", [(found.data, found.displacement)], found.flags)


@pytest.fixture
def fresh(program: Path, tmp_path: Path, old_file: Path) -> Iterator[Service]:
    """A service with one worker that has no StreamerInfo yet, and with one folder of allowed files."""
    with Service(program, tmp_path, "--workers", "1", "--root", str(old_file.parent)) as service:
        yield service.wait_until_ready()


def test_missing_streamer_info_has_its_own_code(fresh: Service, request_for_old: Request) -> None:
    assert fresh.client.render(request_for_old).code == 1
    assert "Could not find the StreamerInfo" in fresh.log


def test_streamer_list_of_the_file_is_used(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    empty = fresh.client.render(replace(request_for_old, objects=[(b"", 0)])).image
    response = fresh.client.render(replace(request_for_old, streamers=streamer_list(old_file)))
    assert response.code == 0, fresh.log
    assert len(response.image) > len(empty)
    assert fresh.client.render(request_for_old) == response


def test_streamer_file_below_a_root_is_used(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    by_name = fresh.client.render(replace(request_for_old, streamer_file=str(old_file)))
    assert by_name.code == 0, fresh.log
    assert fresh.client.render(replace(request_for_old, streamers=streamer_list(old_file))) == by_name


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
    assert fresh.client.render(replace(request_for_old, streamers=(raw, 0))).code != 0
    assert fresh.workers == worker


def test_file_without_streamer_list_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"root" + bytes(200), b"no ROOT file" * 20):
        (tmp_path / "x.root").write_bytes(content)
        with pytest.raises(FormatError, match="StreamerInfo"):
            streamer_list(tmp_path / "x.root")
