"""The key that signs snapshots, and the secret of the pseudonyms: files of mode 0600 in publish/ of data_dir."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core.settings import SettingError, Settings, create_private_file
from app.publish.settings import PublishSettings


def key_path(settings: Settings) -> Path:
    """The file of the key that signs snapshots."""
    path = settings.of(PublishSettings).publish_key
    return Path(path) if path else settings.data / "publish" / "key"


def make_key(settings: Settings) -> bool:
    """Create the key that signs snapshots, unless there is one; returns whether it was created. Raises OSError."""
    path = key_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return create_private_file(path, pem)


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs snapshots. Raises SettingError, with the remedy, when it is missing or unusable."""
    path = key_path(settings)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        hint = f"a readable file ({error.strerror}); `dqmhub mirror-key` creates one"
        raise SettingError("publish_key", str(path), hint, "the key that signs snapshots") from error
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingError("publish_key", str(path), "an Ed25519 key as PEM without a password", "the key that signs snapshots")
    return key


def pseudonym_secret(settings: Settings) -> bytes:
    """Key of identifiers and pseudonyms; guesses of names cannot be tested without it. Created when it is missing."""
    path = settings.data / "publish" / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        create_private_file(path, secrets.token_hex(32).encode())
    return path.read_bytes()
