"""Notes in Markdown: what is shown, and that nothing of it is dangerous."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from app.diary.review.fields import MAX_NOTES
from app.diary.review.markdown import to_html

GOOD = {
    "**bold** and _this_": "<p><strong>bold</strong> and <em>this</em></p>",
    "# Cause\n## Detail": "<h3>Cause</h3>\n<h4>Detail</h4>",
    "- a\n- b": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
    "`a < b`": "<p><code>a &lt; b</code></p>",
    "~~old~~": "<p><s>old</s></p>",
    "[log](/diary/jobs/7)": '<p><a href="/diary/jobs/7" rel="noopener nofollow">log</a></p>',
    "[x](https://cern.ch/a)": '<p><a href="https://cern.ch/a" rel="noopener nofollow">x</a></p>',
    "![plot](/plotfairy/a?b=1)": '<p><img src="/plotfairy/a?b=1" alt="plot"></p>',
    "|a|b|\n|-|-|\n|1|2|": (
        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>"
    ),
}


@pytest.mark.parametrize("text", GOOD)
def test_notes_are_shown_as_markdown(text: str) -> None:
    assert to_html(text).strip() == GOOD[text]


GOOD_ELEMENTS = "p br hr em strong s code pre blockquote ul ol li a img h3 h4 h5 h6 table thead tbody tr th td"
ELEMENTS = set(GOOD_ELEMENTS.split())
ATTRIBUTES = {"a": {"href", "title", "rel"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


class SafeHtml(HTMLParser):
    """Notes what a browser would find that is not on the list."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attributes}
        if tag not in ELEMENTS or not names <= ATTRIBUTES.get(tag, set()):
            self.wrong.append(f"<{tag} {attributes}>")
        values = {name: value or "" for name, value in attributes}
        if urlsplit(values.get("href", "")).scheme not in ("", "http", "https", "mailto"):
            self.wrong.append(values["href"])
        if tag == "a" and values.get("rel") != "noopener nofollow":
            self.wrong.append(f"rel {values}")
        source = values.get("src", "/")
        if not source.startswith("/") or source.startswith(("//", "/\\")):
            self.wrong.append(source)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "[x](JaVa&#x73;cript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](vbscript:x)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](file:///etc/passwd)",
        '[x](/a "title\\" onmouseover=alert(1)")',
        "![x](https://evil.example/track.png)",
        "![x](//evil.example/track.png)",
        "![x](/\\evil.example/track.png)",
        "![x](/%09/evil.example/a.png)",
        "![x](data:image/png;base64,AAAA)",
        "![x](relative.png)",
        "![<img src=x onerror=alert(1)>](/a)",
        "<javascript:alert(1)>",
        "```html\n<script>alert(1)</script>\n```",
        '``` " onclick=alert(1)\nx\n```',
        "[a]: javascript:alert(1)\n\n[a]",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "|a|\n|:-:|\n|<b style=x>|",
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
        "<style>*{display:none}</style>",
        "<form action=/sign-out><button>x</button></form>",
        "\0<scr\0ipt>",
    ],
)
def test_nothing_in_notes_runs_or_loads_from_elsewhere(text: str) -> None:
    assert SafeHtml(to_html(text)).wrong == []


@pytest.mark.parametrize(
    "piece", ["*", "[", "![](", "> ", "a**b", "`", "<", "|a", "- ", "~~a", "_a", "*a _", "|-\n", "[a](", "&", "\\", "    "], ids=repr
)
def test_the_longest_notes_do_not_grow_without_bound(piece: str) -> None:
    html = to_html((piece * MAX_NOTES)[:MAX_NOTES])
    assert len(html) < 20 * MAX_NOTES


def test_a_table_that_would_be_as_wide_as_long_is_shown_as_text() -> None:
    columns = MAX_NOTES // 8
    html = to_html("|a" * columns + "|\n" + "|-" * columns + "|\n" + "|a\n" * (MAX_NOTES // 4))
    assert "<td>" not in html
    assert len(html) < 2 * MAX_NOTES
