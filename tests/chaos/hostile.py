"""Hostile text in all columns that hold what people or other programs wrote, and a browser that must execute none of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import peewee
import zstandard

from app.core.area import Area
from app.core.database import proxy
from app.core.settings import TREE
from tests.browser.pages import LAPTOP, Watch
from tests.chaos import data
from tests.chaos.findings import Finding
from tests.support.patience import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.chaos.addresses import Reading
    from tests.chaos.site import Answer, Site

PAYLOADS = (
    "<script>window.hurt=1</script>",
    "<img src=hurt.png onerror=window.hurt=1>",
    '"><svg onload=window.hurt=1>',
    "' autofocus onfocus=window.hurt=1 x='",
    '" autofocus onfocus=window.hurt=1 hx-on::load="window.hurt=1',
    "</title></textarea></script><script>window.hurt=1</script>",
    '<b class=hurt hx-get=hurt.png hx-trigger="load">b</b>',
    "[a](javascript:window.hurt=1) ![b](hurt.png) <a href=javascript:window.hurt=1>c</a>",
    "{{ 7*7 }}${7*7}{% raise %}",
    "\x1b[31mred\x1b]8;;javascript:window.hurt=1\x07",
    "--><iframe class=hurt srcdoc='<script>parent.hurt=1</script>'>",
    '{"__proto__": {"hurt": 1}}\\u003cscript>',
)
EXECUTED = """() => typeof window.hurt != "undefined" || typeof ({}).hurt != "undefined"
    || document.querySelector("main .hurt, [onerror], [onload], [onfocus], [hx-on\\\\:\\\\:load], a[href^='javascript:' i], iframe[srcdoc]") != null"""
REQUESTED = "/hurt.png"
NO_PLOT = "the server responded with a status of 404"
"""Of a plot that does not exist: its picture says so."""
ZSTD = b"\x28\xb5\x2f\xfd"
NO_WORDS = re.compile(r"[\W\d_]*[TZ]?[\W\d_]*|[0-9a-f]{7,}|scrypt:.*", re.DOTALL)
"""Numbers, times, hashes, and passwords: no text of people."""
QUOTED = re.compile(r'"([^"\n]*)"|\'([^\'\n]*)\'')
BUILT_IN = ("app", "jobs", "templates", "render", "services")


@cache
def known_values() -> frozenset[str]:
    """Texts that the code has in quotes: a value that is one of them is a state, a kind or a name of the product."""
    files = [
        path for folder in BUILT_IN for path in (TREE / folder).rglob("*") if path.suffix in (".py", ".html") and "demo" not in path.parts
    ]
    return frozenset(one or other for path in files for one, other in QUOTED.findall(path.read_text(encoding="utf-8")))


def hostile(value: Any) -> Any:
    """The text with a payload at its end, always the same one; values that are no text of people or programs stay."""
    if isinstance(value, dict):
        return {name: hostile(part) for name, part in value.items()}
    if isinstance(value, list):
        return [hostile(part) for part in value]
    if not isinstance(value, str) or value in known_values() or NO_WORDS.fullmatch(value) or _is_file(value):
        return value
    if value.startswith(("{", "[")):
        try:
            return json.dumps(hostile(json.loads(value)))
        except ValueError:
            pass
    payload = PAYLOADS[crc32(value.encode()) % len(PAYLOADS)]
    if value.startswith("/"):  # a dataset or a path: what is registered is printable, and has so many parts
        payload = "".join(letter for letter in payload if letter.isprintable() and letter != "/")
    return value + payload


def _is_file(value: str) -> bool:
    return value.startswith("/") and "\0" not in value and len(value) < 1000 and Path(value).exists()


def _hostile_cell(value: Any) -> Any:
    """The same for the value of a column; blobs are read if they are compressed JSON."""
    if not isinstance(value, bytes):
        return hostile(value)
    if not value.startswith(ZSTD):
        return value
    try:
        content = json.loads(zstandard.ZstdDecompressor().decompress(value, max_output_size=1 << 24))
    except (ValueError, zstandard.ZstdError):
        return value
    return zstandard.ZstdCompressor().compress(json.dumps(hostile(content)).encode())


def spoil(areas: Iterable[Area]) -> None:
    """Add hostile texts to all rows of the tables of these areas, also of those that only ever grow."""
    triggers = proxy.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    with proxy.atomic():
        for name, _ in triggers:
            proxy.execute_sql(f'DROP TRIGGER "{name}"')
        for table in [table for area in areas for table in data.tables(area)]:
            for field in table._meta.sorted_fields:
                if data.is_text(field) or isinstance(field, peewee.BlobField):
                    _spoil_column(table._meta.table_name, field.column_name)
        for _, sql in triggers:
            proxy.execute_sql(sql)


def _spoil_column(table: str, column: str) -> None:
    values = proxy.execute_sql(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL').fetchall()
    for (value,) in values:
        if (changed := _hostile_cell(value)) != value:
            proxy.execute_sql(f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" = ?', (changed, value))


def spoil_logs(folder: Path) -> None:
    """Append hostile lines to all logs below a folder."""
    for log in folder.rglob("*.log"):
        with log.open("a") as out:
            out.write("".join(f"Error: {payload}\n" for payload in PAYLOADS))


def executions(site: Site, answers: Mapping[Reading, Answer], browser: Browser) -> list[Finding]:
    """What a browser executes, reports or cannot load on pages, by their responses; those without HTML are left out."""
    found: list[Finding] = []
    with browser.new_context(viewport=LAPTOP, base_url=site.home, extra_http_headers=site.browser_headers()) as context:
        context.set_default_timeout(PATIENCE_MS)
        for reading, answer in answers.items():
            if answer.status == 200 and answer.headers.get("Content-Type", "").startswith("text/html") and "<html" in answer.text:
                page = context.new_page()
                found += [Finding(reading.area, reading.endpoint, f"{reading.path}: {what}") for what in _happens(page, reading.path)]
                page.close()
    return found


def _happens(page: Page, path: str) -> list[str]:
    watch = Watch()
    watch.attach(page)
    page.goto(path, wait_until="load")
    executed = ["hostile text became a part of the page"] if page.evaluate(EXECUTED) else []
    executed += [f"hostile text requested {url}" for url in watch.requests if url.endswith(REQUESTED)]
    return executed + [error for error in watch.errors if NO_PLOT not in error]
