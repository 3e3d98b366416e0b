"""The key that signs sessions, and files with secrets."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from app.core.settings.loading import SettingError
from app.core.settings.table import Settings

FILE = "secret"
"""Name of the file in data_dir with the key."""
MIN_KEY_BYTES = 32


def load_secret_key(settings: Settings) -> bytes:
    """The key that signs sessions: the setting `secret_key`, otherwise the file data_dir/secret, created if missing."""
    path = settings.data / FILE
    try:
        key = read_secret_key(settings)
        if key is None:
            settings.data.mkdir(parents=True, exist_ok=True)
            create_private_file(path, secrets.token_hex(32).encode())
            key = path.read_bytes().strip()
    except OSError as error:
        raise SettingError("data_dir", settings.data_dir, f"a folder of this user ({error.strerror})", str(path)) from error
    if len(key) < MIN_KEY_BYTES:
        raise SettingError(
            "secret_key", f"{len(key)} characters", f"at least {MIN_KEY_BYTES} characters; remove the file for a new key", str(path)
        )
    return key


def read_secret_key(settings: Settings) -> bytes | None:
    """The key that signs sessions; None if there is none yet. Raises OSError."""
    if settings.secret_key:
        return settings.secret_key.encode()
    try:
        return (settings.data / FILE).read_bytes().strip()
    except FileNotFoundError:
        return None


def create_private_file(path: Path, content: bytes) -> bool:
    """Create a file of mode 0600 atomically; returns False if it exists. Of several processes the first one creates it."""
    descriptor, new = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(new, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(new)
    return True
