"""Times on pages: all in Swiss time unless the address chooses another zone, and with the zone named."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.core.settings import TREE
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.samples import registered_at

if TYPE_CHECKING:
    from flask.testing import FlaskClient

OWN_TIMES = ("app/cli", "app/core", "app/diary/demo", "app/diary/sources", "app/ops/doctor", "app/publish")
"""What is no page: commands, what other programs write, and the mirrors, whose readers choose the zone."""


def test_no_page_makes_a_sentence_with_a_time_in_utc() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (TREE / "app").rglob("*.py")}
    found = [str(path.relative_to(TREE)) for path, text in texts.items() if re.search(r"%[SMT] UTC|\} UTC\"", text)]
    assert [path for path in found if not path.startswith(OWN_TIMES)] == []


def test_each_template_with_times_without_a_zone_belongs_to_a_page_that_names_it() -> None:
    """A page names the zone itself, or by a fragment that it includes; a fragment belongs to the area of its folder."""
    folders: dict[Path, list[str]] = {}
    for path in (TREE / "templates").rglob("*.html"):
        folders.setdefault(path.parent, []).append(path.read_text(encoding="utf-8"))
    bare = re.compile(r"view\.time\(|time_html\((?![^)]*with_zone)")
    names = re.compile(r"view\.zone|web\.zones\(")
    unnamed = [folder.name for folder, texts in folders.items() if any(map(bare.search, texts)) and not any(map(names.search, texts))]
    assert unnamed == []


def test_the_home_page_shows_when_a_run_was_registered_in_swiss_time(client: FlaskClient) -> None:
    register([Entry("/ZeroBias/Run2023C-PromptReco-v1/DQMIO", 316142, 0, "/data/a.root", "tdirectory")])
    page = client.get("/").text
    (at,) = registered_at([316142]).values()
    swiss = datetime.fromtimestamp(at, ZoneInfo("Europe/Zurich"))
    assert f"{swiss:%Y-%m-%d %H:%M %Z}</td>" in page, "on phones the head of the table is hidden"
    assert "UTC" not in page
