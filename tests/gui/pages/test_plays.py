"""Slide shows of one plot through the runs of its dataset and the lumisections of its run."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

from flask.testing import FlaskClient

from app.gui.demo.make import LUMISECTIONS
from tests.gui.pages.pages import HTMX, ZERO_BIAS, read, words
from tests.gui.pages.test_lumisections import CHARGE, SAMPLE
from tests.gui.pages.test_marked import drawn, step

TIMING = "EcalBarrel/EBTimingTask/EBTMT timing EB+02"
PLOT = f"plot={quote(TIMING, safe='')}"
BY_RUNS = f"/browse/367129{ZERO_BIAS}?{PLOT}&slide=7&play=runs"


def preloaded(page: str) -> str:
    found = re.search(r'data-preload="([^"]*)"', page)
    assert found
    return unescape(found[1])


def pictures(page: str) -> list[str]:
    return [unescape(address) for address in re.findall(r'<img class="plot" src="([^"]*)"', page)]


def test_one_plot_is_shown_in_all_runs_of_its_dataset_and_again(client: FlaskClient) -> None:
    read(client, f"/browse/367100{ZERO_BIAS}")
    latest = read(client, BY_RUNS)
    first = read(client, step(latest, "ArrowRight"))
    assert [drawn(page)[0][:2] for page in (latest, first)] == [("367129", TIMING), ("367100", TIMING)]
    assert "Run 367129 · 2 of 2" in words(latest)
    assert "Run 367100 · 1 of 2" in words(first)
    assert step(first, "ArrowRight") == step(first, "ArrowLeft") == unescape(BY_RUNS.replace(" ", "%20"))
    assert step(latest, "Escape") == f"/browse/367129{ZERO_BIAS}?{PLOT}", "it ends at the plot of the run that is shown"


def test_the_picture_of_the_next_slide_is_known_before_it_is_shown(client: FlaskClient) -> None:
    latest = read(client, f"{BY_RUNS}&ref=367129&compare=ratiooverlay&ytype=log")
    following = read(client, step(latest, "ArrowRight"))
    assert pictures(following) == [preloaded(latest)]
    assert "compare=ratiooverlay" in step(latest, "ArrowRight"), "references stay"


def test_the_lumisections_of_a_run_follow_each_other_and_the_whole_run_is_none_of_them(client: FlaskClient) -> None:
    address = f"/browse/367131/{SAMPLE}?plot={quote(CHARGE, safe='')}&play=lumis"
    read(client, f"/browse/367131/{SAMPLE}")
    page = read(client, address)
    assert f"Run 367131 · not in {LUMISECTIONS} lumisections" in words(page)
    seen = []
    for _ in range(LUMISECTIONS + 1):
        page = read(client, step(page, "ArrowRight"))
        seen.append(drawn(page)[0][0])
    assert seen == [f"367131:{lumi}" for lumi in (*range(1, LUMISECTIONS + 1), 1)]


def test_the_interval_grows_and_shrinks_by_a_second_within_its_limits(client: FlaskClient) -> None:
    page = read(client, BY_RUNS)
    assert [re.findall(r"slide=(\d+)", step(page, key)) for key in (r"\+", "-")] == [["8"], ["6"]]
    for limit, key in ((99, "+"), (2, "-")):
        assert f'data-key="{key}"' not in read(client, BY_RUNS.replace("slide=7", f"slide={limit}"))


def test_a_run_without_the_plot_says_so_and_the_next_one_follows(client: FlaskClient) -> None:
    page = read(client, f"/browse/367129{ZERO_BIAS}?plot=Not/There&play=runs")
    assert "This run does not have the monitor element" in words(page)
    assert step(page, "ArrowRight").startswith("/browse/367100/")
    assert 'data-interval="5"' in page, "the usual interval"


def test_a_run_that_cannot_be_read_says_so_and_the_next_one_follows(client: FlaskClient, own_file: Path) -> None:
    own_file.write_bytes(b"not a ROOT file at all")
    address = f"/browse/400000{ZERO_BIAS}?{PLOT}&play=runs"
    page = read(client, address, **HTMX)
    assert step(page, "ArrowRight").startswith("/browse/367100/")
    assert words(read(client, address, 422)).count(own_file.name) == 1


def test_a_play_without_a_plot_begins_with_the_first_of_the_list(client: FlaskClient) -> None:
    page = read(client, f"/browse/367129{ZERO_BIAS}/EcalBarrel/EBTimingTask?play=runs")
    assert "Run 367129" in words(page)
    assert "plot=" in step(page, "ArrowRight")
    assert "No plots to show" in words(read(client, f"/browse/367129{ZERO_BIAS}?play=runs"))


def test_a_number_is_shown_in_all_runs_too(client: FlaskClient) -> None:
    page = read(client, f"/browse/367129{ZERO_BIAS}?plot=EcalBarrel/EventInfo/reportSummary&play=runs")
    assert re.search(r'<p class="value value-large"><bdi>[0-9.]+</bdi>', page)


def test_the_page_of_a_plot_leads_to_what_can_be_played(client: FlaskClient) -> None:
    plot = words(read(client, f"/browse/367129{ZERO_BIAS}?{PLOT}"))
    assert "The plots of this list This plot in other runs" in plot
    assert "This plot in lumisections" not in plot
    number = words(read(client, f"/browse/367129{ZERO_BIAS}?plot=EcalBarrel/EventInfo/reportSummary"))
    assert "The plots of this list" not in number, "a list of plots does not begin at a number"
    assert "This plot in lumisections" in words(read(client, f"/browse/367131/{SAMPLE}?plot={quote(CHARGE, safe='')}"))
