"""A real nginx with a configuration of the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.servers import Missing

AROUND = """
{user}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{servers}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, servers: str, host: str = "127.0.0.1", before: tuple[str, ...] = ()) -> Iterator[None]:
    """nginx with these servers, one of them on this port, until the end of the block. before: words before its command line."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise Missing("nginx", "nginx-light")
    folder.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(user=user, folder=folder, servers=servers))
    log = folder / "log"
    with log.open("wb") as output:
        command = [*before, "setpriv", "--pdeathsig", "TERM", program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or listens(host, port), "nginx")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def listens(host: str, port: int) -> bool:
    """Whether a server accepts connections."""
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True
