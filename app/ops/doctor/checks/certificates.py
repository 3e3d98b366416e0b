"""Whether certificates and authorities can be read, and when they end."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from app.core.settings import Settings, setting_rows
from app.ops.doctor.addresses import server_addresses
from app.ops.doctor.diagnosis import Diagnosis

SOON_DAYS = 30
CONNECT_S = 5.0


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The files that settings name, and the certificates of the servers at the other end of settings."""
    files = {row.name: settings[row.name] for row in setting_rows() if row.name.endswith(("_certificate", "_ca", "_key"))}
    for name, value in files.items():
        if value and isinstance(value, str):
            yield from _file(name, Path(value))
    for address in sorted(server_addresses(settings, url)):
        if address.startswith("https://"):
            yield from _server(address)


def _file(name: str, path: Path) -> Iterator[Diagnosis]:
    """A file of a setting; the key of a certificate must only be readable."""
    if path.is_dir():  # hashed by OpenSSL; what is wrong in it shows when a server is not trusted
        yield Diagnosis("ok", f"{name}: {path} is a folder")
        return
    try:
        content = path.read_bytes()
        if name.endswith("_key"):
            yield Diagnosis("ok", f"{name}: {path} can be read")
            return
        ends = [found.not_valid_after_utc.timestamp() for found in x509.load_pem_x509_certificates(content)]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        yield Diagnosis("error", f"{name}: {path} cannot be used: {reason}", f"Correct {name}, or the file")
        return
    # of many authorities some may have ended; one is left for those that are used
    yield judge_end(f"{name}: {path}", max(ends) if name.endswith("_ca") else min(ends), f"Get a new certificate, and put it into {path}")


def _server(address: str) -> Iterator[Diagnosis]:
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
        yield judge_end(f"the certificate of {place}", end, f"Let the owner of {parts.hostname} renew it")


def judge_end(what: str, end: float, remedy: str) -> Diagnosis:
    """Whether something that ends at this time, Unix seconds, has ended or will soon."""
    date, days = time.strftime("%Y-%m-%d", time.gmtime(end)), (end - time.time()) / 86400
    text = f"{what[0].upper()}{what[1:]}" if what.startswith("the ") else what
    if days < 0:
        return Diagnosis("error", f"{text} has expired on {date}", remedy)
    if days < SOON_DAYS:
        return Diagnosis("warning", f"{text} expires in {days:.0f} days, on {date}", remedy)
    return Diagnosis("ok", f"{what} is valid until {date}")
