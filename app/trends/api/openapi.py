"""Trends in the OpenAPI document."""

from __future__ import annotations

from app.trends.api.groups_openapi import GOLDEN_PATHS, GROUP_PATHS
from app.trends.api.trends_openapi import TREND_PATHS
from app.web.openapi import Schema

PATHS: Schema = {**TREND_PATHS, **GROUP_PATHS, **GOLDEN_PATHS}
