"""Whether an address alone gives rights, passwords may be sent in the clear, and other users can read files with secrets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

from app.core.settings import Settings
from app.core.settings.secret_key import MIN_KEY_BYTES
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis
from app.security.proxies import LOOPBACK
from app.security.settings import SecuritySettings
from app.security.this_machine import key_file

BY_ADDRESS = "every proxy and tunnel that ends on this machine gives its clients the same rights"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Rights that an address alone gives, passwords without TLS, and files with keys that everybody can read."""
    yield from anonymous_readers(settings)
    yield from plain_http(settings)
    registering = [network for network in settings.of(GuiSettings).register_networks if _has_loopback(network)]
    if registering:
        remedy = "Remove it from register_networks; programs on this machine send the content of local_key as token"
        yield Diagnosis("warning", f"{', '.join(registering)} registers files without a token: {BY_ADDRESS}", remedy)
    for path, effect in _private_files(settings).items():
        if _everybody_reads(path):
            yield Diagnosis("error", f"All users of this machine can read {path}, and so {effect}", f"chmod 600 {path}, or 640")
    yield from _short_secret(settings)


def anonymous_readers(settings: Settings) -> Iterator[Diagnosis]:
    """Whether anybody can read without an account."""
    security = settings.of(SecuritySettings)
    readers = security.anonymous_read
    if readers == "loopback":
        yield Diagnosis("warning", f"127.0.0.1 reads without an account: {BY_ADDRESS}", 'Set anonymous_read = "local"')
    elif readers == "everyone" and _is_plain(settings):
        text = f"Everybody who reaches port {settings.web_port} of {settings.web_host} reads without an account and without TLS"
        yield Diagnosis("warning", text, 'Set anonymous_read = "local", or web_host = "127.0.0.1" behind a proxy with TLS')
    else:
        yield Diagnosis("ok", f"anonymous_read is {readers}")


def plain_http(settings: Settings) -> Iterator[Diagnosis]:
    """Whether people of other machines may sign in without TLS."""
    if _is_plain(settings):
        text = f"Passwords may be sent to port {settings.web_port} of {settings.web_host} without TLS"
        yield Diagnosis("warning", text, 'Put a proxy with TLS before it, and set web_host = "127.0.0.1" and secure_cookies = true')


def _is_plain(settings: Settings) -> bool:
    return not (settings.of(SecuritySettings).secure_cookies or _is_loopback(settings.web_host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _private_files(settings: Settings) -> dict[Path, str]:
    """Files that only the user of the services may read, and the harm that others could do with each."""
    databases = [] if settings.database_url else [settings.data / f"dqmhub.db{suffix}" for suffix in ("", "-wal")]
    return {
        key_file(settings): "register files",
        settings.data / "secret": "sign in as any user",
        settings.data / "publish/key": "sign data as this hub does for public mirrors",
        settings.data / "publish/secret": "guess what was redacted for public mirrors",
        **dict.fromkeys(filter(_is_in_open_folders, databases), "try passwords of all users"),
    }


def _everybody_reads(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:  # it does not exist, or is hidden even from this user
        return False


def _is_in_open_folders(path: Path) -> bool:
    """Whether all users may enter the folders above a file. Closed folders protect a database; keys must be private themselves."""
    return all(_everybody_enters(folder) for folder in path.absolute().parents)


def _everybody_enters(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & 0o001)
    except OSError:
        return False


def _short_secret(settings: Settings) -> Iterator[Diagnosis]:
    path = settings.data / "secret"
    try:
        length = MIN_KEY_BYTES if settings.secret_key else len(path.read_bytes().strip())
    except OSError:  # the web server makes it; if it cannot, the check data-folder reports why
        return
    if length < MIN_KEY_BYTES:
        remedy = "Restore it from a backup, or remove it for a new key: all users then sign in again"
        yield Diagnosis("error", f"{path} has {length} of at least {MIN_KEY_BYTES} characters, so the web server does not start", remedy)


def _has_loopback(network: str) -> bool:
    ours = ip_network(network)
    return any(ours.version == other.version and ours.overlaps(other) for other in map(ip_network, LOOPBACK))
