"""A stored text that cannot be read stops no page: the others are shown, and it can be mended or removed in its page."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.models import Arrangement, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout

SignIn = Callable[..., FlaskClient]
SAMPLE = "367140/Cosmics/Run2023C-Demo-v1/DQMIO"
ROWS = ",".join(['["Pixel/x"]'] * 51)


def damage(number: int, text: str) -> None:
    """Let the active version of an arrangement have a text that no page stores."""
    ArrangementVersion.create(arrangement=number, number=2, at=2e9, user="ada", action="edit", document=text)
    Arrangement.update(active=2, newest=2).where(Arrangement.id == number).execute()


def test_no_page_fails_for_a_layout_or_workspace_that_cannot_be_read(signed_in: SignIn, hub: Settings) -> None:
    layouts = [layout(f"Pixel/{name}", scopes=("offline",)) for name in ("good", "long", "damaged")]
    found = import_all([*layouts, Workspace("Tk", ("offline",))])
    _, long, damaged, workspace = (each.arrangement for each in found)
    damage(long, f'{{"path": "Pixel/long", "scope": ["offline"], "rows": [{ROWS}]}}')
    damage(damaged, "{")
    damage(workspace, '{"name": "Tk", "scope": ["offline"], "match": "("}')
    client = signed_in("expert")

    for address in (
        "/layouts?scope=offline&folder=Pixel",
        f"/layouts/{long}",
        f"/layouts/{long}/edit",
        f"/layouts/{damaged}",
        f"/layouts/{damaged}/edit",
        "/layouts/workspaces?scope=offline",
        f"/layouts/{workspace}",
        f"/layouts/workspaces/{workspace}/edit",
        f"/browse/{SAMPLE}/Pixel",
        f"/browse/{SAMPLE}/Pixel/long",
        f"/browse/{SAMPLE}?ws=Tk",
        f"/api/v1/archive/{SAMPLE}/Pixel",
        "/api/v1/layouts?name=long",
    ):
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status}"
    assert "good" in client.get(f"/browse/{SAMPLE}/Pixel").text
