"""`python -m services.rpm [FOLDER]`: builds the packages into build/rpm."""

from __future__ import annotations

import sys
from pathlib import Path

from services.packaging.products import TREE
from services.rpm.build import build

if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else TREE / "build" / "rpm").absolute()
    for package in build(target, TREE / "build" / "wheels"):
        print(package)
