"""Published data of DQM^2: plan, renderers, and the allow-list of fields."""

from __future__ import annotations

from app.publish.areas import PublishedArea
from app.square.published import addresses, clients, data, file_charts, log_pages, plan, run_pages, timeline_pages

PUBLISHED = PublishedArea(
    name="square",
    plan=plan.plan,
    state=plan.state,
    renderers={
        "live": run_pages.live_page,
        "run": run_pages.run_page,
        "timeline": timeline_pages.timeline_page,
        "files": file_charts.charts_of_files,
        "log": log_pages.log_page,
        "cluster": data.cluster,
        "index": data.index,
        "events": data.events,
        "help": data.glossary,
    },
    sources=("app/square/published", "templates/square/mirror"),
    throttled=frozenset({"timeline", "events"}),
    hosts=plan.hosts,
    names=clients.forms,
    item_at=addresses.item_at,
    previews=addresses.previews,
    styles=("square/jobs.css", "square/job.css", "square/charts.css", "square/timeline.css"),
)
"""The published data of DQM^2."""
