"""Whether the render service starts with the ROOT of this machine, draws, and has its plugins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import TREE, Settings
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis
from render.build import binary
from render.client import RenderClient
from render.errors import RenderError, RenderTimeout
from render.own_service import temporary_service

PING_S = 30.0
BUILD = "Put the ROOT of this machine on the path, and run `dqmhub render build` (docs/operators/install.md)"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """A plot by the running service, or by one that is started for it."""
    program, plugins = binary(TREE), settings.of(GuiSettings).render_plugins
    try:
        duration_s = RenderClient(settings.data / "render" / "socket", timeout=PING_S).ping()
    except RenderTimeout:
        yield Diagnosis("warning", f"The render service drew nothing within {PING_S:g} s", "Look at its log; raise render_workers")
    except RenderError:
        yield from examine_program(program, plugins)
        return
    else:
        yield Diagnosis("ok", f"the running render service draws in {1000 * duration_s:.1f} ms")
    yield from _plugins(settings.data / "render" / "status.json", plugins)


def examine_program(program: Path, plugins: str) -> Iterator[Diagnosis]:
    """Start the service, and let it draw and load the plugins."""
    if not program.is_file():
        yield Diagnosis("error", f"The render service is not built: {program} does not exist", BUILD)
        return
    try:
        with temporary_service([str(program), "--workers", "1", *(["--load", plugins] if plugins else [])]) as client:
            yield Diagnosis("ok", f"no render service runs; one that was started for this check draws in {1000 * client.ping():.1f} ms")
            yield from _plugins(client.socket_path.with_name("status.json"), plugins)
    except (RenderError, OSError) as error:
        yield Diagnosis("error", str(error), BUILD)


def _plugins(report: Path, library: str) -> Iterator[Diagnosis]:
    """What a service reports on its plugins."""
    if not library:
        yield Diagnosis("ok", "render_plugins is empty: plots are drawn without plugins")
        return
    try:
        found = json.loads(report.read_bytes().decode(errors="replace"))
    except (OSError, ValueError) as error:
        yield Diagnosis("warning", f"{report} cannot be read ({error}), so the plugins are unknown", "Restart the render service")
        return
    if found["error"]:
        remedy = "Build the library again with `dqmhub render plugins FOLDER`, and set render_plugins"
        yield Diagnosis("error", f"The plugins of {library} cannot be used: {found['error']}", remedy)
    else:
        yield Diagnosis("ok", f"plugins: {', '.join(found['plugins'])}")
