"""Roles by route, at the running server: the declared role holds for every address, and other sites can send no form."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from app.security import Role
from tests.chaos.addresses import Addresses, Reading, Writing
from tests.chaos.expectations import AT_ONCE
from tests.chaos.findings import Finding
from tests.chaos.site import Answer, Site

REFUSED = {Role.PUBLIC: (401, 303)}
OTHERS_REFUSED = (403,)
NO_ROLE = "has no least role"


def wrong_roles(site: Site, addresses: Addresses, answers: Mapping[Reading, Answer]) -> list[Finding]:
    """Requests that a lower role or another site may send, and routes without a role. answers: to the administrator."""
    least = {endpoint: Role.of(role) for area in site.areas for endpoint, role in area.roles.items()}
    empty = [writing for writing in addresses.writings if not writing.fields]
    requests: list[Reading | Writing] = [*addresses.readings, *empty]
    cases = [(request, role) for request in requests for role in Role if role < least.get(request.endpoint, Role.PUBLIC)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        refusals = list(pool.map(lambda case: _send(site, *case), cases))
        foreign = list(pool.map(lambda writing: site.request_of_other_site(writing.method, writing.path), empty))
    found = [
        Finding(request.area, request.endpoint, f"{answer.status} for the role {role.title}: {request.path}")
        for (request, role), answer in zip(cases, refusals, strict=True)
        if answer.status not in REFUSED.get(role, OTHERS_REFUSED)
    ]
    found += [
        Finding(writing.area, writing.endpoint, f"{answer.status} for a form of another site: {writing.path}")
        for writing, answer in zip(empty, foreign, strict=True)
        if answer.status != 403 and writing.endpoint not in FROM_ANYWHERE
    ]
    without = [reading for reading, answer in answers.items() if NO_ROLE in answer.text]
    return found + [Finding(reading.area, reading.endpoint, "the route has no least role") for reading in without]


FROM_ANYWHERE = {"security.csp_report"}
"""Endpoints that browsers call by themselves."""


def _send(site: Site, request: Reading | Writing, role: Role) -> Answer:
    return site.request(request.method if isinstance(request, Writing) else "GET", request.path, role)
