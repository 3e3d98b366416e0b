from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import Settings
from app.gui.files.entries import AllowedRoots
from app.gui.files.naming import entry_from_path
from services.transfer.names import FileKind, FileName, concatenation_name, merged_name, name_with_host, parse_name, run_of_folder

HASH = "0123456789abcdef0123456789abcdef"

NAMES = {
    "run367094_SiStrip_DQMLive.pb": FileName(FileKind.SNAPSHOT, 367094, "SiStrip"),
    "run000012_PID012345_DQMLive.pb": FileName(FileKind.SNAPSHOT, 12, "PID012345"),
    "run1000000_CTPPS_DQMLive.pb": FileName(FileKind.SNAPSHOT, 1_000_000, "CTPPS"),
    "run367094_ls0042_DQMLive.pb": FileName(FileKind.SNAPSHOT, 367094, lumi=42),
    "run367094_SiStrip_DQMLive__dqmfu-c2b01-45-01.pb": FileName(FileKind.SNAPSHOT, 367094, "SiStrip", "dqmfu-c2b01-45-01"),
    "run367094_SiStrip_DQMLive__fu1.cms.pb": FileName(FileKind.SNAPSHOT, 367094, "SiStrip", "fu1.cms"),
    "run367094_SiStrip_DQMLive.jsn": FileName(FileKind.SNAPSHOT_REPORT, 367094, "SiStrip"),
    "DQM_V0001_SiStrip_R000367094.root": FileName(FileKind.ROOT_FILE, 367094, "SiStrip", version=1),
    "DQM_V0001_SiStrip_R000367094__fu1.root": FileName(FileKind.ROOT_FILE, 367094, "SiStrip", "fu1", version=1),
    "DQM_V0001_L1T_stage2_R000367094.root": FileName(FileKind.ROOT_FILE, 367094, "L1T_stage2", version=1),
    "DQM_V0001_SiStrip_R000367094.root.origin": FileName(FileKind.ORIGIN, 367094, "SiStrip", version=1),
    "DQM_V0001_SiStrip_R000367094.root.ls00000015_hostfu1_pid00012345": FileName(FileKind.BACKUP, 367094, "SiStrip", lumi=15, version=1),
    "DQM_V0001_SiStrip_R000367094.root.origin.ls00000015_hostfu1_pid00012345": FileName(
        FileKind.BACKUP, 367094, "SiStrip", lumi=15, version=1
    ),
    "run367094_ls0000_crash_pid12345.jsn": FileName(FileKind.CRASH_REPORT, 367094, "12345"),
    "run367094_ls0000_EoR.jsn": FileName(FileKind.END_OF_RUN, 367094),
    f"run367094_DQMLive_concat_{HASH}.pb": FileName(FileKind.CONCATENATION, 367094, digest=HASH),
    "run367094_DQMLive_concat.pb": FileName(FileKind.CONCATENATION, 367094),
    "DQM_V0002_R000367094__Global__Online__ALL.root": FileName(FileKind.MERGED_FILE, 367094, version=2),
    "run367094_SiStrip_DQMLive.pb.open": FileName(FileKind.TEMPORARY, 0),
    "run367094_SiStrip_DQMLive.jsn.open": FileName(FileKind.TEMPORARY, 0),
    "DQM_V0001_SiStrip_R000367094.root.tmp": FileName(FileKind.TEMPORARY, 0),
    "DQM_V0001_SiStrip_R000367094.root.origin.tmp": FileName(FileKind.TEMPORARY, 0),
    ".run367094_SiStrip_DQMLive.pb.Xy12Ab": FileName(FileKind.TEMPORARY, 0),
}
"""Names as CMSSW, the original transfer, rsync and this transfer write them."""


@pytest.mark.parametrize("name", NAMES)
def test_each_name_of_the_online_system_says_what_the_file_is(name: str) -> None:
    assert parse_name(name) == NAMES[name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "run000000_SiStrip_DQMLive.pb",
        "run9999999999_SiStrip_DQMLive.pb",
        "run367094_SiStrip_DQMLive.pb\n",
        "run367094_a/b_DQMLive.pb",
        "run367094__DQMLive.pb",
        "run36709_SiStrip_DQMLive.pb",
        "run３６７０９４_SiStrip_DQMLive.pb",
        "run367094_SiStrip_DQMLive.pb.gz",
        f"run367094_DQMLive_concat_{HASH.upper()}.pb",
        "DQM_V0001_R000367094__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root",
        "DQM_V1_SiStrip_R000367094.root",
        "notes.txt",
    ],
)
def test_other_names_are_no_files_of_a_run(name: str) -> None:
    assert parse_name(name) is None


def test_older_clients_have_their_tag_as_the_name_of_the_folder() -> None:
    assert parse_name("run367094_ls0042_DQMLive.pb", "SiStrip") == FileName(FileKind.SNAPSHOT, 367094, "SiStrip", lumi=42)
    assert parse_name("run367094_ls0042_DQMLive.pb", "run367094") == FileName(FileKind.SNAPSHOT, 367094, lumi=42)
    assert parse_name("run367094_CTPPS_DQMLive.pb", "SiStrip") == FileName(FileKind.SNAPSHOT, 367094, "CTPPS")


CLIENTS_FILES = [name for name, said in NAMES.items() if said.kind.startswith(("snapshot", "report of a snap", "ROOT", "origin"))]
HOST = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]|\.(?=[A-Za-z0-9])){0,20}", fullmatch=True)


@given(st.sampled_from([name for name in CLIENTS_FILES if not NAMES[name].host]), HOST)
def test_a_name_with_a_host_says_the_same_and_the_host(name: str, host: str) -> None:
    made = parse_name(name_with_host(name, host))
    assert made is not None
    assert (made.host, made.kind, made.run, made.tag, made.lumi) == (
        host,
        *[getattr(NAMES[name], f) for f in ("kind", "run", "tag", "lumi")],
    )


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("run367094_SiStrip_DQMLive.pb", ""),
        ("run367094_SiStrip_DQMLive.pb", "../../etc"),
        ("run367094_SiStrip_DQMLive.pb", "a b"),
        ("run367094_SiStrip_DQMLive.pb", "a__b"),
        ("run367094_SiStrip_DQMLive__fu1.pb", "fu2"),
        ("run367094_DQMLive_concat.pb", "fu1"),
        ("notes.txt", "fu1"),
    ],
)
def test_a_name_or_host_without_a_place_for_it_is_refused(name: str, host: str) -> None:
    with pytest.raises(ValueError, match="no name of a file of a client on a host"):
        name_with_host(name, host)


@given(st.integers(1, 2**31 - 1), st.integers(1, 9999))
def test_names_that_the_transfer_makes_are_read_back(run: int, version: int) -> None:
    assert parse_name(concatenation_name(run)) == FileName(FileKind.CONCATENATION, run)
    assert parse_name(concatenation_name(run, HASH)) == FileName(FileKind.CONCATENATION, run, digest=HASH)
    assert parse_name(merged_name(run, version)) == FileName(FileKind.MERGED_FILE, run, version=version)


@pytest.mark.parametrize("name", [merged_name(367094, 2), concatenation_name(367094, HASH)])
def test_the_hub_reads_run_and_dataset_of_the_names_that_the_transfer_makes(name: str) -> None:
    entry = entry_from_path(f"/data/{name}", AllowedRoots(Settings()))
    assert entry is not None
    assert (entry.run, entry.dataset) == (367094, "/Global/Online/ALL")


def test_folders_of_runs_are_told_from_others() -> None:
    folders = {"run000007": 7, "run367094": 367094, "run2147483647": 2147483647}
    assert {name: run_of_folder(name) for name in folders} == folders
    others = ("pb", "run7", "run0000007", "run000000", "run2147483648", "run36709٤", "run367094 ", "", "Run367094")
    assert {run_of_folder(name) for name in others} == {0}
