"""Links of the legacy DQM GUI, as in e-logs and on GitHub: the address of the same view here.

Its two front ends have links of their own: /start?runnr=...;dataset=... ("Link Me"), and /?run_number=...&dataset_name=....
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import request

from app.gui.api.arguments import byte_values, query_args
from app.gui.samples import SampleKey
from app.gui.view import DEFAULT_SIZE, TILE_SIZES, View

NOT_FOLDERS = frozenset({b"Everything", b"Quick collection"})
"""Values of `root` that are views of the legacy GUI, not folders of a file."""

SWITCHES = {("stats", "false"): ("stats", "false"), ("normalize", "false"): ("norm", "false"), ("error", "true"): ("errors", "true")}
"""Switches of the newer front end that are not at their defaults, and the drawing options here."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)
_DATASET = re.compile(r"(?:/[^/]+){3}")


def start_target() -> str:
    """The address for a link /start?...: a folder or plot, or a search if it names no sample."""
    args = query_args()
    run, dataset, size = args.get("runnr", ""), args.get("dataset", "").rstrip("/"), args.get("size", "").lower()
    match = _RUN.fullmatch(run)
    if not match or not _DATASET.fullmatch(dataset):
        return _search(run, dataset)
    key = SampleKey(int(match[1]), int(match[2] or 0), dataset)
    view = View(key, _path("root"), q=args.get("search", ""), size=size if size in TILE_SIZES else DEFAULT_SIZE)
    plot = _path("focus") if args.get("zoom") != "no" else b""  # with "no" it is only marked in its list
    return (view.replace(folder=plot.rpartition(b"/")[0], plot=plot) if plot else view).address


def home_target() -> str | None:
    """The address for a link /?run_number=... or /?search_run_number=...; None if this request has no such link."""
    args = query_args()
    run, dataset = args.get("run_number", ""), args.get("dataset_name", "").rstrip("/")
    if not (_NUMBER.fullmatch(run) and _DATASET.fullmatch(dataset)):
        names = ("search_run_number", "search_dataset_name", "run_number", "dataset_name")
        is_search = any(name in args for name in names)
        return _search(args.get(names[0]) or run, args.get(names[1]) or dataset) if is_search else None
    lumi = args.get("lumi", "")
    key = SampleKey(int(run), int(lumi) if _NUMBER.fullmatch(lumi) else 0, dataset)
    options = tuple(option for (name, value), option in SWITCHES.items() if args.get(name, "").lower() == value)
    view = View(key, _path("folder_path"), q=args.get("plot_search", ""), options=options)
    selected = _path("selected_plots").partition(b"&")[0]  # the first of several
    sample = f"{run}{dataset}/".encode()
    return view.replace(plot=selected.removeprefix(sample) if selected.startswith(sample) else b"").address


def _search(run: str, dataset: str) -> str:
    return f"{request.script_root}/?" + urlencode({"run": run, "dataset": dataset})


def _path(name: str) -> bytes:
    """A path in the query of this request, without slashes at its ends; b"" for the views that are not folders."""
    path = b"".join(byte_values(name)[-1:]).strip(b"/")
    return b"" if path in NOT_FOLDERS else path
