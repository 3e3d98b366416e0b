"""Settings of DQM^2."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, hosts, regular_expression, url_of
from app.core.settings.table import setting, settings_table
from app.square.systems import SYSTEMS


def host_addresses(value: tuple[str, ...]) -> str:
    """Addresses of hosts, `host=http://address:port`."""
    is_address = url_of("http")
    pairs = [item.partition("=") for item in value]
    good = all(host and address and not hosts((host,)) and not is_address(address) for host, _, address in pairs)
    return "" if good else "a list of host=http://address:port"


@settings_table
@dataclass(frozen=True)
class SquareSettings:
    """Settings of DQM^2."""

    square_refresh_s: float = setting(3.0, "Refresh interval of the DQM^2 pages, s.", between(1, 600))
    square_url: str = setting(
        "",
        "URL of DQM^2 at P5: the gateway, http://gateway:9215, or the CMSWEB proxy, https://...; empty: P5 is not polled.",
        url_of("http", "https"),
    )
    square_gateway: str = setting("dqmrubu-c2a06-03-01", "Host at P5 behind square_url; it forwards requests to the others.")
    square_addresses: tuple[str, ...] = setting(
        (),
        "Addresses of hosts that are not reached by their names, such as behind tunnels: host=http://address:port.",
        host_addresses,
    )
    square_port: int = setting(9215, "Port of DQM^2 on the hosts behind the gateway.", between(1, 65535))
    square_production: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-01-01", "dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"), "Hosts of the system production.", hosts
    )
    square_playback: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-03-01", "dqmfu-c2b01-45-01", "dqmfu-c2b02-45-01"), "Hosts of the system playback.", hosts
    )
    square_certificate: str = setting("", "Client certificate (PEM) for CMSWEB.")
    square_key: str = setting("", "Key (PEM) of the certificate, without a password; empty: in the file of the certificate.")
    square_ca: str = setting("", "File (PEM) or folder of the authorities that verify the certificates of P5; empty: the usual ones.")
    square_cookie: str = setting("", "Value of the cookie that DQM^2 requires behind CMSWEB.", secret=True)
    square_published_clients: str = setting(
        "",
        "Form of the tags that mirrors show beside those of the known clients, a regular expression (re2); others become client-1, client-2.",
        regular_expression,
    )
    square_poll_s: float = setting(
        2.0,
        "Polling interval of each host at P5, s, at most 10: a host is silent after 30 s without contact.",
        between(0.1, 10),
    )
    square_status_s: float = setting(
        30.0, "Polling interval of the status of the hosts, s; a status is unknown after 120 s.", between(1, 60)
    )
    square_timeout_s: float = setting(10.0, "Timeout of a request to P5, in total, s.", between(0.1, 60))
    square_command_timeout_s: float = setting(
        120.0,
        "Timeout of a command to P5, s; queries for versions take up to 5 s per host.",
        between(1, 3600),
    )
    square_keep_documents_days: int = setting(
        60, "Days for which documents of DQM^2 are kept; runs and jobs are kept permanently.", between(1, 36500)
    )
    square_keep_logs_days: int = setting(30, "Days for which first and last lines of logs are kept.", between(1, 36500))
    square_keep_graphs_days: int = setting(365, "Days for which file deliveries are kept.", between(1, 36500))
    square_keep_statuses_days: int = setting(365, "Days for which statuses of hosts are kept.", between(1, 36500))

    def machines_of(self, system: str) -> tuple[str, ...]:
        """The machines of a system, from the setting `square_<system>`."""
        machines: tuple[str, ...] = getattr(self, f"square_{system}")
        return machines

    def address_of(self, host: str) -> str:
        """The address of a machine other than the gateway: that of `square_addresses`, otherwise its name and `square_port`."""
        return dict(item.split("=", 1) for item in self.square_addresses).get(host, f"http://{host}:{self.square_port}").rstrip("/")

    @property
    def square_machines(self) -> dict[str, tuple[str, ...]]:
        """The machines of each system that is polled; none without `square_url`."""
        return {system: self.machines_of(system) for system in SYSTEMS if self.machines_of(system) and self.square_url}
