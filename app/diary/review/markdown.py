"""Notes in Markdown as HTML that is safe on our pages."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

OUTER_HEADINGS = 2
"""Levels of headings of the page around the notes."""

MAX_CELLS = 5000
"""Notes that could have more cells are shown without tables, which would take seconds."""

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


def to_html(text: str) -> Markup:
    """The HTML of notes. HTML in them is text; links do not pass on where they are; images are of this hub alone."""
    html = nh3.clean(
        _parser(has_tables=_cells(text) <= MAX_CELLS).render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return Markup(html)


def _cells(text: str) -> int:
    """At least as many cells as a table of these notes can have: a line with many columns makes all that follow as wide."""
    lines = text.splitlines()
    return max((line.count("|") for line in lines), default=0) * len(lines)


@lru_cache
def _parser(has_tables: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", *(["table"] if has_tables else [])])
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


def _lower_headings(state: StateCore) -> None:
    """Let the headings of notes stand below those of the page."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + OUTER_HEADINGS)}"


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute; None leaves it out. An image of another server would tell that server who reads the notes."""
    is_elsewhere = not value.startswith("/") or value.startswith(("//", "/\\")) or any(letter.isspace() for letter in value)
    return None if (tag, attribute) == ("img", "src") and is_elsewhere else value
