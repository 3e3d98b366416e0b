"""Settings of sign-on: the identity provider, and which roles its claims grant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from app.core.settings.checks import one_of, secure_url
from app.core.settings.table import setting, settings_table
from app.security.role_grants import role_grants


def scopes(value: tuple[str, ...]) -> str:
    """OAuth scopes, openid among them."""
    return "" if "openid" in value and all(scope.isprintable() and " " not in scope for scope in value) else "a list of scopes with openid"


@settings_table
@dataclass(frozen=True)
class SignOnSettings:
    """Settings of sign-on."""

    sign_on_issuer: str = setting("", "Issuer of the OpenID Connect provider, exactly as it names itself; empty: no sign-on.", secure_url)
    sign_on_name: str = setting("CERN", "Name of the provider on the sign-in page: Sign in with ...")
    sign_on_client_id: str = setting("", "Client id of this hub at the provider.")
    sign_on_client_secret: str = setting("", "Client secret; empty for a public client, which PKCE alone protects.", secret=True)
    sign_on_ca: str = setting(
        "", "File (PEM) or folder of the authorities of the provider's certificate; empty: those of the system.", path=True
    )
    sign_on_scopes: tuple[str, ...] = setting(("openid", "profile"), "Scopes that the hub requests.", scopes)
    sign_on_name_claim: str = setting("preferred_username", "Claim with the name of a new account.")
    sign_on_role_claim: str = setting(
        "roles", "Claim with a list of values that grant roles; a dot leads into a claim: realm_access.roles."
    )
    sign_on_roles: tuple[str, ...] = setting(
        (), "Which role each value of the claim grants, such as dqm-experts=expert:Pixel; the highest counts.", role_grants
    )
    sign_on_without_role: str = setting(
        "refused", "Users without a role of these: refused, or the role viewer.", one_of("refused", "viewer")
    )


class SignOnProblem(NamedTuple):
    """Settings of sign-on that do not fit each other or this machine, though each is valid by itself."""

    text: str
    remedy: str
    stops: bool = True  # nobody can sign on


def sign_on_problems(settings: SignOnSettings) -> Iterator[SignOnProblem]:
    """What keeps users from signing on, without a request to the provider; nothing where sign-on is off."""
    client, ca = settings.sign_on_client_id, settings.sign_on_ca
    if not settings.sign_on_issuer:
        if client or settings.sign_on_client_secret or settings.sign_on_roles:
            yield SignOnProblem("sign_on_issuer is not set, so there is no sign-on", "Set it, or remove the other settings of sign-on")
        return
    if not client:
        yield SignOnProblem("sign_on_client_id is not set, so nobody can sign on", "Register the hub at the provider, and set it")
    elif client != client.strip():
        yield SignOnProblem(f"sign_on_client_id has blanks around it: {client!r}", "Remove them")
    if ca and not Path(ca).exists():
        yield SignOnProblem(f"sign_on_ca: {ca} does not exist, so nobody can sign on", "Correct sign_on_ca")
    if not settings.sign_on_name_claim:
        yield SignOnProblem("sign_on_name_claim is empty, so no user gets an account", "Name the claim, such as preferred_username")
    if not (settings.sign_on_role_claim and settings.sign_on_roles):
        name = "sign_on_roles" if settings.sign_on_role_claim else "sign_on_role_claim"
        effect = "every user is a viewer" if settings.sign_on_without_role == "viewer" else "every user is refused"
        yield SignOnProblem(f"{name} is empty: {effect}", "Say in sign_on_roles which role each value of the claim grants", stops=False)
