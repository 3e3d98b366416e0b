"""Sending: every mirror gets all items after any outage, and none waits for another."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core.settings import Settings
from app.publish import revisions, sending
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
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.stopped_clock import StoppedClock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("clock")]  # pauses end when a test says so


@pytest.fixture(autouse=True)
def _patient_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that is up answers in time, however slow this machine is."""
    monkeypatch.setattr(sending, "CONNECT_S", PATIENCE_S)
    monkeypatch.setattr(sending, "EXCHANGE_S", PATIENCE_S)


@pytest.fixture
def settings_with_key(hub: Settings) -> Settings:
    """Settings with a key, and something published."""
    receivers.public_key(hub)
    publish(piece(1, "one", "two"), piece(2, "x" * 500))
    return hub


@pytest.fixture
def mirror(settings_with_key: Settings, tmp_path: Path) -> Iterator[receivers.Mirror]:
    with receivers.mirror(tmp_path / "mirror", settings_with_key) as running:
        yield running


def row(address: str) -> Row:
    found: Row = Row.get(Row.address == address)
    return found


def end_pause(address: str) -> None:
    """End the pause before the next attempt."""
    Row.update(not_before=0.0).where(Row.address == address).execute()


def test_a_mirror_gets_everything_and_then_changes_only(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, settings_with_key)
    sender.step(never)
    assert mirror.contents() == published()
    publish(piece(1, "changed"))
    sender.step(never)
    assert mirror.contents() == published()
    assert [len(snapshot.items) for snapshot in mirror.accepted] == [3, 2]
    assert (mirror.accepted[-1].hub, mirror.accepted[-1].at) == ("Test", revisions.current().at)
    found = row(mirror.url)
    assert (found.revision, found.failures, found.error) == (2, 0, "")
    assert found.sent > 1000
    sender.step(never)
    assert len(mirror.accepted) == 2, "nothing is sent without changes"


def test_a_mirror_that_was_unreachable_catches_up(
    settings_with_key: Settings, mirror: receivers.Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "SNAPSHOT_BYTES", 100)
    sender = Sender(mirror.url, settings_with_key)
    sender.step(never)
    mirror.end()
    for number in range(3, 9):
        publish(piece(number, f"{number}" * 60))
    publish(removed=(PieceKey("run", "production", 2),))
    sender.step(never)
    assert "Connection refused" in row(mirror.url).error
    assert row(mirror.url).failures == 1
    mirror.start()
    end_pause(mirror.url)
    sender.step(never)
    assert mirror.contents() == published()
    assert len(mirror.accepted) > 3
    assert row(mirror.url).failures == 0


def test_a_mirror_that_lost_its_data_gets_them_again(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, settings_with_key)
    sender.step(never)
    mirror.end()
    mirror.folder = mirror.folder.with_name("empty")
    mirror.start()
    publish(piece(1, "new"))
    sender.step(never)
    assert mirror.contents() == published()


def test_after_the_database_was_restored_a_mirror_gets_everything_in_a_new_series(
    settings_with_key: Settings, mirror: receivers.Mirror, clock: StoppedClock
) -> None:
    publish(piece(1, "lost later"))
    Sender(mirror.url, settings_with_key).step(never)
    old = revisions.current()
    clock.advance(1)
    PublishedItem.update(revision=1).execute()
    RevisionSeries.update(revision=1).execute()
    Sender(mirror.url, settings_with_key).step(never)
    assert "but the newest is 1" in row(mirror.url).error
    assert revisions.current().name == old.name, "a faulty mirror cannot cause repeated full transfers"
    RevisionSeries.update(started=old.started - MIN_SERIES_S).execute()
    end_pause(mirror.url)
    Sender(mirror.url, settings_with_key).step(never)
    new = revisions.current()
    assert new.name != old.name
    assert (mirror.routes.store.state().series, mirror.have()) == (new.name, new.revision)
    assert mirror.contents() == published()


def test_a_mirror_with_data_of_a_later_series_keeps_them(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    from app.publish.keys import signing_key

    later = Snapshot("29990101T000000Z000000", time.time() + 100, 0, 1, time.time(), "Other", [])
    mirror.routes.receiver.receive(pack(later, signing_key(settings_with_key)))
    Sender(mirror.url, settings_with_key).step(never)
    assert "It refuses revision 1" in row(mirror.url).error
    assert "did not start later" in row(mirror.url).error
    assert mirror.routes.store.state().series == later.series


def test_a_refusal_because_of_an_unknown_key_is_recorded(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    mirror.routes.receiver.keys = [Ed25519PrivateKey.generate().public_key()]
    Sender(mirror.url, settings_with_key).step(never)
    assert "status 403" in row(mirror.url).error
    assert "This mirror does not trust the key" in row(mirror.url).error


def test_a_mirror_older_than_the_stored_removals_is_not_updated(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, settings_with_key)
    sender.step(never)
    RevisionSeries.update(revision=9, forgotten=5).execute()
    sender.step(never)
    assert "Empty its file" in row(mirror.url).error


@pytest.mark.parametrize(
    ("body", "status", "error"),
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
def test_an_address_that_is_no_mirror_is_recorded_and_retried_with_growing_pauses(
    settings_with_key: Settings, body: bytes, status: int, error: str
) -> None:
    with receivers.answering(body, status) as address:
        sender = Sender(address, settings_with_key)
        for failures in range(1, 4):
            sender.step(never)
            assert error in row(address).error
            assert row(address).failures == failures
            assert row(address).not_before - (row(address).last_error or 0) == pytest.approx(2.0 ** (failures - 1))
            sender.step(never)
            assert row(address).failures == failures, "no request before the end of the pause"
            end_pause(address)


def test_a_mirror_that_reports_another_position_each_time_is_paused(settings_with_key: Settings) -> None:
    positions = itertools.count()
    with receivers.answering(lambda: json.dumps({"series": "other", "have": next(positions)}).encode(), 409) as address:
        Sender(address, settings_with_key).step(never)
        assert "It refuses revision" in row(address).error
        assert next(positions) < 10


def test_a_certificate_of_an_unknown_authority_is_refused_and_of_a_known_one_accepted(settings_with_key: Settings, tmp_path: Path) -> None:
    certificate, other = write_certificate(tmp_path, "mirror"), write_certificate(tmp_path, "other")
    with receivers.mirror(tmp_path / "mirror", settings_with_key, certificate) as mirror:
        for authority in ("", other):
            Sender(mirror.url, settings_with_key.replace(publish_ca=authority)).step(never)
            assert "certificate verify failed" in row(mirror.url).error
            assert mirror.accepted == []
            end_pause(mirror.url)
        Sender(mirror.url, settings_with_key.replace(publish_ca=certificate)).step(never)
        assert mirror.contents() == published()


def test_an_unreachable_mirror_has_a_row_before_its_first_response(settings_with_key: Settings) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    Sender(address, settings_with_key).step(never)
    assert (row(address).revision, row(address).failures) == (0, 1)


def test_a_clock_that_was_set_back_stops_no_sending(settings_with_key: Settings, mirror: receivers.Mirror) -> None:
    sender = Sender(mirror.url, settings_with_key)
    sender.step(never)
    publish(piece(1, "new"))
    Row.update(not_before=time.time() + 3600).execute()
    sender.step(never)
    assert mirror.contents() == published()


def test_a_message_of_a_mirror_is_one_line_in_the_log() -> None:
    assert (
        MirrorResponse(403, {"message": "no\n2026-11-22 CRITICAL the hub is broken\x1b[2J"}).message
        == "no 2026-11-22 CRITICAL the hub is broken\ufffd[2J"
    )
