"""Many layouts and workspaces from files, stored in short transactions.

Equal contents write nothing, so an interrupted import continues when it is run again. A new version from a file is shown at
once, unless people have changed, renamed or removed the arrangement in pages since the last import: then it is kept as a
version that is not active, and reported. Nothing is removed because a file does not have it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from peewee import fn

from app.core.counters import advance
from app.core.database import rows
from app.core.short_writes import short_transactions
from app.gui.layouts.contents import Content, kind_of, plots_of, text_of
from app.gui.layouts.editing.versions import ChangeAuthor, one_version_at_a_time, places_of
from app.gui.layouts.importing.import_matches import Stored, StoredBatch
from app.gui.layouts.importing.workspace_precedence import frontend_scopes, hide_classic, is_classic
from app.gui.layouts.models import COUNTER, Arrangement, ArrangementActivation, ArrangementPlace, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from app.security.audit_log import audit

MOST_ITEMS = 500
"""Arrangements of a transaction: each needs up to 12 rows and statements."""

WATCHED_FOLDER = "watched folder"
"""Author of versions from files of watched folders."""

ADDED, CHANGED, UNCHANGED, KEPT, REFUSED = "added", "changed", "unchanged", "kept", "refused"
OUTCOMES = (ADDED, CHANGED, UNCHANGED, KEPT, REFUSED)
"""Outcomes for a content of a file; KEPT: the arrangement was not replaced, because people have changed it in pages."""


class Imported(NamedTuple):
    """The outcome of an import for one content.

    Attributes:
        arrangement: Number of the arrangement; 0 if the content was refused.
        problem: Reason why it was refused.
    """

    content: Content
    outcome: str
    arrangement: int = 0
    problem: str = ""


class _Item(NamedTuple):
    """A content with its text; `position` is its place among all arrangements if it is new."""

    content: Content
    text: str
    position: int


def import_all(
    contents: Sequence[Content],
    *,
    reason: str = "",
    replace: bool = False,
    source: str = "",
    progress: Callable[[int], object] = lambda done: None,
) -> list[Imported]:
    """Store contents of files, each as a new arrangement or a new version of one, and show them; no rights are checked.

    Args:
        reason: Reason of the new versions.
        replace: Whether to replace arrangements that people have changed in pages since the last import.
        source: File of a watched folder, whose arrangements cannot be changed in pages; "" for files that are imported once.
        progress: Called with the number of contents that are done.

    Returns:
        The outcome for each content, in order.
    """
    return _Import(contents, reason, replace, source).run(progress)


class _Import:
    """An import while it is running."""

    def __init__(self, contents: Sequence[Content], reason: str, replace: bool, source: str) -> None:
        self.reason, self.replace, self.source = reason, replace, source
        self.user = WATCHED_FOLDER if source else ""
        self.frontend = frontend_scopes(contents)
        self.claimed: set[int] = set()  # arrangements of other contents: no two of one import are versions of the same
        self.done: dict[int, Imported] = {}  # by position
        first = (Arrangement.select(fn.MAX(Arrangement.position)).scalar() or 0) + 1
        self.items = [_Item(content, text_of(content), first + index) for index, content in enumerate(contents)]

    def run(self, progress: Callable[[int], object]) -> list[Imported]:
        caught_up = self._find_unchanged()
        for _ in short_transactions(caught_up, lambda batch: [stored.note_imported() for stored in batch], MOST_ITEMS):
            pass
        left = [item for item in self.items if item.position not in self.done]
        hide_classic((item.content for item in left), self.user)
        try:
            while left:
                for _ in short_transactions(left, self._store, MOST_ITEMS):
                    progress(len(self.done))
                left = self._to_try_again(left)
        finally:
            self._audit()
        if not self.source:
            self._arrange()
        return [self.done[item.position] for item in self.items]

    def _arrange(self) -> None:
        """Put the arrangements in the order of the files, for exports: they exchange their positions."""
        numbers = list(dict.fromkeys(self.done[item.position].arrangement for item in self.items))
        known: dict[int, int] = {}
        for start in range(0, len(numbers), MOST_ITEMS):
            wanted = Arrangement.id.in_(numbers[start : start + MOST_ITEMS])
            known |= dict(rows(Arrangement.select(Arrangement.id, Arrangement.position).where(wanted)))
        stored = [number for number in numbers if number in known]
        in_order = zip(stored, sorted(known.values()), strict=True)
        moved = [(number, position) for number, position in in_order if known[number] != position]
        for _ in short_transactions(moved, _move, MOST_ITEMS):
            pass

    def _audit(self) -> None:
        counts = Counter(each.outcome for each in self.done.values())
        if counts[ADDED] or counts[CHANGED]:
            answer = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
            audit("import layouts", self.source or f"{len(self.items)} layouts and workspaces", self.reason, answer, user=self.user)

    def _to_try_again(self, tried: list[_Item]) -> list[_Item]:
        """The refused ones, if others have changed: these may have left the places that the refused ones need."""
        found = [(item, self.done[item.position].outcome) for item in tried]
        return [item for item, outcome in found if outcome == REFUSED] if any(outcome == CHANGED for _, outcome in found) else []

    def _find_unchanged(self) -> list[Stored]:
        """Note the contents that need no new version; returns those arrangements that have caught up with their files."""
        caught_up = []
        for start in range(0, len(self.items), MOST_ITEMS):
            part = self.items[start : start + MOST_ITEMS]
            batch = self._find_stored(part)
            for item in part:
                stored = batch.match(item.content, self.claimed)
                if stored and not self._needs_version(item, stored):
                    self._note(item, self._outcome(item, stored), stored.row.id)
                    if item.text == stored.active and stored.has_caught_up:
                        caught_up.append(stored)
        return caught_up

    def _find_stored(self, items: Sequence[_Item]) -> StoredBatch:
        """The stored arrangements of some contents; those that no watched folder has any more can be imported."""
        return StoredBatch([item.content for item in items], self.source, None if self.source else ())

    def _note(self, item: _Item, outcome: str, arrangement: int) -> None:
        self.claimed.add(arrangement)
        self.done[item.position] = Imported(item.content, outcome, arrangement)

    def _outcome(self, item: _Item, stored: Stored) -> str:
        if item.text == stored.active or (item.text == stored.imported and not (stored.is_edited or stored.is_withdrawn)):
            return UNCHANGED
        return KEPT if stored.is_edited and not self.replace else CHANGED

    def _needs_version(self, item: _Item, stored: Stored) -> bool:
        outcome = self._outcome(item, stored)
        return outcome == CHANGED or (outcome == KEPT and item.text != stored.imported)

    def _store(self, items: Sequence[_Item]) -> None:
        """Store some contents in a transaction."""
        changed = advance(COUNTER)
        one_version_at_a_time()
        batch = self._find_stored(items)
        new = []
        for item in items:
            stored = batch.match(item.content, self.claimed)
            problem, is_shown = self._place(item, stored, batch)
            if problem:
                self.done[item.position] = Imported(item.content, REFUSED, 0, problem)
            elif stored is None:
                new.append((item, is_shown))
            else:
                self._change(item, stored, is_shown, changed)
        self._add(new, changed)

    def _place(self, item: _Item, stored: Stored | None, batch: StoredBatch) -> tuple[str, bool]:
        """The problem that prevents storing a content ("" for none, and then it has its place in the batch), and whether to show it."""
        content = item.content
        if stored and self._outcome(item, stored) != CHANGED:
            return "", False
        number = stored.row.id if stored else -item.position
        if is_classic(content) and (batch.holder(content, number) or not self.frontend.isdisjoint(content.scopes)):
            return "", False
        if found := batch.holder(content, number):
            return self._problem(content, *found), False
        batch.take(content, number)
        return "", True

    def _problem(self, content: Content, scope: str, other: int) -> str:
        """The sentence on a place that another arrangement has, stored or of the same import."""
        kind, name = kind_of(content), "name" if isinstance(content, Workspace) else "path"
        if other < 0 or other in self.claimed:
            return f"The files have {content.path} for {scope} samples twice: remove one {kind}, or give it another {name}"
        taken = f"Another {kind} for {scope} samples is at {content.path} already (number {other})"
        return f"{taken}: choose another {name}, or remove that one in its page or file"

    def _change(self, item: _Item, stored: Stored, is_shown: bool, changed: int) -> None:
        row = stored.row
        if self._needs_version(item, stored):
            number = row.newest + 1
            if is_shown:
                ArrangementPlace.delete().where(ArrangementPlace.arrangement == row.id).execute()
            Arrangement.update(self._values(item, number, is_shown, changed)).where(Arrangement.id == row.id).execute()
            self._insert([(row.id, number, item, is_shown)])
        self._note(item, self._outcome(item, stored), row.id)

    def _add(self, new: list[tuple[_Item, bool]], changed: int) -> None:
        if not new:
            return
        defaults = {"active": 0, "plots": "", "changed": 0}
        values = [
            {**defaults, "kind": kind_of(item.content), "position": item.position, "path": item.content.path}
            | self._values(item, 1, is_shown, changed)
            for item, is_shown in new
        ]
        query = Arrangement.insert_many(values).returning(Arrangement.position, Arrangement.id)
        numbers: dict[int, int] = {row.position: row.id for row in query.execute()}
        self._insert([(numbers[item.position], 1, item, is_shown) for item, is_shown in new])
        for item, _ in new:
            self._note(item, ADDED, numbers[item.position])

    def _values(self, item: _Item, number: int, is_shown: bool, changed: int) -> dict[str, Any]:
        values = {"source": self.source, "newest": number, "imported": number, "imported_path": item.content.path}
        shown = {"active": number, "path": item.content.path, "plots": plots_of(item.content), "changed": changed}
        return values | (shown if is_shown else {})

    def _insert(self, versions: list[tuple[int, int, _Item, bool]]) -> None:
        """Insert the rows of versions: number of the arrangement, number of the version, content, whether it is shown."""
        common = ChangeAuthor.now(self.reason, self.user).values
        own = [{"arrangement": each, "number": number} for each, number, _, _ in versions]
        documents = [{"action": "import", "document": item.text} for _, _, item, _ in versions]
        ArrangementVersion.insert_many([common | a | b for a, b in zip(own, documents, strict=True)]).execute()
        shown = [(each, item) for each, _, item, is_shown in versions if is_shown]
        if shown:
            ArrangementActivation.insert_many([common | a for a, (*_, is_shown) in zip(own, versions, strict=True) if is_shown]).execute()
            ArrangementPlace.insert_many(
                [
                    {"arrangement": each, "kind": kind_of(item.content), "scope": scope, "path": path}
                    for each, item in shown
                    for scope, path in places_of(item.content, "")
                ]
            ).execute()


def _move(positions: Sequence[tuple[int, int]]) -> None:
    """Give arrangements other positions: number and position of each."""
    advance(COUNTER)  # menus show workspaces of equal ranks in this order
    for number, position in positions:
        Arrangement.update(position=position).where(Arrangement.id == number).execute()
