"""Concatenations of snapshots, read by the protobuf library and by the hub."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import Kind, payload, scan
from services.transfer import concatenation, frames
from services.transfer.concatenation import MAX_EXAMPLES, Included, concatenate, move_bytes
from tests.formats import snapshots
from tests.formats.snapshots import Object, entry, serialise, varint
from tests.support.patience import PATIENCE_S


def objects(*paths: str, content: bytes = b"content", flags: int = 0x10) -> list[Object]:
    return [Object(path, content + path.encode(), flags) for path in paths]


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    return tmp_path / "made" / "concatenation.pb"


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(st.lists(st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=6), max_size=5), st.data())
def test_a_concatenation_has_the_last_object_of_each_name(
    tmp_path_factory: pytest.TempPathFactory, clients: list[list[tuple[str, bytes]]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("clients")
    inputs = []
    for number, client in enumerate(clients):
        content = serialise([Object(name, blob, 0x10) for name, blob in client])
        packed = data.draw(st.booleans())
        inputs.append(save(folder / f"{number}.pb", gzip.compress(content, 1) if packed else content))
    made = concatenate(inputs, folder / "made.pb")
    expected = {name: Object(name, blob, 0x10) for client in clients for name, blob in client}
    written = made.path.read_bytes()
    assert snapshots.read(written) == expected
    assert len(snapshots.Snapshot.FromString(written).histo) == len(expected) == made.entries
    assert made.size == len(written)
    in_clients = [{name for name, _ in client} for client in clients]
    assert made.shared == len({name for name in expected if sum(name in names for names in in_clients) > 1})
    assert not made.left_out
    shutil.rmtree(folder)


def test_real_histograms_of_several_clients_are_the_same_in_the_hub_as_in_their_snapshots(fixtures_dir: Path, output: Path) -> None:
    sources = [fixtures_dir / "dqmfiles" / f"run{run}_DQMLive_concat.pb" for run in (367094, 367129)]
    older = save(output.with_name("older.pb"), gzip.compress(sources[1].read_bytes(), 1))
    inputs = [older, *sources]
    made = concatenate(inputs, output)
    assert contents(made.path) == {name: data for path in inputs for name, data in contents(path).items()}
    assert made.included == [Included(older, 2, 2), Included(sources[0], 1, 0), Included(sources[1], 2, 0)]
    assert made.shared == 2
    assert made.examples == dict.fromkeys(contents(sources[1]), (older, sources[1]))


def test_only_some_examples_of_mes_of_several_clients_are_named(tmp_path: Path, output: Path) -> None:
    names = [f"ME {number}" for number in range(100)]
    inputs = [save(tmp_path / f"{number}.pb", serialise(objects(*names))) for number in range(3)]
    made = concatenate(inputs, output)
    assert (made.shared, len(made.examples)) == (100, MAX_EXAMPLES)
    assert set(made.examples.values()) == {(inputs[1], inputs[2])}
    assert [one.replaced for one in made.included] == [100, 100, 0]


def contents(path: Path) -> dict[str, tuple[int, bytes]]:
    """Flags and bytes of the histograms of a snapshot, as the hub reads them."""
    (listing,) = scan(path, "protobuf").samples.values()
    rows = {listing.names[index].decode(): listing.columns.row(index) for index in range(len(listing.names))}
    found = {name: payload(path, "protobuf", row) for name, row in rows.items() if not Kind(row.kind).scalar}
    return {name: (item.flags, item.data) for name, item in found.items()}


GOOD = serialise(objects("A/first", "A/second", content=b"c" * 500))


def cut_gzip(folder: Path) -> Path:
    return save(folder / "damaged.pb", gzip.compress(GOOD, 1)[:-20])


def changed_gzip(folder: Path) -> Path:
    packed = bytearray(gzip.compress(os.urandom(10_000), 1))
    packed[5000] ^= 0xFF
    return save(folder / "damaged.pb", bytes(packed))


def loop(folder: Path) -> Path:
    (folder / "damaged.pb").symlink_to("damaged.pb")
    return folder / "damaged.pb"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "damaged.pb")
    return folder / "damaged.pb"


def subfolder(folder: Path) -> Path:
    (folder / "damaged.pb").mkdir()
    return folder / "damaged.pb"


def of(data: bytes) -> Callable[[Path], Path]:
    return lambda folder: save(folder / "damaged.pb", data)


DAMAGED = {
    "cut in a body": (of(GOOD[:-20]), "longer than the rest of the file"),
    "cut in a length": (of(GOOD + b"\x0a\x80"), "ends within the entry at byte"),
    "cut after a tag": (of(GOOD + b"\x0a"), "ends within the entry at byte"),
    "a length of 10 GB": (of(GOOD + b"\x0a" + varint(10_000_000_000) + b"\x0a\x01a"), "an entry of 10000000000 bytes is longer"),
    "a name of 10 GB": (of(GOOD + b"\x0a\x20\x0a" + varint(10_000_000_000) + b"a" * 26), "a name of 10000000000 bytes"),
    "a number without end": (of(GOOD + b"\x0a" + b"\xff" * 20), "more than 64 bits"),
    "a name that is not UTF-8": (of(GOOD + entry(b"A/\xff", b"x", 1, 0x10)), f"the name of the entry at byte {len(GOOD)} is not UTF-8"),
    "an empty name": (of(GOOD + entry(b"", b"x", 1, 0x10)), "a name of 0 bytes"),
    "a name of 5,000 bytes": (of(GOOD + entry(b"A" * 5000, b"x", 1, 0x10)), "a name of 5000 bytes"),
    "an entry without name": (of(GOOD + b"\x0a\x02\x10\x05"), "has no name"),
    "an empty entry": (of(GOOD + b"\x0a\x00" + GOOD), "has no name"),
    "a ROOT file": (of(b"root\x00\x00\xf7\x32" + bytes(1000)), "there is no entry at byte 0"),
    "zeros at the end": (of(GOOD + bytes(4096)), f"there is no entry at byte {len(GOOD)}"),
    "gzip, cut": (cut_gzip, "its gzip stream is damaged"),
    "gzip, changed": (changed_gzip, "its gzip stream is damaged"),
    "gzip of damaged entries": (of(gzip.compress(GOOD[:-20], 1)), "longer than the rest of the file"),
    "absent": (lambda folder: folder / "damaged.pb", "No such file"),
    "a loop of links": (loop, "Too many levels of symbolic links"),
    "a pipe": (pipe, "it is not a file"),
    "a folder": (subfolder, "it is not a file"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_snapshot_is_named_and_left_out_and_the_rest_concatenated(tmp_path: Path, output: Path, kind: str) -> None:
    make, reason = DAMAGED[kind]
    damaged = make(tmp_path)
    good = [save(tmp_path / "old.pb", serialise(objects("A/first", "B"))), save(tmp_path / "new.pb", serialise(objects("C")))]
    made = concatenate([good[0], damaged, good[1]], output)
    assert reason in made.left_out.pop(damaged)
    assert not made.left_out
    assert list(snapshots.read(output.read_bytes())) == ["A/first", "B", "C"]
    assert made.included == [Included(good[0], 2, 0), Included(good[1], 1, 0)]
    assert os.listdir(output.parent) == [output.name]


@pytest.mark.parametrize("cut", range(1, len(GOOD), 97))
def test_a_snapshot_that_is_cut_anywhere_is_left_out_or_has_whole_entries(tmp_path: Path, output: Path, cut: int) -> None:
    made = concatenate([save(tmp_path / "cut.pb", GOOD[:cut])], output)
    assert made.left_out or list(snapshots.read(output.read_bytes())) == ["A/first"]


def test_a_packed_snapshot_that_unpacks_to_too_much_is_left_out(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_UNPACKED", 1 << 20)
    bomb = save(tmp_path / "bomb.pb", gzip.compress(serialise([Object("A", bytes(2 << 20), 0x10)], packed=False)))
    assert concatenate([bomb], output).left_out == {bomb: "unpacked it has more than 1 MB"}


def test_a_snapshot_beyond_the_number_of_mes_that_the_hub_reads_is_left_out(
    tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MAX_ENTRIES", 3)
    monkeypatch.setattr(concatenation, "MAX_ENTRIES", 3)
    small, large, huge = (save(tmp_path / f"{n}.pb", serialise(objects(*(f"{n}/{m}" for m in range(n))))) for n in (1, 3, 4))
    made = concatenate([small, large, huge], output)
    assert made.left_out == {large: "with it the concatenation would have more than 3 MEs", huge: "it has more than 3 entries"}
    assert list(snapshots.read(output.read_bytes())) == ["1/0"]


def test_a_snapshot_that_shrinks_while_it_is_copied_is_left_out(tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = [save(tmp_path / f"{number}.pb", serialise(objects(f"{number}/a"))) for number in range(3)]
    real = move_bytes

    def shrink(*arguments: int) -> int:
        os.truncate(inputs[1], 5)
        return real(*arguments)

    monkeypatch.setattr(concatenation, "move_bytes", shrink)
    made = concatenate(inputs, output)
    assert made.left_out == {inputs[1]: "it changed while it was read"}
    assert list(snapshots.read(output.read_bytes())) == ["0/a", "2/a"]


def test_bytes_are_moved_between_file_systems_that_the_kernel_does_not_join(tmp_path: Path) -> None:
    memory = os.memfd_create("target")
    source = save(tmp_path / "source", os.urandom(100_000))
    with source.open("rb") as file:
        assert move_bytes(file.fileno(), memory, 10, 99_000) == 99_000
        assert os.pread(memory, 100_000, 0) == source.read_bytes()[10:99_010]
        assert move_bytes(file.fileno(), memory, 99_990, 100) == 10
    os.close(memory)


@pytest.mark.slow
def test_nothing_remains_when_there_is_no_space(tmp_path: Path) -> None:
    source = save(tmp_path / "source.pb", serialise([Object("A", os.urandom(100_000), 0x10)]))
    (tmp_path / "made").mkdir()
    code = (
        "import resource, signal, sys; from pathlib import Path; from services.transfer.concatenation import concatenate;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "concatenate([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, source, tmp_path / "made" / "all.pb"], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert "OSError" in done.stderr
    assert os.listdir(tmp_path / "made") == []


def test_no_snapshot_at_all_makes_an_empty_concatenation(output: Path) -> None:
    assert concatenate([], output).entries == 0
    assert output.read_bytes() == b""
