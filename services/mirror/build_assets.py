"""Builds static files of the mirror from those of the hub, so that fragments rendered by the hub look the same on both.

Run `python3 -m services.mirror.build_assets` in a checkout after a change in `static/` or `services/mirror/style.css`; `make build` and
`make run` do so, too. The results are in git, because a mirror has only `services/mirror` and `protocol`.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
HUB_STATIC = HERE.parent.parent / "static"
STYLE_PARTS = [
    *("web/variables.css", "web/page.css", "web/controls.css", "web/tables.css", "web/prose.css", "web/badges.css"),
    *("web/heading.css", "web/problems.css", "web/appbar.css", "web/logs.css"),
    *("square/jobs.css", "square/charts.css", "square/timeline.css"),
]
"""Shared style sheets; docs/developers/frontend.md marks them."""

COPIES = ["web/icon.svg", "web/favicon.ico", "web/times.js", "web/tab_count.js", "square/crash_title.js", "square/log_matches.js"]


def build() -> dict[str, bytes]:
    """Contents of the built files, by name."""
    sources = [HUB_STATIC / part for part in STYLE_PARTS] + [HERE / "style.css"]
    header = b"/* Built by services/mirror/build_assets.py from static/ and services/mirror/style.css: change those. */\n\n"
    style = header + b"\n".join(source.read_bytes() for source in sources)
    return {"mirror.css": style} | {Path(name).name: (HUB_STATIC / name).read_bytes() for name in COPIES}


def main() -> None:
    """Write the files that have changed."""
    for name, content in build().items():
        path = HERE / "static" / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


if __name__ == "__main__":
    main()
