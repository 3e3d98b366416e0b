"""What the mode `bu` says of its places."""

from __future__ import annotations

import sys
from pathlib import Path

from services.transfer.bu.mode import place_problems
from services.transfer.options import BuOptions, Options


def test_a_folder_without_heartbeats_or_with_some_that_cannot_be_understood_is_named(tmp_path: Path) -> None:
    """One that is read while it is written is read once more; that of the BU itself does not count."""
    folder = str(tmp_path)
    options = Options(host="bu1", bu=BuOptions(heartbeats=folder, hadd=sys.executable, root=sys.executable))
    (tmp_path / "bu1").write_text("")
    assert list(place_problems(options)) == [f"bu.heartbeats = {folder!r}: there is no heartbeat of another host"]
    (tmp_path / "fu1").write_text('{"activeRuns": []}')
    assert list(place_problems(options)) == []
    (tmp_path / "fu2").write_text('{"activeRuns": ["367094"]}')
    problem = "the heartbeat of fu2 cannot be understood: it has no list `activeRuns` of whole numbers"
    assert list(place_problems(options)) == [f"bu.heartbeats = {folder!r}: {problem}"]
