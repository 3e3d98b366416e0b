"""The pages of rules: everybody sees them, experts of the subsystem change them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.security import Role, accounts, tokens
from app.security.models import Audit
from app.trends.golden.store import store_golden
from app.trends.rules import store
from app.trends.rules.models import TrendRule
from tests.trends.rules.conftest import RULE, WatchedTrend
from tests.trends.rules.test_rules import FORM

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"


def signed_in(client: FlaskClient, name: str, role: Role, subsystems: str = "") -> FlaskClient:
    """The client with a token of a new account."""
    secret = tokens.make(accounts.add(name, role, PASSWORD, subsystems), "test", role, 1)[1]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def post(client: FlaskClient, path: str, **form: str) -> int:
    return client.post(path, data=form).status_code


def test_everybody_sees_rules_and_violations_and_viewers_cannot_change_them(client: FlaskClient, watched: WatchedTrend) -> None:
    store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    text = client.get("/trends/rules").text
    assert "charge is outside its band since run 355021" in text
    assert 'href="/trends/chart?series=DT/charge/StreamExpress/Express&amp;runs=355001-355023&amp;band=355001-355020&amp;sigma=3"' in text
    assert "Experts can add and change rules" in text
    assert 'action="/trends/rules/' not in text
    assert post(client, "/trends/rules/new", **FORM) == 303, "to the sign-in page"
    assert TrendRule.select().count() == 1


def test_without_rules_the_page_says_so(client: FlaskClient, watched: WatchedTrend) -> None:
    assert "There are no rules yet" in client.get("/trends/rules").text


def test_an_expert_of_the_subsystem_adds_changes_switches_and_deletes_a_rule(client: FlaskClient, watched: WatchedTrend) -> None:
    expert = signed_in(client, "dora", Role.EXPERT, "DT")
    assert post(expert, "/trends/rules/new", **FORM) == 303
    rule = TrendRule.get()
    assert (rule.names, rule.sigmas, rule.user, rule.enabled) == ("charge*", 2.5, "dora", True)
    text = expert.get(f"/trends/rules/{rule.id}").text
    assert 'value="355001-355020"' in text
    assert post(expert, f"/trends/rules/{rule.id}", **{**FORM, "sigma": "4", "version": "1"}) == 303
    assert TrendRule.get().sigmas == 4
    assert post(expert, f"/trends/rules/{rule.id}", **{**FORM, "sigma": "5", "version": "1"}) == 409
    assert post(expert, f"/trends/rules/{rule.id}/switch", on="0") == 303
    assert not TrendRule.get().enabled
    assert post(expert, f"/trends/rules/{rule.id}/switch", on="1") == 303
    assert post(expert, f"/trends/rules/{rule.id}/delete") == 303
    assert "charge*" not in expert.get("/trends/rules").text
    assert expert.get(f"/trends/rules/{rule.id}").status_code == 404
    actions = [row.action for row in Audit.select().where(Audit.user == "dora", Audit.target == f"rule {rule.id}").order_by(Audit.id)]
    assert actions == ["add trend rule", "change trend rule", "switch off trend rule", "switch on trend rule", "delete trend rule"]


def test_an_expert_of_another_subsystem_cannot_change_a_rule(client: FlaskClient, watched: WatchedTrend) -> None:
    rule = store.add_rule(RULE, "alice")
    other = signed_in(client, "pia", Role.EXPERT, "Pixel")
    assert "by experts of DT" in other.get("/trends/rules").text
    assert other.get(f"/trends/rules/{rule.id}").status_code == 403
    for path in (f"/trends/rules/{rule.id}", f"/trends/rules/{rule.id}/switch", f"/trends/rules/{rule.id}/delete", "/trends/rules/new"):
        assert post(other, path, **FORM) == 403
    assert TrendRule.get().version == 1
    mine = store.add_rule(RULE._replace(subsystem="Pixel"), "pia")
    assert post(other, f"/trends/rules/{mine.id}", **{**FORM, "version": "1"}) == 403, "it would become a rule of DT"


def test_wrong_fields_are_named_and_the_form_keeps_what_was_typed(client: FlaskClient, watched: WatchedTrend) -> None:
    expert = signed_in(client, "olga", Role.OPERATOR)
    form = {**FORM, "band": "latest:50", "note": "half a <b>note"}
    answer = expert.post("/trends/rules/new", data=form)
    assert answer.status_code == 400
    assert "<b>Reference runs</b>" in answer.text
    assert "half a &lt;b&gt;note" in answer.text
    assert not TrendRule.select().count()


def test_a_golden_json_of_reference_runs_must_exist_and_is_kept_by_its_whole_hash(client: FlaskClient, watched: WatchedTrend) -> None:
    expert = signed_in(client, "olga", Role.OPERATOR)
    digest = store_golden(b'{"355001": [[1, 50]]}').hash
    refused = expert.post("/trends/rules/new", data={**FORM, "band": f"golden:{'0' * 12}"})
    assert (refused.status_code, "There is no golden JSON" in refused.text) == (400, True)
    assert expert.post("/trends/rules/new", data={**FORM, "band": f"golden:{digest[:12]}"}).status_code == 303
    assert [rule.reference for rule in TrendRule.select()] == [f"golden:{digest}"]


def test_a_new_rule_can_be_prepared_by_an_address(client: FlaskClient, watched: WatchedTrend) -> None:
    expert = signed_in(client, "olga", Role.OPERATOR)
    text = expert.get("/trends/rules/new?subsystem=DT&pd=StreamExpress&ps=Express&names=charge&band=355001-355020&sigma=2&x=1").text
    for value in ("DT", "StreamExpress", "Express", "charge", "355001-355020", "2"):
        assert f'value="{value}"' in text
