"""Users whom nginx and Apache identify by real client certificates, with the configurations in docs/operators/proxy.md."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, suppress
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core.settings import TREE, Settings
from app.security.models import User
from app.security.proxy_sign_in.certificate import account_name, identity
from app.security.proxy_sign_in.identity import ProxySignInError
from tests.support.apache import apache
from tests.support.certificates import write_certificate
from tests.support.nginx import nginx
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.site import bound, site

KEY = "5e0c3bd1f2a94678"
ANNA = "CN=Anna Berg,CN=700123,CN=aberg,OU=Users,OU=Organic Units,DC=cern,DC=ch"
FORGED = {"SSL-Client-Verify": "SUCCESS", "SSL-Client-S-DN": "CN=root", "SSL_Client_Verify": "SUCCESS", "SSL_Client_S_DN": "CN=root"}


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (ANNA, "aberg"),
        ("/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=aberg/CN=700123/CN=Anna Berg", "aberg"),
        ("CN=dqm-robot.cern.ch,OU=Robots", "dqm-robot.cern.ch"),
        ("CN=Anna Berg,O=Other", "anna.berg"),
        (r"CN=Berg\, Anna,O=CN=x", "berg.anna"),
        ("CN=alice,CN=700777,CN=mallory,OU=Users,DC=cern,DC=ch", "mallory"),
        ("O=Nobody", ""),
        ("O=x/CN=root,CN=Anna,DC=ch", "anna"),
        ("CN=Анна,DC=x", ""),
    ],
)
def test_an_account_is_called_by_the_first_common_name_that_can_be_a_user_name(subject: str, name: str) -> None:
    assert account_name(subject) == name


@pytest.mark.parametrize(("verified", "subject"), [("FAILED:certificate has expired", ANNA), ("GENEROUS", ANNA), ("SUCCESS", "")])
def test_a_certificate_that_the_proxy_does_not_accept_identifies_nobody(verified: str, subject: str) -> None:
    headers = {"HTTP_SSL_CLIENT_VERIFY": verified, "HTTP_SSL_CLIENT_S_DN": subject, "HTTP_DQM_PROXY_KEY": KEY}
    with pytest.raises(ProxySignInError, match="is not accepted by the proxy"):
        identity(headers, KEY.encode())


class Front(NamedTuple):
    """A hub behind a server that asks for client certificates."""

    hub: Settings
    port: int
    folder: Path  # with the certificates

    def status(self, certificate: str = "", headers: Mapping[str, str] = {}) -> int:  # never changed
        """The status of a page that only users may see, for a client with this certificate."""
        context = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if certificate:
            context.load_cert_chain(self.folder / f"{certificate}.pem")
        return status(HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=context), headers)


def status(connection: HTTPConnection, headers: Mapping[str, str]) -> int:
    """The status of a page that only users may see."""
    with closing(connection):
        connection.request("GET", "/status", headers=dict(headers))
        with connection.getresponse() as answer:
            return answer.status


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running hub that believes proxies on this machine which have the key."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "key").write_text(KEY + "\n")
    here = ("127.0.0.1/32",)
    rules = {"proxy_sign_in": "certificate", "proxy_sign_in_networks": here, "proxy_sign_in_key_file": str(folder / "key")}
    settings = Settings(
        data_dir=str(folder / "var"),
        web_workers=1,
        trusted_proxies=here,
        proxy_sign_in_without_role="viewer",
        anonymous_read="nobody",
        **rules,
    )
    with site(settings, sqlite_template, []) as running, bound(running):
        yield running


def example(language: str, folder: Path, port: int, hub: Settings) -> str:
    """The configuration in the documentation, with files and ports of the test."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", (TREE / "docs/operators/proxy.md").read_text(), re.S)
    key = {"nginx": f"proxy_set_header DQM-Proxy-Key {KEY};\n", "apache": f"RequestHeader set DQM-Proxy-Key {KEY}\n"}[language]
    (folder / "dqmhub-key.conf").write_text(key)
    text = re.sub(r"/etc/(nginx|httpd)/", f"{folder}/", text)
    text = re.sub(r"/etc/grid-security/host(cert|key).pem", f"{folder}/server.pem", text)
    text = text.replace("/etc/grid-security/client-authorities.pem", f"{folder}/anna.pem")
    return text.replace("8889", str(hub.web_port)).replace("listen 443", f"listen 127.0.0.1:{port}").replace("*:443", f"127.0.0.1:{port}")


@pytest.fixture(scope="module", params=["nginx", "apache"])
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hub: Settings) -> Iterator[Front]:
    """The hub behind nginx, or behind Apache."""
    folder, port = tmp_path_factory.mktemp("front"), free_port()
    write_certificate(folder, "server")
    write_certificate(folder, "anna", subject=ANNA)
    write_certificate(folder, "stranger", subject=ANNA)  # of another authority
    servers: dict[str, Callable[[Path, int, str], AbstractContextManager[None]]] = {"nginx": nginx, "apache": apache}
    with servers[request.param](folder / "server", port, example(request.param, folder, port, hub)):
        yield Front(hub, port, folder)


@pytest.mark.slow
def test_a_verified_client_certificate_identifies_its_user(front: Front) -> None:
    assert front.status() == 303, "without a certificate to the page to sign in"
    assert front.status("anna") == 200
    assert [(user.name, user.origin, user.subject) for user in User.select()] == [("aberg", "proxy", ANNA)]


@pytest.mark.slow
def test_headers_of_clients_about_certificates_do_not_pass_the_proxy(front: Front) -> None:
    assert front.status("", FORGED | {"DQM-Proxy-Key": KEY}) == 303
    assert front.status("anna", FORGED) == 200
    assert not User.select().where(User.name == "root").exists()


@pytest.mark.slow
def test_a_certificate_of_another_authority_identifies_nobody(front: Front) -> None:
    with suppress(ssl.SSLError):  # Apache ends the connection
        assert front.status("stranger") == 400


@pytest.mark.slow
def test_a_program_at_the_address_of_the_proxy_needs_its_key(hub: Settings) -> None:
    forged = {"SSL-Client-Verify": "SUCCESS", "SSL-Client-S-DN": ANNA}
    for key in ({}, {"DQM-Proxy-Key": "guessed"}):
        assert status(HTTPConnection("127.0.0.1", hub.web_port, timeout=PATIENCE_S), forged | key) == 403
    assert status(HTTPConnection("127.0.0.1", hub.web_port, timeout=PATIENCE_S), forged | {"DQM-Proxy-Key": KEY}) == 200
