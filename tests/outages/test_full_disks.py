"""A disk that gets full in the middle of an upgrade, of a backup or of polling: nothing is half done, and it is done when there is space."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from peewee import OperationalError
from playhouse.migrations import Runner

from app import create_app
from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.outages import outage_of
from app.core.settings import Settings
from app.gui.models import Dataset
from app.ops.backup.folder import backups
from app.ops.backup.making import SPARE_BYTES, make_backup
from app.square.models import Host
from app.square.poller.host_poller import HostPoller
from tests.core.database.test_migrations import run
from tests.security.conftest import HOME
from tests.square.test_host_poller import assert_all_there, job, keys, never, poller
from tests.support.p5 import FU, P5
from tests.support.patience import PATIENCE_S
from tests.support.processes import LOOPBACK_RIGHTS
from tests.support.site import unbind
from tests.support.small_disk import fill_disk, fill_hub, small_disk
from tests.support.square_fixtures import p5

__all__ = ["p5"]

pytestmark = pytest.mark.slow

READ_ONLY = "DQM Hub cannot write to its disk: nothing can be stored or changed until an administrator has repaired that"

OLD = "0030_trend_groups"
"""A migration after which many others create and fill tables."""


def test_an_upgrade_on_a_full_disk_says_so_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "var"))
    with small_disk(settings.data):
        connection = database.connect(settings)
        Runner(connection, str(MIGRATIONS)).up(OLD)
        connection.execute_sql("INSERT INTO dataset (name) VALUES ('/a/b/c')")
        filling = fill_hub(settings)
        unbind()
        code, _, error = run(settings, "db", "upgrade")
        assert (code, error.startswith("dqmhub: "), "full" in error) == (1, True, True), error
        filling.unlink()
        with closing(sqlite3.connect(settings.data / "dqmhub.db")) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert run(settings, "db", "upgrade")[0] == 0
        database_schema.check(database.connect(settings))
        assert [row.name for row in Dataset.select()] == ["/a/b/c"]
        unbind()


def test_a_backup_whose_disk_gets_full_leaves_nothing_and_the_next_one_is_whole(hub: Settings, tmp_path: Path) -> None:
    disk = tmp_path / "backups"
    fillings: list[Path] = []

    def fill(_: str) -> None:
        if not fillings:
            fillings.append(fill_disk(disk))

    with small_disk(disk, 2 * SPARE_BYTES >> 20):
        folder = disk / "dqmhub"
        with pytest.raises((OSError, sqlite3.Error, OperationalError), match=r"full|No space left"):
            make_backup(hub, folder, fill)
        assert backups(folder) == []
        assert not [entry for entry in folder.rglob("*") if entry.is_file() and entry.name != ".lock"]
        fillings[0].unlink()
        made = make_backup(hub, folder, lambda _: None)
        assert backups(folder) == [made]


def test_documents_of_p5_that_find_the_disk_full_arrive_when_there_is_space(small_hub: Settings, p5: P5) -> None:
    p5.incident("upload", host=FU, documents=[job(number, note="long" * 1000) for number in range(50)])
    one = poller(small_hub, p5)
    filling = fill_hub(small_hub)
    with pytest.raises(OperationalError) as raised:
        poll_for_ever(one, p5)
    assert outage_of(raised.value) == ("full", "database or disk is full")
    filling.unlink()
    assert one.poll(never)
    assert_all_there(p5, FU)
    assert len(keys()) == 50
    assert Host.get(Host.name == FU).failures == 0


def test_a_disk_that_became_read_only_is_named_and_pages_are_shown(small_hub: Settings) -> None:
    """As after an error of the disk."""
    client = create_app(small_hub.replace(**LOOPBACK_RIGHTS)).test_client()
    with another_process(small_hub.data / "dqmhub.db"):
        database.disconnect()
        subprocess.run(["mount", "--bind", small_hub.data, small_hub.data], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", small_hub.data], check=True)
        try:
            assert "cannot be written: pages can be read, nothing can be stored" in client.get("/status", base_url=HOME).text
            page = client.get("/diary", base_url=HOME)
            assert (page.status_code, shown_banners(page.text)) == (200, [f"{READ_ONLY}."])
            assert client.get("/diary", headers={"HX-Request": "true"}, base_url=HOME).headers["DQM-Disk"] == "read-only"
            answer = client.post("/s", data={"address": "/browse/1/a/b/c"}, headers={"Origin": HOME}, base_url=HOME)
            assert (answer.status_code, answer.headers["Retry-After"], READ_ONLY in answer.text) == (503, "30", True)
            database.disconnect()
        finally:
            subprocess.run(["umount", "--lazy", small_hub.data], check=True)
    page = client.get("/status", base_url=HOME)
    assert "cannot be written" not in page.text
    assert shown_banners(page.text) == []


def shown_banners(page: str) -> list[str]:
    """The banners of a page that are not hidden."""
    return re.findall(r'class="disk-banner" data-disk="[a-z-]+" role="alert">.*<span>(.*)</span>', page)


@contextmanager
def another_process(file: Path) -> Iterator[None]:
    """Another process has a database open, so that its log stays."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM dataset').fetchall(); print(flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.communicate("\n", PATIENCE_S)


def poll_for_ever(one: HostPoller, p5: P5) -> None:
    """Fetch ever new versions of 50 documents: SQLite has some room in its log."""
    for version in count():
        p5.incident("upload", host=FU, documents=[job(number, note=f"{version}" * 5000) for number in range(50)])
        one.poll(never)
