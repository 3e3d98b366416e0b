"""The provider of provider/provider.mjs: oidc-provider, which the OpenID Foundation has certified."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.settings import TREE
from tests.support.mock_provider import CLIENT, SECRET
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.servers import Missing

PACKAGES = TREE / "build" / "provider" / "node_modules"
PROGRAM = Path(__file__).parent / "provider" / "provider.mjs"


@contextmanager
def certified_provider(folder: Path, port: int, hub: str) -> Iterator[Path]:
    """A provider at http://localhost:<port> of the hub at this address; its log is what it prints."""
    node = shutil.which("node")
    if node is None or not PACKAGES.exists():
        raise Missing("oidc-provider", "npm")
    log = folder / "provider.log"
    with log.open("wb") as output:
        command = ["setpriv", "--pdeathsig", "TERM", node, str(PROGRAM), str(PACKAGES), str(port), hub, CLIENT, SECRET]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        until(lambda: process.poll() is not None or "listening" in log.read_text(), "the identity provider")
        assert process.poll() is None, log.read_text()
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
