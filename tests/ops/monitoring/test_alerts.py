"""The example alerts for Prometheus: each fires for its reason, after its time, and not otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.queue.periodic import PeriodicTaskState
from tests.ops.monitoring.promtool import ALERTS, promtool, write

END = "70m"
HUB = 'instance="hub1"'


class Case(NamedTuple):
    """What an alert is about.

    Attributes:
        bad: Series for which it fires; values as promtool writes them, one per minute.
        good: The same just before it would.
        labels: Of the alert that fires.
        summary: Of that alert.
        others: Further series for which it fires, with the same labels and summary.
    """

    bad: dict[str, str]
    good: dict[str, str]
    labels: dict[str, str]
    summary: str
    others: tuple[dict[str, str], ...] = ()


def constant(series: str, bad: float, good: float, labels: dict[str, str], summary: str) -> Case:
    """A case of one series that does not change."""
    return Case({series: f"{bad}x70"}, {series: f"{good}x70"}, labels, summary)


def statuses(failed: int, all_requests: int = 100, endpoint: str = "gui.index") -> dict[str, str]:
    """Requests each minute, so many of which fail."""
    labels = f'{HUB}, endpoint="{endpoint}", method="GET"'
    return {
        f'dqmhub_requests_total{{{labels}, status="200"}}': f"0+{all_requests - failed}x70",
        f'dqmhub_requests_total{{{labels}, status="503"}}': f"0+{failed}x70",
    }


def durations(fast: int, all_requests: int = 100, endpoint: str = "gui.index") -> dict[str, str]:
    """Requests each minute, so many of which take less than 2 s, and all less than 10 s."""
    buckets = {"2.0": fast, "10.0": all_requests, "+Inf": all_requests}
    labels = f'{HUB}, endpoint="{endpoint}"'
    return {f'dqmhub_request_seconds_bucket{{{labels}, le="{limit}"}}': f"0+{count}x70" for limit, count in buckets.items()}


def task(age: float) -> dict[str, str]:
    return {
        'dqmhub_periodic_task_age_seconds{task="grab"}': f"{age}x70",
        'dqmhub_periodic_task_period_seconds{task="grab"}': "30x70",
    }


def disk(free: float, size: float = 10e9, folder: str = "data") -> dict[str, str]:
    return {
        f'dqmhub_disk_free_bytes{{{HUB}, folder="{folder}"}}': f"{free}x70",
        f'dqmhub_disk_size_bytes{{{HUB}, folder="{folder}"}}': f"{size}x70",
    }


CASES = {
    "DqmhubDown": constant(
        f'up{{job="dqmhub", {HUB}}}', 0, 1, {"job": "dqmhub", "instance": "hub1"}, "The web server hub1 does not answer"
    ),
    "DqmhubServiceSilent": constant('dqmhub_processes{service="live"}', 0, 1, {"service": "live"}, "No process of the service live runs"),
    "DqmhubMetricsFailed": Case(
        {'dqmhub_metrics_failed{area="gui"}': "1x70"}, {}, {"area": "gui"}, "The metrics of the area gui fail, so its alerts cannot fire"
    ),
    "DqmhubVersionsMixed": Case(
        {'dqmhub_build_info{version="1"}': "1x70", 'dqmhub_build_info{version="2"}': "1x70"},
        {'dqmhub_build_info{version="1", instance="a"}': "1x70", 'dqmhub_build_info{version="1", instance="b"}': "1x70"},
        {},
        "Web servers of 2 versions run together",
    ),
    "DqmhubPeriodicTaskLate": Case(task(91), task(90), {"task": "grab"}, 'The periodic task "grab" last succeeded 1m 31s ago'),
    "DqmhubPeriodicTaskFailing": constant(
        'dqmhub_periodic_task_failures{task="grab"}', 5, 4, {"task": "grab"}, 'The periodic task "grab" failed 5 times in a row'
    ),
    "DqmhubQueueStuck": constant(
        'dqmhub_jobs_oldest_seconds{queue="bulk"}',
        660,
        600,
        {"queue": "bulk"},
        "A background job of the queue bulk has waited for 11m 0s, and none ends",
    ),
    "DqmhubJobsFailing": Case(
        {'dqmhub_jobs{queue="bulk", state="failed"}': "0+1x70"},
        {'dqmhub_jobs{queue="bulk", state="failed"}': "500x70", 'dqmhub_jobs{queue="bulk", state="done"}': "0+9x70"},
        {"queue": "bulk"},
        "60 background jobs of the queue bulk failed within an hour",
    ),
    "DqmhubErrors": Case(statuses(6), statuses(5), {"instance": "hub1"}, "6% of the requests to hub1 fail"),
    "DqmhubSlow": Case(
        durations(90) | durations(900, 900, "health.live"),
        durations(95),
        {"instance": "hub1"},
        "One request of twenty to hub1 takes longer than 6s",
    ),
    "DqmhubRenderDown": constant(f"dqmhub_render_up{{{HUB}}}", 0, 1, {"instance": "hub1"}, "The render service of hub1 draws no plots"),
    "DqmhubPlotsCrash": Case(
        {f'dqmhub_renders_total{{{HUB}, outcome="RenderCrashed"}}': "0+1x70"},
        {f'dqmhub_renders_total{{{HUB}, outcome="drawn"}}': "0+500x70"},
        {"instance": "hub1"},
        "15 plots ended a process of the render service within 15 minutes",
    ),
    "DqmhubDiskNearlyFull": Case(
        disk(0.9e9), disk(1.1e9), {"instance": "hub1", "folder": "data"}, "9% of the disk with the data of hub1 are free"
    ),
    "DqmhubDiskFull": Case(
        disk(0.25 * 2**30),
        disk(1.1e9),
        {"instance": "hub1", "folder": "data"},
        "256MiB are free on the disk with the data of hub1",
    ),
    "DqmhubBackupOld": Case(
        {"dqmhub_backup_age_seconds": "97200x70", "dqmhub_backup_max_age_seconds": "93600x70"},
        {"dqmhub_backup_age_seconds": "93600x70", "dqmhub_backup_max_age_seconds": "93600x70"},
        {},
        "The newest backup is 1d 3h 0m 0s old",
    ),
    "DqmhubBackupMissing": constant("dqmhub_backups", 0, 1, {}, "There is no backup"),
    "DqmhubBackupShrunk": constant(
        "dqmhub_backup_lost_rows",
        1500,
        0,
        {},
        "Backups have lost 1.5k rows in all; such a backup has less than half of the rows of the one before",
    ),
    "DqmhubClockSet": constant(f"dqmhub_clock_set_seconds{{{HUB}}}", -31, 30, {"instance": "hub1"}, "The clock of hub1 was set by 31 s"),
    "DqmhubMirrorBehind": Case(
        {'dqmhub_publish_mirror_lag_seconds{mirror="m"}': "301x70"},
        {'dqmhub_publish_mirror_lag_seconds{mirror="m"}': "300x70", 'dqmhub_publish_mirror_failures{mirror="m"}': "9x70"},
        {"mirror": "m"},
        "The public mirror m does not get what is published",
        ({'dqmhub_publish_mirror_failures{mirror="m"}': "10x70"},),
    ),
    "DqmhubHostSilent": constant(
        'dqmhub_square_host_failures{host="fu1"}', 10, 9, {"host": "fu1"}, "The P5 host fu1 failed to answer 10 times in a row"
    ),
    "DqmhubCertificateEnds": constant("dqmhub_square_certificate_days", 13, 14, {}, "The certificate for CMSWEB expires in 13 days"),
    "DqmhubNotificationsWait": constant(
        'dqmhub_notification_pending_seconds{channel="mail"}',
        960,
        900,
        {"channel": "mail"},
        "Notifications by mail have not been delivered for 16m 0s",
    ),
    "DqmhubAlarmRulesLate": constant("dqmhub_alarm_rules_age_seconds", 301, 300, {}, "Alarms on plots have not been judged for 5m 1s"),
    "DqmhubTransferDiskFull": constant(
        'dqmhub_transfer_disk_used_ratio{host="bu1", place="/ramdisk"}',
        0.95,
        0.9,
        {"host": "bu1", "place": "/ramdisk"},
        "95% of the disk /ramdisk of bu1 are used",
    ),
    "DqmhubTransferSilent": constant(
        'dqmhub_transfer_report_age_seconds{host="bu1", mode="bu"}',
        360,
        300,
        {"host": "bu1", "mode": "bu"},
        "The transfer bu on bu1 has not reported for 6m 0s",
    ),
    "DqmhubFilesNotDelivered": Case(
        {'dqmhub_transfer_gui_machine_reachable{gui_machine="gui1"}': "0x70"},
        {
            'dqmhub_transfer_gui_machine_reachable{gui_machine="gui1"}': "1x70",
            'dqmhub_transfer_gui_machine_failing{gui_machine="gui1"}': "0x70",
        },
        {"gui_machine": "gui1"},
        "The GUI machine gui1 gets no files",
        ({'dqmhub_transfer_gui_machine_failing{gui_machine="gui1"}': "1x70"},),
    ),
    "DqmhubJobSourceFailing": constant(
        'dqmhub_diary_source_failures{source="grid"}', 5, 4, {"source": "grid"}, "The job source grid failed 5 times in a row"
    ),
    "DqmhubRunFactsFailing": constant(
        'dqmhub_run_facts_failures{source="oms"}', 5, 4, {"source": "oms"}, "Facts of runs from oms have failed 5 times in a row"
    ),
}
ALSO_FIRING = {"DqmhubDiskFull": {"DqmhubDiskNearlyFull"}}
"""Alerts that fire with another one."""


def rules() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def a_test(series: dict[str, str], checks: list[dict[str, Any]]) -> dict[str, Any]:
    values = [{"series": name, "values": text} for name, text in series.items()]
    return {"interval": "1m", "input_series": values, "alert_rule_test": checks}


def none(alert: str, when: str = END) -> dict[str, Any]:
    return {"eval_time": when, "alertname": alert, "exp_alerts": []}


def fires(alert: str, rule: dict[str, Any], case: Case) -> dict[str, Any]:
    annotations = {"summary": case.summary, "action": rule["annotations"]["action"].replace("{{ $labels.", "{{").strip()}
    for name, value in case.labels.items():
        annotations["action"] = annotations["action"].replace(f"{{{{{name} }}}}", value)
    expected = {"exp_labels": case.labels | rule["labels"], "exp_annotations": annotations}
    return {"eval_time": END, "alertname": alert, "exp_alerts": [expected]}


def test_every_alert_is_tested() -> None:
    assert rules().keys() == CASES.keys()


def test_each_alert_fires_for_its_reason_after_its_time_and_no_other_does(tmp_path: Path) -> None:
    tests = []
    for alert, case in CASES.items():
        rule = rules()[alert]
        others = [none(other) for other in CASES if other != alert and other not in ALSO_FIRING.get(alert, set())]
        not_yet = [none(alert, "1m")] if "for" in rule else []
        tests += [a_test(series, [fires(alert, rule, case), *not_yet, *others]) for series in (case.bad, *case.others)]
    found = promtool("test", "rules", write(tmp_path / "tests.yml", {"rule_files": [str(ALERTS)], "tests": tests}), folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_no_alert_fires_just_below_its_limit(tmp_path: Path) -> None:
    series = {name: values for case in CASES.values() for name, values in case.good.items()}
    tests = [a_test(series, [none(alert) for alert in CASES])]
    found = promtool("test", "rules", write(tmp_path / "tests.yml", {"rule_files": [str(ALERTS)], "tests": tests}), folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


HARMLESS = {
    "the probes of a hub that is not ready fail, and all its pages are right": statuses(12, 12, "health.ready") | statuses(0),
    "one of few requests at night fails": statuses(1, 3),
    "each of two web servers counts the same 12 jobs that fail in an hour": {
        f'dqmhub_jobs{{queue="bulk", state="failed", instance="hub{number}"}}': " ".join(f"{minute // 5}" for minute in range(71))
        for number in (1, 2)
    },
    "a long import moves on": {
        'dqmhub_jobs_oldest_seconds{queue="bulk"}': "3600x70",
        'dqmhub_jobs{queue="bulk", state="done"}': "0+9x70",
        'dqmhub_jobs{queue="bulk", state="failed"}': "0x70",
    },
    "the disk of the backups has little space": disk(400e6, 3e9, "backups"),
    "a small disk has little space, and the hub stores": disk(400e6, 3e9),
}


def test_nobody_is_called_for_what_is_harmless(tmp_path: Path) -> None:
    tests = [a_test(series, [none(alert) for alert in CASES]) for series in HARMLESS.values()]
    found = promtool("test", "rules", write(tmp_path / "tests.yml", {"rule_files": [str(ALERTS)], "tests": tests}), folder=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_alert_says_what_to_do_and_how_urgent_it_is() -> None:
    for name, rule in rules().items():
        assert rule["labels"]["severity"] in ("page", "ticket"), name
        assert rule["annotations"].keys() == {"summary", "action"}, name


def test_labels_of_the_series_are_those_of_the_hub(client: FlaskClient, hub: Settings) -> None:
    PeriodicTaskState.create(name="grab", period_s=30, last_ok=1.0)
    client.get("/healthz/live")
    shown: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(dqmhub_\w+)(?:\{(.*)\})? \S+$", client.get("/metrics").text, re.M):
        shown[name] = set(re.findall(r'(\w+)="', labels))
    series = [name for case in CASES.values() for group in (case.bad, case.good, *case.others) for name in group]
    used = {text.partition("{")[0]: set(re.findall(r'(\w+)="', text)) - {"instance"} for text in series}
    assert {name: used[name] for name in used.keys() & shown.keys()} == {name: shown[name] for name in used.keys() & shown.keys()}
    assert used.keys() & shown.keys() >= {"dqmhub_periodic_task_age_seconds", "dqmhub_processes", "dqmhub_requests_total"}
