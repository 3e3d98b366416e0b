"""The demo files, for first visits and for benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.formats import Kind, MEListing, scan
from app.gui.demo.make import BY_LUMISECTION, FILES, LUMISECTIONS, make_demo
from render.build import build
from tests.formats.uproot_reader import histograms
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def maker() -> Path:
    return build(TREE, sys.executable).with_name("dqmhub-demo")


@pytest.fixture(scope="session")
def demo_files(maker: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_demo(tmp_path_factory.mktemp("demo files"), maker, None, print)


def statuses(listing: MEListing) -> set[int]:
    return {test.status for tests in listing.facts.qtests.values() for test in tests}


def test_demo_files_are_small_and_have_every_property_of_real_files(demo_files: list[Path]) -> None:
    assert [path.name for path in demo_files] == list(FILES)
    for path, run in zip(demo_files[:-1], list(FILES.values())[:-1], strict=True):
        result = scan(path)
        listing = result.samples[run, 0]
        assert (list(result.samples), result.unreadable) == ([(run, 0)], 0)
        assert path.stat().st_size < 1 << 20
        assert 300 < len(listing.names) < 500
        assert statuses(listing) == {30, 50, 60, 70, 90, 100, 200, 300}
        assert set(listing.columns.kind) == set(Kind) - {Kind.TH3S, Kind.TH3D, Kind.TH3I, Kind.TH2POLY}
        assert any(listing.columns.flags)
        assert len(listing.names.folder(b"").subfolders) >= 15
        run_me = listing.names.find(b"Info/EventInfo/iRun")
        assert run_me is not None
        assert listing.facts.scalars[run_me] == str(run)


def test_last_demo_file_has_lumisections_one_of_them_bad(demo_files: list[Path]) -> None:
    result = scan(demo_files[-1], "dqmio")
    assert BY_LUMISECTION in demo_files[-1].name
    assert demo_files[-1].stat().st_size < 1 << 20
    assert (list(result.samples), result.unreadable) == ([(367131, lumi) for lumi in range(LUMISECTIONS + 1)], 0)
    whole = result.samples[367131, 0]
    assert {listing.names for listing in result.samples.values()} == {whole.names}
    assert 30 < len(whole.names) < 50
    assert any(whole.columns.flags)
    words = whole.names.find(b"Info/EventInfo/detectors")
    assert words is not None
    texts = [result.samples[367131, lumi].facts.scalars[words] for lumi in range(1, LUMISECTIONS + 1)]
    assert sorted(texts) == ["PXB layer 2 off"] + ["all on"] * (LUMISECTIONS - 1)


def test_demo_histograms_equal_those_found_by_uproot(demo_files: list[Path]) -> None:
    names = scan(demo_files[1]).samples[367129, 0]
    listed = {names.names[index].decode() for index in range(len(names.names)) if names.columns.kind[index] > 0x0F}
    assert listed == histograms(demo_files[1], 367129).keys()


def test_runs_differ_and_equal_arguments_give_equal_files(maker: Path, demo_files: list[Path], tmp_path: Path) -> None:
    again = make_demo(tmp_path, maker, None, print)
    contents = [path.read_bytes() for path in demo_files]
    assert [path.read_bytes() for path in again] == contents
    assert len(set(contents)) == len(contents)


def test_existing_demo_files_are_kept_unless_the_program_changed(maker: Path, tmp_path: Path) -> None:
    reports: list[str] = []
    first = make_demo(tmp_path, maker, 50, reports.append)
    assert make_demo(tmp_path, maker, 50, reports.append) == first
    assert len(reports) == 1
    first[0].unlink()
    make_demo(tmp_path, maker, 50, reports.append)
    (tmp_path / "made.json").write_text(f'{{"{first[0].name}": "another maker"}}')
    make_demo(tmp_path, maker, 50, reports.append)
    assert len(reports) == 3


def test_large_file_has_the_requested_number_of_mes_in_many_folders(maker: Path, tmp_path: Path) -> None:
    (path,) = make_demo(tmp_path, maker, 20_000, print)
    (listing,) = scan(path).samples.values()
    assert len(listing.names) == 20_000
    assert len(listing.names.folder(b"PixelPhase1/Modules/PXLayer_1").subfolders) > 20


@pytest.mark.parametrize("compression", ["zlib", "lzma", "lz4", "zstd", "none"])
def test_demo_program_writes_every_compression(maker: Path, tmp_path: Path, compression: str) -> None:
    path = tmp_path / "file.root"
    subprocess.run([maker, "--out", path, "--run", "5", "--compression", compression], check=True, timeout=PATIENCE_S, capture_output=True)
    assert scan(path).unreadable == 0


@pytest.mark.parametrize("arguments", [[], ["--run"], ["--run", "x", "--out", "f"], ["--run", "1", "--out", "f", "--compression", "zip"]])
def test_demo_program_refuses_wrong_arguments_with_its_usage(maker: Path, tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run([maker, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "Usage: dqmhub-demo" in done.stderr


def test_failing_demo_program_leaves_no_file_and_its_error_is_raised(tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    failing.chmod(0o755)
    with pytest.raises(RuntimeError, match="no room"):
        make_demo(tmp_path / "demo", failing, None, print)
    assert list((tmp_path / "demo").iterdir()) == []


def test_folder_that_cannot_be_created_is_a_one_line_error(maker: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [Path(sys.executable).with_name("dqmhub"), "demo", "make", "--folder", tmp_path / "file" / "demo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot make the demo files: ")
    assert done.stderr.count("\n") == 1


def entries(snapshot: bytes) -> list[bytes]:
    """The entries of a snapshot: fields with the number 1, each with its length before it."""
    found, at = [], 0
    while at < len(snapshot):
        assert snapshot[at] == 0x0A
        length, shift, at = 0, 0, at + 1
        while True:
            byte = snapshot[at]
            length, shift, at = length | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                break
        found.append(snapshot[at : at + length])
        at += length
    return found


SPLIT = "Muon=DT,CSC,RPC,GEM,Muons;Pixel=PixelPhase1,Tracking;Tracks=Tracking/TrackParameters,OfflinePV"
LIVE = ("--run", "367201", "--lumi", "3", "--lumis", "10")


def test_clients_have_the_entries_of_their_folders_as_a_whole_snapshot_has_them(maker: Path, tmp_path: Path) -> None:
    for split in ((), ("--clients", SPLIT)):
        command = [maker, "--format", "pb", "--out", "all", *LIVE, *split]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE_S, capture_output=True)
    whole = entries((tmp_path / "all").read_bytes())
    folders = {
        "Muon": ("DT/", "CSC/", "RPC/", "GEM/", "Muons/"),
        "Pixel": ("PixelPhase1/", "Tracking/"),
        "Tracks": ("Tracking/TrackParameters/", "OfflinePV/"),
    }
    for tag, prefixes in folders.items():
        expected = [entry for entry in whole if entry[2 : 2 + entry[1]].startswith(tuple(prefix.encode() for prefix in prefixes))]
        assert len(expected) > 5
        assert entries((tmp_path / f"all-{tag}").read_bytes()) == expected
    assert not any(entry[1] > 0x7F for entry in whole), "each name is shorter than 128 bytes: one byte has its length"


def test_root_files_of_clients_have_the_histograms_of_their_folders(maker: Path, tmp_path: Path) -> None:
    for split in ((), ("--clients", SPLIT)):
        subprocess.run([maker, "--out", "all", *LIVE, *split], cwd=tmp_path, check=True, timeout=PATIENCE_S, capture_output=True)
    whole = histograms(tmp_path / "all", 367201)
    found = histograms(tmp_path / "all-Pixel", 367201)
    assert found.keys() == {me for me in whole if me.startswith(("PixelPhase1/", "Tracking/"))}
    assert len(found) > 20
    assert all(found[me].content == whole[me].content for me in found)


@pytest.mark.parametrize("clients", ["Pixel", "Pixel=", "=Pixel", "a/b=Pixel", "Pixel=PixelPhase1;"])
def test_demo_program_refuses_clients_without_tag_or_folders(maker: Path, tmp_path: Path, clients: str) -> None:
    command = [maker, "--out", "f", "--format", "pb", *LIVE, "--clients", clients]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "Not a client and its folders" in done.stderr
