"""Settings of the DQM GUI: files, imports, plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.core.settings.checks import between, folders, networks
from app.core.settings.table import setting, settings_table
from app.core.urls import is_remote, normalize_folder_url


@settings_table
@dataclass(frozen=True)
class GuiSettings:
    """Settings of the DQM GUI: files, imports, plots."""

    file_roots: tuple[str, ...] = setting(
        (),
        "Folders whose DQM files may be registered and read, besides demo/ in data_dir; root://host//folder for those of a server.",
        folders,
        path=True,
    )
    remote_timeout_s: float = setting(10.0, "Seconds that one answer of a remote server (root://) may take.", between(1, 600))
    remote_recheck_s: float = setting(30.0, "Seconds after which a remote file is looked at again for a new version.", between(0, 86400))
    live_refresh_s: float = setting(5.0, "Seconds after which a page of a run that goes on asks for what is new.", between(1, 600))
    import_memory_mb: int = setting(1024, "Memory limit of the process that reads the list of a file, MB.", between(128, 65536))
    import_cpu_s: int = setting(120, "CPU limit of the process that reads the list of a file, seconds.", between(1, 3600))
    import_slots: int = setting(4, "Requests of one web process that may wait for a file to be read.", between(1, 64))
    list_cache_mb: int = setting(64, "Memory of one web process for lists of monitor elements, MB.", between(1, 65536))
    render_workers: int = setting(0, "Processes of the render service; 0: one for each core.", between(0, 256))
    render_timeout_s: float = setting(30.0, "Seconds that one plot may take.", between(1, 600))
    render_cpu_s: float = setting(20.0, "Seconds of CPU time that one plot may take.", between(1, 600))
    render_memory_mb: int = setting(2048, "Memory of one render process beyond what ROOT takes at its start, MB.", between(512, 65536))
    render_plugins: str = setting("", "Library of CMS render plugins that the render service loads.", path=True)
    plot_cache_mb: int = setting(2048, "Disk space for plots that were drawn, MB.", between(1, 10_000_000))
    register_networks: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"), "Networks whose clients may register files without a token.", networks
    )


def local_roots(settings: Settings) -> tuple[Path, ...]:
    """Folders of this machine below which files are read, resolved."""
    roots = (str(settings.data / "demo"), *settings.of(GuiSettings).file_roots)
    return tuple(Path(root).resolve() for root in roots if not is_remote(root))


def readable_roots(settings: Settings) -> tuple[str, ...]:
    """The beginning of the path or address of every file that may be read."""
    remote = (normalize_folder_url(root) for root in settings.of(GuiSettings).file_roots if is_remote(root))
    return (*(f"{root}/" for root in local_roots(settings)), *remote)
