"""The transfer is killed at its steps; each file of a run is in the GUI nevertheless, whole and once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.storms import TIMES, chance, note_kills
from tests.transfer.site.kill_storm import count_steps, kill_in
from tests.transfer.site.online_site import online_site, write_client_files

pytestmark = [pytest.mark.slow, pytest.mark.storm]

FIRST = 367100
RUNS = 1 if TIMES == 1 else -(-3 * TIMES // 2)
"""Rounds of the test: 30 with the 20 times of the long form. All modes are killed in each of them."""
STEPS = {"fu1": 60, "bu": 90, "gui1": 4}
"""Steps that each run has at least, for the short form, which does not count them."""
REMOVED = 30
"""Files that a clean-up removes."""
KILLS = min(2 * TIMES, REMOVED)
"""Kills of a clean-up."""


def test_a_transfer_that_is_killed_at_any_step_does_everything_once(tmp_path: Path, sqlite_template: Path, render: Path) -> None:
    runs = list(range(FIRST, FIRST + RUNS + 1))
    files = tmp_path / "clients"
    write_client_files(files, *runs)
    with online_site(tmp_path, sqlite_template, files, render, "fu1", "bu", "gui1") as site:
        steps = STEPS if TIMES == 1 else count_steps(site, runs.pop())
        killed = kill_in(site, runs[:RUNS], steps, chance(16), cuts_power=TIMES > 1)
        note_kills("transfer", killed)
        assert all(2 * killed.get(host, 0) >= RUNS for host in steps), "a kill can come after the last step of a run, but most do not"


def test_a_clean_up_that_is_killed_at_any_step_removes_what_it_may_and_nothing_else(tmp_path: Path) -> None:
    folder, config = tmp_path / "files", tmp_path / "transfer.toml"
    folder.mkdir()
    config.write_text(
        f'state = "{tmp_path}/state"\n[cleanup]\nfolder = "{folder}"\nperiod_s = 0.1\nlife_time_min = 0\ndisk_mark = 0\ndisk_low = 0\n'
    )
    old = [f"run{run}_DQMLive_concat_{number:032x}.pb" for run in (367001, 367002) for number in range(13)]
    newest = [f"run367003_DQMLive_concat_{number:032x}.pb" for number in range(14)]
    others = ["DQM_V0001_R000367001__Global__Online__ALL.root", "notes.txt"]
    assert len([*old, *newest[:-10]]) == REMOVED
    words = [sys.executable, "-m", "tests.transfer.site.killed"]
    arguments = ["cleanup", "--config", str(config)]
    for kill_at in sorted(chance(17).sample(range(1, REMOVED + 1), KILLS)):
        for age, name in enumerate([*others, *old, *newest]):
            (folder / name).write_bytes(b"content")
            os.utime(folder / name, (1_700_000_000 + 60 * age,) * 2)  # a run is over a minute after its last file
        done = subprocess.run([*words, str(kill_at), *arguments], cwd=TREE, capture_output=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        stay = {*others, *newest[-10:]}
        assert stay <= set(os.listdir(folder))
        with subprocess.Popen([sys.executable, "-m", "services.transfer", *arguments], cwd=TREE, stderr=subprocess.DEVNULL) as process:
            until(lambda stay=stay: set(os.listdir(folder)) == stay, "the rest of the clean-up")
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
    note_kills("clean-up", {"cleanup": KILLS})
