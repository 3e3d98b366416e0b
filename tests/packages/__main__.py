"""`python -m tests.packages`: builds all packages twice, compares them, and lets rpmlint look at each file; takes minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from services.packaging.products import TREE
from services.rpm.build import build

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        first, second = (build(Path(folder, name), TREE / "build" / "wheels") for name in ("one", "another/deeper"))
        differing = [one.name for one, other in zip(first, second, strict=True) if one.read_bytes() != other.read_bytes()]
        print(f"Differing: {', '.join(differing) or 'none'}")
        lint = ["rpmlint", "-c", str(TREE / "services/rpm/rpmlint.toml"), *map(str, first)]
        sys.exit(subprocess.run(lint, check=False).returncode or bool(differing))
