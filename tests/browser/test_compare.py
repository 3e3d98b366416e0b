"""Plots are compared with other runs, datasets and plots, and the address holds the comparison."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ABORTED, Watch
from tests.browser.test_navigation import MUON, SAMPLE, TIMING, expect_page, expect_plot

pytestmark = pytest.mark.slow

BARREL = "EBTMT timing EB+02"
PLOT = f"{TIMING}?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"


def fields(page: Page) -> list[tuple[str, str]]:
    """The query of the address of a page."""
    return parse_qsl(urlsplit(page.url).query)


def open_panel(page: Page) -> None:
    """Open the panel of a page; before the file of a sample is read, another page is there."""
    expect(page.locator("#compare")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("c")


def sources(page: Page) -> list[str]:
    """The addresses of the plots of a page."""
    return [str(image.get_attribute("src")) for image in page.locator("img.plot").all()]


def test_a_shifter_compares_a_plot_with_the_previous_run_and_shares_it(page: Page, home: str) -> None:
    page.goto(home + PLOT)
    expect_plot(page, BARREL, 720)  # before its file is read, another page is there
    page.keyboard.press("c")
    page.get_by_role("link", name="Previous run").filter(has_text="367100").click()
    expect_page(page, "ref=367100")
    expect(page.get_by_role("list", name="References")).to_contain_text("Run 367100")
    page.get_by_label("Show as").select_option("ratiooverlay")
    expect_page(page, "compare=ratiooverlay")
    page.get_by_label("Label of reference 1").fill("before the stop")
    page.get_by_label("Label of reference 1").press("Enter")
    expect_page(page, "label1=before")
    expect_plot(page, BARREL, 720)
    assert "reflabel=before%20the%20stop" in sources(page)[0]
    shared = page.url
    page.goto(home)
    page.goto(shared)
    expect(page.get_by_role("list", name="References")).to_contain_text("before the stop")
    expect_plot(page, BARREL, 720)


def test_a_wrong_reference_stays_in_its_field_until_it_is_right(page: Page, home: str) -> None:
    page.goto(home + PLOT)
    expect_plot(page, BARREL, 720)
    page.keyboard.press("c")
    field = page.get_by_label("Run, dataset or plot")
    field.fill("the previous one")
    field.press("Enter")
    expect_page(page, "ref=the")
    expect(page.locator("#main")).to_contain_text("the previous one")
    expect(field).to_have_value("the previous one")
    for typed in ("36", ""):  # each is another value than before, so the page asks for completions
        with page.expect_response(lambda response: "choices=1" in response.url):
            field.fill(typed)
    expect(field).to_have_value("")
    field.fill("367100")
    field.press("Enter")
    expect_page(page, "ref=367100")
    expect(field).to_have_value("")
    expect(page.get_by_role("list", name="References")).to_contain_text("Run 367100")


def test_a_typed_run_is_added_and_removed_again(page: Page, home: str) -> None:
    page.goto(home + PLOT)
    expect_plot(page, BARREL, 720)  # before its file is read, another page is there
    page.keyboard.press("c")
    field = page.get_by_label("Run, dataset or plot")
    field.press_sequentially("3671")
    expect(page.locator("#reference-choices option[value='367100']")).to_have_count(1)
    field.fill("367100")
    field.press("Enter")
    expect_page(page, "ref=367100")
    expect(field).to_have_value("")
    page.get_by_label("Same run in").select_option(MUON)
    expect_page(page, r"ref=367100&ref=%2FMuon")
    expect_plot(page, BARREL, 720)
    page.get_by_role("link", name="Remove Run 367100").click()
    expect(page.get_by_role("list", name="References").get_by_role("listitem")).to_have_count(1)
    assert [value for name, value in fields(page) if name == "ref"] == [MUON]


def test_of_two_quick_changes_of_the_panel_the_last_one_wins_and_has_both(page: Page, home: str, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(f"{home}{PLOT}&ref=367100")
    open_panel(page)
    page.route(re.compile(r"/browse/.*compare=stacked$"), lambda _: None)  # the answer to the first change never comes
    with page.expect_request(re.compile(r"/browse/.*compare=stacked$")):
        page.get_by_label("Show as").select_option("stacked")
    page.get_by_label("Scale to the area of the plot").select_option("false")
    expect_page(page, "compare=stacked&norm=false|norm=false.*compare=stacked")
    expect(page.get_by_label("Show as")).to_have_value("stacked")
    expect(page.get_by_label("Scale to the area of the plot")).to_have_value("false")
    page.unroute_all(behavior="ignoreErrors")


def test_a_typed_reference_is_not_lost_by_a_quick_change_after_it(page: Page, home: str, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(home + PLOT)
    open_panel(page)
    sent = re.compile(r"/browse/[^?]*\?plot=[^&]*&ref=367100&compare=overlay$")  # by the form, not for completions
    page.route(sent, lambda _: None)
    field = page.get_by_label("Run, dataset or plot")
    field.fill("367100")
    with page.expect_request(sent):
        field.press("Enter")
    page.get_by_label("Show as").select_option("stacked")
    expect_page(page, "ref=367100.*compare=stacked")
    expect(page.get_by_role("list", name="References")).to_contain_text("Run 367100")
    expect(field).to_have_value("")
    page.unroute_all(behavior="ignoreErrors")


def test_a_reference_that_is_not_utf_8_stays_when_the_panel_is_changed_and_repeated(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&ref=//caf%E9")
    open_panel(page)
    line = page.get_by_role("list", name="References").get_by_role("listitem")
    expect(line).to_contain_text("has no caf\\xe9")
    page.get_by_label("Show as").select_option("stacked")
    expect_page(page, "compare=stacked")
    expect(line).to_contain_text("has no caf\\xe9")
    page.goto(f"{home}{SAMPLE}/RPC/EventInfo")
    page.get_by_role("link", name="Repeat the last comparison").click()
    expect(line).to_contain_text("caf\\xe9")


def test_the_last_comparison_is_repeated_on_another_plot_by_a_key(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&ref=367100&label1=before&compare=stacked")
    expect_plot(page, BARREL, 720)
    page.goto(f"{home}{SAMPLE}/RPC/EventInfo")
    expect(page.get_by_role("link", name="Repeat the last comparison")).to_be_visible()
    page.keyboard.press("r")
    expect_page(page, "ref=367100")
    assert fields(page) == [("ref", "367100"), ("label1", "before"), ("compare", "stacked")]
    expect(page.get_by_role("list", name="References")).to_contain_text("before")


def test_the_comparison_of_another_tab_is_repeated_and_outlasts_the_refreshes_of_this_one(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&ref=367100&compare=stacked")
    expect_plot(page, BARREL, 720)
    other = page.context.new_page()
    other.goto(f"{home}{SAMPLE}/RPC/EventInfo")
    expect(other.get_by_role("link", name="Repeat the last comparison")).to_have_attribute("href", re.compile("compare=stacked"))
    third = page.context.new_page()
    third.goto(page.url.replace("stacked", "difference"))
    repeat = other.get_by_role("link", name="Repeat the last comparison")
    expect(repeat).to_have_attribute("href", re.compile("compare=difference"))
    page.evaluate("document.dispatchEvent(new CustomEvent('htmx:afterSettle'))")  # as after a refresh
    assert "difference" in page.evaluate("localStorage.getItem('dqmhub-comparison')")
    other.close()
    third.close()


def test_the_scale_and_the_test_of_a_comparison_are_repeated_with_it(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&norm=false&ktest=0.5&ref=367100")
    expect_plot(page, BARREL, 720)
    page.goto(f"{home}{SAMPLE}/RPC/EventInfo?norm=false")
    page.keyboard.press("r")
    expect_page(page, "ref=367100")
    assert sorted(fields(page)) == [("ktest", "0.5"), ("norm", "false"), ("ref", "367100")]


def test_the_open_panel_with_nine_references_leaves_the_plot_in_sight(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}{'&ref=367100' * 9}")
    open_panel(page)
    expect(page.get_by_label("Label of reference 9")).to_be_visible()
    expect(page.locator(".plot-large")).to_be_in_viewport(ratio=0.5)


@pytest.mark.parametrize("storage", ["blocked", "nonsense"])
def test_a_browser_that_stores_nothing_usable_compares_all_the_same(page: Page, home: str, storage: str) -> None:
    if storage == "nonsense":
        page.add_init_script("localStorage.setItem('dqmhub-comparison', '{')")
    else:
        page.add_init_script("Object.defineProperty(window, 'localStorage', {get: () => { throw new Error('blocked') }})")
    page.goto(f"{home}{SAMPLE}/RPC/EventInfo")
    open_panel(page)
    field = page.get_by_label("Run, dataset or plot")
    field.fill("367100")
    field.press("Enter")
    expect_page(page, "ref=367100")


def test_a_page_stays_when_labels_become_too_long_for_its_address(page: Page, home: str, watch: Watch) -> None:
    watch.expected.append("414")
    label = "\u65e5" * 190  # 1,710 letters in an address; gunicorn refuses more than 8,190
    labels = "".join(f"&label{number}={label}" for number in range(1, 5))
    page.goto(f"{home}{SAMPLE}/RPC/EventInfo?ref=1&ref=2&ref=3&ref=4&ref=5{labels}")
    open_panel(page)
    field = page.get_by_label("Label of reference 5")
    field.fill(label)
    field.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Too long for an address")
    expect(page.get_by_role("list", name="References").get_by_role("listitem")).to_have_count(5)
    expect(field).to_have_value(label)


def test_a_display_option_keeps_the_comparison_and_can_be_for_one_plot_alone(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&ref=367100&norm=false")
    page.get_by_role("link", name="For this plot alone").click()
    expect_page(page, "me1=")
    page.get_by_label("Scale of y").select_option("log")
    expect_page(page, r"me1\.ytype=log")
    assert [name for name, _ in fields(page)] == ["plot", "norm", "ref", "me1", "me1.ytype"]
    expect_plot(page, BARREL, 720)
    assert "ytype=log" in sources(page)[0]
    page.get_by_role("link", name="Back to folder").click()
    expect_plot(page, BARREL, 266)
    assert sum("ytype=log" in source for source in sources(page)) == 1


def test_adding_a_reference_to_a_folder_costs_one_request_a_tile(page: Page, home: str, watch: Watch) -> None:
    watch.expected.append("503")  # a plot that waits too long for others is requested again
    page.goto(f"{home}{TIMING}?ref=367100&size=s")
    for image in page.locator("img.plot").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 200)
    drawn = {address for address in watch.requests if "/api/v1/render" in address}
    assert len(drawn) == page.locator("img.plot").count() == 36


def test_a_wrong_threshold_is_refused_with_a_sentence_and_the_plot_stays(page: Page, home: str) -> None:
    page.goto(f"{home}{PLOT}&ref=367100")
    expect_plot(page, BARREL, 720)
    page.keyboard.press("c")
    page.get_by_label("Mark Kolmogorov probability below").fill("2")
    page.get_by_label("Mark Kolmogorov probability below").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("2 is not a probability from 0 to 1")
    expect_plot(page, BARREL, 720)
