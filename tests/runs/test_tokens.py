"""Tokens: both flows, renewal before they expire and after a refusal, and errors that are never sent as tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.runs.errors import AccessDenied, ServiceError, SignInRequired, TokenRefused
from app.runs.service_client import ServiceClient
from tests.support.certificates import write_certificate
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

FLOWS = pytest.mark.parametrize("flow", ["api-access", "exchange"])


@contextmanager
def oms(services: RunServicesProcess, **changes: Any) -> Iterator[ServiceClient]:
    settings = services.settings(**changes)
    client = ServiceClient(settings, "OMS", settings.runs_oms_url, settings.runs_oms_audience)
    try:
        yield client
    finally:
        client.close()


def number_of_runs(client: ServiceClient) -> int:
    return len(client.get("runs", {"filter[run_number][eq]": 367100}, 1 << 20)["data"])


@FLOWS
def test_both_flows_give_a_token_that_the_service_accepts(services: RunServicesProcess, flow: str) -> None:
    with oms(services, runs_token_flow=flow) as client:
        assert number_of_runs(client) == 1
    paths = [row["path"].rpartition("cern/")[2] for row in services.requests("auth")]
    assert paths == {"api-access": ["api-access/token"], "exchange": ["protocol/openid-connect/token"] * 2}[flow]


@FLOWS
def test_a_token_is_kept_while_it_lives(services: RunServicesProcess, flow: str) -> None:
    with oms(services, runs_token_flow=flow) as client, oms(services, runs_token_flow=flow) as other:
        assert [number_of_runs(each) for each in (client, client, other)] == [1, 1, 1]
    assert len(services.requests("auth")) == {"api-access": 1, "exchange": 2}[flow]


@FLOWS
@pytest.mark.parametrize(("life_s", "renewed_after_s"), [(5_000, 4_970), (100, 80)])
def test_a_token_is_renewed_before_it_expires(
    services: RunServicesProcess, monkeypatch: pytest.MonkeyPatch, flow: str, life_s: float, renewed_after_s: float
) -> None:
    """The clock of the client is set forward, that of the services is not: they would accept the token in any case."""
    services.post("state", {"life_s": life_s})
    now = time.monotonic()
    with oms(services, runs_token_flow=flow) as client:
        for passed_s, tokens in ((0, 1), (renewed_after_s - 1, 1), (renewed_after_s + 1, 2)):
            monkeypatch.setattr(time, "monotonic", lambda moment=now + passed_s: moment)
            assert number_of_runs(client) == 1
            assert len(services.requests("auth")) == tokens * {"api-access": 1, "exchange": 2}[flow]


@FLOWS
def test_a_token_is_renewed_once_after_a_refusal(services: RunServicesProcess, flow: str) -> None:
    with oms(services, runs_token_flow=flow) as client:
        assert number_of_runs(client) == 1
        services.post("state", {"revoke": True})
        assert number_of_runs(client) == 1
        services.fault("oms", "unauthorized", count=-1)
        before = len(services.requests("oms"))
        with pytest.raises(AccessDenied, match="also a new one"):
            number_of_runs(client)
        assert len(services.requests("oms")) == before + 2


def test_tokens_have_the_audience_of_their_service(services: RunServicesProcess) -> None:
    with oms(services, runs_oms_audience="cmsrunregistry-sso-proxy") as client, pytest.raises(AccessDenied, match="check the audience"):
        number_of_runs(client)


@FLOWS
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "login_page"}, "answers without a token; check runs_auth_url"),
        ({"kind": "redirect"}, "status 302"),
        ({"kind": "status", "code": 500}, "status 500"),
        ({"kind": "text", "body": '{"access_token": "Error: invalid\\nX: y", "expires_in": 5}'}, "answers without a token"),
        ({"kind": "text", "body": '{"access_token": null}'}, "answers without a token"),
        ({"kind": "text", "body": '{"access_token": "'}, "answers without a token"),
        ({"kind": "close", "count": 2}, "gives no usable answer"),
    ],
)
def test_a_failed_token_is_an_error_and_never_sent(services: RunServicesProcess, flow: str, fault: dict[str, Any], words: str) -> None:
    services.fault("auth", **fault)
    with oms(services, runs_token_flow=flow) as client, pytest.raises(TokenRefused, match=words):
        number_of_runs(client)
    assert services.requests("oms") == []


@FLOWS
def test_a_wrong_secret_is_named_and_not_shown(services: RunServicesProcess, flow: str) -> None:
    with oms(services, runs_token_flow=flow, runs_client_secret="wrong-4711") as client, pytest.raises(TokenRefused) as error:
        number_of_runs(client)
    assert "Invalid client" in str(error.value)
    assert "check runs_client_id and runs_client_secret" in str(error.value)
    assert "4711" not in str(error.value)


def test_a_long_page_in_place_of_a_token_leads_to_the_address(services: RunServicesProcess) -> None:
    services.fault("auth", "text", content_type="text/html", body="<p>Single Sign-On</p>" * 10_000)
    with oms(services) as client, pytest.raises(TokenRefused, match="answers without a token; check runs_auth_url"):
        number_of_runs(client)


def test_without_a_client_the_message_names_the_setting(services: RunServicesProcess) -> None:
    with oms(services, runs_client_id="") as client, pytest.raises(SignInRequired, match="the setting runs_client_id is empty"):
        number_of_runs(client)


def test_a_token_is_sent_to_no_other_server(services: RunServicesProcess) -> None:
    services.fault("oms", "redirect", to=f"{services.address}/api/stolen?token=secret")
    with oms(services) as client, pytest.raises(SignInRequired) as error:
        number_of_runs(client)
    assert services.requests("rr") == []
    assert "secret" not in str(error.value)


def test_certificates_are_verified(services: RunServicesProcess, tmp_path: Any) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from tests.support.raw_server import served, server_context

    class Accepting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"access_token": "abc", "expires_in": 60}')

    certificate = write_certificate(tmp_path, "oms")
    with HTTPServer(("127.0.0.1", 0), Accepting) as server:
        server.socket = server_context(certificate).wrap_socket(server.socket, server_side=True)
        with served(server):
            url = f"https://127.0.0.1:{server.server_port}"
            with oms(services, runs_auth_url=url) as client, pytest.raises(TokenRefused, match="TLS"):
                number_of_runs(client)
            with oms(services, runs_auth_url=url, runs_ca=certificate) as client, pytest.raises(ServiceError) as error:
                number_of_runs(client)
            assert not isinstance(error.value, TokenRefused)
