"""The other tabs, downloads, keys, sizes and colours."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=6&seed=3&imp=equal"
SPACE = SMALL.replace("m=2", "m=3") + "&mode=3d"


def test_three_dimensions(visit: Visit) -> None:
    page = visit(SPACE)
    page.at_rest(600)
    space = page.page.locator("[data-view='space']")
    for canvas in ("canvas:not(.labels)", "canvas.labels"):  # the solid, and what is written on it
        expect(space.locator(canvas)).to_be_visible()
    space.focus()
    page.painted()
    before = space.screenshot()
    for _ in range(5):
        page.page.keyboard.press("ArrowRight")
    page.painted()
    assert space.screenshot() != before
    page.picture("space")
    page.page.keyboard.press("3")
    expect(page.page.locator("[data-view='vectors']").first).to_be_visible()


def test_planes_of_a_larger_model(visit: Visit) -> None:
    page = visit(SMALL.replace("n=5&m=2", "n=12&m=5").replace("p=0.1", "p=0.2"))
    page.at_rest(600)
    choice = page.control("plane")
    count = choice.locator("option").count()
    assert count >= 2
    choice.select_option("axes")
    page.wait("t.view.plane === 'axes'")
    # the coordinates that are drawn are the first two rows of W, once they are drawn
    page.wait("t.drawn.points.length / 12 >= 2")
    page.wait(
        "[...Array(24).keys()].every((k) => Math.abs(t.scene.W[12 * (k % 2) + (k >> 1)]"
        " - t.drawn.points[(t.drawn.points.length / 12) * (k >> 1) + (k % 2)]) < 1e-6)"
    )


def test_neurons_are_shown_where_there_are_some(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    assert page.page.locator("[data-view='neurons']").count() == 0
    neurons = visit(SMALL + "&model=relu_hidden")
    neurons.at_rest(600)
    expect(neurons.page.locator("[data-view='neurons']").first).to_be_visible()


def test_a_phase_diagram_that_is_refused_does_not_run(visit: Visit) -> None:
    page = visit("#/phase?" + SMALL.split("?")[1])
    run = page.control("phase-run")
    expect(run).to_have_text("Stop")
    page.press("phase-run")
    expect(run).to_have_text("Train")
    for name, value in (("points", 40), ("phase-seeds", 64)):
        page.type_in(name, value)
    page.press("phase-run")
    page.page.get_by_role("alert").get_by_text("too many models of the diagram").wait_for()
    expect(run).to_have_text("Train")


def test_the_phase_diagram_fills_in_and_its_cells_open(visit: Visit) -> None:
    page = visit("#/phase?" + SMALL.split("?")[1])
    for name, value in (("points", 4), ("phase-seeds", 2), ("phase-steps", 300)):
        page.type_in(name, value)
    page.wait("t.phase")
    if page.control("phase-run").inner_text() == "Stop":
        page.press("phase-run")
        expect(page.control("phase-run")).to_have_text("Train")
    page.press("phase-run")
    page.wait("t.phase && t.phase.total === 16 && t.phase.status === 'done'")
    page.picture("phase")
    cells = page.read("phase")
    trained = page.page.locator("[data-view='phase-trained']").first
    trained.focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.at_rest(300)
    assert page.read("view.tab") == "live"
    row, column = 1, 1
    norm = cells["arrays"]["norm"][4 * row + column]
    assert page.read("scene.lengths")[-1] == pytest.approx(norm, rel=1e-5)


def test_the_gallery_has_verdicts_and_opens_models(visit: Visit) -> None:
    page = visit("#/gallery?" + SMALL.split("?")[1])
    first = page.page.locator(".experiment").first
    expect(first).to_contain_text("1 hold")
    expect(first).to_contain_text("1 differ")
    image = first.locator("img").first
    image.scroll_into_view_if_needed()
    page.page.wait_for_function(
        "() => document.querySelector('.experiment img').naturalWidth === 40"
    )
    page.picture("gallery")
    first.locator("[data-preset]").first.click()
    page.wait(
        "t.view.tab === 'live' && t.state && t.state.problem.distribution.feature_probability === 1"
    )
    page.wait("t.frame && t.frame.step > 0")


def test_the_lessons_lead_through(visit: Visit) -> None:
    page = visit("#/lessons")
    page.wait("t.frame && t.frame.step > 0")
    titles = page.page.locator("nav.steps button")
    expect(titles.first).to_be_visible()
    count = titles.count()
    assert 6 <= count <= 12
    page.picture("lesson")
    seen = {page.page.locator("article h2").inner_text()}
    for number in range(1, count):
        page.page.get_by_role("button", name="Next", exact=True).click()
        page.wait(f"t.view.lesson === {number}")
        seen.add(page.page.locator("article h2").inner_text())
    assert len(seen) == count
    assert page.complaints == []


def test_downloads(visit: Visit, tmp_path: Path) -> None:
    page = visit(SMALL)
    page.at_rest(600)

    def fetch(click: Callable[[], None]) -> bytes:
        page.page.locator("details.menu summary").click()
        with page.page.expect_download() as started:
            click()
        path = tmp_path / started.value.suggested_filename
        started.value.save_as(path)
        return path.read_bytes()

    def link(address: str) -> bytes:
        return fetch(page.page.locator(f"a[href$='{address}']").click)

    data = json.loads(link("model.json"))
    np.testing.assert_array_equal(
        np.float32(data["arrays"]["W"]).ravel(), np.float32(page.read("scene.W"))
    )
    assert np.load(io.BytesIO(link("model.npz?which=all")))["W"].shape == (6, 2, 5)
    assert len(link("model.safetensors")) > 60
    assert b"<svg" in link("figure.svg")
    picture = fetch(page.control("picture-svg").click)
    assert picture.count(b"<line") + picture.count(b"<path") >= 5
    assert fetch(page.control("picture-png").click)[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1280, 800, "light"), (1920, 1080, "dark"), (640, 400, "light")],
)
def test_sizes_and_colours(visit: Visit, width: int, height: int, scheme: str) -> None:
    """640 × 400 is what 1280 × 800 has at a zoom of 200 %."""
    page = visit(SMALL, width=width, height=height, color_scheme=scheme)
    page.at_rest(600)
    overflow = page.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0
    ink = page.page.evaluate(
        "() => getComputedStyle(document.body).color.match(/\\d+/g).map(Number)"
    )
    assert (sum(ink[:3]) < 384) == (scheme == "light")
    page.picture(f"live-{width}-{scheme}")
    page.press("theme")
    page.wait("t.view.theme !== 'auto'")


def test_everything_is_reached_by_the_keyboard(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    reached = set()
    for _ in range(120):
        page.page.keyboard.press("Tab")
        found = page.page.evaluate(
            "() => { const e = document.activeElement; return e.name || e.dataset.view ||"
            " e.textContent.trim().slice(0, 20); }"
        )
        reached.add(found)
    wanted = {"run", "step", "restart", "p", "n", "m", "kind", "travel", "vectors", "seeds"}
    assert wanted <= reached, wanted - reached
    page.page.keyboard.press("?")
    expect(page.page.locator("dialog.help")).to_be_visible()
    page.page.keyboard.press("Escape")
    expect(page.page.locator("dialog.help")).to_be_hidden()
    unnamed = page.page.evaluate(
        "() => [...document.querySelectorAll('button, a, input, select, [role=img]')]"
        ".filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim()"
        " || e.labels?.length || e.title)).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert unnamed == []


def test_a_space_after_a_click_runs_the_training_and_presses_nothing_anew(visit: Visit) -> None:
    page = visit(SMALL.replace("live", "lessons") + "&at=0")
    page.at_rest(0)
    forward = page.page.get_by_role("button", name="Next", exact=True)
    forward.click()
    page.wait("t.view.lesson === 1 && t.frame && t.frame.status === 'running'")
    page.page.keyboard.press("Space")
    page.wait("t.frame.status === 'paused'")
    assert page.read("view.lesson") == 1
    page.page.keyboard.press("Tab")  # from here on by the keyboard
    forward.focus()
    page.page.keyboard.press("Space")
    page.wait("t.view.lesson === 2")


@pytest.mark.slow
def test_a_page_too_many_is_told_so(visit: Visit) -> None:
    still = SMALL + "&at=0"
    pages = [visit(still) for _ in range(4)]
    for page in pages:
        page.wait("t.frame")
    late = visit(still)
    expect(late.page.get_by_role("alert")).to_contain_text("4 pages are open")


def test_the_bundle_is_small() -> None:
    import zlib

    from tegum.explorer.app import STATIC

    files = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg")]
    page = [path for path in files if not path.name.startswith("widget.")]
    size = sum(len(zlib.compress(path.read_bytes(), 9)) for path in page)
    assert 10_000 < size < 1_200_000
