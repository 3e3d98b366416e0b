"""docs/operators/production.md is run, from two machines without the product to a pair that is watched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.core.version import VERSION
from tests.packages.conftest import Packages
from tests.packages.production.machines import pair
from tests.packages.production.page import Step, steps
from tests.support.processes import until
from tests.systemd.machine import Machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "PRODUCTION" not in os.environ, reason="the page is run with the variable PRODUCTION=1 only: its render service waits"
    ),
]

PAGE = steps("production")
SHELL = ("env", "-i", "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "sh", "-ec")
PASSWORD = "a horse with a battery"
COOKIES = ("--cookie-jar", "/srv/anna", "--cookie", "/srv/anna")
HUB = "https://hub.example.org"
MIRROR = "https://mirror.example.org"
Machines = dict[str, Machine]


class Site:
    """The machines, and what the administrator has noted."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self.notes = {"THE-CLIENT-SECRET": "secret-of-the-client"}

    def carry_out(self, step: Step) -> str:
        """Do what a step says; what its last commands print."""
        machine, shown = self.machines[step.machine], ""
        for block in step.blocks:
            text = re.sub(r"THE-[A-Z-]+", lambda found: self.notes[found[0]], block.content if block.path else block.text)
            if block.path:
                machine.run("sh", "-ec", f'mkdir -p "$(dirname {block.path})"; cat > {block.path}', text=text)
            else:
                shown = machine.run(*SHELL, f"cd /srv/packages; {text}", text=f"{PASSWORD}\n")
        return shown

    def get(self, url: str, *more: str, check: bool = True) -> str:
        """A page, as a browser on the machine of the hub gets it; nothing while there is no server, unless `check`."""
        return self.machines["Hub"].run("curl", "--silent", "--fail", "--location", *more, url, check=check)


def active(machine: Machine, *units: str) -> None:
    until(lambda: all(machine.show(unit, "ActiveState") == "active" for unit in units), f"{', '.join(units)} to be active")


def installed(site: Site, _: str) -> None:
    assert site.machines["Hub"].run("sh", "-c", "ls /opt/dqmhub/current/build/render/dqmhub-render")


def database_exists(site: Site, _: str) -> None:
    assert site.machines["Hub"].run(
        "runuser", "-u", "dqmhub", "--", "psql", "--host=/run/postgresql", "--command=select 1", "dqmhub", "dqmhub"
    )


def hub_runs(site: Site, _: str) -> None:
    active(
        site.machines["Hub"], "dqmhub-web", "dqmhub-live", "dqmhub-worker@1", "dqmhub-render", "dqmhub-backup.timer", "dqmhub-nightly.timer"
    )
    ready = json.loads(site.get("http://127.0.0.1:8889/healthz/ready"))
    assert ready["checks"]["database"] == "ok", ready


def administrator_signs_in(site: Site, said: str) -> None:
    assert "Sign in" in site.get(f"{HUB}/status", *COOKIES)
    sent = ("--data-urlencode", "name=anna", "--data-urlencode", f"password={PASSWORD}", "--data-urlencode", "next=/status")
    page = site.get(f"{HUB}/account/sign-in", *COOKIES, *sent, "--header", f"Origin: {HUB}")
    assert "anna" in page, page
    assert "render" in site.get(f"{HUB}/status", *COOKIES)


def users_sign_on(site: Site, said: str) -> None:
    assert "berta" in site.get(f"{HUB}/account/sign-on?next=/status", "--cookie-jar", "/srv/berta", "--cookie", "/srv/berta")


def backup_is_verified(site: Site, said: str) -> None:
    assert "dqmhub-backup.timer" in said
    assert site.machines["Hub"].run("ls", "/backup/dqmhub")


def note_key(site: Site, said: str) -> None:
    (site.notes["THE-PUBLIC-KEY"],) = re.findall(r"\b[0-9a-f]{64}\b", said)


def mirror_runs(site: Site, _: str) -> None:
    active(site.machines["Mirror"], "dqmhub-mirror", "nginx")
    assert json.loads(site.get(f"{MIRROR}/status"))["keys"] == 1


def mirror_has_data(site: Site, _: str) -> None:
    until(lambda: json.loads(site.get(f"{MIRROR}/status"))["age_s"] is not None, "the mirror to get data")


def note_token(site: Site, said: str) -> None:
    site.notes["THE-TOKEN"] = said.split()[-1]
    alerts = "cp /opt/dqmhub/current/services/monitoring/alerts.yml /etc/prometheus/dqmhub-alerts.yml"
    site.machines["Hub"].run("sh", "-c", alerts)


def prometheus_watches(site: Site, _: str) -> None:
    def health() -> list[str]:
        answer = site.get("http://127.0.0.1:9090/api/v1/targets", check=False) or '{"data": {"activeTargets": []}}'
        return [target["health"] for target in json.loads(answer)["data"]["activeTargets"]]

    until(lambda: health() == ["up"], "Prometheus to read the metrics")
    rules = json.loads(site.get("http://127.0.0.1:9090/api/v1/rules"))["data"]["groups"]
    assert "DqmhubDown" in {rule["name"] for group in rules for rule in group["rules"]}


def worker_is_back(site: Site, _: str) -> None:
    hub = site.machines["Hub"]
    until(lambda: hub.show("dqmhub-worker@1", "NRestarts") == "1", "systemd to restart the worker")
    until(lambda: hub.show("dqmhub-worker@1", "ActiveState") == "active", "the worker")


def all_is_back(site: Site, _: str) -> None:
    hub_runs(site, "")
    assert "anna" in site.get(f"{HUB}/status", *COOKIES), "sessions are in the backup"
    mirror_has_data(site, "")


CHECKS: dict[str, Callable[[Site, str], None]] = {
    "Hub: install": installed,
    "Hub: database": database_exists,
    "Hub: settings": hub_runs,
    "Hub: web server": administrator_signs_in,
    "Hub: sign-on": users_sign_on,
    "Hub: backup": backup_is_verified,
    "Mirror: install": lambda site, _: None,
    "Hub: key": note_key,
    "Mirror: start": mirror_runs,
    "Hub: publish": mirror_has_data,
    "Hub: token for Prometheus": note_token,
    "Prometheus: watch": prometheus_watches,
    "Hub: a crash": worker_is_back,
    "Hub: a lost machine": all_is_back,
}


NEWER = """cp -al /opt/dqmhub/{0} /opt/dqmhub/9.0.0
cd /opt/dqmhub/9.0.0/app/core
sed 's/{0}/9.0.0/' version.py > newer && mv newer version.py
rm -rf __pycache__/version.*
"""
"""Puts a newer release beside this one, whose database is the same."""

AS_USER = 'dqmhub() { runuser -u dqmhub -- /usr/bin/dqmhub "$@"; }\n'


def commands(page: str) -> str:
    """All commands of a page of operators."""
    text = (TREE / "docs/operators" / f"{page}.md").read_text(encoding="utf-8")
    return "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S))


def other_pages_work(site: Site) -> None:
    """The commands of other pages, on a hub that runs."""
    hub = site.machines["Hub"]
    hub.run(*SHELL, commands("services").replace("status 'dqmhub-*'", "status 'dqmhub-*' || [ $? = 3 ]"))  # some units only run at times
    active(hub, "dqmhub-web", "dqmhub-live", "dqmhub-worker@1", "dqmhub-worker@2", "dqmhub-render")
    made = hub.run(*SHELL, AS_USER + commands("backup")).splitlines()[-1].partition(" (")[0]
    assert "manifest.json" in hub.run("ls", made)
    assert '"check": "units"' in hub.run(*SHELL, AS_USER + commands("doctor"))


def upgrade_and_way_back_work(site: Site) -> None:
    """The commands of the page about upgrades."""
    hub = site.machines["Hub"]
    hub.run(*SHELL, NEWER.format(VERSION))
    there, back = commands("upgrade").splitlines()
    for command, version in ((there, "9.0.0"), (back, VERSION)):
        assert f"{version} is in use" in hub.run(*SHELL, command)
        assert hub.run("readlink", "/opt/dqmhub/current") == version
        hub_runs(site, "")


def test_the_page_leads_from_nothing_to_a_pair_that_is_watched_and_upgraded(packages: Packages, tmp_path: Path) -> None:
    assert [f"{step.machine}: {step.title}" for step in PAGE] == list(CHECKS)
    with pair(tmp_path, packages) as machines:
        site = Site(machines)
        for step in PAGE:
            said = site.carry_out(step)
            CHECKS[f"{step.machine}: {step.title}"](site, said)
        other_pages_work(site)
        upgrade_and_way_back_work(site)
