"""The workspaces of the React front end of the legacy DQM GUI open here, with all that their quick collections name."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask.testing import FlaskClient

from app.core.input_problems import InputProblems
from app.gui.layouts.exchange.workspace_sets import read_workspaces
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.workspace import Workspace
from tests.gui.pages.pages import COSMICS, read
from tests.gui.pages.test_workspaces import links, tiles


def test_every_workspace_opens_from_the_menu_and_shows_or_names_each_entry(client: FlaskClient, fixtures_dir: Path) -> None:
    value = json.loads((fixtures_dir / "dqmgui" / "workspaces.json").read_bytes())
    contents = (each.content for each in read_workspaces(value, InputProblems()))
    found = [each for each in contents if isinstance(each, Workspace) and each.file == "frontend" and each.scopes == ("offline",)]
    import_all(found)
    assert len(found) == 30
    menu = read(client, COSMICS)
    for workspace in found:
        page = client.get(links(menu, workspace.name)[0], follow_redirects=True).text
        assert f"<b>{workspace.name}</b>" in page
        shown = len(tiles(page)) + len(re.findall(r'<li value="\d+">', page))
        assert shown == len(workspace.quick), workspace.name
