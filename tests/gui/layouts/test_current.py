"""What exports have: all that people see, and the workspaces that gave way to others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.settings import Settings
from app.gui.layouts.editing.store import activate, remove, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.importing.current import current_contents
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout

pytestmark = pytest.mark.both_databases

ONE, TWO = layout("Pixel/1"), layout("Pixel/2", scopes=("relval",))


def test_an_export_has_the_active_versions_in_the_order_of_the_import(hub: Settings) -> None:
    changed = layout("Pixel/2", "Pixel/new", scopes=("relval",))
    _, two = import_all([ONE, TWO])
    save(layout("Pixel/1", "Pixel/draft"), arrangement=two.arrangement - 1, based_on=1)
    activate(two.arrangement, save(changed, arrangement=two.arrangement, based_on=1).number)

    assert current_contents() == [ONE, changed]


def test_an_export_has_no_removed_and_no_private_layouts_and_no_drafts(hub: Settings) -> None:
    one, _, workspace = import_all([ONE, TWO, Workspace("Pixel", ("online",))])
    private = save(replace(ONE, path="mine", scopes=()), owner="ada")
    activate(private.arrangement, private.number)
    save(layout("Pixel/draft"))
    remove(one.arrangement, 1)
    remove(workspace.arrangement, 1)

    assert current_contents() == [TWO]


def test_an_export_has_the_workspaces_of_classic_sets_that_are_not_shown(hub: Settings) -> None:
    sets = [Workspace("Pixel", ("online",), file=file) for file in ("frontend", "classic_sample", "classic_production")]
    import_all(sets)

    assert current_contents() == sets


def test_an_export_can_be_of_a_scope_and_a_folder(hub: Settings) -> None:
    below = layout("Pixel/1/more", scopes=("online", "relval"))
    import_all([ONE, TWO, below, layout("Pixel/10")])

    assert current_contents("relval") == [TWO, below]
    assert current_contents(path="Pixel/1") == [ONE, below]
    assert current_contents("relval", "Pixel/1") == [below]
