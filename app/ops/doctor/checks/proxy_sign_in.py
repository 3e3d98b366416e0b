"""Whether proxies can identify users, and an administrator can sign in without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.core.settings import Settings
from app.ops.doctor.checks.sign_on import EMERGENCY, has_local_administrator
from app.ops.doctor.diagnosis import Diagnosis
from app.security.proxy_sign_in.identity import ProxySignInError
from app.security.proxy_sign_in.settings import ProxySignInSettings
from app.security.proxy_sign_in.sign_in import key_of

REFUSED = "so every user of a proxy is refused"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The settings that belong together, the key, roles that nobody can have, and the local accounts for emergencies."""
    rules = settings.of(ProxySignInSettings)
    if rules.proxy_sign_in == "off":
        yield Diagnosis("ok", "no proxy identifies users; proxy_sign_in is off")
        return
    findings = list(setting_problems(rules))
    yield from findings or [Diagnosis("ok", f"proxies in {', '.join(rules.proxy_sign_in_networks)} identify users ({rules.proxy_sign_in})")]
    if not has_local_administrator(settings):
        yield EMERGENCY


def setting_problems(rules: ProxySignInSettings) -> Iterator[Diagnosis]:
    """Problems of the settings and the key, if proxy_sign_in is on."""
    if rules.proxy_sign_in != "off":
        yield from _proxies(rules)
        yield from _roles(rules)


def _proxies(rules: ProxySignInSettings) -> Iterator[Diagnosis]:
    if not rules.proxy_sign_in_networks:
        remedy = "Set it to the addresses of the proxies"
        yield Diagnosis("error", "proxy_sign_in_networks is empty, so headers of proxies about users are ignored", remedy)
    file = Path(rules.proxy_sign_in_key_file)
    try:
        key_of(rules.proxy_sign_in_key_file)
    except ProxySignInError as error:
        yield Diagnosis("error", f"{error}, {REFUSED}", "Create the key as in docs/operators/proxy.md, readable by the hub")
    else:
        if file.stat().st_mode & 0o007:
            yield Diagnosis("error", f"All users of this machine can read {file}, and so sign in as any user", f"chmod 400 {file}")


def _roles(rules: ProxySignInSettings) -> Iterator[Diagnosis]:
    names = [grant.rpartition("=")[0] for grant in rules.proxy_sign_in_roles]
    if not names:
        effect = "every user is a viewer" if rules.proxy_sign_in_without_role == "viewer" else "every user is refused"
        yield Diagnosis(
            "warning", f"proxy_sign_in_roles is empty: {effect}", "Say in proxy_sign_in_roles which role each user or group has"
        )
    if rules.proxy_sign_in == "certificate" and (never := [name for name in names if not name.startswith("dn:")]):
        text = f"proxy_sign_in_roles grants a role to {', '.join(never)}, which no certificate has"
        yield Diagnosis("error", text, 'Name the subject of the certificate, as in "dn:CN=Anna Berg,DC=cern,DC=ch=expert"')
