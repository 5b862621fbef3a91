"""Sparse autoencoders as a model: what they are made of, what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg

LAW = tg.Activations.random(3, tg.Independent(5, 0.2))
TRAINING = tg.Training(steps=30, batch_size=64, held_out=256)
KINDS = (
    tg.SAE(4),
    tg.SAE(4, kind="topk", k=2),
    tg.SAE(4, kind="jumprelu", nested=(2,)),
    tg.SAE(4, kind="gated"),
    tg.SAE(4, kind="batchtopk", k=2),
)


def train(model: tg.SAE, law: Any = LAW, training: tg.Training = TRAINING, **how: Any) -> Any:
    return tg.train(tg.Problem(law, model), None, training, jobs=1, progress=False, **how)


def test_codes_and_outputs_are_those_of_a_hand_computation() -> None:
    named = {
        "W_enc": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        "W_dec": np.array([[1.0, 0.0], [0.0, 2.0], [0.5, 0.5]]),
        "b_enc": np.array([0.0, -0.5, 0.25]),
        "b_dec": np.array([1.0, 1.0]),
    }
    h = np.array([[2.0, 3.0]])  # centred: 1, 2; before the ReLU: 1, 1.5, 3.25
    codes, output = tg.SAE(3).forward(named, h)
    assert codes.tolist() == [[1.0, 1.5, 3.25]]
    assert output.tolist() == [[1 + 1.625 + 1, 3 + 1.625 + 1]]
    codes, output = tg.SAE(3, kind="topk", k=1).forward(named, h)
    assert codes.tolist() == [[0.0, 0.0, 3.25]]
    assert output.tolist() == [[2.625, 2.625]]
    codes, _ = tg.SAE(3, subtract_bias=False).forward(named, h)
    assert codes.tolist() == [[2.0, 2.5, 5.25]]
    tied = {name: array for name, array in named.items() if name != "W_enc"}
    codes, _ = tg.SAE(3, tied_weights=True).forward(tied, h)
    assert codes.tolist() == [[1.0, 3.5, 1.75]]


def test_thresholds_keep_what_is_above_them() -> None:
    named = {
        "W_dec": np.eye(3),
        "b_enc": np.array([0.0, 0.0, -1.0]),
        "b_dec": np.zeros(3),
        "log_threshold": np.log([0.5, 1.0, 0.1]),
    }
    model = tg.SAE(3, kind="jumprelu", tied_weights=True)
    codes, output = model.forward(named, np.array([[0.5, 1.5, 1.2], [0.6, 1.0, -2.0]]))
    np.testing.assert_allclose(codes, [[0.0, 1.5, 0.2], [0.6, 0.0, 0.0]], atol=1e-15)
    np.testing.assert_array_equal(output, codes)


def test_one_threshold_is_that_of_all_latents() -> None:
    named = {
        "W_dec": np.eye(3),
        "b_enc": np.array([0.0, 0.0, -1.0]),
        "b_dec": np.zeros(3),
        "threshold": np.array(0.5),
    }
    model = tg.SAE(3, kind="batchtopk", k=1, tied_weights=True)
    codes, _ = model.forward(named, np.array([[0.5, 1.5, 1.75], [0.6, 0.75, 2.0], [0.0, 0.0, 0.0]]))
    assert codes.tolist() == [[0.0, 1.5, 0.75], [0.6, 0.75, 1.0], [0.0, 0.0, 0.0]]


def test_a_threshold_is_that_of_the_final_weights() -> None:
    """SAELens 6.54.12 averages it from 0: 7.0 latents fire after 100 steps for 1.0 in training.

    dictionary-learning 0.1.0 does likewise: 7.9 at k = 1.
    """
    law = tg.Activations.random(10, tg.Independent(20, 0.2))
    how = tg.Training(steps=100, batch_size=256, checkpoints=(0, 50, 100), held_out=20_000)
    runs = tg.train(tg.Problem(law, tg.SAE(40, "batchtopk", k=1)), {"k": [1, 3]}, how, seeds=2)
    # 8192 samples say k of L0 to one in the root of 8192, of codes of a sample that hang together
    np.testing.assert_allclose(runs.l0, runs.k * xr.ones_like(runs.l0), rtol=0.08)
    h = law.sample(np.random.default_rng(0), 20_000)
    fire = (tg.forward(runs, h, layer="latent") > 0).sum("latent")
    np.testing.assert_allclose(fire.mean("sample"), runs.l0, rtol=0.05)
    assert (fire.max("sample") > runs.k).all()
    # at a checkpoint it is that of the weights there
    shorter = tg.train(
        tg.Problem(law, tg.SAE(40, "batchtopk", k=3)),
        None,
        how.replace(steps=50, checkpoints=()),
        2,
    )
    again = runs.sel(k=3, checkpoint=50).threshold_checkpoint
    np.testing.assert_array_equal(again, shorter.threshold)


def test_a_threshold_lies_below_the_codes_that_stay() -> None:
    """Of all rows at once: the largest of the codes that are not the k·N largest."""
    rows = LAW.sample(np.random.default_rng(0), 500)
    how = TRAINING.replace(batch_size="all")
    for k in (1, 2, 4):
        one = train(tg.SAE(4, "batchtopk", k=k), tg.Samples(rows), how)
        z = (rows - one.b_dec.values) @ one.W_enc.values[0].T + one.b_enc.values
        codes = np.sort(np.maximum(z, 0), axis=None)[::-1]
        below = codes[k * 500] if k < 4 else 0.0
        assert one.threshold.item() == pytest.approx(below, rel=1e-5, abs=1e-9)
        assert one.l0.item() == pytest.approx((codes > below + 1e-6)[: k * 500].sum() / 500)


@pytest.mark.parametrize("kind", ["topk", "batchtopk"])
def test_an_auxiliary_loss_revives_dead_latents(kind: str) -> None:
    """As many latents as features, at a large rate: fewer are dead with it, by 2 standard errors.

    That of SAELens 6.54.12 is off for the first 1,000 steps, in which the dead grew from 13 to 22.
    """
    law = tg.Activations.random(16, tg.Independent(40, 0.05))
    how = tg.Training(steps=1000, batch_size=256, learning_rate=0.01, held_out=20_000)
    without = train(tg.SAE(40, kind, k=2), law, how, seeds=8)
    revived = train(tg.SAE(40, kind, k=2, aux_weight=0.25, aux_k=2), law, how, seeds=8)
    error = np.hypot(without.dead.std(ddof=1), revived.dead.std(ddof=1)) / np.sqrt(8)
    assert without.dead.mean() - revived.dead.mean() > 2 * error
    assert revived.explained_variance.mean() > without.explained_variance.mean()


def test_a_latent_is_dead_after_a_part_of_the_training() -> None:
    """Of 20 steps half: a latent that never fires does not move before the eleventh."""
    rows = tg.Samples(LAW.sample(np.random.default_rng(0), 20))
    how = TRAINING.replace(steps=20, checkpoints=(0, 10, 11), batch_size="all")
    for dead_after, moves in ((0.5, True), (0.55, False)):
        model = tg.SAE(12, "topk", k=1, aux_weight=0.5, dead_after=dead_after)
        first, tenth, next_one = train(model, rows, how).W_enc_checkpoint.values[0]
        still = (first == tenth).all(axis=1)
        assert 0 < still.sum() < 12
        assert (next_one != tenth)[still].any() == moves


def test_sparsity_sets_in_on_a_line_over_part_of_the_steps() -> None:
    model = tg.SAE(4, sparsity_warmup=0.4)
    found = model.sparsity_at(np.arange(12), 10)
    assert found.tolist() == [0.25, 0.5, 0.75, *[1.0] * 9]
    assert tg.SAE(4).sparsity_at(np.arange(2), 10).tolist() == [1.0, 1.0]
    assert "sparsity_warmup" not in tg.SAE(4).to_json()
    assert tg.SAE.from_json(model.to_json()) == model


def test_gates_say_whether_and_magnitudes_how_much() -> None:
    named = {
        "W_dec": np.eye(2),
        "b_enc": np.array([-1.0, 0.5]),
        "b_dec": np.zeros(2),
        "r_mag": np.log([2.0, 1.0]),
        "b_mag": np.array([0.25, -1.0]),
    }
    model = tg.SAE(2, kind="gated", tied_weights=True)
    # gates: x − 1 and y + .5; magnitudes: 2 x + .25 and y − 1
    codes, _ = model.forward(named, np.array([[1.5, 3.0], [0.9, 0.5], [1.1, -0.6]]))
    np.testing.assert_allclose(codes, [[3.25, 2.0], [0.0, 0.0], [2.45, 0.0]], atol=1e-12)


def test_what_gates_cost_is_what_is_open_of_them() -> None:
    rows = LAW.sample(np.random.default_rng(0), 200)
    problem = tg.Problem(tg.Samples(rows), tg.SAE(4, kind="gated"), l1=0.5)
    runs = tg.train(problem, None, TRAINING, 2, progress=False)
    for seed in range(2):
        one = runs.isel(seed=seed)
        gates = (rows - one.b_dec.values) @ one.W_enc.values.T + one.b_enc.values
        wanted = 0.5 * np.maximum(gates, 0).sum(axis=1).mean()
        assert one.penalty == pytest.approx(wanted, rel=1e-5)
    drawn = tg.train(problem.replace(distribution=LAW), None, TRAINING, progress=False)
    h = LAW.sample(np.random.default_rng(1), 20_000)
    one = drawn.isel(seed=0)
    gates = (h - one.b_dec.values) @ one.W_enc.values.T + one.b_enc.values
    costs = 0.5 * np.maximum(gates, 0).sum(axis=1)
    assert abs(one.penalty - costs.mean()) < 5 * costs.std() / np.sqrt(TRAINING.held_out)


def test_thresholds_are_of_the_size_of_samples() -> None:
    """Those of SAELens 6.54.12 close nearly all latents by step 500 on data of size .3."""
    small = LAW.replace(of=LAW.W * 0.3)
    training = tg.Training(steps=500, batch_size=256)
    runs = train(tg.SAE(6, kind="jumprelu"), small, training, seeds=2)
    assert (runs.explained_variance > 0.5).all()
    assert (runs.dead < 3).all()
    first = train(tg.SAE(6, kind="jumprelu"), small, training.replace(steps=1))
    size = np.sqrt(np.trace(small.second_moment()))
    np.testing.assert_allclose(np.exp(first.log_threshold), 0.1 * size, rtol=5e-3)


def test_a_latent_that_fires_has_a_price_where_it_has_a_threshold() -> None:
    problem = tg.Problem(LAW, tg.SAE(6, kind="jumprelu"), l1=0.02)
    runs = tg.train(problem, None, TRAINING, seeds=3, progress=False)
    np.testing.assert_allclose(runs.penalty, 0.02 * runs.l0, rtol=1e-12)
    how = TRAINING.replace(steps=1500, learning_rate=0.005)
    free, dear = tg.train(problem, {"l1": [0.0, 0.1]}, how, 4, progress=False).l0.values
    assert dear.max() < free.min()


def test_sizes_are_whole_numbers_however_they_are_written() -> None:
    for sizes in ([1, 3], np.array([1, 3]), (1.0, 3.0)):
        assert tg.SAE(4, nested=sizes).nested == (1, 3)
    assert tg.SAE(4, nested=2).nested == (2,)


def test_nested_dictionaries_rebuild_by_their_first_latents() -> None:
    """… better than the first ones of a dictionary that is not nested."""
    law = tg.Activations.random(6, tg.Independent(12, (0.3,) * 3 + (0.03,) * 9), seed=1)
    training = tg.Training(steps=1500, batch_size=256, learning_rate=0.003)
    h = law.sample(np.random.default_rng(1), 4000)
    found = []
    for nested in ((3,), ()):
        runs = train(tg.SAE(12, kind="topk", k=3, nested=nested), law, training, seeds=4)
        codes = tg.forward(runs, h, layer="latent").isel(latent=slice(3))
        atoms = runs.W_dec.isel(latent=slice(3))
        rebuilt = (codes * atoms).sum("latent") + runs.b_dec
        found.append(((rebuilt - h) ** 2).sum("hidden").mean().item())
    assert found[0] < 0.7 * found[1]


def test_of_latents_that_tie_all_fire() -> None:
    named = {"W_dec": np.eye(3), "b_enc": np.zeros(3), "b_dec": np.zeros(3)}
    model = tg.SAE(3, kind="topk", k=2, tied_weights=True)
    codes, _ = model.forward(named, np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]))
    assert codes.tolist() == [[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]


def test_at_most_k_latents_fire_and_codes_are_as_many_as_latents() -> None:
    """`forward` of sparsify 1.3.3 returns 4k latents where it was trained with multi-TopK."""
    runs = train(tg.SAE(8, kind="topk", k=2), seeds=2)
    h = LAW.sample(np.random.default_rng(0), 500)
    codes = tg.forward(runs, h, layer="latent")
    assert codes.dims == ("seed", "sample", "latent")
    assert codes.sizes["latent"] == 8
    assert (codes > 0).sum("latent").max() == 2
    assert (runs.l0 <= 2).all()
    alone = tg.forward(runs.isel(seed=1), h)
    np.testing.assert_array_equal(alone, tg.forward(runs, h).isel(seed=1))
    assert alone.dims == ("sample", "hidden")


def test_each_model_has_its_own_k_in_outputs() -> None:
    problem = tg.Problem(LAW, tg.SAE(6, kind="topk", k=3))
    runs = tg.train(problem, {"k": [1, 3], "n_latents": [3, 6]}, TRAINING, 2, progress=False)
    h = LAW.sample(np.random.default_rng(0), 300)
    fire = (tg.forward(runs, h, layer="latent") > 0).sum("latent").max("sample")
    assert (fire <= runs.k).all()
    assert (fire.sel(k=3, n_latents=6) == 3).all()
    assert tg.problem_of(runs, k=1, n_latents=3).model == tg.SAE(3, kind="topk", k=1)
    loss = ((tg.forward(runs, h) - h) ** 2).sum("hidden")
    error = np.hypot(loss.std("sample") / np.sqrt(300), runs.loss_error)
    assert (abs(loss.mean("sample") - runs.loss) < 5 * error).all()


def test_atoms_stay_at_norm_1_where_they_are_kept_so() -> None:
    for model in (tg.SAE(6), tg.SAE(6, kind="topk", k=2, tied_weights=True)):
        norms = np.linalg.norm(train(model).W_dec, axis=-1)
        np.testing.assert_allclose(norms, 1, atol=1e-6)
    free = np.linalg.norm(train(tg.SAE(6, unit_atoms=False)).W_dec, axis=-1)
    assert abs(free - 1).max() > 1e-3


def test_kind_is_the_architecture() -> None:
    assert tg.SAE(4, kind="topk", k=2) == tg.SAE(4, architecture="topk", k=2)
    assert tg.SAE(4, kind="topk", k=2).kind == "sae"
    for model in (*KINDS, tg.SAE(4, kind="topk", k=2, tied_weights=True)):
        assert tg.SAE.from_json(model.to_json()) == model


# --- rows and weights of zeros -------------------------------------------------------------------


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.architecture)
def test_samples_of_zeros_are_data(model: tg.SAE) -> None:
    """Rescaling by a norm makes NaN of every weight, of one sample that is 0 (SAELens 6.54.12)."""
    rows = np.zeros((20, 3))
    rows[:3] = np.eye(3)
    runs = train(model, tg.Samples(rows))
    assert all(np.isfinite(array.values).all() for array in runs.data_vars.values())
    empty = train(model, tg.Samples(rows[5:]))
    assert not empty.diverged.any()
    assert np.isfinite(empty.W_dec.values).all()


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.architecture)
def test_an_atom_of_zeros_stays_a_number(model: tg.SAE) -> None:
    """TopK decoding of SAELens 6.54.12 with one row of zeros makes every output NaN."""
    start = train(model)
    start = start.copy(deep=True)
    start.W_dec[..., 1, :] = 0
    outputs = tg.forward(start, np.eye(3))
    assert np.isfinite(outputs.values).all()
    runs = train(model, start=start)
    assert not runs.diverged.any()
    assert np.isfinite(runs.W_dec.values).all()


# --- what is given stays, and goes on ------------------------------------------------------------


def test_inputs_stay_and_a_second_training_is_the_same() -> None:
    """dictionary-learning 0.1.0 divides the caller's activations: a second training sees others."""
    rows = np.random.default_rng(0).normal(size=(40, 3))
    kept, law = rows.copy(), tg.Samples(rows)
    problem = tg.Problem(law, tg.SAE(4))
    first = tg.train(problem, None, TRAINING, progress=False)
    second = tg.train(problem, None, TRAINING, progress=False)
    np.testing.assert_array_equal(rows, kept)
    assert first.W_dec.values.tobytes() == second.W_dec.values.tobytes()


def test_going_on_has_the_learning_rate_that_is_asked_for() -> None:
    """SAELens 6.54.12 trains all of the rest at a rate of 0 where it resumes with a decay."""
    training = TRAINING.replace(schedule="cosine")
    first = train(tg.SAE(4), training=training)
    rest = train(tg.SAE(4), training=training, start=first)
    assert abs(rest.W_enc - first.W_enc).max() > 1e-3
    still = train(tg.SAE(4), training=training.replace(learning_rate=1e-9), start=first)
    np.testing.assert_allclose(still.W_dec, first.W_dec, atol=1e-6)
    np.testing.assert_allclose(still.W_enc, first.W_enc, atol=1e-6)


def test_what_diverges_leaves_its_neighbours_alone() -> None:
    """A norm over a stack of models, as gradients are clipped by, spreads the NaN of one."""
    problem = tg.Problem(LAW, tg.SAE(4, unit_atoms=False))
    runs = tg.train(problem, {"learning_rate": [1e-3, 1e30]}, TRAINING, 2, progress=False)
    assert runs.diverged.values.tolist() == [[False, False], [True, True]]
    alone = tg.train(problem, {"learning_rate": [1e-3]}, TRAINING, 2, progress=False)
    assert runs.W_enc.values[0].tobytes() == alone.W_enc.values[0].tobytes()
