"""Commands of the superuser act as the user of the services: what they make is theirs, and their links lead to no file of others."""

from __future__ import annotations

import codecs
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.ops import owner
from app.ops.backup import backup_folder, backups
from tests.ops.backup.test_backups import make
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.site import unbind

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser acts as others")

SECRET = "for the superuser alone"


@pytest.fixture
def place(hub: Settings) -> Iterator[Path]:
    """A folder that everybody may enter, with a secret of the superuser."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    make(hub)  # imports what commands import, as the interpreter of the tests may be in the home of the superuser
    codecs.lookup("ascii")
    unbind()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def theirs(hub: Settings, place: Path) -> Settings:
    """A hub with a backup, all of the user nobody."""
    shutil.copytree(hub.data, place / "data")
    give_away(place / "data")
    return hub.replace(data_dir=str(place / "data"))


def give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", pwd.getpwnam("nobody").pw_gid)


def owners(folder: Path) -> set[str]:
    return {path.owner() for path in (folder, *folder.rglob("*"))}


def test_what_the_superuser_makes_belongs_to_the_user_of_the_services(theirs: Settings) -> None:
    variables = environment(theirs)
    for command in (["backup"], ["restore"], ["upgrade"]):
        done = run_command(variables, *command)
        assert done.returncode == 0, done.stderr
        unbind()
    shutil.rmtree(theirs.data)
    theirs.data.mkdir()
    give_away(theirs.data)
    assert run_command(variables, "db", "upgrade").returncode == 0
    unbind()
    assert owners(theirs.data) == {"nobody"}
    assert (os.getresuid(), os.getresgid()) == ((0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize(("link", "command"), [("upgrade.lock", "upgrade"), ("backups/.lock", "backup"), ("trends/config.toml", "backup")])
def test_a_link_of_the_services_leads_no_command_of_the_superuser_to_a_file_of_others(theirs: Settings, link: str, command: str) -> None:
    path, secret = theirs.data / link, theirs.data.parent / "secret"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(secret)
    refused = run_command(environment(theirs), command)
    unbind()
    assert (refused.returncode, "Permission denied" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False), refused.stderr
    assert (secret.read_text(), secret.owner(), secret.stat().st_mode & 0o777) == (SECRET, "root", 0o600)
    assert len(backups(backup_folder(theirs))) == 1


@pytest.mark.parametrize("exists", [False, True])
def test_a_lost_data_folder_is_restored_for_the_user_of_the_packages(
    theirs: Settings, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setattr(owner, "PACKAGE_USER", "nobody")
    lost = theirs.replace(data_dir=str(theirs.data.parent / "disk" / "data"), backup_dir=str(theirs.data / "backups"))
    shutil.chown(theirs.data / "backups", "root", "root")
    (theirs.data / "backups").chmod(0o755)
    if exists:
        lost.data.mkdir(parents=True)
    done = run_command(environment(lost), "restore")
    unbind()
    assert done.returncode == 0, done.stderr
    assert owners(lost.data) == {"nobody"}


def test_an_empty_folder_of_the_superuser_below_one_of_others_stays_theirs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "PACKAGE_USER", "nobody")
    (place / "empty").mkdir()
    (place / "theirs").mkdir()
    (place / "theirs" / "data").symlink_to(place / "empty")
    shutil.chown(place / "theirs", "nobody")
    owner.make_data_folder(place / "theirs" / "data", place)
    assert (place / "empty").owner() == "root"
