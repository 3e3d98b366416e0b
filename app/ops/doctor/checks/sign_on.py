"""Whether users can sign on by the identity provider, and an administrator without it."""

from __future__ import annotations

from collections.abc import Iterator

from peewee import PeeweeException

from app.core import database, database_schema
from app.core.settings import Settings
from app.core.text import counted
from app.ops.doctor.diagnosis import Diagnosis
from app.security import accounts
from app.security.proxy_sign_in.settings import ProxySignInSettings
from app.security.sign_on.errors import ProviderUnavailable
from app.security.sign_on.issuers import accounts_of_issuers
from app.security.sign_on.provider import IdentityProvider
from app.security.sign_on.settings import SignOnSettings, sign_on_problems

EMERGENCY = Diagnosis(
    "warning", "There is no local account with the role admin", "Keep one for emergencies: dqmhub user add NAME --role admin"
)

NOBODY = Diagnosis(
    "warning",
    "Nobody can administer this hub: no account that is enabled has the role admin",
    "dqmhub user add NAME --role admin, or dqmhub user enable NAME",
)


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The metadata of the provider, the settings that belong together, and the local accounts for emergencies."""
    sign_on = settings.of(SignOnSettings)
    for problem in sign_on_problems(sign_on):
        yield Diagnosis("error" if problem.stops else "warning", problem.text, problem.remedy)
    if not sign_on.sign_on_issuer:
        yield Diagnosis("ok", "users sign in with local accounts; sign_on_issuer is not set")
        if settings.of(ProxySignInSettings).proxy_sign_in == "off" and not has_local_administrator(settings):  # else proxy-sign-in says so
            yield NOBODY
        return
    yield from _provider(sign_on)
    yield from _other_issuers(settings, sign_on.sign_on_issuer)
    if not has_local_administrator(settings):
        yield EMERGENCY


def _provider(settings: SignOnSettings) -> Iterator[Diagnosis]:
    try:
        IdentityProvider(settings).metadata()
    except ProviderUnavailable as error:
        remedy = "Correct sign_on_issuer or sign_on_ca, or let this machine reach the provider"
        yield Diagnosis("error", f"{settings.sign_on_issuer} cannot be used: {error.reason}", remedy)
    else:
        yield Diagnosis(
            "ok",
            f"{settings.sign_on_issuer} has metadata and keys that the hub can use; only a sign-on shows whether it accepts client id and secret",
        )


def _other_issuers(settings: Settings, issuer: str) -> Iterator[Diagnosis]:
    try:
        with database_schema.reading(settings):
            others = accounts_of_issuers()
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return
    for other, number in sorted(others.items()):
        if other != issuer:
            text = f"{counted(number, 'account')} of {other} cannot be used, since sign_on_issuer is another one"
            yield Diagnosis("warning", text, f"If the provider has moved: dqmhub user move-issuer {other} {issuer}")


def has_local_administrator(settings: Settings) -> bool:
    """Whether somebody can sign in without a provider or proxy; True if nobody knows."""
    try:
        with database_schema.reading(settings):
            return accounts.has_local_administrator()
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return True
