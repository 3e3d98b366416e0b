"""Links of the legacy DQM GUI, as in e-logs and on GitHub: the address of the same view here.

Its two front ends have links of their own: /start?runnr=...;dataset=... ("Link Me"), and /?run_number=...&dataset_name=... with
/plotsLocalOverlay?... for plots that are compared with others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import unquote_to_bytes, urlencode

from flask import request

from app.gui.api.arguments import byte_values, query_args
from app.gui.current import layout_index, workspace_menu
from app.gui.drawing_options import OPTIONS, DrawingOptions, usable_options
from app.gui.layouts.scopes import scope_of
from app.gui.references import COMPARISONS, MAX_REFERENCES, Reference, drawable_label
from app.gui.samples import SampleKey
from app.gui.search_words import search_of_pattern
from app.gui.view import DEFAULT_SIZE, MAX_MARKS, View

EVERYTHING, QUICK = b"Everything", b"Quick collection"
NOT_FOLDERS = frozenset({EVERYTHING, QUICK})
"""Values of `root` that are views of the legacy GUI, not folders of a file."""

SIZES = {"xs": "s", "s": "s", "m": "m", "l": "l", "xl": "xl", "tiny": "s", "small": "s", "medium": "m", "large": "l", "fill": "xl"}
"""Sizes of plots in both front ends."""

COMPARE = {name.replace("-", "").lower(): name for name in COMPARISONS} | {"onside": "side"}
"""Positions of references in both front ends: `on-side`, `onSide`, `ratiooverlay`, ..."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)
_DATASET = re.compile(r"(?:/[^/]+){3}")
_REFERENCES = 4
"""References of a link of the classic front end: referenceobj1 to referenceobj4."""


def start_target() -> str:
    """The address for a link /start?...: a folder or plot, or a search if it names no sample."""
    if separated := _separated_query():
        return f"{request.script_root}/start?{separated}"
    args = query_args()
    run, dataset = args.get("runnr", ""), args.get("dataset", "").rstrip("/")
    match = _RUN.fullmatch(run)
    if not match or not _DATASET.fullmatch(dataset):
        return _search(run, dataset)
    key, focus = SampleKey(int(match[1]), int(match[2] or 0), dataset), _path("focus")
    references, ktest = _classic_references()
    ws = _workspace(dataset, args.get("workspace", ""))
    is_quick = bool(ws) and b"".join(byte_values("root")[-1:]) == QUICK
    options = {"norm": "false" if args.get("referencenorm", "").lower() == "false" else "", "ktest": ktest}
    view = View(
        key,
        _path("root") or (b"" if is_quick else focus.rpartition(b"/")[0]),
        ws=ws,
        q=search_of_pattern(args.get("search", "")),
        only="failing" if args.get("filter") == "alarms" else "",
        size=_size(),
        references=references if args.get("referenceshow") != "none" else (),
        compare=_compare(args.get("referencepos", "")),
        options=usable_options(options if references else {})[0],
    )
    is_large = focus and args.get("zoom") != "no"  # with "no" it is only marked in its list
    return (_large(view, focus) if is_large else view).address


def _separated_query() -> str:
    """The query of a link whose separators a mail program or chat has percent-encoded, alone or with all the rest; "" for others."""
    query = request.query_string.decode("latin-1")
    if re.search("[;&]", query) or not re.search("%3B|%26", query, re.IGNORECASE):
        return ""
    encoded = "%3B|%26" if "=" in query else "%[0-9A-F]{2}"
    return re.sub(encoded, lambda found: chr(int(found[0][1:], 16)), query, flags=re.IGNORECASE)


def home_target() -> str | None:
    """The address for a link /?run_number=... or /?search_run_number=...; None if this request has no such link."""
    args = query_args()
    key = _newer_sample()
    if key is None:
        names = ("search_run_number", "search_dataset_name", "run_number", "dataset_name")
        is_search = any(name in args for name in names)
        return _search(args.get(names[0]) or args.get(names[2], ""), args.get(names[1]) or args.get(names[3], "")) if is_search else None
    view = View(
        key,
        _path("folder_path"),
        ws=_workspace(key.dataset, args.get("workspaces", "")),
        q=search_of_pattern(args.get("plot_search", "")),
        size=_size(),
        references=_usable(_sample_reference(each) for each in _list("overlay_data")),
        compare=_compare(args.get("overlay", "")),
        options=_newer_options(),
    )
    plots = tuple(dict.fromkeys(_selected_plots(f"{args['run_number']}{key.dataset}/".encode())))
    if len(plots) > 1:
        return view.replace(marks=plots[:MAX_MARKS], side_by_side=True).address
    return (view.replace(plot=plots[0]) if plots else view).address


def _large(view: View, focus: bytes) -> View:
    """The view of a large plot; of a layout if the path is that of one."""
    if layout_index(scope_of(view.key.dataset)).find(focus):
        return view.replace(folder=focus)
    return view.replace(folder=focus.rpartition(b"/")[0], plot=focus)


def _workspace(dataset: str, name: str) -> str:
    """The name of a workspace of a link; "" if this instance has no workspaces, or not that of everything."""
    menu = workspace_menu(scope_of(dataset))
    if found := menu.find(name):
        return found.name
    return name if menu.categories and name != EVERYTHING.decode() and name.isprintable() else ""


def local_overlay_target() -> str:
    """The address for a link /plotsLocalOverlay?...: a plot compared with other plots."""
    args, key = query_args(), _newer_sample()
    if key is None:
        return _search(args.get("run_number", ""), args.get("dataset_name", ""))
    folder = _path("folders_path")
    plot = b"/".join(part for part in (folder, _path("plot_name")) if part)
    others = (_local_reference(each) for each in _list("overlayPlots"))
    everywhere = (_sample_reference(each) for each in _list("overlaidGlobally"))
    references = _usable(chain(others, everywhere))
    interactive = "on" if args.get("jsroot", "").lower() == "true" else ""
    compare, options = _compare(args.get("ref", "")), _newer_options()
    return View(key, folder, plot=plot, interactive=interactive, references=references, compare=compare, options=options).address


def _newer_sample() -> SampleKey | None:
    args = query_args()
    run, dataset, lumi = args.get("run_number", ""), args.get("dataset_name", "").rstrip("/"), args.get("lumi", "")
    if not (_NUMBER.fullmatch(run) and _DATASET.fullmatch(dataset)):
        return None
    return SampleKey(int(run), int(lumi) if _NUMBER.fullmatch(lumi) else 0, dataset)


def _selected_plots(sample: bytes) -> Iterator[bytes]:
    """The paths of the plots that are shown large, those of a sample `run/primary/processed/tier/`."""
    for selected in _list("selected_plots"):
        if selected.startswith(sample) and selected != sample:
            yield selected.removeprefix(sample)


def _newer_options() -> DrawingOptions:
    """The drawing options of a link of the newer front end, but for those at their defaults."""
    args = query_args()
    typed = {name: args.get(name, "") for name in OPTIONS if name not in ("stats", "norm", "errors")}
    switches = (("stats", "stats", "false"), ("norm", "normalize", "false"), ("errors", "error", "true"))
    typed |= {name: value for name, old, value in switches if args.get(old, "").lower() == value}
    return usable_options(typed)[0]


def _classic_references() -> tuple[tuple[Reference, ...], str]:
    """The references `other:run:dataset:label:ktest` of a link, and the Kolmogorov threshold; an empty run or dataset is that of the link."""
    found, threshold = [], ""
    for number in range(1, _REFERENCES + 1):
        kind, run, dataset, label, ktest = (query_args().get(f"referenceobj{number}", "").split(":") + [""] * 5)[:5]
        if kind != "other" or not (_NUMBER.fullmatch(run) or _DATASET.fullmatch(dataset)):
            continue
        run_number = int(run) if _NUMBER.fullmatch(run) else None
        found.append(Reference(run_number, dataset=dataset if _DATASET.fullmatch(dataset) else "", label=drawable_label(label)))
        threshold = threshold or ktest
    return tuple(found), threshold


def _usable(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Those of the references that an address here can hold; an entry of a link may be cut off or empty."""
    return tuple(each for each in references if Reference.parse(each.written(), each.label) == each)[:MAX_REFERENCES]


def _sample_reference(written: bytes) -> Reference:
    """A reference of the newer front end: run/primary/processed/tier, then for one plot its path, and a label."""
    run, *parts = written.split(b"/")
    number = int(run) if run.isdigit() and len(run) <= 9 else None
    dataset = "/" + b"/".join(parts[:3]).decode("utf-8", "replace") if len(parts) >= 3 else ""
    label = parts[-1].decode("utf-8", "replace") if len(parts) > 3 else ""
    return Reference(number, dataset=dataset, path=b"/".join(parts[3:-1]), label=drawable_label("" if label == str(number) else label))


def _local_reference(written: bytes) -> Reference:
    """Another plot of the same sample: its path, then reflabel=<label>."""
    path, _, label = written.partition(b"/reflabel=")
    return Reference(path=path.strip(b"/"), label=drawable_label(label.decode("utf-8", "replace")))


def _size() -> str:
    return SIZES.get(query_args().get("size", "").lower(), DEFAULT_SIZE)


def _compare(position: str) -> str:
    return COMPARE.get(position.replace("-", "").lower(), COMPARISONS[0])


def _list(name: str) -> list[bytes]:
    """The parts of a list of the newer front end, which `&` separates; it encodes names in them once more."""
    return [unquote_to_bytes(part) for part in b"".join(byte_values(name)[-1:]).split(b"&") if part]


def _search(run: str, dataset: str) -> str:
    return f"{request.script_root}/?" + urlencode({"run": run, "dataset": dataset})


def _path(name: str) -> bytes:
    """A path in the query of this request, without empty parts; b"" for the views that are not folders."""
    path = b"/".join(filter(None, b"".join(byte_values(name)[-1:]).split(b"/")))
    return b"" if path in NOT_FOLDERS else path
