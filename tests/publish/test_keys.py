"""The key that signs snapshots: created once, readable for its owner only, never overwritten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.cli import dqmhub
from app.cli.run import publish_to_own_mirror
from app.core.settings import SettingError, Settings, load
from app.ops.settings import ServiceSettings
from app.publish import keys
from app.publish.settings import PublishSettings


def test_the_command_creates_a_key_once_and_prints_the_public_key_each_time(tmp_path: Path) -> None:
    variables = {"DQMHUB_DATA_DIR": str(tmp_path / "var")}
    first, second = (CliRunner().invoke(dqmhub, ["mirror-key"], env=variables) for _ in range(2))
    path = tmp_path / "var" / "publish" / "key"
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(first.stdout.strip()))
    assert public == private.public_key()


def test_a_file_that_is_no_key_is_kept_and_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("something else")
    settings = Settings(data_dir=str(tmp_path), publish_key=str(path))
    assert not keys.make_key(settings)
    assert path.read_text() == "something else"
    with pytest.raises(SettingError, match=r"publish_key = .* an Ed25519 key as PEM without a password"):
        keys.signing_key(settings)


def test_without_a_key_the_error_tells_how_to_create_one(settings: Settings) -> None:
    with pytest.raises(SettingError, match="`dqmhub mirror-key` creates one"):
        keys.signing_key(settings)


def test_the_secret_of_the_pseudonyms_is_created_once(settings: Settings, tmp_path: Path) -> None:
    secret = keys.pseudonym_secret(settings)
    assert keys.pseudonym_secret(settings) == secret
    assert stat.S_IMODE((settings.data / "publish" / "secret").stat().st_mode) == 0o600
    assert keys.pseudonym_secret(settings.replace(data_dir=str(tmp_path / "other"))) != secret


def test_the_demo_publishes_to_its_own_mirror(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DQMHUB_PUBLISH_MIRRORS", "DQMHUB_MIRROR_KEYS"):
        monkeypatch.setenv(variable, "")  # so that they are restored
    publish_to_own_mirror(settings.replace(mirror_port=8085))
    public = keys.signing_key(settings).public_key().public_bytes_raw().hex()
    found = load(None, {name: os.environ[name] for name in ("DQMHUB_PUBLISH_MIRRORS", "DQMHUB_MIRROR_KEYS")})
    assert found.of(PublishSettings).publish_mirrors == ("http://127.0.0.1:8085",)
    assert found.of(ServiceSettings).mirror_keys == (public,)
