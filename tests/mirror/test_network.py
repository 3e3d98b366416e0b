"""A mirror in another network, behind nginx with TLS, and a real hub while the link between them breaks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core.settings import Settings
from app.publish import keys
from tests.mirror.process import MirrorProcess, mirror_process
from tests.square.chain import chain
from tests.support.network import Network, other_network
from tests.support.nginx import nginx
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import until

pytestmark = pytest.mark.slow

BREAKS = 2
READ_PAGE = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1]).read().decode())
except urllib.error.HTTPError as error:
    print(error.read().decode())
"""
SERVERS = """
server {{
    listen {address}:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    client_max_body_size 32m;
    location / {{ proxy_pass {mirror}; }}
}}
"""


@pytest.fixture
def network() -> Iterator[Network]:
    with other_network() as found:
        yield found


def certify(folder: Path, address: str) -> None:
    """Write a self-signed certificate for an address, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mirror of the tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)


def page_from_inside(network: Network, mirror: MirrorProcess, address: str) -> str:
    """A page of the mirror, also an error page, requested in its own network."""
    command = [*network.inside, sys.executable, "-c", READ_PAGE, mirror.url + address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


def test_a_mirror_catches_up_after_each_break_of_the_link(network: Network, tmp_path: Path, sqlite_template: Path) -> None:
    folder, port = tmp_path / "nginx", free_port()
    folder.mkdir()
    certify(folder, network.address)
    shutil.copytree(sqlite_template, tmp_path / "var")
    settings = Settings(
        data_dir=str(tmp_path / "var"),
        square_poll_s=0.2,
        square_status_s=1.0,
        publish_s=0.2,
        publish_ca=str(folder / "certificate.pem"),
        publish_mirrors=(f"https://{network.address}:{port}",),
    )
    keys.make_key(settings)
    public = keys.signing_key(settings).public_key().public_bytes_raw().hex()
    with mirror_process(tmp_path, prefix_command=network.inside, host=network.address, keys=public) as mirror:
        servers = SERVERS.format(address=network.address, port=port, folder=folder, mirror=mirror.url)
        hub_of = chain(settings, "--quiet-start", "--speed", "1", services=("live", "p5"))
        with nginx(folder, port, servers, network.address, network.inside), hub_of as hub:
            runs = []
            for _ in range(BREAKS):
                runs.append(hub.p5.incident("start_run", lumis=100)["run"])
                hub.p5.advance(30)
                until(lambda: f">{runs[-1]}</a>" in page_from_inside(network, mirror, "/"), "the run to be on the mirror")
                network.set("down")
                hub.p5.incident("crash", tag="pixel_dqm_sourceclient-live", code=65, restart=False)
                hub.p5.incident("end_run", follow=False)
                hub.p5.advance(120)
                page = page_from_inside(network, mirror, "/")
                assert f">{runs[-1]}</a>" in page
                assert "job-crashed" not in page, "the crash cannot have reached the mirror yet"
                network.set("up")
                until(lambda: "job-crashed" in page_from_inside(network, mirror, f"/runs/{runs[-1]}"), "the crash during the break")
            runs_on_mirror = mirror.get(f"/api?what=get_runs&from=0&to={runs[-1]}&bad_only=0&ls=0&db=production").json
            assert [int(run) for run in runs_on_mirror] == runs
            assert all(run["clients"]["pixel"][0][4] == 65 for run in runs_on_mirror.values())
            assert mirror.get("/status").json["refused"].keys() <= {"409"}
