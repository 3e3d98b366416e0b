"""The status page and `dqmhub doctor` name what is wrong in watched folders."""

from __future__ import annotations

from pathlib import Path

from app import create_app
from app.core.settings import Settings
from app.gui.layouts.editing.store import active_layout
from app.gui.layouts.watched.reading import read_folders
from app.ops.doctor.checks.layouts import check
from app.security import accounts
from app.security.roles import parse_role
from tests.gui.layouts.arrangements import layout
from tests.gui.layouts.watched.conftest import Write
from tests.security.conftest import HOME, PASSWORD, sign_in


def test_status_counts_layouts_of_watched_folders_and_names_broken_files(hub: Settings, folder: Path, write: Write) -> None:
    client = create_app(hub.replace(layout_folders=(str(folder),))).test_client()
    write("a.json", layout("A"), layout("B"))
    good = client.get("http://127.0.0.1/status").text
    assert "2 layouts and workspaces of 1 file in 1 watched folder" in good
    assert "Layout files with problems" not in good
    write("b.toml", text="schema = ")
    wrong = client.get("http://127.0.0.1/status").text
    assert "2 layouts and workspaces of 2 files in 1 watched folder; 1 with problems" in wrong
    assert "Layout files with problems" in wrong
    assert "The file is no TOML" in wrong


def test_viewers_see_the_names_of_files_alone_and_shifters_their_paths(hub: Settings, folder: Path, write: Write) -> None:
    app = create_app(hub.replace(layout_folders=(str(folder),)))
    path = write("a.json", layout("A"))
    broken = write("b.toml", text="schema = ")
    stored = active_layout("online", "A")
    assert stored
    for name, is_shifter in (("viewer", False), ("shifter", True)):
        accounts.add(name, parse_role(name)[0], PASSWORD, "")
        client = app.test_client()
        sign_in(client, name)
        for address, file in ((f"/layouts/{stored.arrangement}", path), ("/layouts?folder=", path), ("/status", broken)):
            page = client.get(address, base_url=HOME).text
            assert file.name in page, address
            assert (str(file) in page, str(folder) in page) == (is_shifter, is_shifter), address


def test_an_instance_without_watched_folders_has_no_line_of_them(hub: Settings) -> None:
    read_folders([])
    assert "watched folder" not in create_app(hub).test_client().get("http://127.0.0.1/status").text


def test_doctor_names_a_watched_folder_that_does_not_exist_or_has_no_files(hub: Settings, folder: Path) -> None:
    (folder / "a.json").touch()
    (folder / "empty").mkdir()
    found = list(check(hub.replace(layout_folders=(str(folder), str(folder / "absent"), str(folder / "empty"))), ""))
    assert [(each.level, each.text) for each in found] == [
        ("ok", f"The watched folder {folder} can be read"),
        ("error", f"The watched folder {folder / 'absent'} does not exist, so its layouts stay as they are"),
        ("warning", f"The watched folder {folder / 'empty'} has no file with layouts now; those that it had before stay as they are"),
    ]
