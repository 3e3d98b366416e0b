"""The state that all hosts of a hub must have in common: keys, and settings that are not for one host.

Heartbeats carry fingerprints of them, so that /status and `dqmhub doctor` name what differs. A fingerprint is an HMAC with the
key that signs sessions, so that nobody who can read the database can test guesses of secrets.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress

from app.core.settings import Settings, read_secret_key, setting_rows

OF_ONE_HOST = (
    *("data_dir", "database_url", "trusted_proxies", "web_", "render_", "worker_", "live_threads", "import_", "log_", "access_log"),
    *("plot_cache_mb", "list_cache_mb", "mirror_", "simulator_", "backup_", "secret_key", "demo_accounts"),
)
"""Settings, or beginnings of their names, that may differ between hosts; of the key its content is compared."""
KEY = "secret_key"
KEY_FILES = ("publish/key", "publish/secret")
"""Files of data_dir that hosts with `dqmhub live` share; others have none."""
DIGITS = 12


def common_state(settings: Settings) -> dict[str, str]:
    """Fingerprints by name: of the key that signs sessions, of changed settings, and of the keys of publishing.

    None while there is no key, e.g. because the data folder is not mounted.
    """
    try:
        key = read_secret_key(settings)
    except OSError:
        key = None
    if not key:
        return {}
    values = {row.name: settings[row.name] for row in setting_rows() if not row.name.startswith(OF_ONE_HOST)}
    defaults = {row.name: row.default for row in setting_rows()}
    found = {KEY: b""} | {name: repr(value).encode() for name, value in values.items() if value != defaults[name]}
    for name in KEY_FILES:
        with suppress(OSError):
            found[name] = (settings.data / name).read_bytes()
    return {name: hmac.digest(key, name.encode() + b"=" + value, "sha256").hex()[:DIGITS] for name, value in found.items()}


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of what differs between two hosts; with different keys nothing else can be compared.

    Nothing is known of a host without fingerprints: its release is older than they are, or it has no key yet.
    """
    if not ours or not theirs:
        return []
    if ours.get(KEY) != theirs.get(KEY):
        return [KEY]
    names = sorted({*ours, *theirs})
    return [
        name
        for name in names
        if ours.get(name) != theirs.get(name) and not (name in KEY_FILES and {ours.get(name), theirs.get(name)} & {None})
    ]
