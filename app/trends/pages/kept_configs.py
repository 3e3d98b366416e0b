"""The page of the configurations that were made on pages."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.zones import DEFAULT_ZONE
from app.queue.store import enqueue
from app.security import Role, needs
from app.security.caller import current_user
from app.security.subsystems import check_may_edit, may_edit
from app.trends.configs.page_configs import page_config_history, remove
from app.trends.scan import READ_CONFIGS
from app.web import Problem, page
from app.web.clock import time_html
from app.web.frame import href

blueprint = Blueprint("trend_configs", __name__)

PATH = "/trends/configs"
FORM_BYTES = 16 * 1024
MAX_REASON = 500


@blueprint.get(PATH)
@needs(Role.VIEWER)
def list_configs() -> Response:
    """All configurations made on pages, also removed ones."""
    is_expert = current_user().role >= Role.EXPERT
    configs = [(config, is_expert and may_edit(config.subsystem)) for config in page_config_history()]
    return page("trends/configs.html", "trends/configs.html", configs=configs, tz=DEFAULT_ZONE, time=time_html)


@blueprint.post(f"{PATH}/remove")
@needs(Role.EXPERT)
def remove_config() -> AnyResponse:
    """Remove a configuration; its points stay."""
    request.max_content_length = FORM_BYTES
    subsystem, name, reason = (request.form.get(field, "").strip() for field in ("subsystem", "name", "reason"))
    check_may_edit(subsystem)
    if not 0 < len(reason) <= MAX_REASON:
        raise Problem(400, "A reason is needed", [("reason", f"Expected 1 to {MAX_REASON} characters")])
    if not remove(subsystem, name, reason=reason):
        raise Problem(404, f"No configuration {name[:200]} of {subsystem[:80]} was made on a page, or it is removed already")
    enqueue(READ_CONFIGS, "now")
    return redirect(href(PATH), 303)
