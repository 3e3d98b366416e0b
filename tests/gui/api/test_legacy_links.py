"""Links of the legacy DQM GUI ("Link Me"), which stand in e-logs and on GitHub, lead to the same folder or plot."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

ONLINE = "runnr=367553;dataset=/Global/Online/ALL;sampletype=online_data;filter=all;referencepos=overlay;referenceshow=customise"
"""The beginning of a link in a public pull request."""


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (
            f"{ONLINE};workspace=PixelPhase1;size=M;root=Quick%20collection;focus=PixelPhase1/Tracks/charge_PXBarrel;zoom=yes;",
            "/browse/367553/Global/Online/ALL/PixelPhase1/Tracks?plot=PixelPhase1%2FTracks%2Fcharge_PXBarrel",
        ),
        (
            f"{ONLINE};workspace=Everything;size=XL;root=Ecal%20Barrel/Raw;focus=;zoom=no;",
            "/browse/367553/Global/Online/ALL/Ecal%20Barrel/Raw?size=xl",
        ),
        (f"{ONLINE};size=M;root=EcalBarrel;focus=EcalBarrel/A/B;zoom=no;", "/browse/367553/Global/Online/ALL/EcalBarrel"),
        (f"{ONLINE};workspace=Everything;size=M;root=Everything;focus=;zoom=no;", "/browse/367553/Global/Online/ALL"),
        (f"{ONLINE};search=charge;root=PixelPhase1;focus=;zoom=no;", "/browse/367553/Global/Online/ALL/PixelPhase1?q=charge"),
        (
            "runnr=355557&dataset=/ZeroBias/Run2022C-PromptReco-v1/DQMIO&workspace=Everything&root=A&focus=A/b%2Bc&zoom=yes",
            "/browse/355557/ZeroBias/Run2022C-PromptReco-v1/DQMIO/A?plot=A%2Fb%2Bc",
        ),
        ("runnr=367553;sampletype=online_data", "/?run=367553&dataset="),
        ("runnr=abc;dataset=/A/B", "/?run=abc&dataset=%2FA%2FB"),
        ("", "/?run=&dataset="),
    ],
)
def test_link_leads_to_the_same_view(client: FlaskClient, query: str, target: str) -> None:
    answer = client.get(f"/start?{query}")
    assert (answer.status_code, answer.location) == (302, target)


def test_link_to_a_plot_of_a_known_sample_shows_it(client: FlaskClient) -> None:
    dataset = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
    elements = client.get(f"/api/v1/archive/367129{dataset}/PixelPhase1/EventInfo").json["data"]
    path = next(item["path"] for item in elements if "path" in item)
    answer = client.get(f"/start?runnr=367129;dataset={dataset};root=PixelPhase1;focus={path};zoom=yes;", follow_redirects=True)
    assert answer.status_code == 200
    assert path.rpartition("/")[2] in answer.text


@pytest.mark.parametrize("value", ["%FF%FE", "../../etc", "a//b", "%2F%2Fevil.example", "%0d%0aX:y"])
def test_link_never_leads_to_another_site(client: FlaskClient, value: str) -> None:
    for query in (f"{ONLINE};root={value}", f"{ONLINE};focus={value}", f"runnr={value};dataset={value}"):
        answer = client.get(f"/start?{query}")
        assert answer.status_code == 302
        assert answer.location.startswith(("/browse/367553/Global/Online/ALL", "/?run="))
