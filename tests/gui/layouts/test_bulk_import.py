"""Imports write what is new, and never silently overwrite what people changed in pages since the last one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from app.core.counters import version_of
from app.core.database import end_thread
from app.core.settings import Settings
from app.gui.layouts.contents import Content, text_of
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.history import is_removed
from app.gui.layouts.editing.store import activate, active_contents, active_layout, active_workspaces, find, remove, roll_back, save
from app.gui.layouts.importing.bulk_import import Imported, import_all
from app.gui.layouts.importing.current import current_contents
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import COUNTER, Arrangement, ArrangementActivation, ArrangementPlace, ArrangementVersion
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace
from app.security.models import Audit
from tests.gui.layouts.arrangements import layout, real_layouts

PATH = "Pixel/Layouts/charge"
ONE, TWO, THREE = (layout(PATH, *(f"Pixel/{plot}" for plot in plots)) for plots in ("a", "ab", "abc"))


def outcomes(contents: list[Content], *, replace: bool = False, source: str = "") -> list[str]:
    """What an import does with each of these."""
    return [each.outcome for each in import_all(contents, replace=replace, source=source)]


def imported(content: Content = ONE) -> int:
    """The number of an arrangement that was imported."""
    return import_all([content])[0].arrangement


def edited(number: int, content: Layout = TWO) -> None:
    """Somebody edits a layout in the page."""
    saved = save(content, arrangement=number, based_on=find(number).newest)
    activate(number, saved.number)


def content_at_path(path: str = PATH) -> Content | None:
    """The content at a path online."""
    found = active_layout("online", path)
    return found and found.content


def numbers_of_rows() -> list[int]:
    """The sizes of the tables."""
    return [table.select().count() for table in (Arrangement, ArrangementVersion, ArrangementActivation, ArrangementPlace, Audit)]


@pytest.mark.both_databases
def test_equal_contents_write_nothing(hub: Settings) -> None:
    contents = [ONE, layout("DT/Layouts/a", scopes=SCOPES)]
    assert outcomes(contents) == ["added", "added"]
    before = numbers_of_rows(), version_of(COUNTER)
    assert before == ([2, 2, 2, 4, 1], 1)
    assert outcomes(contents) == ["unchanged", "unchanged"]
    assert (numbers_of_rows(), version_of(COUNTER)) == before


@pytest.mark.both_databases
def test_a_new_version_from_the_file_is_shown(hub: Settings) -> None:
    number = imported()
    assert outcomes([TWO]) == ["changed"]
    assert (content_at_path(), find(number).newest) == (TWO, 2)
    assert outcomes([replace(TWO, scopes=("online", "offline"))]) == ["changed"]
    assert [row.scope for row in ArrangementPlace.select().order_by(ArrangementPlace.id)] == ["online", "offline"]


@pytest.mark.both_databases
def test_what_people_edited_stays_and_the_file_is_kept_as_a_version(hub: Settings) -> None:
    number = imported()
    edited(number)
    assert outcomes([ONE]) == ["kept"], "the file is as it was"
    assert find(number).newest == 2
    assert outcomes([THREE]) == ["kept"]
    assert (content_at_path(), find(number).newest) == (TWO, 3)
    assert outcomes([THREE]) == ["kept"], "not another version"
    assert find(number).newest == 3
    assert outcomes([TWO]) == ["unchanged"], "the file has caught up"
    activate(number, 3)
    assert outcomes([ONE]) == ["kept"], "people went back to an earlier version of the file"


def test_what_people_edited_is_replaced_on_demand(hub: Settings) -> None:
    number = imported()
    edited(number)
    assert outcomes([ONE], replace=True) == ["changed"]
    assert (content_at_path(), find(number).newest) == (ONE, 3)
    roll_back(number, 2, 3)
    assert outcomes([ONE]) == ["kept"]
    roll_back(number, 1, 4)
    assert outcomes([ONE]) == ["unchanged"], "people came back to what the file has"
    assert outcomes([THREE]) == ["changed"]


@pytest.mark.both_databases
def test_what_people_removed_stays_removed(hub: Settings) -> None:
    number = imported()
    remove(number, 1)
    assert outcomes([ONE]) == ["kept"]
    assert outcomes([TWO]) == ["kept"]
    assert content_at_path() is None
    assert outcomes([TWO], replace=True) == ["changed"]
    assert content_at_path() == TWO


@pytest.mark.both_databases
def test_what_people_renamed_is_not_imported_again_at_its_old_path(hub: Settings) -> None:
    number = imported()
    edited(number, renamed := replace(ONE, path="Pixel/Layouts/size"))
    assert outcomes([ONE]) == ["kept"]
    assert Arrangement.select().count() == 1
    assert (content_at_path(), content_at_path(renamed.path)) == (None, renamed)
    assert outcomes([ONE], replace=True) == ["changed"]
    assert (content_at_path(), content_at_path(renamed.path)) == (ONE, None)


def test_a_layout_that_people_made_at_the_path_stays(hub: Settings) -> None:
    saved = save(ONE)
    activate(*saved[:2])
    assert outcomes([TWO]) == ["kept"]
    assert content_at_path() == ONE
    assert outcomes([ONE]) == ["unchanged"]


def test_what_people_edited_and_exported_into_the_file_is_changed_by_the_next_file(hub: Settings) -> None:
    number = imported()
    edited(number, renamed := replace(TWO, path="Pixel/Layouts/size"))
    assert outcomes([renamed]) == ["unchanged"]
    before = numbers_of_rows(), version_of(COUNTER)
    assert outcomes([renamed]) == ["unchanged"]
    assert (numbers_of_rows(), version_of(COUNTER)) == before
    assert outcomes([replace(THREE, path=renamed.path)]) == ["changed"]
    edited(number, renamed)
    assert outcomes([replace(THREE, path=renamed.path)]) == ["kept"]


def test_what_people_made_and_exported_into_a_file_is_changed_by_the_next_file(hub: Settings) -> None:
    saved = save(ONE)
    activate(*saved[:2])
    assert outcomes([ONE]) == ["unchanged"]
    assert outcomes([TWO]) == ["changed"]
    assert content_at_path() == TWO


@pytest.mark.both_databases
@pytest.mark.parametrize("order", [list, reversed])
def test_a_place_that_another_layout_of_the_files_leaves_is_taken(hub: Settings, order: Callable[[list[Content]], list[Content]]) -> None:
    import_all([ONE, replace(TWO, scopes=("offline", "relval"))])
    found = import_all(list(order([replace(ONE, scopes=("online", "offline")), replace(TWO, scopes=("relval",))])))
    assert [each.outcome for each in found] == ["changed", "changed"]
    assert {(row.arrangement_id, row.scope) for row in ArrangementPlace.select()} == {
        (each.arrangement, scope) for each in found for scope in each.content.scopes
    }


@pytest.mark.both_databases
def test_two_stored_layouts_that_are_one_in_the_file_are_named(hub: Settings) -> None:
    _, other = import_all([ONE, replace(TWO, scopes=("offline",))])
    both = replace(THREE, scopes=("online", "offline"))
    (found,) = import_all([both])
    assert (found.outcome, found.problem) == (
        "refused",
        f"Another layout for offline samples is at {PATH} already (number {other.arrangement}): "
        "choose another path, or remove that one in its page or file",
    )
    remove(other.arrangement, 1)
    assert outcomes([both]) == ["changed"]


def test_a_draft_from_before_an_import_does_not_replace_it(hub: Settings) -> None:
    number = imported()
    save(TWO, arrangement=number, based_on=1)
    assert outcomes([THREE]) == ["changed"]
    with pytest.raises(ArrangementConflict):
        activate(number, 2)
    with pytest.raises(ArrangementConflict):
        save(ONE, arrangement=number, based_on=2)
    assert content_at_path() == THREE


@pytest.mark.both_databases
def test_versions_of_an_import_and_of_an_editor_at_once_are_numbered_one_after_the_other(hub: Settings) -> None:
    number = imported()
    found: list[str] = []

    def import_often() -> None:
        try:
            for each in range(20):
                found.extend(outcomes([layout(PATH, f"Pixel/import{each}")], replace=True))
        finally:
            end_thread()

    importer = Thread(target=import_often)
    importer.start()
    for each in range(20):
        while not saves(number, layout(PATH, f"Pixel/edit{each}")):
            pass
    importer.join()
    assert found == ["changed"] * 20
    versions = ArrangementVersion.select().where(ArrangementVersion.arrangement == number).order_by(ArrangementVersion.number)
    assert [version.number for version in versions] == list(range(1, 42))


def saves(number: int, content: Layout) -> bool:
    """Whether a version is saved; not if another one came between."""
    try:
        save(content, arrangement=number, based_on=find(number).newest)
    except ArrangementConflict:
        return False
    return True


@pytest.mark.both_databases
def test_the_same_path_in_other_scopes_is_another_layout(hub: Settings) -> None:
    offline = replace(TWO, scopes=("offline",))
    assert outcomes([ONE, offline]) == ["added", "added"]
    assert outcomes([THREE, offline]) == ["changed", "unchanged"]
    assert Arrangement.select().count() == 2
    found = import_all([replace(THREE, scopes=("online", "offline")), offline])
    assert [each.outcome for each in found] == ["refused", "unchanged"]
    assert found[0].problem == "The files have Pixel/Layouts/charge for offline samples twice: remove one layout, or give it another path"
    assert content_at_path() == THREE


def test_a_layout_that_files_have_twice_is_named(hub: Settings) -> None:
    found = import_all([ONE, TWO])
    assert [each.outcome for each in found] == ["added", "refused"]
    assert found[1].problem == "The files have Pixel/Layouts/charge for online samples twice: remove one layout, or give it another path"


@pytest.mark.both_databases
def test_a_watched_folder_replaces_and_restores_its_own(hub: Settings) -> None:
    file = "pixel.toml"
    assert outcomes([ONE], source=file) == ["added"]
    assert outcomes([TWO], source=file) == ["changed"]
    assert outcomes([THREE]) == ["refused"], "files of an import do not change it"
    assert outcomes([THREE], source="other.toml") == ["refused"]
    assert (content_at_path(), Arrangement.get().source) == (TWO, file)


def test_a_watched_folder_does_not_take_the_path_of_what_pages_edit(hub: Settings) -> None:
    imported()
    assert outcomes([TWO], source="pixel.toml") == ["refused"]
    assert content_at_path() == ONE


@pytest.mark.parametrize("order", [list, reversed])
def test_classic_workspaces_are_shown_where_the_front_end_has_none(hub: Settings, order: Callable[[list[Content]], list[Content]]) -> None:
    frontend = Workspace("Pixel", ("online",), rank=2, file="frontend")
    online = [replace(frontend, file=file, category=file) for file in ("classic_sample", "classic_production")]
    relval = [replace(each, scopes=("relval",), rank=1) for each in online]
    other = Workspace("DT", ("online",), file="classic_production")
    contents: list[Content] = [frontend, *online, *relval[1:], other]
    assert outcomes(list(order(contents))) == ["added"] * 5
    assert [each.content for each in active_workspaces("online")] == [frontend]
    assert [each.content for each in active_workspaces("relval")] == relval[1:]
    assert outcomes(contents) == ["unchanged"] * 5
    assert outcomes([replace(online[0], rank=7), relval[0]]) == ["changed", "added"]
    assert [each.content for each in active_workspaces("online")] == [frontend]
    assert [each.content for each in active_workspaces("relval")] == relval[1:], "the first of a name stays"


@pytest.mark.both_databases
def test_classic_workspaces_give_way_to_those_of_a_later_import_of_the_front_end(hub: Settings) -> None:
    sets: list[Content] = [Workspace(name, (scope,), file="classic_production") for name in ("Tk", "DT") for scope in ("online", "relval")]
    frontend: list[Content] = [Workspace("Tk", ("online",), file="frontend")]
    assert outcomes(sets) == ["added"] * 4
    edited_one = import_all([Workspace("CSC", ("online",), file="classic_production")])[0]
    edit = replace(edited_one.content, category="Muons") if isinstance(edited_one.content, Workspace) else edited_one.content
    activate(edited_one.arrangement, save(edit, arrangement=edited_one.arrangement, based_on=1).number)
    before = version_of(COUNTER)

    assert outcomes(frontend) == ["added"]

    assert version_of(COUNTER) > before
    assert [each.content for each in active_workspaces("online")] == [edit, *frontend], "people edited one"
    assert [each.content for each in active_workspaces("relval")] == [sets[1], sets[3]]
    assert outcomes([*sets, *frontend]) == ["unchanged"] * 5
    assert [each.content for each in active_workspaces("online")] == [edit, *frontend]
    assert current_contents() == [*sets, edit, *frontend]
    assert not is_removed(Arrangement.get(Arrangement.path == "DT", Arrangement.active == 0))
    activate(tk := Arrangement.get(Arrangement.path == "DT", Arrangement.active == 0).id, 1)
    assert outcomes([Workspace("DT", ("online",), file="frontend")]) == ["refused"], "people show the other one"
    remove(tk, 1)
    assert outcomes([Workspace("DT", ("online",), file="frontend")]) == ["added"]


def test_a_workspace_of_people_keeps_its_name(hub: Settings) -> None:
    saved = save(Workspace("Tk", ("online",)))
    activate(*saved[:2])
    (found,) = import_all([Workspace("Tk", ("online",), file="frontend")])
    assert found.outcome == "kept"


@pytest.mark.both_databases
def test_exports_have_the_order_of_the_file_imported_last(hub: Settings) -> None:
    a, b, c, d = (layout(f"Pixel/{name}") for name in "abcd")
    import_all([a, c])
    import_all([d])
    assert outcomes([a, b, c]) == ["unchanged", "added", "unchanged"]
    assert current_contents() == [a, b, d, c], "the places of those that the file does not have stay"
    before = numbers_of_rows(), version_of(COUNTER)
    assert outcomes([a, b, c]) == ["unchanged"] * 3
    assert (numbers_of_rows(), version_of(COUNTER)) == before
    assert outcomes([d, c, b, a, layout("Pixel/a")]) == ["unchanged"] * 4 + ["refused"]
    assert current_contents() == [d, c, b, a]


@pytest.mark.both_databases
def test_an_interrupted_import_continues(hub: Settings) -> None:
    contents: list[Content] = [layout(f"Pixel/{number:03}") for number in range(150)]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_all(contents, progress=stop)
    done = Arrangement.select().count()
    assert 0 < done < 150
    assert Audit.select().count() == 1
    assert Counter(outcomes(contents)) == {"unchanged": done, "added": 150 - done}
    order = [row.path for row in Arrangement.select().order_by(Arrangement.position)]
    assert order == [each.path for each in contents]


@pytest.mark.both_databases
def test_the_real_layouts_of_shifts_are_stored_as_they_are(hub: Settings, fixtures_dir: Path) -> None:
    contents: list[Content] = [each for each in real_layouts(fixtures_dir) if each.path.startswith("00 Shift/")]
    assert len(contents) == 567
    found: list[Imported] = import_all(contents)
    assert Counter(each.outcome for each in found) == {"added": len(contents)}
    stored = active_contents([each.arrangement for each in found])
    assert [text_of(stored[each.arrangement]) for each in found] == [text_of(each) for each in contents]
    assert version_of(COUNTER) < 20, "readers see few changes"
