"""The offline bundle: install.sh on an empty machine, as root and as anybody."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from app.core.version import VERSION
from services.bundle.__main__ import build
from services.packaging.products import TREE
from tests.packages.machine import Machine, machine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("bundle"), TREE / "build" / "wheels")


def unpacked(host: Machine, bundle: Path) -> str:
    with tarfile.open(bundle) as archive:
        archive.extractall(host.root / "srv", filter="tar")
    return f"/srv/dqmhub-{VERSION}"


def test_root_installs_a_hub_as_the_packages_do(bundle: Path, tmp_path: Path) -> None:
    programs = ("basename", "id", "chmod", "ls")
    with machine(tmp_path / "root", programs=programs) as host:
        folder = unpacked(host, bundle)
        shown = host.run("sh", f"{folder}/install.sh").stdout
        assert shown == f"DQM Hub {VERSION} is installed: /opt/dqmhub/current/bin/dqmhub\n"
        host.run("/usr/bin/dqmhub", "db", "upgrade", user="dqmhub")
        assert (host.root / "var/lib/dqmhub/dqmhub.db").exists()
        units = {path.name for path in (host.root / "usr/lib/systemd/system").iterdir()}
        assert {"dqmhub-web.service", "dqmhub.target"} <= units
        assert not [name for name in units if name.startswith("dqmhub-transfer")]
        again = host.run("sh", f"{folder}/install.sh", check=False)
        assert again.stderr == f"install.sh: /opt/dqmhub/{VERSION} exists: release {VERSION} is installed already\n"


def test_anybody_installs_a_release_below_another_prefix_and_a_missing_python_is_named(bundle: Path, tmp_path: Path) -> None:
    with machine(tmp_path / "root", programs=("basename", "id", "chmod", "ls")) as host:
        folder = unpacked(host, bundle)
        host.run("useradd", "--system", "somebody")
        host.run("mkdir", "/srv/own")
        host.run("chown", "somebody", "/srv/own")
        wrong = host.run("sh", f"{folder}/install.sh", "--python", "/usr/bin/python3.9", check=False)
        assert (wrong.returncode, wrong.stderr) == (1, "install.sh: /usr/bin/python3.9 is no Python 3.11; name one by --python\n")
        host.run("sh", f"{folder}/install.sh", "--prefix", "/srv/own", user="somebody")
        version = host.run("/srv/own/current/bin/dqmhub", "--version", user="somebody").stdout
        assert version == f"dqmhub, version {VERSION}\n"
        assert not (host.root / "etc/dqmhub").exists()
        refused = host.run("sh", f"{folder}/install.sh", "--prefix", "/opt/hub", user="somebody", check=False)
        assert "cannot write to /opt/hub; run this as root, or choose another --prefix" in refused.stderr


def test_the_check_before_an_installation_is_in_the_bundle_and_runs_alone(bundle: Path, tmp_path: Path) -> None:
    with tarfile.open(bundle) as archive:
        archive.extract(f"dqmhub-{VERSION}/preflight.py", tmp_path, filter="tar")
    command = ["/usr/bin/python3", "-I", str(tmp_path / f"dqmhub-{VERSION}/preflight.py"), "--help"]
    assert "usage:" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
