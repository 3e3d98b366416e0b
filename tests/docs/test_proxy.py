"""docs/operators/proxy.md: its settings, and its configurations of the hub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.settings import TREE, load
from app.core.settings.presentation import reference
from app.security.proxy_login.settings import ProxyLoginSettings

PAGE = (TREE / "docs/operators/proxy.md").read_text(encoding="utf-8")


def test_the_settings_are_documented_with_their_defaults_and_help() -> None:
    assert PAGE.endswith(reference([("Settings", ProxyLoginSettings)]))


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_a_configuration_of_the_page_can_be_used(text: str, tmp_path: Path) -> None:
    file = tmp_path / "dqmhub.toml"
    file.write_text(text)
    login = load(file, {}).of(ProxyLoginSettings)
    assert login.proxy_login != "off"
    assert login.proxy_login_networks
