"""The real logs of three runs: names at their origin are replaced, and information on the run is not changed.

The names to search for come from the documents, not from the rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.publish.sanitize.sanitizer import Sanitizer

pytestmark = pytest.mark.slow

USEFUL = re.compile(
    r"\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d CEST|%MSG\S*.*|Begin processing.*|(?:Time|Trig)Report.*|-- process exit: -?\d+ --"
    r"|run\d{6}_ls\d{4}_stream[A-Za-z]+|DQM_V0001_\w+_R\d{9}|\w+_cfg\.py|CMSSW_[\d_]+|runNumber=\d+|runkey=\w+"
)
"""Words of a line that are needed to diagnose a fault."""

FOLDERS = re.compile(r"(?<=[\s'\"=])/[\w.-]+(?:/[\w.-]+)+(?=/)")
DOMAINS = re.compile(r"[\w-]+\.(?:cms|cern\.ch)\b")


@pytest.fixture(scope="module")
def documents(fixtures_dir: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((fixtures_dir / "dqmsquare" / "runs.json").read_text())
    return [document for document in found if document["stdlog_start"]]


def logs(document: dict[str, Any]) -> list[list[str]]:
    return [[line.rstrip("\n") for line in document[part]] for part in ("stdlog_start", "stdlog_end")]


@pytest.fixture(scope="module")
def pairs(documents: list[dict[str, Any]], sanitizer: Sanitizer) -> list[tuple[list[str], list[str]]]:
    """Each part of a log, and its published form."""
    return [(log, sanitizer.lines(log)) for document in documents for log in logs(document)]


@pytest.fixture(scope="module")
def names(documents: list[dict[str, Any]], fixtures_dir: Path) -> set[str]:
    """Hosts, merger machines, keys, identifiers, folders and domains of the real documents."""
    found: set[str] = set()
    for document in documents:
        text = "\n".join(line for log in logs(document) for line in log)
        found |= {document["hostname"], document["id"], *DOMAINS.findall(text), *re.findall(r"runUniqueKey=([\w-]+)", text)}
        found |= {path for path in FOLDERS.findall(text) if not path.startswith(("/cvmfs", "/usr"))}
    for graph in json.loads((fixtures_dir / "dqmsquare" / "graphs.json").read_text()):
        found |= {graph["hostname"], *(stream.partition("_")[2] for stream in graph["stream_data"] or {})}
    return {name for name in found if len(name) > 3}


def test_no_name_of_the_real_documents_is_published(
    pairs: list[tuple[list[str], list[str]]], names: set[str], sanitizer: Sanitizer
) -> None:
    assert len(names) > 100
    private = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))), re.IGNORECASE)
    for _, out in pairs:
        assert not private.findall("\n".join(out))
    for _, out in pairs[::10]:
        assert sanitizer.lines(out) == out


def squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


@pytest.mark.parametrize("written", [str, json.dumps, quote])
@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_name_in_a_real_log_wrapped_by_a_terminal_is_published(
    pairs: list[tuple[list[str], list[str]]], names: set[str], sanitizer: Sanitizer, written: Callable[[str], str], width: int
) -> None:
    private = re.compile("|".join(sorted(map(squeeze, names), key=len, reverse=True)))
    for log, _ in pairs[::40]:
        long = [written(line) for line in log[:100]]
        pieces = [line[at : at + width] for line in long for at in range(0, max(1, len(line)), width)]
        assert not private.findall(squeeze("".join(sanitizer.lines(pieces))))


def test_the_useful_words_of_a_log_are_kept(pairs: list[tuple[list[str], list[str]]]) -> None:
    for log, out in pairs:
        assert len(out) == len(log)
        for line, output in zip(log, out, strict=True):
            assert USEFUL.findall(output) == USEFUL.findall(line), line


def test_most_lines_of_a_real_log_do_not_change(documents: list[dict[str, Any]], sanitizer: Sanitizer) -> None:
    lines = [line for document in documents for log in logs(document) for line in log]
    lines = [
        line
        for line in lines
        if "/" not in line and ".cms" not in line and "pid" not in line and line == line.strip() and "-c2" not in line
    ]
    assert len(lines) > 10_000
    output = sanitizer.lines(lines)
    assert [
        line for line, redacted in zip(lines, output, strict=True) if redacted != line and "frontierKey" not in line and "@" not in line
    ] == []


def test_nothing_but_hosts_paths_and_keys_is_replaced_in_the_real_logs(pairs: list[tuple[list[str], list[str]]]) -> None:
    """They have no passwords, people and addresses; DIM writes a service as an e-mail address."""
    known = re.compile(r"\S*[/.]\S*|\S*[a-z]\d[a-z]\d\d-\S*|\S*-[0-9a-f]{4}-\S*|\S*=\S*")
    for log, out in pairs:
        for line, output in zip(log, out, strict=True):
            kinds = set(re.findall(r"\b(host|path|user|e-mail|address|token|key|environment)-\d+\b", output))
            assert kinds <= {"host", "path", "key"} or "DIM_DNS@" in line, line
            assert not kinds or known.search(line), line
            assert "(dropped)" not in output, line


def test_a_host_has_one_pseudonym_in_all_logs(pairs: list[tuple[list[str], list[str]]]) -> None:
    published = [redacted for log, out in pairs for line, redacted in zip(log, out, strict=True) if "streamDQM_sm-c2a11-43-01." in line]
    assert len({found for redacted in published for found in re.findall(r"streamDQM_(host-\d+)\.", redacted)}) == 1
