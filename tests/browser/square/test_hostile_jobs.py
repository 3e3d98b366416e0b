"""Jobs with hostile texts in every field."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from app.core.counters import advance
from app.core.database import proxy
from app.square.models import Acknowledgement, Host, HostStatus, Job, Log, Run
from app.square.systems import SYSTEMS
from tests.browser.pages import Watch
from tests.square import data

pytestmark = pytest.mark.slow


def hostile_texts() -> list[str]:
    """Texts that would be executed if they were not escaped."""
    hurt = "window.hurt=1"
    plain = [
        f"<script>{hurt}</script>",
        f"<img src=x onerror={hurt}>",
        f'"><svg onload={hurt}>',
        f"' onmouseover='{hurt}",
        f'" autofocus onfocus="{hurt}',
        f"javascript:{hurt}",
        f"</title><script>{hurt}</script>",
        f"</textarea><img src=x onerror={hurt}>",
        f"<iframe srcdoc='<script>parent.{hurt}</script>'>",
        f"{{{{ {hurt} }}}}",
        f"{{% {hurt} %}}",
        f"<div hx-get=/status hx-trigger=load hx-on::load='{hurt}'>",
        '" hx-get="/status" hx-trigger="load" x="',
        f"' hx-vals='js:{{a:{hurt}}}'",
        '<div hx-swap-oob="true" id="situation">gone</div>',
        "<meta http-equiv=refresh content=0;url=/status>",
        "<base href=//x.invalid/>",
        f"<style>@import '//x.invalid'</style><b style=color:red onclick={hurt}>",
        "\x1b[31mred\x1b]8;;javascript:x\x07link",
        "\u202egnp.exe",
        "../../etc/passwd",
        "a/b?c#d&e=f;g",
        "=HYPERLINK(1)",
        "%00%3Cscript%3E",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "\\u003cscript\\u003e",
        f"<math><mi xlink:href='javascript:{hurt}'>",
        f"<a href=javascript:{hurt}>click</a>",
    ]
    return [f"{text}{number}" for number, text in enumerate(plain)]


def add_hostile_jobs(texts: list[str]) -> list[str]:
    """Add playback jobs whose every field is one of the texts, and return their keys."""
    system, now = SYSTEMS[1], time.time()
    with proxy.atomic():
        version = advance(system)
        for at, text in enumerate(texts):
            ours = {"system": system, "key": f"{text} key", "run": 7, "tag": text, "host": text, "version": version}
            Job.create(**ours, pid=at, exit_code=None if at % 2 else 65, cmssw=text, runkey=text, path=text, started=now, reported=now)
            Log.create(
                system=system,
                key=ours["key"],
                received=now,
                version=version,
                body=data.pack_json({"stdlog_start": [text + "\n"], "stdlog_end": [text]}),
            )
            body = {"cmdline": [text], text: text, "extra": {"lumi_seen": {"lumi000001": text}, "environ": {text: text}}}
            data.document(ours["key"], body, ours, version)
            Acknowledgement.create(system=system, key=ours["key"], user=text, at=now, note=text, version=version)
            Host.create(system=system, name=text, role="fu", last_ok=now, last_error=now, failures=at % 3, error=text, version=version)
            HostStatus.create(system=system, name=text, up=False, message=text, first=now, last=now, version=version)
        Run.create(system=system, run=7, first=now, last=now, jobs=len(texts), runkey=texts[0], cmssw=texts[1], version=version)
        row = {"id": texts[2], "run": 7, "hostname": texts[3], "global_start_epoch": now}
        points = {"lumis": [1], "mtimes": [now + 40], "ctimes": [now], "evt_processed": [1], "evt_accepted": [1], "fsize": [1]}
        data.graph(row | {"stream_data": dict.fromkeys(texts, points)}, version, system)
    return [f"{text} key" for text in texts]


def test_hostile_texts_in_every_field_are_shown_as_text(page: Page, watch: Watch) -> None:
    before = csp_reports(page)
    texts = hostile_texts()
    keys = add_hostile_jobs(texts)
    assert len(set(keys)) == len(texts)
    page.goto("/square?system=playback")
    shown = page.locator(".jobs th[scope=row] bdi").evaluate_all("all => all.map(one => one.textContent)")
    assert set(texts) <= set(shown)
    expect(page.locator("[data-chart=delivery] .u-legend .u-series")).to_have_count(1 + len(texts))
    expect(page.locator("#situation")).to_be_visible()
    for view in ("/square/timeline?system=playback", "/square/runs/7?system=playback"):
        page.goto(view)
        expect(page.locator("main")).to_contain_text("<script>window.hurt=1</script>0")
    links = page.locator(".jobs th[scope=row] a.stop").evaluate_all("all => all.map(one => one.href)")
    assert len(links) == len(texts)
    for link in links[::3]:
        page.goto(link)
        expect(page.locator("#raw-title")).to_be_visible()
        page.get_by_role("link", name="Log", exact=True).click()
        expect(page.locator(".log li").first).to_be_visible()
    page.goto("/square/runs/7/delivery.svg?system=playback")
    page.goto("/square?system=playback")
    page.wait_for_timeout(2500)
    assert csp_reports(page) == before, "the browser had to block nothing"


def csp_reports(page: Page) -> float:
    text = page.request.get("/metrics").text()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("dqmhub_csp_reports_total"))
