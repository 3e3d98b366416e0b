"""Client certificates: the proxy verifies the certificate, and sends its subject and the key of the proxy.

nginx and Apache write subjects as RFC 2253 says: `CN=Anna Berg,CN=123456,CN=aberg,OU=Users,DC=cern,DC=ch`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from app.security.proxy_sign_in.identity import ProxySignInError, ProxyUser, utf8

VERIFIED, SUBJECT, KEY = "HTTP_SSL_CLIENT_VERIFY", "HTTP_SSL_CLIENT_S_DN", "HTTP_DQM_PROXY_KEY"
_COMMON_NAME = re.compile(r"(?:^|[,+])CN=((?:\\.|[^,+\\])*)", re.IGNORECASE)
_OLD_COMMON_NAME = re.compile(r"/CN=([^/]*)", re.IGNORECASE)  # of subjects such as /DC=ch/CN=aberg
_ACCOUNT = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9._@-]{0,63}")


def identity(headers: Mapping[str, str], key: bytes) -> ProxyUser | None:
    """The user of the certificate; None if the client sent none.

    Args:
        headers: Of the request, as in WSGI.
        key: Of the proxies.

    Raises:
        ProxySignInError: the key of the proxy is missing or wrong, or the certificate is not good.
    """
    verified = headers.get(VERIFIED, "") or "NONE"
    if verified == "NONE":
        return None
    if not hmac.compare_digest(headers.get(KEY, "").encode("latin-1"), key.strip()):
        raise ProxySignInError("The proxy identifies a user, but its header DQM-Proxy-Key is not what proxy_sign_in_key_file contains")
    subject = utf8(headers.get(SUBJECT, "")).strip()
    if verified != "SUCCESS" or not subject:
        raise ProxySignInError(f"The client certificate is not accepted by the proxy ({verified[:100]}): use a valid one")
    return ProxyUser(subject, account_name(subject), frozenset({f"dn:{subject}"}))


def account_name(subject: str) -> str:
    """What the account of a subject is called: its common name nearest to the root that can be a user name, else made of the last one.

    People may choose the common names further from the root, such as a display name.
    """
    is_old = subject.startswith("/")
    names = [name.lower() for name in (_OLD_COMMON_NAME if is_old else _COMMON_NAME).findall(subject)]
    if not is_old:
        names.reverse()
    fitting = [name for name in names if _ACCOUNT.fullmatch(name)]
    return fitting[0] if fitting else re.sub(r"[^a-z0-9]+", ".", names[-1] if names else "").strip(".")[:64]
