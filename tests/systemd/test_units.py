"""The units of `services/systemd`, judged by systemd's own tools; there is no running systemd in tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli import dqmhub
from app.core.settings import TREE
from services.transfer.__main__ import MODES
from tests.support.patience import PATIENCE_S

UNITS = TREE / "services" / "systemd"
PROGRAMS = ("dqmhub", "dqmhub-mirror", "dqmhub-transfer")
MOST_EXPOSURE = 3.0
INSTALLED_UNITS = {
    "dqmhub-backup.service",
    "dqmhub-backup.timer",
    "dqmhub-live.service",
    "dqmhub-mirror.service",
    "dqmhub-nightly.service",
    "dqmhub-nightly.timer",
    "dqmhub-render.service",
    "dqmhub-transfer@.service",
    "dqmhub-web.service",
    "dqmhub-worker@.service",
    "dqmhub.target",
}
SERVICES = sorted(name for name in INSTALLED_UNITS if name.endswith(".service"))


@pytest.fixture(scope="module")
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("this needs systemd-analyze (Debian package systemd)")
    return program


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder of a machine with these units and the programs that they start."""
    root = tmp_path_factory.mktemp("root")
    programs, units = root / "usr/bin", root / "usr/lib/systemd/system"
    for folder in (programs, units):
        folder.mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy("/bin/true", programs / name)
    for name in INSTALLED_UNITS:
        shutil.copy(UNITS / name, units)
    return root


def values(unit: str, key: str) -> list[str]:
    """The values of a key of a unit, in their order."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(encoding="utf-8"), re.MULTILINE)


def commands() -> Iterator[tuple[str, list[str]]]:
    """The words of each command that a unit starts."""
    for name in SERVICES:
        for line in values(name, "ExecStart"):
            yield name, line.split()


def test_the_units_that_the_packages_install_exist() -> None:
    assert {path.name for path in UNITS.iterdir() if path.suffix in (".service", ".timer", ".target")} == INSTALLED_UNITS


def test_systemd_accepts_all_units(analyze: str, installed: Path) -> None:
    units = [f"{installed}/usr/lib/systemd/system/{name}" for name in sorted(INSTALLED_UNITS)]
    command = [analyze, "verify", f"--root={installed}", "--recursive-errors=no", *units]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_names_a_wrong_line_of_a_unit(analyze: str, installed: Path) -> None:
    wrong = installed / "usr/lib/systemd/system/wrong.service"
    wrong.write_text("[Service]\nExecStart=/usr/bin/dqmhub web\nWatchdogSeconds=1\n")
    command = [analyze, "verify", f"--root={installed}", "--recursive-errors=no", str(wrong)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert "WatchdogSeconds" in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined(analyze: str, installed: Path, name: str) -> None:
    unit = installed / "usr/lib/systemd/system" / name.replace("@", "@1")
    if not unit.exists():
        shutil.copy(UNITS / name, unit)
    command = [analyze, "security", "--offline=yes", f"--threshold={10 * MOST_EXPOSURE:.0f}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_every_unit_starts_a_command_that_exists() -> None:
    group, context = dqmhub, click.Context(dqmhub)
    assert isinstance(group, click.Group)
    for name, words in commands():
        assert words[0].removeprefix("/usr/bin/") in PROGRAMS, name
        if words[0] == "/usr/bin/dqmhub":
            assert group.get_command(context, words[1]), name
    assert values("dqmhub-transfer@.service", "ExecStart")[0].split()[1] == "%i"
    assert set(MODES) == {"fu", "bu", "cleanup"}


def test_the_web_server_is_stopped_before_the_service_that_draws_its_plots() -> None:
    assert "dqmhub-render.service" in values("dqmhub-web.service", "After")[0].split()


def test_units_in_which_root_compiles_may_do_so() -> None:
    """The render service, and the nightly check, which starts one where none runs."""
    strict = {name for name in SERVICES if values(name, "MemoryDenyWriteExecute") == ["yes"]}
    assert strict.isdisjoint({"dqmhub-render.service", "dqmhub-nightly.service"})
    assert strict >= {"dqmhub-web.service", "dqmhub-live.service", "dqmhub-backup.service"}


def test_every_service_that_runs_for_long_is_watched_and_started_again() -> None:
    for name in SERVICES:
        if values(name, "Type") == ["oneshot"]:
            assert (UNITS / name.replace(".service", ".timer")).exists()
            continue
        assert values(name, "Type") == ["notify"], name
        assert values(name, "Restart") == ["always"], name
        assert values(name, "StartLimitIntervalSec") == ["0"], name
        assert int(values(name, "WatchdogSec")[0]) >= 30, name
        assert values(name, "KillMode") == ["mixed"], name


def test_the_page_of_services_says_after_how_long_each_is_restarted() -> None:
    page = (TREE / "docs/operators/services.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z, ]+) \| .* \| (\d+) (s|min) \|$", page, re.MULTILINE)
    found = {name: int(number) * {"s": 1, "min": 60}[unit] for names, number, unit in rows for name in names.split(", ")}
    watched = {name: values(name, "WatchdogSec") for name in SERVICES}
    assert found == {re.split("[-@.]", name)[1]: int(after[0]) for name, after in watched.items() if after}


def test_the_target_starts_each_service_of_the_hub_that_is_not_disabled(analyze: str, installed: Path) -> None:
    systemctl = ["systemctl", f"--root={installed}", "--quiet"]
    parts = {name for name in INSTALLED_UNITS if values(name, "PartOf") == ["dqmhub.target"]}
    wants = installed / "etc/systemd/system/dqmhub.target.wants"
    subprocess.run([*systemctl, "enable", "dqmhub.target"], check=True, timeout=PATIENCE_S)
    assert {re.sub(r"@\d+", "@", path.name) for path in wants.iterdir()} == parts
    subprocess.run([*systemctl, "disable", "dqmhub-live", "dqmhub-worker@1"], check=True, timeout=PATIENCE_S)
    assert {path.name for path in wants.iterdir()} == parts - {"dqmhub-live.service", "dqmhub-worker@.service"}
    assert not values("dqmhub.target", "Wants"), "each would start with the target even if it is disabled"
