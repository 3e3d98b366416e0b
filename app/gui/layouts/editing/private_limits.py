"""Limits of private layouts, for all pages that change them."""

from __future__ import annotations

from app.gui.layouts.contents import Content
from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import LAYOUT, Arrangement

MAX_LAYOUTS = 50
"""Private layouts of a user."""
MAX_PLOTS = 100
"""Plots of a private layout."""
MAX_NAME = 80
"""Characters of the name of a private layout."""


def checked_name(name: str) -> str:
    """A name for a private layout, without blanks around it. Raises InvalidArrangement."""
    name = name.strip()
    if problem := _name_problem(name):
        raise InvalidArrangement("This name cannot be used", [("name", problem)])
    return name


def check_private(content: Content) -> None:
    """Raise InvalidArrangement unless a content can be a private layout."""
    if not isinstance(content, Layout):
        raise InvalidArrangement("Only layouts can be private")
    problems = [("name", _name_problem(content.path))]
    if content.scopes:
        problems.append(("scope", f"Expected none, not {', '.join(content.scopes)}: a private layout is for all samples"))
    if (count := len(content.plots)) > MAX_PLOTS:
        problem = f"{content.path} would have {count:,} plots, but can have at most {MAX_PLOTS}: choose another layout, or remove plots"
        problems.append(("plots", problem))
    if found := [(name, problem) for name, problem in problems if problem]:
        raise InvalidArrangement(found[0][1] if found[0][0] == "plots" else "This private layout cannot be stored", found)


def check_one_more(owner: str) -> None:
    """Raise InvalidArrangement unless a user can have another private layout, within a transaction that shows it."""
    if Arrangement.select().where(Arrangement.kind == LAYOUT, Arrangement.owner == owner, Arrangement.active > 0).count() >= MAX_LAYOUTS:
        problem = f"You have {MAX_LAYOUTS} private layouts, the largest possible number: remove one first"
        raise InvalidArrangement(problem, [("name", problem)])


def _name_problem(name: str) -> str:
    """The problem of a name; "" for none."""
    if not name:
        return "Expected a name"
    if len(name) > MAX_NAME:
        return f"Expected at most {MAX_NAME} characters, not {len(name):,}"
    if not name.isprintable() or "/" in name or name != name.strip():
        return "Expected printable characters without / and without blanks around them: private layouts have no folders"
    return ""
