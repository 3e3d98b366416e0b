"""Lists of monitor elements with failing quality tests, their counts, and the way through them; right values are those of uproot."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient

from app.gui import search_terms
from app.gui.pages import failing
from tests.support.uproot_mes import FAILING, WORST, ReadME, read_failing, read_mes

COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
HTMX = {"HX-Request": "true"}


def words(page: str) -> str:
    """The text of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.replace("<wbr>", ""))).split()).replace(" ,", ",")


def read(client: FlaskClient, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def demo_file(files: list[Path], name: str) -> Path:
    """The demo file with this part of its name."""
    (file,) = [file for file in files if name in file.name]
    return file


def in_words(found: Iterable[ReadME]) -> str:
    """Their numbers as the chip has them."""
    counts = Counter(me.status for me in found)
    texts = [(300, "error", "errors"), (200, "warning", "warnings"), (60, "invalid", "invalid")]
    return ", ".join(f"{counts[code]} {one if counts[code] == 1 else many}" for code, one, many in texts if counts[code])


def rows(page: str) -> list[tuple[str, str]]:
    """Path and status of each row of a list of failing tests."""
    found = re.findall(r'<th scope="row".*?href="([^"]*)".*?data-label="Status">.*?badge-text">([^<]*)<', page, re.S)
    return [(unquote(re.search(r"[?&]plot=([^&]*)", html.unescape(address))[1]), status) for address, status in found]


@pytest.fixture(scope="session")
def mes(demo_files: list[Path]) -> list[ReadME]:
    """The monitor elements of COSMICS by path."""
    return read_mes(demo_file(demo_files, "367140__Cosmics"))


@pytest.fixture(scope="session")
def found(demo_files: list[Path]) -> list[ReadME]:
    """Those that fail, worst first."""
    return read_failing(demo_file(demo_files, "367140__Cosmics"))


@pytest.fixture(autouse=True)
def _sample_is_read(client: FlaskClient) -> None:
    read(client, COSMICS)


def test_the_chip_counts_failing_mes_and_leads_to_their_list(client: FlaskClient, found: list[ReadME]) -> None:
    assert {me.status for me in found} == {*FAILING}, "the demo has all"
    for address in (COSMICS, f"{COSMICS}/Muons", f"{COSMICS}?plot={quote(found[0].path)}"):
        chip = re.search(r'<a class="failing-chip" data-key="e" href="([^"]*)".*?</a>', read(client, address), re.S)
        assert chip
        assert words(chip[0]) == in_words(found)
        assert chip[1] == f"{COSMICS}?failing=1"
    page = read(client, f"{COSMICS}?failing=1")
    assert rows(page) == [(me.path, FAILING[me.status]) for me in found]
    assert f"Failing quality tests: {in_words(found)}" in words(page)


def test_each_row_has_the_failing_tests_with_message_and_algorithm(client: FlaskClient, found: list[ReadME]) -> None:
    page = read(client, f"{COSMICS}?failing=1")
    for me in found:
        row = re.search(rf'<tr data-item>(?:(?!</tr>).)*?<a[^>]*plot={re.escape(quote(me.path, safe=""))}[&"].*?</tr>', page, re.S)
        assert row
        tests = [test for test in me.tests if test.status in FAILING]
        shown = re.findall(r"<li>(.*?)</li>", row[0], re.S)
        assert len(shown) == len(tests) > 0
        for item, test in zip(shown, tests, strict=True):
            result = re.search(r'title="([^"]*)"', item)
            assert result
            assert float(result[1]) == float(test.result)
            before, _, after = words(item).partition(", result ")
            assert before == f"{test.name} {FAILING[test.status]} {test.algorithm}"
            assert after.partition(" ")[2] == test.message
        folder = me.path.rpartition("/")[0]
        assert f'href="{COSMICS}/{quote(folder)}"' in row[0]


def test_a_folder_and_a_search_restrict_the_list(client: FlaskClient, found: list[ReadME]) -> None:
    folder = found[0].path.rpartition("/")[0]
    below = [(me.path, FAILING[me.status]) for me in found if me.path.startswith(f"{folder}/")]
    assert rows(read(client, f"{COSMICS}/{quote(folder)}?failing=1")) == below
    errors = [(me.path, "error") for me in found if me.status == 300]
    assert rows(read(client, f"{COSMICS}?failing=1&q=status:error")) == errors
    nothing = read(client, f"{COSMICS}?failing=1&q=nosuchname")
    assert rows(nothing) == []
    assert "No failing quality tests for nosuchname" in words(nothing)


def test_previous_and_next_lead_through_the_list(client: FlaskClient, found: list[ReadME]) -> None:
    address = f"{COSMICS}?plot={quote(found[0].path, safe='')}&failing=1"
    for number, me in enumerate(found, 1):
        page = read(client, address)
        assert words(page).count(f"{number} of {len(found)}") == 1
        assert f"Path {me.path}" in words(page)
        assert f'href="{COSMICS}?failing=1" title="Back to failing tests (u)"' in page
        following = re.search(r'rel="next" data-key="j" href="([^"]*)"', page)
        address = html.unescape(following[1]) if following else ""
    assert address == "", "the last one has no next"


def test_a_long_list_continues_on_demand(client: FlaskClient, found: list[ReadME], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failing, "ROWS_PER_PAGE", 2)
    address, listed = f"{COSMICS}?failing=1", []
    while address:
        page = read(client, address, **HTMX)
        listed += rows(page)
        more = re.search(r'hx-get="([^"]*from=\d+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert listed == [(me.path, FAILING[me.status]) for me in found]


def test_folders_count_invalid_mes_beside_errors_and_warnings(client: FlaskClient, found: list[ReadME]) -> None:
    page = read(client, COSMICS)
    for top in {me.path.split("/")[0] for me in found}:
        link = re.search(rf'href="[^"]*/{top}".*?</li>', page, re.S)
        assert link
        invalid = sum(me.path.startswith(f"{top}/") for me in found if me.status == 60)
        assert re.findall(r'title="(\d+) plots? with invalid tests"', link[0]) == ([str(invalid)] if invalid else [])


def names(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'class="tilehead".*?class="name" title="([^"]*)"', page, re.S)]


def test_failing_mes_come_first_if_the_address_says_so(client: FlaskClient, found: list[ReadME], mes: list[ReadME]) -> None:
    folder = found[0].path.rpartition("/")[0]
    address = f"{COSMICS}/{quote(folder)}"
    usual = read(client, address)
    switch = re.search(r'class="order" href="([^"]*)">Failing first<', usual)
    assert switch
    assert switch[1] == f"{address}?first=failing"
    page = read(client, switch[1])
    status = {me.path.rpartition("/")[2]: me.status for me in mes if me.path.rpartition("/")[0] == folder}
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
    client: FlaskClient, found: list[ReadME], mes: list[ReadME], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = found[0].path
    monkeypatch.setattr(search_terms, "PATTERN_S", -1.0)
    page = read(client, f"{COSMICS}?q=/a.*b/{query}", 400)
    assert "The regular expression took longer than" in words(page)
    assert 'value="/a.*b/"' in page
    in_folder = sum(me.path.rpartition("/")[0] == path.rpartition("/")[0] for me in mes)
    assert f" of {in_folder} " in words(read(client, f"{COSMICS}?plot={quote(path, safe='')}&q=/a.*b/{query}"))


@pytest.mark.parametrize("search", ["status:error", "class:TH2F -report", "/timing.*0[12]$/", '"EBTMT timing"'])
def test_the_search_of_a_sample_speaks_the_language_and_leads_on(client: FlaskClient, mes: list[ReadME], search: str) -> None:
    matches = {
        "status:error": lambda me: me.status == 300,
        "class:TH2F -report": lambda me: me.class_name == "TH2F" and "report" not in me.path.lower(),
        "/timing.*0[12]$/": lambda me: re.search("timing.*0[12]$", me.path, re.IGNORECASE) is not None,
        '"EBTMT timing"': lambda me: "ebtmt timing" in me.path.lower(),
    }[search]
    expected = {me.path for me in mes if matches(me)}
    page = read(client, f"{COSMICS}?q={quote(search)}")
    listed = [html.unescape(address) for address in re.findall(r'<a class="stop" href="([^"]*plot=[^"]*)"', page)]
    assert {unquote(address.partition("plot=")[2].partition("&")[0]) for address in listed} == expected
    assert f"1 of {len(expected)}" in words(read(client, listed[0]))


def test_a_search_in_the_failing_list_takes_steps_for_the_failing_mes_alone(
    client: FlaskClient, found: list[ReadME], mes: list[ReadME], monkeypatch: pytest.MonkeyPatch
) -> None:
    alternating = "/[02468]/ /[13579]/ -x"
    monkeypatch.setattr(search_terms, "MAX_CALLS", 4 * len(found))
    assert len(mes) > 10 * len(found)
    failing_search = quote('"/" -nosuchname')
    assert rows(read(client, f"{COSMICS}?failing=1&q={failing_search}")) == [(me.path, FAILING[me.status]) for me in found]
    page = read(client, f"{COSMICS}?q={quote(alternating)}", 400)
    assert "The search takes too long in this sample. Fewer terms are faster." in words(page)


def test_a_plot_that_is_not_in_the_list_has_no_position_and_next_is_the_first_of_the_list(
    client: FlaskClient, found: list[ReadME], mes: list[ReadME]
) -> None:
    passing = next(me for me in mes if me.status not in FAILING)
    page = read(client, f"{COSMICS}?failing=1&plot={quote(passing.path, safe='')}")
    assert f"Not in this list of {len(found)}" in words(page)
    following = re.search(r'rel="next" data-key="j" href="([^"]*)"', page)
    assert following
    assert f"Path {found[0].path}" in words(first := read(client, html.unescape(following[1])))
    assert f"1 of {len(found)}" in words(first)
    assert 'rel="prev"' not in page
    none = read(client, f"{COSMICS}?failing=1&q=nosuchname&plot={quote(passing.path, safe='')}")
    assert "Not in this list of 0" in words(none)
    assert 'rel="next"' not in none
