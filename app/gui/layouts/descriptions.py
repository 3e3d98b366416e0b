"""Sanitises descriptions and help of layouts: HTML from outside becomes HTML that is safe on our pages."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markupsafe import Markup

_TAGS = {
    *("a", "b", "br", "code", "em", "i", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "u", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}


@lru_cache(4096)
def description_html(text: str) -> Markup:
    """A description without scripts, styles, images and forms; its links open in a new tab, so that a live page stays open."""
    html = nh3.clean(
        text,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(html.strip())
