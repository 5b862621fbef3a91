"""Dictionaries that are trained: the same bits in any company, and what is measured of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import distant
import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import firing, recovery
from tegum.engines.base import Batch
from tegum.engines.dictionaries.engine import DictionaryEngine
from tegum.ensemble import solve

LAW = tg.Activations.random(3, tg.Independent(5, 0.2))
TRAINING = tg.Training(steps=30, batch_size=200, held_out=5000, curve_points=3, checkpoints=2)
TOPK = tg.SAE(6, kind="topk", k=2)
AXES = {"n_latents": [4, 6], "k": [1, 2], "l1": [0.0, 0.1]}


def train(model: tg.SAE = TOPK, axes: Any = None, law: Any = LAW, **how: Any) -> xr.Dataset:
    given = {"training": TRAINING, "seeds": 3, "jobs": 1, "progress": False, **how}
    return tg.train(tg.Problem(law, model), axes, **given)


@pytest.fixture(scope="module")
def company() -> xr.Dataset:
    return train(axes=AXES, jobs=2)


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    assert set(a.data_vars) == set(b.data_vars)
    for name in a.data_vars:
        assert a[name].values.tobytes() == b[name].values.tobytes(), name


# --- the same bits -------------------------------------------------------------------------------


def test_alone_in_company_and_on_any_number_of_threads(company: xr.Dataset) -> None:
    for k in (1, 2):
        alone = train(TOPK.replace(n_latents=4, k=k), axes={"l1": [0.1, 0.0]})
        among = company.sel(k=k, n_latents=4, l1=[0.1, 0.0])
        rest = among.isel(latent=slice(4, None))
        for name in ("W_enc", "W_dec", "b_enc"):
            assert not rest[name].values.any()
            assert not rest[f"{name}_checkpoint"].values.any()
        assert_same(among.isel(latent=slice(4)), alone)
    assert_same(train(axes=AXES, jobs=1), company)


@pytest.mark.parametrize(
    "model",
    [
        tg.SAE(6, kind="jumprelu"),
        tg.SAE(6, kind="gated"),
        tg.SAE(6, nested=(1, 3)),
        tg.SAE(6, tied_weights=True),
        tg.SAE(6, kind="batchtopk", k=2, sparsity_warmup=0.5),
        tg.SAE(6, kind="topk", k=1, aux_weight=0.5, dead_after=0.1),
    ],
)
def test_of_every_kind(model: tg.SAE) -> None:
    """With other sizes and densities beside it."""
    axes = {"n_latents": [4, 6], "feature_probability": [0.05, 0.2], "l1": [0.0, 0.1]}
    runs = train(model, axes=axes, jobs=2)
    alone = train(model, law=LAW.with_probability(0.05), axes={"l1": [0.0, 0.1]})
    assert_same(runs.sel(n_latents=6, feature_probability=0.05), alone)


def test_in_lanes_and_by_products_side_by_side() -> None:
    """A lane is a sample where few latents fire; of k = 10 of them matrices are multiplied."""
    for kind in ("topk", "batchtopk"):
        model = tg.SAE(12, kind=kind, k=10)
        runs = train(model, axes={"k": [2, 10, 12]}, jobs=2)
        for k in (2, 10, 12):
            assert_same(runs.sel(k=k), train(model.replace(k=k)))


@pytest.mark.parametrize("noise", [0.0, 0.1], ids=["by features", "of h"])
def test_by_lists_and_by_products_side_by_side(noise: float) -> None:
    """Codes are listed where few latents fire: of 40 one, and not eight or most."""
    law = tg.Activations.random(18, tg.Independent(30, 0.05), noise=noise)
    for kind in ("topk", "batchtopk"):
        model = tg.SAE(40, kind=kind, k=8)
        runs = train(model, law=law, axes={"n_latents": [24, 40], "k": [1, 8]}, jobs=2)
        for k in (1, 8):
            alone = train(model.replace(k=k, n_latents=24), law=law)
            assert_same(runs.sel(k=k, n_latents=24).isel(latent=slice(24)), alone)


def test_other_seeds_and_other_runs_are_others(company: xr.Dataset) -> None:
    """dictionary-learning 0.1.0 trains its JumpReLU from a seed of its own, whatever is asked."""
    for seed, other in ((0, 1), (1, 2)):
        one = company.isel(seed=seed).W_dec
        assert (abs(one - company.isel(seed=other).W_dec).max(("latent", "hidden")) > 0.1).all()
    again = train(seed=1)
    assert abs(again.W_dec - train().W_dec).max() > 0.1


def test_densities_do_not_share_their_samples() -> None:
    """occhio 0.2.3 trains all cells of a grid on one sample; ours are of their own problem."""
    runs = train(axes={"feature_probability": [0.2, 0.2 + 1e-6]})
    losses = runs.loss_curve.values
    assert (abs(losses[0] - losses[1]) > 1e-6).all()


def test_a_store_has_what_was_trained(company: xr.Dataset, tmp_path: Path) -> None:
    few = train(axes=AXES, seeds=2, store=tmp_path)
    assert_same(few, company.isel(seed=[0, 1]))
    assert_same(train(axes=AXES, store=tmp_path), company)


@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
def test_a_training_that_was_cut_in_slices_is_the_same(kind: str) -> None:
    """The state has all that a later step depends on."""
    more = {"sparsity_warmup": 0.2, "aux_weight": 0.5} if kind == "batchtopk" else {}
    model = TOPK.replace(architecture=kind, **more)
    points = (tg.Problem(LAW, model), tg.Problem(LAW, model.replace(k=1)))
    batch = Batch(points[0], points, (TRAINING, TRAINING), (0, 3), 7)
    engine, other = DictionaryEngine(), DictionaryEngine()
    whole = engine.advance(batch, engine.init(batch), 12, jobs=1)
    parts = other.advance(batch, other.init(batch), 5, jobs=1)
    kept = {name: array.copy() for name, array in parts.items()}
    parts = DictionaryEngine().advance(batch, kept, 7, jobs=2)
    assert {n: a.tobytes() for n, a in whole.items()} == {n: a.tobytes() for n, a in parts.items()}


def test_workers_elsewhere_train_them_too(
    company: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve, "order_size", lambda problem, training: 4)
    monkeypatch.setattr(solve, "points_per_order", lambda size: 2)
    by = distant.AtOnce()
    assert_same(train(axes=AXES, executor=by), company)
    assert len(by.orders) > 4


@pytest.mark.parametrize(
    "law",
    [
        tg.Activations.random(3, tg.Hierarchy([-1, 0, 0, 1], 0.5)),
        tg.Activations.random(3, tg.Mixture((tg.Independent(4, 0.1), tg.Independent(4, 0.7)))),
        tg.Samples(np.random.default_rng(0).normal(size=(50, 3))),
    ],
    ids=lambda law: law.kind,
)
def test_data_of_every_kind(law: tg.Distribution) -> None:
    alone = train(law=law, seeds=1)
    assert_same(train(law=law, jobs=2).isel(seed=[0]), alone)
    assert not train(law=law).diverged.any()


# --- what is measured ----------------------------------------------------------------------------


def score(law: tg.Distribution, model: tg.SAE, held_out: int = 40_000, **weights: Any) -> Any:
    """What the engine says of one dictionary of given weights; arrays, and in place of codes'."""
    training = tg.Training(steps=1, batch_size=8, held_out=held_out)
    problem = tg.Problem(law, model)
    batch, engine = Batch(problem, (problem,), (training,), (0,), 0), DictionaryEngine()
    state = engine.init(batch)
    named = engine.parameters(batch, state)
    for name, array in weights.items():
        named[name][0] = array
    return {name: array[0] for name, array in engine.score(batch, state, jobs=1).items()}


#: Two features of size 1, active with p = .5 and .25; atoms for both, that see half of them, and
#: one that never fires.
HALVES = tg.Activations(np.eye(2), tg.Independent(2, (0.5, 0.25), "one"))
ATOMS = {
    "W_enc": [[1, 0], [0, 1], [-1, -1]],
    "b_enc": [-0.5, -0.5, 0],
    "W_dec": [[1, 0], [0, 1], [0, -1]],
    "b_dec": [0, 0],
}


def test_measures_are_those_of_a_hand_computation() -> None:
    """Codes are .5 of what is active: loss .25·(.5 + .25), variance .25 + .1875."""
    found = score(HALVES, tg.SAE(3), **ATOMS)
    of_l0 = 5 * np.sqrt((0.25 + 0.1875) / 40_000)
    assert found["l0"] == pytest.approx(0.75, abs=of_l0)
    assert found["dead"] == 1
    assert found["loss"] == pytest.approx(0.1875, abs=of_l0 / 4)
    assert found["loss"] == pytest.approx(0.1875, abs=5 * found["loss_error"])
    assert found["loss_error"] == pytest.approx(0.25 * np.sqrt(0.4375 / 40_000), rel=0.02)
    assert found["explained_variance"] == pytest.approx(1 - 0.1875 / 0.4375, abs=0.01)


def test_measures_of_stored_rows_are_exact() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float64)
    found = score(tg.Samples(rows), tg.SAE(3), **ATOMS)
    assert found["l0"] == 0.75
    assert found["dead"] == 1
    assert found["loss"] == 0.1875
    assert found["loss_error"] == 0
    # E‖h‖² = .75, ‖E h‖² = .5² + .25²
    assert found["explained_variance"] == pytest.approx(1 - 0.1875 / (0.75 - 0.3125), abs=1e-15)
    weighted = score(tg.Samples(rows, weights=[0, 0, 1, 1]), tg.SAE(3), **ATOMS)
    assert (weighted["l0"], weighted["loss"]) == (0.5, 0.125)


def test_measures_are_those_of_codes_on_other_samples() -> None:
    """SAELens 6.54.12 saves an L0 of 14.8 where 8.6 is measured, and no dead latent of 27."""
    runs = train(tg.SAE(20), {"l1": [0.01, 0.3]}, training=TRAINING.replace(steps=600), seeds=2)
    _, h = LAW.sample_both(np.random.default_rng(5), 5000)
    codes, rebuilt = tg.forward(runs, h, layer="latent"), tg.forward(runs, h)
    for at in np.ndindex(2, 2):
        own = runs.isel(l1=at[0], seed=at[1])
        fire = (codes[at] > 0).sum("latent").values
        assert abs(fire.mean() - own.l0) < 5 * fire.std() * np.sqrt(2 / 5000) + 1e-3
        assert own.explained_variance == pytest.approx(
            firing.explained_variance(h, rebuilt[at]), abs=0.02
        )
        rates = (codes[at] > 0).mean("sample").values
        assert own.dead <= (rates < 3e-3).sum()
    assert runs.dead.max() > 0
    prices = runs.l1 * codes.sum("latent").mean("sample")
    np.testing.assert_allclose(runs.penalty, prices, rtol=0.1)


def test_of_activations_that_do_not_vary_nothing_is_explained() -> None:
    """SAELens 6.54.12 gives 1.0 for an output of zeros on tiny activations."""
    for law in (
        tg.Samples(np.zeros((5, 3))),
        tg.Samples(np.full((50, 3), 0.1)),  # whose mean is another number
        tg.Activations.random(3, tg.Independent(5, 0.0)),
        tg.Activations.random(3, tg.Independent(5, 0.0), b_hidden=[0.3, -0.7, 0.1]),
    ):
        runs = train(law=law)
        assert np.isnan(runs.explained_variance.values).all()
        assert np.isfinite(runs.loss.values).all()
        assert not runs.diverged.any()
    small = LAW.replace(of=LAW.W * 1e-6)
    whole, mean = np.trace(small.second_moment()), small.mean()
    found = score(small, tg.SAE(2), W_dec=0, W_enc=0)["explained_variance"]
    assert found == pytest.approx(1 - whole / (whole - mean @ mean), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "l1"), [(tg.SAE(20, kind="topk", k=1), 0.0), (tg.SAE(20), 0.3)], ids=["topk", "relu"]
)
def test_twenty_features_are_found_in_ten_dimensions(model: tg.SAE, l1: float) -> None:
    """Best of 8 seeds: mean max cosine above .985."""
    law = tg.Activations.random(10, tg.Independent(20, 0.05))
    how = tg.Training(steps=5000, batch_size=512, learning_rate=0.003, schedule="cosine")
    runs = tg.train(tg.Problem(law, model, l1=l1), None, how, 8, progress=False)
    found = [recovery.mean_max_cosine(law.W, atoms) for atoms in runs.W_dec.values]
    assert max(found) > 0.985
