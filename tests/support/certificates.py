"""Certificates for servers and clients of the tests."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def write_certificate(folder: Path, name: str, days: float = 100.0, subject: str = "", address: str = "127.0.0.1") -> str:
    """A certificate of its own authority, with its key in the same file; where it is.

    Args:
        folder: Of the file.
        name: Of the file.
        days: After which it ends.
        subject: As RFC 4514 writes it, `CN=name` by default.
        address: Of the server.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name.from_rfc4514_string(subject or f"CN={name}")
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=400))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return str(file)
