"""`dqmhub run`: all services together."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import click

from app import cli
from app.cli import demo_start
from app.core.settings import TREE, Settings
from app.ops.settings import ServiceSettings
from app.publish.settings import PublishSettings
from app.runs.settings import RunsSettings
from app.square.settings import SquareSettings
from render.build import binary

SERVICES = ("web", "live", "worker", "render")
"""The services of the Procfile, without those of the demo."""


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Simulate online runs too, use simulators of P5 and of OMS unless the settings name addresses, and publish to a mirror "
    "on this machine.",
)
def run(demo: bool) -> None:
    """Run all services in this terminal; Ctrl-C stops them."""
    settings = cli.open_for_service()
    check_ports(settings, demo)
    if demo and not settings.of(SquareSettings).square_url:
        use_simulator(settings.of(ServiceSettings).simulator_port)
    if demo and not (settings.of(RunsSettings).runs_oms_url or settings.of(RunsSettings).runs_rr_url):
        use_oms_simulator(settings.of(RunsSettings).runs_simulator_port)
    if demo and not settings.of(PublishSettings).publishes:
        publish_to_own_mirror(settings)
    if demo:
        services = settings.of(ServiceSettings)
        ports = services.simulator_port, services.mirror_port, settings.of(RunsSettings).runs_simulator_port
        os.environ["DQMHUB_START_AFTER"] = ",".join(map(str, ports))
        accounts = demo_start.prepare(settings)
        prepare_transfer(settings)
        demo_start.announce_when_ready(settings, accounts)
    os.environ["DQMHUB_SUPERVISOR_PID"] = str(os.getpid())  # the services end when this process does, however it ends
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [
        sys.executable,
        "-m",
        "honcho",
        "--app-root",
        str(TREE),
        "--procfile",
        str(TREE / "Procfile"),
        "start",
        *([] if demo else services_to_run(TREE)),
    ]
    os.execv(sys.executable, command)


def services_to_run(tree: Path) -> tuple[str, ...]:
    """The services without those of the demo, and without the render service where it is not built, as all but plots works then."""
    if binary(tree).is_file():
        return SERVICES
    click.echo("The render service is not built, so there are no plots; `dqmhub render build` builds it", err=True)
    return tuple(name for name in SERVICES if name != "render")


def check_ports(settings: Settings, demo: bool) -> None:
    """Raise ClickException if two services have the same port, or something listens on one: else it would be taken for the service."""
    services = settings.of(ServiceSettings)
    ports = {"web_port": settings.web_port}
    if demo:
        ports |= {"mirror_port": services.mirror_port, "simulator_port": services.simulator_port}
        ports |= {"runs_simulator_port": settings.of(RunsSettings).runs_simulator_port}
    names: dict[int, str] = {}
    for name, port in ports.items():
        if (other := names.setdefault(port, name)) != name:
            raise click.ClickException(f"The settings {other} and {name} are both {port}")
        if _is_used(settings.web_host if name == "web_port" else "127.0.0.1", port):
            raise click.ClickException(
                f"Port {port} is in use, perhaps by another `dqmhub run`: choose another one by {name}, or DQMHUB_{name.upper()}"
            )


def _is_used(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # the service itself reports any other error
    return False


def prepare_transfer(settings: Settings) -> None:
    """Write the options of the transfer of the simulated hosts, and set the variable by which the Procfile finds them."""
    from app.security import this_machine

    folder = settings.data / "demo" / "online"
    command = [sys.executable, "-m", "services.simulator.clients", "--folder", str(folder)]
    log_level = os.environ.get("DQMHUB_LOG_LEVEL", settings.log_level)
    log_level = {"warning": "error"}.get(log_level, log_level)  # not that the hub, which starts at the same time, does not respond yet
    hub = cli.hub_address(settings).rstrip("/")
    this_machine.make_key(settings)
    subprocess.run(
        [*command, "--write-options", hub, log_level, "--token-file", str(this_machine.key_file(settings))],
        cwd=TREE,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    os.environ["DQMHUB_DEMO_ONLINE"] = str(folder)


def use_simulator(port: int) -> None:
    """Let the services started by this process poll the simulator of P5 started by it."""
    command = [sys.executable, "-m", "services.simulator", "--quiet-start", "--port", str(port), "--addresses"]
    os.environ["DQMHUB_SQUARE_URL"] = f"http://127.0.0.1:{port}"
    os.environ["DQMHUB_SQUARE_ADDRESSES"] = subprocess.run(command, cwd=TREE, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def use_oms_simulator(port: int) -> None:
    """Let the services started by this process get facts of runs from the simulator of OMS and Run Registry started by it."""
    address = f"http://127.0.0.1:{port}"
    os.environ["DQMHUB_RUNS_OMS_URL"] = f"{address}/agg/api/v1"
    os.environ["DQMHUB_RUNS_RR_URL"] = f"{address}/api"
    os.environ["DQMHUB_RUNS_AUTH_URL"] = f"{address}/auth/realms/cern"
    os.environ["DQMHUB_RUNS_CLIENT_ID"] = "dqmhub"
    os.environ["DQMHUB_RUNS_CLIENT_SECRET"] = "dqmhub-demo-secret"
    os.environ["DQMHUB_RUNS_PERIOD_S"] = "5"  # the facts of the demo files are there within seconds
    os.environ["DQMHUB_RUNS_OMS_PAGE"] = os.environ["DQMHUB_RUNS_RR_PAGE"] = ""  # the real pages know other runs of these numbers


def publish_to_own_mirror(settings: Settings) -> None:
    """Let the services started by this process publish to the mirror started by it."""
    from app.publish import keys

    keys.make_key(settings)
    public = keys.signing_key(settings).public_key().public_bytes_raw().hex()
    os.environ["DQMHUB_PUBLISH_MIRRORS"] = f"http://127.0.0.1:{settings.of(ServiceSettings).mirror_port}"
    os.environ["DQMHUB_MIRROR_KEYS"] = ",".join(dict.fromkeys((*settings.of(ServiceSettings).mirror_keys, public)))
