"""What the mode `bu` says of its places."""

from __future__ import annotations

import sys
from pathlib import Path

from services.transfer.bu.mode import place_problems
from services.transfer.cleanup import mode as cleanup_mode
from services.transfer.fu import mode as fu_mode
from services.transfer.options import BuOptions, CleanupOptions, FuOptions, GuiMachineOptions, Options


def test_a_folder_without_heartbeats_or_with_some_that_cannot_be_understood_is_named(tmp_path: Path) -> None:
    """One that is read while it is written is read once more; that of the BU itself does not count."""
    folder = str(tmp_path)
    bu = BuOptions(heartbeats=folder, hadd=sys.executable, root=sys.executable, gui_machines=(GuiMachineOptions("gui1"),))
    options = Options(host="bu1", bu=bu)
    (tmp_path / "bu1").write_text("")
    assert list(place_problems(options)) == [f"bu.heartbeats = {folder!r}: there is no heartbeat of another host"]
    (tmp_path / "fu1").write_text('{"activeRuns": []}')
    assert list(place_problems(options)) == []
    (tmp_path / "fu2").write_text('{"activeRuns": ["367094"]}')
    problem = "the heartbeat of fu2 cannot be understood: it has no list `activeRuns` of whole numbers"
    assert list(place_problems(options)) == [f"bu.heartbeats = {folder!r}: {problem}"]


def test_options_that_are_possible_and_hardly_meant_are_named(tmp_path: Path) -> None:
    options = Options(
        bu=BuOptions(heartbeats=str(tmp_path), hadd=sys.executable, root=sys.executable),
        fu=FuOptions(target=str(tmp_path), end_s=1),
        cleanup=CleanupOptions(folder="/fff/output/DQMOutput/run367094"),
    )
    assert "bu.gui_machines: there is none, so that nothing is delivered" in place_problems(options)
    problem = "fu.end_s = 1: a crashed client is restarted after 5 s, so that its run would end too early"
    assert list(fu_mode.place_problems(options)) == [problem]
    problem = "it is the folder of a run on a BU, whose snapshots would be removed"
    assert list(cleanup_mode.place_problems(options)) == [f"cleanup.folder = '/fff/output/DQMOutput/run367094': {problem}"]
