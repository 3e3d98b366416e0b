"""The command `dqmhub` as a whole."""

from __future__ import annotations

import subprocess
import sys

from app.areas import AREAS
from app.core.settings import TREE

SLOW_MODULES = {"peewee", "psycopg", "huey", "redis", "flask", "numpy", "uproot", "requests", "cryptography"}


def test_help_lists_all_commands_and_loads_no_slow_module() -> None:
    code = (
        "import sys\nfrom app.cli import main\ntry: main(['--help'])\n"
        f"except SystemExit: print('loaded', sorted({SLOW_MODULES!r} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True).stdout
    assert output.endswith("loaded []\n")
    names = {name for area in AREAS for name in area.commands}
    assert names <= set(output.split())
