"""The sender of a request: the user of a token or session, or somebody without an account."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import has_request_context, request

from app.core.area import current_areas
from app.security import this_machine, tokens
from app.security.models import LOCAL as LOCAL_ACCOUNT
from app.security.models import Token
from app.security.proxies import CLIENT, LOOPBACK, is_inside
from app.security.proxy_sign_in.identity import ProxySignInError
from app.security.proxy_sign_in.sign_in import HEADERS, identified_user
from app.security.roles import Role
from app.security.settings import SecuritySettings
from app.security.signed_in import is_local, session_user
from app.web import request_settings
from app.web.answers import is_bearer


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request."""

    name: str  # user name, "" without an account
    role: Role
    subsystems: str = ""  # to which an expert is limited, separated by commas; "" is no limit
    is_local: bool = False  # it has proven to be on this machine
    origin: str = LOCAL_ACCOUNT  # of the account
    is_token: bool = False  # it is a script with an API token, which has the rights of its role and none of its owner
    problem: str = ""  # why the user whom a proxy has identified, or the token, is refused


NOBODY = Caller("", Role.PUBLIC)
READER = Caller("", Role.VIEWER)

LOCAL = "this machine"


def current_user() -> Caller:
    """The sender of the current request, with the role that applies to it.

    Raises:
        TokenError: the request has an API token that is not valid.
    """
    environ = request.environ
    if "dqmhub.caller" not in environ:
        environ["dqmhub.caller"] = NOBODY  # for the error page, if _identify raises
        environ["dqmhub.caller"] = _identify()
    caller: Caller = environ["dqmhub.caller"]
    return caller


def actor() -> str:
    """The sender of the current request as the audit log names it; "" outside of a request."""
    if not has_request_context():
        return ""
    caller = current_user()
    return caller.name or (LOCAL if caller.is_local else f"anonymous at {request.remote_addr}")


def role_remedy(caller: Caller, role: str) -> str:
    """How a user gets a role."""
    if caller.origin != LOCAL_ACCOUNT:
        return f"ask the administrators: your role comes from {caller.origin}"
    return f"ask the administrators: dqmhub user role {caller.name or 'NAME'} {role}"


def acts_as(user: str) -> bool:
    """Whether the sender of the current request is this user, signed in; a token has none of its owner's rights.

    Outside of requests, commands and background jobs act for everybody.
    """
    if not has_request_context():
        return True
    caller = current_user()
    return caller.name == user and not caller.is_token


def trusted(networks: tuple[str, ...]) -> bool:
    """Whether the client is in one of these networks; False if its address is not known for certain."""
    return is_inside(request.environ[CLIENT], networks)


def _identify() -> Caller:
    if _has_token():
        secret = request.headers["Authorization"][7:].strip()
        if this_machine.is_key(secret):
            return replace(READER if _is_anonymous_reader(True) else NOBODY, is_local=True, is_token=True)
        token = tokens.authenticate(secret)
        return _holder(token)
    local = is_local()
    if user := session_user():
        return Caller(user.name, user.role, user.subsystems, local, user.origin)
    anonymous = replace(READER if _is_anonymous_reader(local) else NOBODY, is_local=local)
    try:
        user = identified_user(request.environ, request_settings(), request.remote_addr or "")
    except ProxySignInError as error:
        return replace(anonymous, problem=str(error))
    return Caller(user.name, user.role, user.subsystems, local, user.origin) if user else anonymous


def _holder(token: Token) -> Caller:
    """The sender of a token; without a role in areas to which the token is not limited."""
    role = min(token.role, token.user.role)
    caller = Caller(token.user.name, role, token.user.subsystems, origin=token.user.origin, is_token=True)
    limits = token.areas.split(",") if token.areas else []
    if not limits or any(request.endpoint in area.roles for area in current_areas() if area.name in limits):
        return caller
    return replace(
        caller, role=Role.PUBLIC, problem=f"This API token is limited to {', '.join(limits)}, and this address belongs to none of them"
    )


def _has_token() -> bool:
    """Whether the request has an API token; behind a proxy that identifies users, a token of another system is the proxy's business."""
    return is_bearer() and (HEADERS not in request.environ or request.headers["Authorization"][7:].strip().startswith(tokens.PREFIX))


def _is_anonymous_reader(local: bool) -> bool:
    readers = request_settings().of(SecuritySettings).anonymous_read
    return readers == "everyone" or (readers != "nobody" and local) or (readers == "loopback" and trusted(LOOPBACK))
