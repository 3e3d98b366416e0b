"""Files of the demo, a link and a layout, for tests of all areas."""

from __future__ import annotations

from pathlib import Path

from app.core.settings import TREE, Settings
from app.gui.demo.make import make_demo
from app.gui.layouts.editing.store import activate, save
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.models import File, Quarantine, ShortLink
from app.gui.settings import GuiSettings
from render.build import binary
from tests.support.gui import register_all

HOSTILE = "<img src=x onerror=alert(1)>"
"""A text that runs as a script where it is taken for markup."""


def fill(settings: Settings, now: float) -> None:
    """The demo files, below the first of `file_roots`; one is damaged, and one has a plot in quarantine. now: Unix s."""
    folder = Path(settings.of(GuiSettings).file_roots[0])
    files = make_demo(folder, binary(TREE).with_name("dqmhub-demo"), None, lambda _: None)
    damaged = folder / "DQM_V0001_R000367090__Damaged__Run2023C-Demo-v1__DQMIO.root"
    damaged.write_bytes(files[0].read_bytes()[:5000])
    register_all([*files, damaged])
    ShortLink.create(name="chaos", address="/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO", created=now, used=now)
    Quarantine.create(file=File.select().first(), version="1", me="Pixel/charge", crashes=3, reason="crashed", plugin="", last=now)
    cells = (PlotCell("Pixel/charge", HOSTILE), None, PlotCell(HOSTILE))
    layout = save(Layout(f"Pixel/Layouts/{HOSTILE}", ("offline",), (cells,), help=HOSTILE))
    activate(layout.arrangement, layout.number, HOSTILE)
