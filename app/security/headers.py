"""The security headers of every answer, and the reports of browsers that found a page breaking its policy."""

from __future__ import annotations

import json
import logging
import time

from flask import Blueprint, Flask, Response, request
from prometheus_client import Counter

from app.core.settings import Settings
from app.security.roles import Role, needs
from app.security.settings import SecuritySettings

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'; report-uri "
)

REPORT_BYTES = 16 * 1024
TELLING = ("document-uri", "effective-directive", "blocked-uri", "source-file")
LOGGED_PER_MINUTE = 10

REPORTS = Counter("dqmhub_csp_reports_total", "Reports of browsers that a page broke its content security policy.")
blueprint = Blueprint("security", __name__)


def fixed(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The headers that every answer with content carries."""
    headers = (
        ("Content-Security-Policy", f"{POLICY}{settings.url_prefix}/csp-report"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "private, no-cache"),  # a view may say better
    )
    return (*headers, ("Strict-Transport-Security", "max-age=31536000")) if settings.of(SecuritySettings).secure_cookies else headers


def init_app(app: Flask, settings: Settings) -> None:
    headers = fixed(settings)

    @app.after_request
    def seal(answer: Response) -> Response:
        if answer.status_code in (204, 304):  # without content these say nothing; polls are many
            answer.headers.remove("Content-Type")
            return answer
        for name, value in headers:
            answer.headers.setdefault(name, value)
        return answer

    app.register_blueprint(blueprint)


class _Minute:
    """How many reports this process has logged in the present minute."""

    start = 0.0
    logged = 0

    def has_room(self) -> bool:
        now = time.monotonic()
        if now - self.start > 60:
            self.start, self.logged = now, 0
        self.logged += 1
        return self.logged <= LOGGED_PER_MINUTE


_minute = _Minute()


@blueprint.post("/csp-report")
@needs(Role.PUBLIC)
def csp_report() -> Response:
    """Count what a browser reports, and log some of it."""
    request.max_content_length = REPORT_BYTES
    body = request.get_data()
    REPORTS.inc()
    if _minute.has_room():
        log.warning("a browser reports a page that broke its policy: %s", _summary(body))
    return Response(status=204)


def _summary(body: bytes) -> str:
    """The telling fields of a report, on one line and without what a log viewer could take for something else."""
    try:
        found = json.loads(body)["csp-report"]
        return ascii({name: str(found.get(name, ""))[:300] for name in TELLING})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "(not readable)"
