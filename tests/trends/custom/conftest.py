"""Accounts and jobs for tests of requested trends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.queue.execution import attempt, claim
from app.queue.models import BackgroundJob
from app.queue.states import QUEUED
from app.security import accounts
from app.security.roles import parse_role
from app.trends.custom.store import COMPUTE
from app.trends.lumis.computing import compute_trend
from tests.security.conftest import PASSWORD, sign_in
from tests.trends.conftest import Site

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in(app: Flask, client: FlaskClient) -> SignIn:
    """A browser of somebody with a role, such as `expert:DT`, whose user name is that of the role."""

    def become(role: str) -> FlaskClient:
        name = role.replace(":", "-").lower()
        found, subsystems = parse_role(role)
        if accounts.user_by_name(name) is None:
            accounts.add(name, found, PASSWORD, subsystems)
        browser = app.test_client()
        sign_in(browser, name)
        return browser

    return become


@pytest.fixture
def compute(site: Site) -> Callable[[], list[str]]:
    """Runs the waiting jobs of requested trends; returns their states."""

    def run() -> list[str]:
        waiting = list(BackgroundJob.select().where(BackgroundJob.kind == COMPUTE, BackgroundJob.state == QUEUED))
        for job in waiting:
            claimed = claim(job.id)
            assert claimed
            attempt(claimed, partial(compute_trend, settings=site.settings))
        return [BackgroundJob.get_by_id(job.id).state for job in waiting]

    return run
