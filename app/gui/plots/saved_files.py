"""Names of saved plots and tables."""

from __future__ import annotations

import re

from app.gui.samples import SampleKey

MAX_NAME_CHARS = 150

_UNSAFE = re.compile(r"[^\w.+ -]+")


def file_name(key: SampleKey, path: bytes, form: str, after: int | None = None) -> str:
    """The name of a saved plot or table: ME, run, and the lumisection after which its window begins, if it has one.

    Letters that file systems refuse become underscores.
    """
    name = _UNSAFE.sub("_", path.rpartition(b"/")[2].decode(errors="replace"))[:MAX_NAME_CHARS].lstrip(".") or "plot"
    lumi = f"_ls{key.lumi}" if key.lumi else ""
    window = "" if after is None else f"_after_ls{after}"
    return f"{name}_run{key.run}{lumi}{window}.{form}"
