"""No two processes serve one run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from services.transfer.locks import AlreadyServed, ServiceLock
from tests.support.small_disk import small_disk


def test_a_second_process_for_a_run_is_refused_by_the_name_of_the_first(tmp_path: Path) -> None:
    with ServiceLock(str(tmp_path / "state"), "fu", 367094), ServiceLock(str(tmp_path / "state"), "fu", 367095):
        with pytest.raises(AlreadyServed, match=re.escape(f"the mode fu of run 367094 is served by process {os.getpid()} ")):
            ServiceLock(str(tmp_path / "state"), "fu", 367094)
        with ServiceLock(str(tmp_path / "state"), "bu"), pytest.raises(AlreadyServed, match="the mode bu of this host"):
            ServiceLock(str(tmp_path / "state"), "bu")
    with ServiceLock(str(tmp_path / "state"), "fu", 367094):
        pass
    assert os.listdir(tmp_path / "state") == ["fu.lock"]


def test_two_processes_with_different_states_do_not_work_in_one_folder(tmp_path: Path) -> None:
    """Processes for single runs share it. No file is made there."""
    work = tmp_path / "work"
    work.mkdir()
    refused = pytest.raises(AlreadyServed, match=re.escape(f"bu.folder = '{work}' is served by a process with another `state`"))
    with ServiceLock(str(tmp_path / "one"), "bu", work=str(work)):
        with refused:
            ServiceLock(str(tmp_path / "two"), "bu", work=str(work))
        assert os.listdir(tmp_path / "two") == []
    with ServiceLock(str(tmp_path / "two"), "fu", 1, str(work)), ServiceLock(str(tmp_path / "two"), "fu", 2, str(work)):
        with pytest.raises(AlreadyServed, match="another `state`"):
            ServiceLock(str(tmp_path / "one"), "fu", work=str(work))
        assert os.listdir(work) == []


def test_the_lock_of_a_killed_process_holds_up_nobody(tmp_path: Path) -> None:
    (tmp_path / "fu.lock").write_text("99999\n")
    with ServiceLock(str(tmp_path), "fu"):
        assert (tmp_path / "fu.lock").read_text() == f"{os.getpid()}\n"


def test_a_process_for_all_runs_and_one_for_a_run_exclude_each_other(tmp_path: Path) -> None:
    with ServiceLock(str(tmp_path), "fu"):
        with pytest.raises(AlreadyServed, match=f"the mode fu of this host is served by process {os.getpid()} "):
            ServiceLock(str(tmp_path), "fu", 367094)
        with ServiceLock(str(tmp_path), "bu"):
            pass
    refused = pytest.raises(AlreadyServed, match="the mode fu of this host is served by a process for one run ")
    with ServiceLock(str(tmp_path), "fu", 367094), ServiceLock(str(tmp_path), "fu", 367095), refused:
        ServiceLock(str(tmp_path), "fu")
    with ServiceLock(str(tmp_path), "fu"):
        assert os.listdir(tmp_path) == ["fu.lock"]


def test_where_no_lock_can_be_made_a_process_begins_all_the_same_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with ServiceLock(str(tmp_path / "file" / "state"), "fu"):
        pass
    assert f"Cannot lock {tmp_path}/file/state/fu.lock: Not a directory; nothing keeps a second process" in caplog.text


def test_on_a_read_only_disk_the_lock_that_is_there_still_keeps_a_second_process_out(tmp_path: Path) -> None:
    state, read_only = tmp_path / "state", tmp_path / "read only"
    with ServiceLock(str(state), "fu"), small_disk(read_only):
        subprocess.run(["mount", "-o", "bind,ro", state, read_only], check=True)
        try:
            with pytest.raises(AlreadyServed, match=f"served by process {os.getpid()} "):
                ServiceLock(str(read_only), "fu")
            with ServiceLock(str(read_only), "bu"):
                assert os.listdir(state) == ["fu.lock"]
        finally:
            subprocess.run(["umount", read_only], check=True)
