"""Settings of identification by proxies."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import networks, one_of
from app.core.settings.table import setting, settings_table
from app.security.role_grants import role_grants


@settings_table
@dataclass(frozen=True)
class ProxySignInSettings:
    """Settings of identification by proxies."""

    proxy_sign_in: str = setting(
        "off",
        "How proxies identify users: off; certificate: by the client certificate that the proxy has verified; cmsweb: by the signed "
        "cms-authn and cms-authz headers of CMSWEB.",
        one_of("off", "certificate", "cmsweb"),
    )
    proxy_sign_in_networks: tuple[str, ...] = setting(
        (), "Networks of the proxies that identify users; from others these headers are ignored.", networks
    )
    proxy_sign_in_key_file: str = setting(
        "", "File with the key of these proxies: CMSWEB signs with it, others send it as DQM-Proxy-Key.", path=True
    )
    proxy_sign_in_roles: tuple[str, ...] = setting(
        (),
        "Which role each user or group has: dn:CN=Anna,DC=ch=admin, or for cmsweb dqm-expert=expert:Pixel, login:anna=admin; the highest counts.",
        role_grants,
    )
    proxy_sign_in_without_role: str = setting(
        "refused", "Users without a role of these: refused, or the role viewer.", one_of("refused", "viewer")
    )
