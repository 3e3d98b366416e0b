"""Trends in the OpenAPI document."""

from __future__ import annotations

from app.trends.api.groups_openapi import GOLDEN_PATHS, GROUP_PATHS
from app.web.openapi import Schema

PATHS: Schema = {**GROUP_PATHS, **GOLDEN_PATHS}
