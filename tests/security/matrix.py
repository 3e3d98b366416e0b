"""The least role of every route: what each page may show and do, decided here once and checked against the application.

`POST` and `GET` of one address are two endpoints, so each has its own row.
"""

from __future__ import annotations

from app.security import Role

LEAST_ROLE = {
    "static": Role.PUBLIC,
    "security.csp_report": Role.PUBLIC,
    "account.sign_in": Role.PUBLIC,
    "account.sign_in_now": Role.PUBLIC,
    "account.sign_out": Role.PUBLIC,
    "account.password": Role.VIEWER,
    "account.password_now": Role.VIEWER,
    "account.audit_log": Role.ADMIN,
    "home.index": Role.VIEWER,
    "home.help_page": Role.VIEWER,
    "home.help_topic": Role.VIEWER,
    "home.report": Role.VIEWER,
    "openapi.openapi": Role.PUBLIC,
    "gui.browse": Role.VIEWER,
    "gui.read_again": Role.SHIFTER,
    "gui_api.list_samples": Role.VIEWER,
    "gui_api.archive": Role.VIEWER,
    "gui_api.render": Role.VIEWER,
    "gui_api.json": Role.VIEWER,
    "gui_api.lumis": Role.VIEWER,
    "gui_api.datasets": Role.VIEWER,
    "gui_api.latest_runs": Role.VIEWER,
    "gui_api.host": Role.VIEWER,
    "files.files_page": Role.VIEWER,
    "files.list_files": Role.VIEWER,
    "files.content": Role.SHIFTER,  # a whole file is much to send, and keeps a thread busy
    "gui_overlay.render_overlay": Role.VIEWER,
    "gui_overlay.json_overlay": Role.VIEWER,
    "gui_legacy.list_samples": Role.VIEWER,
    "gui_legacy.archive": Role.VIEWER,
    "gui_legacy.plot": Role.VIEWER,
    "gui_legacy.plot_overlay": Role.VIEWER,
    "gui_legacy.me_json": Role.VIEWER,
    "gui_legacy.json_overlay": Role.VIEWER,
    "square.live": Role.VIEWER,
    "square.run_page": Role.VIEWER,
    "square_figures.run_chart": Role.VIEWER,
    "square_figures.statistics": Role.VIEWER,
    "square_api.list_runs": Role.VIEWER,
    "square_api.one_run": Role.VIEWER,
    "square_api.run_files": Role.VIEWER,
    "square_api.job": Role.VIEWER,
    "square_api.log": Role.VIEWER,
    "square_api.hosts": Role.VIEWER,
    "square_legacy.api": Role.VIEWER,
    "square_legacy.timeline": Role.VIEWER,
    "square_timeline.timeline": Role.VIEWER,
    "square_job.job_page": Role.VIEWER,
    "square_job.job_chart": Role.VIEWER,
    "square_job.acknowledge": Role.SHIFTER,
    "square_job.log_page": Role.VIEWER,
    "square_job.log_text": Role.VIEWER,
    "gui_api.register": Role.PUBLIC,  # trusted networks need no account; the view asks all others for the role operator
    "status.live": Role.PUBLIC,
    "status.ready": Role.PUBLIC,
    "status.metric_text": Role.VIEWER,
    "status.status": Role.VIEWER,
    "status.release": Role.OPERATOR,
}
