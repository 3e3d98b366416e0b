"""A folder of snapshots: a chain from the first to the newest revision with a bounded number of files, which mirrors can follow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.publish import folder, revisions
from app.publish.models import MirrorState as Row
from app.publish.models import PublishedItem, RevisionSeries
from app.publish.pieces import PieceKey
from app.publish.settings import PublishSettings
from services.mirror.options import Options
from services.mirror.routes import Routes
from tests.publish import receivers
from tests.publish.copies import Contents, published
from tests.publish.receivers import never
from tests.publish.test_revisions import piece, publish, some_changes

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings_with_key(hub: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a key and a folder."""
    receivers.public_key(hub)
    (tmp_path / "out").mkdir()
    return hub.replace(publish_folder=str(tmp_path / "out"))


def write(settings: Settings) -> None:
    folder.update(settings.of(PublishSettings).publish_folder, settings, never)


class Reader:
    """A mirror that reads the folder when `read` is called."""

    def __init__(self, data: Path, settings: Settings) -> None:
        self.routes = Routes(
            Options(data=str(data), keys=(receivers.public_key(settings),), folder=settings.of(PublishSettings).publish_folder)
        )

    def read(self) -> Contents:
        assert self.routes.watcher
        while self.routes.watcher.store_next():
            pass
        with self.routes.store.view() as now:
            query = now._connection.execute("SELECT kind, system, run, name, body FROM item")
            return {receivers.ItemKey(*key): body for *key, body in query}


def names(settings: Settings) -> list[str]:
    return sorted(path.name for path in Path(settings.of(PublishSettings).publish_folder).iterdir())


def test_mirrors_that_read_often_rarely_or_for_the_first_time_have_the_same_data(
    settings_with_key: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "JOIN_COUNT", 6)
    monkeypatch.setattr(folder, "SMALL_BYTES", 900)
    chance = random.Random(7)
    always, seldom = Reader(tmp_path / "always", settings_with_key), Reader(tmp_path / "seldom", settings_with_key)
    for turn in range(40):
        some_changes(chance)
        write(settings_with_key)
        assert always.read() == published()
        if turn % 13 == 0:
            assert seldom.read() == published()
        assert len(names(settings_with_key)) < 15, "small files are joined"
    assert Reader(tmp_path / "new", settings_with_key).read() == published() == seldom.read()
    chain = folder.chain_of(Path(settings_with_key.of(PublishSettings).publish_folder), revisions.current().name)
    assert len(chain) == len(names(settings_with_key))
    assert (chain[0].since, chain[-1].until) == (0, revisions.current().revision)


def test_superseded_data_do_not_fill_the_folder(settings_with_key: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "JOIN_COUNT", 3)
    monkeypatch.setattr(folder, "SMALL_BYTES", 1000)
    for turn in range(30):
        publish(piece(1, f"{turn}" * 2000))
        write(settings_with_key)
    assert sum(path.stat().st_size for path in Path(settings_with_key.of(PublishSettings).publish_folder).iterdir()) < 20_000
    assert Reader(tmp_path / "new", settings_with_key).read() == published()


def test_after_a_writer_was_killed_while_joining_files_the_next_one_continues(
    settings_with_key: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "JOIN_COUNT", 4)
    monkeypatch.setattr(revisions, "SNAPSHOT_BYTES", 300)
    reader = Reader(tmp_path / "reader", settings_with_key)
    for turn in range(12):
        publish(piece(turn % 5, f"{turn:04d}" * 50))
        stops = iter([False] * (turn % 3))
        folder.update(
            settings_with_key.of(PublishSettings).publish_folder, settings_with_key, partial(next, stops, True)
        )  # ends after some files
        reader.read()
    write(settings_with_key)
    assert reader.read() == Reader(tmp_path / "new", settings_with_key).read() == published()


def test_a_new_series_replaces_the_files_of_the_old_one(settings_with_key: Settings, tmp_path: Path) -> None:
    publish(piece(1, "one"))
    publish(piece(1, "two"))
    write(settings_with_key)
    reader = Reader(tmp_path / "reader", settings_with_key)
    reader.read()
    PublishedItem.update(revision=1).execute()
    RevisionSeries.update(revision=1).execute()
    publish(removed=(PieceKey("run", "production", 9),), heartbeat=False)
    write(settings_with_key)
    assert reader.read() == published()
    assert {name.split("-")[0] for name in names(settings_with_key)} == {revisions.current().name}


def test_a_missing_folder_is_reported_and_filled_once_it_exists(settings_with_key: Settings, tmp_path: Path) -> None:
    missing = settings_with_key.replace(publish_folder=str(tmp_path / "missing"))
    publish(piece(1, "one"))
    with folder.writing(missing, Over()) as step:
        step()
        found = Row.get(Row.address == missing.of(PublishSettings).publish_folder)
        assert (found.failures, found.error) == (1, "No such file or directory")
        (tmp_path / "missing").mkdir()
        (tmp_path / "missing" / "notes.txt").touch()
        step()
    found = Row.get(Row.address == missing.of(PublishSettings).publish_folder)
    assert (found.failures, found.revision) == (0, 1)
    assert "notes.txt" in names(missing), "other files are not removed"


class Over:
    """The run of a periodic task that is not stopped."""

    def should_stop(self) -> bool:
        return False
