"""Exit codes that stand for signals."""

from __future__ import annotations

import signal
import subprocess

import pytest

from app.core.exit_codes import exit_signal


@pytest.mark.parametrize("code", [None, 0, 1, 7, 127, 128, 193, 255, -65])
def test_a_code_of_no_signal_is_none(code: int | None) -> None:
    assert exit_signal(code) is None


@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_the_signal_of_a_real_process_is_known_with_and_without_a_shell(name: signal.Signals) -> None:
    kill = f"kill -{name.value} $$"
    assert exit_signal(subprocess.run(["sh", "-c", kill], check=False).returncode) == name
    inner = subprocess.run(["sh", "-c", f"sh -c '{kill}'; exit $?"], check=False, stderr=subprocess.DEVNULL).returncode
    assert (inner, exit_signal(inner)) == (128 + name, name)
