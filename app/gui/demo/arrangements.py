"""Layouts and workspaces of the demo files, from `layouts.toml`, which is an example of the form for hand-written files as well."""

from __future__ import annotations

import tomllib
from pathlib import Path

from app.gui.layouts.contents import Content
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.importing.bulk_import import Imported, import_all

FILE = Path(__file__).with_name("layouts.toml")
REASON = "An example of the demo"


def demo_contents() -> list[Content]:
    """The layouts and workspaces of the demo."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    layouts = [layout_from_document(each) for each in document["layout"]]
    return [*layouts, *(workspace_from_document(each) for each in document["workspace"])]


def make_demo_layouts() -> list[Imported]:
    """Store them; those that are there already, also as somebody has changed them since, stay."""
    return import_all(demo_contents(), reason=REASON)
