"""The offline bundle: install.sh on an empty machine, as root and as anybody."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from app.core.version import VERSION
from services.bundle.__main__ import add_programs, pack
from services.packaging.products import TREE
from tests.packages.conftest import Packages, unpack
from tests.packages.machine import machine
from tests.packages.production.page import sections

pytestmark = pytest.mark.slow


def test_anybody_installs_a_release_below_a_prefix_and_root_a_hub_as_the_packages_do(packages: Packages, tmp_path: Path) -> None:
    with machine(tmp_path / "root", programs=("basename", "id", "chmod", "install", "ls", "python3")) as host:
        unpack(packages.release, host.root / "srv")
        folder = (host.root / "srv/opt/dqmhub").rename(host.root / "srv" / f"dqmhub-{VERSION}")
        add_programs(folder)
        install = ("sh", f"/srv/{folder.name}/install.sh")
        host.run("useradd", "--system", "somebody")
        host.run("mkdir", "/srv/own")
        host.run("chown", "somebody", "/srv/own")
        wrong = host.run(*install, "--python", "/usr/bin/python3.9", check=False)
        assert (wrong.returncode, wrong.stderr) == (1, "install.sh: /usr/bin/python3.9 is no Python 3.11; name one by --python\n")
        unfinished = host.run("bash", install[1], "--prefix", check=False)
        assert (unfinished.returncode, unfinished.stderr[:18]) == (2, "Usage: install.sh ")
        relative = f"cd /srv && {' '.join(install)} --prefix own --python python3.11"
        host.run("sh", "-c", relative, user="somebody")
        assert host.run("readlink", f"/srv/own/{VERSION}/bin/python3.11").stdout == "/usr/bin/python3.11\n"
        version = host.run("/srv/own/current/bin/dqmhub", "--version", user="somebody").stdout
        assert version == f"dqmhub, version {VERSION}\n"
        assert not (host.root / "etc/dqmhub").exists()
        refused = host.run(*install, "--prefix", "/opt/hub", user="somebody", check=False)
        assert "cannot write to /opt/hub; run this as root, or choose another --prefix" in refused.stderr

        host.run("chmod", "-R", "go=", f"/srv/{folder.name}")  # as unpacked with the umask 077
        check, documented = sections("install")["Without RPM"].replace("0.1.0", VERSION).splitlines()
        assert "Python 3.11" in host.run("sh", "-c", f"cd /srv; {check}", check=False).stdout, "this machine lacks much"
        installed = host.run("sh", "-c", f"cd /srv; {documented}").stdout
        assert installed == f"DQM Hub {VERSION} is installed: /opt/dqmhub/current/bin/dqmhub\n"
        host.run("/usr/bin/dqmhub", "db", "upgrade", user="dqmhub")
        assert (host.root / "var/lib/dqmhub/dqmhub.db").exists()
        units = {path.name for path in (host.root / "usr/lib/systemd/system").iterdir()}
        assert {"dqmhub-web.service", "dqmhub.target"} <= units
        assert not [name for name in units if name.startswith("dqmhub-transfer")]
        assert {unit.stat().st_mode & 0o777 for unit in (host.root / "usr/lib/systemd/system").iterdir()} == {0o644}

        (host.root / "usr/bin/dqmhub").unlink()
        (host.root / "usr/bin/dqmhub").mkdir()
        (host.root / "usr/bin/dqmhub/dqmhub").mkdir()
        broken = host.run(*install, check=False)
        assert (broken.returncode, broken.stderr.splitlines()[-1]) == (
            1,
            "install.sh: the installation is incomplete: remove the cause, and run this again",
        )
        (host.root / "usr/bin/dqmhub/dqmhub").rmdir()
        (host.root / "usr/bin/dqmhub").rmdir()
        again = host.run(*install).stdout.splitlines()
        assert again[0] == f"Release {VERSION} is in /opt/dqmhub already, and stays as it is."
        assert host.run("/usr/bin/dqmhub", "--version").stdout == version


def test_a_prefix_that_root_forgets_to_repeat_leaves_the_command_where_it_is(tmp_path: Path) -> None:
    with machine(tmp_path / "root", programs=("basename", "id", "chmod", "install")) as host:
        for version in ("0.1.0", "0.2.0"):
            folder = host.root / f"srv/bundle-{version}"
            launcher = folder / version / "bin/dqmhub"
            launcher.parent.mkdir(parents=True)
            launcher.touch(0o755)
            (folder / version / "pyvenv.cfg").touch()
            shutil.copytree(TREE / "services/systemd", folder / version / "services/systemd")
            add_programs(folder)
        host.run("sh", "/srv/bundle-0.1.0/install.sh", "--prefix", "/srv/hub")
        refused = host.run("sh", "/srv/bundle-0.2.0/install.sh", check=False)
        said = "install.sh: DQM Hub is installed in /srv/hub: give --prefix /srv/hub, or remove /usr/bin/dqmhub first\n"
        assert (refused.returncode, refused.stderr) == (1, said)
        assert host.run("readlink", "/usr/bin/dqmhub").stdout == "/srv/hub/current/bin/dqmhub\n"
        assert not (host.root / "opt/dqmhub").exists()
        host.run("sh", "/srv/bundle-0.2.0/install.sh", "--prefix", "/srv/../srv/hub/")
        assert (host.root / "srv/hub/0.2.0/bin/dqmhub").exists()
        host.run("rm", "-r", "/srv/hub")
        host.run("sh", "/srv/bundle-0.2.0/install.sh")
        assert host.run("readlink", "/usr/bin/dqmhub").stdout == "/opt/dqmhub/current/bin/dqmhub\n"


def test_packages_and_bundle_make_the_same_user() -> None:
    script, package = ((TREE / "services" / name).read_text(encoding="utf-8") for name in ("bundle/install.sh", "rpm/dqmhub.spec"))
    (command,) = re.findall(r"useradd .*", script)
    assert command in package
    _, user, _, comment, folder = shlex.split((TREE / "services/systemd/dqmhub.sysusers").read_text(encoding="utf-8"))
    assert f'--home-dir {folder} --no-create-home --shell /sbin/nologin --comment "{comment}" {user}' in command


def test_the_check_before_an_installation_is_in_the_bundle_and_runs_alone(tmp_path: Path) -> None:
    add_programs(tmp_path)
    command = ["/usr/bin/python3", "-I", str(tmp_path / "preflight.py"), "--help"]
    assert "usage:" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_bundle_of_the_same_files_has_the_same_bytes_and_they_are_those_of_root(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    add_programs(tmp_path / "one")
    for name in ("first", "second"):
        pack(tmp_path / "one", f"dqmhub-{VERSION}", tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    with tarfile.open(tmp_path / "first") as archive:
        items = archive.getmembers()
    assert [item.name for item in items] == [f"dqmhub-{VERSION}/{name}" for name in ("dqmhub.toml", "install.sh", "preflight.py")]
    assert {(item.uname, item.gname, item.uid, item.gid) for item in items} == {("root", "root", 0, 0)}
