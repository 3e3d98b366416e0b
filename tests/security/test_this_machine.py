"""Rights of this machine: by proof, never by an address."""

from __future__ import annotations

import gc
import shutil
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from app import cli, create_app
from app.cli.local_link import link, local_link
from app.core.settings import Settings, load_secret_key
from app.gui.settings import GuiSettings
from app.security import demo_accounts, this_machine
from app.security.models import Audit, LocalBrowser
from app.security.settings import SecuritySettings
from tests.support.nginx import nginx
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.site import address, bound, site
from tests.support.small_disk import fill_hub, small_disk

HOME = "http://127.0.0.1:8889"
SILENT_NGINX = "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{hub}; }} }}"


@pytest.fixture
def default_app(small_app: Callable[..., Flask]) -> Flask:
    """The application with the rights that clients on this machine have by default."""
    return small_app(anonymous_read=SecuritySettings.anonymous_read, register_networks=GuiSettings.register_networks)


def bearer(app: Flask) -> dict[str, str]:
    return {"Authorization": f"Bearer {this_machine.read_key(app.config['HUB'])}"}


def printed_link(app: Flask, *arguments: str) -> str:
    hub: Settings = app.config["HUB"]
    printed = CliRunner().invoke(local_link, arguments, env={"DQMHUB_DATA_DIR": hub.data_dir, "DQMHUB_CONFIG": ""}, catch_exceptions=False)
    return printed.output.strip()


def test_the_key_is_for_the_user_of_the_hub_only_and_stays(default_app: Flask) -> None:
    hub: Settings = default_app.config["HUB"]
    assert this_machine.key_file(hub).stat().st_mode & 0o777 == 0o600
    before = this_machine.read_key(hub)
    this_machine.make_key(hub)
    assert this_machine.read_key(hub) == before


def test_an_address_alone_reads_nothing_and_the_key_does(default_app: Flask) -> None:
    client = default_app.test_client()
    assert client.get("/api/v1/samples", base_url=HOME).status_code == 401
    assert client.get("/api/v1/samples", base_url=HOME, headers=bearer(default_app)).status_code == 200


@pytest.mark.parametrize("wrong", ["dqmhub_local_", "dqmhub_local_x", "dqmhub_local_\u00e9"])
def test_a_wrong_key_is_refused_also_when_there_is_none(default_app: Flask, wrong: str) -> None:
    client, headers = default_app.test_client(), {"Authorization": f"Bearer {wrong}".encode().decode("latin-1")}
    assert client.get("/api/v1/samples", base_url=HOME, headers=headers).status_code == 401
    this_machine.key_file(default_app.config["HUB"]).unlink()
    assert client.get("/api/v1/samples", base_url=HOME, headers=headers).status_code == 401


@pytest.mark.parametrize(("path", "body"), [("/api/v1/register", []), ("/api/v1/transfers/reports", {})])
def test_programs_with_the_key_need_no_token_of_an_operator(default_app: Flask, path: str, body: object) -> None:
    client = default_app.test_client()
    assert client.post(path, json=body, base_url=HOME).status_code == 401
    assert client.post(path, json=body, base_url=HOME, headers=bearer(default_app)).status_code in (200, 201, 400)


def test_the_key_reads_nothing_where_nobody_reads_without_an_account(small_app: Callable[..., Flask]) -> None:
    app = small_app(anonymous_read="nobody")
    assert app.test_client().get("/api/v1/samples", base_url=HOME, headers=bearer(app)).status_code == 401


def test_what_a_program_with_the_key_does_is_audited_as_of_this_machine(default_app: Flask) -> None:
    default_app.test_client().get("/account/audit", base_url=HOME, headers=bearer(default_app))
    with default_app.app_context():
        assert {row.user for row in Audit.select()} <= {"this machine"}


def test_a_browser_reads_with_the_printed_link_and_others_do_not(default_app: Flask) -> None:
    client, other = default_app.test_client(), default_app.test_client()
    link = urlsplit(printed_link(default_app, "--page", "/status"))
    opened = client.get(f"{link.path}?{link.query}", base_url=HOME)
    assert (opened.status_code, opened.headers["Location"]) == (303, "/status")
    assert client.get("/status", base_url=HOME).status_code == 200
    assert other.get("/status", base_url=HOME).status_code == 303, "to the page to sign in"
    assert printed_link(default_app, "--end") == "1 sessions ended"
    assert client.get("/status", base_url=HOME).status_code == 303


@pytest.fixture
def local_client(default_app: Flask) -> FlaskClient:
    """A browser that has opened a link."""
    client, link = default_app.test_client(), urlsplit(printed_link(default_app))
    client.get(f"{link.path}?{link.query}", base_url=HOME)
    return client


@pytest.mark.both_databases
def test_a_link_works_once_and_not_after_ten_minutes(default_app: Flask) -> None:
    opened, late = (urlsplit(printed_link(default_app)) for _ in range(2))
    first, second = (default_app.test_client().get(f"{opened.path}?{opened.query}", base_url=HOME) for _ in range(2))
    LocalBrowser.update(expires=LocalBrowser.expires - 601).where(LocalBrowser.opened == 0).execute()
    third = default_app.test_client().get(f"{late.path}?{late.query}", base_url=HOME)
    assert [answer.status_code for answer in (first, second, third)] == [303, 403, 403]


def test_a_browser_of_this_machine_only_reads(local_client: FlaskClient) -> None:
    for path in ("/api/v1/register", "/api/v1/transfers/reports"):
        assert local_client.post(path, json=[], base_url=HOME, headers={"Origin": HOME}).status_code == 401


def test_signing_out_ends_the_rights_of_this_machine_also_for_a_copy_of_the_cookie(default_app: Flask, local_client: FlaskClient) -> None:
    assert "Sign out" in local_client.get("/status", base_url=HOME).text
    cookie = local_client.get_cookie("dqmhub_8889", domain="127.0.0.1")
    assert cookie is not None
    copy = default_app.test_client()
    copy.set_cookie(cookie.key, cookie.value, domain="127.0.0.1")
    assert copy.get("/status", base_url=HOME).status_code == 200
    local_client.post("/account/sign-out", base_url=HOME, headers={"Origin": HOME})
    assert [client.get("/status", base_url=HOME).status_code for client in (local_client, copy)] == [303, 303]


def test_a_browser_of_this_machine_reads_no_more_after_hours_without_use(local_client: FlaskClient) -> None:
    LocalBrowser.update(last_used=LocalBrowser.last_used - 4.1 * 3600).execute()
    assert local_client.get("/status", base_url=HOME).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "ImxvY2FsIg.aaaa.bbbb"])
def test_a_wrong_link_says_how_to_get_another(default_app: Flask, token: str) -> None:
    answer = default_app.test_client().get(f"/account/this-machine?token={token}", base_url=HOME)
    assert answer.status_code == 403
    assert "dqmhub local-link" in answer.text


def test_where_nobody_reads_without_an_account_no_link_is_made_and_the_page_of_an_old_one_says_why(
    small_app: Callable[..., Flask], hub: Settings
) -> None:
    variables = {"DQMHUB_DATA_DIR": hub.data_dir, "DQMHUB_CONFIG": "", "DQMHUB_ANONYMOUS_READ": "nobody"}
    refused, ended = (CliRunner().invoke(cli.dqmhub, ["local-link", *options], env=variables) for options in ([], ["--end"]))
    assert (refused.exit_code, 'anonymous_read is "nobody"' in refused.output, ended.exit_code) == (1, True, 0)
    page = small_app(anonymous_read="nobody").test_client().get("/account/this-machine?token=x", base_url=HOME)
    assert (page.status_code, "Reading this hub takes an account (anonymous_read)" in page.text) == (403, True)


def test_a_link_leads_to_no_other_site(default_app: Flask) -> None:
    link = urlsplit(printed_link(default_app, "--page", "//evil.example/"))
    assert default_app.test_client().get(f"{link.path}?{link.query}", base_url=HOME).headers["Location"] == "/"


def test_accounts_of_a_demo_are_shown_to_who_opened_the_link_only(small_app: Callable[..., Flask]) -> None:
    app = small_app(demo_accounts=True)
    with app.app_context():
        passwords = demo_accounts.make(app.config["HUB"]).values()
    client, link = app.test_client(), urlsplit(printed_link(app))
    assert not any(password in client.get("/account/sign-in", base_url=HOME).text for password in passwords)
    client.get(f"{link.path}?{link.query}", base_url=HOME)
    assert all(password in client.get("/account/sign-in", base_url=HOME).text for password in passwords)


@pytest.mark.slow
def test_a_hub_whose_disk_is_full_before_it_has_a_key_starts(tmp_path: Path, sqlite_template: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "var"), anonymous_read="local")
    with small_disk(settings.data):
        shutil.copytree(sqlite_template, settings.data, dirs_exist_ok=True)
        load_secret_key(settings)
        with bound(settings), closing(sqlite3.connect(settings.data / "dqmhub.db")) as held:
            held.execute("SELECT name FROM sqlite_master").fetchone()  # else closing the other connection frees space
            fill_hub(settings)
            client = create_app(settings).test_client()
            assert client.get("/healthz/live", base_url=HOME).status_code == 200
            assert this_machine.read_key(settings) == ""
        gc.collect()


# A real hub behind what forwards to it without saying so


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running web server with the default settings."""
    data = tmp_path_factory.mktemp("hub") / "var"
    settings = Settings(
        data_dir=str(data), web_workers=1, anonymous_read=SecuritySettings.anonymous_read, register_networks=GuiSettings.register_networks
    )
    with site(settings, sqlite_template, []) as running:
        yield running


@contextmanager
def nginx_in_front(hub: Settings, folder: Path) -> Iterator[int]:
    port = free_port()
    with nginx(folder / "nginx", port, SILENT_NGINX.format(port=port, hub=hub.web_port)):
        yield port


@contextmanager
def socat(port: int, target: str) -> Iterator[int]:
    with subprocess.Popen(["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", target]) as process:
        try:
            until(lambda: listens(port), "socat")
            yield port
        finally:
            process.terminate()


def socat_in_front(hub: Settings, folder: Path) -> AbstractContextManager[int]:
    return socat(free_port(), f"TCP:127.0.0.1:{hub.web_port}")


def tunnel_in_front(hub: Settings, folder: Path) -> AbstractContextManager[int]:
    """As `ssh -L` does: one program accepts, and another one, started for the connection on the machine of the hub, connects."""
    return socat(free_port(), f"EXEC:socat STDIO TCP\\:127.0.0.1\\:{hub.web_port}")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def status(url: str, data: bytes | None = None, **headers: str) -> int:
    """The status of the answer, without following a redirect."""

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    request = urllib.request.Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.slow
@pytest.mark.parametrize("in_front", [nginx_in_front, socat_in_front, tunnel_in_front], ids=["nginx", "socat", "tunnel"])
def test_the_world_behind_a_silent_proxy_has_no_rights_of_this_machine(
    hub: Settings, tmp_path: Path, in_front: Callable[..., AbstractContextManager[int]]
) -> None:
    with in_front(hub, tmp_path) as port:
        own = f"127.0.0.1:{hub.web_port}"
        for host in (own, f"127.0.0.1:{port}", "localhost"):
            front = f"http://127.0.0.1:{port}"
            assert status(f"{front}/healthz/live", Host=host) == 200
            assert status(f"{front}/", Host=host) == 303, "to the page to sign in"
            assert status(f"{front}/api/v1/samples", Host=host) == 401
            assert status(f"{front}/api/v1/register", b"[]", Host=host, Content_Type="application/json") == 401


@pytest.mark.slow
def test_programs_and_browsers_of_this_machine_have_its_rights(hub: Settings) -> None:
    key = this_machine.key_file(hub).read_text().strip()
    assert status(f"{address(hub)}/api/v1/samples") == 401
    assert status(f"{address(hub)}/api/v1/samples", Authorization=f"Bearer {key}") == 200
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with bound(hub):
        page_link = link(hub, "/status")
    with browser.open(page_link, timeout=PATIENCE_S) as page:
        assert page.url == f"{address(hub)}/status"
