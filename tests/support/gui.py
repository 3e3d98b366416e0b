"""The demo files, and a render service that runs for the whole session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.gui.demo.make import FILES, make_demo
from app.gui.files import register
from app.gui.files.entries import AllowedRoots
from app.gui.files.naming import entry_from_path
from render.build import binary, build
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.shared import shared_folder


def build_programs() -> None:
    """Build the render service and the program that makes DQM files, unless they are up to date."""
    build(TREE, sys.executable)


def demo_files(factory: pytest.TempPathFactory) -> list[Path]:
    """The demo files of this test run; nobody may change them."""
    build_programs()
    maker = binary(TREE).with_name("dqmhub-demo")
    folder = shared_folder(factory, "demo", lambda folder: make_demo(folder, maker, None, lambda _: None))
    return [folder / name for name in FILES]


@contextmanager
def render_service(folder: Path, *arguments: str) -> Iterator[Path]:
    """A render service with one worker, which draws for as long as tests wait; its socket is `folder`/socket."""
    build(TREE, sys.executable)
    folder.mkdir(parents=True, exist_ok=True)
    command = [binary(TREE), "--state-directory", f"{folder}/", "--workers", "1", "--timeout", f"{PATIENCE_S:.0f}", *arguments]
    process = subprocess.Popen(command, env=os.environ | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())})
    try:
        # the socket is there long before
        until(lambda: process.poll() is not None or (folder / "status.json").exists(), "the render service")
        assert process.poll() is None, "the render service ended"
        yield folder
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def register_all(files: list[Path]) -> None:
    entries = [entry_from_path(str(file), AllowedRoots(Settings())) for file in files]
    register.register([entry for entry in entries if entry])


def with_demo(hub: Settings, files: list[Path], service: Path) -> Settings:
    """The hub with the demo files registered, and with the render service of the folder `service`."""
    hub.data.mkdir(exist_ok=True)
    (hub.data / "render").symlink_to(service)
    register_all(files)
    return hub.replace(file_roots=(str(files[0].parent),), render_timeout_s=PATIENCE_S)
