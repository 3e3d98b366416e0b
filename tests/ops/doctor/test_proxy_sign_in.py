"""The check of proxies that identify users, with settings that cannot work."""

from __future__ import annotations

from pathlib import Path

from app.core.settings import Settings
from app.security import Role
from tests.ops.doctor.findings import found, wrong
from tests.security.conftest import make_user


def test_proxies_that_can_identify_nobody_are_named(hub: Settings, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    rules = {"proxy_sign_in": "certificate", "proxy_sign_in_key_file": str(missing), "proxy_sign_in_roles": ("login:anna=admin",)}
    assert wrong(hub.replace(**rules), "proxy-sign-in") == [
        ("error", "proxy_sign_in_networks is empty, so headers of proxies about users are ignored"),
        (
            "error",
            "The key of the proxies cannot be read: No such file or directory (proxy_sign_in_key_file), so every user of a proxy is refused",
        ),
        ("error", "proxy_sign_in_roles grants a role to login:anna, which no certificate has"),
        ("warning", "There is no local account with the role admin"),
    ]


def test_a_key_that_others_read_and_missing_roles_are_named(hub: Settings, tmp_path: Path) -> None:
    make_user("emergency", Role.ADMIN)
    key = tmp_path / "key"
    key.write_text("0123456789abcdef")
    key.chmod(0o644)
    behind_cmsweb = hub.replace(proxy_sign_in="cmsweb", proxy_sign_in_key_file=str(key), proxy_sign_in_networks=("10.0.0.0/24",))
    assert wrong(behind_cmsweb, "proxy-sign-in") == [
        ("error", f"All users of this machine can read {key}, and so sign in as any user"),
        ("warning", "proxy_sign_in_roles is empty: every user is refused"),
    ]
    key.chmod(0o400)
    (finding,) = found(behind_cmsweb.replace(proxy_sign_in_roles=("login:anna=admin",)), "proxy-sign-in")
    assert finding.level == "ok"
    assert [finding.level for finding in found(hub, "proxy-sign-in")] == ["ok"]
