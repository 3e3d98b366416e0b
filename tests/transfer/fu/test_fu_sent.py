"""What the mode remembers of the files that it sent."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from services.transfer.fu.files import FileFinder, file_state
from services.transfer.fu.sent import SentFiles
from services.transfer.journal import Journal

RUN = 367094


def test_a_client_that_crashed_keeps_its_name_when_its_successor_has_written(tmp_path: Path) -> None:
    """Otherwise it was taken for one that never wrote, as long as the list of processes has it."""
    path = tmp_path / f"run{RUN}_SiStrip_DQMLive.pb"
    file = FileFinder("fu1").find(str(path))
    assert file is not None
    written = {}
    with closing(Journal(tmp_path / "fu.sqlite")) as journal:
        sent = SentFiles(journal)
        for pid in (7, 9):
            path.write_bytes(b"\x0a" * pid)
            state = file_state(str(path))
            assert state is not None
            sent.add(file, state, pid, {"kind": "file", "at": 0.0, "run": RUN})
            written[pid] = ("SiStrip", path.stat().st_ctime)
        assert sent.snapshots(RUN) == written
        assert SentFiles(journal).snapshots(RUN) == {9: written[9]}
