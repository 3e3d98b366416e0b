"""The order in which files are sent, and the pauses after failures."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

from services.transfer.files import FileVersion
from services.transfer.fu.files import ClientFile, FileState
from services.transfer.fu.outbox import AGED_S, Outbox, OutgoingFile
from services.transfer.names import FileKind
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

ALL = (FileKind.SNAPSHOT, FileKind.ROOT_FILE)
NEVER_S = 1e9


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait_for_taker(outbox: Outbox) -> None:
    """Wait until somebody has looked for a file, found none, and waits for a change."""
    until(lambda: outbox._changed._waiters, "a taker that waits")


def outgoing(name: str, run: int = 1, kind: FileKind = FileKind.SNAPSHOT, inode: int = 1) -> OutgoingFile:
    file = ClientFile(f"/{name}", kind, run, name, 0, f"{run}-{name}")
    return OutgoingFile(file, FileState(FileVersion(inode, 1, 1), 1.0))


def names(outbox: Outbox, count: int) -> list[str]:
    taken = [outbox.take(ALL) for _ in range(count)]
    return [one.file.name for one in taken if one]


def test_snapshots_come_before_root_files_and_newer_runs_before_older_ones() -> None:
    outbox = Outbox(1, 1)
    for one in (
        outgoing("a", 1, FileKind.ROOT_FILE),
        outgoing("b", 1),
        outgoing("c", 2, FileKind.ROOT_FILE),
        outgoing("d", 2),
        outgoing("e", 2),
        outgoing("f", 3, FileKind.ROOT_FILE),
    ):
        outbox.put(one)
    assert names(outbox, 6) == ["2-d", "2-e", "1-b", "3-f", "2-c", "1-a"]


def test_a_thread_for_snapshots_waits_while_there_are_root_files_alone() -> None:
    outbox = Outbox(1, 1)
    outbox.put(outgoing("big", 1, FileKind.ROOT_FILE))
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(outbox.take, (FileKind.SNAPSHOT,))
        assert names(outbox, 1) == ["1-big"]
        outbox.put(outgoing("small"))
        taken = taking.result(PATIENCE_S)
        assert taken is not None
        assert taken.file.name == "1-small"


def test_only_the_newest_version_of_a_file_is_sent_and_never_two_at_once() -> None:
    outbox = Outbox(1, 1)
    versions = [outgoing("a", inode=number) for number in range(4)]
    outbox.put(versions[0])
    outbox.put(versions[1])
    assert outbox.take(ALL) is versions[1]
    outbox.put(versions[2])
    outbox.put(versions[3])
    outbox.put(outgoing("b"))
    assert names(outbox, 1) == ["1-b"]
    assert len(outbox) == 3
    versions[1].attempts = 1
    outbox.retry(versions[1])  # a newer one is there, which need not wait
    assert outbox.take(ALL) is versions[3]
    outbox.finish(versions[3])
    assert len(outbox) == 1


def test_a_file_that_failed_waits_and_holds_up_no_other() -> None:
    outbox = Outbox(NEVER_S, NEVER_S)
    failed = outgoing("a")
    outbox.put(failed)
    assert outbox.take(ALL) is failed
    failed.attempts = 1
    outbox.retry(failed)
    outbox.put(outgoing("b"))
    assert names(outbox, 1) == ["1-b"]
    assert outbox.find("1-a") is failed


def test_pauses_get_twice_as_long_up_to_a_limit() -> None:
    clock = Clock()
    outbox = Outbox(1, 60, clock)
    pauses = []
    for attempts in (1, 2, 3, 6, 7, 5000):
        one = outgoing("a")
        outbox.put(one)
        assert outbox.take(ALL) is one
        one.attempts = attempts
        outbox.retry(one)
        pauses.append(outbox._timers[-1][0] - clock.now)
        outbox.put(outgoing("a", inode=2))
        newer = outbox.take(ALL)
        assert newer is not None
        outbox.finish(newer)
        outbox._timers.clear()
    assert pauses == [1, 2, 4, 32, 60, 60]


def test_while_the_target_is_unreachable_one_file_is_tried_after_each_pause() -> None:
    clock = Clock()
    outbox = Outbox(1, 60, clock)
    for name in "abcde":
        outbox.put(outgoing(name))
    for one in [outbox.take(ALL), outbox.take(ALL)]:
        assert one is not None
        one.attempts = 1
        outbox.retry(one, is_target=True)
    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(outbox.take, ALL)
        wait_for_taker(outbox)
        clock.now += 2
        outbox.put(outgoing("f"))
        probe = taking.result(PATIENCE_S)
        assert probe is not None
        taking = pool.submit(outbox.take, ALL)
        wait_for_taker(outbox)
        assert not taking.done()
        outbox.finish(probe)  # it was sent: the target is there again
        assert taking.result(PATIENCE_S) is not None
        assert outbox.take(ALL) is not None


def test_a_big_file_that_is_being_sent_holds_up_no_other_after_a_failure_of_the_target() -> None:
    clock = Clock()
    outbox = Outbox(1, 60, clock)
    outbox.put(outgoing("big", kind=FileKind.ROOT_FILE))
    assert names(outbox, 1) == ["1-big"]  # for hours
    outbox.put(outgoing("a"))
    failed = outbox.take(ALL)
    assert failed is not None
    failed.attempts = 1
    outbox.retry(failed, is_target=True)
    outbox.put(outgoing("b"))
    outbox.put(outgoing("c"))
    clock.now += 1
    probe = outbox.take(ALL)
    assert probe is not None
    outbox.finish(probe)
    assert len({probe.file.name, *names(outbox, 2)}) == 3


def test_a_big_file_that_is_the_first_after_a_failure_of_the_target_holds_up_no_other() -> None:
    clock = Clock()
    outbox = Outbox(1, 60, clock)
    for name, kind in (("a", FileKind.SNAPSHOT), ("big", FileKind.ROOT_FILE)):
        outbox.put(outgoing(name, kind=kind))
    failed = outbox.take(ALL)
    assert failed is not None
    failed.attempts = 9
    outbox.retry(failed, is_target=True)
    clock.now += 1
    assert names(outbox, 1) == ["1-big"]
    outbox.put(outgoing("b"))
    clock.now += 1
    assert names(outbox, 1) == ["1-b"]


def test_while_a_newer_run_fills_a_slow_target_files_of_older_ones_are_sent_too() -> None:
    clock = Clock()
    outbox = Outbox(1, 1, clock)
    sent = []
    for turn in range(8):
        clock.now += AGED_S
        for run in (1, 2):
            outbox.put(outgoing("snapshot", run, inode=turn))
        if turn == 2:
            outbox.put(outgoing("root", 1, FileKind.ROOT_FILE))
        one = outbox.take(ALL)
        assert one is not None
        sent.append(one.file.name)
        clock.now += AGED_S
        outbox.finish(one)
    assert sent.count("2-snapshot") >= 4
    assert sent.count("1-snapshot") >= 2
    assert sent.count("1-root") == 1


def test_the_companion_ends_the_wait_of_a_file_also_when_it_comes_while_the_file_is_looked_at() -> None:
    outbox = Outbox(1, 1)
    one = outgoing("a")
    outbox.put(one)
    assert outbox.take(ALL) is one
    outbox.postpone(one, NEVER_S)
    outbox.hurry("1-a")
    assert outbox.take(ALL) is one
    outbox.hurry("1-a")
    outbox.postpone(one, NEVER_S)
    assert outbox.take(ALL) is one


def test_a_failed_file_is_not_hurried_by_its_companion() -> None:
    outbox = Outbox(NEVER_S, NEVER_S)
    one = outgoing("a")
    outbox.put(one)
    assert outbox.take(ALL) is one
    one.attempts = 1
    outbox.retry(one)
    outbox.hurry("1-a")
    outbox.put(outgoing("b"))
    outbox.put(outgoing("c"))
    assert names(outbox, 2) == ["1-b", "1-c"]


def test_whatever_fails_the_newest_version_of_each_file_is_sent_last_and_never_two_at_once() -> None:
    outbox = Outbox(0.0001, 0.001)
    sent: dict[str, list[int]] = {}
    active: list[str] = []
    problems: list[str] = []

    def send(seed: int) -> None:
        chance = random.Random(seed)
        while (one := outbox.take(ALL)) is not None:
            name = one.file.name
            if name in active:
                problems.append(name)
            active.append(name)
            one.attempts += 1
            outcome = chance.choice(("sent", "failed", "target failed", "no companion"))
            if outcome == "sent":
                sent.setdefault(name, []).append(one.state.version.inode)
            active.remove(name)
            if outcome == "sent":
                outbox.finish(one)
            elif outcome == "no companion":
                outbox.postpone(one, chance.choice((0.0, NEVER_S)))
            else:
                outbox.retry(one, is_target=outcome == "target failed")

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    chance = random.Random(9)
    everything = [f"1-{name}" for name in "abcdefgh"]
    newest: dict[str, int] = {}
    for version in range(300):
        name = chance.choice("abcdefgh")
        newest[f"1-{name}"] = version
        outbox.put(outgoing(name, kind=FileKind.SNAPSHOT if name < "d" else FileKind.ROOT_FILE, inode=version))

    def is_all_sent() -> bool:
        for name in everything:
            outbox.hurry(name)
        return len(outbox) == 0

    until(is_all_sent, "an empty outbox")
    outbox.close()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert problems == []
    assert set(sent) == set(everything)
    assert {name: versions[-1] for name, versions in sent.items()} == newest
    assert all(versions == sorted(versions) for versions in sent.values())


def test_a_wait_goes_on_while_a_version_is_tried_and_a_newer_one_comes_and_ends_once_it_was_sent() -> None:
    outbox = Outbox(0, 0)
    outbox.put(outgoing("a"))
    first = outbox.take(ALL)
    assert first
    first.waits_since, first.failures, first.error = 5.0, 3, "there is no such folder"
    second = outgoing("a", inode=2)
    outbox.put(second)
    waits = [(one.state.version.inode, one.waits_since, one.failures, one.error) for one in outbox.waiting()]
    assert waits == [(2, 5.0, 3, "there is no such folder")]
    outbox.finish(first)
    assert [(one.waits_since, one.failures, one.error) for one in outbox.waiting()] == [(second.noticed, 0, "")]


def test_nobody_waits_for_a_closed_outbox() -> None:
    outbox = Outbox(1, 1)
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.append(outbox.take(ALL)))
    thread.start()
    outbox.close()
    thread.join(PATIENCE_S)
    assert taken == [None]
