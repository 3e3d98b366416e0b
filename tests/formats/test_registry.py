"""Formats are found by name, from any thread."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.formats import FORMATS, readers

MODULE = """
from app.formats.readers.tdirectory import FORMAT as ORIGINAL
from gate_of_an_import import entered, opened
entered.set()
opened.wait()
FORMAT = ORIGINAL._replace(number=99)
"""


def test_a_format_is_found_while_another_thread_imports_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, opened = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "gate_of_an_import", SimpleNamespace(entered=entered, opened=opened))
    (tmp_path / "slow_format.py").write_text(MODULE)
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "app.formats.readers.slow_format", raising=False)
    with ThreadPoolExecutor(2) as pool:
        try:
            first = pool.submit(FORMATS.__getitem__, "slow_format")
            entered.wait()
            second = pool.submit(FORMATS.__getitem__, "slow_format")
            with suppress(TimeoutError):
                second.result(0.5)  # it waits for the import of the other thread
        finally:
            opened.set()
        assert first.result().number == second.result().number == 99
