"""What an FU says of files that wait."""

from __future__ import annotations

import time
from pathlib import Path

from services.transfer.fu.files import FileFinder, file_state
from services.transfer.fu.outbox import OutgoingFile
from services.transfer.fu.waiting import written_snapshots
from tests.support.processes import until
from tests.transfer.fu.filter_unit import HOST, RUN, FilterUnit


def test_while_the_target_is_away_the_state_says_since_when_why_and_what_was_written_last(tmp_path: Path) -> None:
    unit = FilterUnit(tmp_path)
    away = unit.target.with_name("away")
    unit.target.rename(away)
    began = time.time()
    error = f"{unit.target}: there is no such folder"
    with unit.serving() as serving:
        unit.write_snapshot(b"1")
        until(lambda: serving.service.state()["waiting"], "the first failure")
        before = serving.service.state()
        newest = unit.write_snapshot(b"22")
        until(lambda: serving.service.state()["waiting"][0]["written"] == newest.stat().st_ctime, "the newest snapshot")
        until(lambda: serving.service.state()["waiting"][0]["attempts"] > before["waiting"][0]["attempts"] + 1, "further failures")
        state = serving.service.state()
        (file,) = state["waiting"]
        assert (file["run"], file["client"], file["file"], file["error"]) == (RUN, "SiStrip", "snapshot", error)
        assert began <= file["since"] == before["waiting"][0]["since"], "the wait began with the first snapshot"
        assert (state["target"]["place"], state["target"]["error"]) == (str(unit.target), error)
        assert began <= state["target"]["since"] == before["target"]["since"]
        away.rename(unit.target)
        serving.wait_for(SiStrip=b"22")
        serving.wait_until_idle()
        state = serving.service.state()
        assert (state["waiting"], state["target"]) == ([], {"place": str(unit.target), "error": "", "since": 0.0})
        assert serving.records()[-1]["since"] == file["since"]


def test_a_process_has_written_its_newest_snapshot_also_before_that_is_sent(tmp_path: Path) -> None:
    unit = FilterUnit(tmp_path)
    path = unit.write_snapshot(b"1", pid=77)
    file, state = FileFinder(HOST).find(str(path)), file_state(str(path))
    assert file is not None
    assert state is not None
    sent = {77: ("SiStrip", 5.0), 78: ("Ecal", 6.0)}
    waiting = [OutgoingFile(file, state)]
    assert written_snapshots(RUN, sent, waiting) == {77: ("SiStrip", path.stat().st_ctime), 78: ("Ecal", 6.0)}
    assert written_snapshots(RUN, {}, waiting) == {77: ("SiStrip", path.stat().st_ctime)}
    assert written_snapshots(RUN + 1, sent, waiting) == sent
