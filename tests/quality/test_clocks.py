"""No test fails because a machine is slow."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
QUICKNESS = re.compile(r"assert [^#\n]*\b(?:monotonic|perf_counter|process_time)\(\) - \w+ <[^\n]*")
FIXED_TIMEOUT = re.compile(r"\b(?:run|communicate|urlopen|create_connection|HTTPConnection)\([^#\n]*timeout=[0-9.]+[,)]")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Where the tests match: file and text. The benchmarks assert nothing."""
    sources = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] != "bench"]
    return [f"{path.relative_to(TESTS)}: {match[0]}" for path in sources for match in pattern.finditer(path.read_text())]


def test_no_assertion_demands_quickness() -> None:
    assert found(QUICKNESS) == []


def test_processes_and_connections_have_the_one_patience() -> None:
    assert found(FIXED_TIMEOUT) == []
