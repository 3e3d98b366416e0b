"""Damaged snapshots: a typed error or a listing of the rest with a count, with bounded work and in little memory."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.formats import FormatError, Kind, gzip_members, scan, snapshot_entries
from app.formats.elements import MAX_OBJECT
from tests.formats import snapshots
from tests.formats.bounded_reading import TREE, read_all
from tests.formats.damaged_files import cut, mutants
from tests.formats.fuzz import CORPORA, fuzz
from tests.formats.snapshots import Object, entry, serialise, varint
from tests.support import storms

pytestmark = pytest.mark.slow

CORPUS = TREE / "tests" / "corpus" / "protobuf"
MES = 13


def undamaged(snapshot_files: Path, name: str = "small") -> bytes:
    return (snapshot_files / f"{name}.pb").read_bytes()


def places(data: bytes) -> list[int]:
    """The first byte of each entry, and the end of the last one, by the sizes that the library states."""
    found = [0]
    for histo in snapshots.Snapshot.FromString(data).histo:
        length = histo.ByteSize()
        found.append(found[-1] + 1 + len(varint(length)) + length)
    assert found[-1] == len(data)
    return found


def test_unfinished_file_lists_all_whole_entries(snapshot_files: Path, tmp_path: Path) -> None:
    data = undamaged(snapshot_files)
    starts = places(data)
    for end in range(1, len(data), 61):
        (tmp_path / f"{end:06}").write_bytes(data[:end])
    for name, answer in read_all(tmp_path, "protobuf").items():
        end = int(name)
        complete = snapshots.read(data[: max(start for start in starts if start <= end)])
        if complete:
            assert set(answer["names"]) == {path for path, item in complete.items() if item.flags != Kind.STRING}
            assert answer["unreadable"] == (end not in starts)
            assert answer["unfetched"] == 0
        else:
            assert "no readable entry" in answer["error"]


def test_truncated_packed_file_lists_its_unpackable_entries(snapshot_files: Path, tmp_path: Path) -> None:
    data = gzip.compress(undamaged(snapshot_files, "old")) + gzip.compress(undamaged(snapshot_files))
    for number, part in enumerate(cut(data, 100)):
        (tmp_path / f"{number:03}").write_bytes(part)
    answers = read_all(tmp_path, "protobuf")
    listed = [len(answer.get("names", [])) for answer in answers.values()]
    assert listed == sorted(listed)
    assert listed[-1] == MES
    assert all(answer["unreadable"] for name, answer in answers.items() if 0 < len(answer.get("names", [])) < MES)


@pytest.mark.parametrize("name", ["small", "old"])
def test_400_random_damages_have_bounded_work_and_count_their_losses(snapshot_files: Path, tmp_path: Path, name: str) -> None:
    data = undamaged(snapshot_files, name)
    for number, mutant in enumerate(mutants(data, seed=7, number=400)):
        (tmp_path / f"{number:03}").write_bytes(mutant)
    answers = read_all(tmp_path, "protobuf")
    listed = [answer for answer in answers.values() if "error" not in answer]
    assert len(listed) == 400  # every file has readable entries
    # A changed letter is a renamed ME; lost MEs are counted.
    assert not [answer for answer in listed if len(answer["names"]) < MES and not answer["unreadable"]]


def test_random_damages_of_packed_files_have_bounded_work_and_are_counted(snapshot_files: Path, tmp_path: Path) -> None:
    data = gzip.compress(undamaged(snapshot_files, "old"))
    for number, mutant in enumerate(mutants(data, seed=8, number=200)):
        (tmp_path / f"{number:03}").write_bytes(mutant)
    answers = read_all(tmp_path, "protobuf")
    assert all("error" in answer or answer["unreadable"] or len(answer["names"]) == MES for answer in answers.values())


@pytest.mark.parametrize(
    "wrong",
    [b"\x0a\xff\xff\xff\xff\x07", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a" + b"\xff" * 11, b"\x0a\xf0\xff\xff\x3f", b"\x0b", bytes(100)],
)
def test_damage_between_entries_loses_only_the_damaged_part(snapshot_files: Path, tmp_path: Path, wrong: bytes) -> None:
    data = undamaged(snapshot_files)
    middle = places(data)[10]
    path = tmp_path / "damaged.pb"
    path.write_bytes(data[:middle] + wrong + data[middle:])
    listing = scan(path, "protobuf").samples[0, 0]
    assert (len(listing.names), listing.unreadable) == (MES, 1)
    path.write_bytes(data[:middle] + wrong + data[middle + len(wrong) :])
    listing = scan(path, "protobuf").samples[0, 0]
    assert len(listing.names) >= MES - 1
    assert listing.unreadable >= 1


@pytest.mark.parametrize("window", [64, 300, 1000, 4000])
def test_entries_larger_than_one_read_are_found_after_damage(
    snapshot_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(snapshot_entries, "_WINDOW", window)
    monkeypatch.setattr(snapshot_entries, "_OVERLAP", 32)
    data = undamaged(snapshot_files, "old")
    path = tmp_path / "damaged.pb"
    path.write_bytes(data)
    assert len(scan(path, "protobuf").samples[0, 0].names) == MES
    for start in places(data)[:-1]:
        path.write_bytes(data[:start] + b"\x0b" + data[start + 1 :])
        listing = scan(path, "protobuf").samples[0, 0]
        assert len(listing.names) >= MES - 1
        assert 1 <= listing.unreadable <= 2  # an ME is lost with its test


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """Hostile snapshots by name, with the ME `good` before the damage and `better` after it."""
    chance = random.Random(3)
    good = entry(b"good", b"x" * 50, 50, Kind.TH1F)
    better = entry(b"better", b"x" * 50, 50, Kind.TH1F)
    yield "length-of-2-GB", good + b"\x0a" + varint(0x7FFFFFFF) + better
    yield "length-of-16-EB", good + b"\x0a" + varint((1 << 64) - 1) + better
    yield "length-without-end", good + b"\x0a" + b"\xff" * 100_000 + better
    yield "object-of-4-GB", good + entry(b"bad", b"x" * 50, 0xFFFFFFFF, Kind.TH1F) + better
    yield "object-longer-than-its-entry", good + entry(b"bad", b"x" * 50, 50, Kind.TH1F).replace(b"\x1a\x32", b"\x1a\x7f") + better
    yield "name-of-1-MB", good + entry(b"n" * 1_000_000, b"x", 1, Kind.TH1F) + better
    yield "name-of-10-MB", good + entry(b"n" * 10_000_000, b"x", 1, Kind.TH1F) + better
    yield "names-of-10-MB", good + b"".join(entry(b"%d" % n * 10_000_000, b"x", 1, Kind.TH1F) for n in range(9)) * 5 + better
    yield "scalars-of-10-MB", good + b"".join(entry(b"bad %d" % n, bytes(10_000_000), 100, Kind.STRING) for n in range(40)) + better
    yield "name-of-NUL", good + entry(b"a\0b", b"x", 1, Kind.TH1F) + better
    yield "name-of-slashes", good + entry(b"/" * 4000, b"x", 1, Kind.TH1F) + better
    yield "name-of-dots", good + b"".join(entry(b"." * n, b"x", 1, Kind.STRING) for n in range(1, 300)) + better
    yield "no-name", good + entry(b"", b"x", 1, Kind.TH1F) + better
    yield "no-object", good + entry(b"bad", b"", 0, Kind.TH1F) + better
    yield (
        "far-object",
        good + b"\x0a" + varint(70_020) + b"\x7a" + varint(70_000) + bytes(70_000) + b"\x0a\x03bad\x20\x10" + bytes(9) + better,
    )
    yield "fields-without-end", good + b"\x0a" + varint(4_000_000) + b"\x28\x00" * 2_000_000 + better
    yield "groups", good + b"\x0a" + varint(2_000) + b"\x2b" * 2_000 + better
    nested = b"x"
    for _ in range(2_000):
        nested = b"\x0a" + varint(len(nested)) + nested
    yield "nested", good + nested + better
    yield "many-lookalikes", good + b"\x0b" + b"\x0a\x02\x0a\x00" * 1_000_000
    yield "many-large-claims", good + b"".join(b"\x0a" + varint(100_000_000) + better for _ in range(20_000))
    yield "noise", good + chance.randbytes(20_000_000) + better
    yield "empty-entries", good + b"\x0a\x00" * 5_000_000
    bomb = zlib.compress(bytes(200_000_000), 9)
    yield "bomb-in-a-scalar", good + entry(b"bad", bomb, 100, Kind.STRING) + better
    yield "honest-bomb-in-a-scalar", good + entry(b"bad", bomb, 200_000_000, Kind.STRING) + better
    yield "bomb-in-a-histogram", good + entry(b"bad", bomb, 1000, Kind.TH1F) + better
    yield "honest-bomb-in-a-histogram", good + entry(b"bad", zlib.compress(bytes(MAX_OBJECT), 9), MAX_OBJECT, Kind.TH1F) + better
    little = zlib.compress(bytes(1 << 20), 9)
    yield "many-bombs", good + b"".join(entry(b"bad %d" % n, little, 1 << 20, Kind.STRING) for n in range(5_000)) + better
    yield "gzip-bomb", gzip.compress(good) + gzip.compress(bytes(1_000_000_000), 9)
    large = entry(b"large", bytes(100_000_000), 100_000_000, Kind.TH1F)
    yield "gzip-bomb-of-entries", gzip.compress(good) + gzip.compress(large, 9) * 20
    yield "gzip-of-many-parts", gzip.compress(good) + gzip.compress(b"") * 50_000
    yield "gzip-and-more", gzip.compress(good + better) + good


def test_hostile_files_lose_only_the_damaged_parts_with_bounded_work(tmp_path: Path) -> None:
    for name, data in hostile_files():
        (tmp_path / name).write_bytes(data)
    answers = read_all(tmp_path, "protobuf")
    for name, answer in answers.items():
        assert "good" in answer["names"], name
        assert answer["unreadable"] or answer["unfetched"], name
        if not name.startswith(("gzip", "many-lookalikes", "empty-entries")):
            assert "better" in answer["names"], name


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch, snapshot_files: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(snapshot_entries, "MAX_ENTRIES", 20)
    with pytest.raises(FormatError, match="at most 20"):
        scan(snapshot_files / "small.pb", "protobuf")
    few = snapshots.serialise(list(snapshots.read(undamaged(snapshot_files)).values())[:11])
    (tmp_path / "parts").write_bytes(gzip.compress(few) * 2)
    with pytest.raises(FormatError, match="at most 20"):
        scan(tmp_path / "parts", "protobuf")


def test_packed_file_is_unpacked_up_to_a_limit(monkeypatch: pytest.MonkeyPatch, snapshot_files: Path, tmp_path: Path) -> None:
    data = undamaged(snapshot_files)
    (tmp_path / "packed").write_bytes(gzip.compress(data))
    monkeypatch.setattr(gzip_members, "MAX_UNPACKED", len(data) // 2)
    listing = scan(tmp_path / "packed", "protobuf").samples[0, 0]
    assert 0 < len(listing.names) < MES
    assert listing.unreadable > 0


def test_every_snapshot_of_the_corpus_gives_a_listing_or_an_error() -> None:
    answers = read_all(CORPUS, "protobuf")
    assert len(answers) >= 300
    assert sum(bool(answer.get("names")) for answer in answers.values()) > 200


@pytest.mark.parametrize("format", CORPORA)
@pytest.mark.storm
def test_new_random_damages_have_bounded_work(format: str) -> None:
    assert fuzz(format, seconds=0.01 if storms.TIMES == 1 else 5.0 * storms.TIMES, seed=storms.SEED + 4711) == []


def test_objects_of_another_class_are_no_texts(tmp_path: Path, snapshot_files: Path) -> None:
    peak = snapshots.read(undamaged(snapshot_files))["Alpha/one/TH1F of it"].content
    path = tmp_path / "wrong.pb"
    path.write_bytes(
        serialise([Object("a histogram", peak, Kind.STRING), Object("nothing", b"", Kind.INT), Object("good", peak, Kind.TH1F)])
    )
    listing = scan(path, "protobuf").samples[0, 0]
    assert (listing.names.pack(), listing.unreadable) == (b"good", 2)
