"""The key that signs sessions."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from app.settings.reading import SettingError
from app.settings.table import Settings


def make_secret(settings: Settings) -> bytes:
    """The key that signs sessions: the setting, else the file data_dir/secret, made when it is missing (mode 0600)."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data / "secret"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _link_new_secret(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingError("data_dir", settings.data_dir, f"a folder of this user ({error.strerror})", str(path)) from error
    if len(key) < 32:
        raise SettingError("secret_key", f"{len(key)} characters", "at least 32 characters; remove the file to make a new one", str(path))
    return key


def _link_new_secret(path: Path) -> None:
    """Make the file, whole or not at all; the first of several starters wins, and the others read its key."""
    descriptor, new = tempfile.mkstemp(prefix="secret.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(descriptor)
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(new)
