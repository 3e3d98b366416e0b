"""`dqmhub doctor`, with the real hub behind a real nginx."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.settings import TREE, Settings
from app.ops.doctor import all_checks, examine, name_of
from app.security.this_machine import key_file
from tests.ops.doctor.findings import wrong
from tests.support.cli import run_command
from tests.support.nginx import nginx
from tests.support.ports import free_port
from tests.support.processes import environment
from tests.support.site import address, site

(RIGHT,) = re.findall(r"```nginx\n(location / \{.*?\n\})\n```", (TREE / "docs/operators/accounts.md").read_text(), re.S)
"""The block that the documentation shows."""

NOBODY = 65534

SILENT = "location / { proxy_pass http://127.0.0.1:8889; }"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running hub that trusts no proxy."""
    with site(Settings(data_dir=str(tmp_path_factory.mktemp("d") / "var"), web_workers=1), sqlite_template, []) as running:
        yield running


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running hub that trusts proxies on this machine."""
    data = tmp_path_factory.mktemp("t") / "var"
    settings = Settings(data_dir=str(data), web_workers=1, trusted_proxies=("127.0.0.1/32",), proxy_request_ids=True)
    with site(settings, sqlite_template, []) as running:
        yield running


@pytest.fixture
def examined(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Exit code and output of the command for a hub, through nginx with this block."""

    def examine_through(name: str, block: str) -> tuple[int, str]:
        settings, port = request.getfixturevalue(name), free_port()
        servers = f"server {{ listen 127.0.0.1:{port}; {block.replace(':8889', f':{settings.web_port}')} }}"
        with nginx(tmp_path / "nginx", port, servers):
            return doctor(settings.replace(anonymous_read="local", register_networks=()), f"http://127.0.0.1:{port}")

    return examine_through


def doctor(settings: Settings, url: str) -> tuple[int, str]:
    """Exit code and output of the command, without a process for it."""
    findings = [finding for _, finding in examine(settings, url, ("access", "proxy"))]
    return int(any(finding.level == "error" for finding in findings)), "\n".join(f"{each.text}\n{each.remedy}" for each in findings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "block", "code", "said"),
    [
        ("hub", SILENT, 1, "What forwards to the hub says nothing of itself"),
        ("hub", RIGHT, 1, 'set trusted_proxies = ["127.0.0.1"]'),
        ("trusting", RIGHT, 0, "the proxy is trusted, and names its clients"),
        ("trusting", SILENT, 1, "What forwards to the hub says nothing of itself"),
        ("trusting", RIGHT.replace("$http_host", "$proxy_host"), 1, "The hub sees the host 127.0.0.1:"),
        ("trusting", RIGHT.replace("$scheme", "https"), 1, "The hub sees https, and people use http"),
        ("trusting", RIGHT.replace("$proxy_add_x_forwarded_for", "$http_x_forwarded_for"), 1, "so that they choose their address"),
        ("trusting", RIGHT.replace("$request_id", "$http_x_request_id"), 1, "so that they choose the id in the log"),
        ("trusting", RIGHT.replace("$proxy_add_x_forwarded_for", '""'), 0, "does not name the address of its client"),
        ("trusting", RIGHT.replace("location / {", "location / { return 502; "), 1, "does not lead to the hub: status 502"),
    ],
    ids=["silent", "not trusted", "right", "silent and trusted", "host", "scheme", "forged", "forged id", "no client", "broken"],
)
def test_what_a_proxy_does_not_tell_the_hub_is_found(
    examined: Callable[..., tuple[int, str]], name: str, block: str, code: int, said: str
) -> None:
    found, output = examined(name, block)
    assert said in output
    assert found == code, output


@pytest.mark.slow
def test_the_address_of_the_hub_itself_is_right(hub: Settings) -> None:
    code, output = doctor(hub.replace(anonymous_read="local", register_networks=()), address(hub))
    assert (code, "without a proxy" in output) == (0, True), output


def test_a_web_server_of_another_hub_is_not_taken_for_the_own_one(hub: Settings, settings: Settings) -> None:
    assert wrong(hub, "ports") == []
    other = settings.replace(web_port=hub.web_port)
    for key in ("", "dqmhub_local_other"):
        if key:
            settings.data.mkdir()
            key_file(settings).write_text(key)
        ((level, text),) = wrong(other, "ports")
        assert (level, f"another DQM Hub, with another data_dir, uses port {hub.web_port}: " in text) == ("error", True), text


def test_rights_by_address_and_a_key_for_everybody_are_named(hub: Settings) -> None:
    assert [finding.level for _, finding in examine(hub.replace(anonymous_read="local"), "", ["access"])] == ["ok"]
    loose = hub.replace(anonymous_read="loopback", register_networks=("10.0.0.0/8", "127.0.0.0/8", "::/0"))
    path = key_file(hub)
    path.chmod(0o644)
    found = [finding for _, finding in examine(loose, "", ["access"])]
    path.chmod(0o600)
    assert [finding.level for finding in found] == ["warning", "warning", "error"]
    assert "127.0.0.0/8, ::/0 registers" in found[1].text
    assert all(finding.remedy for finding in found)


@pytest.mark.parametrize("name", ["secret", "local_key", "publish/key", "publish/secret"])
def test_a_key_that_everybody_can_read_is_named(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=str(tmp_path))
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("x" * 64)
    file.chmod(0o640)
    assert wrong(settings, "access") == []
    file.chmod(0o644)
    ((level, text),) = wrong(settings, "access")
    assert (level, f"All users of this machine can read {file}" in text) == ("error", True)


def test_a_database_that_everybody_can_read_is_named_unless_a_folder_above_keeps_others_out() -> None:
    with TemporaryDirectory(dir="/tmp") as folder:
        data = Path(folder)
        (data / "dqmhub.db").touch(0o644)
        (data / "dqmhub.db").chmod(0o644)
        assert wrong(Settings(data_dir=folder), "access") == []
        data.chmod(0o755)
        ((level, text),) = wrong(Settings(data_dir=folder), "access")
        assert (level, f"can read {data / 'dqmhub.db'}, and so try passwords of all users" in text) == ("error", True)


def test_a_secret_with_which_the_web_server_does_not_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    (tmp_path / "secret").chmod(0o600)
    ((level, text),) = wrong(Settings(data_dir=str(tmp_path)), "access")
    assert (level, "has 5 of at least 32 characters, so the web server does not start" in text) == ("error", True)


@pytest.mark.parametrize("url", ["127.0.0.1:24100", "foo", "ftp://hub.example", "https://", "http://[::1"])
def test_an_address_that_people_cannot_open_is_refused(hub: Settings, url: str) -> None:
    ran = run_command(environment(hub), "doctor", "--url", url, "access")
    assert (ran.returncode, "an address such as https://hub.example.org" in ran.stderr) == (2, True), ran.stderr


def test_a_host_that_the_hub_refuses_is_named(settings: Settings) -> None:
    (found,) = [finding for _, finding in examine(settings, "https://hub.example/dqm", ["proxy"])]
    assert (found.level, found.remedy) == ("error", 'Add "hub.example"')


def test_each_module_is_a_check_and_says_what_it_looks_at() -> None:
    assert {check.__name__.rpartition(".")[2] for check in all_checks()} >= {"access", "proxy"}
    assert all(check.__doc__ for check in all_checks())


def test_each_check_is_documented() -> None:
    text = (TREE / "docs/operators/doctor.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.M) == [name_of(check) for check in all_checks()]


def test_findings_can_be_read_by_programs(settings: Settings) -> None:
    done = run_command(
        environment(settings.replace(anonymous_read="local", register_networks=())), "doctor", "--json", "data-folder", "access"
    )
    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {"check": "access", "level": "ok", "text": "anonymous_read is local", "remedy": ""},
        {
            "check": "data-folder",
            "level": "error",
            "text": f"The data folder {settings.data} does not exist",
            "remedy": "Correct data_dir, or mount its disk; for a new hub run dqmhub db upgrade",
        },
    ]


def test_an_unknown_check_is_refused_with_the_names_of_all(settings: Settings) -> None:
    done = run_command(environment(settings), "doctor", "disk")
    assert done.returncode == 2
    assert "There is no check disk; there are access, backup, certificates" in done.stderr


def test_the_checks_of_root_run_as_the_user_of_the_services(settings: Settings) -> None:
    """PostgreSQL may know only that user, and root can write files that the services cannot."""
    if os.geteuid():
        pytest.skip("only root can act as another user")
    all_checks()  # imported before, as the interpreter of the tests may be in the home of root
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        data = Path(folder, "var")
        data.mkdir(mode=0o500)
        os.chown(data, NOBODY, NOBODY)
        done = run_command(environment(settings.replace(data_dir=str(data))), "doctor", "data-folder")
    assert (done.returncode, f"error    data-folder: {data} has mode 500, so nobody cannot write it" in done.stdout) == (1, True), done
