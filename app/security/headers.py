"""The security headers of each response, and the reports of browsers about violations of the content security policy."""

from __future__ import annotations

import json
import logging
import time

from flask import Blueprint, Flask, Response, request

from app.core.counter_metrics import CounterMetric
from app.core.settings import Settings
from app.security.roles import Role, needs
from app.security.settings import SecuritySettings

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'; report-uri "
)

IMAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
"""Policy of an image: a browser that shows it alone adds styles of its own, which `POLICY` would report as a violation."""

REPORT_BYTES = 16 * 1024
LOGGED_FIELDS = ("document-uri", "effective-directive", "blocked-uri", "source-file")
LOGGED_PER_MINUTE = 10

REPORTS = CounterMetric("dqmhub_csp_reports_total", "Reports of browsers about violations of the content security policy")
blueprint = Blueprint("security", __name__)


def common_headers(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The headers of each response that has content, but the content security policy."""
    headers = (
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "private, no-cache"),  # a view may set another one
    )
    return (*headers, ("Strict-Transport-Security", "max-age=31536000")) if settings.of(SecuritySettings).secure_cookies else headers


def init_app(app: Flask, settings: Settings) -> None:
    """Add the headers to each response, and the address for reports."""
    headers = common_headers(settings)

    @app.after_request
    def add_headers(response: Response) -> Response:
        if response.status_code in (204, 304):  # no content to protect, and polls are frequent
            response.headers.remove("Content-Type")
            return response
        if response.mimetype == "image/png":
            response.headers.setdefault("Content-Security-Policy", IMAGE_POLICY)
        response.headers.setdefault("Content-Security-Policy", f"{POLICY}{request.script_root}/csp-report")
        for name, value in headers:
            response.headers.setdefault(name, value)
        return response

    app.register_blueprint(blueprint)


class _LogLimit:
    """Bounds the reports that this process logs per minute."""

    start = 0.0
    logged = 0

    def allow(self) -> bool:
        now = time.monotonic()
        if now - self.start > 60:
            self.start, self.logged = now, 0
        self.logged += 1
        return self.logged <= LOGGED_PER_MINUTE


_log_limit = _LogLimit()


@blueprint.post("/csp-report")
@needs(Role.PUBLIC)
def csp_report() -> Response:
    """Count the report of a browser, and log it unless there were many in this minute."""
    request.max_content_length = REPORT_BYTES
    body = request.get_data()
    REPORTS.inc()
    if _log_limit.allow():
        log.warning("A browser reports a violation of the content security policy: %s", _summary(body))
    return Response(status=204)


def _summary(body: bytes) -> str:
    """The main fields of a report on one line, without control characters."""
    try:
        found = json.loads(body)["csp-report"]
        return ascii({name: str(found.get(name, ""))[:300] for name in LOGGED_FIELDS})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "(not readable)"
