"""How full disks are, for all modes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.transfer import disks
from services.transfer.disks import DiskWatch
from tests.support.processes import until


def test_a_disk_that_no_longer_answers_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of being shown as full as it was before, for ever."""
    watch = DiskWatch([str(tmp_path), str(tmp_path / "absent")])
    until(lambda: watch.fractions(), "the first measurement")
    usage = shutil.disk_usage(tmp_path)
    assert watch.fractions() == {str(tmp_path): pytest.approx(usage.used / (usage.used + usage.free), abs=0.02)}
    watch.close()  # as far as others see, nothing else happens while a disk does not answer
    monkeypatch.setattr(disks, "PERIOD_S", 0.001)
    until(lambda: not watch.fractions(), "the measurement to be too old")
