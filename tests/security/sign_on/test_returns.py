"""The return from the identity provider: only of the browser that began, once, in time, and from the right provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.security.models import Audit
from tests.security.conftest import HOME
from tests.security.sign_on.conftest import begin, bring_back, refusal, sign_on
from tests.support.mock_provider import MockProvider

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_only_the_browser_that_began_a_sign_on_can_finish_it(visitor: FlaskClient, provider: MockProvider) -> None:
    stolen = provider.authorize(begin(visitor))
    other = visitor.application.test_client()
    begin(other)
    answer = bring_back(other, stolen)
    assert answer.status_code == 403
    assert "This sign-on was not begun in this browser, or more than 10 minutes ago, or is finished: begin again" in answer.text
    assert refusal() == "state: of no sign-on that this browser has begun"
    assert bring_back(visitor, stolen).status_code == 303


def test_a_sign_on_can_be_finished_once(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    with visitor.session_transaction(base_url=HOME) as cookie:
        kept = dict(cookie)
    assert bring_back(visitor, answer).status_code == 303
    assert bring_back(visitor, answer).status_code == 403
    with visitor.session_transaction(base_url=HOME) as cookie:  # also not with a copy of the cookie: the code was used
        cookie.update(kept)
    assert bring_back(visitor, answer).status_code == 403
    assert refusal() == "/token answers 400 invalid_grant"


def test_a_sign_on_that_took_too_long_is_begun_again(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    with visitor.session_transaction(base_url=HOME) as cookie:
        cookie["sign-on"] = {state: {**kept, "began": kept["began"] - 601} for state, kept in cookie["sign-on"].items()}
    assert bring_back(visitor, answer).status_code == 403


def test_a_code_of_another_sign_on_is_refused(visitor: FlaskClient, provider: MockProvider) -> None:
    injected = provider.authorize(begin(visitor.application.test_client()))
    own = provider.authorize(begin(visitor))
    assert bring_back(visitor, {**own, "code": injected["code"]}).status_code == 403
    assert refusal() == "/token answers 400 invalid_grant"  # by PKCE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://evil.example"}, "answer: of the issuer 'https://evil.example'"),
        ({"iss": None}, "answer: of the issuer None"),
        ({"code": None}, "answer: neither code nor error"),
        ({"error": "access_denied"}, "answer: error access_denied"),
    ],
)
def test_an_answer_of_another_provider_or_without_a_code_is_refused(
    visitor: FlaskClient, provider: MockProvider, change: dict[str, str | None], reason: str
) -> None:
    changed = {**provider.authorize(begin(visitor)), **change}
    assert bring_back(visitor, {name: value for name, value in changed.items() if value is not None}).status_code == 403
    assert refusal() == reason
    assert "/token" not in provider.requests


def test_words_that_a_visitor_chooses_fill_no_audit_log_and_hide_no_refused_user(visitor: FlaskClient, provider: MockProvider) -> None:
    for word in ("x1", "x2:", "x3"):
        bring_back(visitor, {**provider.authorize(begin(visitor)), "error": word})
        bring_back(visitor, {**provider.authorize(begin(visitor)), "iss": f"https://{word}.example"})
    provider.claims["roles"] = []
    for name in ("Ada", "Bob"):
        provider.claims["preferred_username"] = name
        sign_on(visitor, provider)
    assert [row.target for row in Audit.select().where(Audit.action == "sign on").order_by(Audit.id)] == ["(unknown)", "Ada", "Bob"]


def test_text_from_outside_is_no_markup(visitor: FlaskClient, provider: MockProvider) -> None:
    page = bring_back(visitor, {**provider.authorize(begin(visitor)), "error": "<script>alert(1)</script>"}).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_several_windows_of_a_browser_can_sign_on_at_the_same_time(visitor: FlaskClient, provider: MockProvider) -> None:
    first, second = (provider.authorize(begin(visitor, page)) for page in ("/help", "/files"))
    assert bring_back(visitor, first).headers["Location"] == "/help"
    assert bring_back(visitor, second).headers["Location"] == "/files"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/" + "a" * 3000])
def test_a_sign_on_never_leads_to_another_site(visitor: FlaskClient, provider: MockProvider, target: str) -> None:
    assert sign_on(visitor, provider, target).headers["Location"] == "/"
