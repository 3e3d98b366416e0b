"""The commands and the configuration of docs/operators/transfer.md work as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE
from services.transfer.options import read_options
from tests.support.patience import PATIENCE_S

DOCUMENT = (TREE / "docs/operators/transfer.md").read_text(encoding="utf-8")
CONFIG = "/etc/dqmhub-transfer.toml"


def test_the_configuration_of_the_document_is_valid(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    (tmp_path / "transfer.toml").write_text(text)
    assert read_options(tmp_path / "transfer.toml").cleanup.folder == "/data/dqmgui/files/pb"


@pytest.mark.slow
def test_the_commands_of_the_document_run_without_any_other_package(tmp_path: Path) -> None:
    """By a copy of the two folders alone, in a Python that sees no installed package."""
    commands = re.findall(r"^dqmhub-transfer (.+)$", DOCUMENT, re.M)
    assert [command.split()[-1] for command in commands] == ["--check", "--dry-run"]
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text((TREE / "services/__init__.py").read_text())
    (tmp_path / "services" / "transfer").symlink_to(TREE / "services/transfer")
    config = tmp_path / "transfer.toml"
    config.write_text(f'state = "{tmp_path}"\n[cleanup]\nfolder = "{tmp_path}"\n')
    for command in commands:
        arguments = command.replace(CONFIG, str(config)).split()
        whole = [sys.executable, "-S", "-E", "-m", "services.transfer", *arguments]
        done = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "configuration OK\n" or "transfer.toml: no PB file of a run" in done.stdout


def test_the_unit_of_the_document_starts_the_mode_with_the_configuration_of_the_document() -> None:
    (name,) = re.findall(r"`(services/transfer/\S+\.service)`", DOCUMENT)
    unit = (TREE / name).read_text(encoding="utf-8")
    assert f"-m services.transfer %i --config {CONFIG}\n" in unit
    assert "Restart=always" in unit
