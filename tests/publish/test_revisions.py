"""Revisions: mirrors that catch up from any revision have the same items, and each number has only one content."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from app.core.settings import Settings
from app.publish import revisions
from app.publish.errors import RevisionConflict
from app.publish.models import PublishedItem, RevisionSeries
from app.publish.pieces import PieceKey
from app.publish.redaction_counts import totals
from app.publish.rendering import RenderResult
from app.publish.revisions import RenderedPiece
from protocol.snapshot import Item, ItemKey
from tests.publish.copies import Copy, published

pytestmark = pytest.mark.both_databases


def piece(number: int, *texts: str, tally: int = 0) -> RenderedPiece:
    """A piece of one item for each text."""
    place = PieceKey("run", "production", number)
    items = [Item(ItemKey("run", "production", number, f"item {at}"), "text/plain", "", text.encode()) for at, text in enumerate(texts)]
    return RenderedPiece(place, f"{texts}", RenderResult(items), Counter({"host": tally} if tally else {}))


def publish(*rendered: RenderedPiece, removed: tuple[PieceKey, ...] = (), heartbeat: bool = False) -> RevisionSeries:
    changes = revisions.differences(rendered) + revisions.removals(removed)
    revisions.store(revisions.current(), list(rendered), list(removed), changes, heartbeat)
    return revisions.current()


def some_changes(chance: random.Random) -> None:
    """Add, change, shrink and remove pieces, in one revision, or in none without differences."""
    texts = [[f"{chance.randrange(5)}" * chance.randrange(1, 60) for _ in range(chance.randrange(4))] for _ in range(3)]
    numbers = chance.sample(range(8), 4)
    rendered = [piece(number, *items) for number, items in zip(numbers, texts, strict=False)]
    removed = (PieceKey("run", "production", numbers[-1]),) if chance.random() < 0.4 else ()
    publish(*rendered, removed=removed, heartbeat=chance.random() < 0.2)


@pytest.mark.parametrize("seed", range(4))
def test_snapshots_from_any_revision_lead_to_the_same_items_as_a_full_one(
    hub: Settings, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(revisions, "SNAPSHOT_BYTES", 60)
    chance, copies = random.Random(seed), [Copy()]
    for _ in range(25):
        some_changes(chance)
        followed = Copy(copies[-1].series, copies[-1].have, copies[-1].items)
        followed.catch_up()
        assert followed.items == published()
        copies.append(followed)
    assert copies[-1].have > 10
    for copy in copies:
        copy.catch_up()
        assert copy.items == published()
    assert Copy().catch_up() > 1, "large changes need several snapshots"


def test_equal_items_make_no_revision(hub: Settings) -> None:
    first = publish(piece(1, "one", "two"))
    assert publish(piece(1, "one", "two")).revision == first.revision
    assert publish(piece(1, "one", "two"), heartbeat=True).revision == first.revision + 1
    assert revisions.snapshot(revisions.current(), first.revision, "Test").items == []


def test_of_two_concurrent_publishers_one_stores_the_revision_and_the_other_nothing(hub: Settings) -> None:
    publish(piece(1, "one"))
    stale = revisions.current()
    publish(piece(1, "two"))
    rendered = [piece(1, "three"), piece(2, "new")]
    with pytest.raises(RevisionConflict):
        revisions.store(stale, rendered, [], revisions.differences(rendered), False)
    assert list(published().values()) == [b"two"]


def test_redactions_are_counted_only_when_the_piece_changes(hub: Settings) -> None:
    publish(piece(1, "one", tally=3), piece(2, "other", tally=4))
    publish(piece(1, "one", tally=3))
    publish(piece(1, "two", tally=2))
    assert totals() == {"host": 9}


def test_a_new_series_has_all_items_in_revisions_of_bounded_size(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "REVISION_BYTES", 100)
    old = publish(*(piece(number, "x" * 40) for number in range(10)))
    publish(removed=(PieceKey("run", "production", 3),))
    mirror = Copy()
    mirror.catch_up()
    new = revisions.restart_series(old)
    assert revisions.restart_series(old).name == new.name, "concurrent restarts start one series"
    assert new.name > old.name
    assert new.started > old.started
    assert new.revision == 3
    mirror.catch_up()
    assert (mirror.series, mirror.items) == (new.name, published())
    publish(piece(1, "changed"))
    mirror.catch_up()
    assert mirror.items == published()


def test_removals_are_forgotten_after_months_and_the_last_forgotten_revision_is_stored(hub: Settings) -> None:
    publish(piece(1, "one"), piece(2, "two"))
    series = publish(removed=(PieceKey("run", "production", 1),))
    revisions.forget_old_removals(series)
    assert revisions.current().forgotten == 0
    PublishedItem.update(at=time.time() - revisions.REMOVALS_S - 1).execute()
    revisions.forget_old_removals(series)
    assert revisions.current().forgotten == series.revision
    assert PublishedItem.select().count() == 1
