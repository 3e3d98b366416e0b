"""Whether proxies can identify users, and an administrator can sign in without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.settings import Settings
from app.ops.doctor.checks.sign_on import EMERGENCY, has_local_administrator
from app.ops.doctor.diagnosis import Diagnosis
from app.security.proxy_login.identity import ProxyLoginError
from app.security.proxy_login.login import key_of
from app.security.proxy_login.settings import ProxyLoginSettings

REFUSED = "so every user of a proxy is refused"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The settings that belong together, the key, roles that nobody can have, and the local accounts for emergencies."""
    login = settings.of(ProxyLoginSettings)
    if login.proxy_login == "off":
        yield Diagnosis("ok", "no proxy identifies users; proxy_login is off")
        return
    findings = list(setting_problems(login))
    yield from findings or [Diagnosis("ok", f"proxies in {', '.join(login.proxy_login_networks)} identify users ({login.proxy_login})")]
    if not has_local_administrator(settings):
        yield EMERGENCY


def setting_problems(login: ProxyLoginSettings) -> Iterator[Diagnosis]:
    """Problems of the settings and the key, if proxy_login is on."""
    if login.proxy_login != "off":
        yield from _proxies(login)
        yield from _roles(login)


def _proxies(login: ProxyLoginSettings) -> Iterator[Diagnosis]:
    if not login.proxy_login_networks:
        remedy = "Set it to the addresses of the proxies"
        yield Diagnosis("error", "proxy_login_networks is empty, so headers of proxies about users are ignored", remedy)
    file = Path(login.proxy_login_key_file)
    try:
        key_of(login.proxy_login_key_file)
    except ProxyLoginError as error:
        yield Diagnosis("error", f"{error}, {REFUSED}", "Create the key as in docs/operators/proxy.md, readable by the hub")
    else:
        if file.stat().st_mode & 0o007:
            yield Diagnosis("error", f"All users of this machine can read {file}, and so sign in as any user", f"chmod 400 {file}")


def _roles(login: ProxyLoginSettings) -> Iterator[Diagnosis]:
    names = [grant.rpartition("=")[0] for grant in login.proxy_login_roles]
    if not names:
        effect = "every user is a viewer" if login.proxy_login_without_role == "viewer" else "every user is refused"
        yield Diagnosis("warning", f"proxy_login_roles is empty: {effect}", "Say in proxy_login_roles which role each user or group has")
    if login.proxy_login == "certificate" and (never := [name for name in names if not name.startswith("dn:")]):
        text = f"proxy_login_roles grants a role to {', '.join(never)}, which no certificate has"
        yield Diagnosis("error", text, 'Name the subject of the certificate, as in "dn:CN=Anna Berg,DC=cern,DC=ch=expert"')
