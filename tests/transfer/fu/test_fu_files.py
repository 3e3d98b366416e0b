"""Which files of clients are sent, under which names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.transfer.fu.files import FileFinder, read_companion
from services.transfer.names import FileKind, parse_name

FOLDER = "/home/dqmprolocal/output/upload"
PB = f"{FOLDER}/pb/run367094"
ROOT_FILE = f"{FOLDER}/DQM_V0001_SiStrip_R000367094.root"


@pytest.mark.parametrize(
    ("path", "name", "tag", "lumi"),
    [
        (f"{PB}/run367094_SiStrip_DQMLive.pb", "run367094_SiStrip_DQMLive__fu1.pb", "SiStrip", 0),
        (f"{PB}/run367094_PID012345_DQMLive.pb", "run367094_PID012345_DQMLive__fu1.pb", "PID012345", 0),
        (f"{PB}/SiStrip/run367094_ls0012_DQMLive.pb", "run367094_SiStrip_DQMLive__fu1.pb", "SiStrip", 12),
        (f"{PB}/run367094_ls0012_DQMLive.pb", "run367094_ls0000_DQMLive__fu1.pb", "", 12),
        (ROOT_FILE, "DQM_V0001_SiStrip_R000367094__fu1.root", "SiStrip", 0),
    ],
)
def test_files_of_clients_get_the_host_into_their_name_and_one_name_for_all_snapshots(path: str, name: str, tag: str, lumi: int) -> None:
    file = FileFinder("fu1").find(path)
    assert file is not None
    assert (file.name, file.path, file.run, file.tag, file.lumi) == (name, path, 367094, tag, lumi)
    parsed = parse_name(name)
    assert parsed is not None
    assert (parsed.kind, parsed.run, parsed.tag, parsed.host) == (file.kind, 367094, tag, "fu1")


@pytest.mark.parametrize(
    ("companion", "path", "kind"),
    [
        (f"{PB}/run367094_SiStrip_DQMLive.jsn", f"{PB}/run367094_SiStrip_DQMLive.pb", FileKind.SNAPSHOT),
        (f"{PB}/SiStrip/run367094_ls0012_DQMLive.jsn", f"{PB}/SiStrip/run367094_ls0012_DQMLive.pb", FileKind.SNAPSHOT),
        (f"{ROOT_FILE}.origin", ROOT_FILE, FileKind.ROOT_FILE),
    ],
)
def test_a_report_or_origin_leads_to_the_file_beside_which_it_stands(companion: str, path: str, kind: FileKind) -> None:
    file = FileFinder("fu1").find(companion)
    assert file is not None
    assert (file.path, file.kind, file.companion) == (path, kind, companion)


@pytest.mark.parametrize(
    "path",
    [
        f"{PB}/run367094_SiStrip_DQMLive.pb.open",
        f"{PB}/run367094_SiStrip_DQMLive.jsn.open",
        f"{ROOT_FILE}.tmp",
        f"{ROOT_FILE}.ls00000015_hostfu1_pid00012345",
        f"{ROOT_FILE}.origin.ls00000015_hostfu1_pid00012345",
        f"{PB}/run367094_ls0000_crash_pid12345.jsn",
        f"{PB}/run367094_ls0000_EoR.jsn",
        f"{PB}/run367094_DQMLive_concat.pb",
        f"{FOLDER}/DQM_V0001_R000367094__Global__Online__ALL.root",
    ],
)
def test_backups_temporary_files_and_reports_of_other_kinds_are_not_sent_and_not_strange(path: str) -> None:
    finder = FileFinder("fu1")
    assert finder.find(path) is None
    assert not finder.strangers


def test_files_that_are_none_of_a_run_are_named_once_as_one_line(caplog: pytest.LogCaptureFixture) -> None:
    finder = FileFinder("fu1")
    strange = {
        f"{PB}/core.1234",
        f"{PB}/run367094_Si\nStrip_DQMLive.pb",
        f"{PB}/run367094_SiStrip_DQMLive__fu2.pb",
        f"{PB}/a b/run367094_ls0012_DQMLive.pb",
        f"{PB}/run000000_SiStrip_DQMLive.pb",
    }
    for path in [*strange, *strange]:
        assert finder.find(path) is None
    assert finder.strangers == strange
    assert len(caplog.records) == len(strange)
    assert all(record.getMessage().isprintable() for record in caplog.records)


@pytest.mark.parametrize("folder", [FOLDER, f"{FOLDER}/pb", f"{FOLDER}/pb/SiStrip", f"{PB}/SiStrip/more"])
@pytest.mark.parametrize("name", ["run367094_ls0012_DQMLive.pb", "run367094_ls0000_DQMLive.jsn"])
def test_a_folder_that_is_in_none_of_a_run_is_no_client(folder: str, name: str) -> None:
    finder = FileFinder("fu1")
    assert finder.find(f"{folder}/{name}") is None
    assert finder.strangers == {f"{folder}/{name}"}
    assert finder.find(f"{folder}/run367094_SiStrip_DQMLive.pb") is not None


def test_a_process_for_one_run_sees_no_other_run() -> None:
    finder = FileFinder("fu1", run=367095)
    assert finder.find(ROOT_FILE) is None
    assert finder.find(f"{FOLDER}/DQM_V0001_SiStrip_R000367095.root") is not None
    assert not finder.strangers


@pytest.mark.parametrize(
    ("source", "pid"),
    [("fu-c2f11-09-01_12345", 12345), ("fu1_pid00012", 12), ("a_b_c_7", 7), ("fu1", 0), ("", 0), (None, 0), (5, 0)],
)
def test_the_process_of_a_snapshot_is_at_the_end_of_its_source(tmp_path: Path, source: object, pid: int) -> None:
    path = tmp_path / "run367094_SiStrip_DQMLive.pb"
    path.with_suffix(".jsn").write_text(json.dumps({"data": ["-1", "-1", "0", "0", path.name, "4711"], "source": source}))
    file = FileFinder("fu1").find(str(path))
    assert file is not None
    companion = read_companion(file)
    assert companion is not None
    assert (companion.expected.size, companion.pid) == (4711, pid)


@pytest.mark.parametrize("text", [b"", b"{}", b"[" * 100_000, b'{"data": ["-1"', b"\xff"])
def test_a_report_that_cannot_be_understood_is_as_none(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "run367094_SiStrip_DQMLive.pb"
    file = FileFinder("fu1").find(str(path))
    assert file is not None
    assert read_companion(file) is None
    path.with_suffix(".jsn").write_bytes(text)
    assert read_companion(file) is None
