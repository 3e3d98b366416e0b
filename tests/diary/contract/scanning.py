"""A process that scans a source of a sample again and again: `python -m tests.diary.contract.scanning SAMPLE OPTIONS`."""

from __future__ import annotations

import json
import sys

from app.cli import open_database
from app.diary.sources.runner import scan_source
from tests.diary.contract.test_contract import sample_named

if __name__ == "__main__":
    settings = open_database()
    source = sample_named(sys.argv[1]).source(json.loads(sys.argv[2]), settings)
    while True:
        scan_source(source, settings)
