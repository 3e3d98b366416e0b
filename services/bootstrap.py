"""Prepares a checkout: Debian packages, Python environment, render service, files of the mirror; for `run` also demo data.

Runs with a bare python3, and only does what is missing, so that it can be run at any time.
Usage: python3 services/bootstrap.py build | run | test | bench | rpm
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
ENVIRONMENT = TREE / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOG = TREE / "build" / "bootstrap.log"
"""Output of the commands of the latest preparation."""

SHOWN_LINES = 20
"""Last lines of the output of a failed command that are shown."""

GOALS = ("build", "run", "test", "bench", "rpm")
TESTING = ("test", "bench")
"""Goals that need the Python packages of tests."""

BUILD_PACKAGES = ["python3-venv", "g++", "make", "cmake", "libpng-dev", "zlib1g-dev", "libisal-dev", "libfreetype-dev", "libboost-dev"]
ROOT_PACKAGES = ["libx11-6", "libxext6", "libsm6", "libice6"]
MORE_PACKAGES = {
    "test": [
        "postgresql",
        "redis-server",
        "mariadb-server",
        "xrootd-server",
        "nginx-light",
        "apache2-bin",
        "iproute2",
        "openssh-server",
        "rsync",
        "chromium-headless-shell",
        "fonts-dejavu-core",
        "rpm",
        "rpmlint",
        "cpio",
        "systemd",
        "man-db",
        "prometheus",
        "curl",
    ],
    "bench": ["wrk", "chromium-headless-shell"],
    "rpm": ["rpm"],
}
"""Additional packages for a goal."""

PROVIDER = TREE / "tests" / "security" / "sign_on" / "provider"
"""What npm installs for the tests of sign-on, with its hashes."""


def main(goal: str) -> None:
    """Prepare for one of GOALS."""
    if goal not in GOALS:
        sys.exit(f"usage: python3 services/bootstrap.py {' | '.join(GOALS)}")
    if sys.version_info < (3, 11):
        sys.exit(f"DQM Hub needs Python 3.11 or newer, but this is {sys.version.split()[0]}")
    LOG.unlink(missing_ok=True)
    node = ["nodejs", "npm"] if goal == "test" and not shutil.which("npm") else []
    install_packages(BUILD_PACKAGES + ROOT_PACKAGES + MORE_PACKAGES.get(goal, []) + node)
    install_environment(test=goal in TESTING)
    if goal == "test":
        install_provider()
    step("render service", [str(PYTHON), "setup.py", "-q", "build_render"])
    if goal not in TESTING:  # tests check that these files are up to date
        step("static files of the mirror", [str(PYTHON), "-m", "services.mirror.build_assets"])
    if goal == "run":
        dqmhub = str(ENVIRONMENT / "bin" / "dqmhub")
        step("database", [dqmhub, "db", "upgrade"])
        step("demo data", [dqmhub, "demo", "make"])
        step("registering the demo data", [dqmhub, "register", *map(str, sorted((data_dir() / "demo").glob("*.root")))])


def step(name: str, command: list[str]) -> None:
    """Run a command with its output in LOG, and print its duration; exit with the end of its output if it fails."""
    start = time.monotonic()
    print(f"-- {name}", flush=True)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"== {name}: {' '.join(command)}\n".encode())
        log.flush()
        begin = log.tell()
        result = subprocess.run(command, cwd=TREE, stdout=log, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        lines = LOG.read_bytes()[begin:].decode(errors="replace").splitlines()[-SHOWN_LINES:]
        sys.exit("\n".join([*lines, f"-- {name} failed with code {result.returncode}: {' '.join(command)}", f"-- Its output is in {LOG}"]))
    if (duration := time.monotonic() - start) > 1:
        print(f"-- {name}: {duration:.0f} s", flush=True)


def install_packages(names: list[str]) -> None:
    """Install missing Debian packages if this user may do so; otherwise exit with the command for it."""
    if not shutil.which("dpkg-query"):
        print(f"-- This is not Debian. These packages, or their equivalents, must be installed: {' '.join(names)}")
        return
    missing = missing_packages(names)
    if not missing:
        return
    has_sudo = bool(shutil.which("sudo"))
    if os.geteuid() == 0:
        prefix = []
    elif has_sudo and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        prefix = ["sudo", "-n"]
    else:
        shell = "sudo sh" if has_sudo else "su -"  # a login shell of root: its PATH has the programs that dpkg calls
        install = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
        sys.exit(f"Debian packages are missing. Run this line, then the same command again:\n  {shell} -c 'apt-get update && {install}'")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]  # sudo passes no variables on
    step("Debian package lists", [*apt, "update", "-q"])
    step(f"Debian packages {' '.join(missing)}", [*apt, "install", "-y", "-q", "--no-install-recommends", *missing])


def missing_packages(names: list[str]) -> list[str]:
    """Debian packages that are not installed."""
    command = ["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *names]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in output.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def install_environment(test: bool) -> None:
    """Create .venv and install the packages of requirements/, in those versions and with those hashes, and the product.

    .venv/installed holds digests of the location and of these files, and their names, so that an up-to-date environment is left alone.
    """
    names = ["run"] + (["test"] if test else []) + ([] if shutil.which("root-config") else ["root"])
    location = digest(f"{TREE} {sys.version_info[:2]}".encode())  # a patch release of Python needs no new environment
    files = [TREE / "setup.py", *sorted((TREE / "requirements").glob("*.txt"))]
    versions = digest(b"".join(file.read_bytes() for file in files))
    record = ENVIRONMENT / "installed"
    installed = record.read_text().split() if record.exists() else []
    if installed[:2] == [location, versions] and set(names) <= set(installed[2:]):
        return
    has_moved = installed[:1] not in ([], [location])  # its scripts name the old location
    if has_moved or not PYTHON.exists():
        step("Python environment", [sys.executable, "-m", "venv", *(["--clear"] if has_moved else []), str(ENVIRONMENT)])
    names = sorted(name for name in {*names, *installed[2:]} if (TREE / "requirements" / f"{name}.txt").exists())
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    locked = [part for name in names for part in ("-r", f"requirements/{name}.txt")]
    step("Python packages (a minute or two)", [*pip, "--require-hashes", *locked])
    # the setuptools of the lock runs setup.py; pip would fetch another one for a build of its own
    step("this product", [*pip, "--no-deps", "--no-build-isolation", "-e", "."])
    record.write_text(" ".join([location, versions, *names]))


def install_provider() -> None:
    """Install the identity provider of the tests into build/, by the hashes of its lock."""
    target, lock = TREE / "build" / PROVIDER.name, digest((PROVIDER / "package-lock.json").read_bytes())
    record = target / "installed"
    if record.exists() and record.read_text() == lock:
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROVIDER / name, target)
    step("identity provider of the tests", ["npm", "ci", "--prefix", str(target), "--ignore-scripts", "--no-audit", "--no-fund"])
    record.write_text(lock)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def data_dir() -> Path:
    """The data folder in the settings."""
    command = [str(PYTHON), "-c", "from app import areas; from app.core.settings import load; print(load().data_dir)"]
    return Path(subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout.strip())


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
