"""The demo files, and a render service that runs for the whole session."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.core.settings import TREE, Settings
from app.gui.demo.make import make_demo
from app.gui.files import naming, register
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


def with_demo(hub: Settings, files: list[Path], service: Path) -> Settings:
    """The hub with the demo files registered, and with the render service of the folder `service`."""
    hub.data.mkdir(exist_ok=True)
    (hub.data / "render").symlink_to(service)
    register_all(files)
    return replace(hub, file_roots=(str(files[0].parent),))
