"""Settings of the DQM GUI: files, imports, plots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.core.settings.checks import below_root, between, folders, networks
from app.core.settings.table import setting, settings_table
from app.core.urls import is_remote, normalize_folder_url


@settings_table
@dataclass(frozen=True)
class GuiSettings:
    """Settings of the DQM GUI: files, imports, plots."""

    file_roots: tuple[str, ...] = setting(
        (),
        "Folders whose DQM files may be registered and read, besides demo/ in data_dir; root://host//folder for remote ones.",
        folders,
        path=True,
    )
    remote_timeout_s: float = setting(10.0, "Timeout of one response of a remote server (root://), s.", between(1, 600))
    remote_recheck_s: float = setting(30.0, "Interval between checks of a remote file for a new version, s.", between(0, 86400))
    live_refresh_s: float = setting(5.0, "Refresh interval of the pages of an ongoing run, s.", between(1, 600))
    import_memory_mb: int = setting(
        1024, "Memory limit of a process that reads a file, for its list or its trends, MB.", between(128, 65536)
    )
    import_cpu_s: int = setting(120, "CPU limit of a process that reads a file, for its list or its trends, s.", between(1, 3600))
    import_slots: int = setting(4, "Requests of one web process that may wait for an import at the same time.", between(1, 64))
    list_cache_mb: int = setting(64, "Memory of one web process for lists of monitor elements, MB.", between(1, 65536))
    render_workers: int = setting(0, "Processes of the render service; 0: one for each core.", between(0, 256))
    render_timeout_s: float = setting(30.0, "Time limit of one plot, s.", between(1, 600))
    render_cpu_s: float = setting(20.0, "CPU limit of one plot, s.", between(1, 600))
    render_memory_mb: int = setting(2048, "Memory limit of one render process, in addition to ROOT itself, MB.", between(512, 65536))
    render_plugins: str = setting("", "Library with CMS render plugins for the render service.", path=True)
    plot_cache_mb: int = setting(2048, "Size of the cache of plots on disk, MB.", between(1, 10_000_000))
    live_snapshots: int = setting(
        50, "Snapshots of an ongoing run before the newest that are kept for windows of its last lumisections; 0: none.", between(0, 1000)
    )
    live_snapshots_dir: str = setting(
        "", "Folder of kept snapshots, which all hosts of the hub share; empty: snapshots/ in data_dir.", path=True
    )
    live_snapshots_mb: int = setting(4096, "Size of all kept snapshots on disk, MB; the oldest are removed first.", between(1, 10_000_000))
    live_snapshots_hours: int = setting(24, "Snapshots of a run without a new one for this time are removed, hours.", between(1, 8760))
    short_link_days: int = setting(730, "A short link that nobody has opened for this time is deleted, days.", between(1, 36500))
    layout_folders: tuple[str, ...] = setting(
        (),
        "Watched folders: JSON and TOML files with layouts, such as a git checkout, which pages show and do not edit.",
        below_root,
        path=True,
    )
    layout_folders_s: float = setting(30.0, "Interval between checks of the watched folders for changes, s.", between(1, 86400))
    register_networks: tuple[str, ...] = setting(
        (), "Networks whose programs may register files and report transfers without a token or local_key.", networks
    )


def local_roots(settings: Settings) -> tuple[Path, ...]:
    """Local folders whose files may be read, with links resolved."""
    roots = (str(settings.data / "demo"), *settings.of(GuiSettings).file_roots)
    return tuple(Path(root).resolve() for root in roots if not is_remote(root))


def readable_roots(settings: Settings) -> tuple[str, ...]:
    """Prefixes of the paths and URLs of all files that may be read."""
    remote = (normalize_folder_url(root) for root in settings.of(GuiSettings).file_roots if is_remote(root))
    return (*(f"{root}/" for root in local_roots(settings)), *remote)
