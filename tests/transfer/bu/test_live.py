"""Which run is the ongoing one (run 0) in the GUI, by the heartbeats of the FUs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.transfer import heartbeats
from services.transfer.bu.live import LiveRun
from services.transfer.heartbeats import Heartbeats
from services.transfer.journal import Journal

RUN, TEST_RUN = 367094, 999999


class Bu:
    """A BU with heartbeats of FUs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(heartbeats, "LEAST_AGE_S", 0.0)
        self._folder, self.boxes = folder, folder / "boxes"
        self.boxes.mkdir()
        self.beat("bu1", TEST_RUN)
        self.start()

    def start(self) -> None:
        """Start the service."""
        self.journal = Journal(self._folder / "bu.sqlite")
        self.live = LiveRun(Heartbeats(str(self.boxes), "bu1"), self.journal)

    def beat(self, host: str, *runs: int, age_s: float = 0.0) -> None:
        """Write the heartbeat of a host."""
        (self.boxes / host).write_text(json.dumps({"activeRuns": runs}))
        changed = time.time() - age_s
        os.utime(self.boxes / host, (changed, changed))


@pytest.fixture
def bu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bu]:
    found = Bu(tmp_path, monkeypatch)
    yield found
    found.journal.close()


def test_the_ongoing_run_is_the_highest_one_that_an_fu_lists(bu: Bu) -> None:
    bu.beat("fu1", RUN)
    bu.beat("fu2", RUN, RUN + 1)
    assert bu.live.choose([RUN]) == RUN  # the next one has no snapshot yet
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1


def test_an_older_run_that_still_ends_never_becomes_the_ongoing_one_again(bu: Bu) -> None:
    bu.beat("fu1", RUN, RUN + 1)
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1
    bu.beat("fu1", RUN)  # the newer one was short
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1
    bu.journal.close()
    bu.start()
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1
    assert bu.live.choose([RUN]) == RUN + 1  # its folder is too old to be watched


def test_an_older_run_that_is_played_back_after_a_newer_one_is_the_ongoing_one(bu: Bu) -> None:
    bu.live.note([RUN + 1])
    bu.beat("fu1", RUN + 1)
    assert bu.live.choose([RUN + 1]) == RUN + 1
    bu.beat("fu1", RUN)
    bu.live.note([RUN, RUN + 1])
    assert bu.live.choose([RUN, RUN + 1]) == RUN
    bu.journal.close()
    bu.start()
    bu.live.note([RUN, RUN + 1])
    bu.beat("fu1", RUN, RUN + 1)
    assert bu.live.choose([RUN, RUN + 1]) == RUN
    bu.beat("fu1")
    assert bu.live.choose([RUN, RUN + 1]) == RUN  # a late file of the other one changes nothing


def test_a_run_of_a_test_that_was_listed_once_does_not_hide_the_runs_that_follow(bu: Bu) -> None:
    for run, listed in ((RUN, [RUN]), (TEST_RUN, [RUN, TEST_RUN]), (RUN + 1, [RUN + 1])):
        bu.live.note([run])
        bu.beat("fu1", *listed)
        assert bu.live.choose([RUN, TEST_RUN, run]) == run


def test_of_the_runs_that_are_there_at_the_first_start_the_highest_one_is_the_ongoing_one(bu: Bu) -> None:
    bu.beat("fu1", RUN, RUN + 1)
    bu.live.note([RUN + 1, RUN])
    assert [bu.live.choose([RUN + 1]), bu.live.choose([RUN, RUN + 1])] == [RUN + 1, RUN + 1]


def test_a_run_with_a_high_number_that_no_fu_has_does_not_hide_the_ongoing_one(bu: Bu) -> None:
    bu.beat("fu1")
    assert bu.live.choose([RUN, TEST_RUN]) == TEST_RUN  # nothing else goes on
    bu.beat("fu1", RUN + 1)
    assert bu.live.choose([RUN, RUN + 1, TEST_RUN]) == RUN + 1
    bu.beat("fu1")
    (bu.boxes / "fu2").write_text('{"activeRuns": [')
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1


def test_a_heartbeat_that_is_being_rewritten_counts_as_before(bu: Bu) -> None:
    bu.beat("fu1", RUN)
    assert bu.live.choose([RUN, TEST_RUN]) == RUN
    for text in ("", '{"activeRuns": [3670'):
        (bu.boxes / "fu1").write_text(text)
        assert bu.live.choose([RUN, TEST_RUN]) == RUN


def test_a_pipe_that_is_open_among_the_heartbeats_says_nothing(bu: Bu) -> None:
    """A reading of it without waiting gives nothing, not even an end."""
    bu.beat("fu1", RUN)
    os.mkfifo(bu.boxes / "pipe")
    writer = os.open(bu.boxes / "pipe", os.O_RDWR)
    try:
        assert bu.live.choose([RUN, TEST_RUN]) == RUN
    finally:
        os.close(writer)


def test_the_heartbeat_of_the_bu_does_not_count_by_its_full_name_either(bu: Bu) -> None:
    bu.beat("fu1", RUN)
    bu.beat("bu1.cms", TEST_RUN)
    assert bu.live.choose([RUN, TEST_RUN]) == RUN


@pytest.mark.parametrize("fault", ["stale", "absent", "damaged"])
def test_without_heartbeats_the_highest_run_is_the_ongoing_one(bu: Bu, fault: str) -> None:
    bu.beat("fu1", RUN)
    assert bu.live.choose([RUN]) == RUN
    if fault == "stale":
        bu.beat("fu1", RUN, age_s=3600)
    elif fault == "damaged":
        (bu.boxes / "fu1").unlink()
        (bu.boxes / "fu1").mkdir()
    else:
        for box in bu.boxes.iterdir():
            box.unlink()
        bu.boxes.rmdir()
    bu.journal.close()
    bu.start()
    assert bu.live.choose([RUN, RUN + 1]) == RUN + 1
    assert bu.live.choose([]) == RUN
