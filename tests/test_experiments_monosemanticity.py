"""Rules of `monosemanticity` on hand-made tables that hold and differ, and its oracles."""

from __future__ import annotations

from itertools import product
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import changed, judged, quick_run_as_expected
from optimisers import Adam

from tegum.errors import SpecError
from tegum.experiments.base import Tables
from tegum.experiments.monosemanticity import EXPERIMENT
from tegum.experiments.monosemanticity.decoder import (
    Decoder,
    Descent,
    Rows,
    Size,
    Work,
    activations,
    embedder,
    sample,
    share,
    start,
    train,
)
from tegum.experiments.monosemanticity.kernels import lamb
from tegum.report.figures import draw

SMALL = Size(12, 4, 7, 0.2)


def status(identity: str, tables: Tables) -> str:
    return judged(EXPERIMENT.claims, identity, tables).status


def model(part: str, bias: float, count: int, loss: float, **other: Any) -> list[dict[str, Any]]:
    usual = {
        "part": part, "n": 256, "m": 32, "k": 512, "optimizer": "adam", "rate": 3e-3,
        "steps": 3000, "initial_bias": bias, "loss": loss, "error": 0.01, "dead": 3,
        "known": count,
    }  # fmt: skip
    return [{**usual, **other, "seed": seed, "monosemantic": count + seed} for seed in range(2)]


def tables() -> Tables:
    """Negative starts end with more, and still do after longer training."""
    counts = {0.0: (10, 0.6), -0.1: (60, 0.5), -0.2: (90, 0.5), -0.8: (40, 0.7)}
    rows = [row for b, (c, loss) in counts.items() for row in model("biases", b, c, loss)]
    rows += model("published", -1.0, 80, 0.5)
    rows += model("longer", 0.0, 50, 0.45) + model("longer", -0.2, 120, 0.45)
    rows += model("reference", 0.0, 400, 0.9) + model("reference", -0.2, 600, 0.89)
    for k, count in ((128, 5), (256, 40), (1024, 250)):
        rows += model("neurons", -0.2, count, 0.5, k=k)
    for (name, rate), bias in product(
        (("adam", 1e-3), ("adam", 6e-3), ("lamb", 1e-2), ("lamb", 3e-2)), (0.0, -0.2)
    ):
        rows += model("rates", bias, int(3000 * rate), 0.48, optimizer=name, rate=rate)
    models = pd.DataFrame(rows)
    steps = pd.DataFrame({"step": [0, 1, 10, 3000], "bias": [-0.2, -0.2, -0.1, -0.2]})
    some = models[models["part"].isin(["biases", "published", "longer"])]
    neurons = pd.DataFrame(
        {"neuron": range(8), "share": [1.0] * 5 + [0.5] * 3, "bias": [-0.4] * 5 + [0.1] * 3}
    )
    seen = pd.DataFrame({"neuron": range(8), "feature": range(8), "activation": 0.5})
    zero, low = ({"initial_bias": bias} for bias in (0.0, -0.2))
    return {
        "models": models,
        "path": some.merge(steps, how="cross"),
        "neurons": pd.concat([neurons.assign(**zero), neurons.assign(**low)]),
        "activations": pd.concat([seen.assign(**zero), seen.assign(**low)]),
    }


@pytest.mark.parametrize("identity", [claim.id for claim in EXPERIMENT.claims])
def test_what_was_published_holds(identity: str) -> None:
    assert status(identity, tables()) == "holds"


@pytest.mark.parametrize(
    ("identity", "where", "values"),
    [
        ("59.a", {"part": "biases", "seed": 1}, {"monosemantic": 11}),
        ("59.a", {"part": "biases", "initial_bias": -0.2}, {"loss": 0.62}),
        ("59.a", {"part": "published", "seed": 0}, {"monosemantic": 10}),
        ("59.a", {"part": "published"}, {"loss": 0.62}),
        ("59.b", {"part": "longer", "initial_bias": 0.0}, {"monosemantic": 112}),
        ("59.b", {"part": "longer", "initial_bias": 0.0}, {"loss": 0.47}),
        ("59.b", {"part": "longer", "initial_bias": 0.0}, {"loss": 0.43}),
        ("59.c", {"part": "neurons", "k": 1024}, {"monosemantic": 90}),
        ("59.d", {"part": "biases", "initial_bias": -0.8}, {"monosemantic": 95}),
        ("59.d", {"part": "biases", "initial_bias": 0.0}, {"monosemantic": 95}),
        ("59.f", {"optimizer": "lamb", "initial_bias": 0.0, "rate": 3e-2}, {"loss": 0.47}),
        ("59.g", {"optimizer": "lamb", "rate": 3e-2}, {"monosemantic": 30}),
        ("59.g", {"optimizer": "adam", "rate": 6e-3}, {"monosemantic": 10}),
        ("59.h", {"part": "reference", "initial_bias": -0.2}, {"monosemantic": 400}),
        ("59.h", {"part": "reference", "initial_bias": -0.2}, {"loss": 0.93}),
    ],
)
def test_what_is_otherwise_differs(identity: str, where: Any, values: Any) -> None:
    assert status(identity, changed(tables(), "models", where, **values)) == "differs"


@pytest.mark.parametrize("bias", [0.1, -1.1])
def test_biases_of_monosemantic_neurons_are_moderately_negative(bias: float) -> None:
    where: Any = {"initial_bias": -0.2, "share": 1.0}
    assert status("59.e", changed(tables(), "neurons", where, bias=bias)) == "differs"
    others: Any = {"initial_bias": -0.2, "share": 0.5}
    assert status("59.e", changed(tables(), "neurons", others, bias=bias)) == "holds"


def test_figures_are_drawn_from_tables() -> None:
    for spec in EXPERIMENT.figures:
        assert draw(spec, tables(), "salt").svg.startswith("<?xml")


def test_a_neuron_is_monosemantic_by_its_largest_activation() -> None:
    E = np.eye(3, dtype=np.float32)
    encoder = np.array([[1, 0, 0], [1, 1, 0], [3, 1, 0], [-1, 0, 0]], np.float32)
    bias = np.array([0, 0, -0.5, 0], np.float32)
    found = Decoder(E, encoder, bias, np.zeros((4, 3), np.float32))
    np.testing.assert_allclose(activations(found)[2], [2.5, 0.5, 0])
    np.testing.assert_allclose(share(found), [1, 1 / 2, 5 / 6, 0])


def test_directions_have_length_one_and_share_the_dimensions_evenly() -> None:
    E = embedder(400, 10, np.random.default_rng(0)).astype(float)
    np.testing.assert_allclose(np.linalg.norm(E, axis=1), 1, rtol=1e-6)
    # Σ (E_i·E_j)² is at least n²/m; of independent directions it would be larger by n (1 − 1/m)
    most = np.square(E @ E.T).sum() - 400**2 / 10
    assert 0 <= most < 0.5 * 400 * (1 - 1 / 10)


def test_cells_are_active_as_often_as_they_should_be() -> None:
    rows = sample(Size(50, 2, 2, 0.04), 4000, np.random.default_rng(0))
    x = dense(rows, 50)
    # 200,000 cells: five standard errors; each row and feature by itself within five, too
    assert abs((x > 0).mean() - 0.04) < 5 * np.sqrt(0.04 * 0.96 / x.size)
    assert abs((x > 0).mean(axis=0) - 0.04).max() < 5 * np.sqrt(0.04 * 0.96 / 4000)
    assert abs((x > 0).sum(axis=1).var() - 50 * 0.04 * 0.96) < 0.25
    assert abs(x[x > 0].mean() - 0.5) < 5 * np.sqrt(1 / 12 / (x > 0).sum())


def dense(rows: Rows, n: int) -> Any:
    x = np.zeros((len(rows.pointer) - 1, n))
    for b in range(len(x)):
        span = slice(rows.pointer[b], rows.pointer[b + 1])
        x[b, rows.feature[span]] = rows.value[span]
    return x


def loss(E: Any, encoder: Any, bias: Any, decoder: Any, x: Any) -> float:
    """Slowly, one sample at a time."""
    total = 0.0
    for row in x:
        h = [max(0.0, encoder[k] @ (row @ E) + bias[k]) for k in range(len(bias))]
        total += sum((sum(h[k] * decoder[k, i] for k in range(len(bias))) - row[i]) ** 2
                     for i in range(len(row)))  # fmt: skip
    return total / len(x)


@pytest.mark.parametrize("bias", [0.5, -0.3])  # most neurons fire, and few
def test_gradients_are_differences_of_the_loss(bias: float) -> None:
    found = start(SMALL, bias, np.random.default_rng(3))
    rows = sample(SMALL, 20, np.random.default_rng(4))
    work, sums = Work(SMALL, 20), tuple(np.zeros_like(a) for a in found[1:])
    firing = work.hidden(found, rows)
    assert (firing > 0.4) == (bias > 0)
    value = work.gradients(found, rows, sums)  # type: ignore[arg-type]
    E, *arrays = (a.astype(float) for a in found)
    x = dense(rows, SMALL.n)
    assert value == pytest.approx(loss(E, *arrays, x), rel=1e-5)
    for array, gradient in zip(arrays, sums, strict=True):
        for place in np.random.default_rng(5).integers(array.size, size=6):
            at = np.unravel_index(place, array.shape)
            before, ends = array[at], []
            for step in (1e-6, -1e-6):
                array[at] = before + step
                ends.append(loss(E, *arrays, x))
            array[at] = before
            slope = (ends[0] - ends[1]) / 2e-6
            assert 2 / 20 * gradient[at] == pytest.approx(slope, rel=1e-3, abs=1e-5)


def test_lamb_is_a_step_of_adam_as_long_as_the_weights() -> None:
    rng = np.random.default_rng(0)
    theta = rng.normal(size=30).astype(np.float32)
    expected, plain = theta.astype(float), Adam(0.0)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, 4):
        gradient = rng.normal(size=30).astype(np.float32)
        direction = plain.direction(gradient.astype(float))
        trust = np.linalg.norm(expected) / np.linalg.norm(direction)
        expected = expected - 0.01 * trust * direction
        scale = (1 / (1 - 0.9**step), 1 / (1 - 0.999**step), 0.5)
        lamb(theta, 2 * gradient, first, second, 0.01, scale)
    np.testing.assert_allclose(theta, expected, rtol=1e-4, atol=1e-5)


def test_training_goes_down_and_starts_alike() -> None:
    size = Size(20, 20, 30, 0.1)
    low = train(size, Descent(300, 64, 1e-2, -0.1), 0, 0.999)
    zero = train(size, Descent(1, 64, 0.0), 0, 0.999)
    again = train(size, Descent(300, 64, 1e-2, -0.1), 0, 0.999)
    # all outputs 0 lose n p / 3
    assert low.loss < 0.5 * 20 * 0.1 / 3
    assert again.loss == low.loss
    np.testing.assert_array_equal(low.model.embedder, zero.model.embedder)
    first = start(size, -0.1, np.random.default_rng((59, 0, 0)))
    np.testing.assert_allclose(first.bias, zero.model.bias - 0.1, atol=1e-6)
    np.testing.assert_array_equal(first.encoder, zero.model.encoder)
    assert [moment.step for moment in low.path][:5] == [0, 1, 2, 4, 8]
    assert low.path[-1].step == 300


def test_a_training_that_is_stopped_ends_where_it_is() -> None:
    stop = Event()
    stop.set()
    found = train(SMALL, Descent(10**9, 64, 1e-2), 0, 0.999, stop)
    np.testing.assert_array_equal(found.model.bias, start_of(SMALL).bias)


def start_of(size: Size) -> Decoder:
    return start(size, 0.0, np.random.default_rng((59, 0, 0)))


@pytest.mark.parametrize(
    ("size", "how", "said"),
    [
        ({"n": 0}, {}, "Size.n must be an integer >= 1; got 0"),
        ({"m": 31}, {}, "Size.m must be at most n = 30; got 31"),
        ({"k": 2.5}, {}, "Size.k must be an integer >= 1; got 2.5"),
        ({"p": 0.0}, {}, "Size.p must be in (0, 1]; got 0.0"),
        ({}, {"steps": -1}, "Descent.steps must be an integer >= 0; got -1"),
        ({}, {"batch": 0}, "Descent.batch must be an integer >= 1; got 0"),
        ({}, {"learning_rate": -1.0}, "Descent.learning_rate must be >= 0; got -1.0"),
        ({}, {"initial_bias": np.nan}, "Descent.initial_bias must be finite; got nan"),
        ({}, {"bias_decay": -1}, "Descent.bias_decay must be >= 0; got -1"),
        ({}, {"optimizer": "sgd"}, "Descent.optimizer must be one of adam, lamb; got 'sgd'"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_line(
    size: dict[str, Any], how: dict[str, Any], said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        train(Size(**{"n": 30, "m": 5, "k": 20, **size}), Descent(**{
            "steps": 1, "batch": 4, "learning_rate": 1e-3, **how}), 0, 0.999)  # fmt: skip
    assert str(caught.value) == said


def test_biases_decay_over_the_first_half() -> None:
    # nothing fires from −50: no gradient, but the decay
    how = Descent(10, 4, 1e-3, -50.0, 100.0)
    found = train(SMALL, how, 0, 0.999).model.bias
    began = start(SMALL, -50.0, np.random.default_rng((59, 0, 0))).bias
    np.testing.assert_allclose(found, began * 0.9**5, rtol=1e-5)


@pytest.mark.slow
def test_a_quick_run_is_as_recorded() -> None:
    quick_run_as_expected(EXPERIMENT)
