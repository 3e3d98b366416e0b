"""Makes a checkout ready: Debian packages, the Python environment, the render service; for `run` a database with demo data.

Runs on a bare python3, and can be run again at any time: what is there already is not done twice.
Usage: python3 services/bootstrap.py build | run | test | bench
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

GOALS = ("build", "run", "test", "bench")
RUN_PACKAGES = [
    "python3-venv", "g++", "make", "cmake", "libx11-6", "libxext6", "libsm6", "libice6", "libpng-dev", "zlib1g-dev", "libisal-dev", "libfreetype-dev",
]  # fmt: skip
PACKAGES = {
    "test": ["postgresql", "redis-server", "xrootd-server", "nginx-light", "iproute2", "chromium", "fonts-dejavu-core"],
    "bench": ["wrk"],
}
"""What a goal needs besides."""


def main(goal: str) -> None:
    """Make ready for one of the goals build, run, test and bench."""
    if goal not in GOALS:
        sys.exit(f"usage: python3 services/bootstrap.py {' | '.join(GOALS)}")
    if sys.version_info < (3, 11):
        sys.exit(f"DQM Hub needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    packages(RUN_PACKAGES + PACKAGES.get(goal, []))
    environment(test=goal in PACKAGES)
    step("render service", [str(PYTHON), "setup.py", "-q", "build_render"])
    if goal == "run":
        dqmhub = str(ENVIRONMENT / "bin" / "dqmhub")
        step("database", [dqmhub, "db", "upgrade"])
        step("demo data", [dqmhub, "demo", "make"])
        step("registering the demo data", [dqmhub, "register", str(data_dir() / "demo")])


def step(name: str, command: list[str]) -> None:
    """Run one step, say what it is and how long it took, and end here when it fails."""
    start = time.monotonic()
    print(f"-- {name}", flush=True)
    done = subprocess.run(command, cwd=TREE, check=False)
    if done.returncode != 0:
        sys.exit(f"-- {name} failed with code {done.returncode}: {' '.join(command)}")
    if (took := time.monotonic() - start) > 1:
        print(f"-- {name}: {took:.0f} s", flush=True)


def packages(wanted: list[str]) -> None:
    """Install the Debian packages that are missing when this user may, else name the one line that does it."""
    if not shutil.which("dpkg-query"):
        print(f"-- this is not Debian; these packages, or what they are called here, must be there: {' '.join(wanted)}")
        return
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *wanted], capture_output=True, text=True, check=False
    )
    there = {line.split()[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    missing = [name for name in wanted if name not in there]
    if not missing:
        return
    there_is_sudo = bool(shutil.which("sudo"))
    if os.geteuid() == 0:
        as_root = []
    elif there_is_sudo and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        as_root = ["sudo", "-n"]
    else:
        shell = "sudo sh" if there_is_sudo else "su -"  # a shell of root's own: its path has what dpkg calls
        install = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
        sys.exit(f"Debian packages are missing. Run this line, then the same command again:\n  {shell} -c 'apt-get update && {install}'")
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]  # sudo passes no variables on
    step("Debian package lists", [*apt, "update", "-q"])
    step(f"Debian packages {' '.join(missing)}", [*apt, "install", "-y", "-q", "--no-install-recommends", *missing])


def environment(test: bool) -> None:
    """Make the environment .venv and install into it what setup.py asks for, in the versions of requirements.txt."""
    extras = ["postgresql", "redis", "simulator", "xrootd"] + (["test"] if test else []) + ([] if shutil.which("root-config") else ["root"])
    place = digest(f"{TREE} {sys.version_info[:2]}".encode())  # of Debian's updates of a Python the environment knows nothing
    versions = digest((TREE / "setup.py").read_bytes() + (TREE / "requirements.txt").read_bytes())
    done = ENVIRONMENT / "installed"
    have = done.read_text().split() if done.exists() else []
    if have[:2] == [place, versions] and set(extras) <= set(have[2:]):
        return
    moved = have[:1] not in ([], [place])  # the scripts in it name the place that it was made at
    if moved or not PYTHON.exists():
        step("Python environment", [sys.executable, "-m", "venv", *(["--clear"] if moved else []), str(ENVIRONMENT)])
    extras = sorted({*extras, *have[2:]})
    step(
        "Python packages (a minute or two)",
        [
            *[str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-c", "requirements.txt"],
            *["setuptools", "-e", f".[{','.join(extras)}]"],  # setup.py runs by it; from 3.12 on an environment has none
        ],
    )
    done.write_text(" ".join([place, versions, *extras]))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def data_dir() -> Path:
    """The folder that the program writes to, as the settings have it."""
    answer = subprocess.run(
        [str(PYTHON), "-c", "from app.core.settings import load; print(load().data_dir)"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(answer.stdout.strip())


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
