"""What is painted: colours and places on the canvases, from Python's own numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect

import tegum as tg
from tegum.plots import style

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=6&seed=3&imp=equal"
#: A description at step 0: nothing is compiled, nothing moves.
NEURONS = (
    "#/live?n=3&m=4&model=two_layer&hact=relu&target=abs&mag=signed&p=0.5&imp=equal&seeds=2&at=0"
)
SETS = "#/live?n=6&m=2&data=correlated&set=3&p=0.05&imp=equal&seeds=2&at=0"
LARGE = "#/live?n=80&m=20&p=0.05&imp=equal&seeds=4&steps=10000000"
#: The page's promise: no task of the main thread takes longer, in milliseconds.
LONGEST_TASK = 50.0
#: Frames of the training during which they are looked at.
TRACED = 90

Colour = list[float]


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]


def _weights(page: ExplorerPage) -> np.ndarray:
    scene = page.read("scene")
    return np.array(scene["W"]).reshape(scene["m"], scene["n"])


def _rgb(text: str) -> Colour:
    return [float(part) for part in text.removeprefix("rgb(").removesuffix(")").split(",")]


def _colours(page: ExplorerPage) -> list[Colour]:
    return [_rgb(colour) for colour in page.read("scene.colours")]


def _size(page: ExplorerPage, view: str) -> tuple[float, float]:
    """Width and height of a canvas in CSS pixels, once it is in sight and drawn."""
    canvas = page.page.locator(f'canvas[data-view="{view}"]')
    canvas.scroll_into_view_if_needed()
    page.painted()
    box = canvas.bounding_box()
    assert box is not None
    return box["width"], box["height"]


def _pixel(page: ExplorerPage, view: str, x: float, y: float) -> Colour:
    script = """([view, x, y]) => {
        const canvas = document.querySelector(`canvas[data-view="${view}"]`);
        const ratio = canvas.width / canvas.clientWidth;
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, x * ratio, y * ratio, 1, 1, 0, 0, 1, 1);
        const data = copy.getImageData(0, 0, 1, 1).data;
        return [data[0], data[1], data[2]];
    }"""
    return list(page.page.evaluate(script, [view, x, y]))


def _alike(found: Colour, wanted: Any) -> bool:
    """The same to the eye."""
    return bool(np.abs(np.array(found) - np.array(wanted)).max() <= 8)


def _signed(value: float) -> Colour:
    """The colour of the printed figures."""
    return [255 * part for part in style.SIGNED(style.SIGNED_RANGE(value))[:3]]


def test_the_plane_the_matrix_and_the_bars_are_painted_from_the_weights(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    W, colours = _weights(page), _colours(page)
    printed = [[int(code[k : k + 2], 16) for k in (1, 3, 5)] for code in style.CYCLE[:5]]
    assert colours == printed

    width, height = _size(page, "vectors")
    # The unit circle is in the box with a margin of 30 pixels; so are longer vectors.
    lengths = np.linalg.norm(W, axis=0)
    scale = (min(width, height) / 2 - 30) / (np.ceil(4 * max(1.0, lengths.max())) / 4)
    for i in range(5):
        tip = width / 2 + scale * W[0, i], height / 2 - scale * W[1, i]
        assert _alike(_pixel(page, "vectors", *tip), colours[i]), i

    width, height = _size(page, "gram")
    cell = min((width - 10) / 6, (height - 20) / 5)
    left = (width - 6 * cell - 10) / 2
    gram, b = W.T @ W, page.read("scene.b")
    for i in range(5):
        y = 18 + (i + 0.5) * cell
        for j in range(5):
            assert _alike(_pixel(page, "gram", left + (j + 0.5) * cell, y), _signed(gram[i, j]))
        assert _alike(_pixel(page, "gram", left + 5.5 * cell + 10, y), _signed(b[i])), i

    width, height = _size(page, "norms")
    ground = height - 34
    unit, slot = (ground - 8) / max(1.1, lengths.max()), (width - 30) / 5
    for i in range(5):
        x, top = 30 + (i + 0.5) * slot, ground - lengths[i] * unit
        assert _alike(_pixel(page, "norms", x, top + 3), colours[i]), i
        assert not _alike(_pixel(page, "norms", x, top - 4), colours[i]), i


def test_a_feature_under_the_pointer_stands_out_everywhere(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    width, _ = _size(page, "norms")
    first = 30 + 0.5 * (width - 30) / 5, 100
    before = _pixel(page, "norms", *first)
    page.page.locator('canvas[data-view="vectors"]').focus()
    for _ in range(3):
        page.page.keyboard.press("ArrowRight")
    page.wait("t.hovered === 2")
    _size(page, "norms")
    assert _pixel(page, "norms", *first) != before
    W, b = _weights(page), page.read("scene.b")
    note = page.page.get_by_test_id("feature").inner_text().replace("\u2212", "-").split()
    numbers = dict(zip(note[2::2], map(float, note[3::2]), strict=True))
    assert note[:2] == ["feature", "2"]
    assert numbers == {
        "length": pytest.approx(np.linalg.norm(W[:, 2]), abs=0.0051),
        "D": pytest.approx(tg.dimensionality(W)[2], abs=0.0051),
        "importance": 1.0,
        "bias": pytest.approx(b[2], abs=0.0051),
    }
    received = page.page.locator(".view-gram .card-head .quiet").inner_text()
    assert received.startswith("output 2 from feature 2: ")
    assert float(received.split()[-1]) == pytest.approx(W[:, 2] @ W[:, 2], abs=0.051)
    page.page.locator('canvas[data-view="norms"]').focus()
    page.page.keyboard.press("Escape")
    _size(page, "norms")
    assert _pixel(page, "norms", *first) == before


def test_traces_and_summary_say_what_the_library_says(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    page.wait("t.trace.steps.at(-1) === 600")
    W, trace = _weights(page), page.read("trace")
    assert trace["steps"] == sorted(set(trace["steps"]))
    assert [row[-1] for row in trace["D"]] == pytest.approx(tg.dimensionality(W), abs=1e-5)
    shape = page.page.get_by_test_id("shape").inner_text()
    assert shape == page.read("analysis.shape")
    represented = int((np.linalg.norm(W, axis=0) > 0.5).sum())
    loss = page.read("frame.loss")
    said = page.page.get_by_test_id("summary")  # brought up to date now and then
    told = (
        f"step 600; loss {loss:.3g}; {shape} at step 600; {represented} of 5 features represented"
    )
    expect(said).to_contain_text(told)


def test_neurons_are_stacks_with_the_largest_weight_next_to_zero(visit: Visit) -> None:
    page = visit(NEURONS)
    page.wait("t.scene && t.scene.m === 4")
    width, height = _size(page, "neurons")
    W, colours = _weights(page), _colours(page)
    up, down = np.clip(W, 0, None).sum(1).max(), np.clip(-W, 0, None).sum(1).max()
    unit, slot = (height - 30) / (up + down), (width - 34) / 4
    for k in range(4):
        i = int(np.abs(W[k]).argmax())
        middle = 34 + (k + 0.5) * slot, 8 + up * unit - 0.5 * W[k, i] * unit
        assert _alike(_pixel(page, "neurons", *middle), colours[i]), k


def test_features_of_a_set_are_a_bundle_of_one_hue(visit: Visit) -> None:
    page = visit(SETS)
    page.wait("t.scene && t.scene.n === 6")
    hues = np.array([np.array(c) / np.linalg.norm(c) for c in _colours(page)])
    within = min((hues[:3] @ hues[1]).min(), (hues[3:] @ hues[4]).min())
    assert within > (hues[:3] @ hues[3:].T).max()


def test_without_webgl_the_plane_stands_in_and_says_so(visit: Visit) -> None:
    page = visit(SETS)
    page.page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
        };"""
    )
    page.page.reload()
    page.wait("t.frame")
    page.page.keyboard.press("3")
    page.page.get_by_text("offers no WebGL").wait_for()
    page.page.locator('.hero canvas[data-view="vectors"]').wait_for()
    # three says itself that it could not start
    page.complaints[:] = [text for text in page.complaints if "WebGL" not in text]


@pytest.mark.slow
def test_no_task_holds_up_the_page_while_eighty_features_train(visit: Visit) -> None:
    """Processor time of the tasks of the main thread: a busy machine does not change it."""
    page = visit(LARGE)
    page.wait("t.frame && t.frame.step > 100 && t.analysis && t.analysis.step > 100")
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page.page, categories=["toplevel", "devtools.timeline"])
    page.wait(f"t.frame.frame >= {page.read('frame.frame') + TRACED}")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    named = [event for event in events if event["name"] == "thread_name"]
    main = {_thread(event) for event in named if event["args"]["name"] == "CrRendererMain"}
    tasks = [
        event["tdur"] / 1000
        for event in events
        if _thread(event) in main and "RunTask" in event["name"] and "tdur" in event
    ]
    print(f"{len(tasks)} tasks, the longest {max(tasks):.1f} ms")
    assert len(tasks) > 20
    assert max(tasks) < LONGEST_TASK


def test_an_address_that_asks_too_much_is_answered_in_words(visit: Visit) -> None:
    page = visit("#/live?n=400&m=200&seeds=1000")
    page.page.get_by_role("alert").get_by_text("too many weights").wait_for()
    page.wait("t.frame && t.scene.n === 5")  # the server's first model instead
    page.page.get_by_role("button", name="Close the message").click()
    assert page.page.get_by_role("alert").count() == 0
