"""A hub whose users an identity provider on this machine checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app.security.models import Audit
from app.security.sign_on import provider as hub_side
from tests.security.conftest import HOME
from tests.support.mock_provider import CLIENT, SECRET, MockProvider, mock_provider
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

GRANTS = ("dqm-viewers=viewer", "pixel=expert:Pixel", "strips=expert:SiStrips", "dqm-operators=operator", "dqm-admins=admin")
STRANGE_VALUES: list[Any] = [7, -1, 1e300, True, "", "\ud800", "x" * 5000, [], [1], ["x", None], {"a": 1}, [[["a"]]], 10**400]
"""JSON values that a broken provider may send in any place."""


@pytest.fixture(autouse=True)
def patient_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub waits for its provider, and remembers that it failed, for as long as the machine may stall."""
    for limit in ("DEADLINE_S", "LEAVE_ALONE_S", "LOG_S"):
        monkeypatch.setattr(hub_side, limit, PATIENCE_S)


@pytest.fixture
def provider() -> Iterator[MockProvider]:
    with mock_provider() as found:
        yield found


def sign_on_settings(provider: MockProvider) -> dict[str, Any]:
    return {
        "sign_on_issuer": provider.issuer,
        "sign_on_name": "CERN",
        "sign_on_client_id": CLIENT,
        "sign_on_client_secret": SECRET,
        "sign_on_roles": GRANTS,
        "anonymous_read": "nobody",
    }


@pytest.fixture
def visitor(small_app: Callable[..., Flask], provider: MockProvider) -> FlaskClient:
    return small_app(**sign_on_settings(provider)).test_client()


def begin(visitor: FlaskClient, page: str = "/") -> str:
    """The address of the provider to which the hub sends a visitor."""
    answer = visitor.get("/account/sign-on", query_string={"next": page}, base_url=HOME)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def bring_back(visitor: FlaskClient, answer: dict[str, str]) -> TestResponse:
    return visitor.get("/account/sign-on/return", query_string=answer, base_url=HOME)


def sign_on(visitor: FlaskClient, provider: MockProvider, page: str = "/") -> TestResponse:
    return bring_back(visitor, provider.authorize(begin(visitor, page)))


def refusal(user: str = "(unknown)") -> str:
    """The reason in the latest row of the audit log, about this user of the provider."""
    row = Audit.select().order_by(Audit.id.desc()).get()
    assert (row.user, row.action, row.target) == ("nobody", "sign on", user)
    assert row.answer.startswith("refused: ")
    return str(row.answer).removeprefix("refused: ")
