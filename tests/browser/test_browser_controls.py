"""Every choice and number of the control column reaches the training: the same as tegum's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from explorer_page import ExplorerPage
from explorer_server import running
from new_files import write
from playwright.sync_api import Browser, expect

import tegum as tg
from tegum.distributions import samples
from tegum.explorer.app import STATIC
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

#: A description at step 0: its models are drawn, and nothing is trained.
STILL = "#/live?n=6&m=3&p=0.1&lr=0.01&batch=64&steps=600&seeds=2&imp=equal&at=0"

_TWO_GROUPS = tg.Groups((tg.Correlated(1, 3, 0.1), tg.Anticorrelated(1, 3, 0.1)))

#: What is chosen, one set of choices after another on the same page, and the problem that then
#: is described. Between them they choose every entry of every menu.
Wish = tuple[dict[str, Any], tg.Problem]
WISHES: tuple[Wish, ...] = (
    (
        {"kind": "linear", "data": "correlated", "setSize": 3, "magnitude": "signed", "bias": False,
         "form": "list", "list": "1, 2 0.5;0.25, 3, 0"},
        tg.Problem(tg.Correlated(2, 3, 0.1, magnitude="signed"), tg.Linear(3, bias=False),
                   (1, 2, 0.5, 0.25, 3, 0)),
    ),
    (
        {"kind": "relu_output", "data": "anticorrelated", "magnitude": "exponential", "bias": True,
         "activation": "gelu", "target": "relu", "form": "equal"},
        tg.Problem(tg.Anticorrelated(2, 3, 0.1, magnitude="exponential"),
                   tg.ReLUOutput(3, activation="gelu"), 1, "relu"),
    ),
    (
        {"kind": "relu_hidden", "data": "groups", "hiddenBias": True, "activation": "leaky",
         "target": "square", "l1": 0.25},
        tg.Problem(_TWO_GROUPS, tg.ReLUHidden(3, hidden_bias=True, activation="leaky"), 1, "square",
                   0.25),
    ),
    (
        {"kind": "two_layer", "data": "independent", "magnitude": "one", "activation": "quadratic",
         "target": "cube", "l1": 0},
        tg.Problem(tg.Independent(6, 0.1, magnitude="one"),
                   tg.TwoLayer(3, hidden_bias=True, activation="quadratic"), 1, "cube"),
    ),
    (
        {"hiddenActivation": "identity", "hiddenBias": False, "activation": "identity",
         "target": "sign", "n": 5, "m": 2, "magnitude": "uniform"},
        tg.Problem(tg.Independent(5, 0.1),
                   tg.TwoLayer(2, hidden_activation="identity", activation="identity"), 1, "sign"),
    ),
    (
        {"hiddenActivation": "relu", "activation": "relu", "target": "step"},
        tg.Problem(tg.Independent(5, 0.1), tg.TwoLayer(2), 1, "step"),
    ),
    (
        {"target": "abs", "magnitude": "signed"},
        tg.Problem(tg.Independent(5, 0.1, magnitude="signed"), tg.TwoLayer(2), 1, "abs"),
    ),
    *(
        ({"target": "pairs", "operation": name},
         tg.Problem(tg.Independent(5, 0.1, magnitude="signed"), tg.TwoLayer(2), 1, tg.Pairs(name)))
        for name in ("min", "max", "distance", "product")
    ),
    (
        {"target": "elementwise", "table": "[1,0,4]", "high": 2, "low": -2},
        tg.Problem(tg.Independent(5, 0.1, magnitude="signed"), tg.TwoLayer(2), 1,
                   tg.Elementwise((1, 0, 4), -2, 2)),
    ),
    (
        {"kind": "relu_output", "target": "x", "magnitude": "uniform"},
        tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2)),
    ),
    (
        {"data": "hierarchy", "exclusive": True},
        tg.Problem(tg.Hierarchy((-1, -1, 0, 1, 0), 0.1, exclusive=True), tg.ReLUOutput(2)),
    ),
    (
        {"data": "copula"},
        tg.Problem(tg.Copula(0.1, factors=np.full((5, 1), 0.707107)), tg.ReLUOutput(2)),
    ),
    (
        {"data": "mixture"},
        tg.Problem(
            tg.Mixture((tg.Independent(5, 0.1), tg.Correlated(1, 5, 0.1))), tg.ReLUOutput(2)
        ),
    ),
    ({"data": "samples"}, tg.Problem(tg.Samples(samples.EXAMPLE.x), tg.ReLUOutput(2))),
)  # fmt: skip

#: The same for the training; what is not said stays as it was.
TRAININGS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    (
        {"optimizer": "sgd", "momentum": 0.5, "schedule": "linear", "batch": 32, "seeds": 3},
        {"optimizer": "sgd", "momentum": 0.5, "schedule": "linear", "batch_size": 32},
    ),
    (
        {"optimizer": "adamw", "weightDecay": 0.25, "schedule": "cosine", "steps": 700, "seed": 9},
        {"optimizer": "adamw", "weight_decay": 0.25, "schedule": "cosine", "steps": 700},
    ),
    ({"optimizer": "exact"}, {"engine": "exact", "steps": 700}),
    ({"optimizer": "adam", "schedule": "constant"}, {"optimizer": "adam", "engine": "sampled"}),
)


def _set(page: ExplorerPage, name: str, value: Any) -> None:
    control = page.control(name)
    if isinstance(value, bool):
        control.set_checked(value)
    elif control.evaluate("(e) => e.tagName") == "SELECT":
        control.select_option(value)
    else:
        page.type_in(name, value)


def _options(page: ExplorerPage, name: str) -> set[str]:
    return set(page.control(name).evaluate("(e) => [...e.options].map((o) => o.value)"))


def _asked(page: ExplorerPage) -> PageState:
    """What is trained; numbers may have come as changes, where a training was there sooner."""
    return PageState.read(page.read("state")).settled()


def test_every_choice_describes_the_problem_that_tegum_has_for_it(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    offered: dict[str, set[str]] = {}
    chosen: dict[str, set[str]] = {}
    for wish, problem in WISHES:
        for name, value in wish.items():
            _set(page, name, value)
            if page.control(name).evaluate("(e) => e.tagName") == "SELECT":
                offered[name] = _options(page, name)
                chosen.setdefault(name, set()).add(value)
        page.wait("t.settled")
        assert _alike(_asked(page).problem) == _alike(problem)
        assert page.read("frame.step") == 0
        # the address says it setting by setting
        assert "state=" not in page.read("hash")
        # the page draws weights of that shape
        page.wait(f"t.scene.n === {problem.n_features} && t.scene.m === {problem.n_hidden}")
    # "geometric" and "last" are sliders' forms: the test below moves them
    offered["form"] -= {"geometric", "last"}
    assert chosen == offered


def _alike(problem: tg.Problem) -> tg.Problem:
    """The same with every importance said: numbers that come as changes come as lists."""
    return problem.replace(importance=tuple(problem.importance_vector().tolist()))


def test_every_choice_of_the_training_is_tegums(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    wanted: dict[str, Any] = {"steps": 600, "learning_rate": 0.01}
    for wish, fields in TRAININGS:
        for name, value in wish.items():
            _set(page, name, value)
        page.wait("t.settled")
        wanted |= fields
        training = _asked(page).training
        assert {name: getattr(training, name) for name in fields} == fields
        assert training.steps == wanted["steps"]
        assert training.learning_rate == 0.01
        assert "state=" not in page.read("hash")
    assert page.read("state.seeds") == 3
    assert page.read("state.seed") == 9
    assert page.read("scene.losses.length") == 3
    assert _options(page, "optimizer") == {"adam", "adamw", "sgd", "exact"}


def test_numbers_act_on_the_models_that_are_there(visit: Visit) -> None:
    """The weights stay, the numbers of the next step change, and each change is kept."""
    page = visit(STILL.replace("steps=600", "steps=600&model=relu_hidden&opt=sgd"))
    page.at_rest(0)
    page.open_groups()
    run, W = page.read("frame.run"), page.read("scene.W")
    for name, value, field in (
        ("l1", 0.125, "l1"),
        ("momentum", 0.75, "momentum"),
        ("weightDecay", 0.0625, "weight_decay"),
    ):
        page.type_in(name, value)
        page.wait(f"t.frame.numbers.{field} === {value}")
    for name, share, field in (
        ("p", 0.3, "feature_probability"),
        ("learningRate", 0.7, "learning_rate"),
    ):
        page.slide(name, share)
        page.wait(f"Math.abs(t.frame.numbers.{field} / t.settings.{name} - 1) < 1e-9")
    page.control("form").select_option("geometric")
    page.slide("ratio", 0.5)
    page.wait("t.settings.ratio === 0.65")
    page.wait("Math.abs(t.frame.numbers.importance[5] - 0.65 ** 5) < 1e-9")
    page.control("form").select_option("last")
    page.slide("ratio", 1.0)
    page.wait("t.frame.numbers.importance[5] === 10 && t.frame.numbers.importance[4] === 1")
    page.control("form").select_option("list")
    page.type_in("list", "1, 2, 3, 4, 5, 6")
    page.wait("t.frame.numbers.importance.join() === '1,2,3,4,5,6'")
    page.type_in("list", "1, -2, 3")  # refused, and marked
    assert page.control("list").get_attribute("aria-invalid") == "true"
    bars = page.page.locator("svg.importance rect")
    heights = bars.evaluate_all("(bars) => bars.map((bar) => bar.height.baseVal.value)")
    np.testing.assert_allclose(np.array(heights) / heights[-1], np.arange(1, 7) / 6, rtol=1e-5)
    assert page.read("frame.run") == run
    assert page.read("scene.W") == W
    state = PageState.read(page.read("state"))
    assert {name for _, values in state.changes for name in values} >= {"l1", "momentum"}


def test_an_earlier_step_is_said_with_its_own_probability(visit: Visit) -> None:
    """The slider has that of the running training."""
    changes = "&changes=" + quote('[[40,{"feature_probability":0.5}]]')
    page = visit(STILL.replace("at=0", "at=60") + changes)
    page.at_rest(60)
    group = page.page.locator(".group").first
    expect(group).not_to_contain_text("p was")
    page.control("travel").press("Home")
    page.wait("t.frame.past && t.frame.step < 40")
    expect(group).to_contain_text(f"at step {page.read('frame.step')} p was 0.1")


def test_numbers_out_of_their_range_are_marked_and_not_used(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    before = page.read("settings")
    for name, value in (("n", 0), ("m", 1000), ("seeds", 0), ("batch", 99999), ("weightDecay", -1)):
        page.type_in(name, value)
        assert page.control(name).get_attribute("aria-invalid") == "true", name
    assert page.read("settings") == before
    assert page.read("frame.run") == 1


def test_what_is_being_written_stays_while_the_page_is_drawn_anew(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    page.open_groups()
    writings = (("batch", "32", 32), ("n", "7", 7), ("n", "0", 7))
    for (name, text, wanted), share in zip(writings, (0.4, 0.5, 0.6), strict=True):
        field = page.control(name)
        field.fill(text)
        before = page.read("settings.p")
        page.slide("p", share)
        page.wait(f"t.settings.p !== {before}")
        page.painted()
        assert field.input_value() == text
        field.press("Tab")
        page.wait(f"t.settled && t.settings.{name} === {wanted}")
        assert field.get_attribute("aria-invalid") == str(wanted != float(text)).lower()
    # another value from elsewhere takes the place of what could not be used
    page.page.goto(page.page.url.split("#")[0] + STILL.replace("n=6", "n=9"))
    page.wait("t.settled && t.settings.n === 9")
    assert page.control("n").input_value() == "9"
    assert page.control("n").get_attribute("aria-invalid") == "false"


def test_the_speed_is_kept(visit: Visit) -> None:
    page = visit(STILL.replace("steps=600", "steps=10000000"))
    page.at_rest(0)
    assert _options(page, "speed") == {"", "1000", "200", "50", "10"}
    page.control("speed").select_option("10")
    start = time.monotonic()
    page.press("run")
    page.wait("t.frame.step >= 8")
    step = page.read("frame.step")
    # the training may be late, but never early
    assert step <= 10 * (time.monotonic() - start) + 2
    page.control("speed").select_option("")
    page.wait(f"t.frame.step > {step + 500}")
    page.press("run")
    page.wait("t.frame.status === 'paused'")


def test_a_new_file_has_its_controls(browser: Browser, tmp_path: Path) -> None:
    """The page has never heard of this distribution, nor of this model."""
    with running(STATIC, environment=write(tmp_path)) as server:
        page = ExplorerPage(server, browser, STILL)
        page.at_rest(0)
        page.open_groups()
        page.control("data").select_option(label="partly signed")
        expect(page.control("n_signed")).to_have_value("2")  # as in the file's example
        page.control("kind").select_option("soft_output")
        page.type_in("n_signed", 4)
        page.control("smooth").check()
        page.wait("t.settled && t.state.problem.model.smooth")
        problem = page.read("state.problem")
        law = {"kind": "partly_signed", "n_features": 6, "feature_probability": 0.1, "n_signed": 4}
        assert problem["distribution"] == law
        assert problem["model"] == {"kind": "soft_output", "n_hidden": 3, "bias": True,
                                    "smooth": True}  # fmt: skip
        page.type_in("n_signed", -1)
        assert page.control("n_signed").get_attribute("aria-invalid") == "true"
        page.picture("new-file")
        again = ExplorerPage(server, browser, page.read("hash"))
        again.wait("t.settled && t.state")
        assert again.read("state") == page.read("state")
        again.press("step")
        again.wait("t.frame.step === 1")
        for one in (page, again):
            one.close()
            one.must_be_clean()


def test_a_name_that_nobody_knows_is_shown_and_refused(visit: Visit) -> None:
    page = visit(STILL)
    page.at_rest(0)
    page.page.goto(page.page.url.split("#")[0] + STILL + "&model=magic")
    alert = page.page.get_by_role("alert")
    expect(alert).to_contain_text(
        "a kind among deep, linear, relu_hidden, relu_output, sae, torch_model"
    )
    expect(alert).to_contain_text("got 'magic'")
    expect(page.control("kind").locator("option:checked")).to_have_text("unknown: magic")
    page.control("kind").select_option("linear")
    page.wait("t.settled && t.state.problem.model.kind === 'linear'")
