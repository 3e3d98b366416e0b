"""The machines of docs/operators/production.md: two with a systemd and packages of their own, a provider, and links between them."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.settings import TREE
from app.core.version import VERSION
from render.build import build
from services.rpm.build import pack
from tests.packages.conftest import QUICK, Packages, unpack
from tests.support.processes import until
from tests.systemd.machine import Machine, machine, see_tree

HOSTS = "127.0.0.1 localhost\n192.0.2.10 hub.example.org\n192.0.2.20 mirror.example.org\n198.51.100.2 login.example.org\n"
ROOT = sysconfig.get_path("platlib")
POSTGRESQL_BIN = next((str(path.parent) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), "")
PROGRAMS = {"nginx": "nginx-light", "redis-server": "redis-server", "prometheus": "prometheus", "curl": "curl", "cmake": "cmake"}
"""Programs that the machines need, and the packages of Debian that have them."""


ROOT_CONFIG = f"""#!/bin/sh
for word; do
  case $word in
    --prefix) echo {ROOT}/ROOT ;;
    --version) echo 6.36.00 ;;
    --incdir) echo {ROOT}/ROOT/include ;;
    --libdir) echo {ROOT}/ROOT/lib ;;
    --cxx) echo c++ ;;
    --cflags) echo -std=c++17 ;;
  esac
done
"""
"""What a ROOT that is installed has; that of the Python package prints folders which do not exist."""

COMPILER = f"""#!/bin/sh
for word; do
  [ "$last" != -o ] || output=$word
  last=$word
done
found={TREE}/build/render/$output
case $output in
  CMakeFiles/dqmhub-*.o) if [ -f "$found" ]; then cp "$found" "$output" && exec cp "$found.d" "$output.d"; fi ;;
esac
exec /usr/bin/c++ "$@" -Wl,-rpath-link,{ROOT}/root.libs
"""
"""A compiler with a cache: the objects of this checkout, whose sources are those of the packages."""

POSTGRESQL = f"""[Service]
Type=notify
User=postgres
RuntimeDirectory=postgresql
ExecStart={POSTGRESQL_BIN}/postgres -D /var/lib/pgsql/data -k /run/postgresql -c fsync=off
[Install]
WantedBy=multi-user.target
"""
REDIS = """[Service]
Type=notify
User=redis
ExecStart=/usr/bin/redis-server --supervised systemd --save ''
[Install]
WantedBy=multi-user.target
"""
INSTALL = """
mkdir /srv/packages
cp "/old{packages}"/*.rpm /srv/packages
rm -rf /etc/debian_version /var/lib/rpm /opt/dqmhub* /etc/dqmhub* /etc/nginx/sites-enabled/* /usr/local/bin/dqmhub*
rm -rf /usr/lib/systemd/system-generators/postgresql-generator /etc/postgresql
rpm --initdb
rpm -i "/old{base}"
cat /etc/grid-security/authority.pem >> /etc/ssl/certs/ca-certificates.crt
mkdir -p /backup /dqmdata /var/lib/prometheus
chown prometheus /var/lib/prometheus
chmod 755 /usr/local/bin/root-config /usr/local/bin/c++
ln -sf /run /var/run
"""
"""What these machines have before: no products, and an authority that they trust."""
INSTALL_POSTGRESQL = f"""
mkdir -p /var/lib/pgsql && chown postgres /var/lib/pgsql
runuser -u postgres -- {POSTGRESQL_BIN}/initdb --no-sync --auth=peer --pgdata=/var/lib/pgsql/data
"""


NEWER = "0.2.0"
"""A release in which nothing but the version is new."""


class Authority:
    """An authority for certificates of servers."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string("CN=Authority of the tests")
        self.certificate = self._sign(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> str:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=300))
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def server(self, host: str) -> tuple[str, str]:
        """Certificate and key of a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name.from_rfc4514_string(f"CN={host}"), key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate, private.decode()


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def root_files(root: Path, host: str, authority: Authority) -> Path:
    """What a machine has from its administrators and its distribution."""
    certificate, key = authority.server(host)
    write(
        root,
        {
            "etc/hosts": HOSTS,
            "etc/grid-security/authority.pem": authority.certificate,
            "etc/grid-security/hostcert.pem": certificate,
            "etc/grid-security/hostkey.pem": key,
            "etc/systemd/system/postgresql.service": POSTGRESQL,
            "etc/systemd/system/redis.service": REDIS,
            "usr/local/bin/root-config": ROOT_CONFIG,
            "usr/local/bin/c++": COMPILER,
        },
    )
    see_tree(root)  # it has the ROOT of these machines
    return root


def newer_packages(packages: Packages, folder: Path) -> Iterator[Path]:
    """The packages of the newer release, without third-party packages: those of this one are linked."""
    own = f"./opt/dqmhub/{VERSION}"
    unpack(packages.release, folder / "unpacked", f"{own}/[!l]*")
    stage = folder / "stage"
    stage.mkdir()
    tree = (folder / "unpacked" / own).rename(stage / "dqmhub")
    (tree / "lib").symlink_to(f"../{VERSION}/lib")
    module = tree / "app/core/version.py"
    module.write_text(module.read_text().replace(VERSION, NEWER))
    (stage / "man").mkdir()
    (stage / "man/dqmhub.1.gz").touch()
    for name in ("dqmhub", "dqmhub-release"):
        pack(name, folder, NEWER, 1_700_000_000, QUICK)
    return folder.glob("rpms/*/*.rpm")


@contextmanager
def pair(folder: Path, packages: Packages) -> Iterator[dict[str, Machine]]:
    """Hub and mirror, joined, and a provider that the hub reaches; skips where a program is missing."""
    missing = [package for name, package in PROGRAMS.items() if not shutil.which(name, path="/usr/sbin:/usr/bin")]
    if missing or not POSTGRESQL_BIN:
        pytest.skip(f"not on this machine: {', '.join(missing) or 'postgresql'}")
    build(TREE, sys.executable)  # brings the objects up to date
    authority = Authority()
    install = INSTALL.format(packages=packages.hub.parent, base=packages.base)
    for name in ("hub", "mirror"):
        (folder / name).mkdir()
    hub_files, mirror_files = (root_files(folder / f"{name}-files", f"{name}.example.org", authority) for name in ("hub", "mirror"))
    (hub_files / "srv/newer").mkdir(parents=True)
    for package in newer_packages(packages, folder / "newer"):
        package.rename(hub_files / "srv/newer" / package.name)
    with (
        machine(folder / "hub", hub_files, install + INSTALL_POSTGRESQL) as hub,
        machine(folder / "mirror", mirror_files, install) as mirror,
        provider(folder, hub, authority),
    ):
        link(hub.process, mirror.process, "192.0.2.10", "192.0.2.20")
        yield {"Hub": hub, "Mirror": mirror, "Prometheus": hub}


@contextmanager
def provider(folder: Path, hub: Machine, authority: Authority) -> Iterator[None]:
    """The identity provider, in a network of its own."""
    (folder / "login.pem").write_text("".join(authority.server("login.example.org")))
    ready = 'read line; exec "$@"'
    command = [
        "unshare",
        "--net",
        "sh",
        "-c",
        ready,
        "sh",
        sys.executable,
        "-m",
        "tests.packages.production.provider",
        "198.51.100.2",
        str(folder / "login.pem"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TREE) as process:
        assert process.stdin
        assert process.stdout
        try:
            until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sh\n", "a network of its own")
            link(hub.process, process.pid, "198.51.100.1", "198.51.100.2")
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "listening\n"
            yield
        finally:
            process.kill()


def link(one: int, other: int, here: str, there: str) -> None:
    """Join the networks of two processes."""
    name = f"to{other}"
    inside(one, "link", "add", name, "type", "veth", "peer", "name", "pair", "netns", str(other))
    for process, device, address in ((one, name, here), (other, "pair", there)):
        inside(process, "address", "add", f"{address}/24", "dev", device)
        inside(process, "link", "set", device, "up")
        inside(process, "link", "set", "lo", "up")


def inside(process: int, *words: str) -> None:
    """Run `ip` in the network of a process."""
    subprocess.run(["nsenter", f"--target={process}", "--net", "ip", *words], check=True)
