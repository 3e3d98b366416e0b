"""The wrapper that starts a command in the environment of a CMSSW release, with a `scram` that prints what the real one does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from app.core.settings import TREE

WRAPPER = TREE / "render" / "in_release.sh"
SCRAM = """#!/bin/sh
[ "$*" = "runtime -sh" ] || exit 2
echo 'export CMSSW_BASE="'"$(dirname "$(pwd -P)")"'";'
echo 'export LD_LIBRARY_PATH="/opt/with blanks/lib";'
"""
SHOW = 'echo "$CMSSW_BASE:$LD_LIBRARY_PATH:$PPID:$1"'


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release, and `scram` after the settings were read."""
    for folder in ("CMSSW_14_0_2/src", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    scram = tmp_path / "bin/scram"
    scram.write_text(SCRAM)
    scram.chmod(0o755)
    (tmp_path / "cmsset_default.sh").write_text(f"PATH={tmp_path}/bin:$PATH\n")
    return tmp_path / "CMSSW_14_0_2"


def run(*command: str, **variables: object) -> subprocess.CompletedProcess[str]:
    """Run a command by the wrapper with these variables."""
    env = {"PATH": os.environ["PATH"]} | {name: str(value) for name, value in variables.items()}
    return subprocess.run([WRAPPER, *command], env=env, capture_output=True, text=True, check=False)


def test_a_command_runs_in_the_environment_of_the_release_and_replaces_the_wrapper(release: Path) -> None:
    link = release.with_name("current_production")
    link.symlink_to(release.name)
    settings = release.with_name("cmsset_default.sh")
    done = run("sh", "-c", SHOW, "sh", "two words", CMSSW_RELEASE=link, CMSSW_SETTINGS=settings)
    assert (done.stdout, done.stderr) == (f"{release}:/opt/with blanks/lib:{os.getpid()}:two words\n", "")


def test_without_a_release_the_command_runs_as_it_is() -> None:
    assert run("sh", "-c", SHOW, "sh", "x").stdout == f"::{os.getpid()}:x\n"


def test_the_exit_code_is_that_of_the_command() -> None:
    assert run("sh", "-c", "exit 7").returncode == 7


def test_what_is_missing_is_named(release: Path) -> None:
    settings = release.with_name("cmsset_default.sh")
    absent = run("true", CMSSW_RELEASE="/nowhere", CMSSW_SETTINGS=settings)
    assert (absent.returncode, absent.stderr.splitlines()[-1]) == (1, "CMSSW_RELEASE=/nowhere: it is not a release, which has a folder src")
    unset = run("true", CMSSW_RELEASE=release, CMSSW_SETTINGS="/nowhere.sh")
    assert (unset.returncode, unset.stderr) == (1, "CMSSW_SETTINGS: /nowhere.sh cannot be read, and there is no command scram\n")
    release.with_name("bin").joinpath("scram").write_text("#!/bin/sh\nexit 1\n")
    failed = run("true", CMSSW_RELEASE=release, CMSSW_SETTINGS=settings)
    assert (failed.returncode, failed.stderr) == (1, f"scram runtime -sh failed in {release}/src\n")
    assert run().returncode == 2
