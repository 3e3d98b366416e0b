"""Declaration of the area "Accounts and access"."""

from __future__ import annotations

from app import security
from app.core.area import Area, CliCommand, MenuItem
from app.security.proxy_sign_in.settings import ProxySignInSettings
from app.security.settings import SecuritySettings
from app.security.sign_on.settings import SignOnSettings

AREA = Area(
    name="security",
    title="Accounts and access",
    init_app=security.init_app,
    menu=(MenuItem("Audit log", "/account/audit", "admin"),),
    commands={
        "user": CliCommand("app.cli.user", "Accounts"),
        "token": CliCommand("app.cli.token", "Accounts"),
        "local-link": CliCommand("app.cli.local_link", "Accounts"),
    },
    settings=SecuritySettings,
    more_settings=(("Sign-on", SignOnSettings), ("Proxy sign-in", ProxySignInSettings)),
    endpoints_without_storage=frozenset({"security.csp_report", "account.sign_in_now", "account.sign_out", "sign_on.end_sessions"}),
    roles={
        "static": "public",
        "bundle": "public",
        "favicon": "public",
        "security.csp_report": "public",
        "account.sign_in": "public",
        "account.sign_in_now": "public",
        "account.sign_out": "public",
        "account.after_sign_out": "public",
        "account.open_local_link": "public",
        "sign_on.begin_now": "public",
        "sign_on.returned": "public",
        "sign_on.end_sessions": "public",
        "own_account.password": "viewer",
        "own_account.password_now": "viewer",
        "own_account.own_sessions": "viewer",
        "own_account.end_session_now": "viewer",
        "own_account.end_other_sessions": "viewer",
        "own_tokens.own_tokens": "viewer",
        "own_tokens.add_token": "viewer",
        "own_tokens.revoke_token": "viewer",
        "account.audit_log": "admin",
    },
)
