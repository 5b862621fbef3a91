"""Dictionaries of the page's model: what is shown is what was trained, and of that very model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from explorer_server import Page, small

import tegum as tg
from tegum.errors import SpecError
from tegum.explorer import beside
from tegum.explorer.beside import Beside
from tegum.explorer.dictionary import DictionaryJob, source_of
from tegum.explorer.frames import decode, encode
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.live import Live
from tegum.explorer.messages import Dictionary
from tegum.explorer.state import FIRST, PageState

pytestmark = pytest.mark.xdist_group("explorer")

WISH: dict[str, Any] = {"type": "dictionary", "id": None, "n_latents": 4, "seeds": 3, "steps": 40}


def _live() -> Live:
    live = Live(FIRST.replace(seeds=2), Limits(), jobs=1)
    live.advance(300)
    return live


def _job(**wish: Any) -> DictionaryJob:
    source = source_of(3, _live().moment(), 1)
    return DictionaryJob(1, Dictionary(**{**WISH, **wish}), source, jobs=1)


def test_the_page_is_shown_the_dictionary_that_tegum_trains(page: Page) -> None:
    page.say("configure", state=small(), until=400)
    shown, model = page.resting(400)
    assert page.ask("dictionary", n_latents=4, seeds=3, steps=40, l1=0.2)["type"] == "ok"
    header, arrays = page.until("dictionary", lambda h: h["status"] == "done")
    np.testing.assert_array_equal(arrays["W"], model["W"])
    assert header["of"] == {"run": 1, "step": 400, "seed": shown["selected"]["seed"]}
    law = tg.Activations(arrays["W"], PageState.read(small()).problem.distribution)
    how = tg.Training(steps=40, batch_size=256, learning_rate=3e-3)
    problem = tg.Problem(law, tg.SAE(4), l1=0.2)
    runs = tg.train(problem, training=how, seeds=3, progress=False)
    np.testing.assert_array_equal(arrays["W_dec"], runs.W_dec.to_numpy()[header["seed"]])


def test_what_is_said_of_it_is_so_by_hand() -> None:
    job = _job(n_latents=3)
    job.advance(40)
    header, arrays = job.header(), job.arrays()
    W, atoms = arrays["W"], arrays["W_dec"]
    unit = W / np.linalg.norm(W, axis=0)
    nearest = (unit.T @ (atoms / np.linalg.norm(atoms, axis=1, keepdims=True)).T).max(axis=1)
    there = np.linalg.norm(W, axis=0) > 0.5
    assert header["represented"] == there.sum()
    assert header["found"] == (nearest[there] > 0.9).sum()
    assert arrays["cosines"][header["seed"]] == pytest.approx(nearest[there].mean())
    assert header["true_l0"] == pytest.approx((job.x[:, there] > 0).sum(axis=1).mean())
    assert header["dead"] == (arrays["rates"] == 0).sum()
    assert header["l0"] == pytest.approx(arrays["rates"].sum())
    assert (header["step"], header["status"], arrays["steps"].tolist()) == (40, "done", [40.0])


def test_slices_make_no_difference_and_another_price_goes_on_from_the_same_weights() -> None:
    whole, parts = _job(), _job()
    whole.advance(40)
    for _ in range(4):
        parts.advance(10)
        parts.header()
    np.testing.assert_array_equal(whole.state["theta"], parts.state["theta"])
    changed = _job()
    changed.advance(20)
    before = changed.state["theta"].copy()
    changed.change(5.0)
    np.testing.assert_array_equal(changed.state["theta"], before)
    changed.advance(20)
    assert changed.header()["l1"] == 5.0
    assert changed.header()["l0"] < whole.header()["l0"]


def test_of_batch_top_k_codes_the_threshold_is_that_of_the_weights_shown() -> None:
    job = _job(architecture="batchtopk", k=1, steps=60)
    job.advance(40)
    job.header()
    how = job.training.replace(checkpoints=(40,))
    runs = tg.train(job.problem, training=how, seeds=3, progress=False)
    found = job.engine.parameters(job.batch, job.state)["threshold"]
    np.testing.assert_array_equal(found, runs.threshold_checkpoint.sel(checkpoint=40))


def test_what_has_no_dictionary_is_refused_in_a_line(page: Page) -> None:
    assert page.ask("dictionary")["message"] == "there is no training: configure one first"
    page.say("configure", state=small(), until=0)
    page.resting(0)
    said = page.ask("dictionary", n_latents=4, architecture="topk", k=5)
    assert (said["code"], said["message"]) == (
        "invalid",
        "SAE.k must be at most n_latents = 4; got 5",
    )
    assert page.ask("dictionary", architecture="topk")["code"] == "invalid"
    assert page.ask("dictionary", n_latents=10_000)["code"] == "limit"
    assert page.ask("dictionary", l1=-1)["code"] == "message"
    assert page.ask("dictionary_change", l1=1)["code"] == "state"
    with pytest.raises(LimitError, match="too many weights of all dictionaries together"):
        Limits().admit_dictionary(400, 200, 64, 10)


def test_a_layer_that_is_no_relu_and_a_model_that_diverged_have_none() -> None:
    lost = _live()
    other = FIRST.problem.replace(model=tg.TwoLayer(2, hidden_activation="gelu"))
    with pytest.raises(SpecError, match="hidden_activation must be one of identity, relu"):
        source_of(1, replace(lost.moment(), problem=other), 0)
    lost.parameters()["W"][1] = np.nan
    with pytest.raises(SpecError, match="must be a model that has not diverged; got 1"):
        source_of(1, lost.moment(), 1)


def test_a_dictionary_that_diverged_is_shown_as_such() -> None:
    job = _job()
    job.advance(3)
    job.state["theta"][:] = np.nan
    header, arrays = decode(encode(job.header(), job.arrays()))
    assert (header["found"], header["l0"], header["loss"], header["explained_variance"]) == (
        *(None,) * 4,
    )
    assert header["represented"] == (np.linalg.norm(arrays["W"], axis=0) > 0.5).sum()
    assert np.isnan(arrays["cosines"]).all()


def test_a_job_goes_no_faster_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

        def perf_counter(self) -> float:
            return self.now

    class Steps:
        done, ended = 0, False

        def advance(self, steps: int) -> int:
            self.done += steps
            return steps

        def header(self) -> dict[str, Any]:
            return {"type": "steps"}

        def arrays(self) -> dict[str, np.ndarray]:
            return {}

    clock, job, sent = Clock(), Steps(), []
    monkeypatch.setattr(beside, "time", clock)
    work: Beside[Steps] = Beside(sent.append, 0.5)
    work.begin(job, most=10.0)
    assert (work.wait(), len(sent)) == (0.1, 1)
    for tick in range(1, 41):
        clock.now = tick / 20
        work.work()
        assert job.done <= 10 * clock.now + 1e-9
    assert job.done == 20
    assert len(sent) == 1 + 4
    work.end()
    assert work.wait() is None
