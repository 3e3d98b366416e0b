"""A provider that accepts connections and says nothing holds up one visitor, not the web server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.security.sign_on import provider
from tests.security.conftest import HOME


def test_visitors_do_not_queue_behind_one_who_waits_for_the_provider(
    small_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "BUSY_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as other:
        app = small_app(sign_on_issuer=f"http://127.0.0.1:{server.getsockname()[1]}", sign_on_name="CERN", sign_on_client_id="hub")
        waiting = other.submit(lambda: app.test_client().get("/account/sign-on", base_url=HOME))
        connection, _ = server.accept()
        with connection:
            refused = app.test_client().get("/account/sign-on", base_url=HOME)
            assert (refused.status_code, "Too many sign-ons at the same time" in refused.text) == (503, True)
            assert app.test_client().get("/account/sign-in", base_url=HOME).status_code == 200
        assert waiting.result().status_code == 503
