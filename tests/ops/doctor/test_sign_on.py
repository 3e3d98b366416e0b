"""The check of sign-on, against a provider that works and ones that do not."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.security import Role, accounts
from tests.ops.doctor.findings import found, wrong
from tests.security.conftest import make_user
from tests.security.sign_on.conftest import sign_on_settings
from tests.support.mock_provider import mock_provider
from tests.support.raw_server import closed


def test_a_hub_with_a_provider_and_a_local_administrator_is_in_order(hub: Settings) -> None:
    make_user("emergency", Role.ADMIN)
    with mock_provider() as provider:
        (finding,) = found(hub.replace(**sign_on_settings(provider)), "sign-on")
        assert (finding.level, finding.text) == (
            "ok",
            f"{provider.issuer} has metadata and keys that the hub can use; only a sign-on shows whether it accepts client id and secret",
        )
    assert [finding.level for finding in found(hub, "sign-on")] == ["ok"]


def test_what_is_missing_for_sign_on_is_named(hub: Settings) -> None:
    with mock_provider() as provider:
        findings = wrong(hub.replace(sign_on_issuer=provider.issuer), "sign-on")
    assert findings == [
        ("error", "sign_on_client_id is not set, so nobody can sign on"),
        ("warning", "sign_on_roles is empty: every user is refused"),
        ("warning", "There is no local account with the role admin"),
    ]


def test_a_hub_without_sign_on_whose_only_administrator_is_disabled_is_not_in_order(hub: Settings) -> None:
    nobody = [("warning", "Nobody can administer this hub: no account that is enabled has the role admin")]
    assert wrong(hub, "sign-on") == nobody
    anna = make_user("anna", Role.ADMIN)
    assert wrong(hub, "sign-on") == []
    accounts.set_disabled(anna, True)
    assert wrong(hub, "sign-on") == nobody


def test_accounts_of_another_issuer_are_counted(hub: Settings) -> None:
    make_user("emergency", Role.ADMIN)
    accounts.from_directory("sign-on", "https://old.example 1", "ada", Role.VIEWER)
    with mock_provider() as provider:
        found = wrong(hub.replace(**sign_on_settings(provider)), "sign-on")
    assert found == [("warning", "1 account of https://old.example cannot be used, since sign_on_issuer is another one")]


@pytest.mark.parametrize("failure", ["unreachable", "another issuer", "broken"])
def test_a_provider_that_cannot_be_used_is_named_with_the_reason(hub: Settings, failure: str) -> None:
    make_user("emergency", Role.ADMIN)
    with mock_provider() as provider:
        settings = hub.replace(**sign_on_settings(provider))
        if failure == "unreachable":
            settings = settings.replace(sign_on_issuer=f"http://{closed()}")
        elif failure == "another issuer":
            provider.metadata = {"issuer": "https://evil.example"}
        else:
            provider.failing = 500
        ((level, text),) = wrong(settings, "sign-on")
    reasons = {
        "unreachable": "Connection refused",
        "another issuer": "name another issuer: 'https://evil.example'",
        "broken": "answers 500",
    }
    assert (level, reasons[failure] in text) == ("error", True), text
