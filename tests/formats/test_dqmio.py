from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uproot

from app.formats import FileSource, FormatError, Kind, MEListing, MERow, payload, scan
from app.formats.listing import EFFICIENCY, LUMI
from app.formats.readers import dqmio
from render.build import build
from render.client import Request
from tests.formats.file_contents import COMPRESSIONS, HOSTILE
from tests.render.service import Service

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]
DAMAGED_NAMES = 5
EFFICIENCY_BIT = 0x00200000
LUMI_BIT = 0x00040000


# versions of the classes in ROOT 6
VERSIONS = {"TH1": 3, "TH2": 4, "TH3": 4, "TProfile": 7, "TProfile2D": 8}


class ME(NamedTuple):
    run: int
    lumi: int
    name: str
    flags: int
    value: str


Send = Callable[..., Any]


@pytest.fixture(scope="session")
def root() -> Iterator[Send]:
    """A function that sends requests to `read_dqmio.py`."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.formats.read_dqmio"]
    with subprocess.Popen(command, cwd=TREE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def send(*request: object) -> object:
            print(json.dumps(request), file=questions, flush=True)
            return json.loads(answers.readline())

        yield send
        questions.close()


class Decoder:
    """Descriptions by ROOT of framed objects; `folder` is for the frames."""

    def __init__(self, root: Send, folder: Path) -> None:
        self.root = root
        self.part = folder / "frame"

    def describe(self, path: Path, format: str, row: MERow) -> str:
        framed = payload(path, format, row)
        assert framed.flags == row.kind | (EFFICIENCY_BIT if row.flags & EFFICIENCY else 0)
        self.part.write_bytes(framed.data)
        return str(self.root(str(self.part), framed.displacement))

    def mes(self, path: Path) -> list[ME]:
        """The MEs in a file, read by `app.formats` and described by ROOT."""
        found = []
        for (run, lumi), listing in scan(path, "dqmio").samples.items():
            for index in range(len(listing.names)):
                row = listing.columns.row(index)
                flags = (EFFICIENCY_BIT if row.flags & EFFICIENCY else 0) | (LUMI_BIT if row.flags & LUMI else 0)
                value = listing.facts.scalars[index] if Kind(row.kind).scalar else self.describe(path, "dqmio", row)
                found.append(ME(run, lumi, listing.names[index].decode(), flags, value))
        return found

    def mes_by_root(self, path: Path) -> list[ME]:
        found = (ME(*me) for me in self.root(str(path)))
        known = EFFICIENCY_BIT | LUMI_BIT
        return sorted((me._replace(flags=me.flags & known) for me in found), key=lambda me: (me.run, me.lumi, me.name.encode()))


@pytest.fixture
def decoder(root: Send, tmp_path: Path) -> Decoder:
    return Decoder(root, tmp_path)


def only(listing: MEListing) -> dict[str, MERow]:
    return {listing.names[index].decode(): listing.columns.row(index) for index in range(len(listing.names))}


@pytest.mark.parametrize("name", ["types", "unversioned", *COMPRESSIONS, "runs", "baskets", "cycles", "unflushed", "far", "small"])
def test_names_flags_and_contents_equal_those_read_by_root(dqmio_files: Path, decoder: Decoder, name: str) -> None:
    path = dqmio_files / f"{name}.root"
    assert decoder.mes(path) == decoder.mes_by_root(path)
    assert scan(path, "dqmio").unreadable == 0


def test_compared_files_have_every_type_of_me(dqmio_files: Path) -> None:
    listing = scan(dqmio_files / "types.root", "dqmio").samples[1, 0]
    assert set(listing.columns.kind) == set(Kind) - {Kind.TH3S, Kind.TH3D, Kind.TH3I, Kind.TH2POLY}


def test_lumisection_has_its_own_mes_and_is_no_sample_without_any(dqmio_files: Path) -> None:
    samples = scan(dqmio_files / "runs.root", "dqmio").samples
    assert list(samples) == [(run, lumi) for run in [1, 367129, 400_000_000] for lumi in [0, 1, 3]]
    assert only(samples[367129, 3]).keys() == {"Sub/in all", "Sub/in 367129:3"}


def test_file_of_a_crashed_writer_lists_the_saved_lumisections(dqmio_files: Path, decoder: Decoder) -> None:
    found = [me for me in decoder.mes(dqmio_files / "types.root") if me.lumi in (1, 2)]
    assert decoder.mes(dqmio_files / "unfinished.root") == found
    assert scan(dqmio_files / "unfinished.root", "dqmio").unreadable == 1  # the list of the trees


def test_samples_with_the_same_names_share_one_list(dqmio_files: Path) -> None:
    listings = list(scan(dqmio_files / "baskets.root", "dqmio").samples.values())
    assert len(listings) == 7
    assert all(listing.names is listings[0].names for listing in listings)


def test_names_may_hold_anything_that_a_page_can_show(dqmio_files: Path) -> None:
    result = scan(dqmio_files / "names.root", "dqmio")
    listing = result.samples[1, 0]
    found = only(listing)
    for name in [*HOSTILE, "y" * 100_000]:
        assert f"Sub/histograms/{name}" in found
        index = listing.names.find(f"Sub/scalars/{name}".encode())
        assert index is not None
        assert listing.facts.scalars[index] == name
    assert "Sub/latin-1 é letter" in found
    assert result.unreadable == listing.unreadable == DAMAGED_NAMES


def test_last_of_two_mes_with_one_name_counts(dqmio_files: Path, decoder: Decoder) -> None:
    (second,) = (me for me in decoder.mes(dqmio_files / "names.root") if me.name == "Sub/twice")
    assert "'second'" in second.value


@pytest.mark.parametrize("run", [367094, 367129])
def test_real_files_equal_root_and_sums_equal_the_legacy_and_protobuf_files(fixtures_dir: Path, decoder: Decoder, run: int) -> None:
    folder = fixtures_dir / "dqmfiles"
    path = folder / f"ZeroBias__Run2023C-PromptReco-v1__DQMIO_run{run}.root"
    found = decoder.mes(path)
    assert found == decoder.mes_by_root(path)
    legacy = folder / f"DQM_V0001_R{run:09}__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    snapshot = folder / f"run{run}_DQMLive_concat.pb"
    sums = [me for me in found if me.lumi == 0]
    assert sums
    for other, format in [(legacy, "tdirectory"), (snapshot, "protobuf")]:
        (listing,) = scan(other, format).samples.values()
        rows = only(listing)
        for me in sums:
            described = decoder.describe(other, format, rows[me.name])
            assert described.partition(" integral ")[2] == me.value.partition(" integral ")[2]


def test_plots_of_every_class_equal_those_from_a_legacy_file(dqmio_files: Path, tmp_path: Path) -> None:
    listed = only(scan(dqmio_files / "types.root", "dqmio").samples[1, 0])
    legacy = only(scan(dqmio_files / "directories.root").samples[1, 0])
    assert listed.keys() == legacy.keys()
    with Service(build(TREE, sys.executable), tmp_path, "--workers", "1") as service:
        service.wait_until_ready()
        for name, row in listed.items():
            if not Kind(row.kind).scalar:
                frames = [
                    payload(dqmio_files / "types.root", "dqmio", row),
                    payload(dqmio_files / "directories.root", "tdirectory", legacy[name]),
                ]
                assert frames[0].flags == frames[1].flags
                requests = [Request(name, "w=400;h=300", [(frame.data, frame.displacement)], flags=frame.flags) for frame in frames]
                first, second = (service.client.render(request).image for request in requests)
                assert first == second, name
                assert len(first) > 1000


def test_values_of_scalars_equal_those_read_by_uproot(dqmio_files: Path) -> None:
    listing = scan(dqmio_files / "types.root", "dqmio").samples[1, 5]
    found = {listing.names[index].decode(): text for index, text in listing.facts.scalars.items()}
    with uproot.open(dqmio_files / "types.root") as file:
        for tree in ["Ints", "Floats", "Strings"]:
            names, values = file[tree]["FullName"].array(), file[tree]["Value"].array()
            count = len(set(names))
            for name, value in list(zip(names, values, strict=True))[2 * count : 3 * count]:
                assert found[name] == str(value)


def test_histogram_is_fetched_with_one_read_of_one_basket(dqmio_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dqmio_files / "types.root"
    listed = only(scan(path, "dqmio").samples[1, 2])
    reads: list[tuple[int, int]] = []
    with FileSource(path) as source:
        read = source.read

        def record_read(seek: int, size: int) -> bytes:
            reads.append((seek, size))
            return read(seek, size)

        monkeypatch.setattr(source, "read", record_read)
        dqmio.payload(source, listed["All/fitted"])
    assert reads == [listed["All/fitted"][:2]]


def test_replaced_file_gives_an_error_and_not_another_plot(dqmio_files: Path, tmp_path: Path) -> None:
    path = shutil.copy(dqmio_files / "types.root", tmp_path / "file.root")
    listed = only(scan(path, "dqmio").samples[1, 0])
    shutil.copy(dqmio_files / "baskets.root", path)
    for row in listed.values():
        if not Kind(row.kind).scalar:
            with pytest.raises(FormatError, match="not the listed basket"):
                payload(path, "dqmio", row)


def test_scalar_has_no_payload(dqmio_files: Path) -> None:
    listed = only(scan(dqmio_files / "types.root", "dqmio").samples[1, 0])
    with pytest.raises(ValueError, match="has no histogram"):
        payload(dqmio_files / "types.root", "dqmio", listed["All/integer"])


def test_entry_outside_the_basket_is_an_error(dqmio_files: Path) -> None:
    row = only(scan(dqmio_files / "types.root", "dqmio").samples[1, 0])["All/fitted"]
    with pytest.raises(FormatError, match="no entry 1000"):
        payload(dqmio_files / "types.root", "dqmio", row._replace(entry=1000))


def test_other_files_are_refused_with_the_found_and_the_expected_content(dqmio_files: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("#!/bin/sh\n" * 100)
    with uproot.recreate(tmp_path / "other.root") as file:
        file.mktree("Indices", {"Run": "uint32"})
    for path, problem in {
        tmp_path / "text": "starts with b'#!/b' and has 1000 bytes; expected a ROOT file",
        dqmio_files / "directories.root": "has no tree Indices; expected a DQMIO file",
        tmp_path / "other.root": "no branch Type of numbers; expected a tree of a DQMIO file",
    }.items():
        with pytest.raises(FormatError, match=problem.replace("(", r"\(")) as caught:
            scan(path, "dqmio")
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["types", "unversioned"])
def test_framed_object_has_one_version_for_every_kind_of_branch(dqmio_files: Path, name: str) -> None:
    path = dqmio_files / f"{name}.root"
    for row in only(scan(path, "dqmio").samples[1, 0]).values():
        if not Kind(row.kind).scalar:
            data = payload(path, "dqmio", row).data
            start = data.index(b"\0", 8) + 1
            count, version = struct.unpack_from(">IH", data, start)
            assert count == 0x40000000 | len(data) - start - 4
            class_name = Kind(row.kind).class_name
            assert version == VERSIONS[class_name if "Profile" in class_name else class_name[:3]]
