"""The live view in a browser: it trains, and what it draws is what the engine computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from explorer_page import ExplorerPage
from explorer_server import Running
from playwright.sync_api import expect

import tegum as tg
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

#: A training that ends in no time, as an address.
SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=6&seed=3&imp=equal"


def test_the_page_paints_and_trains_by_itself(visit: Visit) -> None:
    page = visit()
    painted = "performance.getEntriesByName('first-contentful-paint')"
    page.page.wait_for_function(f"() => {painted}.length > 0")
    paint = page.page.evaluate(f"() => {painted}[0].startTime")
    print(f"first paint after {paint:.0f} ms")
    page.wait("t.frame && t.frame.step > 500 && t.analysis")
    page.wait("t.analysis.factors.length > 0")
    assert page.read("frame.rate.model_steps") > 0
    page.picture("live")


def test_what_is_drawn_is_what_was_trained(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    state = PageState.read(page.read("state"))
    runs = tg.train(state.problem, training=state.training, seeds=6, seed=3, progress=False)
    scene = page.read("scene")
    seed = scene["selected"]
    W, b = runs["W"].to_numpy()[seed], runs["b"].to_numpy()[seed]
    np.testing.assert_array_equal(np.float32(scene["W"]).reshape(2, 5), W)
    np.testing.assert_array_equal(np.float32(scene["b"]), b)
    np.testing.assert_allclose(np.reshape(scene["received"], (5, 5)), W.T @ W, atol=1e-6)
    np.testing.assert_allclose(scene["D"], tg.dimensionality(W), rtol=1e-5)
    shown = np.reshape(page.read("drawn.points"), (5, -1))[:, :2]
    np.testing.assert_allclose(shown @ shown.T, W.T @ W, atol=1e-5)  # perhaps turned


def test_run_pause_step_restart(visit: Visit) -> None:
    page = visit(SMALL.replace("steps=600", "steps=10000000"))
    page.wait("t.frame && t.frame.step > 50")
    page.press("run")
    page.wait("t.frame.status === 'paused'")
    step = page.read("frame.step")
    page.press("step")
    page.wait(f"t.frame.step === {step + 1}")
    page.press("run")
    page.wait(f"t.frame.step > {step + 50} && t.frame.status === 'running'")
    page.control("speed").select_option("10")
    page.press("restart")
    page.wait("t.frame.run === 2 && t.frame.step < 50")
    page.page.evaluate("() => document.activeElement.blur()")
    page.page.keyboard.press(" ")
    page.wait("t.frame.status === 'paused'")
    page.page.keyboard.press(".")
    page.page.keyboard.press("r")
    page.wait("t.frame.run === 3")


def test_sliders_act_on_the_running_training(visit: Visit) -> None:
    page = visit(SMALL.replace("steps=600", "steps=10000000"))
    page.open_groups()
    page.wait("t.frame && t.frame.step > 50")
    run = page.read("frame.run")
    page.slide("p", 0.8)
    page.wait("Math.abs(t.frame.numbers.feature_probability - t.settings.p) < 1e-9")
    assert page.read("settings.p") == pytest.approx(1e-3**0.2, rel=0.02)
    page.slide("learningRate", 0.5)
    page.wait("Math.abs(t.frame.numbers.learning_rate - t.settings.learningRate) < 1e-12")
    page.control("form").select_option("geometric")
    page.slide("ratio", 0.5)
    page.wait("Math.abs(t.frame.numbers.importance[1] - t.settings.ratio) < 1e-9")
    page.type_in("weightDecay", 0.01)
    page.wait("t.frame.numbers.weight_decay === 0.01")
    assert page.read("frame.run") == run  # the same weights, all the time
    assert page.read("frame.step") > 50
    assert len(page.read("state.changes")) >= 3


def test_a_seed_is_chosen_by_a_click_and_the_best_by_a_key(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    seeds = page.page.locator("[data-view='seeds']").first
    seeds.focus()
    best = page.read("frame.selected.seed")
    order = np.argsort(page.read("heldOut"))  # of a seed just chosen they are yet to come
    page.page.keyboard.press("ArrowRight")
    page.wait("t.frame.selected.by === 'seed'")
    assert page.read("frame.selected.seed") == order[list(order).index(best) + 1]
    assert page.read("view.selected") == page.read("frame.selected.seed")
    page.page.keyboard.press("b")
    page.wait("t.frame.selected.by === 'best'")
    page.wait(f"t.frame.selected.seed === {best} && t.settled && t.heldOut.length > 0")
    page.page.keyboard.press("n")
    page.wait(f"t.frame.selected.seed === {order[list(order).index(best) + 1]}")


def test_hover_links_the_views(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    place = page.read("drawn.place")
    x, y = np.reshape(page.read("drawn.points"), (5, -1))[2, :2]
    canvas = page.page.locator("[data-view='vectors']").first
    box = canvas.bounding_box()
    assert box is not None
    at = (place["cx"] + 0.9 * x * place["scale"], place["cy"] - 0.9 * y * place["scale"])
    page.page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    page.wait("t.hovered === 2")


def test_time_travel(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    now = page.read("scene.W")
    page.slide("travel", 0.0)
    page.wait("t.frame.past && t.frame.step === 0")
    assert page.read("scene.W") != now
    expect(page.control("run")).to_have_text("Run on from now")
    page.press("present")
    page.wait("!t.frame.past && t.frame.step === 600")
    assert page.read("scene.W") == now


def test_the_address_reproduces_the_view(visit: Visit) -> None:
    page = visit(SMALL.replace("steps=600", "steps=10000000"))
    page.wait("t.frame && t.frame.step > 100")
    page.slide("p", 0.6)
    page.wait("t.state.changes && t.state.changes.length > 0")
    page.press("run")
    page.wait("t.frame.status === 'paused'")
    page.page.locator("[data-view='seeds']").first.focus()
    page.page.keyboard.press("ArrowLeft")
    page.wait("t.view.selected !== null && t.view.selected === t.frame.selected.seed")
    step = page.read("frame.step")
    W, shown = page.read("scene.W"), page.read("frame.selected.seed")
    again = visit(page.read("hash"))
    again.at_rest(step)
    again.wait(f"t.frame.selected.seed === {shown}")
    assert again.read("scene.W") == W
    assert "token" not in again.page.url


@pytest.mark.slow
def test_pictures_follow_while_a_hundred_train(visit: Visit, explorer: Running) -> None:
    """How many a second is for benchmarks/explorer.py to say: here the machine is shared."""
    page = visit()
    page.wait("t.frame && t.frame.step > 2000")
    number = page.read("frame.frame")
    page.wait(f"t.frame.frame >= {number + 40} && t.updatesPerSecond() > 0")
    print(f"{page.read('updatesPerSecond()')} updates/s, {page.read('frame.rate')}")
