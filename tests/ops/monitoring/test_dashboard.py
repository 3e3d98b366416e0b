"""The dashboard for Grafana, and that the hub has what it and the alerts show."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.ops.monitoring.promtool import ALERTS, DASHBOARD, promtool, write

SUFFIX = re.compile(r"_(bucket|sum|count)$")
VALUES = {"$__rate_interval": "1m", "$instance": ".*"}
"""What Grafana puts in place of its variables."""


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def expressions(dashboard: dict[str, Any]) -> list[str]:
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for name, value in VALUES.items():
        found = [text.replace(name, value) for text in found]
    return found


def test_prometheus_can_read_every_query_of_the_dashboard(dashboard: dict[str, Any], tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions(dashboard))]
    file = write(tmp_path / "queries.yml", {"groups": [{"name": "dashboard", "rules": rules}]})
    found = promtool("check", "rules", file, folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{len(rules)} rules found" in found.stdout


def test_prometheus_accepts_the_alerts_without_a_warning(tmp_path: Path) -> None:
    found = promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS), folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_metric_of_the_alerts_and_the_dashboard_is_one_of_the_hub(client: FlaskClient, dashboard: dict[str, Any]) -> None:
    client.get("/healthz/live")
    families = set(re.findall(r"^# TYPE (\w+) ", client.get("/metrics").text, re.M))
    named = re.findall(r"\bdqmhub_\w+", " ".join([ALERTS.read_text(), *expressions(dashboard)]))
    assert {SUFFIX.sub("", name) for name in named} - families == set()


def test_panels_have_their_own_places_and_ids(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_above


def test_the_dashboard_works_with_any_data_source_of_the_site(dashboard: dict[str, Any]) -> None:
    sources = [target["datasource"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert {row["name"] for row in dashboard["templating"]["list"]} == {"datasource", "instance"}
