"""Whether certificates and certificate authorities can be read, and when they expire."""

from __future__ import annotations

import socket
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.core.deadline import deadline, tls_context
from app.core.settings import Settings, setting_rows
from app.ops.doctor.addresses import authorities, server_addresses
from app.ops.doctor.diagnosis import Diagnosis
from app.square.settings import SquareSettings

SOON_DAYS = 30
CONNECT_S = 5.0


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The files that settings name, and the certificates of the servers at the other end of settings."""
    rows = [row for row in setting_rows() if row.name.endswith(("_certificate", "_ca", "_key")) and not row.metadata["secret"]]
    files = {row.name: settings[row.name] for row in rows}
    findings = [finding for name, value in files.items() if value for finding in _file(name, Path(value))]
    yield from findings
    if all(finding.level != "error" for finding in findings):
        yield from _pair(settings)
    for address in sorted(server_addresses(settings, url)):
        if address.startswith("https://"):
            yield from _server(address, authorities(settings, address))


def _file(name: str, path: Path) -> Iterator[Diagnosis]:
    """A file of a setting."""
    if path.is_dir():  # hashed by OpenSSL; what is wrong in it shows when a server is not trusted
        yield Diagnosis("ok", f"{name}: {path} is a folder")
        return
    try:
        content = path.read_bytes()
        if name.endswith("_key"):
            load_pem_private_key(content, None)
            yield _secrecy(name, path)
            return
        ends = [found.not_valid_after_utc.timestamp() for found in x509.load_pem_x509_certificates(content)]
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: a key with a password
        reason = getattr(error, "strerror", None) or str(error).partition(". ")[0].partition("\n")[0]
        yield Diagnosis("error", f"{name}: {path} cannot be used: {reason}", f"Correct {name}, or the file")
        return
    # of many authorities some may have expired; one valid authority is enough
    yield check_expiry(
        f"{name}: {path}", max(ends) if name.endswith("_ca") else min(ends), f"Get a new certificate, and put it into {path}"
    )


def _secrecy(name: str, path: Path) -> Diagnosis:
    """Whether only its user can read a private key."""
    if path.stat().st_mode & stat.S_IROTH:
        return Diagnosis("warning", f"{name}: all users of this machine can read the private key {path}", f"chmod 600 {path}, or 640")
    return Diagnosis("ok", f"{name}: {path} is a private key")


def _pair(settings: Settings) -> Iterator[Diagnosis]:
    """Whether the key of the client certificate belongs to it."""
    square = settings.of(SquareSettings)
    if square.square_certificate:
        try:
            tls_context("", square.square_certificate, square.square_key)
        except OSError as error:
            yield Diagnosis("error", f"square_certificate cannot be used with its key: {error}", "Get certificate and key again, together")


def _trust(address: str, ca: str) -> Iterator[Diagnosis]:
    """Why the hub does not accept the certificate of a server: its issuer, or its name. ca: Its authorities."""
    parts = urlsplit(address)
    try:
        with (
            deadline(CONNECT_S),
            socket.create_connection((str(parts.hostname), parts.port or 443), CONNECT_S) as plain,
            tls_context(ca).wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return
    except ssl.SSLCertVerificationError as error:
        remedy = "Put its authority into the setting that ends with _ca, correct the address, or let the owner renew the certificate"
        text = f"The certificate of {parts.hostname}:{parts.port or 443} is not accepted: {error.verify_message}"
        yield Diagnosis("error", text, remedy)
    except OSError:  # the server wants a certificate of its client, or the file of authorities is wrong, which has a line of its own
        return


def _server(address: str, ca: str) -> Iterator[Diagnosis]:
    parts = urlsplit(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # an expired certificate shall be seen, too
    place = f"{parts.hostname}:{parts.port or 443}"
    try:
        with (
            socket.create_connection((str(parts.hostname), parts.port or 443), CONNECT_S) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as connection,
        ):
            content = connection.getpeercert(binary_form=True)
    except OSError as error:
        yield Diagnosis(
            "warning", f"The certificate of {place} cannot be fetched: {error}", "Look whether the server runs and can be reached"
        )
        return
    if content:
        end = x509.load_der_x509_certificate(content).not_valid_after_utc.timestamp()
        judged = check_expiry(f"the certificate of {place}", end, f"Let the owner of {parts.hostname} renew it")
        yield judged
        if judged.level != "error":
            yield from _trust(address, ca)


def check_expiry(what: str, end: float, remedy: str) -> Diagnosis:
    """Whether something that is valid until this time, Unix seconds, has expired or will soon."""
    date, days = time.strftime("%Y-%m-%d", time.gmtime(end)), (end - time.time()) / 86400
    text = f"{what[0].upper()}{what[1:]}" if what.startswith("the ") else what
    if days < 0:
        return Diagnosis("error", f"{text} expired on {date}", remedy)
    if days < SOON_DAYS:
        return Diagnosis("warning", f"{text} expires in {days:.0f} days, on {date}", remedy)
    return Diagnosis("ok", f"{what} is valid until {date}")
