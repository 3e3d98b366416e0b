"""Damaged legacy files: a typed error or a listing of the rest with a count, with bounded work and in little memory."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from app.formats import FormatError, scan
from app.formats.root import files
from tests.formats.bounded_reading import TREE, read_all
from tests.formats.damaged_files import cut, hostile_files, mutants, packed_key, with_bad_keys
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

CORPUS = TREE / "tests" / "corpus" / "root"


def undamaged(root_files: Path) -> tuple[bytes, set[str]]:
    path = root_files / "small.root"
    names = scan(path).samples[1, 0].names
    return path.read_bytes(), {names[index].decode() for index in range(len(names))}


def test_truncated_file_lists_the_rest_with_a_count(root_files: Path, tmp_path: Path) -> None:
    data, names = undamaged(root_files)
    for number, part in enumerate(cut(data, 200)):
        (tmp_path / f"{number:03}").write_bytes(part)
    answers = read_all(tmp_path)
    for answer in answers.values():
        assert "error" in answer or set(answer["names"]) <= names
        if "names" in answer and set(answer["names"]) != names:
            assert answer["unreadable"] > 0
    listed = [len(answer.get("names", [])) for answer in answers.values()]
    assert listed == sorted(listed)  # a longer part has more MEs
    assert len(names) * 0.9 < listed[150]
    assert listed[20] > 0


def test_500_random_damages_have_bounded_work_and_count_their_losses(root_files: Path, tmp_path: Path) -> None:
    data, names = undamaged(root_files)
    for number, mutant in enumerate(mutants(data, seed=2, number=500)):
        (tmp_path / f"{number:03}").write_bytes(mutant)
    answers = read_all(tmp_path)
    listed = [answer for answer in answers.values() if "error" not in answer]
    assert len(listed) > 400
    # A changed letter is a renamed ME; lost MEs are counted.
    silent = [answer["file"] for answer in listed if len(answer["names"]) < len(names) and not answer["unreadable"]]
    assert len(silent) < 10, silent


def test_hostile_files_lose_only_the_damaged_parts_with_bounded_work(root_files: Path, tmp_path: Path) -> None:
    for name, data in hostile_files(root_files / "small.root"):
        (tmp_path / name).write_bytes(data)
    bad_keys = [name for name, _ in with_bad_keys(root_files / "small.root")]
    answers = read_all(tmp_path)
    assert "expected a ROOT file" in answers["no-file-header"]["error"]
    assert "a complete ROOT file" in answers["begins-at-2-billion"]["error"]
    for name, answer in answers.items():
        if "error" not in answer:
            assert answer["unreadable"] or len(answer["names"]) == 13 or name in bad_keys, name
            assert any(me.startswith("Beta/three/") for me in answer["names"]) or name == "every-list-the-same"
    assert all("Alpha/two/deep/good" in answers[name]["names"] for name in bad_keys)
    assert [name for name in bad_keys if answers[name]["unreadable"]] == ["name-of-1-MB", "name-of-NUL", "number-with-a-name-of-NUL"]
    assert [name for name in bad_keys if answers[name]["unfetched"]] == ["name-of-30-kB", f"bomb-of-{2**31 - 1}-bytes"]


def test_directory_inside_itself_is_read_once(root_files: Path, tmp_path: Path) -> None:
    files = dict(hostile_files(root_files / "small.root"))
    (tmp_path / "circle").write_bytes(files["circle"])
    result = scan(tmp_path / "circle")
    assert result.unreadable >= 1
    assert len(result.samples[1, 0].names) < 30


def test_damaged_key_loses_only_itself(root_files: Path, tmp_path: Path) -> None:
    data, names = undamaged(root_files)
    place = data.rindex(b"\x04TH1S\x0aTH1S of it")  # in the last list of keys
    (tmp_path / "damaged").write_bytes(data[: place - 26] + bytes(30) + data[place + 4 :])
    result = scan(tmp_path / "damaged")
    left = result.samples[1, 0].names
    lost = names - {left[index].decode() for index in range(len(left))}
    assert len(lost) == 1
    # The ME itself, and its quality test, which no longer belongs to any.
    assert result.unreadable == 2


def test_file_with_too_many_keys_is_refused(root_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_KEYS", 20)
    with pytest.raises(FormatError, match="at most 20"):
        scan(root_files / "small.root")


def test_400000_keys_in_one_directory_fit_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "many.root").write_bytes(many_keys(400_000))
    command = [sys.executable, "-m", "tests.formats.read_folder", str(tmp_path)]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["names"]) == 400_000


def many_keys(count: int) -> bytes:
    """A handwritten DQM file with many scalars in one list of keys."""

    def directory(name: bytes, seek: int, keys: list[bytes]) -> tuple[bytes, bytes]:
        """The record of a directory followed by its list of keys, and the key of the directory."""
        own = packed_key(b"TDirectory", name, seek, 30)
        list_seek = seek + len(own) + 30
        body = struct.pack(">i", len(keys)) + b"".join(keys)
        listed = packed_key(b"TDirectory", name, list_seek, len(body)) + body
        record = struct.pack(">hIIiiiii", 5, 0, 0, len(listed), len(own), seek, 100, list_seek)
        return own + record + listed, own

    seek = 1000
    records = []
    keys = [packed_key(b"TObjString", b"<me%d>i=1</me%d>" % (number, number), 100, 30) for number in range(count)]
    for name in [b"Run summary", b"Sub", b"Run 1", b"DQMData"]:
        record, own = directory(name, seek, keys)
        records.append(record)
        seek, keys = seek + len(record), [own]
    top, _ = directory(b"top", 100, keys)
    nbytes_name = len(packed_key(b"TDirectory", b"top", 100, 30))
    header = struct.pack(">4siiiiiii", b"root", 62400, 100, seek, 0, 0, 0, nbytes_name)
    return b"".join([(header.ljust(100, b"\0") + top).ljust(1000, b"\0"), *records])


def test_every_file_of_the_corpus_gives_a_listing_or_an_error() -> None:
    answers = read_all(CORPUS)
    assert len(answers) >= 300
    assert any(answer.get("names") for answer in answers.values())
