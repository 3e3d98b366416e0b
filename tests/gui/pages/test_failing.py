"""Lists of monitor elements with failing quality tests, their counts, and the way through them; right values are those of the API."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient

from app.gui import search_terms
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.pages import failing, failing_mes
from tests.support.processes import until

MUON, ZERO_BIAS = "/Muon/Run2023C-Demo-v1/DQMIO", "/ZeroBias/Run2023C-Demo-v1/DQMIO"
COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
WORST = (300, 200, 60, 30, 90, 70, 100, 50)
"""Statuses of quality tests, worst first."""
FAILING = {300: "error", 200: "warning", 60: "invalid"}
HTMX = {"HX-Request": "true"}


class ListedME(NamedTuple):
    """A monitor element as the API lists it."""

    path: str
    status: int  # worst, 0 without tests


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.replace("<wbr>", ""))).split()).replace(" ,", ",")


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def mes(client: FlaskClient, sample: str, folder: str = "") -> Iterator[ListedME]:
    """Every monitor element below a folder, in the order of the API."""
    for item in client.get(f"/api/v1/archive/{sample}{quote(folder)}").json["data"]:
        if "subdir" in item:
            yield from mes(client, sample, f"{folder}/{item['subdir']}")
        else:
            yield ListedME(item["path"], next((status for status in WORST if status in item["qtstatuses"]), 0))


def failing_of(client: FlaskClient, sample: str) -> list[ListedME]:
    """Those that fail, worst first, else in the order of their paths."""
    found = [me for me in mes(client, sample) if me.status in FAILING]
    return sorted(found, key=lambda me: (WORST.index(me.status), me.path.encode()))


def in_words(found: list[ListedME]) -> str:
    """Their numbers as the chip has them."""
    counts = Counter(me.status for me in found)
    texts = [(300, "error", "errors"), (200, "warning", "warnings"), (60, "invalid", "invalid")]
    return ", ".join(f"{counts[code]} {one if counts[code] == 1 else many}" for code, one, many in texts if counts[code])


def rows(page: str) -> list[tuple[str, str]]:
    """Path and status of each row of a list of failing tests."""
    found = re.findall(r'<th scope="row".*?href="([^"]*)".*?data-label="Status">.*?badge-text">([^<]*)<', page, re.S)
    return [(unquote(re.search(r"[?&]plot=([^&]*)", html.unescape(address))[1]), status) for address, status in found]


@pytest.fixture
def sample(client: FlaskClient) -> str:
    read(client, COSMICS)
    return COSMICS.removeprefix("/browse/")


def test_the_chip_counts_failing_mes_and_leads_to_their_list(client: FlaskClient, sample: str) -> None:
    found = failing_of(client, sample)
    assert {me.status for me in found} == {*FAILING}, "the demo has all"
    for address in (COSMICS, f"{COSMICS}/Muons", f"{COSMICS}?plot={quote(found[0].path)}"):
        chip = re.search(r'<a class="failing-chip" data-key="e" href="([^"]*)".*?</a>', read(client, address), re.S)
        assert chip
        assert words(chip[0]) == in_words(found)
        assert chip[1] == f"{COSMICS}?failing=1"
    page = read(client, f"{COSMICS}?failing=1")
    assert rows(page) == [(me.path, FAILING[me.status]) for me in found]
    assert f"Failing quality tests: {in_words(found)}" in words(page)


def test_each_row_has_the_failing_tests_with_message_and_algorithm(client: FlaskClient, sample: str) -> None:
    page = read(client, f"{COSMICS}?failing=1")
    for me in failing_of(client, sample):
        plot = read(client, f"{COSMICS}?plot={quote(me.path)}")
        tests = re.findall(r"<li>\s*(<span class=\"testhead\">.*?)</li>", plot, re.S)
        failing_tests = [words(test) for test in tests if re.search(r'badge-text">(error|warning|invalid)<', test)]
        row = re.search(rf'<tr>\s*<th[^>]*><a[^>]*plot={re.escape(quote(me.path, safe=""))}[&"].*?</tr>', page, re.S)
        assert row
        assert [words(test) for test in re.findall(r"<li>(.*?)</li>", row[0], re.S)] == failing_tests != []
        folder = me.path.rpartition("/")[0]
        assert f'href="{COSMICS}/{quote(folder)}"' in row[0]


def test_a_folder_and_a_search_restrict_the_list(client: FlaskClient, sample: str) -> None:
    found = failing_of(client, sample)
    folder = found[0].path.rpartition("/")[0]
    below = [(me.path, FAILING[me.status]) for me in found if me.path.startswith(f"{folder}/")]
    assert rows(read(client, f"{COSMICS}/{quote(folder)}?failing=1")) == below
    errors = [(me.path, "error") for me in found if me.status == 300]
    assert rows(read(client, f"{COSMICS}?failing=1&q=status:error")) == errors
    nothing = read(client, f"{COSMICS}?failing=1&q=nosuchname")
    assert rows(nothing) == []
    assert "No failing quality tests for nosuchname" in words(nothing)


def test_previous_and_next_lead_through_the_list(client: FlaskClient, sample: str) -> None:
    found = failing_of(client, sample)
    address = f"{COSMICS}?plot={quote(found[0].path, safe='')}&failing=1"
    for number, me in enumerate(found, 1):
        page = read(client, address)
        assert words(page).count(f"{number} of {len(found)}") == 1
        assert f"Path {me.path}" in words(page)
        assert f'href="{COSMICS}?failing=1" title="Back to failing tests (u)"' in page
        following = re.search(r'rel="next" data-key="j" href="([^"]*)"', page)
        address = html.unescape(following[1]) if following else ""
    assert address == "", "the last one has no next"


def test_a_long_list_continues_on_demand(client: FlaskClient, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(read(client, f"{COSMICS}?failing=1"))
    monkeypatch.setattr(failing, "ROWS_PER_PAGE", 2)
    address, found = f"{COSMICS}?failing=1", []
    while address:
        page = read(client, address, **HTMX)
        found += rows(page)
        more = re.search(r'hx-get="([^"]*from=\d+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert found == whole


def test_folders_count_invalid_mes_beside_errors_and_warnings(client: FlaskClient, sample: str) -> None:
    found = failing_of(client, sample)
    page = read(client, COSMICS)
    for top in {me.path.split("/")[0] for me in found}:
        link = re.search(rf'href="[^"]*/{top}".*?</li>', page, re.S)
        assert link
        invalid = sum(me.path.startswith(f"{top}/") for me in found if me.status == 60)
        assert re.findall(r'title="(\d+) plots? with invalid tests"', link[0]) == ([str(invalid)] if invalid else [])


def names(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'class="tilehead".*?class="name" title="([^"]*)"', page, re.S)]


def test_failing_mes_come_first_if_the_address_says_so(client: FlaskClient, sample: str) -> None:
    folder = failing_of(client, sample)[0].path.rpartition("/")[0]
    address = f"{COSMICS}/{quote(folder)}"
    usual = read(client, address)
    switch = re.search(r'class="order" href="([^"]*)">Failing first<', usual)
    assert switch
    assert switch[1] == f"{address}?first=failing"
    page = read(client, switch[1])
    status = {me.path.rpartition("/")[2]: me.status for me in mes(client, sample, f"/{folder}")}
    ranks = {name: WORST.index(code) if code in FAILING else len(WORST) for name, code in status.items()}
    assert names(page) == sorted(names(usual), key=lambda name: ranks[name])
    assert names(page) != names(usual)
    assert f'href="{address}">Usual order<' in page
    first = names(page)[0]
    plot = read(client, f"{address}?plot={quote(folder + '/' + first, safe='')}&first=failing")
    assert f"1 of {len(status)}" in words(plot), "previous and next follow the same order"


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        ('"two words', '"two words has no quotation mark " at its end.'),
        ("/a(/", "/a(/ is not a usable regular expression: missing ): a(."),
        ("status:eror", "status:eror is unknown. Known are error, warning, invalid,"),
    ],
)
@pytest.mark.parametrize("list_query", ["", "&failing=1"])
def test_a_wrong_search_is_explained_beside_its_field_which_keeps_the_text(
    client: FlaskClient, search: str, problem: str, list_query: str
) -> None:
    address = f"{COSMICS}?q={quote(search)}{list_query}"
    read(client, COSMICS)
    page = read(client, address, 400)
    assert html.escape(search, quote=False) in html.unescape(re.search(r'<input id="q"[^>]*>', page)[0])
    assert 'aria-describedby="search-problem" aria-invalid="true"' in page
    message = re.search(r'id="search-problem" role="alert">(.*?)</p>', page)
    assert message
    assert problem in html.unescape(message[1])
    typed = read(client, address, **HTMX)
    assert problem in html.unescape(typed)
    assert "Search not understood" in words(typed)


@pytest.mark.parametrize("query", ["", "&failing=1"])
def test_a_regular_expression_that_takes_too_long_is_explained_and_neighbours_are_those_of_the_folder(
    client: FlaskClient, sample: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = failing_of(client, sample)[0].path
    monkeypatch.setattr(search_terms, "PATTERN_S", -1.0)
    page = read(client, f"{COSMICS}?q=/a.*b/{query}", 400)
    assert "The regular expression took longer than" in words(page)
    assert 'value="/a.*b/"' in page
    in_folder = sum(me.path.rpartition("/")[0] == path.rpartition("/")[0] for me in mes(client, sample))
    assert f" of {in_folder} " in words(read(client, f"{COSMICS}?plot={quote(path, safe='')}&q=/a.*b/{query}"))


@pytest.mark.parametrize("search", ["status:error", "class:TH2F -report", "/timing.*0[12]$/", '"EBTMT timing"'])
def test_the_search_of_a_sample_speaks_the_language_and_leads_on(client: FlaskClient, sample: str, search: str) -> None:
    listed = list(mes(client, sample))

    def matches(me: ListedME) -> bool:
        kind = client.get(f"/api/v1/json/{sample}/{quote(me.path)}").json["_typename"] if "class:" in search else ""
        return {
            "status:error": me.status == 300,
            "class:TH2F -report": kind == "TH2F" and "report" not in me.path.lower(),
            "/timing.*0[12]$/": re.search("timing.*0[12]$", me.path, re.I) is not None,
            '"EBTMT timing"': "ebtmt timing" in me.path.lower(),
        }[search]

    expected = {me.path for me in listed if matches(me)}
    page = read(client, f"{COSMICS}?q={quote(search)}")
    found = [html.unescape(address) for address in re.findall(r'<a class="stop" href="([^"]*plot=[^"]*)"', page)]
    assert {unquote(address.partition("plot=")[2].partition("&")[0]) for address in found} == expected
    assert f"1 of {len(expected)}" in words(read(client, found[0]))


def run_page(client: FlaskClient, run: int) -> str:
    """The page of a run once all its files are read."""
    until(lambda: "being read" not in read(client, f"/runs/{run}/failing"), "the files of the run")
    return read(client, f"/runs/{run}/failing")


def test_the_list_of_a_run_has_the_failing_tests_of_all_its_datasets(client: FlaskClient) -> None:
    page = run_page(client, 367129)
    found = {name: failing_of(client, f"367129{name}") for name in (MUON, ZERO_BIAS)}
    expected = sorted((WORST.index(me.status), me.path.encode(), name) for name, listed in found.items() for me in listed)
    assert [path for path, _ in rows(page)] == [path.decode() for _, path, _ in expected]
    assert re.findall(r'data-label="Dataset"><a href="/browse/367129([^"?]*)\?failing=1"', page) == [name for _, _, name in expected]
    assert f"All datasets: {in_words([me for listed in found.values() for me in listed])}" in words(page)
    for name, listed in found.items():
        assert f"{name} {in_words(listed)}" in words(page)
    assert "hx-get" not in page, "nothing changes, so nothing is polled"
    assert 'href="/runs/367129/failing"' in read(client, f"/browse/367129{MUON}")


def test_the_list_of_a_run_names_datasets_that_cannot_be_read_and_polls_for_those_to_come(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.register([Entry("/A/B/C", 367129, 0, "/nowhere/missing.root", "tdirectory")])
    assert "/A/B/C no list missing.root is in none of the folders that may be read" in words(run_page(client, 367129))
    monkeypatch.setattr(failing_mes, "LOOKUP_S", -1.0)
    client.application.extensions["failing"].found.clear()
    page = read(client, "/runs/367129/failing")
    assert words(page).count("being read") == 3
    poll = re.search(r'data-poll hx-get="([^"]*)" hx-trigger="every 1s, shown"', page)
    assert poll
    read(client, html.unescape(poll[1]), 204, **HTMX)
    monkeypatch.setattr(failing_mes, "LOOKUP_S", 1000.0)
    until(lambda: client.get(html.unescape(poll[1]), headers=HTMX).status_code == 200, "something new")


def test_a_run_without_datasets_is_not_found(client: FlaskClient) -> None:
    assert "No dataset of run 5 is registered" in words(read(client, "/runs/5/failing", 404))


def test_a_search_in_the_failing_list_takes_steps_for_the_failing_mes_alone(
    client: FlaskClient, sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = failing_of(client, sample)
    alternating = "/[02468]/ /[13579]/ -x"
    total = len(list(mes(client, sample)))
    monkeypatch.setattr(search_terms, "MAX_CALLS", 4 * len(found))
    assert total > 10 * len(found)
    failing_search = quote('"/" -nosuchname')
    assert rows(read(client, f"{COSMICS}?failing=1&q={failing_search}")) == [(me.path, FAILING[me.status]) for me in found]
    page = read(client, f"{COSMICS}?q={quote(alternating)}", 400)
    assert "The search takes too long in this sample. Fewer terms are faster." in words(page)
