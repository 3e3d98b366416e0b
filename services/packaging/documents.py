"""The documentation as pages for a browser without a network: each `.md` gets an `.html` beside it."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 sans-serif }}
body {{ max-width: 60rem; margin: 1rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid gray; padding: .2rem .5rem; text-align: left; vertical-align: top }}
pre {{ overflow-x: auto; border: 1px solid gray; padding: .5rem }}
img {{ max-width: 100% }}
</style>
<body>
{body}</body>
</html>
"""


def write(folder: Path) -> None:
    """Write the pages of all documents below a folder, and `index.html` with links to them."""
    entries = []
    for path in sorted(folder.rglob("*.md")):
        title, body = _page(path.read_text(encoding="utf-8"))
        path.with_suffix(".html").write_text(PAGE.format(title=html.escape(title), body=body), encoding="utf-8")
        entries.append(f'<li><a href="{path.with_suffix(".html").relative_to(folder)}">{html.escape(title)}</a></li>\n')
    contents = f"<h1>DQM Hub</h1>\n<ul>\n{''.join(entries)}</ul>\n"
    (folder / "index.html").write_text(PAGE.format(title="DQM Hub", body=contents), encoding="utf-8")


def anchor(heading: str) -> str:
    """The name by which links lead to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _page(text: str) -> tuple[str, str]:
    """Title and content of a document."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    title = ""
    for start, content in pairwise(tokens):
        if start.type == "heading_open":
            plain = "".join(token.content for token in content.children or () if token.type in ("text", "code_inline"))
            title = title or plain
            start.attrSet("id", anchor(plain))
        for token in content.children or ():
            _link_to_page(token)
    return title, str(parser.renderer.render(tokens, parser.options, {}))


def _link_to_page(token: Token) -> None:
    target = token.attrGet("href") if token.type == "link_open" else None
    if isinstance(target, str) and "://" not in target:
        token.attrSet("href", re.sub(r"\.md(#|$)", r".html\1", target))
