from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transfer.heartbeats import Heartbeats, RunWatch, active_runs

RUN = 367094
NOBODY = 65534
HEARTBEAT = {
    "fm_date": "2026-05-01 12:00:00.000000",
    "activeRuns": [RUN - 1, RUN],
    "activeRunStats": [{"run": RUN, "totalRes": 4, "errorRes": 0}],
    "version": "2.9.2",
    "idles": 0,
    "used": 8,
    "broken": 0,
    "quarantined": 0,
    "usedDataDir": 12345,
}
"""The heartbeat of an FU, with the fields of hltd."""


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    (tmp_path / "bu-c2e18").write_text(json.dumps({"activeRuns": [RUN]}))
    return tmp_path


def beat(boxes: Path, host: str, *runs: int, at: float = 0.0) -> None:
    """Rewrite the heartbeat of a host in place; `at` gives each a change time of its own."""
    (boxes / host).write_text(json.dumps(HEARTBEAT | {"activeRuns": runs}))
    os.utime(boxes / host, (at, at))


def watch(boxes: Path) -> RunWatch:
    return RunWatch(RUN, Heartbeats(str(boxes), "bu-c2e18", stale_s=60), gap_s=5)


def test_a_run_is_over_after_two_readings_of_every_fu_without_it(boxes: Path) -> None:
    watched = watch(boxes)
    beat(boxes, "fu1", RUN)
    beat(boxes, "fu2", RUN - 1)
    assert [watched.is_over(now) for now in (0, 5, 10)] == [False] * 3
    assert watched.waiting_for() == ["fu1"]
    beat(boxes, "fu1", at=1)
    assert [watched.is_over(now) for now in (12, 14, 16.4, 17)] == [False, False, False, True]
    assert watched.waiting_for() == []


def test_a_run_that_an_fu_lists_again_is_not_over(boxes: Path) -> None:
    watched = watch(boxes)
    beat(boxes, "fu1")
    assert not watched.is_over(0)
    beat(boxes, "fu1", RUN, at=1)
    assert not watched.is_over(4)
    beat(boxes, "fu1", at=2)
    assert [watched.is_over(now) for now in (5, 9, 10)] == [False, False, True]


@given(st.integers(0, len(json.dumps(HEARTBEAT)) - 1))
def test_a_heartbeat_that_is_cut_anywhere_says_nothing(cut: int) -> None:
    assert active_runs(json.dumps(HEARTBEAT).encode()) == {RUN - 1, RUN}
    assert active_runs(json.dumps(HEARTBEAT).encode()[:cut]) is None


@pytest.mark.parametrize(
    "text", [b"[]", b"{}", b'{"activeRuns": null}', b'{"activeRuns": ["367094"]}', b"\xff", b"[" * 100_000, b"\0" * 20]
)
def test_a_heartbeat_without_a_list_of_runs_says_nothing(text: bytes) -> None:
    assert active_runs(text) is None


def test_readings_of_cut_heartbeats_do_not_count(boxes: Path) -> None:
    watched = watch(boxes)
    beat(boxes, "fu1")
    assert not watched.is_over(0)
    whole = (boxes / "fu1").read_text()
    for now in range(5, 55, 5):
        (boxes / "fu1").write_text(whole[: 3 * now])
        assert not watched.is_over(now)
    beat(boxes, "fu1", at=1)
    assert watched.is_over(55)
    fresh = watch(boxes)
    (boxes / "fu1").write_text("")
    assert not fresh.is_over(0)
    assert fresh.waiting_for() == ["fu1"]


def test_an_fu_whose_heartbeat_stands_still_does_not_count_whatever_its_clock_says(boxes: Path) -> None:
    for change in (0, 4_000_000_000):
        watched = watch(boxes)
        beat(boxes, "fu1", RUN, at=change)
        assert [watched.is_over(now) for now in (0, 30, 59.4, 60)] == [False, False, False, True]
        beat(boxes, "fu1", RUN, at=change + 1)
        assert not watched.is_over(61)


def test_an_fu_that_ended_removes_its_heartbeat_and_does_not_count_after_two_readings(boxes: Path) -> None:
    watched = watch(boxes)
    beat(boxes, "fu1", RUN)
    beat(boxes, "fu2")
    assert [watched.is_over(now) for now in (0, 5)] == [False, False]
    (boxes / "fu1").unlink()
    assert [watched.is_over(now) for now in (6, 10, 11)] == [False, False, True]
    assert [watched.is_over(now) for now in (70, 80)] == [True, True]


def test_a_heartbeat_that_is_absent_for_a_moment_does_not_end_its_run(boxes: Path) -> None:
    watched = watch(boxes)
    beat(boxes, "fu1", RUN)
    beat(boxes, "fu2")
    assert [watched.is_over(now) for now in (0, 5)] == [False, False]
    (boxes / "fu1").unlink()
    assert not watched.is_over(6)
    beat(boxes, "fu1", RUN)
    assert [watched.is_over(now) for now in (8, 30)] == [False, False]
    assert watched.waiting_for() == ["fu1"]


def test_an_empty_folder_of_heartbeats_ends_no_run_before_they_are_stale(boxes: Path) -> None:
    watched = watch(boxes)
    assert [watched.is_over(now) for now in (0, 30, 59, 60)] == [False, False, False, True]
    watched = watch(boxes)
    beat(boxes, "fu1", RUN)
    assert not watched.is_over(100)
    (boxes / "fu1").unlink()
    assert [watched.is_over(now) for now in (110, 120, 169, 170)] == [False, False, False, True]


def test_the_heartbeat_of_the_bu_does_not_count_by_whichever_name(tmp_path: Path) -> None:
    for own, other in (("bu1", "bu1.cms"), ("bu1.cms", "bu1"), ("10.0.0.1", "10.0.0.1")):
        boxes = tmp_path / own
        boxes.mkdir()
        beat(boxes, other, RUN)
        beat(boxes, "10.0.0.2")
        watched = RunWatch(RUN, Heartbeats(str(boxes), own))
        assert [watched.is_over(0), watched.is_over(5), watched.waiting_for()] == [False, True, []]


def test_all_runs_share_one_reading_of_the_heartbeats(boxes: Path) -> None:
    shared = Heartbeats(str(boxes), "bu-c2e18")
    beat(boxes, "fu1", RUN)
    first = shared.read(10)
    assert shared.read(10.2) is first
    assert shared.read(11) is not first


def test_a_folder_or_pipe_in_place_of_a_heartbeat_blocks_nothing(boxes: Path) -> None:
    (boxes / "folder").mkdir()
    os.mkfifo(boxes / "pipe")
    watched = watch(boxes)
    assert not watched.is_over(0)
    assert watched.is_over(60)


def as_other_user(use: Callable[[], None]) -> None:
    """Use files in a process without the rights of root, as the user that the document recommends."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            use()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="takes the rights of another user, which needs those of root")
def test_an_fu_whose_heartbeat_may_not_be_read_ends_no_run_while_it_goes_on_and_is_named(
    boxes: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(boxes, "fu1", RUN)
    os.chmod(boxes / "fu1", 0o600)
    boxes.chmod(0o755)
    monkeypatch.chdir(boxes)  # the other user may not pass the folders above
    os.chown(boxes / "bu-c2e18", NOBODY, NOBODY)
    changes = os.open(boxes / "fu1", os.O_RDWR)  # goes on to write with the rights of root

    def look() -> None:
        shared = Heartbeats(".", "bu-c2e18", stale_s=60)
        watched = RunWatch(RUN, shared)
        for now in range(0, 300, 5):
            os.write(changes, b" ")
            assert not watched.is_over(now)
            assert watched.waiting_for() == ["fu1"]
        assert shared.problems() == {"fu1": "cannot be read: Permission denied"}
        logged = "The heartbeat of fu1 cannot be read: Permission denied; no run ends there until this is corrected"
        assert [record.getMessage() for record in caplog.records] == [logged]
        assert [watched.is_over(now) for now in (350, 354, 356)] == [False, False, True]  # it stands still
        assert shared.problems() == {}

    try:
        as_other_user(look)
    finally:
        os.close(changes)


@pytest.mark.parametrize("runs", [[str(RUN)], [float(RUN)], None])
def test_an_fu_whose_heartbeats_are_never_understood_is_named(boxes: Path, caplog: pytest.LogCaptureFixture, runs: object) -> None:
    shared = Heartbeats(str(boxes), "bu-c2e18", stale_s=60)
    watched = RunWatch(RUN, shared)
    problem = "cannot be understood: it has no list `activeRuns` of whole numbers"
    for now in range(0, 300, 5):
        (boxes / "fu1").write_text(json.dumps(HEARTBEAT | {"activeRuns": runs}))
        os.utime(boxes / "fu1", (now, now))
        assert not watched.is_over(now)
    assert watched.waiting_for() == ["fu1"]
    assert [record.getMessage() for record in caplog.records] == [
        f"The heartbeat of fu1 {problem}; no run ends there until this is corrected"
    ]
    assert shared.problems() == {"fu1": problem}
    beat(boxes, "fu1", at=300)
    assert not watched.is_over(300)
    assert (watched.waiting_for(), shared.problems()) == ([], {})


def test_a_folder_of_heartbeats_that_is_away_means_nothing(boxes: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        watch(boxes / "absent").is_over(0)
