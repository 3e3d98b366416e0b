"""A disk whose writes fail with an input/output error: nothing that was confirmed is lost, pages are shown, and it is over by itself."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.running_hub import ONE_OF_EACH, RunningHub

pytestmark = pytest.mark.slow


def test_a_disk_that_fails_to_write_is_named_and_loses_nothing_that_was_confirmed(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, flag, data = tmp_path / "broken_disk.so", tmp_path / "broken", tmp_path / "var"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("broken_disk.c"), "-ldl"], check=True)
    shutil.copytree(sqlite_template, data)
    (tmp_path / "logs").mkdir()
    for name, value in {"LD_PRELOAD": library, "BROKEN_DISK": data, "BROKEN_DISK_FLAG": flag}.items():
        monkeypatch.setenv(name, str(value))
    settings = Settings(data_dir=str(data), web_port=free_port(), **ONE_OF_EACH)
    confirmed = []

    def store(view: str) -> bool:
        is_stored = hub.store_link(view)
        confirmed.extend([view] if is_stored else [])
        return is_stored

    hub = RunningHub(settings, tmp_path / "logs")
    hub.start("web")
    try:
        until(lambda: store("/browse/1/a/b/before"), "a link to be stored")
        flag.touch()
        refused = hub.request("POST", "/s", fields={"address": "/browse/1/a/b/broken"}, encode_multipart=False)
        assert refused.status == 503, refused.text
        hub.wait_for_status("disk I/O error: look for errors of the disk of")
        status = hub.get("/status").text
        assert "cannot be written: pages can be read, nothing can be stored" in status
        assert "DQM Hub cannot write to its disk: nothing can be stored or changed until an administrator has repaired that" in status
        assert hub.get("/diary").status == 200
        assert "disk I/O error (unreachable)" in hub.log_text("web")
        flag.unlink()
        until(lambda: store("/browse/1/a/b/after"), "a link to be stored again")
    finally:
        hub.stop()
    with closing(sqlite3.connect(data / "dqmhub.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        stored = [address for (address,) in opened.execute("SELECT address FROM short_link")]
    assert sorted(stored) == sorted(confirmed)
