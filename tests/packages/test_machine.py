"""The packages on an empty machine without a network: services run, releases lie beside each other, and data stay."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.version import VERSION
from render.build import binary, build
from services.packaging.products import TREE
from services.rpm.build import pack
from tests.packages.conftest import Packages
from tests.packages.machine import Machine, machine
from tests.support.processes import until

pytestmark = pytest.mark.slow

HUB = "http://127.0.0.1:8889"
SERVICES = ("web", "live", "worker", "render")
OF_ROOT = (TREE / ".venv/lib", Path("/usr/include"), Path("/usr/lib/gcc"))
"""ROOT, and the headers and the compiler that it needs while it runs."""

SETTINGS = """
file_roots = ["/var/lib/dqmhub/demo"]
anonymous_read = "everyone"
render_timeout_s = 600
render_cpu_s = 600
"""


@pytest.fixture(scope="module")
def render_service() -> Path:
    """The folder of the render service of this checkout, built against the package `root` of its environment."""
    return build(TREE, sys.executable).parent


@contextmanager
def running(host: Machine) -> Iterator[None]:
    """All services of an installed release."""
    processes = [host.start("/usr/bin/dqmhub", name, user="dqmhub") for name in SERVICES]
    try:
        wait_for(host, f"{HUB}/healthz/ready", *processes)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def wait_for(host: Machine, address: str, *processes: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; a process that ends before is an error."""

    def answers() -> bool:
        assert [process.returncode for process in processes if process.poll() is not None] == []
        return host.request(address).returncode == 0

    until(answers, address)


def samples(host: Machine) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(host.get(f"{HUB}/api/v1/samples"))["data"]
    return found


def small_package(folder: Path, version: str, settings: str = "") -> list[Path]:
    """The packages of a hub of another version with two files; the settings are those of this version."""
    stage = folder / "stage"
    for name in ("services/systemd/dqmhub.sysusers", "services/systemd/dqmhub.tmpfiles", "LICENSE"):
        (stage / "dqmhub" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TREE / name, stage / "dqmhub" / name)
    for unit in (TREE / "services/systemd").glob("dqmhub*.*"):
        shutil.copy(unit, stage / "dqmhub/services/systemd")
    launcher = stage / "dqmhub/bin/dqmhub"
    launcher.parent.mkdir()
    launcher.write_text(f"#!/bin/sh\necho dqmhub, version {version}\n")
    launcher.chmod(0o755)
    (stage / "man").mkdir()
    (stage / "man/dqmhub.1.gz").write_bytes(b"")
    for name in ("dqmhub", "dqmhub-release"):
        pack(name, folder, version, 1_700_000_000)
    return sorted(folder.glob("rpms/*/*.rpm"))


def test_all_services_run_without_a_network_and_go_on_through_an_upgrade(packages: Packages, render_service: Path, tmp_path: Path) -> None:
    newer = small_package(tmp_path / "newer", "9.0.0")
    with machine(tmp_path / "root", *OF_ROOT, programs=("c++", "sed")) as host:
        host.rpm("-i", packages.base, packages.hub, packages.release)
        release = host.root / "opt/dqmhub" / VERSION
        binary(release).parent.mkdir(parents=True)
        for name in ("dqmhub-render", "dqmhub-demo"):
            shutil.copy2(render_service / name, binary(release).parent)
        with (host.root / "etc/dqmhub/dqmhub.toml").open("a") as file:
            file.write(SETTINGS)
        for words in (["db", "upgrade"], ["demo", "make"]):
            host.run("/usr/bin/dqmhub", *words, user="dqmhub", PYTHONPATH="/nowhere", PYTHONHOME="/nowhere")
        files = sorted((host.root / "var/lib/dqmhub/demo").glob("*.root"))
        assert len(files) > 2
        with running(host):
            assert "default" not in host.run("cat", "/proc/net/route").stdout.split()
            host.run("/usr/bin/dqmhub", "register", f"/var/lib/dqmhub/demo/{files[0].name}", user="dqmhub")
            (sample,) = samples(host)
            assert_a_plot_is_drawn(host, sample)

            host.rpm("-U", *newer)
            assert host.run("readlink", "/opt/dqmhub/current").stdout == f"{VERSION}\n"
            assert host.run("/usr/bin/dqmhub", "--version").stdout == f"dqmhub, version {VERSION}\n"
            assert host.rpm("-V", f"dqmhub-release-{VERSION}").stdout == "", "a file of the release in use has changed"
            host.run("/usr/bin/dqmhub", "register", f"/var/lib/dqmhub/demo/{files[1].name}", user="dqmhub")
            assert len(samples(host)) == 2
            (new,) = [each for each in samples(host) if each != sample]
            assert_a_plot_is_drawn(host, new)
        assert list((host.root / "opt").rglob("*.rpmsave")) == []


def assert_a_plot_is_drawn(host: Machine, sample: dict[str, object]) -> None:
    """Its file is read by a process of its own, and drawn by the render service."""
    place = f"{sample['run']}{sample['dataset']}"
    content = json.loads(host.get(f"{HUB}/api/v1/archive/{place}"))["data"]
    path = ""
    while plots := [each for each in content if "name" in each] or content:
        if "path" in plots[0]:
            break
        path += f"/{plots[0]['subdir']}"
        content = json.loads(host.get(f"{HUB}/api/v1/archive/{place}{path}"))["data"]
    drawn = host.get(f"{HUB}/api/v1/render/{place}/{plots[0]['path']}?format=svg")
    assert "<svg" in drawn[:2000]


def test_an_installed_release_runs_below_another_prefix(packages: Packages, tmp_path: Path) -> None:
    with machine(tmp_path / "root") as host:
        host.rpm("-i", packages.base)
        host.rpm("-i", "--prefix", "/srv/hub", packages.hub, packages.release)
        assert not (host.root / "opt/dqmhub").exists()
        assert host.run("readlink", "-f", "/usr/bin/dqmhub").stdout == f"/srv/hub/{VERSION}/bin/dqmhub\n"
        host.run("/usr/bin/dqmhub", "db", "upgrade", user="dqmhub")
        code = "from app.core.installation import release, current; r = release(); print(r.prefix, r.version, current(r.prefix) == r)"
        assert host.run(f"/srv/hub/{VERSION}/bin/python3.11", "-I", "-c", code).stdout == f"/srv/hub {VERSION} True\n"
        assert (host.root / "var/lib/dqmhub/dqmhub.db").stat().st_size > 0
        missing = host.run("/usr/bin/dqmhub", "render", "build", check=False)
        assert missing.returncode == 1
        assert all(
            word in missing.stderr for word in ("cmake (package cmake)", "make (package make)", "C++ compiler", "root-config", "CXX")
        )
        assert "Traceback" not in missing.stderr
        assert_the_render_service_starts_in_a_cmssw_release(host, host.root / "srv/hub" / VERSION)


def assert_the_render_service_starts_in_a_cmssw_release(host: Machine, release: Path) -> None:
    """The command of its unit, with programs that stand for the service and for `scram`."""
    unit = (host.root / "usr/lib/systemd/system/dqmhub-render.service").read_text()
    for path, text in (
        (binary(release), 'echo "$0 in $CMSSW_BASE"'),
        (host.root / "usr/bin/scram", "echo export CMSSW_BASE=$(dirname $(pwd))"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    (host.root / "srv/CMSSW_14_0_2/src").mkdir(parents=True)
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    shown = host.run(*command.split(), user="dqmhub", CMSSW_RELEASE="/srv/CMSSW_14_0_2").stdout
    assert shown == f"/srv/hub/{VERSION}/build/render/dqmhub-render in /srv/CMSSW_14_0_2\n"


def test_settings_and_data_stay_through_upgrade_and_erasure(packages: Packages, tmp_path: Path) -> None:
    old, new = small_package(tmp_path / "old", "0.0.1"), small_package(tmp_path / "new", "0.0.2")
    with machine(tmp_path / "root") as host:
        host.rpm("-i", packages.base, *old)
        assert "dqmhub:" in (host.root / "etc/passwd").read_text()
        for path, mode, owner in (("etc/dqmhub", 0o750, 0), ("etc/dqmhub/dqmhub.toml", 0o640, 0), ("var/lib/dqmhub", 0o750, None)):
            status = (host.root / path).stat()
            assert (status.st_mode & 0o7777, status.st_uid if owner == 0 else None) == (mode, owner)
        assert host.run("getent", "passwd", str((host.root / "var/lib/dqmhub").stat().st_uid)).stdout.startswith("dqmhub:")
        settings, data = host.root / "etc/dqmhub/dqmhub.toml", host.root / "var/lib/dqmhub/dqmhub.db"
        settings.write_text("web_port = 9999\n")
        data.write_text("rows")

        shown = host.rpm("-U", *new).stdout
        assert "DQM Hub 0.0.2 is installed, and 0.0.1 stays in use" in shown
        assert settings.read_text() == "web_port = 9999\n"
        assert host.run("/usr/bin/dqmhub").stdout == "dqmhub, version 0.0.1\n"
        host.run("ln", "-sfn", "0.0.2", "/opt/dqmhub/current")
        assert host.run("/usr/bin/dqmhub").stdout == "dqmhub, version 0.0.2\n"
        host.run("ln", "-sfn", "0.0.1", "/opt/dqmhub/current")
        assert host.run("/usr/bin/dqmhub").stdout == "dqmhub, version 0.0.1\n"

        refused = host.rpm("-e", "dqmhub-release-0.0.1", check=False)
        assert refused.returncode != 0
        assert "Release 0.0.1 of DQM Hub is in use: switch to another one, or erase the package dqmhub first." in refused.stderr
        assert host.run("/usr/bin/dqmhub").stdout == "dqmhub, version 0.0.1\n"

        built = host.root / "opt/dqmhub/0.0.1/build/render"
        built.mkdir(parents=True)
        host.rpm("-e", "dqmhub")
        host.rpm("-e", "dqmhub-release-0.0.1", "dqmhub-release-0.0.2")
        assert not (host.root / "opt/dqmhub").exists()
        assert not (host.root / "usr/bin/dqmhub").is_symlink()
        assert data.read_text() == "rows"
        assert settings.with_name("dqmhub.toml.rpmsave").read_text() == "web_port = 9999\n"
        assert "dqmhub:" in (host.root / "etc/passwd").read_text(), "files of the user stay, so the user does"


def test_a_second_release_of_the_same_kind_is_installed_beside_the_first(packages: Packages, tmp_path: Path) -> None:
    old, new = small_package(tmp_path / "old", "0.0.1"), small_package(tmp_path / "folder with blanks", "0.0.2")
    (release,) = (package for package in new if "release" in package.name)
    with machine(tmp_path / "root") as host:
        host.rpm("-i", packages.base, *old)
        host.rpm("-i", release)
        built = host.root / "opt/dqmhub/0.0.2/build/render/dqmhub-render"
        built.parent.mkdir(parents=True)
        built.touch()
        host.rpm("-U", "--replacepkgs", release)
        assert built.exists(), "the render service that was built here stays when its release is installed again"
        assert sorted(path.name for path in (host.root / "opt/dqmhub").iterdir()) == ["0.0.1", "0.0.2", "current"]
        host.rpm("-e", "dqmhub-release-0.0.2")
        assert sorted(path.name for path in (host.root / "opt/dqmhub").iterdir()) == ["0.0.1", "current"]


def test_mirror_and_transfer_run_without_the_hub(packages: Packages, tmp_path: Path) -> None:
    with machine(tmp_path / "root") as host:
        host.rpm("-i", packages.base, packages.mirror, packages.transfer)
        host.run("mkdir", "-p", "/var/lib/dqmhub-mirror")
        mirror = host.start("/usr/bin/dqmhub-mirror", "--config", "/etc/dqmhub-mirror.toml", "--data", "/var/lib/dqmhub-mirror")
        try:
            wait_for(host, "http://127.0.0.1:8084/", mirror)
            assert "<html" in host.get("http://127.0.0.1:8084/")
        finally:
            mirror.terminate()
            assert mirror.wait() == 0
        checked = host.run("/usr/bin/dqmhub-transfer", "fu", "--config", "/etc/dqmhub-transfer.toml", "--check", user="dqmpro", check=False)
        assert checked.stderr + checked.stdout
        assert "Traceback" not in checked.stderr
        host.rpm("-e", "dqmhub-mirror", "dqmhub-transfer")
        assert [path.name for path in (host.root / "opt").iterdir()] == []
        assert (host.root / "var/lib/dqmhub-mirror/mirror.db").exists()
