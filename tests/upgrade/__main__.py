"""Records a database of this version for the tests of upgrades: `python -m tests.upgrade`, once for each released version."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.settings import Settings
from app.core.version import VERSION
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.servers import migrate

RELEASES = Path(__file__).with_name("releases")
TYPED_PASSWORD = "a password that is long enough"
COMMANDS = (
    (("user", "add", "operator", "--role", "operator"), f"{TYPED_PASSWORD}\n{TYPED_PASSWORD}\n"),
    (("demo", "make"), ""),
    (("register", "{data}/demo"), ""),
    (("demo", "layouts"), ""),
)
"""Commands that store rows as people do, with what is typed."""


def record() -> Path:
    """Store the database of this version that the commands have filled, compressed."""
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=folder)
        migrate(settings)
        for arguments, typed in COMMANDS:
            done = run_command(environment(settings), *(each.format(data=folder) for each in arguments), typed=typed)
            assert done.returncode == 0, (arguments, done.stderr)
        whole = Path(folder, "whole.db")
        with closing(sqlite3.connect(Path(folder, "dqmhub.db"))) as opened:
            opened.execute("VACUUM INTO ?", (str(whole),))
        target = RELEASES / f"{VERSION}.sqlite.gz"
        target.write_bytes(gzip.compress(whole.read_bytes(), mtime=0))
    return target


if __name__ == "__main__":
    print(record())
