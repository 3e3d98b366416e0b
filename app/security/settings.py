"""Settings of access: hosts, proxies, sessions, anonymous reading."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between, hosts, networks, one_of
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class SecuritySettings:
    """Settings of access: hosts, proxies, sessions, anonymous reading."""

    allowed_hosts: tuple[str, ...] = setting(("127.0.0.1", "localhost", "[::1]"), "Host names of the hub, without ports.", hosts)
    trusted_proxies: tuple[str, ...] = setting((), "Networks of the reverse proxies whose X-Forwarded headers are used.", networks)
    proxy_request_ids: bool = setting(
        False, "Use the X-Request-ID of trusted_proxies. Each proxy must set it, and not pass on that of its clients."
    )
    secure_cookies: bool = setting(False, "Send the session cookie only over HTTPS; turn on wherever HTTPS is used.")
    anonymous_read: str = setting(
        "local",
        "Reading without an account: nobody; local: who can read data_dir/local_key or has a link of `dqmhub local-link`; loopback: also "
        "every connection from 127.0.0.1, those of proxies and tunnels too; everyone.",
        one_of("nobody", "local", "loopback", "everyone"),
    )
    demo_accounts: bool = setting(
        False,
        "Show the accounts of the demo on the sign-in page to who opened the link of `dqmhub local-link`; `dqmhub run --demo` sets it.",
    )
    session_hours: float = setting(12.0, "Longest length of a session, in hours.", between(0.1, 720))
    session_idle_hours: float = setting(
        4.0, "Hours without use after which a session ends; pages that update themselves do not count as use.", between(0.1, 720)
    )
