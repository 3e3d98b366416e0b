"""The work of reading a file is bounded by counts: of bytes read and unpacked, and of attempts after damage."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from app.formats import FileSource, FormatError, work_budget
from app.formats.readers import dqmio, protobuf, tdirectory
from app.formats.root.keys import DAMAGE, KEY, parse_key, parse_keys
from app.formats.snapshot_entries import MAX_NAME, fields
from app.formats.work_budget import MAX_ATTEMPTS, MAX_UNPACKED, READ_BASE, READ_FACTOR, WorkBudget
from tests.formats.damaged_dqmio_files import with_cycles
from tests.formats.damaged_files import packed_key
from tests.formats.snapshots import entry, varint


class CopiedBytes(bytes):
    """Bytes that count how many of them are copied by slices."""

    copied = 0

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            self.copied += len(found)
        return found


def test_reading_beyond_the_bound_is_a_format_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(READ_BASE))
    with FileSource(path) as source:
        for _ in range(READ_FACTOR + 1):
            assert len(source.read(0, READ_BASE)) == READ_BASE
        with pytest.raises(FormatError, match=f"reading takes more than {(READ_FACTOR + 1) * READ_BASE} bytes"):
            source.read(0, 1)


def test_unpacking_beyond_the_bound_is_a_format_error() -> None:
    budget = WorkBudget("file", 1)
    budget.unpack(MAX_UNPACKED)
    with pytest.raises(FormatError, match=f"unpacks to more than {MAX_UNPACKED} bytes"):
        budget.unpack(1)


def test_attempts_end_at_their_bound() -> None:
    budget = WorkBudget("file", 1)
    assert sum(budget.attempt() for _ in range(MAX_ATTEMPTS + 10)) == budget.attempts == MAX_ATTEMPTS


def test_damaged_key_is_rejected_without_copying_its_stated_name() -> None:
    claims = struct.pack(">ihiIHhii", 100, 4, 30, 0, 100, 1, 100, 100) + b"\x04TH1F" + b"\xff" + struct.pack(">i", 1_000_000)
    data = CopiedBytes(claims + bytes(2_000_000))
    with pytest.raises(DAMAGE):
        parse_key(data, 0, 10_000_000)
    assert data.copied < 20


def test_damaged_keys_with_long_stated_names_are_not_copied() -> None:
    claim = struct.pack(">ihiIHhii", 100, 4, 30, 0, 20_000, 1, 100, 100) + b"\x04TH1F" + b"\xff" + struct.pack(">i", 19_000)
    good = packed_key(b"TObjString", b"<good>i=1</good>", 100, 30)
    data = CopiedBytes(claim * 10_000 + bytes(20_000) + good + bytes(20))
    budget = WorkBudget("file", 10_000_000)
    listed = parse_keys(data, 0, 10_001, 1_000_000, budget)
    assert [found.name for found in listed.keys] == [b"<good>i=1</good>"]
    assert budget.attempts <= 2 * 10_001
    assert data.copied < 20 * budget.attempts


def test_search_for_keys_ends_at_the_bound_of_attempts() -> None:
    data = b"\x04TH1F".rjust(KEY.size + 5, b"\xff") * MAX_ATTEMPTS
    budget = WorkBudget("file", len(data))
    assert parse_keys(data, 0, MAX_ATTEMPTS, 1_000_000, budget).keys == []
    assert budget.attempts == MAX_ATTEMPTS


def test_long_name_of_an_entry_is_copied_up_to_the_limit() -> None:
    body = entry(b"n" * 1_000_000, b"x", 1, 0x10)
    data = CopiedBytes(body)
    begin = 1 + len(varint(len(body) - 4))
    name, size, *_ = fields(data, begin, len(data))
    assert (len(name), size, data.copied) == (MAX_NAME + 1, 1, MAX_NAME + 1)


@pytest.mark.parametrize("size", [1_000_000, 60_000_000])
def test_many_cycles_of_a_damaged_tree_stop_at_the_bounds(
    dqmio_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(work_budget, "MAX_UNPACKED", 200_000_000)
    path = tmp_path / "cycles.root"
    path.write_bytes(with_cycles(dqmio_files / "small.root", "TH1Fs", 1000, size))
    with FileSource(path, whole=True) as source:
        result = dqmio.scan(source)
        left = min(source.budget.max_bytes_read - source.budget.bytes_read, 200_000_000 - source.budget.bytes_unpacked)
        assert 0 <= left <= size
    assert result.unreadable >= 1000
    assert len(result.samples) == 3


@pytest.mark.parametrize(("reader", "name"), [(tdirectory, "classes.root"), (dqmio, "baskets.root"), (protobuf, "classes.pb")])
def test_reading_an_undamaged_file_takes_about_its_size(
    root_files: Path, dqmio_files: Path, snapshot_files: Path, reader: Any, name: str
) -> None:
    folder = {tdirectory: root_files, dqmio: dqmio_files, protobuf: snapshot_files}[reader]
    with FileSource(folder / name, whole=True) as source:
        reader.scan(source)
        assert 0 < source.budget.bytes_read < 1.1 * source.size + 1000
        assert source.budget.attempts == 0
