"""The contents of layouts are those of the versions that an index names, read once."""

from __future__ import annotations

from app.core.settings import Settings
from app.gui.layouts.editing.store import activate, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.showing.content_cache import BATCH, MAX_PLOTS, LayoutContents
from app.gui.layouts.showing.index import LayoutIndexes
from tests.gui.layouts.arrangements import layout

ONE, TWO = layout("A/x", "Pixel/a"), layout("A/x", "Pixel/b")


def test_an_index_in_use_keeps_the_contents_of_its_versions(hub: Settings) -> None:
    import_all([ONE, layout("A/y")])
    indexes, contents = LayoutIndexes(), LayoutContents()
    before = indexes.of_scope("online")
    saved = save(TWO, arrangement=before.below(b"")[0].arrangement, based_on=1)
    activate(saved.arrangement, saved.number)
    after = indexes.of_scope("online")
    assert [content for _, content in contents.of(after.below(b""))] == [TWO, layout("A/y")]
    assert contents.of(before.below(b""))[0] == (before.below(b"")[0], ONE)
    assert LayoutContents().of(before.below(b"")) == contents.of(before.below(b""))


def test_many_layouts_are_read_in_the_order_they_are_asked_for_and_the_cache_stays_bounded(hub: Settings) -> None:
    layouts = [layout(f"A/{number:05}", *["Pixel/a"] * 20) for number in range(BATCH + 10)]
    import_all(layouts)
    refs, contents = LayoutIndexes().of_scope("online").below(b""), LayoutContents()
    assert [content for _, content in contents.of(reversed(refs))] == layouts[::-1]
    assert contents._found.currsize <= MAX_PLOTS < sum(1 + len(each.plots) for each in layouts)
    assert contents.of(refs[:2]) == list(zip(refs[:2], layouts[:2], strict=True))
