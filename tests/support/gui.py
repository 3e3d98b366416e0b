"""The demo files, and a render service that runs for the whole session."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.gui import naming, register
from app.gui.demo import make_demo
from app.settings import TREE, Settings
from render.build import binary, build

DEADLINE_S = 60


def demo_files(folder: Path) -> list[Path]:
    build(TREE, sys.executable)
    return make_demo(folder, binary(TREE).with_name("dqmhub-demo"), None, lambda _: None)


@contextmanager
def render_service(folder: Path, *arguments: str) -> Iterator[Path]:
    """A render service with one worker; its socket is `folder`/socket."""
    build(TREE, sys.executable)
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen([binary(TREE), "--state-directory", f"{folder}/", "--workers", "1", *arguments])
    try:
        end = time.monotonic() + DEADLINE_S
        while not (folder / "status.json").exists():  # the socket is there long before
            assert process.poll() is None, "the render service ended"
            assert time.monotonic() < end, "the render service did not start"
            time.sleep(0.02)
        yield folder
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def register_all(files: list[Path]) -> None:
    entries = [naming.from_path(str(file), register.Places(Settings())) for file in files]
    register.register([entry for entry in entries if entry])
