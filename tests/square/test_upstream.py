"""Connection to P5: TLS verification, certificate and cookie for CMSWEB, and expiry of the certificate."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.square.models import DeadLetter, Host
from app.square.poller.cluster import certificate_days
from app.square.poller.status import status_lines
from app.square.upstream import P5BadResponse, P5Unreachable, Upstream
from tests.support.certificates import write_certificate
from tests.support.cmsweb import frontend
from tests.support.trickle import trickling

SECRET = "7f3a-real-one"


class Cookies(BaseHTTPRequestHandler):
    """Returns an empty list to clients with the cookie, and redirects others."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        good = f"selenium-secret-secret={SECRET}" in (self.headers["Cookie"] or "")
        body = json.dumps({"messages": []}).encode() if good else b""
        self.send_response(200 if good else 303)
        self.send_header("Location", "https://cmsweb.cern.ch/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("certificates")
    return {name: write_certificate(folder, name) for name in ("server", "client", "stranger")}


@pytest.fixture
def behind_cmsweb(settings: Settings, certificates: dict[str, str]) -> Iterator[Settings]:
    """Settings with the accepted certificate and cookie."""
    with frontend(Cookies, certificates["server"], certificates["client"]) as address:
        yield settings.replace(
            square_url=address,
            square_ca=certificates["server"],
            square_certificate=certificates["client"],
            square_cookie=SECRET,
            square_timeout_s=60.0,
        )


def request_headers(settings: Settings) -> None:
    upstream = Upstream(settings)
    try:
        assert upstream.headers("dqmfu-c2b03-45-01", 0).headers == []
    finally:
        upstream.close()


def test_certificate_and_cookie_pass_cmsweb(behind_cmsweb: Settings) -> None:
    request_headers(behind_cmsweb)


def test_server_with_an_unknown_authority_is_refused(behind_cmsweb: Settings) -> None:
    with pytest.raises(P5Unreachable, match=r"^TLS: .*certificate verify failed"):
        request_headers(behind_cmsweb.replace(square_ca=""))


def test_wrong_certificate_is_refused(behind_cmsweb: Settings, certificates: dict[str, str]) -> None:
    for wrong in ("", certificates["stranger"]):
        with pytest.raises(P5Unreachable):
            request_headers(behind_cmsweb.replace(square_certificate=wrong))


def test_without_the_right_cookie_the_error_names_it(behind_cmsweb: Settings) -> None:
    for wrong, error in (("", "status 303: the setting square_cookie is empty"), ("another", "redirected: the cookie is not accepted")):
        with pytest.raises(P5BadResponse, match=error):
            request_headers(behind_cmsweb.replace(square_cookie=wrong))


def test_an_empty_cookie_behind_cmsweb_is_a_line_of_the_status_page(hub: Settings) -> None:
    lines = {line.name: line for line in status_lines(hub.replace(square_url="https://cmsweb.cern.ch/dqm/x"))}
    assert (lines["cookie for CMSWEB"].state, "square_cookie is empty" in lines["cookie for CMSWEB"].detail) == ("warn", True)
    assert "cookie for CMSWEB" not in {line.name for line in status_lines(hub.replace(square_url="http://gateway:9215"))}


def test_missing_certificate_is_named_in_the_error(behind_cmsweb: Settings) -> None:
    with pytest.raises(P5BadResponse, match=r"/nowhere\.pem"):
        request_headers(behind_cmsweb.replace(square_certificate="/nowhere.pem"))


@pytest.mark.parametrize("piece", [1, 1 << 18], ids=["bytes", "chunks"])
def test_trickling_response_times_out(settings: Settings, piece: int) -> None:
    with trickling(piece) as address, pytest.raises(P5BadResponse, match=r"^no (whole )?answer within 2 s"):
        request_headers(settings.replace(square_url=address, square_timeout_s=2.0))


@pytest.mark.parametrize(
    ("days", "state", "text"), [(100, "ok", "expires in"), (10, "warn", "expires in"), (-3, "down", "expired 3 days ago")]
)
def test_the_days_to_the_end_of_the_certificate_are_known(hub: Settings, tmp_path: Path, days: float, state: str, text: str) -> None:
    settings = hub.replace(square_certificate=write_certificate(tmp_path, "robot", days))
    assert certificate_days(settings) == pytest.approx(days, abs=0.01)
    (line,) = status_lines(settings)
    assert (line.state, text in line.text) == (state, True)


@pytest.mark.both_databases
def test_status_and_metrics_show_the_polling(hub: Settings, tmp_path: Path) -> None:
    now = time.time()
    Host.create(system="production", name="dqmfu-c2b03-45-01", role="fu", last_ok=now - 2, behind=1234, software="fff_dqmtools-3.0-1")
    Host.create(system="production", name="dqmfu-c2b04-45-01", role="fu", last_ok=now - 900, failures=8, error="status 500")
    DeadLetter.create(
        system="production",
        host="dqmfu-c2b03-45-01",
        key="a",
        why="cut",
        body=b'<script>alert(1)</script>{"_id": "\xff',
        first=now,
        last=now,
        times=1,
    )
    settings = hub.replace(square_url="http://127.0.0.1:1", square_certificate=str(tmp_path / "none.pem"))
    client: FlaskClient = create_app(settings).test_client()
    page = client.get("/status", base_url="http://127.0.0.1:8889").text
    assert "1 of 3 hosts respond, 1234 documents to be fetched, 1 rejected" in page
    assert "dqmfu-c2b04-45-01: status 500" in page
    assert "runs fff_dqmtools-3.0-1, which is not a tested version" in page
    assert "cannot be read" in page
    assert "<td>cut</td>" in page
    assert "<script>alert" not in page
    metrics_text = client.get("/metrics", base_url="http://127.0.0.1:8889").text
    assert 'dqmhub_square_host_failures{host="dqmfu-c2b04-45-01",system="production"} 8' in metrics_text
    assert 'dqmhub_square_host_behind{host="dqmfu-c2b03-45-01",system="production"} 1234' in metrics_text
    assert 'dqmhub_square_dead_letters{system="production"} 1' in metrics_text
    assert "dqmhub_square_certificate_days -1.0" in metrics_text
