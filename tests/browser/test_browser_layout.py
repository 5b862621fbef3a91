"""Where things are: the picture with its slider, panels that lessons point to, a room, paper."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

WEB = Path(__file__).parents[2] / "web"
STILL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=12&seed=3&imp=equal&at=0"
#: A field whose number is cut says another one: its text, and the arrows beside it.
_CUT = """(field) => {
    const context = document.createElement('canvas').getContext('2d');
    const style = getComputedStyle(field);
    context.font = `${style.fontSize} ${style.fontFamily}`;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return context.measureText(field.value).width + 15 > room;
}"""
SPACE = STILL.replace("m=2", "m=3") + "&mode=3d"
PHONE, ZOOMED, WINDOW = (390, 844), (640, 400), (1280, 800)
SLOW = pytest.mark.slow
SOON = 30_000  # milliseconds: for the page alone, whatever the training does


def _shown(page: ExplorerPage, thing: Locator) -> None:
    """All of it is within the window."""
    size = page.page.viewport_size
    box = thing.bounding_box()
    assert box is not None
    assert size is not None
    place = f"{box} in {size}"
    assert box["x"] >= 0, place
    assert box["y"] >= 0, place
    assert box["x"] + box["width"] <= size["width"], place
    assert box["y"] + box["height"] <= size["height"], place


def _picture(page: ExplorerPage) -> Locator:
    return page.page.locator(".hero-body canvas").first


@pytest.mark.parametrize(
    ("tab", "size"),
    [
        ("live", PHONE),
        ("lessons", PHONE),
        *(
            pytest.param(tab, size, marks=SLOW)
            for tab in ("live", "lessons")
            for size in (ZOOMED, WINDOW)
        ),
    ],
)
def test_the_picture_and_its_slider_are_seen_together(
    visit: Visit, tab: str, size: tuple[int, int]
) -> None:
    width, height = size
    page = visit(STILL.replace("live", tab), width=width, height=height)
    page.at_rest(0)
    slider = page.control("p")
    slider.wait_for()
    page.page.wait_for_function("() => scrollY === 0")
    _shown(page, _picture(page))
    _shown(page, slider)
    box = _picture(page).bounding_box()
    assert box is not None
    assert box["y"] < height / 2
    readouts = page.page.locator(".numbers dd").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().top)"
    )
    assert len(set(readouts)) == 1  # in a row
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.page.evaluate(wide) <= 0


@pytest.mark.parametrize("size", [PHONE, pytest.param(ZOOMED, marks=SLOW)])
def test_the_picture_stays_while_the_page_is_scrolled(visit: Visit, size: tuple[int, int]) -> None:
    page = visit(STILL, width=size[0], height=size[1])
    page.at_rest(0)
    page.open_groups()
    last = page.control("seed")
    last.scroll_into_view_if_needed()
    _shown(page, last)
    _shown(page, _picture(page))


@pytest.mark.parametrize(
    ("size", "numbers"),
    [
        (WINDOW, (2, 8)),
        *(pytest.param(size, range(1, 11), marks=SLOW) for size in (PHONE, ZOOMED, WINDOW)),
    ],
)
def test_a_lesson_brings_its_panel_into_view(
    visit: Visit, size: tuple[int, int], numbers: Sequence[int]
) -> None:
    page = visit("#/lessons", width=size[0], height=size[1], reduced_motion="reduce")
    page.wait("t.configured")
    lessons = page.page.evaluate("async () => (await fetch('api/lessons')).json()")
    places = {"plane": ".hero-body", "space": ".hero-body"}
    steps = page.page.locator("nav.steps button")
    for k in (number - 1 for number in numbers):
        lesson = lessons[k]
        steps.nth(k).click()
        page.wait(f"t.view.lesson === {k}")
        expect(page.page.locator("article h2")).to_have_text(lesson["title"])
        panel = page.page.locator(places.get(lesson["view"], f".view-{lesson['view']}"))
        panel.wait_for()
        expect(panel).to_be_in_viewport(ratio=0.95, timeout=SOON)
        if lesson["view"] not in places:
            expect(panel).to_have_class(re.compile("pointed"), timeout=SOON)
        for group in lesson["controls"]:
            title = page.page.locator(".group summary", has_text=group.capitalize())
            assert title.locator("..").get_attribute("open") is not None
    steps.nth(3).click()
    page.page.get_by_role("button", name="Open the phase diagram").click()
    page.wait("t.view.tab === 'phase'")


def test_the_picture_is_on_the_screen_however_long_the_panels_beside_it_are(visit: Visit) -> None:
    page = visit(STILL.replace("live", "lessons") + "&lesson=2")
    page.at_rest(0)
    grow = "(e) => { e.style.minHeight = `${e.offsetHeight + 600}px`; }"
    page.page.locator(".view-factors").evaluate(grow)
    _shown(page, page.page.locator(".hero"))
    dots = page.page.locator(".view-seeds")
    high = dots.bounding_box()
    page.page.locator(".view-factors").evaluate("(e) => { e.style.minHeight = ''; }")
    page.painted()  # what was drawn at one height does not hold the panel open
    page.page.locator(".view-factors").evaluate(grow)
    assert dots.bounding_box() == high


def test_the_panel_of_a_lesson_stays_in_view_as_it_grows_until_the_reader_goes_on(
    visit: Visit,
) -> None:
    width, height = PHONE
    page = visit("#/lessons?lesson=1", width=width, height=height, reduced_motion="reduce")
    page.wait("t.settled && t.analysis && !Object.values(t.marks).some(Boolean)")
    panel = page.page.locator(".view-factors")
    expect(panel).to_have_class(re.compile("pointed"), timeout=SOON)
    grow = "(e) => { e.style.minHeight = `${e.offsetHeight + 100}px`; }"
    for thing in (panel, page.page.locator(".lesson article")):  # what is above it grows too
        thing.evaluate(grow)
        expect(panel).to_be_in_viewport(ratio=0.95, timeout=SOON)
    page.page.keyboard.press("Shift")
    place = page.page.evaluate("() => scrollY")
    for _ in range(3):
        page.page.locator(".lesson article").evaluate(grow)
    expect(panel).not_to_be_in_viewport(ratio=0.95, timeout=SOON)
    assert page.page.evaluate("() => scrollY") == place


def test_numbers_of_a_usual_size_are_seen_whole(visit: Visit) -> None:
    page = visit(STILL.replace("steps=600", "steps=1000000"))
    page.at_rest(0)
    page.open_groups()
    fields = page.page.locator(".controls input[type=number]")
    assert page.control("steps").input_value() == "1000000"
    for k in range(fields.count()):
        assert not fields.nth(k).evaluate(_CUT), fields.nth(k).input_value()


def test_the_wheel_is_for_the_page_and_with_control_for_the_picture(visit: Visit) -> None:
    page = visit(SPACE)
    page.wait("t.frame && t.scene && t.scene.m === 3")
    space = page.page.locator("[data-view='space']")
    expect(space.locator("canvas.labels")).to_be_visible()
    page.painted()
    before = space.screenshot()
    space.hover()
    page.page.mouse.wheel(0, 200)
    page.page.wait_for_function("() => scrollY > 100")
    page.page.evaluate("() => scrollTo(0, 0)")
    page.page.wait_for_function("() => scrollY === 0")
    page.painted()
    assert space.screenshot() == before
    page.page.keyboard.down("Control")
    page.page.mouse.wheel(0, 200)
    page.page.keyboard.up("Control")
    page.painted()
    after = space.screenshot()
    assert after != before
    assert page.page.evaluate("() => scrollY") == 0
    expect(page.page.locator(".space-note")).to_contain_text("Ctrl + wheel")
    space.focus()
    page.page.keyboard.press("+")
    page.painted()
    assert space.screenshot() != after


def test_presenting_is_large_and_ends_with_escape(visit: Visit) -> None:
    page = visit(STILL.replace("live", "lessons"))
    page.at_rest(0)
    type_size = "() => parseFloat(getComputedStyle(document.querySelector('.lesson p')).fontSize)"
    usual = page.page.evaluate(type_size)
    page.page.keyboard.press("p")
    expect(page.control("tab-live")).to_be_hidden()
    assert page.page.evaluate(type_size) >= 1.35 * usual
    expect(page.control("p")).to_be_visible()  # the lesson names it
    expect(page.page.get_by_text("Training", exact=True)).to_be_hidden()
    _shown(page, _picture(page))
    _shown(page, page.control("run"))
    rows = "(all) => new Set(all.map((e) => e.getBoundingClientRect().top)).size"
    assert page.page.locator("nav.steps button").evaluate_all(rows) == 1
    assert page.page.locator(".numbers dd").evaluate_all(rows) == 1
    ends = (page.page.locator(name) for name in (".numbers div:last-child", ".end-presenting"))
    last, end = (thing.bounding_box() for thing in ends)
    assert last is not None
    assert end is not None
    assert last["x"] + last["width"] <= end["x"]
    assert page.page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    page.picture("presenting")
    page.page.keyboard.press("Escape")
    expect(page.control("tab-live")).to_be_visible()
    assert page.page.evaluate(type_size) == usual
    page.page.keyboard.press("f")
    page.page.wait_for_function("() => document.fullscreenElement !== null")
    expect(page.control("full-screen")).to_have_attribute("aria-pressed", "true")
    page.press("full-screen")
    page.page.wait_for_function("() => document.fullscreenElement === null")


_PRINTED = """() => addEventListener("beforeprint", () => {
    globalThis.printed = [...document.querySelectorAll("canvas")].map((canvas) => {
        const box = canvas.getBoundingClientRect();
        const copy = document.createElement("canvas");
        Object.assign(copy, { width: 32, height: 32 });
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0, 32, 32);
        const drawn = context.getImageData(0, 0, 32, 32).data.some((part) => part > 0);
        const within = box.right <= document.body.getBoundingClientRect().right + 1;
        const stretched = box.width / box.height / (canvas.width / canvas.height);
        return { name: canvas.dataset.view ?? canvas.closest("[data-view]").dataset.view,
                 drawn, within, stretched, high: box.height };
    });
})"""


@pytest.mark.parametrize(
    "fragment", [STILL, SPACE, pytest.param("#/lessons?lesson=7&at=0", marks=SLOW)]
)
def test_on_paper_every_view_is_drawn_at_its_own_shape(visit: Visit, fragment: str) -> None:
    page = visit(fragment)
    page.wait("t.frame && t.settled && t.trace.steps.length > 0")
    expect(page.page.locator(".hero-body canvas").first).to_be_visible()
    page.painted()
    page.page.evaluate(_PRINTED)
    assert page.page.pdf()[:5] == b"%PDF-"
    printed = page.page.evaluate("() => globalThis.printed")
    names = {view["name"] for view in printed}
    assert {"gram", "norms", "seeds", "loss", "dimensionality"} < names
    for view in printed:
        assert view["drawn"], view
        assert view["within"], view
        assert view["stretched"] == pytest.approx(1, abs=0.02), view
        assert view["high"] <= 480, view  # none is longer than a page
    # and the page is as it was
    expect(page.control("tab-live")).to_be_visible()


@pytest.mark.parametrize("size", [WINDOW, pytest.param(PHONE, marks=SLOW)])
def test_axe_finds_nothing_serious_in_any_tab(visit: Visit, size: tuple[int, int]) -> None:
    axe = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    page = visit(STILL.replace("live", "lessons"), width=size[0], height=size[1])
    page.page.evaluate(axe)
    landmarks = {"lessons": ".lesson", "live": ".hero", "phase": ".phase-pair",
                 "dictionary": ".dictionary-stage", "gallery": ".experiment"}  # fmt: skip
    for tab, landmark in landmarks.items():
        page.press(f"tab-{tab}")
        page.page.locator(landmark).first.wait_for(state="attached")
        if tab in ("lessons", "live"):  # what is older, for a moment, is pale
            page.at_rest(0)
            page.wait("!Object.values(t.marks).some(Boolean)")
            page.page.wait_for_function("() => document.getAnimations().length === 0")
        found = page.page.evaluate("async () => (await axe.run()).violations")
        serious = [
            (rule["id"], node["html"], node["failureSummary"])
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]
        assert not serious, json.dumps(serious, indent=1)
