"""Fields that several batch systems have: secrets, log files, keys that come again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryJob, DiaryQuarantine
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.batch_fields import SECRET_KEYS, log_paths, of_keys, without_secrets
from app.diary.sources.registry import source_kinds
from app.diary.sources.runner import scan_source
from tests.diary.caejobs import Site, options
from tests.diary.recorded_commands import RECORDED
from tests.support.processes import until

VALUES = (
    "DB_PASSWORD=hunter2",
    "A=1\npassword: hunter2",
    "KEY=-----BEGIN\nProc-Type: hunter2\n-----END",
    "F=() {\n  hunter2\n}\n\nhunter2: x",
)


@pytest.mark.parametrize("key", sorted(SECRET_KEYS))
@pytest.mark.parametrize("value", VALUES)
def test_no_line_of_a_secret_value_is_kept_and_no_other_is_left_out(key: str, value: str) -> None:
    lines = [f"{'job_number:':<28}7", f"{key + ':':<28}{value}", f"{'script_file:':<28}STDIN", f"{'jid_predecessor_list (req):':<28}5", ""]
    assert without_secrets("\n".join(lines)) == "\n".join([lines[0], *lines[2:]])


def test_texts_of_a_real_grid_engine_keep_all_but_the_secret_keys() -> None:
    text = (RECORDED / "grid_engine/details.txt").read_text()
    right = [line for line in text.split("\n") if line.partition(":")[0] not in SECRET_KEYS]
    assert without_secrets(text).split("\n") == right
    assert len(right) < text.count("\n")


def test_keys_that_are_not_padded_are_kept_after_a_secret_one() -> None:
    assert without_secrets("env_list: A=hunter2\nsge_o_workdir: /a\n") == "sge_o_workdir: /a\n"
    assert without_secrets("env_list:\nid: 7\n") == "id: 7\n"


def test_a_submission_log_that_cannot_be_used_is_quarantined_without_its_secrets(hub: Settings, tmp_path: Path) -> None:
    site = Site(tmp_path)
    path = site.submit(1234567)
    path.write_text(f"job_number:  1234567\n{'env_list:':<28}DB_PASSWORD=hunter2\nsecond: hunter2\n{'sge_o_workdir:':<28}relative\n")
    os.utime(path, (1e9, 1e9))
    source = source_kinds()["directory"].make("cae", options(site), hub)

    def is_quarantined() -> bool:
        scan_source(source, hub)
        return DiaryQuarantine.select().exists()

    until(is_quarantined, "the log to be quarantined")
    (row,) = DiaryQuarantine.select()
    assert "relative" in row.text
    assert "hunter2" not in row.text
    assert not DiaryJob.select().exists()


def test_log_files_are_whole_paths_and_those_in_no_folder_are_none() -> None:
    files = [("out", "o"), ("/tmp/err", "e"), ("/dev/null", "e"), ("", "e")]
    assert log_paths("/home/anna", files) == [("/home/anna/out", "o"), ("/tmp/err", "e")]
    assert log_paths("", files) == [("/tmp/err", "e")]


def test_what_was_found_of_a_job_is_not_that_of_an_earlier_one_with_its_id() -> None:
    found = [Observation("7", 9.0, "done", submitted=at) for at in (100.5, 200.0)] + [Observation("8", 9.0, "done", submitted=300)]
    assert of_keys(found, [JobKey("7", 100)]) == found[:1]
    assert of_keys(found, [JobKey("7"), JobKey("8", 299)]) == found[:2]
