"""Several plots at once: marked by mouse, keyboard and without scripts, zoomed together; and a slide show."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import ABORTED, PHONE, Watch, accessibility_faults, becomes_true, content_width, open_page
from tests.browser.test_compare import fields
from tests.browser.test_navigation import TIMING, expect_page, expect_plot

pytestmark = pytest.mark.slow

TASK = "EcalBarrel/EBTimingTask"
FIRST, SECOND = (f"EBTMT timing EB+0{number}" for number in (2, 3))
COSMICS = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
MARKED = f"{TIMING}?mark={TASK}/EBTMT%20timing%20EB%2B02&mark={TASK}/EBTMT%20timing%20EB%2B03&show=marked"
BOTTOM = "Math.max(...[...document.querySelectorAll('.marked figure')].map(each => each.getBoundingClientRect().bottom)) + scrollY"


def marks(page: Page) -> list[str]:
    return [value for name, value in fields(page) if name == "mark"]


def expect_marked(page: Page, *names: str) -> None:
    """The page and its address have these marks."""
    expect(page.locator("#marks")).to_contain_text(f"{len(names)} marked")
    for name in names:
        expect(page.get_by_label(f"Mark {name}", exact=True)).to_be_checked()
    assert sorted(marks(page)) == sorted(f"{TASK}/{name}" for name in names)


def test_plots_are_marked_by_mouse_and_by_the_space_bar_and_zoomed_together(page: Page, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(TIMING)
    expect_plot(page, FIRST, 266)  # before its file is read, another page is there
    page.get_by_label(f"Mark {FIRST}", exact=True).check()
    expect_page(page, "mark=")
    expect_marked(page, FIRST)
    page.get_by_role("link", name=re.compile(re.escape(f"Plot {SECOND}"))).focus()
    page.keyboard.press("Space")
    expect_page(page, "mark=.*mark=")
    expect_marked(page, FIRST, SECOND)

    page.keyboard.press("m")
    expect_page(page, "show=marked")
    expect(page.get_by_role("heading", name="2 marked plots")).to_be_visible()
    images = page.locator(".marked img")
    for image in images.all():
        expect(image).to_have_js_property("naturalWidth", 720)
    page.get_by_text("Axes and ranges of all").click()
    page.get_by_role("spinbutton", name="from").first.fill("-5")
    page.get_by_role("spinbutton", name="to").first.fill("5")
    page.get_by_role("spinbutton", name="to").first.press("Tab")
    expect_page(page, "xmin=-5&xmax=5")
    for image in images.all():
        expect(image).to_have_attribute("src", re.compile("xmin=-5&xmax=5"))
        expect(image).to_have_js_property("naturalWidth", 720)
    page.get_by_role("link", name=SECOND, exact=True).click()
    expect_plot(page, SECOND, 720)
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.keyboard.press("u")
    expect_page(page, "show=marked")
    page.get_by_role("link", name=f"Unmark {TASK}/{FIRST}").click()
    expect(page.get_by_role("heading", name="1 marked plot")).to_be_visible()


def test_a_range_that_is_typed_while_another_is_being_sent_is_drawn_as_well(page: Page, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(MARKED)
    page.get_by_text("Axes and ranges of all").click()
    page.route(re.compile(r"/browse/.*xmin=-5$"), lambda _: None)  # the answer for the first range never comes
    with page.expect_request(re.compile("/browse/.*xmin=-5$")):
        page.get_by_role("spinbutton", name="from").first.fill("-5")
        page.get_by_role("spinbutton", name="to").first.focus()
    page.get_by_role("spinbutton", name="to").first.fill("5")
    page.get_by_role("spinbutton", name="to").first.press("Tab")
    expect_page(page, "xmin=-5&xmax=5")
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("column", ["tile", "failing"])
def test_a_mark_after_show_more_leaves_the_list_as_long_as_it_was(page: Page, column: str, watch: Watch) -> None:
    watch.expected += [*ABORTED, "503"]  # pictures of plots that wait too long for others
    page.goto(f"{COSMICS}?q=a" if column == "tile" else f"{COSMICS}?failing=1")
    items = page.locator("[data-item]")
    expect(items.first).to_be_visible()
    if page.get_by_role("link", name="Show more").count():
        expect(items).to_have_count(200)
        page.get_by_role("link", name="Show more").click()
        expect(page.get_by_role("link", name="Show more")).to_have_count(0)
    count = items.count()
    assert column == "failing" or count > 200
    box = page.locator("input[name=mark]").last
    name = box.get_attribute("value")
    box.check()
    expect_page(page, "mark=")
    expect(page.locator("#marks")).to_contain_text("1 marked")
    expect(items).to_have_count(count)
    expect(page.locator("input[name=mark]:checked")).to_have_attribute("value", str(name))


def test_the_space_bar_marks_in_the_list_of_failing_tests_and_on_the_page_of_a_plot(page: Page, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(f"{COSMICS}?failing=1")
    first = page.locator("table.failing th:has(.mark) .stop").first
    first.focus()
    page.keyboard.press("Space")
    expect_page(page, "mark=")
    expect(page.locator("#marks")).to_contain_text("1 marked")
    first.click()
    expect_page(page, "plot=.*mark=")
    box = page.get_by_role("checkbox", name="Mark")
    expect(box).to_be_checked()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    expect(page.locator("#marks")).not_to_contain_text("marked")
    page.keyboard.press("Space")
    expect_page(page, "plot=.*mark=")
    expect(page.locator("#marks")).to_contain_text("1 marked")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="1 marked plot")).to_be_visible()


def test_a_mark_is_taken_back_and_all_are_cleared(page: Page) -> None:
    page.goto(MARKED.replace("&show=marked", ""))
    expect_plot(page, FIRST, 266)
    expect_marked(page, FIRST, SECOND)
    page.get_by_label(f"Mark {FIRST}", exact=True).uncheck()
    expect(page.locator("#marks")).to_contain_text("1 marked")
    expect_marked(page, SECOND)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("#marks")).not_to_contain_text("marked")
    expect(page.get_by_label(f"Mark {SECOND}", exact=True)).not_to_be_checked()
    assert marks(page) == []


def test_plots_are_marked_without_scripts(browser: Browser, home: str, watch: Watch) -> None:
    with open_page(browser, home, watch, java_script_enabled=False) as page:
        page.goto(TIMING)
        box = page.get_by_label(f"Mark {FIRST}", exact=True)
        while not box.count():  # its file is being read, and a page without scripts does not follow
            page.wait_for_timeout(500)
            page.reload()
        box.check()
        page.get_by_label(f"Mark {SECOND}", exact=True).check()
        page.get_by_role("button", name="Mark the ticked plots").click()
        expect_page(page, "mark=.*mark=")
        expect_marked(page, FIRST, SECOND)
        page.get_by_role("link", name="Show side by side").click()
        expect(page.get_by_role("heading", name="2 marked plots")).to_be_visible()


def test_marked_plots_fit_the_window_of_a_laptop_and_the_width_of_a_phone(browser: Browser, home: str, watch: Watch) -> None:
    with open_page(browser, home, watch) as page:
        page.goto(MARKED)
        expect(page.locator(".marked img")).to_have_count(2)
        assert page.evaluate(BOTTOM) <= 768
        assert accessibility_faults(page) == []
    with open_page(browser, home, watch, **PHONE) as page:
        page.goto(MARKED)
        expect(page.locator(".marked img")).to_have_count(2)
        assert content_width(page) <= 390


def test_a_slide_show_plays_pauses_and_ends_by_keys(page: Page) -> None:
    page.goto(f"{TIMING}?slide=2")
    expect(page.locator(".position")).to_have_text(re.compile("^1 of 36$"))
    expect(page.locator(".position")).to_have_text(re.compile("^[2-9] of 36$"))  # by itself
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.goto(f"{TIMING}?slide=99")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".position")).to_have_text("36 of 36")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".position")).to_have_text("1 of 36")
    page.get_by_label("every").fill("98")
    page.get_by_label("every").press("Tab")
    expect_page(page, "slide=98")
    assert accessibility_faults(page) == []
    page.keyboard.press("f")
    assert becomes_true(page, lambda: page.evaluate("document.fullscreenElement?.id") == "slides")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".position")).to_have_text("2 of 36")
    assert page.evaluate("document.fullscreenElement?.id") == "slides"
    page.keyboard.press("f")
    assert becomes_true(page, lambda: page.evaluate("document.fullscreenElement") is None)
    page.keyboard.press("Escape")
    expect_page(page, f"{re.escape(TIMING)}$")


def test_one_plot_is_played_through_runs_by_keys_and_its_next_picture_is_loaded_before(page: Page) -> None:
    page.goto(f"{TIMING}?plot={TASK}/{FIRST}".replace("+", "%2B").replace(" ", "%20"))
    page.get_by_text("Play", exact=True).click()
    page.get_by_role("link", name="This plot in other runs").click()
    expect(page).to_have_url(re.compile("play=runs"))
    page.goto(re.sub(r"\bslide=\d+", "slide=50", page.url))  # long enough for the keys on a busy machine
    position = page.locator(".position")
    expect(position).to_contain_text("Run 367129 · 2 of 2")
    page.keyboard.press("Space")
    page.keyboard.press("+")
    expect(page.get_by_label("every")).to_have_value("51")
    page.keyboard.press("-")
    expect(page.get_by_label("every")).to_have_value("50")
    address = page.locator("[data-next-slide]").get_attribute("data-preload")
    loaded = "address => performance.getEntriesByType('resource').some(each => each.name.endsWith(address))"
    assert becomes_true(page, lambda: page.evaluate(loaded, address))
    page.keyboard.press("ArrowRight")
    expect(position).to_contain_text("Run 367100 · 1 of 2")
    expect(page.locator(".slide img")).to_have_attribute("src", address or "")
    page.keyboard.press("Escape")
    expect_page(page, rf"/browse/367100/.*\?plot={TASK.replace('/', '%2F')}")


def test_quick_presses_move_a_slide_show_by_as_many_slides(page: Page) -> None:
    page.goto(f"{TIMING}?slide=20")
    position = page.locator(".position")
    expect(position).to_have_text("1 of 36")
    press = """keys => { for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true})); }"""
    page.evaluate(press, ["ArrowRight"] * 5 + ["-"] * 3 + ["ArrowLeft"])
    expect(position).to_have_text("5 of 36")
    expect(page.get_by_label("every")).to_have_value("17")
    page.get_by_label("every").fill("200")
    page.get_by_label("every").press("Tab")
    expect(page.get_by_label("every")).to_be_focused()  # with the message of the browser


def test_a_slide_show_waits_for_people_who_want_little_motion(browser: Browser, home: str, watch: Watch) -> None:
    with open_page(browser, home, watch, reduced_motion="reduce") as page:
        page.goto(f"{TIMING}?slide=2")
        expect(page.locator(".slide img")).to_have_js_property("naturalWidth", 720)
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(page.locator(".position")).to_have_text(re.compile("^[2-9] of 36$"))
