"""Settings of DQM^2."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, hosts, url_of
from app.core.settings.table import setting, settings_table
from app.square.systems import SYSTEMS


@settings_table
@dataclass(frozen=True)
class SquareSettings:
    """Settings of DQM^2."""

    square_poll_s: float = setting(3.0, "Seconds after which a page of DQM^2 asks for what is new.", between(1, 600))
    square_url: str = setting(
        "",
        "DQM^2 at P5: its gateway, http://gateway:9215, or the CMSWEB proxy, https://...; empty: nothing is grabbed.",
        url_of("http", "https"),
    )
    square_gateway: str = setting("dqmrubu-c2a06-03-01", "Machine of P5 that answers at square_url; it passes on what is for the others.")
    square_port: int = setting(9215, "Port of DQM^2 on the machines behind the gateway.", between(1, 65535))
    square_production: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-01-01", "dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"), "Machines of the system production.", hosts
    )
    square_playback: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-03-01", "dqmfu-c2b01-45-01", "dqmfu-c2b02-45-01"), "Machines of the system playback.", hosts
    )
    square_certificate: str = setting("", "Certificate (PEM) by which CMSWEB knows this hub.")
    square_key: str = setting("", "Key (PEM) of the certificate, without a password; empty: in the file of the certificate.")
    square_ca: str = setting(
        "", "File (PEM) or folder of the authorities that P5's certificates are checked against; empty: the usual ones."
    )
    square_cookie: str = setting("", "Value of the cookie that DQM^2 asks for behind CMSWEB.", secret=True)
    square_grab_s: float = setting(
        2.0,
        "Seconds between two questions to a machine of P5 for what is new, at most 10: who is not heard of for 30 s counts as silent.",
        between(0.1, 10),
    )
    square_status_s: float = setting(
        30.0, "Seconds between two looks at which machines of P5 are up; after 120 s nobody knows.", between(1, 60)
    )
    square_timeout_s: float = setting(10.0, "Seconds that one answer of P5 may take in all.", between(0.1, 60))
    square_command_timeout_s: float = setting(
        120.0,
        "Seconds that P5 may take to answer a command; it asks its machines for versions one after the other, 5 s each.",
        between(1, 3600),
    )
    square_keep_documents_days: int = setting(60, "Days that documents of DQM^2 are kept; runs and jobs stay.", between(1, 36500))
    square_keep_logs_days: int = setting(30, "Days that first and last lines of logs are kept.", between(1, 36500))
    square_keep_graphs_days: int = setting(365, "Days that file deliveries are kept.", between(1, 36500))
    square_keep_statuses_days: int = setting(365, "Days for which it is known which machine was up.", between(1, 36500))

    def machines_of(self, system: str) -> tuple[str, ...]:
        """The machines of a system, from the setting `square_<system>`."""
        machines: tuple[str, ...] = getattr(self, f"square_{system}")
        return machines

    @property
    def square_machines(self) -> dict[str, tuple[str, ...]]:
        """The machines of each system that is polled; none without `square_url`."""
        return {system: self.machines_of(system) for system in SYSTEMS if self.machines_of(system) and self.square_url}
