"""Reading the lists of registered files into the catalog."""

from __future__ import annotations

from app.gui.lists.importing import import_file
from app.gui.register import IMPORT
from app.settings import load
from app.work import Work, handler


@handler(IMPORT)
def ingest(work: Work) -> None:
    """The key is the id of the file; doing it twice stores the same list."""
    import_file(work, load())
