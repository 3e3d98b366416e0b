"""The differences between two versions of a layout or workspace, as texts for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from app.gui.layouts.contents import Content, text_of
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.workspace import Workspace

MAX_CHARS = 80
"""Characters of a text that are shown."""

REFERENCES = {"yes": "drawn", "no": "not drawn", "": "default"}


class _Place(NamedTuple):
    row: int
    column: int

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}"


class _Plot(NamedTuple):
    """A plot in a grid; `copy` counts those of the same monitor element."""

    path: str
    copy: int


def differences(old: Content, new: Content) -> list[str]:
    """The changes, such as `added Pixel/charge at row 2, column 1`; empty if there are none."""
    if text_of(old) == text_of(new):
        return []
    found = [*_common_fields(old, new)]
    if isinstance(old, Layout) and isinstance(new, Layout):
        found += [*_layout_fields(old, new), *_grid(old, new)]
    if isinstance(old, Workspace) and isinstance(new, Workspace):
        found += [*_workspace_fields(old, new)]
    return found or ["only the notation in its file"]


def _common_fields(old: Content, new: Content) -> Iterator[str]:
    yield from _text("path" if isinstance(old, Layout) else "name", old.path, new.path)
    yield from _list("scopes", old.scopes, new.scopes, "none")
    yield from _list("run types", old.fits.keys, new.fits.keys, "all")
    yield from _list("beams", old.fits.beams, new.fits.beams, "all")
    yield from _text("file", old.file, new.file)


def _layout_fields(old: Layout, new: Layout) -> Iterator[str]:
    yield from _text("help", old.help, new.help)
    if old.by_record != new.by_record:
        yield "registered plot by plot" if new.by_record else "registered as a grid"


def _workspace_fields(old: Workspace, new: Workspace) -> Iterator[str]:
    yield from _text("category", old.category, new.category)
    yield from _text("rank", str(old.rank), str(new.rank))
    yield from _text("kind", old.kind, new.kind)
    yield from _list("folders", _folders(old), _folders(new), "all")
    yield from _text("match", old.match, new.match)
    yield from _text("folder of layouts", _layout_folder(old), _layout_folder(new))
    yield from _members("quick collection", old.quick, new.quick)
    if dict(old.extra) != dict(new.extra):
        yield "further fields of its file"


def _folders(workspace: Workspace) -> tuple[str, ...]:
    return ("none",) if workspace.folders is None else workspace.folders


def _layout_folder(workspace: Workspace) -> str:
    return "" if workspace.layouts is None else workspace.layouts or f"{workspace.name}/Layouts"


def _grid(old: Layout, new: Layout) -> Iterator[str]:
    before, after = _plots(old), _plots(new)
    removed = {place: plot for plot, (place, _) in before.items() if plot not in after}
    added = {place: plot for plot, (place, _) in after.items() if plot not in before}
    replaced = removed.keys() & added.keys()
    for place in sorted(replaced):
        yield f"{place}: {removed[place].path} → {added[place].path}"
        yield from _cell(added[place].path, before[removed[place]][1], after[added[place]][1])
    yield from (f"removed {plot.path} from {place}" for place, plot in removed.items() if place not in replaced)
    yield from (f"added {plot.path} at {place}" for place, plot in added.items() if place not in replaced)
    moved = _moved_plots([plot for plot in before if plot in after], [plot for plot in after if plot in before])
    yield from (f"moved {plot.path} from {before[plot][0]} to {after[plot][0]}" for plot in after if plot in moved)
    ignored = moved | set(removed.values()) | set(added.values())
    if _rows(old, ignored) != _rows(new, ignored):
        yield from _shape(old, new)
    for plot in after:
        if plot in before:
            yield from _cell(plot.path, before[plot][1], after[plot][1])


def _plots(layout: Layout) -> dict[_Plot, tuple[_Place, PlotCell]]:
    """The plots of a layout in their order, with place and cell."""
    return {
        plot: (_Place(number, column), cell)
        for number, row in enumerate(_identify_plots(layout), 1)
        for column, (plot, cell) in enumerate(row, 1)
        if plot and cell
    }


def _identify_plots(layout: Layout) -> Iterator[list[tuple[_Plot | None, PlotCell | None]]]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in layout.rows:
        cells: list[tuple[_Plot | None, PlotCell | None]] = []
        for cell in row:
            cells.append((_Plot(cell.plot, counts[cell.plot]) if cell else None, cell))
            if cell:
                counts[cell.plot] += 1
        yield cells


def _moved_plots(before: Sequence[_Plot], after: Sequence[_Plot]) -> set[_Plot]:
    """The plots of both versions that are not in the same order: as few as possible."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return set(before) - {before[block.a + index] for block in blocks for index in range(block.size)}


def _rows(layout: Layout, ignored: Collection[_Plot]) -> list[list[_Plot | None]]:
    """The grid without some plots, and without rows that had nothing else."""
    return [cells for row in _identify_plots(layout) if (cells := [plot for plot, _ in row if plot not in ignored])]


def _shape(old: Layout, new: Layout) -> Iterator[str]:
    """The differences between two grids with the same plots in other rows and columns."""
    gaps = sum(row.count(None) for row in new.rows) - sum(row.count(None) for row in old.rows)
    rows = len(new.rows) - len(old.rows)
    if gaps:
        yield f"{'added' if gaps > 0 else 'removed'} {_count_text(abs(gaps), 'gap')}"
    if rows:
        yield f"{_count_text(abs(rows), 'row')} {'more' if rows > 0 else 'less'}"
    if not gaps and not rows:
        yield "same plots in other rows and columns"


def _cell(path: str, old: PlotCell, new: PlotCell) -> Iterator[str]:
    """The differences between two cells, apart from their plots."""
    drawn, draw = dict(old.draw), dict(new.draw)
    fields = [("description", old.text, new.text)]
    fields += [(name, drawn.get(name, ""), draw.get(name, "")) for name in sorted({*drawn, *draw})]
    fields += [("references", REFERENCES[old.reference], REFERENCES[new.reference])]
    for label, example, other in (("good example", old.help.good, new.help.good), ("bad example", old.help.bad, new.help.bad)):
        fields += [(label, example.sample, other.sample), (f"note on the {label}", example.note, other.note)]
    fields += [("what to do", old.help.action, new.help.action), ("contact", old.help.contact, new.help.contact)]
    for label, before, after in fields:
        yield from (f"{path}: {text}" for text in _text(label, before, after))
    yield from (f"{path}: {text}" for text in _members("overlay", old.overlay, new.overlay))


def _text(label: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        start = _same_start(old, new)
        yield f"{label}: {_excerpt(old, start)} → {_excerpt(new, start)}"


def _same_start(old: str, new: str) -> int:
    """Index from which long texts are shown: a little before their first difference."""
    if max(len(old), len(new)) <= MAX_CHARS:
        return 0
    same = next((index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return max(0, same - MAX_CHARS // 4)


def _excerpt(text: str, start: int) -> str:
    part = text[start : start + MAX_CHARS]
    return f"“{'…' if start else ''}{part}{'…' if start + MAX_CHARS < len(text) else ''}”" if text else "none"


def _list(label: str, old: Sequence[str], new: Sequence[str], empty: str) -> Iterator[str]:
    if tuple(old) != tuple(new):
        yield f"{label}: {', '.join(old) or empty} → {', '.join(new) or empty}"


def _members(label: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    added = [each for each in new if each not in old]
    removed = [each for each in old if each not in new]
    if added:
        yield f"{label} with {', '.join(added)}"
    if removed:
        yield f"{label} without {', '.join(removed)}"
    if tuple(old) != tuple(new) and not added and not removed:
        yield f"order of the {label}"


def _count_text(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
