"""A real Apache with a configuration of the tests."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.nginx import listens
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.servers import Missing

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "headers", "proxy", "proxy_http")
AROUND = """
{modules}
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/pid
ErrorLog {folder}/errors
DefaultRuntimeDir {folder}
Mutex file:{folder}
User www-data
Group www-data
StartServers 1
Listen 127.0.0.1:{port}
{sites}
"""


@contextmanager
def apache(folder: Path, port: int, sites: str) -> Iterator[None]:
    """Apache with these virtual hosts, one of them on this port, until the end of the block."""
    program = shutil.which("apache2", path="/usr/sbin:/usr/bin")
    if program is None or not MODULES.is_dir():
        raise Missing("apache2", "apache2-bin")
    folder.mkdir(exist_ok=True)
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED)
    file = folder / "apache.conf"
    file.write_text(AROUND.format(modules=modules, folder=folder, port=port, sites=sites))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", program, "-D", "FOREGROUND", "-f", str(file)], stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: process.poll() is not None or listens("127.0.0.1", port), "Apache")
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        if process.stderr:
            process.stderr.close()
