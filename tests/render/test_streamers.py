"""Objects of older versions of their classes are drawn when something describes these."""

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
    script = Path(__file__).with_name("make_old_file.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(path)], check=True, timeout=PATIENCE_S)
    return path


@pytest.fixture(scope="module")
def request_for_old(old_file: Path) -> Request:
    (listing,) = scan(old_file).samples.values()
    found = payload(old_file, "tdirectory", listing.columns.row(0))
    return Request("Sub/Folder/old", "w=400;h=300", [(found.data, found.displacement)], found.flags)


@pytest.fixture
def fresh(program: Path, tmp_path: Path, old_file: Path) -> Iterator[Service]:
    """A service whose one worker has no description yet, and which takes files from one folder."""
    with Service(program, tmp_path, "--workers", "1", "--root", str(old_file.parent)) as service:
        yield service.wait_until_ready()


def test_without_a_description_the_answer_says_so(fresh: Service, request_for_old: Request) -> None:
    assert fresh.client.render(request_for_old).code == 1
    assert "Could not find the StreamerInfo" in fresh.log


def test_the_list_of_the_file_draws_it(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    empty = fresh.client.render(replace(request_for_old, objects=[(b"", 0)])).image
    rendered = fresh.client.render(replace(request_for_old, streamers=streamer_list(old_file)))
    assert rendered.code == 0, fresh.log
    assert len(rendered.image) > len(empty)
    assert fresh.client.render(request_for_old) == rendered


def test_a_file_below_a_root_draws_the_same(fresh: Service, request_for_old: Request, old_file: Path) -> None:
    by_name = fresh.client.render(replace(request_for_old, streamer_file=str(old_file)))
    assert by_name.code == 0, fresh.log
    assert fresh.client.render(replace(request_for_old, streamers=streamer_list(old_file))) == by_name


@pytest.mark.parametrize("leads_there", ["plainly", "by dots", "by a link"])
def test_a_file_outside_the_roots_is_not_opened(
    fresh: Service, request_for_old: Request, old_file: Path, tmp_path: Path, leads_there: str
) -> None:
    outside = tmp_path / "outside.root"
    outside.write_bytes(old_file.read_bytes())
    link = old_file.parent / "link.root"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    names = {"plainly": outside, "by dots": f"{old_file.parent}/../{tmp_path.name}/../{outside}", "by a link": link}
    rendered = fresh.client.render(replace(request_for_old, streamer_file=str(names[leads_there])))
    assert rendered.code == 1
    assert "cannot read the streamers of" in fresh.log


@pytest.mark.parametrize(
    "raw", [b"@", b"\x40\0\0\x10" + b"\xff" * 4 + b"TList\0" + b"\0" * 6, b"\x40\0\0\x0a" + b"\xff" * 4 + b"TH1F\0" + b"\0"]
)
def test_a_list_that_is_none_is_told_and_harms_nobody(fresh: Service, request_for_old: Request, raw: bytes) -> None:
    worker = fresh.workers
    assert fresh.client.render(replace(request_for_old, streamers=(raw, 0))).code != 0
    assert fresh.workers == worker


def test_a_file_without_a_list_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"root" + bytes(200), b"no ROOT file" * 20):
        (tmp_path / "x.root").write_bytes(content)
        with pytest.raises(FormatError, match="StreamerInfo"):
            streamer_list(tmp_path / "x.root")
