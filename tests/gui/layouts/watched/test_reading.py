"""Layouts of watched folders follow their files, and a broken file changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from app.gui.layouts.editing.store import activate, active_layout, remove, save
from app.gui.layouts.errors import NotEditable
from app.gui.layouts.exchange.exports import export
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.models import Arrangement, ArrangementVersion
from app.gui.layouts.watched import files
from app.gui.layouts.watched.models import LayoutFile
from app.gui.layouts.watched.reading import read_folders
from app.security.models import Audit
from tests.gui.layouts.arrangements import layout
from tests.gui.layouts.watched.conftest import Write


def active_plots() -> dict[str, list[str]]:
    """Path and plots of each layout for online samples."""
    found = Arrangement.select(Arrangement.path, Arrangement.plots).where(Arrangement.active > 0).order_by(Arrangement.path)
    return {row.path: row.plots.split("\n") for row in found}


def problems() -> dict[str, str]:
    return {Path(row.path).name: row.problem for row in LayoutFile.select() if row.problem}


@pytest.mark.both_databases
def test_layouts_of_files_are_shown_changed_and_removed_with_their_files(folder: Path, write: Write) -> None:
    write("pixel/a.json", layout("A", "Pixel/a"), layout("B", "Pixel/b"))
    write("c.json", layout("C", "Pixel/c"))
    assert active_plots() == {"A": ["Pixel/a"], "B": ["Pixel/b"], "C": ["Pixel/c"]}
    path = write("pixel/a.json", layout("A", "Pixel/a2"), layout("D", "Pixel/d"))
    assert active_plots() == {"A": ["Pixel/a2"], "C": ["Pixel/c"], "D": ["Pixel/d"]}
    path.unlink()
    read_folders([str(folder)])
    assert active_plots() == {"C": ["Pixel/c"]}
    assert [Path(row.path).name for row in LayoutFile.select()] == ["c.json"]
    write("pixel/a.json", layout("A", "Pixel/a2"))
    assert active_plots() == {"A": ["Pixel/a2"], "C": ["Pixel/c"]}
    (arrangement,) = Arrangement.select().where(Arrangement.path == "A")
    versions = ArrangementVersion.select().where(ArrangementVersion.arrangement == arrangement.id)
    assert {each.user for each in versions} == {"watched folder"}
    assert {each.reason for each in versions} == {"Read from a.json", "No longer in the watched folder"}
    read_folders([])
    assert active_plots() == {}
    assert problems() == {}


def test_they_cannot_be_changed_in_pages(write: Write) -> None:
    write("a.json", layout("A"))
    stored = active_layout("online", "A")
    assert stored
    for change in (
        lambda: save(layout("A", "Pixel/size"), arrangement=stored.arrangement, based_on=stored.number),
        lambda: remove(stored.arrangement, stored.number),
    ):
        with pytest.raises(NotEditable, match=r"A comes from the file .*/a\.json of a watched folder"):
            change()


@pytest.mark.parametrize("broken", ["{", '{"schema": "dqm-layouts/2", "layout": [{"path": "A", "scope": ["online"], "rows": 1}]}', ""])
def test_a_broken_file_keeps_its_last_good_state_and_is_named(write: Write, broken: str) -> None:
    write("a.json", layout("A"), layout("B"))
    write("a.json", text=broken)
    assert list(active_plots()) == ["A", "B"]
    assert problems().keys() == {"a.json"}
    write("a.json", layout("A"))
    assert list(active_plots()) == ["A"]
    assert problems() == {}


@pytest.mark.both_databases
def test_a_path_that_pages_have_is_named_and_shown_when_it_is_free(folder: Path, write: Write) -> None:
    made = save(layout("A", "Pixel/page"))
    activate(made.arrangement, made.number)
    write("a.json", layout("A", "Pixel/file"), layout("B"))
    assert active_plots() == {"A": ["Pixel/page"], "B": ["Pixel/charge"]}
    assert problems()["a.json"].startswith("A: Another layout for online samples is at A already")
    remove(made.arrangement, made.number)
    read_folders([str(folder)])
    assert active_plots()["A"] == ["Pixel/file"]
    assert problems() == {}


def test_what_was_exported_into_the_folder_belongs_to_its_file(write: Write) -> None:
    (imported,) = import_all([layout("A")])
    write("a.json", layout("A"))
    row = Arrangement.get_by_id(imported.arrangement)
    assert row.source.endswith("a.json")
    assert row.newest == 1
    assert problems() == {}
    adopted = Audit.get(Audit.action == "adopt layouts")
    assert (adopted.user, adopted.answer) == ("watched folder", "1 adopted")
    write("a.json", layout("A", "Pixel/size"))
    assert active_plots() == {"A": ["Pixel/size"]}


def test_a_layout_can_move_to_another_file(folder: Path, write: Write) -> None:
    write("b.json", layout("A"), layout("B"))
    path = folder / "a.json"
    path.write_text(export("json", [layout("A", "Pixel/moved")]).text)
    os.utime(path, (1e9, 1e9))
    write("b.json", layout("B"))
    assert active_plots() == {"A": ["Pixel/moved"], "B": ["Pixel/charge"]}
    assert problems() == {}


def numbers() -> dict[str, list[tuple[int, int]]]:
    """Number of each arrangement and its active version, by path."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in Arrangement.select().order_by(Arrangement.id):
        found.setdefault(row.path, []).append((row.id, row.active))
    return found


@pytest.mark.both_databases
def test_a_layout_whose_file_is_renamed_is_never_hidden_and_keeps_its_history(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("a.json", layout("A"), layout("B"))
    before = numbers()
    monkeypatch.setattr(files, "SETTLED_S", 3600.0)  # as a commit that `git pull` has just got
    path = path.rename(folder / "b.json")
    path.write_text(export("json", [layout("A"), layout("B", "Pixel/b2")]).text)
    read_folders([str(folder)])
    assert active_plots() == {"A": ["Pixel/charge"], "B": ["Pixel/charge"]}
    os.utime(path, (1e9, 1e9))
    read_folders([str(folder)])
    assert active_plots() == {"A": ["Pixel/charge"], "B": ["Pixel/b2"]}
    assert numbers() == {"A": before["A"], "B": [(before["B"][0][0], 2)]}
    assert ArrangementVersion.select().where(ArrangementVersion.action == "remove").count() == 0
    assert Audit.get(Audit.action == "move layouts").answer == "2 moved"
    assert [Path(row.path).name for row in LayoutFile.select()] == ["b.json"]


@pytest.mark.both_databases
@pytest.mark.parametrize("names", ["bc", "cb"])
def test_a_layout_keeps_its_history_when_it_moves_between_files(folder: Path, write: Write, names: str) -> None:
    before, after = (f"{name}.json" for name in names)
    write(after, layout("C"))
    write(before, layout("A"), layout("B"))
    ((number, _),) = numbers()["A"]
    for _ in range(2):
        path = folder / after
        path.write_text(export("json", [layout("A"), layout("C")]).text)
        os.utime(path, (1e9, 1e9))
        write(before, layout("B"))
        assert sorted(active_plots()) == ["A", "B", "C"]
        assert [each for each, _ in numbers()["A"]] == [number]
        assert problems() == {}
        path.write_text(export("json", [layout("C")]).text)
        os.utime(path, (2e9, 2e9))
        write(before, layout("A"), layout("B"))
        assert Arrangement.get_by_id(number).source.endswith(before)


@pytest.mark.both_databases
def test_files_of_a_linked_folder_are_the_same_layouts_after_the_link_changes(folder: Path, write: Write, tmp_path: Path) -> None:
    write("a.json", layout("A"))
    before = numbers()
    link = tmp_path / "link"
    link.symlink_to(folder)
    read_folders([str(link)])
    (tmp_path / "next").mkdir()
    link.unlink()
    link.symlink_to(tmp_path / "next")
    new = tmp_path / "next" / "a.json"
    new.write_bytes((folder / "a.json").read_bytes())
    read_folders([str(link)])
    assert list(active_plots()) == ["A"]
    os.utime(new, (1e9, 1e9))
    read_folders([str(link)])
    assert numbers() == before
    assert Arrangement.get_by_id(before["A"][0][0]).source == str(new)


def test_a_folder_that_is_absent_or_changed_by_git_keeps_its_layouts(folder: Path, write: Write) -> None:
    write("a.json", layout("A"))
    moved = folder.with_name("moved")
    folder.rename(moved)
    read_folders([str(folder)])
    assert "cannot be read: No such file or directory" in problems()["layouts"]
    assert list(active_plots()) == ["A"]
    moved.rename(folder)
    (folder / ".git").mkdir()
    (folder / ".git" / "index.lock").touch()
    (folder / "a.json").rename(folder / "b.json.orig")
    read_folders([str(folder)])
    assert "Git is changing this folder" in problems()["layouts"]
    assert list(active_plots()) == ["A"]
    shutil.rmtree(folder / ".git")
    git = folder.with_name("git")
    git.mkdir()
    (git / "index.lock").touch()
    (folder / ".git").write_text("gitdir: ../git\n")  # as in a worktree or submodule
    read_folders([str(folder)])
    assert "Git is changing this folder" in problems()["layouts"]
    assert str(git) not in problems()["layouts"]
    (git / "index.lock").unlink()
    write("c.json", layout("C"))
    assert (list(active_plots()), problems()) == (["C"], {})


def test_a_folder_that_has_no_file_any_more_keeps_its_layouts(folder: Path, write: Write) -> None:
    path = write("a.json", layout("A"))
    moved = folder.with_name("moved")
    folder.rename(moved)
    folder.mkdir()
    for _ in range(2):
        read_folders([str(folder)])
        assert "mount it, or get the files again" in problems()["layouts"]
        assert list(active_plots()) == ["A"]
    folder.rmdir()
    moved.rename(folder)
    read_folders([str(folder)])
    assert (list(active_plots()), problems()) == (["A"], {})
    path.unlink()
    write("empty.json", text='{"schema": "dqm-layouts/2", "layout": []}')
    assert (active_plots(), problems()) == ({}, {})


@pytest.mark.both_databases
def test_layouts_keep_their_history_when_their_files_are_imported_instead_of_watched(folder: Path, write: Write) -> None:
    write("a.json", layout("A"), layout("B"))
    before = numbers()["A"]
    read_folders([])
    page = save(layout("B", "Pixel/page"))
    activate(page.arrangement, page.number)
    assert [each.outcome for each in import_all([layout("A"), layout("B", "Pixel/new")])] == ["changed", "kept"]
    assert [number for number, _ in numbers()["A"]] == [number for number, _ in before]
    assert Arrangement.get_by_id(before[0][0]).source == ""
    assert active_plots() == {"A": ["Pixel/charge"], "B": ["Pixel/page"]}


def test_a_look_that_stops_leaves_the_rest_to_the_next_one(folder: Path, write: Write) -> None:
    write("a.json", layout("A"))
    (folder / "a.json").rename(folder / "b.json")
    (folder / "c.TOML").write_text(export("toml", [layout("C")]).text)
    os.utime(folder / "c.TOML", (1e9, 1e9))
    answers = iter([False, True, True, True])
    read_folders([str(folder)], lambda: next(answers))
    assert sorted(active_plots()) == ["A"]
    read_folders([str(folder)])
    assert (sorted(active_plots()), problems()) == (["A", "C"], {})
    assert len(numbers()["A"]) == 1


def test_a_file_that_is_being_written_is_read_later(folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.json", layout("A"), layout("B"))
    monkeypatch.setattr(files, "SETTLED_S", 3600.0)
    path.write_text(export("json", [layout("A")]).text)
    read_folders([str(folder)])
    assert list(active_plots()) == ["A", "B"]
    os.utime(path, (1e9, 1e9))
    read_folders([str(folder)])
    assert list(active_plots()) == ["A"]


def test_files_that_cannot_be_used_are_named_and_hide_no_others(folder: Path, write: Write) -> None:
    os.mkfifo(folder / "pipe.json")
    (folder / "gone.json").symlink_to("nowhere")
    (folder / "folder.json").mkdir()
    (folder / os.fsdecode(b"caf\xe9.json")).write_text("{}")
    write("z.json", layout("A"))
    os.utime(folder / os.fsdecode(b"caf\xe9.json"), (1e9, 1e9))
    read_folders([str(folder)])
    assert list(active_plots()) == ["A"]
    assert problems() == {"caf?.json": "The file cannot be read: No such file or directory"}


def test_a_file_with_a_value_that_python_cannot_write_stops_no_other(folder: Path, write: Write) -> None:
    write("a.toml", text=f'schema = "dqm-layouts/2"\n[[workspace]]\nname = "W"\nscope = ["online"]\nrank = 0x{5_000 * "f"}\n')
    write("z.json", layout("A"))
    assert list(active_plots()) == ["A"]
    assert problems() == {
        "a.toml": "workspace[0].rank: Expected a whole number up to 1,000,000, not a number with too many digits (workspace 'W')"
    }
