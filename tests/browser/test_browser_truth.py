"""What the page says is of the state that it shows, or is marked as older: number by number."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from explorer_page import ExplorerPage
from explorer_server import running
from playwright.sync_api import Browser, expect

import tegum as tg
from tegum.analysis import geometry
from tegum.analysis.tegum_factors import shape_name
from tegum.explorer.app import STATIC, lessons
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.state import OWN, PageState

pytestmark = pytest.mark.xdist_group("explorer")
Visit = Callable[..., ExplorerPage]

STEPS, SEEDS = 300, 12
SMALL = f"#/live?n=5&m=2&p=0.1&lr=0.01&batch=64&steps={STEPS}&seeds={SEEDS}&seed=3&imp=equal"
MARKED_MS = 100  # from a key press to a picture, or a mark

#: All that a reader of the page sees, at one moment.
_SEEN = """() => {
    const t = globalThis.tegum;
    const text = (e) => e ? e.innerText : null;
    const one = (selector) => document.querySelector(selector);
    const all = (selector) => [...document.querySelectorAll(selector)];
    const stale = (e) => e ? e.closest('.stale') !== null : null;
    const numbers = Object.fromEntries(all('.numbers > div').map(
        (e) => [e.querySelector('dt').innerText, e.querySelector('dd').innerText]));
    const analysis = one('[data-testid=analysis-of]'), census = one('[data-testid=census-of]');
    return {
        marks: t.marks, frame: t.frame, scene: t.scene, trace: t.trace, heldOut: t.heldOut,
        view: t.view, hash: t.hash, bar: location.hash, configured: t.configured,
        numbers, hovered: t.hovered, feature: text(one('[data-testid=feature]')),
        shape: text(one('[data-testid=shape]')),
        factors: all('ul.factors button > span:first-child').map(text),
        analysis: text(analysis), analysisStale: stale(analysis),
        analysisPast: t.analysis ? t.analysis.past : null,
        census: all('ul.census button').map(
            (e) => [...e.querySelectorAll('span')].map(text).slice(1)),
        censusOf: text(census), censusStale: stale(census),
        lossesOf: text(one('[data-testid=losses-of]')),
        curvesStale: stale(one('.view-loss .card-body')),
        visible: all('.stage canvas, .stage .curve').filter(
            (e) => getComputedStyle(e).visibility !== 'hidden').length,
    };
}"""


class Truth:
    """Python's own models of a state at every step, and their losses."""

    def __init__(self, state: PageState) -> None:
        steps = tuple(range(STEPS + 1))
        training = state.training.replace(checkpoints=steps)
        runs = tg.train(
            state.problem, training=training, seeds=SEEDS, seed=state.seed, progress=False
        )
        self.W = runs["W_checkpoint"].transpose("checkpoint", "seed", ...).to_numpy()
        self.b = runs["b_checkpoint"].transpose("checkpoint", "seed", ...).to_numpy()
        self._live = live = Live(state, Limits(), jobs=1)
        self.batch, self._arrays = [], []
        for step in steps:
            live.advance(step - live.step)
            live.probe(force=True)
            self.batch.append(live.moment().losses)
            self._arrays.append({name: array.copy() for name, array in live.arrays.items()})

    def held_out(self, step: int) -> np.ndarray:
        """Losses of all models at a step, on the samples that say which is best."""
        self._live.arrays = self._arrays[step]
        self._live.score()
        return self._live.scores


def _number(text: str) -> float:
    """A number as the page writes it: 12 345, −0.5, 1.2×10⁻⁵."""
    plain = text.replace("\u202f", "").replace("−", "-").translate(_RAISED)
    mantissa, _, power = plain.partition("×10")
    return float(mantissa) * 10.0 ** int(power or 0)


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def _step_in(text: str) -> int:
    found = re.search(r"step ([\d\u202f]+)", text)
    assert found is not None, text
    return int(_number(found[1]))


def _check(seen: dict[str, Any], truth: Truth) -> bool:
    """Every number of the page against Python's; whether all of it was of one state."""
    if seen["marks"]["blank"]:
        assert seen["visible"] == 0
        assert seen["shape"] is None
        assert not seen["census"]
        return False
    frame, scene = seen["frame"], seen["scene"]
    step, seed = frame["step"], frame["selected"]["seed"]
    W = truth.W[step, seed]
    _check_picture(seen, truth, W)
    whole = _check_analysis(seen, truth, (step, seed))
    _check_census(seen, truth, step)
    at = _step_in(seen["lossesOf"])
    assert frame["status"] == "running" or at == step
    shown = seen["heldOut"] or scene["losses"]
    if frame["status"] != "running" and not np.allclose(shown, truth.batch[at], rtol=1e-5):
        assert not frame["past"]
        np.testing.assert_allclose(shown, truth.held_out(at), rtol=1e-5)
    trace = seen["trace"]
    if not seen["curvesStale"] and trace["steps"]:
        steps = np.array(trace["steps"])
        D = geometry.dimensionality(np.float64(truth.W[steps, seed]))
        np.testing.assert_allclose(np.transpose(trace["D"]), D, rtol=1e-4, atol=1e-6)
        batch = np.array(truth.batch)[steps]
        np.testing.assert_allclose(trace["loss"], batch[:, seed], rtol=1e-5)
        np.testing.assert_allclose(trace["best"], batch.min(axis=1), rtol=1e-5)
    return whole and not any(seen["marks"].values())


def _check_picture(seen: dict[str, Any], truth: Truth, W: np.ndarray) -> None:
    """The weights that are drawn, and the numbers above them and under the pointer."""
    frame, scene, numbers = seen["frame"], seen["scene"], seen["numbers"]
    step, seed = frame["step"], frame["selected"]["seed"]
    np.testing.assert_array_equal(np.float32(scene["W"]).reshape(W.shape), W)
    np.testing.assert_array_equal(np.float32(scene["b"]), truth.b[step, seed])
    assert numbers["model"].split(",")[0].split(" ")[0] == str(seed)
    if numbers["step"] != "preparing …":
        assert _number(numbers["step"]) == step
    (name,) = [name for name in numbers if name.startswith("loss")]
    if numbers[name] != "–":
        at = step if name == "loss" else _step_in(name)
        assert _number(numbers[name]) == pytest.approx(truth.batch[at][seed], rel=6e-3)
    if seen["feature"] is not None:
        i = seen["hovered"]
        said = [
            _number(part)
            for part in re.findall(r"(?:length|D|importance|bias) (\S+)", seen["feature"])
        ]
        own = (
            np.linalg.norm(W[:, i]), geometry.dimensionality(np.float64(W))[i], 1.0,
            truth.b[step, seed, i],
        )  # fmt: skip
        np.testing.assert_allclose(said, own, atol=5.1e-3)


def _check_analysis(seen: dict[str, Any], truth: Truth, shown: tuple[int, int]) -> bool:
    """The shape of the model; whether it is of the one that is drawn."""
    if seen["analysis"] is None:
        return False
    at = _step_in(seen["analysis"])
    other = re.search(r"model (\d+)", seen["analysis"])
    seed = shown[1] if other is None else int(other[1])
    if seen["frame"]["status"] == "running":
        # one of the past is marked until there is one of what goes on now
        elsewhere = seen["analysisPast"] != seen["frame"]["past"]
        assert seen["analysisStale"] == (seed != shown[1] or elsewhere)
    else:
        assert seen["analysisStale"] or (at, seed) == shown
    W = np.float64(truth.W[at, seed])
    assert seen["shape"] == shape_name(W)
    said = re.search(r"(\d+) of 5 features represented, D\* = (\S+) dim", seen["analysis"])
    assert said is not None
    assert int(said[1]) == geometry.count_represented(W)
    assert _number(said[2]) == pytest.approx(geometry.dimensions_per_feature(W), abs=5.1e-3)
    assert len(seen["factors"]) == len(tg.factors(W))
    return (at, seed) == shown


def _check_census(seen: dict[str, Any], truth: Truth, step: int) -> None:
    if not seen["census"]:
        return
    at = _step_in(seen["censusOf"])
    assert at == step or seen["censusStale"] or seen["frame"]["status"] == "running"
    names = [shape_name(np.float64(W)) for W in truth.W[at]]
    counts = {name: str(names.count(name)) for name in names}
    assert dict(seen["census"]) == dict(sorted(counts.items(), key=lambda c: -int(c[1]))[:8])


def _wander(page: ExplorerPage, truth: Truth, states: int) -> None:
    """To so many states by keys and sliders; a look at once after each, and one at rest."""
    rng = random.Random(18)
    whole = 0
    for _ in range(states):
        act = rng.choice(("seek", "seek", "seek", "model", "model", "tab", "run", "step", "hover"))
        _act(page, act, rng)
        page.page.wait_for_timeout(rng.choice((0, 10, 40)))
        seen = page.page.evaluate(_SEEN) if page.read("view.tab") == "live" else None
        if seen is not None:
            _check(seen, truth)
        if rng.random() < 0.5:
            _back(page)
            page.wait("t.settled && !Object.values(t.marks).some(Boolean)")
            seen = page.page.evaluate(_SEEN)
            whole += _check(seen, truth) or seen["frame"]["status"] == "running"
    assert whole >= states // 4


def _back(page: ExplorerPage) -> None:
    if page.read("view.tab") != "live":
        page.page.keyboard.press("Alt+1")
        page.wait("t.view.tab === 'live'")


def _act(page: ExplorerPage, act: str, rng: random.Random) -> None:
    keyboard = page.page.keyboard
    if act == "tab":
        keyboard.press(f"Alt+{rng.choice((3, 4))}")
        page.page.wait_for_timeout(50)
        keyboard.press("Alt+1")
        return
    if act == "seek":
        slider = page.control("travel")
        place = rng.randint(0, int(slider.get_attribute("max") or 0))
        slider.evaluate(
            "(input, value) => { input.value = value;"
            " input.dispatchEvent(new Event('input', { bubbles: true })); }",
            str(place),
        )
    elif act == "model":
        page.page.locator("[data-view='seeds']").focus()
        for _ in range(rng.randint(1, 3)):
            keyboard.press(rng.choice(("ArrowLeft", "ArrowRight")))
    elif act == "hover":
        page.page.locator("[data-view='vectors']").focus()
        keyboard.press("ArrowRight")
    elif act == "step":
        keyboard.press(".")
    elif page.read("status") != "done":
        keyboard.press(" ")


@pytest.fixture(scope="module")
def truth() -> Truth:
    """Of the state that is wandered through."""
    law = tg.Independent(5, 0.1)
    problem = tg.Problem(law, tg.ReLUOutput(2))
    training = tg.Training(steps=STEPS, learning_rate=0.01, batch_size=64, **OWN)
    return Truth(PageState(problem=problem, training=training, seeds=SEEDS, seed=3))


@pytest.mark.parametrize("states", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_every_number_is_of_the_state_that_is_shown_or_marked(
    visit: Visit, truth: Truth, states: int
) -> None:
    page = visit(SMALL)
    page.control("speed").select_option("200")
    page.wait("t.history.length > 5")
    _wander(page, truth, states)
    page.picture("truth")


def _stopped(page: ExplorerPage) -> list[int]:
    """The server's processes, made to stand still: whatever is asked for now is not there soon."""
    pids = page.server.workers()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    return pids


def test_a_lesson_that_is_not_there_yet_shows_no_other_model(visit: Visit) -> None:
    page = visit("#/lessons?lesson=1")
    page.wait("t.settled && t.analysis && t.analysis.shapes_step !== null")
    before = page.page.evaluate(_SEEN)
    assert before["visible"] > 0
    pids = _stopped(page)
    try:
        for k in (4, 8, 10):
            page.page.get_by_role("button", name=f"Lesson {k}: ").click()
            page.page.wait_for_timeout(MARKED_MS)
            seen = page.page.evaluate(_SEEN)
            assert seen["marks"]["blank"]
            assert (seen["visible"], seen["shape"], seen["census"]) == (0, None, [])
            assert seen["numbers"] == {"step": "preparing …"}
            expect(page.page.locator(".preparing")).to_be_visible()
            n = PageState.read(lessons()[k - 1]["state"]).problem.n_features  # type: ignore[arg-type]
            assert f"n={n}&" in seen["hash"]
            page.wait(
                f"location.hash.includes('n={n}&') && location.hash.includes('lesson={k - 1}')"
            )
        page.picture("lesson-not-ready")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    page.wait("t.settled && t.scene.n === 80")
    assert page.page.evaluate(_SEEN)["visible"] > 0


def test_a_model_that_is_refused_gives_the_old_one_back_and_says_why_beside_the_box(
    visit: Visit,
) -> None:
    page = visit(SMALL + "&at=0&wd=-1")
    page.at_rest(0)
    page.open_groups()
    before = page.read("scene.W")
    decay = page.page.locator(".field", has=page.control("weightDecay")).get_by_role("alert")
    expect(decay).to_contain_text("asks for -1, but it must be a number of 0 or more; it is 0.")
    box = page.page.locator(".field", has=page.control("n"))
    page.type_in("n", 500)
    expect(box.get_by_role("alert")).to_have_text("must be from 1 to 400; it stays 5.")
    page.type_in("n", 5)
    expect(box.get_by_role("alert")).to_have_count(0)
    page.type_in("n", 100)
    page.type_in("m", 50)
    page.wait("t.settled && t.scene.n === 100 && t.scene.m === 50")
    expect(decay).to_have_count(0)
    page.type_in("seeds", 1000)
    seeds = page.page.locator(".field", has=page.control("seeds"))
    expect(seeds.get_by_role("alert")).to_contain_text("too many weights of all seeds together")
    page.picture("refused")
    assert page.read("scene.n") == 100
    assert page.read("configured.seeds") == SEEDS
    page.type_in("seeds", 2)
    expect(seeds.get_by_role("alert")).to_have_count(0)
    for name, value in (("m", 2), ("n", 5), ("seeds", SEEDS)):
        page.type_in(name, value)
    page.wait(f"t.settled && t.scene.n === 5 && t.configured.seeds === {SEEDS}")
    assert page.read("scene.W") == before


def test_what_waits_for_the_training_is_marked(visit: Visit) -> None:
    """Within a tenth of a second of a key press, whatever the training does."""
    page = visit(SMALL)
    page.at_rest(STEPS)
    pids = _stopped(page)
    try:
        page.page.keyboard.press("b")
        page.page.wait_for_timeout(MARKED_MS)
        assert page.read("marks.awaiting")
        opacity = "() => getComputedStyle(document.querySelector('.hero-body')).opacity"
        assert page.page.evaluate(opacity) == "0.5"
        page.picture("awaiting")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    page.wait("!t.marks.awaiting")


@pytest.mark.slow
def test_lesson_after_lesson_shows_its_own_model_or_none(visit: Visit) -> None:
    _through_lessons(visit("#/lessons?lesson=0"), 0.25)


@pytest.mark.slow
def test_all_lessons_at_one_press_each_second_on_a_fresh_cache(
    browser: Browser, tmp_path: Path
) -> None:
    """Kernels are compiled all the while."""
    environment = {**os.environ, "TEGUM_CACHE_DIR": str(tmp_path / "cache")}
    with running(STATIC, environment=environment) as server:
        page = ExplorerPage(server, browser, "#/lessons?lesson=0")
        _through_lessons(page, 1.0)
        page.close()
        page.must_be_clean()


def _through_lessons(page: ExplorerPage, seconds: float) -> None:
    """A press each so often; what is seen in between is the lesson's own, or nothing."""
    page.page.get_by_role("button", name=f"Lesson {len(lessons())}: ").wait_for()
    problems = [PageState.read(lesson["state"]).problem for lesson in lessons()]  # type: ignore[arg-type]
    for k, problem in enumerate(problems, start=1):
        page.page.get_by_role("button", name=f"Lesson {k}: ").click()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            _is_of(page.page.evaluate(_SEEN), k, problem)
    page.wait(f"t.settled && t.scene.n === {problems[-1].n_features}")
    _is_of(page.page.evaluate(_SEEN), len(problems), problems[-1])


def _is_of(seen: dict[str, Any], lesson: int, problem: tg.Problem) -> None:
    assert seen["view"]["lesson"] == lesson - 1
    assert f"n={problem.n_features}&m={problem.n_hidden}&" in seen["hash"]
    if seen["marks"]["blank"]:
        assert seen["visible"] == 0
        return
    assert PageState.read(seen["configured"]["state"]).problem == problem
    assert (seen["scene"]["n"], seen["scene"]["m"]) == (problem.n_features, problem.n_hidden)
