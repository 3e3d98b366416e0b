"""What the RPM packages contain, do at installation, and require."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.core.version import VERSION
from services.packaging import elf
from services.packaging.products import TREE
from tests.packages.conftest import Packages, unpack

pytestmark = pytest.mark.slow


def query(package: Path, *arguments: str) -> list[str]:
    return subprocess.run(["rpm", "-qp", *arguments, str(package)], check=True, capture_output=True, text=True).stdout.splitlines()


def test_the_package_of_a_hub_has_what_a_machine_has_once(packages: Packages) -> None:
    units = {path.name for path in (TREE / "services/systemd").iterdir() if path.suffix in (".service", ".timer", ".target")}
    own = {f"/usr/lib/systemd/system/{name}" for name in units if not name.startswith(("dqmhub-mirror", "dqmhub-transfer"))}
    assert set(query(packages.hub, "-l")) == own | {
        *("/usr/bin/dqmhub", "/usr/lib/sysusers.d/dqmhub.conf", "/usr/lib/tmpfiles.d/dqmhub.conf", "/usr/share/man/man1/dqmhub.1.gz"),
        *("/usr/share/licenses/dqmhub", "/usr/share/licenses/dqmhub/LICENSE"),
        *("/opt/dqmhub", "/opt/dqmhub/current", "/etc/dqmhub", "/etc/dqmhub/conf.d", "/etc/dqmhub/dqmhub.toml", "/var/lib/dqmhub"),
    }
    assert len(own) > 5


def test_a_release_is_below_its_version_alone(packages: Packages) -> None:
    files = query(packages.release, "-l")
    folder = f"/opt/dqmhub/{VERSION}"
    assert all(file == "/opt/dqmhub" or file == folder or file.startswith(f"{folder}/") for file in files)
    parts = ("bin/dqmhub", "app/__init__.py", "lib/python3.11/site-packages/flask/__init__.py", "render/src/master.cpp", "sbom.json")
    assert {f"{folder}/{part}" for part in parts} - set(files) == set()
    assert not [file for file in files if "/tests/" in file and "/site-packages/" not in file]
    assert not [file for file in files if file.endswith("dqmhub-render")], "the render service is built on site"


def test_the_mirror_has_three_third_party_packages_and_the_transfer_none(packages: Packages) -> None:
    def installed(package: Path) -> set[str]:
        names = (file.rpartition("/site-packages/")[2] for file in query(package, "-l") if file.endswith(".dist-info"))
        return {name.partition("-")[0] for name in names}

    assert {"bottle", "gunicorn", "cryptography"} <= installed(packages.mirror)
    assert installed(packages.mirror) <= {"bottle", "gunicorn", "cryptography", "cffi", "pycparser", "packaging", "typing_extensions"}
    assert installed(packages.transfer) == set()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("hub", ["/etc/dqmhub/dqmhub.toml"]),
        ("release", []),
        ("mirror", ["/etc/dqmhub-mirror.toml"]),
        ("transfer", ["/etc/dqmhub-transfer.toml"]),
    ],
)
def test_only_settings_are_configuration_and_are_never_replaced(packages: Packages, name: str, files: list[str]) -> None:
    package = getattr(packages, name)
    assert query(package, "-c") == files
    flags = query(package, "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]")
    assert [line.split()[1] for line in flags if line.split()[0] in files] == ["cn"] * len(files)


def test_packages_name_what_they_require(packages: Packages) -> None:
    def required(package: Path) -> set[str]:
        return {line for line in query(package, "--requires") if not line.startswith("rpmlib")}

    library = {"glibc >= 2.28", "libstdc++ >= 8", "libgcc >= 8"}
    assert required(packages.hub) == {f"dqmhub-release-{VERSION}", "shadow-utils", "/bin/sh"}
    assert required(packages.release) == {"python3.11 >= 3.11.2", *library, "zlib", "/bin/sh"}
    assert required(packages.mirror) == {"python3.11 >= 3.11.2", *library, "/bin/sh"}
    assert required(packages.transfer) == {"python3.11 >= 3.11.2", "shadow-utils", "/bin/sh"}


def test_nothing_of_the_machine_that_built_it_is_in_a_package(packages: Packages) -> None:
    for package in packages[1:]:
        assert query(package, "--qf", "%{BUILDHOST}\n") == ["dqmhub"]
        text = "\n".join(query(package, "--qf", "%{PREIN}%{POSTIN}%{PREUN}%{POSTUN}%{DESCRIPTION}[%{FILENAMES}\n][%{FILELINKTOS}\n]"))
        assert str(TREE) not in text
        assert str(package.parent) not in text


def test_no_package_needs_a_library_that_el8_lacks(packages: Packages, tmp_path: Path) -> None:
    for package in (packages.release, packages.mirror):
        folder = tmp_path / package.name
        unpack(package, folder, "*.so", "*.so.*")
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert len(files) >= 2
        assert elf.too_new(folder) == {}
        bundled = {path.name for path in files}
        system = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2", "ld-linux-x86-64.so.2"}
        assert needed(files) - bundled <= system | {"libstdc++.so.6", "libgcc_s.so.1", "libz.so.1"}


def needed(files: list[Path]) -> set[str]:
    """The libraries that files need, as readelf says."""
    output = subprocess.run(["readelf", "-d", "-W", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {line.partition("[")[2].rstrip("]") for line in output.splitlines() if "(NEEDED)" in line}
