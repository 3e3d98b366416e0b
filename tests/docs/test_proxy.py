"""docs/operators/proxy.md: its settings, and its configurations of the hub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.settings import TREE, load
from app.core.settings.presentation import reference
from app.security.proxy_sign_in.settings import ProxySignInSettings

PAGE = (TREE / "docs/operators/proxy.md").read_text(encoding="utf-8")


def test_the_settings_are_documented_with_their_defaults_and_help() -> None:
    assert PAGE.endswith(reference([("Settings", ProxySignInSettings)]))


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_a_configuration_of_the_page_can_be_used(text: str, tmp_path: Path) -> None:
    file = tmp_path / "dqmhub.toml"
    file.write_text(text)
    rules = load(file, {}).of(ProxySignInSettings)
    assert rules.proxy_sign_in != "off"
    assert rules.proxy_sign_in_networks
