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
from app.security.models import Audit
from tests.ops.backup.test_backups import make
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.site import unbind

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser acts as others")

SECRET = "for the superuser alone"
PASSWORD = "correct horse battery staple"


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


def test_every_command_of_the_superuser_leaves_files_of_the_user_of_the_services_alone(theirs: Settings) -> None:
    variables = environment(theirs)
    done = run_command(variables, "user", "add", "anna", "--role", "admin", typed=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    assert [row.user for row in Audit.select().where(Audit.target == "anna")] == ["root (command line)"]
    assert run_command(variables, "mirror-key").returncode == 0
    assert run_command(variables, "backup").returncode == 0
    unbind()
    assert (theirs.data / "publish" / "key").exists()
    assert owners(theirs.data) == {"nobody"}


def test_a_key_for_mirrors_in_a_data_folder_that_is_missing_is_of_the_user_of_the_packages(
    theirs: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "PACKAGE_USER", "nobody")
    new = theirs.replace(data_dir=str(theirs.data.parent / "new"))
    assert run_command(environment(new), "mirror-key").returncode == 0
    assert owners(new.data) == {"nobody"}


@pytest.mark.parametrize("service", ["web", "live", "worker", "render", "run"])
def test_a_service_that_the_superuser_starts_in_the_data_folder_of_another_user_is_refused_in_one_line(
    theirs: Settings, service: str
) -> None:
    before = sorted(theirs.data.rglob("*"))
    refused = run_command(environment(theirs), service)
    assert (refused.returncode, refused.stderr) == (
        1,
        f"Error: {theirs.data} belongs to nobody, and this is root: `runuser -u nobody -- dqmhub {service}`\n",
    )
    assert sorted(theirs.data.rglob("*")) == before


def test_a_file_that_a_backup_cannot_read_is_named_in_one_line(theirs: Settings) -> None:
    keys = theirs.data / "publish"
    keys.mkdir(0o700)
    refused = run_command(environment(theirs), "backup")
    unbind()
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        1,
        f"Error: {keys} cannot be copied: Permission denied; `dqmhub doctor data-folder` says what to change",
    )


def test_a_database_that_cannot_be_written_is_named_with_its_mode_and_the_remedy(theirs: Settings) -> None:
    file = theirs.data / "dqmhub.db"
    file.chmod(0o400)
    refused = run_command(environment(theirs), "user", "add", "anna", typed=f"{PASSWORD}\n")
    unbind()
    reason = f"{file} has mode 400, so nobody cannot write it"
    remedy = " and ".join(f"run `chmod u+rw {file}{ending}`" for ending in ("", "-wal", "-shm"))  # SQLite gives its mode to the log
    assert (refused.returncode, refused.stderr) == (1, f"dqmhub: The database cannot be used: {reason}: {remedy}\n")
    diagnosis = run_command(environment(theirs), "doctor", "database")
    assert f"error    database: {reason}\n         -> R{remedy[1:]}\n" in diagnosis.stdout
    file.chmod(0)
    refused = run_command(environment(theirs), "user", "ls")
    unbind()
    assert refused.stderr == f"dqmhub: The database cannot be used: {file} has mode 0, so nobody cannot read it: {remedy}\n"


def test_keys_that_the_services_cannot_read_are_named_with_their_modes(theirs: Settings) -> None:
    keys = theirs.data / "publish"
    keys.mkdir()
    for path in (theirs.data / "secret", theirs.data / "local_key", keys / "key"):
        path.touch()
    give_away(theirs.data)
    variables = environment(theirs)
    assert "and its files belong to nobody" in run_command(variables, "doctor", "data-folder").stdout
    (theirs.data / "secret").chmod(0o200)
    (keys / "key").chmod(0)
    found = run_command(variables, "doctor", "data-folder").stdout
    assert f"error    data-folder: {theirs.data}/secret has mode 200, so nobody cannot read it" in found
    assert f"-> Run `chmod u+r {keys}/key`" in found
    assert "and its files belong to" not in found
    shutil.chown(keys / "key", "root")
    assert f"{keys}/key belongs to root, and nobody cannot read it" in run_command(variables, "doctor", "data-folder").stdout


def test_folders_that_the_services_may_not_see_are_named(theirs: Settings) -> None:
    closed = theirs.data.parent / "closed"
    (closed / "files").mkdir(parents=True)
    closed.chmod(0o700)
    given = theirs.replace(file_roots=(str(closed / "files"),))
    found = run_command(environment(given), "doctor", "data-folder").stdout
    assert f"The folder {closed}/files of file_roots cannot be read by nobody (Permission denied)" in found


def test_the_owner_of_files_without_a_name_is_a_number_as_chown_takes_it(theirs: Settings) -> None:
    give_away(theirs.data)
    os.chown(theirs.data, 21002, 21002)
    found = run_command(environment(theirs), "doctor", "data-folder").stdout
    assert f"-> chown -R 21002 {theirs.data}; run dqmhub as this user only" in found


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
