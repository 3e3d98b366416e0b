"""Lists of monitor elements while the disk is full: stored ones are shown, also of a file that has changed, and others later."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.gui import short_links
from app.gui.catalog.catalog import Catalog
from app.gui.errors import ImportPostponed
from app.gui.models import FAILED, File, ShortLink
from app.gui.problems import problem_of
from app.gui.samples import SampleKey
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.small_disk import fill_hub

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
KEY, OTHER = SampleKey(400000, 0, DATASET), SampleKey(400001, 0, DATASET)


@pytest.fixture
def files(small_hub: Settings, demo_files: list[Path], tmp_path: Path) -> list[Path]:
    """Two copies of a demo file on another disk, registered."""
    names = [f"DQM_V0001_R000{key.run}__ZeroBias__Run2023C-Demo-v1__DQMIO.root" for key in (KEY, OTHER)]
    copies = [Path(shutil.copy(demo_files[0], tmp_path / name)) for name in names]
    gui.register_all(copies)
    return copies


def test_on_a_full_disk_stored_lists_are_shown_and_files_are_read_afterwards(
    small_hub: Settings, files: list[Path], tmp_path: Path
) -> None:
    catalog = Catalog(small_hub.replace(file_roots=(str(tmp_path),)))
    first = catalog.open(KEY, PATIENCE_S)
    os.utime(files[0], (1, 1))  # now it is another version
    filling = fill_hub(small_hub)
    shown = catalog.open(KEY, PATIENCE_S)
    assert (shown.version, len(shown.names)) == (first.version, len(first.names))
    assert shown.note == f"{files[0].name} cannot be read now: the disk of DQM Hub is full"
    assert catalog.freshness(KEY).problem == shown.note
    with pytest.raises(ImportPostponed, match="cannot be read now: the disk of DQM Hub is full") as raised:
        catalog.open(OTHER, PATIENCE_S)
    answer = problem_of(raised.value)
    assert (answer.status, answer.headers) == (503, {"Retry-After": "5"})
    filling.unlink()
    assert (catalog.open(KEY, PATIENCE_S).version > first.version, catalog.open(KEY, PATIENCE_S).note) == (True, "")
    assert len(catalog.open(OTHER, PATIENCE_S).names) == len(first.names)
    assert not File.select().where(File.state == FAILED).exists()


def test_a_short_link_leads_to_its_view_although_its_use_cannot_be_stored(small_hub: Settings) -> None:
    name = short_links.store("/browse/1/a/b/c?q=pixel")
    ShortLink.update(used=0.0).execute()
    fill_hub(small_hub)
    assert short_links.address_of(name) == "/browse/1/a/b/c?q=pixel"
