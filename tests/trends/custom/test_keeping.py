"""Keeping a requested trend as a configuration of its subsystem, and removing it."""

from __future__ import annotations

import re

import pytest

from app.queue.execution import attempt, claim
from app.queue.models import BackgroundJob
from app.security.models import Audit
from app.trends.configs.page_configs import used_page_configs
from app.trends.models import Trend
from app.trends.scan import READ_CONFIGS, read_configs
from tests.security.conftest import HOME
from tests.trends.conftest import FILES, Site
from tests.trends.custom.conftest import SignIn
from tests.trends.custom.test_requested import Compute, act, ask, words

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

V1, V2, NEXT_RUN, OTHER_ERA = FILES
FIELDS = {"subsystem": "DT", "name": "hits", "title": "Hits", "y_title": "Number of hits"}


def test_an_expert_keeps_a_trend_and_all_files_have_its_points(site: Site, signed_in: SignIn, compute: Compute) -> None:
    site.configure(n="basic.Count() DT/n")
    site.extract(*site.add(V2, NEXT_RUN, OTHER_ERA))
    expert = signed_in("expert:DT")
    address = ask(expert, runs="355555", histo1="DT/map").location
    compute()
    assert 'name="name" value="n_BinCount"' in expert.get(address).text
    assert act(expert, address, "keep", **FIELDS).status_code == 303
    (config,) = used_page_configs()
    assert (config.subsystem, config.name, config.metric, config.paths) == (
        "DT",
        "hits",
        "basic.BinCount(2)",
        {"main": "DT/n", "histo1": "DT/map"},
    )
    assert "Kept as DT/hits (page: expert-dt, 20" in words(expert.get(address))
    (job,) = BackgroundJob.select().where(BackgroundJob.kind == READ_CONFIGS)
    claimed = claim(job.id)
    assert claimed
    attempt(claimed, lambda _: read_configs(site.settings) and None)
    site.extract()
    assert '<a href="/trends/configs">all kept configurations</a>' in expert.get(address).text
    point = expert.get("/trends/point", query_string={"series": "DT/hits/ZeroBias/Run2022C-Express-v1", "run": 355555})
    assert '<a href="/trends/configs"><bdi>page: expert-dt, 20' in point.text
    assert {run: value for (name, run), value in site.points().items() if name == "hits"} == {355555: 200, 355556: 300, 355557: 400}


REFUSED: list[tuple[str, dict[str, str], int, str]] = [
    ("shifter", {}, 403, "Needs the role expert"),
    ("expert:Pixel", {}, 403, "Needs the role expert for DT"),
    ("expert", {"name": "n"}, 400, "The name n is taken: DT has a trend n in DT/a.ini:1"),
    ("expert", {"name": "a b"}, 400, "right would be letters, digits, _, + and -"),
    ("expert", {"name": ""}, 400, "is not usable"),
    ("expert", {"subsystem": "../x"}, 400, "The subsystem '../x' is not usable"),
    ("expert", {"y_title": " "}, 400, "has no yTitle"),
    ("expert", {"title": "x" * 201}, 400, "at most 200 characters"),
]


def test_what_cannot_be_kept_is_refused_with_the_reason(site: Site, signed_in: SignIn) -> None:
    site.configure(n="basic.Count() DT/n")
    site.extract(*site.add(V2))
    address = ask(signed_in("operator")).location
    for role, fields, status, problem in REFUSED:
        answer = act(signed_in(role), address, "keep", **FIELDS | fields)
        assert answer.status_code == status, fields
        assert problem in words(answer), fields
        assert used_page_configs() == [], fields


def test_an_expert_removes_a_kept_trend_with_a_reason(site: Site, signed_in: SignIn) -> None:
    site.register(*site.add(V2))
    expert = signed_in("expert:DT")
    act(expert, ask(expert).location, "keep", **FIELDS)
    read_configs(site.settings)
    assert 'aria-label="Remove DT/hits"' in expert.get("/trends/configs").text
    other = signed_in("expert:Pixel")
    assert 'aria-label="Remove DT/hits"' not in other.get("/trends/configs").text

    def remove(client: object, **fields: str) -> int:
        return client.post(
            "/trends/configs/remove", data={"subsystem": "DT", "name": "hits"} | fields, headers={"Origin": HOME}
        ).status_code

    assert (remove(other, reason="no"), remove(expert), remove(expert, reason="wrong bin"), remove(expert, reason="again")) == (
        403,
        400,
        303,
        404,
    )
    read_configs(site.settings)
    assert Trend.get(Trend.name == "hits").retired
    text = words(expert.get("/trends/configs"))
    assert "removed" in text
    assert "by expert-dt" in text
    assert Audit.select().where(Audit.action == "remove trend").get().reason == "wrong bin"


def test_an_expert_of_a_subsystem_named_unlike_its_folder_keeps_a_trend(site: Site, signed_in: SignIn) -> None:
    for subsystem, names in (("DTs", ("a", "b")), ("Muons", ("c",))):
        folder = site.settings.data / "trends" / subsystem
        folder.mkdir(parents=True)
        sections = [f"[plot:{name}]\nmetric = basic.Count()\nrelativePath = DT/n\nyTitle = y\n" for name in names]
        (folder / "a.ini").write_text("\n".join(sections))
    site.sync(*site.add(V2))
    address = ask(signed_in("shifter")).location

    def suggested(role: str) -> str | None:
        found = re.search(r'name="subsystem" value="([^"]*)"', signed_in(role).get(address).text)
        return found and found[1]

    assert suggested("expert") == "DTs", "two of the three trends of the folder are of it"
    assert suggested("expert:Muons") == "Muons", "the one that this expert may edit"
    assert suggested("expert:Pixel") == "Pixel", "another subsystem may have a trend of a folder, too"
    assert suggested("shifter") is None
    assert "Experts of DTs can keep it" in words(signed_in("shifter").get(address))
    assert act(signed_in("expert:Muons"), address, "keep", **FIELDS | {"subsystem": "Muons"}).status_code == 303
    assert [(config.subsystem, config.name) for config in used_page_configs()] == [("Muons", "hits")]
