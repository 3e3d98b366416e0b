"""docs/operators/production.md is run, from two machines without the product to a pair that is watched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.core.version import VERSION
from tests.packages.conftest import Packages
from tests.packages.production.machines import NEWER, pair
from tests.packages.production.page import Step, sections, steps
from tests.support.processes import until
from tests.systemd.machine import PATIENT_CLIENTS, Machine

pytestmark = pytest.mark.slow

PAGE = steps("production")
SHELL = ("env", "-i", PATIENT_CLIENTS, "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "sh", "-ec")
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
                shown = shell(machine, f"cd /srv/packages; {text}")
        return shown

    def get(self, url: str, *more: str, check: bool = True) -> str:
        """A page, as a browser on the machine of the hub gets it as soon as no server, nor the provider behind it, is too slow.

        Args:
            check: Whether there must be a server and the page, or "" is a result, too.
        """
        answers: list[tuple[str, str]] = []

        def is_answered() -> bool:
            command = ("curl", "--silent", "--location", "--write-out", "\n%{http_code}", *more, url)
            text, _, status = self.machines["Hub"].run(*command, check=False).rpartition("\n")
            answers.append((text, status))
            return status != "503"

        until(is_answered, url)
        text, status = answers[-1]
        assert status == "200" or not check, f"{url}: status {status}, {text}"
        return text if status == "200" else ""


def shell(machine: Machine, commands: str) -> str:
    """Run commands of a page; what they print. The doctor is asked until it finds no error: to it, a machine that stalled is late."""
    patient = re.sub(r"^(.*dqmhub doctor.*)$", r"until \1; do :; done", commands, flags=re.M)
    return machine.run(*SHELL, patient, text=f"{PASSWORD}\n")


def active(machine: Machine, *units: str) -> None:
    def waiting() -> list[str]:
        states = machine.run("systemctl", "is-active", *units, check=False).split()
        return [unit for unit, state in zip(units, states, strict=True) if state != "active"]

    try:
        until(lambda: not waiting(), f"{', '.join(units)} to be active")
    except AssertionError as error:
        raise AssertionError(f"{error}: {''.join(machine.log(unit)[-3000:] for unit in waiting())}") from error


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


AS_USER = 'dqmhub() { runuser -u dqmhub -- /usr/bin/dqmhub "$@"; }\n'
REQUEST = "4f1d0a5e4f1d0a5e4f1d0a5e4f1d0a5e"


def other_pages_work(hub: Machine) -> None:
    """The commands of other pages, on a hub that runs."""
    hub.run("sh", "-c", "echo access_log = true > /etc/dqmhub/conf.d/access.toml")
    services = sections("services")[""].replace("status 'dqmhub-*'", "status 'dqmhub-*' || [ $? = 3 ]")  # some units only run at times
    shell(hub, services + services.splitlines()[-1].replace("disable", "enable"))
    active(hub, "dqmhub-web", "dqmhub-live", "dqmhub-worker@1", "dqmhub-worker@2", "dqmhub-render")
    made = shell(hub, AS_USER + "".join(sections("backup").values())).splitlines()[-1].partition(" (")[0]
    assert "manifest.json" in hub.run("ls", made)
    assert '"check": "units"' in shell(hub, AS_USER + sections("doctor")[""])


def pages_about_installing_and_monitoring_work(hub: Machine) -> None:
    """Run the commands of install.md and monitoring.md. Some of them stand in production.md, too, and so run a second time."""
    hub.run("mkdir", "-p", "/dqmdata/dqm_cmssw/current_production/src")
    hub.run("ln", "-s", "/usr/bin/true", "/usr/local/bin/scram")
    install = sections("install")["From packages"].replace("0.1.0", VERSION).replace("rpm -i", "rpm -i --test --replacepkgs")
    assert "Built /opt/dqmhub" in shell(hub, f"cd /srv/packages; {install}")
    pages = sections("monitoring")
    token = shell(hub, pages["Metrics"].replace("prometheus", "another")).split()[-1]
    answer = hub.run("curl", "--silent", "--include", "--header", f"Authorization: Bearer {token}", "http://127.0.0.1:8889/metrics")
    assert "dqmhub_requests_total" in answer
    assert "SUCCESS" in shell(hub, pages["Alerts"])
    request = re.findall(r"^X-Request-ID: (\w+)", answer, re.I | re.M)[0]
    logs = pages["Logs"].replace(REQUEST, request).rstrip()
    until(lambda: "/metrics" in shell(hub, f"{logs} || :"), "the line of the request, which journald gets while its response is sent")


def upgrade_and_way_back_work(site: Site) -> None:
    """The commands for a newer release of the pages about installing and about upgrades."""
    hub = site.machines["Hub"]
    there, back = "".join(sections("upgrade").values()).splitlines()
    newer = f"cd /srv/newer; {sections('install')['A newer release, and the way back']}"
    assert newer.splitlines()[-1] == there
    for command, version in ((newer, NEWER), (back, VERSION)):
        assert f"{version} is in use" in shell(hub, command)
        assert hub.run("readlink", "/opt/dqmhub/current") == version
        hub_runs(site, "")


def preflight_finds_nothing(machine: Machine) -> None:
    """Its commands, on a machine without the product."""
    shown = shell(machine, f"cp {TREE}/app/ops/preflight.py /root; cd /root; {sections('doctor')['Before installing']}")
    assert json.loads(shown[shown.rindex("\n[") :]), shown


def test_the_page_leads_from_nothing_to_a_pair_that_is_watched_and_upgraded(packages: Packages, tmp_path: Path) -> None:
    assert [f"{step.machine}: {step.title}" for step in PAGE] == list(CHECKS)
    with pair(tmp_path, packages) as machines:
        site = Site(machines)
        preflight_finds_nothing(machines["Mirror"])
        for step in PAGE:
            said = site.carry_out(step)
            CHECKS[f"{step.machine}: {step.title}"](site, said)
        other_pages_work(machines["Hub"])
        pages_about_installing_and_monitoring_work(machines["Hub"])
        upgrade_and_way_back_work(site)
