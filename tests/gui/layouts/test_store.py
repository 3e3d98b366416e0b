"""Layouts are data with versions: saved, activated, rolled back, removed; nobody overwrites what somebody else has saved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.counters import version_of
from app.core.settings import Settings
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.store import activate, active_contents, active_layout, content_at, find, remove, roll_back, save
from app.gui.layouts.errors import NotEditable, PathTaken, UnknownArrangement
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import COUNTER, Arrangement, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from app.security.models import Audit
from tests.gui.layouts.arrangements import layout

PATH = "Pixel/Layouts/charge"
ONE, TWO, THREE = (layout(PATH, *(f"Pixel/{plot}" for plot in plots)) for plots in ("a", "ab", "abc"))


def added(content: Layout = ONE) -> int:
    """The number of a new layout, which is active."""
    saved = save(content)
    activate(saved.arrangement, saved.number)
    return saved.arrangement


def content_at_path(path: str = PATH, scope: str = "online") -> object:
    """What is active at a path."""
    found = active_layout(scope, path)
    return found and found.content


@pytest.mark.both_databases
def test_a_saved_version_is_shown_once_it_is_activated(hub: Settings) -> None:
    saved = save(ONE, reason="first")
    assert (saved.number, saved.is_new, content_at_path()) == (1, True, None)
    activate(saved.arrangement, 1)
    assert content_at_path() == ONE
    assert content_at_path(scope="offline") is None
    save(TWO, arrangement=saved.arrangement, based_on=1)
    assert content_at_path() == ONE
    activate(saved.arrangement, 2)
    assert active_contents([saved.arrangement, 99]) == {saved.arrangement: TWO}


@pytest.mark.both_databases
def test_the_second_of_two_editors_is_refused_and_shown_what_the_first_saved(hub: Settings) -> None:
    number = added()
    save(TWO, arrangement=number, based_on=1)
    with pytest.raises(ArrangementConflict, match=f"has changed {PATH} since you opened it; its newest version is 2") as caught:
        save(THREE, arrangement=number, based_on=1)
    assert (caught.value.number, caught.value.content) == (2, TWO)
    assert ArrangementVersion.select().count() == 2
    for attempt in (lambda: remove(number, 1), lambda: roll_back(number, 1, 1)):
        with pytest.raises(ArrangementConflict):
            attempt()
    assert content_at_path() == ONE


def test_the_same_content_is_not_saved_twice(hub: Settings) -> None:
    number = added()
    assert save(ONE, arrangement=number, based_on=1) == (number, 1, False)
    save(TWO, arrangement=number, based_on=1)
    assert save(TWO, arrangement=number, based_on=1) == (number, 2, False), "a form that was sent twice"


@pytest.mark.both_databases
def test_a_version_older_than_the_active_one_is_not_activated_by_mistake(hub: Settings) -> None:
    number = added()
    save(TWO, arrangement=number, based_on=1)
    save(THREE, arrangement=number, based_on=2)
    activate(number, 3)
    with pytest.raises(ArrangementConflict):
        activate(number, 2)
    assert content_at_path() == THREE
    assert roll_back(number, 2, 3, "was better") == 4
    assert content_at_path() == TWO
    assert content_at(find(number), 4) == TWO


@pytest.mark.both_databases
def test_a_removed_layout_comes_back_by_rolling_back(hub: Settings) -> None:
    number = added()
    remove(number, 1, "old")
    assert (content_at_path(), active_contents([number])) == (None, {})
    other = added(TWO)
    with pytest.raises(PathTaken, match=rf"Another layout for online samples is at {PATH} already \(number {other}\)") as caught:
        roll_back(number, 1, 2)
    assert caught.value.other == other
    assert find(number).newest == 2, "a refused change leaves nothing behind"
    remove(other, 1)
    roll_back(number, 1, 2)
    assert content_at_path() == ONE


def test_who_edited_a_layout_that_was_removed_meanwhile_does_not_bring_it_back_unknowingly(hub: Settings) -> None:
    number = added()
    save(TWO, arrangement=number, based_on=1)
    remove(number, 2)
    for attempt in (
        lambda: activate(number, 2),
        lambda: save(THREE, arrangement=number, based_on=2),
        lambda: save(TWO, arrangement=number, based_on=2),
    ):
        with pytest.raises(ArrangementConflict, match=f"has removed {PATH} since you opened it"):
            attempt()
    assert content_at_path() is None
    save(THREE, arrangement=number, based_on=3)
    activate(number, 4)
    assert content_at_path() == THREE


@pytest.mark.both_databases
def test_a_path_is_unique_in_each_scope(hub: Settings) -> None:
    added()
    offline = added(replace(TWO, scopes=("offline",)))
    with pytest.raises(PathTaken):
        save(THREE)
    with pytest.raises(PathTaken):
        save(replace(TWO, scopes=("online", "offline")), arrangement=offline, based_on=1)
    assert Arrangement.select().count() == 2
    assert ArrangementVersion.select().count() == 2
    saved = save(replace(TWO, scopes=("relval",)), arrangement=offline, based_on=1)
    activate(*saved[:2])
    assert (content_at_path(scope="offline"), content_at_path(), content_at_path(scope="relval")) == (
        None,
        ONE,
        content_at(find(offline), 2),
    )


@pytest.mark.both_databases
def test_a_renamed_layout_leaves_its_old_path(hub: Settings) -> None:
    number = added()
    renamed = replace(ONE, path="Pixel/Layouts/size")
    save(renamed, arrangement=number, based_on=1)
    assert find(number).path == PATH
    activate(number, 2)
    assert (find(number).path, content_at_path(), content_at_path(renamed.path)) == (renamed.path, None, renamed)


@pytest.mark.both_databases
def test_each_change_of_what_is_active_has_the_next_number(hub: Settings) -> None:
    first, second = added(), added(layout("Pixel/Layouts/size"))
    assert (find(first).changed, find(second).changed, version_of(COUNTER)) == (1, 2, 2)
    save(TWO, arrangement=first, based_on=1)
    assert version_of(COUNTER) == 2, "a draft changes nothing for readers"
    remove(first, 2)
    assert (find(first).changed, find(first).active) == (3, 0)


def test_what_does_not_exist_is_named(hub: Settings) -> None:
    with pytest.raises(UnknownArrangement, match="no such layout or workspace"):
        find(7)
    number = added()
    with pytest.raises(UnknownArrangement, match=f"{PATH} has no version 5; it has versions 1 to 1"):
        activate(number, 5)


def test_layouts_of_a_watched_folder_are_changed_there(hub: Settings) -> None:
    (found,) = import_all([ONE], source="pixel.toml")
    for attempt in (
        lambda: save(TWO, arrangement=found.arrangement, based_on=1),
        lambda: activate(found.arrangement, 1),
        lambda: roll_back(found.arrangement, 1, 1),
        lambda: remove(found.arrangement, 1),
    ):
        with pytest.raises(NotEditable, match=r"comes from the file pixel\.toml of a watched folder: change it there"):
            attempt()


@pytest.mark.both_databases
def test_a_version_that_is_shown_at_once_is_stored_and_shown_or_neither(hub: Settings) -> None:
    number = save(ONE, is_active=True).arrangement
    assert content_at_path() == ONE
    save(TWO, arrangement=number, based_on=1)
    assert save(TWO, arrangement=number, based_on=1, is_active=True) == (number, 2, False)
    assert content_at_path() == TWO
    other = save(layout("Pixel/Layouts/other"), is_active=True).arrangement
    with pytest.raises(PathTaken):
        save(THREE, arrangement=other, based_on=1, is_active=True)
    with pytest.raises(ArrangementConflict):
        save(THREE, arrangement=number, based_on=1, is_active=True)
    assert [(find(each).newest, find(each).active) for each in (number, other)] == [(2, 2), (1, 1)]


def test_a_layout_is_not_stored_as_a_version_of_a_workspace(hub: Settings) -> None:
    workspace = save(Workspace("Pixel", ("online",))).arrangement
    with pytest.raises(UnknownArrangement, match="Pixel is no layout"):
        save(ONE, arrangement=workspace, based_on=1)
    with pytest.raises(UnknownArrangement, match=f"{PATH} is no workspace"):
        save(Workspace("Pixel", ("online",)), arrangement=added(), based_on=1)
    assert ArrangementVersion.select().count() == 2


def test_a_removed_layout_is_not_removed_again(hub: Settings) -> None:
    number = added()
    remove(number, 1)
    remove(number, 2)
    assert find(number).newest == 2
    with pytest.raises(ArrangementConflict, match="has removed"):
        remove(number, 1)


def test_the_audit_log_says_which_path_a_renamed_layout_leaves(hub: Settings) -> None:
    number = added()
    renamed = replace(ONE, path="Pixel/Layouts/size")
    save(renamed, arrangement=number, based_on=1)
    activate(number, 2)
    roll_back(number, 1, 2)
    found = [(row.action, row.target, row.answer) for row in Audit.select().order_by(Audit.id).offset(2)]
    assert found == [
        ("save layout", renamed.path, f"version 2, from {PATH}"),
        ("activate layout", renamed.path, f"version 2, from {PATH}"),
        ("roll back layout", PATH, f"to version 1, as version 3, from {renamed.path}"),
    ]


def test_each_change_is_in_the_audit_log(hub: Settings) -> None:
    number = added()
    save(TWO, arrangement=number, based_on=1, reason="size too")
    activate(number, 2, "checked")
    roll_back(number, 1, 2, "wrong")
    remove(number, 3, "old")
    found = [(row.action, row.reason, row.answer) for row in Audit.select().order_by(Audit.id)]
    assert found == [
        ("add layout", "", ""),
        ("activate layout", "", "version 1"),
        ("save layout", "size too", "version 2"),
        ("activate layout", "checked", "version 2"),
        ("roll back layout", "wrong", "to version 1, as version 3"),
        ("remove layout", "old", ""),
    ]
