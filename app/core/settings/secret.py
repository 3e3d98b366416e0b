"""The key that signs sessions, and how files with secrets are made."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from app.core.settings.reading import SettingError
from app.core.settings.table import Settings


def make_secret(settings: Settings) -> bytes:
    """The key that signs sessions: the setting, else the file data_dir/secret, made when it is missing (mode 0600)."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data / "secret"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            make_file(path, secrets.token_hex(32).encode())
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingError("data_dir", settings.data_dir, f"a folder of this user ({error.strerror})", str(path)) from error
    if len(key) < 32:
        raise SettingError("secret_key", f"{len(key)} characters", "at least 32 characters; remove the file to make a new one", str(path))
    return key


def make_file(path: Path, content: bytes) -> bool:
    """Make a file of mode 0600, whole or not at all; False when there is one. Of several starters the first one wins, and the others read its file."""
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
