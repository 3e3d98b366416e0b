"""Sending: every mirror gets everything, however long it was away, and none waits for another."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core.settings import Settings
from app.publish import revisions
from app.publish.models import MirrorState as Row
from app.publish.models import PublishedItem, RevisionSeries
from app.publish.pieces import PieceKey
from app.publish.sending import MIN_SERIES_S, MirrorResponse, Sender
from protocol.snapshot import Snapshot, pack
from tests.publish import receivers
from tests.publish.copies import published
from tests.publish.receivers import never
from tests.publish.test_revisions import piece, publish
from tests.support.certificates import write_certificate
from tests.support.ports import free_port

pytestmark = pytest.mark.both_databases


@pytest.fixture
def keyed(hub: Settings) -> Settings:
    """Settings with a key, and something published."""
    receivers.public_key(hub)
    publish(piece(1, "one", "two"), piece(2, "x" * 500))
    return hub


@pytest.fixture
def mirror(keyed: Settings, tmp_path: Path) -> Iterator[receivers.Mirror]:
    with receivers.mirror(tmp_path / "mirror", keyed) as running:
        yield running


def row(address: str) -> Row:
    found: Row = Row.get(Row.address == address)
    return found


def again(address: str) -> None:
    """Do not wait for the next try."""
    Row.update(not_before=0.0).where(Row.address == address).execute()


def test_a_mirror_gets_everything_and_then_what_changes(keyed: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, keyed)
    sender.step(never)
    assert mirror.contents() == published()
    publish(piece(1, "changed"))
    sender.step(never)
    assert mirror.contents() == published()
    assert [len(snapshot.items) for snapshot in mirror.taken] == [3, 2]
    assert (mirror.taken[-1].hub, mirror.taken[-1].at) == ("Test", revisions.current().at)
    found = row(mirror.url)
    assert (found.revision, found.failures, found.error) == (2, 0, "")
    assert found.sent > 1000
    sender.step(never)
    assert len(mirror.taken) == 2, "nothing new is not sent"


def test_a_mirror_that_was_away_catches_up(keyed: Settings, mirror: receivers.Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "SNAPSHOT_BYTES", 100)
    sender = Sender(mirror.url, keyed)
    sender.step(never)
    mirror.end()
    for number in range(3, 9):
        publish(piece(number, f"{number}" * 60))
    publish(gone=(PieceKey("run", "production", 2),))
    sender.step(never)
    assert "Connection refused" in row(mirror.url).error
    assert row(mirror.url).failures == 1
    mirror.start()
    again(mirror.url)
    sender.step(never)
    assert mirror.contents() == published()
    assert len(mirror.taken) > 3
    assert row(mirror.url).failures == 0


def test_a_mirror_that_lost_what_it_had_gets_it_again(keyed: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, keyed)
    sender.step(never)
    mirror.end()
    mirror.folder = mirror.folder.with_name("empty")
    mirror.start()
    publish(piece(1, "new"))
    sender.step(never)
    assert mirror.contents() == published()


def test_a_mirror_with_more_than_a_database_that_was_put_back_gets_everything_under_new_numbers(
    keyed: Settings, mirror: receivers.Mirror
) -> None:
    publish(piece(1, "lost later"))
    Sender(mirror.url, keyed).step(never)
    old = revisions.current()
    PublishedItem.update(revision=1).execute()
    RevisionSeries.update(revision=1).execute()
    Sender(mirror.url, keyed).step(never)
    assert "whose newest is 1" in row(mirror.url).error
    assert revisions.current().name == old.name, "a mirror that only says so cannot have everything sent again and again"
    RevisionSeries.update(started=old.started - MIN_SERIES_S).execute()
    again(mirror.url)
    Sender(mirror.url, keyed).step(never)
    new = revisions.current()
    assert new.name != old.name
    assert (mirror.routes.store.state().series, mirror.have()) == (new.name, new.revision)
    assert mirror.contents() == published()


def test_a_mirror_of_a_hub_that_began_later_is_left_alone(keyed: Settings, mirror: receivers.Mirror) -> None:
    from app.publish.keys import signing_key

    later = Snapshot("29990101T000000Z000000", time.time() + 100, 0, 1, time.time(), "Other", [])
    mirror.routes.receiver.receive(pack(later, signing_key(keyed)))
    Sender(mirror.url, keyed).step(never)
    assert "It refuses revision 1" in row(mirror.url).error
    assert "did not start later" in row(mirror.url).error
    assert mirror.routes.store.state().series == later.series


def test_a_mirror_that_does_not_trust_the_key_says_so(keyed: Settings, mirror: receivers.Mirror) -> None:
    mirror.routes.receiver.keys = [Ed25519PrivateKey.generate().public_key()]
    Sender(mirror.url, keyed).step(never)
    assert "status 403" in row(mirror.url).error
    assert "This mirror does not trust the key" in row(mirror.url).error


def test_a_mirror_that_was_away_for_longer_than_removals_are_known_is_not_left_with_what_is_gone(
    keyed: Settings, mirror: receivers.Mirror
) -> None:
    sender = Sender(mirror.url, keyed)
    sender.step(never)
    RevisionSeries.update(revision=9, forgotten=5).execute()
    sender.step(never)
    assert "Empty its file" in row(mirror.url).error


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"<html>hello</html>", 200, "This address is not a mirror (its response has status 200)"),
        (b'{"series": 7, "have": "x"}', 200, "This address is not a mirror (its response has status 200)"),
        (b"[" * 100_000, 200, "This address is not a mirror (its response has status 200)"),
        (b"gone", 404, "Its response has status 404"),
        (b'{"message": "too many"}', 429, "Its response has status 429: too many"),
        (b"", 302, "Its response has status 302"),
        (b'{"series": "", "have": 0}', 200, "It reports revision 0"),
    ],
)
def test_what_is_no_mirror_is_named_and_tried_ever_more_seldom(keyed: Settings, body: bytes, status: int, said: str) -> None:
    with receivers.answering(body, status) as address:
        sender = Sender(address, keyed)
        for failures in range(1, 4):
            sender.step(never)
            assert said in row(address).error
            assert row(address).failures == failures
            assert row(address).not_before - (row(address).last_error or 0) == pytest.approx(2.0 ** (failures - 1))
            sender.step(never)
            assert row(address).failures == failures, "it is not asked before its time"
            again(address)


def test_one_that_says_something_else_each_time_is_left_alone_after_a_few_tries(keyed: Settings) -> None:
    asked = itertools.count()
    with receivers.answering(lambda: json.dumps({"series": "other", "have": next(asked)}).encode(), 409) as address:
        Sender(address, keyed).step(never)
        assert "It refuses revision" in row(address).error
        assert next(asked) < 10


def test_a_certificate_of_an_unknown_authority_is_refused_and_of_a_known_one_taken(keyed: Settings, tmp_path: Path) -> None:
    certificate, other = write_certificate(tmp_path, "mirror"), write_certificate(tmp_path, "other")
    with receivers.mirror(tmp_path / "mirror", keyed, certificate) as mirror:
        for authority in ("", other):
            Sender(mirror.url, keyed.replace(publish_ca=authority)).step(never)
            assert "certificate verify failed" in row(mirror.url).error
            assert mirror.taken == []
            again(mirror.url)
        Sender(mirror.url, keyed.replace(publish_ca=certificate)).step(never)
        assert mirror.contents() == published()


def test_a_mirror_that_is_away_has_a_row_before_it_was_ever_there(keyed: Settings) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    Sender(address, keyed).step(never)
    assert (row(address).revision, row(address).failures) == (0, 1)


def test_a_clock_that_was_set_back_stops_nothing(keyed: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, keyed)
    sender.step(never)
    publish(piece(1, "new"))
    Row.update(not_before=time.time() + 3600).execute()
    sender.step(never)
    assert mirror.contents() == published()


def test_a_mirror_writes_no_lines_of_its_own_into_our_log() -> None:
    assert (
        MirrorResponse(403, {"message": "no\n2026-11-22 CRITICAL the hub is broken\x1b[2J"}).message
        == "no 2026-11-22 CRITICAL the hub is broken\ufffd[2J"
    )
