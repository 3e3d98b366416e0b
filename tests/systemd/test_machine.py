"""The units under a real systemd: they start, work within their confinement, are restarted when they hang, and stop."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.core.installation import switch
from app.core.settings import TREE
from app.core.version import VERSION
from app.gui.demo.make import make_demo
from render.build import build
from tests.ops.upgrade.test_upgrade import MIGRATION, NEXT
from tests.support.processes import until
from tests.support.releases import make_release
from tests.systemd.machine import LAUNCHER, Machine, machine, see_tree

pytestmark = pytest.mark.slow

HUB = ["dqmhub-web", "dqmhub-live", "dqmhub-worker@1", "dqmhub-render"]
OTHERS = ["dqmhub-mirror", "dqmhub-transfer@fu", "dqmhub-transfer@bu", "dqmhub-transfer@cleanup"]
BROKEN = "9.1.0"
WEB = "http://127.0.0.1:8889"
SAMPLE = "367199/Large/Demo-20-v1/DQMIO"
PLOT = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1"
SETTINGS = """data_dir = "/var/lib/dqmhub"
anonymous_read = "everyone"
file_roots = ["/srv/files"]
web_workers = 1
render_timeout_s = 600
render_cpu_s = 600
"""
TRANSFER = """[fu]
folder = "/srv/fu"
target = "/srv/sent"
[bu]
folder = "/srv/bu"
[cleanup]
folder = "/srv/cleanup"
release_link = "/srv/current_production"
"""
DOCUMENT = (TREE / "docs/operators/services.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """What an administrator puts on the machine: a database, options, a file of a run, and limits that bear a busy machine."""
    root = tmp_path_factory.mktemp("files")
    shutil.copytree(sqlite_template, root / "var/lib/dqmhub", ignore=shutil.ignore_patterns("*.inode"))
    for name in ("etc/dqmhub", *(f"srv/{name}" for name in ("files", "fu", "sent", "bu", "cleanup"))):
        (root / name).mkdir(parents=True)
    install(root / "opt/dqmhub", VERSION)
    install(root / "opt/dqmhub", NEXT, {"migrations/9001_next.py": MIGRATION})
    install(root / "opt/dqmhub", BROKEN, {"migrations/9001_next.py": MIGRATION, "templates/ops/status.html": "{{ broken("})
    switch(root / "opt/dqmhub", VERSION)
    see_tree(root)
    (root / "etc/dqmhub/dqmhub.toml").write_text(SETTINGS)
    (root / "etc/dqmhub-transfer.toml").write_text(TRANSFER)
    (root / "etc/dqmhub-mirror.toml").touch()
    make_demo(root / "srv/files", build(TREE, sys.executable).with_name("dqmhub-demo"), 20, lambda _: None)
    drop_in = re.findall(r"```ini\n(\[Unit\].*?)```", DOCUMENT, re.DOTALL)
    (root / "etc/systemd/system/dqmhub-render.service.d").mkdir(parents=True)
    (root / "etc/systemd/system/dqmhub-render.service.d/override.conf").write_text(*drop_in)
    return root


def install(prefix: Path, version: str, files: Mapping[str, str] = {}) -> None:
    """Install a release, with what is the same in all of them from the checkout: the render service, and the programs of systemd."""
    made = make_release(prefix, version, {"bin/dqmhub": LAUNCHER, **files})
    for name in ("build", "services"):
        (made.folder / name).symlink_to(TREE / name)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("machine"), files) as found:
        yield found


def test_the_services_of_a_machine_start_work_are_restarted_and_stop(running: Machine) -> None:
    all_units = HUB + OTHERS
    running.run("ln", "--symbolic", "/srv/fu", "/srv/current_production")
    running.run("systemctl", "enable", "--now", "dqmhub.target", *OTHERS)
    assert {unit: running.show(unit, "ActiveState") for unit in all_units} == dict.fromkeys(all_units, "active")
    assert {unit: running.show(unit, "StatusErrno") for unit in all_units} == dict.fromkeys(all_units, "0")
    assert running.get(f"{WEB}/healthz/live"), "`systemctl start` returns when requests are answered"

    as_user = ["setpriv", "--reuid=dqmhub", "--regid=dqmhub", "--clear-groups", "dqmhub"]
    running.run(*as_user, "register", "/srv/files")
    until(lambda: b"PixelPhase1" in running.get(f"{WEB}/api/v1/archive/{SAMPLE}"), "the import")
    assert running.get(f"{WEB}/plotfairy/archive/{SAMPLE}/{PLOT}?w=300&h=200").startswith(b"\x89PNG")
    running.run("systemctl", "start", "dqmhub-backup")
    assert running.run("ls", "/var/lib/dqmhub/backups")
    until(lambda: nightly_doctor_sees_plots_drawn(running), "a plot for the nightly doctor")
    assert_a_hanging_web_server_is_restarted(running)

    render = running.show("dqmhub-render", "MainPID")
    running.run("ln", "--symbolic", "--force", "--no-dereference", "/srv/sent", "/srv/current_production")
    until(lambda: running.show("dqmhub-render", "MainPID") not in (render, "0"), "the render service to start again with another release")
    until(lambda: running.show("dqmhub-render", "ActiveState") == "active", "the render service")

    running.run("systemctl", "stop", "dqmhub*")
    assert {unit: running.show(unit, "ActiveState") for unit in all_units} == dict.fromkeys(all_units, "inactive")
    assert {unit: running.show(unit, "Result") for unit in all_units} == dict.fromkeys(all_units, "success")


def nightly_doctor_sees_plots_drawn(host: Machine) -> bool:
    """Whether a plot was drawn in the half minute that the doctor waits for it. What else it says of this machine is no matter here."""
    host.run("systemctl", "start", "dqmhub-nightly", check=False)
    return "the running render service draws" in host.log("dqmhub-nightly")


def assert_a_hanging_web_server_is_restarted(host: Machine) -> None:
    """Its watchdog is short meanwhile, and may end a server, too, that stalls with all of the machine."""
    drop_in = "/run/systemd/system/dqmhub-web.service.d/zz-short.conf"
    host.run("mkdir", "--parents", str(Path(drop_in).parent))
    host.run("tee", drop_in, text="[Service]\nWatchdogSec=10\n")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "dqmhub-web")
    restarts = host.show("dqmhub-web", "NRestarts")
    host.run("pkill", "--signal", "STOP", "--parent", host.show("dqmhub-web", "MainPID"), check=False)
    until(lambda: host.show("dqmhub-web", "NRestarts") != restarts, "systemd to restart the web server")
    until(lambda: "Watchdog timeout" in host.log("dqmhub-web"), "the log")
    host.run("rm", drop_in)
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "restart", "dqmhub-web")
    assert host.get(f"{WEB}/healthz/live")


def test_an_upgrade_stops_the_services_starts_those_of_the_new_release_and_leaves_a_broken_one(running: Machine) -> None:
    running.run("systemctl", "enable", "--now", "dqmhub.target")
    running.run("dqmhub", "upgrade", check=False)
    assert released(running) == dict.fromkeys(HUB, VERSION), f"{BROKEN} is the newest, and shows no status page"
    assert running.get(f"{WEB}/healthz/live")
    assert running.run("find", "/var/lib/dqmhub", "-name", "replaced-*"), "its database was replaced by the backup"

    upgraded = running.run("dqmhub", "upgrade", NEXT)
    assert upgraded.startswith(f"{NEXT} is in use; the backup made before is ")
    assert released(running) == dict.fromkeys(HUB, NEXT)
    assert running.get(f"{WEB}/healthz/live")


def released(host: Machine) -> dict[str, str]:
    """The release of each service."""
    variables = {unit: host.run("cat", f"/proc/{host.show(unit, 'MainPID')}/environ") for unit in HUB}
    return {unit: text.partition("PYTHONPATH=/opt/dqmhub/")[2].partition(":")[0] for unit, text in variables.items()}
