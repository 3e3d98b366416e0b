from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import FileSource, FormatError, Kind, MEListing, MERow, Payload, QTest, payload, scan
from app.formats.elements import MAX_OBJECT
from app.formats.listing import EFFICIENCY, LUMI
from app.formats.readers import protobuf
from render.client import RenderClient, Request
from tests.formats import snapshots
from tests.formats.file_contents import HOSTILE
from tests.formats.snapshots import Object, serialise
from tests.support.gui import render_service
from tests.support.patience import PATIENCE_S

STATUSES = [30, 50, 60, 70, 90, 100, 200, 300]
CLASSES = {kind.class_name for kind in Kind if not kind.scalar}


def only(path: Path) -> MEListing:
    (key, listing), *others = scan(path, "protobuf").samples.items()
    assert (key, others) == ((0, 0), [])
    return listing


def rows(listing: MEListing) -> dict[str, MERow]:
    return {listing.names[index].decode(): listing.columns.row(index) for index in range(len(listing.names))}


def histograms(path: Path) -> dict[str, MERow]:
    return {me: row for me, row in rows(only(path)).items() if not Kind(row.kind).scalar}


def scalars(listing: MEListing) -> dict[str, tuple[Kind, str]]:
    texts = listing.facts.scalars.items()
    return {listing.names[index].decode(): (Kind(listing.columns.kind[index]), text) for index, text in texts}


def qtests(listing: MEListing) -> dict[str, list[QTest]]:
    return {listing.names[index].decode(): tests for index, tests in listing.facts.qtests.items()}


def contents(path: Path) -> dict[str, bytes]:
    return {me: payload(path, "protobuf", row).data for me, row in histograms(path).items()}


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def decode_frames(frames: dict[str, tuple[bytes, int]], folder: Path) -> dict[str, dict[str, object]]:
    """The content of each frame, decoded by ROOT."""
    requests = []
    for number, (data, displacement) in enumerate(frames.values()):
        requests.append(json.dumps([str(save(folder / f"frame {number}", data)), displacement]))
    reader = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("read_frames.py"))]
    done = subprocess.run(reader, input="\n".join(requests), capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return dict(zip(frames, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", ["classes", "marks", "names", "small"])
def test_names_flags_and_bytes_equal_those_of_the_protobuf_library(snapshot_files: Path, name: str) -> None:
    path = snapshot_files / f"{name}.pb"
    expected = {me: found for me, found in snapshots.read(path.read_bytes()).items() if found.flags & 0xFF > 0x0F}
    found = histograms(path)
    assert found.keys() == expected.keys()
    for me, row in found.items():
        assert payload(path, "protobuf", row) == (
            expected[me].flags & ~snapshots.LUMI,
            expected[me].content,
            0,
        )


def test_root_decodes_every_class_as_from_a_legacy_file(snapshot_files: Path, tmp_path: Path) -> None:
    path, legacy = snapshot_files / "classes.pb", snapshot_files / "classes.root"
    other = scan(legacy).samples[1, 0]
    listed = rows(only(path))
    assert {Kind(row.kind).class_name for row in listed.values()} == CLASSES
    frames = {}
    for index in range(len(other.names)):
        framed = payload(legacy, "tdirectory", other.columns.row(index))
        frames[f"legacy {other.names[index].decode()}"] = framed.data, framed.displacement
    frames |= {me: (data, 0) for me, data in contents(path).items()}
    read = decode_frames(frames, tmp_path)
    assert len(read) == 2 * len(CLASSES)
    for me in listed:
        assert read[me] == read[f"legacy {me}"]
        assert sum(read[me]["bins"]) > 0


@pytest.mark.parametrize(("run", "mes"), [(367094, 1), (367129, 2)])
def test_real_snapshots_equal_the_legacy_files_of_their_runs(fixtures_dir: Path, tmp_path: Path, run: int, mes: int) -> None:
    path = fixtures_dir / "dqmfiles" / f"run{run}_DQMLive_concat.pb"
    legacy = fixtures_dir / "dqmfiles" / f"DQM_V0001_R{run:09}__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    other = scan(legacy).samples[run, 0]
    frames = {}
    for me, data in contents(path).items():
        index = other.names.find(me.encode())
        assert index is not None
        framed = payload(legacy, "tdirectory", other.columns.row(index))
        frames |= {me: (data, 0), f"legacy {me}": (framed.data, framed.displacement)}
    read = decode_frames(frames, tmp_path)
    assert len(read) == 2 * mes
    for me in contents(path):
        assert read[me] == read[f"legacy {me}"]


def test_efficiencies_and_mes_of_one_lumisection_are_marked(snapshot_files: Path) -> None:
    path = snapshot_files / "marks.pb"
    found = {me.removeprefix("Marks/"): row for me, row in rows(only(path)).items() if row.flags}
    assert {me: row.flags for me, row in found.items()} == {
        "efficiency": EFFICIENCY,
        "of one lumisection": LUMI,
        "both": EFFICIENCY | LUMI,
        "lumi": LUMI,
    }
    assert payload(path, "protobuf", found["both"]).flags == Kind.TH1F | snapshots.EFFICIENCY


def test_scalars_are_the_texts_of_their_entries(snapshot_files: Path) -> None:
    listing = only(snapshot_files / "marks.pb")
    assert scalars(listing) == {
        "Marks/integer": (Kind.INT, "-42"),
        "Marks/real": (Kind.FLOAT, "3.25"),
        "Marks/text": (Kind.STRING, 'a < b, <b>bold</b> & η\nsecond line "quoted"'),
        "Marks/long": (Kind.STRING, "long " * 200),
        "Marks/empty": (Kind.STRING, ""),
        "Marks/lumi": (Kind.INT, "7"),
    }
    with pytest.raises(ValueError, match="has no histogram"):
        payload(snapshot_files / "marks.pb", "protobuf", rows(listing)["Marks/integer"])


def test_quality_test_belongs_to_the_longest_matching_me_or_is_counted(snapshot_files: Path) -> None:
    listing = only(snapshot_files / "marks.pb")
    found = qtests(listing)
    for status in STATUSES:
        assert found.pop(f"Tests/status {status}") == [QTest("test", status, "0.5", "A", "a message: with colons")]
    assert found == {"Tests/a.b": [QTest("test", 300, "0", "X", "of a.b")], "Tests/a": [QTest("test.2", 200, "0", "X", "of a")]}
    assert listing.columns.status[listing.names.find(b"Tests/a.b") or 0] == 300
    assert listing.unreadable == 1  # the test without an ME


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_listed_unchanged(snapshot_files: Path, name: str) -> None:
    listing = only(snapshot_files / "names.pb")
    assert f"Names/{name}" in rows(listing)
    assert scalars(listing)[f"Scalars/{name}"] == (Kind.STRING, name)


@pytest.fixture
def peak(snapshot_files: Path) -> bytes:
    return snapshots.read((snapshot_files / "small.pb").read_bytes())["Alpha/one/TH1F of it"].content


def test_names_that_no_page_can_show_are_counted(peak: bytes, tmp_path: Path) -> None:
    names = ["good", "a/b", "/leading", "trailing/", "two//slashes", "nul\0here", "x" * 1_000_000]
    data = serialise(Object(name, peak, Kind.TH1F) for name in names)
    path = save(tmp_path / "names.pb", data.replace(b"good", b"g\xf6\xf6d"))  # Latin-1
    listing = only(path)
    assert (list(rows(listing)), listing.unreadable) == (["a/b", "gööd"], 5)


def test_last_entry_of_a_name_in_concatenated_snapshots_counts(snapshot_files: Path, peak: bytes, tmp_path: Path) -> None:
    small = (snapshot_files / "small.pb").read_bytes()
    again = snapshots.read(small)
    newer = [
        Object("Alpha/one/TH1F of it", again["Alpha/one/TH2F of it"].content, Kind.TH2F),
        Object("Alpha/one/TH1S of it.test", again["Alpha/one/TProfile of it.test"].content, Kind.STRING),
        Object("Beta/three/scalar", peak, Kind.TH1F),
        Object("New", peak, Kind.TH1F),
    ]
    path = save(tmp_path / "cat.pb", small + small + serialise(newer))
    listing = only(path)
    assert rows(listing).keys() == histograms(snapshot_files / "small.pb").keys() | {"New", "Beta/three/scalar"}
    assert rows(listing)["Alpha/one/TH1F of it"].kind == Kind.TH2F
    assert contents(path)["Beta/three/scalar"] == peak
    assert listing.unreadable == 0


@pytest.mark.parametrize("name", ["small", "old"])
@pytest.mark.parametrize("members", [1, 3])
def test_file_packed_as_a_whole_equals_the_plain_file(snapshot_files: Path, tmp_path: Path, name: str, members: int) -> None:
    plain = snapshot_files / f"{name}.pb"
    path = save(tmp_path / "packed.pb", gzip.compress(plain.read_bytes()) * members)
    assert scalars(only(path)) == scalars(only(snapshot_files / "small.pb"))
    assert qtests(only(path)) == qtests(only(snapshot_files / "small.pb"))
    assert contents(path) == contents(plain) == contents(snapshot_files / "small.pb")
    assert only(path).unreadable == 0


def test_large_packed_file_is_read_to_its_last_entry(peak: bytes, tmp_path: Path) -> None:
    objects = [Object(f"Large/{number}", peak, Kind.TH1F) for number in range(20_000)]
    path = save(tmp_path / "packed.pb", gzip.compress(serialise(objects, packed=False), 1))
    found = histograms(path)
    assert len(found) == 20_000
    for me in ["Large/0", "Large/9999", "Large/19999"]:
        assert payload(path, "protobuf", found[me]).data == peak


class Counted(FileSource):
    """A source that records its reads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reads: list[tuple[int, int]] = []

    def read(self, seek: int, size: int) -> bytes:
        self.reads.append((seek, size))
        return super().read(seek, size)


def test_plot_reads_one_range_and_listing_few_large_ones(peak: bytes, tmp_path: Path) -> None:
    objects = [Object(f"Large/{number}", peak, Kind.TH1F) for number in range(20_000)]
    path = save(tmp_path / "large.pb", serialise(objects, packed=False))
    with Counted(path) as source:
        listing = protobuf.scan(source).samples[0, 0]
        assert len(source.reads) == 4  # of 12 MB
        source.reads.clear()
        row = listing.columns.row(4711)
        assert protobuf.payload(source, row).data == peak
        assert source.reads == [(row.seek, row.nbytes)]
        assert row.nbytes < len(peak) + 100


NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0/"), min_size=1, max_size=30)
OBJECTS = st.tuples(st.lists(NAMES, min_size=1, max_size=4), st.binary(max_size=300), st.sampled_from(Kind), st.integers(0, 255))


@given(st.lists(OBJECTS, min_size=1, max_size=20))
def test_any_snapshot_of_the_library_is_found_at_its_bytes(entries: list[tuple[list[str], bytes, Kind, int]]) -> None:
    objects = [Object("/".join(parts), content, kind | marks << 16) for parts, content, kind, marks in entries]
    data = serialise(objects)
    expected = {me: item for me, item in snapshots.read(data).items() if not Kind(item.flags & 0xFF).scalar}
    with TemporaryDirectory() as folder:
        found = histograms(save(Path(folder) / "any.pb", data))
    assert found.keys() == expected.keys()
    for me, row in found.items():
        assert (row.kind, row.objlen) == (expected[me].flags & 0xFF, len(expected[me].content))
        assert zlib.decompress(data[row.seek + row.keylen :]) == expected[me].content


def test_unknown_types_are_counted_and_lose_only_themselves(peak: bytes, tmp_path: Path) -> None:
    objects = [Object(f"type {type:#x}", peak, type) for type in [0x04, 0x10, 0x14, 0x50, 0xFF]]
    listing = only(save(tmp_path / "types.pb", serialise(objects)))
    assert (list(rows(listing)), listing.unreadable) == (["type 0x10"], 4)


def test_unknown_fields_and_another_order_of_fields_are_no_damage(peak: bytes, tmp_path: Path) -> None:
    snapshot = snapshots.Snapshot()
    snapshot.histo.add(full_pathname="me", size=len(peak), streamed_histo=zlib.compress(peak), flags=Kind.TH1F)
    (plain,) = snapshot.histo
    later = b"\x28\xac\x02" + b"\x31" + bytes(8) + b"\x3a\x03abc" + b"\x45" + bytes(4) + b"\xa2\x06\x02xy"
    name, rest = bytes(plain.SerializeToString()).split(b"\x10", 1)
    body = later + b"\x10" + rest + name
    entry = b"\x0a" + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body
    path = save(tmp_path / "later.pb", entry)
    assert contents(path) == {"me": peak}
    assert snapshots.read(entry)["me"].content == peak  # as the library has it


def test_another_object_than_the_listed_one_is_refused(snapshot_files: Path, tmp_path: Path) -> None:
    path = snapshot_files / "small.pb"
    found = histograms(path)
    row, other = found["Alpha/one/TH1F of it"], found["Alpha/one/TH2F of it"]
    packed = payload(path, "protobuf", row).data
    for wrong in [
        row._replace(seek=other.seek),
        row._replace(kind=Kind.TH1D),
        row._replace(objlen=row.objlen - 1),
        row._replace(seek=10**9),
    ]:
        with pytest.raises(FormatError, match="not the listed object"):
            payload(path, "protobuf", wrong)
    liar = save(tmp_path / "liar.pb", serialise([Object("of another class", packed, Kind.TH2F)]))
    with pytest.raises(FormatError, match="the same TH2F"):
        payload(liar, "protobuf", histograms(liar)["of another class"])
    with pytest.raises(FormatError, match=f"at most {MAX_OBJECT}"):
        payload(path, "protobuf", row._replace(objlen=MAX_OBJECT + 1))


def test_other_files_are_refused_with_the_found_and_the_expected_content(snapshot_files: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("#!/bin/sh\n" * 100)
    (tmp_path / "empty").touch()
    (tmp_path / "packed").write_bytes(gzip.compress(b"nothing of ours" * 100))
    for path in [tmp_path / "text", tmp_path / "empty", tmp_path / "packed", snapshot_files / "classes.root"]:
        with pytest.raises(FormatError) as caught:
            scan(path, "protobuf")
        size = path.stat().st_size
        assert str(caught.value) == f"{path}: has {size} bytes and no readable entry; expected a protobuf snapshot of monitor elements"


def test_plots_of_every_class_equal_those_from_a_legacy_file(snapshot_files: Path, tmp_path: Path) -> None:
    path, legacy = snapshot_files / "classes.pb", snapshot_files / "classes.root"
    other = scan(legacy).samples[1, 0]
    with render_service(tmp_path / "render") as folder:
        client = RenderClient(folder / "socket")

        def picture(me: str, found: Payload) -> bytes:
            return client.render(Request(me, "w=300;h=200", [(found.data, found.displacement)], found.flags)).image

        for me, row in rows(only(path)).items():
            index = other.names.find(me.encode())
            assert index is not None
            drawn = picture(me, payload(path, "protobuf", row))
            assert drawn.startswith(b"\x89PNG")
            assert drawn == picture(me, payload(legacy, "tdirectory", other.columns.row(index))), me
        assert len(rows(only(path))) == len(CLASSES)
