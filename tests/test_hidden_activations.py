"""Hidden activations as a distribution: their moments, and what they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.distributions._spread import _soft_maximum
from tegum.engines.base import Batch
from tegum.engines.dictionaries.draw import samples
from tegum.engines.dictionaries.engine import DictionaryEngine
from tegum.errors import SpecError

MODEL = tg.SAE(2)
SHIFT = [0.3, -0.2, 0.1]
LAWS = {
    "sparse": tg.Activations.random(3, tg.Independent(5, 0.05)),
    "shifted": tg.Activations.random(3, tg.Independent(5, 0.1), b_hidden=SHIFT),
    "rectified": tg.Activations.random(3, tg.Independent(5, 0.3), b_hidden=SHIFT, rectified=True),
    "noisy": tg.Activations.random(3, tg.Independent(5, 0.1, "signed"), noise=0.3),
    "sets": tg.Activations.random(3, tg.Correlated(2, 3, 0.3, "exponential")),
    "wide": tg.Activations.random(20, tg.Independent(40, 0.02)),
    "copula": tg.Activations.random(3, tg.Copula([0.2] * 4, 0.6 * np.eye(4) + 0.4)),
    "hierarchy": tg.Activations.random(3, tg.Hierarchy([-1, 0, 0, 1], 0.5)),
    "mixture": tg.Activations.random(3, tg.Mixture([tg.Independent(4, p) for p in (0.1, 0.7)])),
}
#: Of what is estimated, by 131,072 samples.
ESTIMATED = 131_072


@pytest.mark.parametrize("law", [LAWS[n] for n in list(LAWS)[:6]], ids=list(LAWS)[:6])
def test_kernels_draw_what_the_moments_say(law: tg.Activations) -> None:
    """Means of h and of h hᵀ over 60,000 samples: within five standard errors."""
    h = samples(tg.Problem(law, MODEL), tg.Training(batch_size=6000), steps=10).astype(np.float64)
    flat = h.reshape(-1, law.n_features)
    pairs = flat[:, :, None] * flat[:, None, :]
    spare = 1 + len(flat) / ESTIMATED if law.rectified else 1
    for found, wanted in ((flat, law.mean()), (pairs, law.second_moment())):
        error = np.sqrt(found.var(axis=0) * spare / len(flat))
        assert (abs(found.mean(axis=0) - wanted) < 5 * error + 1e-6).all()


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_dictionaries_without_atoms_lose_all_of_h(law: tg.Activations) -> None:
    """The held-out loss of zeros is E‖h‖², whoever draws x: within five standard errors."""
    problem, training = tg.Problem(law, MODEL), tg.Training(steps=1, held_out=50_000)
    batch, engine = Batch(problem, (problem,), (training,), (0,), 0), DictionaryEngine()
    state = engine.init(batch)
    state["theta"][...] = 0
    found = engine.score(batch, state, jobs=1)
    wanted, error = np.trace(law.second_moment()), found["loss_error"][0]
    spare = np.sqrt(1 + 50_000 / ESTIMATED)
    assert abs(found["loss"][0] - wanted) < 5 * spare * error
    assert found["dead"][0] == 2
    assert found["l0"][0] == 0


def test_the_truth_is_kept_beside_what_is_seen() -> None:
    """Rates that were asked for are those of x."""
    law = LAWS["rectified"]
    x, h = law.sample_both(np.random.default_rng(0), 20_000)
    np.testing.assert_array_equal(h, np.maximum(x @ law.W.T + SHIFT, 0))
    np.testing.assert_array_equal(h, law.hidden(x))
    rates = (x != 0).mean(axis=0)
    assert (abs(rates - 0.3) < 5 * np.sqrt(0.21 / 20_000)).all()
    tree = LAWS["hierarchy"]
    x, _ = tree.sample_both(np.random.default_rng(0), 20_000)
    wanted = np.array([0.5, 0.25, 0.25, 0.125])  # not those given its parent, which are .5
    assert (abs((x != 0).mean(axis=0) - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / 20_000)).all()


def test_directions_have_norm_1_and_tell_how_near_they_are() -> None:
    law = tg.Activations.random(2, tg.Independent(5, 0.1), seed=4)
    np.testing.assert_allclose(np.linalg.norm(law.W, axis=0), 1, atol=1e-15)
    assert law == tg.Activations.random(2, tg.Independent(5, 0.1), seed=4)
    assert law != tg.Activations.random(2, tg.Independent(5, 0.1), seed=5)
    near = tg.Activations([[1, 0.6, 0], [0, 0.8, 0]], tg.Independent(3, 0.1))
    assert near.closest == pytest.approx(0.6)
    turns = 2 * np.pi * np.arange(5) / 5
    pentagon = tg.Activations([np.cos(turns), np.sin(turns)], tg.Independent(5, 0.1))
    assert pentagon.closest == pytest.approx(np.cos(2 * np.pi / 5))
    assert np.isnan(tg.Activations([[1.0]], tg.Independent(1, 0.1)).closest)


def test_arrays_in_any_order_are_the_same() -> None:
    """safetensors 0.8.0 writes transposed or strided arrays with permuted numbers."""
    x, W = tg.Independent(5, 0.1), np.random.default_rng(0).normal(size=(5, 3))
    plain = tg.Activations(np.ascontiguousarray(W.T), x)
    kept = W.copy()
    for same in (W.T, np.asfortranarray(W.T), np.repeat(W, 2, axis=0)[::2].T):
        assert tg.Activations(same, x) == plain
        found = samples(tg.Problem(tg.Activations(same, x), MODEL), tg.Training(batch_size=50))
        wanted = samples(tg.Problem(plain, MODEL), tg.Training(batch_size=50))
        assert found.tobytes() == wanted.tobytes()
    np.testing.assert_array_equal(W, kept)
    labelled = xr.DataArray(W, dims=("feature", "hidden"))
    assert tg.Activations(labelled, x) == plain


def test_of_a_run_has_its_weights_bias_and_features(tmp_path: Path) -> None:
    problem = tg.Problem(tg.Independent(3, 0.4), tg.ReLUHidden(2, hidden_bias=True))
    how = tg.Training(steps=20, batch_size=32, held_out=64)
    runs = tg.train(problem, {"feature_probability": [0.2, 0.4]}, how, seeds=2, progress=False)
    own = runs.isel(feature_probability=0, seed=1)
    law = tg.Activations(own)
    np.testing.assert_array_equal(law.W, own.W.values if "W" in own else own.W_in.values)
    np.testing.assert_array_equal(law.b_hidden.values, own.b_hidden.values)
    assert law.rectified
    assert law.distribution == tg.Independent(3, 0.2)
    x = law.distribution.sample(np.random.default_rng(0), 20)
    np.testing.assert_allclose(law.hidden(x), tg.forward(own, x, layer="hidden"), atol=1e-12)
    given = tg.Activations(own, tg.Independent(3, 0.9), noise=0.5)
    assert given == law.replace(distribution=tg.Independent(3, 0.9), noise=0.5)
    tied = tg.train(tg.Problem(tg.Independent(3, 0.4), tg.ReLUOutput(2)), None, how, progress=False)
    assert not tg.Activations(tied).rectified
    assert tg.Activations(tied).b_hidden is None
    assert tg.Activations.from_json(law.to_json()) == law
    np.save(tmp_path / "W.npy", law.W)
    assert tg.Activations(str(tmp_path / "W.npy"), tg.Independent(3, 0.2)).n_features == 2


def test_axes_change_how_often_features_are_active() -> None:
    law = LAWS["sparse"]
    assert law.with_probability(0.5).distribution == tg.Independent(5, 0.5)
    assert law.with_probability(0.5, 1).distribution.feature_probability == (
        *(0.05, 0.5, 0.05, 0.05, 0.05),
    )


X = tg.Independent(3, 0.4)
BAD: list[tuple[dict[str, Any], str]] = [
    ({"of": [1.0, 2.0]}, r"Activations\.of must be a matrix \(hidden, feature\), or a run of one"),
    ({"of": np.zeros((2, 0))}, r"Activations\.of must be a matrix"),
    ({"of": np.eye(2)}, r"Activations\.of must have a column for each of 3 features; got"),
    ({"of": np.full((2, 3), np.nan)}, r"Activations\.of\[0\]\[0\] must be finite; got nan"),
    ({"of": np.full((2, 3), 1e30)}, r"Activations\.of must be at most 1e\+15 in size"),
    ({"b_hidden": [1.0]}, r"Activations\.b_hidden must be 2 numbers, one for each hidden"),
    ({"b_hidden": np.eye(2)}, r"Activations\.b_hidden must be a row of numbers \(hidden,\)"),
    ({"noise": -1.0}, r"Activations\.noise must be >= 0"),
    ({"distribution": 3}, r"Activations\.distribution must be"),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=[message[13:] for _, message in BAD])
def test_what_is_no_activation_is_refused_in_a_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{message}") as caught:
        tg.Activations(**{"of": np.ones((2, 3)), "distribution": X, **given})
    assert "\n" not in str(caught.value)


def test_runs_of_other_models_are_refused_in_a_line() -> None:
    how = tg.Training(steps=2, batch_size=8, held_out=16)
    runs = tg.train(tg.Problem(X, tg.ReLUOutput(2)), {"l1": [0.0, 0.1]}, how, 2, progress=False)
    with pytest.raises(
        SpecError, match=r"^Activations\.of must be a run of one model, as tg\.best"
    ):
        tg.Activations(runs)
    uneven = tg.train(
        tg.Problem(X, tg.ReLUOutput(2)), {"feature_probability[1]": [0.1]}, how, progress=False
    )
    with pytest.raises(SpecError, match=r"^Activations\.distribution must be given"):
        tg.Activations(uneven)
    own = tg.train(tg.Problem(X, MODEL), None, how, progress=False)
    with pytest.raises(
        SpecError, match=r"^Activations\.of must be a run of a model with one hidden"
    ):
        tg.Activations(own)
    with pytest.raises(SpecError, match=r"^Activations\.of must be a run of tegum\.train"):
        tg.Activations(xr.Dataset())
    with pytest.raises(SpecError, match=r"^Activations\.random\.n_hidden must be an integer >= 1"):
        tg.Activations.random(0, X)


@pytest.mark.parametrize(
    ("m", "n", "closest"),
    [
        (2, 5, np.cos(2 * np.pi / 5)),  # a pentagon
        (3, 4, -1 / 3),  # a tetrahedron: all cosines of a simplex are −1/m
        (5, 6, -1 / 5),
        (3, 6, 0.0),  # an octahedron, and as in it m antipodal pairs
        (6, 12, 0.0),
        (3, 8, (np.sqrt(8) - 1) / 7),  # Tammes: a square antiprism
        (3, 12, 1 / np.sqrt(5)),  # an icosahedron
    ],
)
def test_spread_directions_are_the_known_ones_of_the_largest_angle(
    m: int, n: int, closest: float
) -> None:
    found = [tg.Activations.spread(m, tg.Independent(n, 0.1), seed=seed) for seed in range(4)]
    assert min(law.closest for law in found) == pytest.approx(closest, abs=2e-4)
    for law in found:
        assert law.closest >= closest - 1e-6
        np.testing.assert_allclose(np.linalg.norm(law.W, axis=0), 1.0)
        assert law.closest <= tg.Activations.random(m, tg.Independent(n, 0.1)).closest


def test_spread_directions_go_by_the_seed_and_take_what_activations_take() -> None:
    law = tg.Activations.spread(4, tg.Independent(9, 0.1), 3, noise=0.1, rectified=True)
    assert law == tg.Activations.spread(4, tg.Independent(9, 0.1), 3, noise=0.1, rectified=True)
    assert law != law.replace(of=tg.Activations.spread(4, tg.Independent(9, 0.1)).W)
    assert (law.noise, law.rectified) == (0.1, True)
    assert tg.Activations.spread(3, tg.Independent(1, 0.1)).W.shape == (3, 1)
    for given, said in (
        ((0, tg.Independent(2, 0.1)), r"Activations\.spread\.n_hidden must be an integer >= 1"),
        ((2, tg.Independent(2, 0.1), -1), r"Activations\.spread\.seed must be an integer >= 0"),
    ):
        with pytest.raises(tg.SpecError, match=said):
            tg.Activations.spread(*given)


def test_the_gradient_of_the_soft_maximum() -> None:
    V = np.random.default_rng(0).normal(size=(3, 5))
    value, slope = _soft_maximum(V, 7.0)
    for at in np.ndindex(V.shape):
        moved = [V.copy(), V.copy()]
        moved[0][at] += 1e-6
        moved[1][at] -= 1e-6
        up, down = (_soft_maximum(one, 7.0)[0] for one in moved)
        assert slope.reshape(V.shape)[at] == pytest.approx((up - down) / 2e-6, abs=1e-7)
    assert value > tg.Activations(V, tg.Independent(5, 0.1)).closest
