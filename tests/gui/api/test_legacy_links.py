"""Links of both front ends of the legacy DQM GUI, which stand in e-logs and on GitHub, lead to the same folder or plot."""

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
        (f"{ONLINE.replace('filter=all', 'filter=alarms')};root=A;focus=;zoom=no", "/browse/367553/Global/Online/ALL/A?only=failing"),
        (f"{ONLINE};root=/A//B/;focus=//A/B//c/;zoom=yes", "/browse/367553/Global/Online/ALL/A/B?plot=A%2FB%2Fc"),
        ("runnr=abc;dataset=/A/B", "/?run=abc&dataset=%2FA%2FB"),
        ("", "/?run=&dataset="),
    ],
)
def test_link_leads_to_the_same_view(client: FlaskClient, query: str, target: str) -> None:
    answer = client.get(f"/start?{query}")
    assert (answer.status_code, answer.location) == (302, target)


@pytest.mark.parametrize("letters", [";", ";&=/"])
@pytest.mark.parametrize("separator", [";", "&"])
def test_link_whose_separators_were_encoded_on_the_way_leads_to_the_same_view(client: FlaskClient, letters: str, separator: str) -> None:
    link = f"{ONLINE};root=A%20b;focus=A%20b/c%2Bd;zoom=yes;".replace(";", separator)
    encoded = link.replace("%", "%25") if "=" in letters else link
    for letter in letters.replace(";", ";&"):
        encoded = encoded.replace(letter, f"%{ord(letter):02x}")
    assert client.get(f"/start?{encoded}", follow_redirects=False).location == f"/start?{link}"
    target = client.get(f"/start?{link}").location
    assert target == "/browse/367553/Global/Online/ALL/A%20b?plot=A%20b%2Fc%2Bd"


SAMPLE = "run_number=367553&dataset_name=/ZeroBias/Run2023C-PromptReco-v1/DQMIO"
OWN = "367553/ZeroBias/Run2023C-PromptReco-v1/DQMIO"
PLACE = "/browse/367553/ZeroBias/Run2023C-PromptReco-v1/DQMIO"


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (SAMPLE, PLACE),
        (f"{SAMPLE}&lumi=0&workspaces=Everything&folder_path=PixelPhase1/Tracks", f"{PLACE}/PixelPhase1/Tracks"),
        (f"{SAMPLE}&lumi=12&folder_path=", PLACE.replace("367553", "367553:12")),
        (
            f"{SAMPLE}&folder_path=A%20b&selected_plots=367553/ZeroBias/Run2023C-PromptReco-v1/DQMIO/A%20b/c%26367553/Other/a/b/A%20b/d&normalize=False",
            f"{PLACE}/A%20b?plot=A%20b%2Fc&norm=false",
        ),
        (
            f"{SAMPLE}&folder_path=A&selected_plots={OWN}/A/c%26{OWN}/B/d%26{OWN}/A/c%261/Other/a/b/A/e",
            f"{PLACE}/A?mark=A%2Fc&mark=B%2Fd&show=marked",
        ),
        (f"{SAMPLE}&folder_path=A&plot_search=charge&stats=false&error=true", f"{PLACE}/A?q=charge&stats=false&errors=true"),
        (f"{SAMPLE}&plot_search=charge.*%5B12%5D$", f"{PLACE}?q=%2Fcharge.%2A%5B12%5D%24%2F"),
        (f"{SAMPLE}&folder_path=A&selected_plots=1/Other/a/b/A/c", f"{PLACE}/A"),
        ("run_number=0&dataset_name=/Global/Online/ALL", "/browse/0/Global/Online/ALL"),
        ("search_run_number=3675&search_dataset_name=Zero", "/?run=3675&dataset=Zero"),
        ("run_number=367553", "/?run=367553&dataset="),
        ("run_number=x&dataset_name=/a", "/?run=x&dataset=%2Fa"),
    ],
)
def test_link_of_the_newer_front_end_leads_to_the_same_view(client: FlaskClient, query: str, target: str) -> None:
    answer = client.get(f"/?{query}")
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
