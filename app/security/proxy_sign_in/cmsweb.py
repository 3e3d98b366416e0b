"""The headers with which the front end of CMSWEB identifies users to the services behind it.

`cms-authn-login`, `-dn`, `-method` and others say who it is; `cms-authz-<role>` has the groups and sites to which a role
applies, as `group:dqm site:t2-ch-cern`. `cms-authn-hmac` is the HMAC-SHA1 of all of them with a key that the front end shares
with the services; nothing else is signed, so `cms-auth-status` and `cms-auth-cert` are not read. Source: the documentation of
the front end (cmsauth.pm in dmwm/deployment, GetHmac in dmwm/cmsauth).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from app.security.proxy_sign_in.identity import ProxySignInError, ProxyUser, utf8

SIGNATURE = "cms-authn-hmac"
WEAK = frozenset({"", "None", "HostIP", "AUCookie", "X509LimitedProxy"})
"""Methods that identify no user: an address, a cookie without a name, a proxy certificate that a worker node may have leaked."""


def identity(headers: Mapping[str, str], key: bytes) -> ProxyUser | None:
    """The user whom CMSWEB has identified; None if it has identified nobody.

    Args:
        headers: Of the request, as in WSGI.
        key: Of the front end.

    Raises:
        ProxySignInError: the signature is missing or wrong, or the user has no login.
    """
    signed = signed_headers(headers)
    sent = signed.pop(SIGNATURE, "")
    if not signed:
        return None
    if not hmac.compare_digest(sent.encode("latin-1"), signature(signed, key).encode()):
        raise ProxySignInError(
            "The headers of CMSWEB have no valid signature (cms-authn-hmac): is proxy_sign_in_key_file the key of this front end?"
        )
    if signed.get("cms-authn-method", "") in WEAK:
        return None
    login = signed.get("cms-authn-login", "")
    if not login:
        raise ProxySignInError("CMSWEB knows no login of your certificate: register the certificate in CRIC")
    return ProxyUser(login, login, frozenset(_values(signed, login)))


def signed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that the signature covers, and the signature, by their names in lower case."""
    names = {name: name.removeprefix("HTTP_").replace("_", "-").lower() for name in headers}
    return {names[name]: value for name, value in headers.items() if names[name].startswith(("cms-authn", "cms-authz"))}


def signature(signed: Mapping[str, str], key: bytes) -> str:
    """The HMAC-SHA1 of headers, hexadecimal: over the lengths of names and values in hexadecimal, `#`, and names and values."""
    rows = [(name.encode(), value.encode("latin-1")) for name, value in sorted(signed.items())]
    lengths = b"".join(b"h%xv%x" % (len(name), len(value)) for name, value in rows)
    return hmac.new(key, lengths + b"#" + b"".join(name + value for name, value in rows), "sha1").hexdigest()


def _values(signed: Mapping[str, str], login: str) -> list[str]:
    """What may grant a role: the login, the certificate, each role, and each role in a group or at a site: dqm-expert/group:dqm."""
    roles = {name.removeprefix("cms-authz-"): value.split() for name, value in signed.items() if name.startswith("cms-authz-")}
    scoped = [f"{role}/{scope}" for role, scopes in roles.items() for scope in scopes]
    return [f"login:{login}", f"dn:{utf8(signed.get('cms-authn-dn', ''))}", *roles, *scoped]
