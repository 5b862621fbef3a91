"""The top bar, clicks in the views, phase tab, lessons and gallery: each control acts."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import processes
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import Locator, expect

import tegum as tg
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

SMALL = "#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps=600&seeds=12&seed=3&imp=equal"
#: A description at step 0: its models are drawn, and nothing is trained.
STILL = SMALL + "&at=0"
#: Twice as many features as dimensions: five pairs, whatever the seed.
LARGER = SMALL.replace("n=5&m=2", "n=10&m=5").replace("p=0.1", "p=0.2") + "&show=8"
QUERY = STILL.split("?")[1]


def _button(page: ExplorerPage, name: str) -> Locator:
    return page.page.get_by_role("button", name=name, exact=True)


def _served(page: ExplorerPage, what: str) -> Any:
    return page.page.evaluate(f"async () => (await fetch('api/{what}')).json()")


def _box(canvas: Locator) -> tuple[float, float]:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box["width"], box["height"]


# --- top bar -----------------------------------------------------------------------------------


def test_help_opens_and_closes_and_colours_go_round(visit: Visit) -> None:
    page = visit(STILL, color_scheme="light")
    page.at_rest(0)
    dialog = page.page.locator("dialog.help")
    for close in (
        lambda: dialog.get_by_role("button", name="Close").click(),
        lambda: page.page.keyboard.press("Escape"),
        lambda: dialog.get_by_role("button", name="Close").press("Enter"),
    ):
        expect(dialog).to_be_hidden()
        page.press("help")
        expect(dialog).to_be_visible()
        close()
    expect(dialog).to_be_hidden()

    root, button = page.page.locator("html"), page.control("theme")
    ink = "() => getComputedStyle(document.body).color"
    light = page.page.evaluate(ink)
    for theme, shown in (
        ("Auto", "light"),
        ("Light", "light"),
        ("Dark", "dark"),
        ("Auto", "light"),
    ):
        expect(button).to_have_accessible_name(f"Colours: {theme}")
        expect(root).to_have_attribute("data-theme", shown)
        assert (page.page.evaluate(ink) == light) == (shown == "light")
        page.press("theme")
    expect(button).to_have_accessible_name("Colours: Light")
    page.page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "light")  # chosen by hand
    page.press("theme")
    page.press("theme")
    expect(root).to_have_attribute("data-theme", "dark")  # by the system


def test_tabs_by_key_and_by_button(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    tabs = ("live", "lessons", "phase", "dictionary", "gallery")
    landmarks = (".hero", ".lesson", ".phase-pair", ".dictionary-stage", ".experiment")

    def open_now(tab: str, landmark: str) -> None:
        page.wait(f"t.view.tab === '{tab}'")
        expect(page.control(f"tab-{tab}")).to_have_attribute("aria-current", "page")
        assert page.page.locator("nav [aria-current=page]").count() == 1
        expect(page.page.locator(landmark).first).to_be_visible()

    places = list(zip(tabs, landmarks, strict=True))
    for number, place in reversed(list(enumerate(places, 1))):
        page.page.keyboard.press(f"Alt+{number}")
        open_now(*place)
    for tab, landmark in places[::-1]:
        page.press(f"tab-{tab}")
        open_now(tab, landmark)


# --- live view ---------------------------------------------------------------------------------


def test_dots_and_census_rows_choose_models(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    page.wait("t.frame.measured === 600")
    page.painted()
    seeds = page.page.locator("canvas[data-view='seeds']")
    losses = np.array(page.read("heldOut"))
    order = np.argsort(losses)
    high = np.log(losses[order] / losses.min()) / np.log(losses.max() / losses.min())
    for rank in (11, 6, 0):
        width, height = _box(seeds)  # what is chosen may move what is beside it
        x = 68 + rank / 11 * (width - 84)
        seeds.click(position={"x": x, "y": height - 32 - high[rank] * (height - 50)})
        page.wait(f"t.frame.selected.seed === {order[rank]}")
        page.wait(f"t.frame.selected.by === 'seed' && t.view.selected === {order[rank]}")

    shapes = page.read("analysis.shapes")
    assert len(shapes) >= 2
    rows = page.page.locator("ul.census button")
    assert rows.count() == min(len(shapes), 8)
    for k in reversed(range(rows.count())):
        shape = shapes[k]
        expect(rows.nth(k)).to_have_text(f"{shape['name']}{len(shape['seeds'])}")
        rows.nth(k).click()
        page.wait(f"t.frame.selected.seed === {shape['seeds'][0]}")
        expect(page.page.get_by_test_id("shape")).to_have_text(shape["name"])


def test_a_factor_is_looked_at_by_its_button_and_by_the_menu(visit: Visit) -> None:
    page = visit(LARGER)
    page.at_rest(600)
    page.wait("t.analysis.selected.by === 'seed' && t.scene.selected === 8")
    factors = page.read("analysis.factors")
    W = np.reshape(page.read("scene.W"), (5, 10))
    buttons = page.page.locator("ul.factors button")
    pairs = [k for k, factor in enumerate(factors) if len(factor["features"]) == 2]
    assert pairs

    def looks_at(k: int) -> None:
        """The two features of the factor have their full lengths in the picture."""
        page.wait(f"t.view.plane === 'factor' && t.view.factor === {k}")
        for i in factors[k]["features"]:
            page.wait(
                f"Math.abs(Math.hypot(...t.drawn.points.slice({i} * t.drawn.points.length / 10)"
                f".slice(0, 2)) - {np.linalg.norm(W[:, i])}) < 1e-4"
            )

    for k in pairs[:2]:
        buttons.nth(k).click()
        looks_at(k)
        expect(buttons.nth(k)).to_have_attribute("aria-pressed", "true")
        expect(page.control("plane")).to_have_value(str(k))
    buttons.nth(pairs[:2][-1]).click()  # again: back to the principal axes
    page.wait("t.view.plane === 'principal'")
    page.control("plane").select_option(str(pairs[0]))
    looks_at(pairs[0])
    expect(buttons.nth(pairs[0])).to_have_attribute("aria-pressed", "true")
    _button(page, "3-D").click()
    expect(page.page.locator("[data-view='space']")).to_be_visible()
    for plane in ("axes", "principal"):
        page.control("plane").select_option(plane)
        page.wait(f"t.view.plane === '{plane}' && t.view.mode === '3d'")


def test_the_axis_of_steps_changes_and_changes_back(visit: Visit) -> None:
    page = visit(SMALL)
    page.at_rest(600)
    page.wait("t.trace.steps.at(-1) === 600")
    axis, curve = page.control("axis"), "document.querySelector('[data-view=loss] canvas')"
    axis.scroll_into_view_if_needed()
    for other in ("linear", "log"):
        page.painted()
        # in one look: the plot may be made anew between two
        before = page.page.wait_for_function(f"() => {curve}?.toDataURL()").json_value()
        page.press("axis")
        expect(axis).to_have_text(f"{other} steps")
        page.wait(f"t.view.steps === '{other}'")
        page.page.wait_for_function(
            f"(before) => ![undefined, before].includes({curve}?.toDataURL())", arg=before
        )
    assert page.read("frame.run") == 1  # only the picture changed


def test_a_training_that_is_gone_is_trained_again(visit: Visit) -> None:
    page = visit(SMALL.replace("steps=600", "steps=10000000"))
    page.wait("t.frame && t.frame.step > 100")
    os.kill(max(page.server.workers(), key=processes.seconds), signal.SIGKILL)
    alert = page.page.get_by_role("alert")
    expect(alert).to_contain_text("SIGKILL")
    _button(page, "Train again").click()
    page.wait("t.frame.run === 2 && t.frame.step > 100 && t.frame.status === 'running'")
    expect(alert).to_have_count(0)


# --- the other tabs ----------------------------------------------------------------------------


def test_three_features_in_the_phase_diagram(visit: Visit) -> None:
    page = visit("#/phase?" + QUERY)
    run = page.control("phase-run")
    expect(run).to_have_text("Stop")  # the tab comes alive by itself
    page.press("phase-run")
    expect(run).to_have_text("Train")
    for name, value in (("points", 3), ("phase-seeds", 2), ("phase-steps", 200)):
        page.type_in(name, value)
    _button(page, "3 features in 2-D").click()
    page.wait("t.view.diagram === 3 && t.phase && t.phase.n_features === 3 && t.phase.total === 9")
    page.wait("t.phase.status === 'done'")
    expect(run).to_have_text("Train")
    cells, (row, column) = page.read("phase"), (0, 2)
    canvas = page.page.locator("canvas[data-view='phase-trained']")
    width, height = _box(canvas)
    side = min(width - 66, height - 50)
    line = row if cells["probabilities"][0] < cells["probabilities"][-1] else 2 - row
    canvas.click(
        position={
            "x": 58 + (width - 66 - side) / 2 + (column + 0.5) * side / 3,
            "y": 6 + (line + 0.5) * side / 3,
        }
    )
    page.wait("t.view.tab === 'live'")
    page.at_rest(200)
    state = PageState.read(page.read("state"))
    assert (state.problem.n_features, state.problem.n_hidden) == (3, 2)
    assert state.problem.distribution == tg.Independent(3, cells["probabilities"][row])
    assert state.problem.importance == (1, 1, cells["ratios"][column])
    k = 3 * row + column
    assert page.read("frame.selected.seed") == cells["arrays"]["seed"][k]
    assert page.read("scene.lengths")[-1] == pytest.approx(cells["arrays"]["norm"][k], rel=1e-5)


def test_a_phase_diagram_is_stopped(visit: Visit) -> None:
    page = visit("#/phase?" + QUERY)
    run = page.control("phase-run")
    page.press("phase-run")
    expect(run).to_have_text("Train")
    for name, value in (("points", 30), ("phase-seeds", 4), ("phase-steps", 20000)):
        page.type_in(name, value)
    page.press("phase-run")
    expect(run).to_have_text("Stop")
    page.wait("t.phase && t.phase.total === 900")
    page.press("phase-run")
    expect(run).to_have_text("Train")
    assert page.read("phase.done") < 900


def test_next_back_and_numbers_lead_to_their_lessons(visit: Visit) -> None:
    page = visit("#/lessons")
    page.wait("t.settled")
    lessons = _served(page, "lessons")
    numbers = page.page.locator("nav.steps button")
    expect(numbers).to_have_count(len(lessons))
    last = len(lessons) - 1

    def shows(k: int) -> None:
        expect(page.page.locator("article h2")).to_have_text(lessons[k]["title"])
        expect(numbers.nth(k)).to_have_attribute("aria-current", "step")
        page.wait(f"t.view.lesson === {k} && t.settled")
        assert PageState.read(page.read("state")) == PageState.read(lessons[k]["state"])

    shows(0)
    expect(_button(page, "Back")).to_be_disabled()
    _button(page, "Next").click()
    shows(1)
    _button(page, "Back").click()
    shows(0)
    for k in (4, last):
        numbers.nth(k).click()
        shows(k)
    expect(_button(page, "Next")).to_be_disabled()
    _button(page, "Back").click()
    shows(last - 1)


def test_a_figure_and_a_preset_open_their_models(visit: Visit) -> None:
    page = visit("#/gallery?" + QUERY)
    experiment = page.page.locator(".experiment").first
    expect(experiment).to_be_visible()
    told = _served(page, "gallery")["experiments"][0]
    figure = next(figure for figure in told["figures"] if figure["name"] == "features")
    picture = experiment.locator("figure[data-figure='features'] button")
    presets = experiment.locator("[data-preset]")
    for control, preset in (
        (picture, told["presets"][figure["preset"]]),
        (presets.nth(1), told["presets"][1]),
    ):
        page.press("tab-gallery")
        control.click()
        page.wait("t.view.tab === 'live' && t.settled")
        expect(page.page.locator(".hero")).to_be_visible()
        assert PageState.read(page.read("state")) == PageState.read(preset["state"])
