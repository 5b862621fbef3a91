"""The notebook widget in a page that plays the notebook: traits both ways, pictures from data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

import tegum as tg
from tegum import widgets
from tegum.explorer.app import STATIC
from tegum.explorer.frames import encode

pytestmark = pytest.mark.xdist_group("explorer")

_NOTEBOOK = """<!doctype html>
<link rel="stylesheet" href="widget.css"><link rel="icon" href="data:,">
<body><div id="cell" style="width: 1000px"></div><script type="module">
import widget from "./widget.js";
const bytes = await (await fetch("frame")).arrayBuffer();
const traits = {
    frame: new DataView(bytes), point: 0, seed: -1, mode: "live", selected_feature: -1,
};
const heard = {};
window.traits = traits;
window.model = {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    say: (name, value) => {
        traits[name] = value;
        (heard[`change:${name}`] ?? []).forEach((callback) => callback());
    },
    save_changes: () => {},
    on: (event, callback) => (heard[event] ??= []).push(callback),
    off: () => {},
};
widget.render({ model: window.model, el: document.getElementById("cell") });
</script>"""


@pytest.fixture(scope="module")
def runs() -> Any:
    problem = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
    training = tg.Training(steps=400, learning_rate=1e-2, batch_size=64, checkpoints=(0, 20))
    axes = {"feature_probability": [1.0, 0.05]}
    return tg.train(problem, axes=axes, training=training, seeds=3, progress=False)


@pytest.fixture
def notebook(browser: Browser, runs: Any) -> Iterator[Page]:
    frame = encode(*widgets.dataset_frame(runs))

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        if name == "":
            route.fulfill(body=_NOTEBOOK, content_type="text/html")
        elif name == "frame":
            route.fulfill(body=bytes(frame), content_type="application/octet-stream")
        else:
            route.fulfill(path=STATIC / name)

    context = browser.new_context(viewport={"width": 1040, "height": 500})
    page = context.new_page()
    page.set_default_timeout(300_000)  # a machine may be busy
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.route("**/*", answer)
    page.goto("http://notebook.test/")
    page.locator(".tegum-widget canvas").first.wait_for()
    yield page
    context.close()
    assert complaints == []


#: Whether each place of the canvas is painted in its colour, the same to the eye.
_PAINTED = """([places, colours]) => {
    const canvas = document.querySelector("canvas[data-view=vectors]");
    const ratio = canvas.width / canvas.clientWidth;
    const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    return places.every(([x, y], i) => {
        copy.drawImage(canvas, x * ratio, y * ratio, 1, 1, 0, 0, 1, 1);
        const data = copy.getImageData(0, 0, 1, 1).data;
        return colours[i].every((part, k) => Math.abs(data[k] - part) <= 8);
    });
}"""


def _tips(page: Page, W: np.ndarray) -> list[Any]:
    """Where the tips of the represented features of W must be, and in which colours."""
    width, height = page.evaluate(
        "() => { const c = document.querySelector('canvas[data-view=vectors]');"
        " return [c.clientWidth, c.clientHeight]; }"
    )
    lengths = np.linalg.norm(W, axis=0)
    reach = np.ceil(4 * max(1.0, lengths.max())) / 4
    scale = (min(width, height) / 2 - 30) / reach
    tips = np.stack([width / 2 + scale * W[0], height / 2 - scale * W[1]], axis=1)
    shown = np.flatnonzero(lengths > 0.5)
    assert shown.size
    codes = [tg.plots.style.CYCLE[i] for i in shown]
    colours = [[int(code[k : k + 2], 16) for k in (1, 3, 5)] for code in codes]
    return [tips[shown].tolist(), colours]


def _shows(page: Page, W: np.ndarray) -> None:
    """Until each represented feature has its tip there, in its own colour."""
    page.wait_for_function(_PAINTED, arg=_tips(page, W))


def test_it_shows_the_model_that_the_traits_name(notebook: Page, runs: Any) -> None:
    W = runs.W.transpose("feature_probability", "seed", "hidden", "feature").to_numpy()
    best = runs.loss.argmin("seed").to_numpy()
    _shows(notebook, W[0, best[0]])
    notebook.evaluate("() => model.say('point', 1)")
    _shows(notebook, W[1, best[1]])
    other = (int(best[1]) + 1) % 3
    notebook.evaluate(f"() => model.say('seed', {other})")
    _shows(notebook, W[1, other])
    assert not notebook.evaluate(_PAINTED, _tips(notebook, W[1, best[1]]))


def test_what_is_done_in_it_reaches_the_traits(notebook: Page) -> None:
    point, seed, checkpoint = (notebook.locator("input").nth(k) for k in range(3))
    point.fill("1")
    notebook.wait_for_function("() => traits.point === 1")
    assert "feature_probability = 0.05" in notebook.locator(".bar").inner_text()
    seed.fill("2")
    notebook.wait_for_function("() => traits.seed === 2")
    checkpoint.fill("1")
    assert "step 20" in notebook.locator(".bar").inner_text()
    notebook.locator("button", has_text="3-D").click()
    notebook.wait_for_function("() => traits.mode === 'space'")
    notebook.locator("[data-view=space] canvas:not(.labels)").wait_for()
    notebook.locator("[data-view=space] canvas.labels").wait_for()
    notebook.locator("canvas[data-view=norms]").hover(position={"x": 60, "y": 60})
    notebook.wait_for_function("() => traits.selected_feature >= 0")


def test_bytes_that_are_no_dataset_are_refused_in_words(notebook: Page) -> None:
    say: Callable[[str], Any] = notebook.evaluate
    say("() => model.say('frame', new DataView(new ArrayBuffer(16)))")
    notebook.get_by_text("not a frame of this protocol").wait_for()


def test_a_saved_page_is_live_without_network_and_a_picture_without_scripts(
    browser: Browser, runs: Any, tmp_path: Path
) -> None:
    file = tmp_path / "models.html"
    widget = widgets.view(runs, point=1)
    widget.seed = 2
    widget.save(file)
    for scripts in (True, False):
        context = browser.new_context(
            viewport={"width": 1040, "height": 500}, offline=True, java_script_enabled=scripts
        )
        page = context.new_page()
        page.set_default_timeout(300_000)
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(file.as_uri())
        picture = page.locator(".tegum-still img")
        if scripts:
            page.locator(".tegum-widget canvas").first.wait_for()
            W = runs.W.transpose("feature_probability", "seed", "hidden", "feature").to_numpy()
            _shows(page, W[1, 2])
            assert not picture.is_visible()
        else:
            box = picture.bounding_box()
            assert box is not None
            assert box["width"] > 100
        assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
        context.close()
