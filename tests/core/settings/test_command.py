"""`dqmhub config`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import setting_rows
from tests.support.cli import run_command

KEY = "9f1c6a0b7de24853a1f0c2d4e6b8a7531"


def without_settings() -> dict[str, str]:
    names = [name for name in os.environ if not name.startswith("DQMHUB_") and name not in ("DATABASE_URL", "HUEY_URL")]
    return {name: os.environ[name] for name in names}


def dqmhub(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_command(without_settings() | variables, *arguments)


def test_the_sample_is_written_once_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    assert dqmhub("config", "init", str(path)).stdout == f"wrote {path}\n"
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    path.write_text(path.read_text() + '\ninstance_name = "Playback"\n')
    again = dqmhub("config", "init", str(path))
    assert (again.returncode, again.stderr) == (1, f"Error: {path} was not written: File exists\n")
    checked = dqmhub("--config", str(path), "config", "check")
    assert (checked.returncode, checked.stdout) == (0, f"configuration OK; read from {path} and the environment\n")
    assert 'instance_name = "Playback"' in dqmhub("--config", str(path), "config", "show").stdout
    other = tmp_path / "other.toml"
    assert dqmhub("--config", str(other), "config", "init").stdout == f"wrote {other}\n", "not into the tree"


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text(f'secret_key = "{KEY}"\n')
    variables = {"DQMHUB_CONFIG": str(tmp_path / "hub.toml"), "DATABASE_URL": "postgresql://hub:hTz7q@host/hub"}
    for options in ([], ["--json"]):
        shown = dqmhub("config", "show", *options, **variables)
        assert shown.returncode == 0
        assert KEY not in shown.stdout
        assert "hTz7q" not in shown.stdout
    values = json.loads(shown.stdout)
    assert (values["secret_key"], values["database_url"], values["huey_url"]) == ("(set)", "(set)", "(not set)")
    assert list(values) == [row.name for row in setting_rows()]


def test_a_wrong_value_ends_every_command_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("web_port = 0\n")
    for command in (["config", "check"], ["config", "show"], ["db", "upgrade"], ["worker"], ["web"], ["jobs", "ls"]):
        ended = dqmhub("--config", str(tmp_path / "hub.toml"), *command)
        assert (ended.returncode, ended.stdout) == (1, ""), command
        assert ended.stderr == f"dqmhub: {tmp_path}/hub.toml: web_port = 0 cannot be used; allowed: a number from 1 to 65535\n"


def test_a_file_in_place_of_the_folder_of_backups_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(f'backup_dir = "{file}"\n')
    assert f"warning: backup_dir: {file} is no folder" in dqmhub("--config", str(file), "config", "check").stderr


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ('sign_on_issuer = "https://login.example.org"', "sign_on_client_id is not set, so nobody can sign on"),
        ('sign_on_client_id = "dqm"', "sign_on_issuer is not set, so there is no sign-on"),
        ('sign_on_issuer = "https://l.example"\nsign_on_client_id = " dqm "', "sign_on_client_id has blanks around it: ' dqm '"),
        ('sign_on_issuer = "https://l.example"\nsign_on_ca = "/nope"', "sign_on_ca: /nope does not exist, so nobody can sign on"),
        ('sign_on_issuer = "https://l.example"\nsign_on_role_claim = ""', "sign_on_role_claim is empty: every user is refused"),
        ('sign_on_issuer = "https://l.example"\nsign_on_name_claim = ""', "sign_on_name_claim is empty, so no user gets an account"),
        ('proxy_sign_in = "certificate"', "proxy_sign_in_networks is empty"),
        ('anonymous_read = "loopback"', "127.0.0.1 reads without an account"),
        (
            'anonymous_read = "everyone"\nweb_host = "0.0.0.0"\nweb_port = 8889',
            "Everybody who reaches port 8889 of 0.0.0.0 reads without an account and without TLS",
        ),
        ('web_host = "0.0.0.0"\nweb_port = 8889', "Passwords may be sent to port 8889 of 0.0.0.0 without TLS"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_warned_of(tmp_path: Path, settings: str, warning: str) -> None:
    (tmp_path / "hub.toml").write_text(settings + "\n")
    checked = dqmhub("--config", str(tmp_path / "hub.toml"), "config", "check")
    assert (checked.returncode, f"warning: {warning}" in checked.stderr) == (0, True), checked.stderr


@pytest.mark.parametrize(
    "settings", ["", 'anonymous_read = "everyone"', 'anonymous_read = "everyone"\nweb_host = "0.0.0.0"\nsecure_cookies = true']
)
def test_settings_that_fit_each_other_are_not_warned_of(tmp_path: Path, settings: str) -> None:
    (tmp_path / "hub.toml").write_text(settings + "\n")
    assert dqmhub("--config", str(tmp_path / "hub.toml"), "config", "check").stderr == ""


@pytest.mark.parametrize(("query", "unknown"), [("", ""), ("?host=/tmp&sslmode=require", ""), ("?hst=/tmp&sslmod=require", "hst, sslmod")])
def test_parameters_that_postgresql_does_not_have_are_named(tmp_path: Path, query: str, unknown: str) -> None:
    (tmp_path / "hub.toml").write_text(f'database_url = "postgresql://hub:hTz7q@host/hub{query}"\n')
    command = [Path(sys.executable).with_name("dqmhub"), "--config", tmp_path / "hub.toml", "config", "check"]
    done = subprocess.run(
        command, env=without_settings(), capture_output=True, text=True, check=False
    )  # this process may be without the driver
    error = f"Error: database_url: PostgreSQL has no parameter {unknown}; there are host, sslmode and others\n" if unknown else ""
    assert (done.returncode, done.stderr) == (int(bool(unknown)), error)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("redis://host:6379/0?socket_timeout=3&max_connections=9", ""),
        ("rediss://host/0?ssl_ca_certs=/tmp/ca.pem&ssl_cert_reqs=required", ""),
        ("unix:///run/redis/socket?db=1&client_name=hub", ""),
        (
            "redis://:hTz7q@host?timout=3&ssl_ca_certs=x",
            "Redis has no parameter timout, ssl_ca_certs; there are db, socket_timeout and others",
        ),
        (
            "redis://host?self=3&kwargs=1&connection_class=x",
            "Redis has no parameter self, kwargs, connection_class; there are db, socket_timeout and others",
        ),
        ("redis://host?db=first", "Invalid value for 'db' in connection URL."),
    ],
)
def test_parameters_that_redis_does_not_have_are_named(tmp_path: Path, url: str, error: str) -> None:
    (tmp_path / "hub.toml").write_text(f'huey_url = "{url}"\n')
    checked = dqmhub("--config", str(tmp_path / "hub.toml"), "config", "check")
    assert (checked.returncode, checked.stderr) == (int(bool(error)), f"Error: huey_url: {error}\n" if error else "")


@pytest.mark.parametrize("text", ['["a=admin"]', "['a=admin']", ' ["a=admin", "b=viewer"]'])
def test_a_list_in_brackets_in_a_variable_is_named_as_such(text: str) -> None:
    ended = dqmhub("config", "check", DQMHUB_SIGN_ON_ROLES=text)
    assert (ended.returncode, "separated by commas, without brackets and quotes" in ended.stderr) == (1, True), ended.stderr
    assert dqmhub("config", "check", DQMHUB_ALLOWED_HOSTS="[::1]").returncode == 0
