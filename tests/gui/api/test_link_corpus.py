"""Links of the legacy DQM GUI in all their forms are answered by a page that shows the monitor element, folder or search they name.

The first three stand in public e-logs and issues; the others have the same forms with other values.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pytest
import uproot
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.files import register
from app.gui.files.entries import Entry

pytestmark = pytest.mark.slow

ONLINE, EXPRESS, PROMPT = "/Global/Online/ALL", "/StreamExpress/Run2017A-Express-v1/DQMIO", "/ZeroBias/Run2017A-PromptReco-v1/DQMIO"
MAP, BAD, PT, ETA = (
    "Info/EventInfo/reportSummaryMap",
    "Hcal/RawTask/BadQ_FEDvsLSmod60/BadQ_FEDvsLSmod60",
    "Tracking/TrackParameters/pt & charge, 1+1",
    "Tracking/TrackParameters/eta",
)
SAMPLES = [(327802, ONLINE), (327803, ONLINE), (0, ONLINE), (284036, EXPRESS), (284036, PROMPT)]

CLASSIC = (
    "dataset=/Global/Online/ALL;sampletype=online_data;filter=all;referencepos=overlay;referenceshow=all;referenceobj1=refobj;"
    "striptype=object"
)
FOCUS = f"workspace=Info;size=M;root=Quick%20collection;focus={MAP};zoom=yes;"
QUOTED = "Tracking/TrackParameters/pt%20%26%20charge%2C%201%2B1"
NEWER = f"run_number=284036&dataset_name={EXPRESS}"
TRACKS = "folder_path=Tracking/TrackParameters"
LOCAL = f"{NEWER}&folders_path=Tracking/TrackParameters&plot_name=eta"
TWICE = QUOTED.replace("%", "%25")  # the newer front end encodes its lists twice

PLOTS = [
    (f"/online/start?runnr=327802;{CLASSIC};{FOCUS}", MAP),
    (
        f"/online-playback/start?runnr=0;dataset=/Global/Online/ALL;workspace=Everything;root=00%20Shift/Errors;focus={BAD};zoom=yes;",
        BAD,
    ),
    (f"/start?runnr=327802;{CLASSIC};{FOCUS}", MAP),
    (f"/dqm/online/start?runnr=327802;{CLASSIC};{FOCUS}", MAP),
    (f"/dqm/offline-test/start?runnr=284036;dataset={EXPRESS};root=Tracking;focus={QUOTED};zoom=yes", PT),
    (f"/offline/start?runnr=284036&dataset={EXPRESS}&root=Tracking&focus={QUOTED}&zoom=yes", PT),
    (f"/offline/start?runnr=284036;dataset={EXPRESS};sampletype=offline_data;size=XL;root=Tracking;focus={ETA};zoom=yes;", ETA),
    (f"/relval/start?runnr=284036;dataset={PROMPT};search=nothing;root=;focus={ETA};zoom=yes", ETA),
    (f"/online/start?runnr=327802;{CLASSIC};workspace=Everything;root=Everything;focus={BAD};zoom=yes;", BAD),
    (f"/dev/start?runnr=327802;dataset=/Global/Online/ALL;focus={BAD}", BAD),
    (f"/?{NEWER}&{TRACKS}&selected_plots=284036{EXPRESS}/Tracking/TrackParameters/eta", ETA),
    (f"/dqm/offline-test-new/?{NEWER}&{TRACKS}&selected_plots=284036{EXPRESS}/Tracking/TrackParameters/eta", ETA),
    (f"/online-new/?run_number=0&dataset_name={ONLINE}&folder_path=Info/EventInfo&selected_plots=0{ONLINE}/{MAP}", MAP),
    (f"/?{NEWER}&{TRACKS}&selected_plots=284036{EXPRESS}/{TWICE}&stats=false", PT),
    (f"/?{NEWER}&{TRACKS}&overlay=overlay&overlay_data=284036{PROMPT}/prompt&selected_plots=284036{EXPRESS}/{ETA}", ETA),
    (f"/?{NEWER}&{TRACKS}&overlay=onSide&overlay_data=284036{PROMPT}/284036&selected_plots=284036{EXPRESS}/{ETA}", ETA),
    (f"/plotsLocalOverlay/?{LOCAL}", ETA),
    (f"/plotsLocalOverlay?{LOCAL}&ref=ratiooverlay&overlayPlots={TWICE}/reflabel%3DpT", ETA),
    (f"/dqm/offline-test-new/plotsLocalOverlay/?{LOCAL}&overlaidGlobally=284036{PROMPT}/{ETA}/prompt&size=fill", ETA),
    (f"/plotsLocalOverlay/?{LOCAL}&xtype=log&xmin=0.1&drawopts=hist&normalize=false&error=true", ETA),
]
"""Links to a plot, and its path."""

TOP, TRACKING, PARAMETERS = {"Hcal", "Info", "Tracking"}, {"TrackParameters"}, {"eta", "pt & charge, 1+1"}
FOLDERS = [
    (f"/offline/start?runnr=284036;dataset={EXPRESS};workspace=Everything;root=Tracking;size=M;", TRACKING),
    (f"/start?runnr=284036;dataset={EXPRESS};root=Tracking/TrackParameters;size=XS;", PARAMETERS),
    (f"/start?runnr=284036;dataset={EXPRESS};root=;focus={ETA};zoom=no;", PARAMETERS),
    (f"/start?runnr=284036;dataset={EXPRESS}", TOP),
    (f"/online/start?runnr=0;dataset={ONLINE};sampletype=live;root=Everything;zoom=no", TOP),
    (f"/online/start?runnr=327802;{CLASSIC};workspace=Hcal;root=Quick%20collection;focus=;zoom=no;", TOP),
    (f"/offline/start?runnr=284036;dataset={EXPRESS};search=eta;root=;zoom=no", {"eta"}),
    (f"/?{NEWER}", TOP),
    (f"/?{NEWER}&folder_path=Tracking&workspaces=Everything", TRACKING),
    (f"/?{NEWER}&{TRACKS}&plot_search=eta", {"eta"}),
    (f"/?{NEWER}&{TRACKS}&overlay=stacked&overlay_data=284036{PROMPT}/prompt%26284036{EXPRESS}/again&normalize=false", PARAMETERS),
    (f"/online-playback-new/?run_number=327802&dataset_name={ONLINE}&folder_path=Info&lumi=0", {"EventInfo"}),
]
"""Links to a folder or search, and the names in it."""

SEARCHES = [
    ("/start?runnr=327802", [(327802, ONLINE)]),
    ("/?search_run_number=3278&search_dataset_name=Online", [(327802, ONLINE), (327803, ONLINE)]),
    ("/?run_number=284036", [(284036, EXPRESS), (284036, PROMPT)]),
    (f"/plotsLocalOverlay/?dataset_name={ONLINE}", [(0, ONLINE), (327802, ONLINE), (327803, ONLINE)]),
]
"""Links that name no sample, and the samples that the search finds."""

PICTURES = [
    f"/plotfairy/archive/327802{ONLINE}/{MAP}?session=abc;v=1;w=266;h=200",
    f"/online/plotfairy/archive/327802{ONLINE}/{MAP}?w=266;h=200",
    f"/dqm/offline/plotfairy/archive/284036{EXPRESS}/{QUOTED}?w=266&h=200&showstats=0",
    f"/plotfairy/overlay?obj=archive%2F327802%2FGlobal%2FOnline%2FALL%2F{MAP};obj=archive%2F327803%2FGlobal%2FOnline%2FALL%2F{MAP};w=266;h=200",
    f"/offline/plotfairy/overlay?obj=archive%2F284036{EXPRESS}%2F{ETA};obj=archive%2F284036{PROMPT}%2F{ETA};ref=ratiooverlay;w=266;h=200",
    f"/plotfairy/overlay?obj=archive/284036{EXPRESS}/{ETA};obj=archive/284036{PROMPT}/{ETA};ref=stacked;norm=False;reflabel=prompt;w=266;h=200",
]


def file_of(folder: Path, run: int, dataset: str) -> Path:
    return folder / f"DQM_V0001_R{run:09}__{'__'.join(dataset.strip('/').split('/'))}.root"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the samples."""
    folder = tmp_path_factory.mktemp("samples")
    for run, dataset in SAMPLES:
        with uproot.recreate(file_of(folder, run, dataset)) as file:
            for name in (MAP, BAD, PT, ETA):
                subsystem, rest = name.split("/", 1)
                file[f"DQMData/Run {run or 367000}/{subsystem}/Run summary/{rest}"] = np.histogram([1.0, 2.0, 2.0], 10)
    return folder


@pytest.fixture
def hub(hub: Settings, files: Path) -> Settings:
    """A hub with the samples of the links."""
    folder = Path(shutil.copytree(files, hub.data / "demo"))
    for run, dataset in SAMPLES:
        register.register([Entry(dataset, run, 0, str(file_of(folder, run, dataset)), "tdirectory")])
    return hub


def opened(client: FlaskClient, link: str) -> str:
    """The page at the end of a link."""
    answer = client.get(link, follow_redirects=True)
    assert answer.status_code == 200, f"{answer.status_code} {answer.request.url}\n{answer.text}"
    return answer.text


@pytest.mark.parametrize(("link", "path"), PLOTS)
def test_a_link_to_a_plot_shows_it_large(client: FlaskClient, link: str, path: str) -> None:
    page = opened(client, link)
    assert f'<dt>Path</dt><dd class="path"><bdi>{html.escape(path)}' in page
    assert 'class="plot plot-large"' in page


def test_a_link_to_several_plots_shows_them_side_by_side(client: FlaskClient) -> None:
    selected = f"284036{EXPRESS}/{TWICE}%26284036{EXPRESS}/{ETA}"
    page = opened(client, f"/dqm/offline-test-new/?{NEWER}&{TRACKS}&selected_plots={selected}&stats=false")
    found = re.findall(r'class="plot[^"]*"[^>]*src="/api/v1/render/284036[^"?]*/DQMIO/([^"?]*)\?[^"]*stats=false', page)
    assert [unquote(path) for path in found] == [PT, ETA]


def test_a_link_to_a_plot_drawn_by_jsroot_leads_to_the_interactive_plot(client: FlaskClient) -> None:
    for drawn, state in (("true", "on"), ("false", "")):
        page = opened(client, f"/plotsLocalOverlay/?{LOCAL}&overlayPlots={TWICE}/reflabel%3DpT&jsroot={drawn}")
        assert re.findall(r'data-interactive-state="([^"]*)"', page) == [state]


@pytest.mark.parametrize(("link", "names"), FOLDERS)
def test_a_link_to_a_folder_lists_what_is_in_it_and_nothing_else(client: FlaskClient, link: str, names: set[str]) -> None:
    found = re.findall(r'class="name"[^>]*>([^<]*)<', opened(client, link))
    assert {html.unescape(name) for name in found} == names


@pytest.mark.parametrize(("link", "samples"), SEARCHES)
def test_a_link_without_a_sample_leads_to_a_search_that_finds_these_alone(
    client: FlaskClient, link: str, samples: list[tuple[int, str]]
) -> None:
    rows = re.findall(r'<li><a class="stop" href="/browse/(\d+)(/[^"]*)">([^<]*)</a>', opened(client, link))
    assert sorted((int(run), dataset) for run, _, dataset in rows) == sorted(samples)
    assert all(place == dataset for _, place, dataset in rows)


def test_a_link_that_names_nothing_leads_to_the_latest_runs(client: FlaskClient) -> None:
    rows = re.findall(r'<li><a class="stop" href="/browse/(\d+)/[^"]*">([^<]*)</a>', opened(client, "/online/start?workspace=Summary"))
    assert {(int(run), dataset) for run, dataset in rows} >= set(SAMPLES)


@pytest.mark.parametrize("link", PICTURES)
def test_a_link_to_a_picture_is_answered_by_one(client: FlaskClient, link: str) -> None:
    answer = client.get(link, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("link", "references"),
    [
        (
            f"/start?runnr=327802;dataset={ONLINE};referencepos=on-side;referenceobj1=other:327803::before:0.05;focus={MAP}",
            "ref=327803&label1=before&compare=side",
        ),
        (
            f"/start?runnr=284036;dataset={EXPRESS};referencepos=ratiooverlay;referencenorm=False;referenceobj1=refobj;"
            f"referenceobj2=other::{PROMPT}::;referenceobj3=none;focus={ETA}",
            "norm=false&ref=%2FZeroBias%2FRun2017A-PromptReco-v1%2FDQMIO&compare=ratiooverlay",
        ),
        (f"/start?runnr=327802;dataset={ONLINE};referenceshow=none;referenceobj1=other:327803::x:;focus={MAP}", ""),
        (
            f"/?{NEWER}&overlay=stacked&overlay_data=284036{PROMPT}/a%26327802{ONLINE}/327802",
            f"ref=284036{PROMPT}&label1=a&ref=327802{ONLINE}&compare=stacked",
        ),
        (f"/plotsLocalOverlay?{LOCAL}&overlayPlots={TWICE}/reflabel%3Dp%20t", f"ref=//{QUOTED}&label1=p%20t"),
    ],
)
def test_the_references_of_a_link_are_kept(client: FlaskClient, link: str, references: str) -> None:
    address = client.get(link).location
    assert references.replace("/", "%2F") in address
    assert ("ref=" in address) == bool(references)


@pytest.mark.parametrize(
    ("link", "references"),
    [
        (f"/?{NEWER}&overlay_data=x%265{PROMPT}/lab", [("ref", f"5{PROMPT}"), ("label1", "lab")]),
        (f"/?{NEWER}&overlay_data=x%26y%26z", []),
        (f"/?{NEWER}&overlay_data=5//Run2017A/DQMIO/a%266{PROMPT}/b", [("ref", f"6{PROMPT}"), ("label1", "b")]),
        (f"/plotsLocalOverlay?{LOCAL}&overlayPlots=/reflabel%3Dx", []),
        (f"/plotsLocalOverlay?{LOCAL}&overlayPlots=/reflabel%3Dx%26{MAP}/reflabel%3Dmap", [("ref", f"//{MAP}"), ("label1", "map")]),
        (
            f"/plotsLocalOverlay?{LOCAL}&overlayPlots=/reflabel%3Dx&overlaidGlobally=%26x%26284036{PROMPT}/{ETA}/prompt",
            [("ref", f"284036{PROMPT}/{ETA}"), ("label1", "prompt")],
        ),
        (
            f"/?{NEWER}&overlay_data={'x%26' * 9}{'%26'.join(f'{run}{PROMPT}/{run}' for run in range(1, 11))}",
            [("ref", f"{run}{PROMPT}") for run in range(1, 10)],
        ),
        (
            f"/start?runnr=327802;dataset={ONLINE};referenceobj1=other:x:y:bad:;referenceobj2=other:5::good:",
            [("ref", "5"), ("label1", "good")],
        ),
    ],
)
def test_an_unusable_reference_of_a_link_is_left_out_and_the_others_keep_their_labels(
    client: FlaskClient, link: str, references: list[tuple[str, str]]
) -> None:
    address = client.get(link).location
    found = [(name, value) for name, value in parse_qsl(urlsplit(address).query) if name.startswith(("ref", "label"))]
    assert found == references
    opened(client, address)


@pytest.mark.parametrize("link", ["/session/abc123/state", "/online/session/DQMxyz", "/dqm/offline/session/1/2"])
def test_the_address_of_a_session_says_what_it_cannot_know(client: FlaskClient, link: str) -> None:
    answer = client.get(link, follow_redirects=True)
    assert answer.status_code == 410
    assert "Run, dataset and plot were known to its server alone" in answer.text
