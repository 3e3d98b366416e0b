"""A value has the same number in every log, permanently; the table does not reveal the value."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from app.core import database
from app.core.database import proxy
from app.core.settings import Settings
from app.publish import redaction_counts
from app.publish.sanitize.pseudonyms import Pseudonym, Pseudonyms, Secret, forget
from app.publish.sanitize.sanitizer import Sanitizer
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.both_databases

KEY = b"a key of this test, and of no hub"


def test_a_value_keeps_its_number_over_a_restart(hub: Settings) -> None:
    first = Sanitizer(KEY).lines(["on fu-c2f11-11-04: /home/jdoe/a.dat", "jdoe@example.org"])
    database.disconnect()
    database.connect(hub)
    again = Sanitizer(KEY).lines(["jdoe@example.org", "/home/jdoe/b.dat on dqmfu-c2b03-45-01, not fu-c2f11-11-04.cms, says jdoe"])
    assert first == ["on host-1: path-1/a.dat", "e-mail-1"]
    assert again == ["e-mail-1", "path-1/b.dat on host-2, not host-1, says user-1"]


def test_numbers_count_within_a_kind_in_reading_order(hub: Settings) -> None:
    numbered = Pseudonyms(KEY).numbers([Secret("host", "z"), Secret("path", "/b"), Secret("host", "a")])
    assert numbered == {Secret("host", "z"): 1, Secret("path", "/b"): 1, Secret("host", "a"): 2}


def test_the_table_holds_no_value(hub: Settings) -> None:
    Sanitizer(KEY).text("fu-c2f11-11-04 /home/jdoe/a.dat password=hunter2 jane.doe@example.org")
    stored = repr(list(proxy.execute_sql("SELECT * FROM publish_pseudonym").fetchall()))
    for value in ("c2f11", "jdoe", "hunter2", "jane"):
        assert value not in stored
    assert {len(row.digest) for row in Pseudonym.select()} == {32}


def test_a_forgotten_user_is_replaced_only_at_its_position_from_then_on(hub: Settings) -> None:
    assert Sanitizer(KEY).lines(["ssh -l kzcorr node", "the kzcorr module"]) == ["ssh -l user-1 node", "the user-1 module"]
    assert Sanitizer(KEY).lines(["the kzcorr module"]) == ["the user-1 module"]
    assert forget(1)
    assert not forget(2)
    assert Sanitizer(KEY).lines(["ssh -l kzcorr node", "the kzcorr module"]) == ["ssh -l user-1 node", "the kzcorr module"]


def test_the_command_forgets_a_user_and_refuses_what_is_none(hub: Settings) -> None:
    Sanitizer(KEY).text("ssh -l kzcorr node")
    assert "user-1" in dqmhub(hub, "publish", "forget", "user-1").stdout
    for name in ("user-7", "host-1", "kzcorr"):
        assert dqmhub(hub, "publish", "forget", name).returncode != 0
    assert Sanitizer(KEY).text("the kzcorr module") == "the kzcorr module"


def test_another_key_finds_none_of_the_numbers(hub: Settings) -> None:
    Sanitizer(KEY).text("fu-c2f11-11-04")
    assert Sanitizer(b"another key").text("fu-c2f11-11-04") == "host-2"


def test_concurrent_publishers_assign_one_number_to_a_value_and_no_number_twice(hub: Settings) -> None:
    start = threading.Barrier(4)
    numbered: list[dict[Secret, int]] = []

    def publish(which: int) -> None:
        ours = Pseudonyms(KEY)
        start.wait(PATIENCE_S)
        try:
            for turn in range(5):
                numbered.append(ours.numbers([Secret("host", f"h{(number * 7 + which) % 40 + turn}") for number in range(40)]))
        finally:
            database.end_thread()

    threads = [threading.Thread(target=publish, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(numbered) == 20
    together: dict[Secret, int] = {}
    for numbers in numbered:
        assert {**numbers, **together} == {**together, **numbers}
        together |= numbers
    assert len(set(together.values())) == len(together) == 44


def test_many_new_values_at_once_are_numbered(hub: Settings) -> None:
    secrets = [Secret("token", str(number)) for number in range(1500)]
    assert Pseudonyms(KEY).numbers(secrets) == {secret: number for number, secret in enumerate(secrets, 1)}


def test_redactions_are_summed_by_day_and_kind(hub: Settings) -> None:
    redaction_counts.add({"host": 2, "path": 1})
    redaction_counts.add({"host": 3})
    today = datetime.now(UTC).date().isoformat()
    assert redaction_counts.totals() == redaction_counts.totals(today) == {"host": 5, "path": 1}
    assert redaction_counts.totals("9999-01-01") == {}
