"""The check of the ports knows the own services from others of their kind."""

from __future__ import annotations

from pathlib import Path

from app.core.settings import Settings
from tests.mirror import samples
from tests.mirror.process import mirror_process
from tests.ops.doctor.findings import wrong
from tests.support.ports import free_port


def test_a_mirror_with_other_data_is_not_taken_for_the_own_one(settings: Settings, tmp_path: Path) -> None:
    with mirror_process(tmp_path) as mirror:
        own = settings.replace(
            web_port=free_port(), mirror_port=mirror.port, mirror_data=str(mirror.data), mirror_keys=(samples.PUBLIC_KEY,)
        )
        assert wrong(own, "ports") == [], "it has no snapshot yet"
        assert mirror.post(samples.snapshot([], 0, 1)).status == 200
        assert wrong(own, "ports") == []
        ((level, text),) = wrong(own.replace(mirror_data=str(tmp_path / "other")), "ports")
    assert (level, text.startswith(f"A mirror with another mirror_data uses port {mirror.port}: ")) == ("error", True), text
    files = sorted(mirror.data.iterdir())
    wrong(own, "ports")
    assert sorted(mirror.data.iterdir()) == files, "not even the log of the database of a mirror that has stopped is made"
