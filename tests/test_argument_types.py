"""Numbers and arrays of every usual type mean the same to every public function, or are refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import (
    alignment,
    branches,
    catalogue,
    curvature,
    geometry,
    low_rank,
    neuron_groups,
    neurons,
    plane,
    robustness,
    set_cosines,
    sets,
    stickiness,
    tegum_factors,
)
from tegum.ensemble.grid import Grid
from tegum.errors import SpecError, TegumError
from tegum.theory import (
    activity,
    linear,
    packing,
    phases,
    principal,
    sparse_expansion,
    thomson,
    two_features,
    two_minima,
)

#: Of 0 and 1 alone, so that bools mean the same.
W = np.array([[1, 0, 1], [0, 1, 0]])
B = np.array([0, 1, 0])
SETS = (0, 0, 1)
TIED = tg.Problem(tg.Independent(3, 0.5), tg.ReLUOutput(2))
UNTIED = tg.Problem(tg.Independent(3, 0.5), tg.TwoLayer(2, hidden_activation="identity"))
EXACT = tg.Training(engine="exact", steps=3)

ARRAYS: dict[str, Callable[[Any], Any]] = {
    "list": lambda a: a.tolist(),
    "float32": lambda a: a.astype(np.float32),
    "integers": lambda a: a.astype(np.int32),
    "unsigned": lambda a: a.astype(np.uint8),
    "bools": lambda a: a.astype(bool),
    "list of bools": lambda a: a.astype(bool).tolist(),
    "objects": lambda a: a.astype(object),
}
ROWS = {**ARRAYS, "tuple": lambda a: tuple(a.tolist())}
NUMBERS: dict[str, Callable[[Any], Any]] = {
    "int64": np.int64,
    "float32": np.float32,
    "0-d": lambda x: np.array(float(x)),
    "fraction": Fraction,
}
WHOLE: dict[str, Callable[[Any], Any]] = {"int64": np.int64, "uint8": np.uint8, "0-d": np.array}

#: Functions of W (hidden, feature).
OF_W: dict[str, Callable[[Any], Any]] = {
    **{
        f"geometry.{name}": getattr(geometry, name)
        for name in (
            "norms", "gram", "cosines", "superposition", "dimensionality", "represented",
            "count_dedicated", "antipodal_pairs", "dimensions_per_feature", "interference_signs",
        )
    },
    **{
        f"sets.{name}": (lambda w, name=name: getattr(sets, name)(w, SETS))
        for name in ("dimensionality_alone", "spread", "collapsed", "side_by_side")
    },
    "set_cosines": lambda w: set_cosines.within_cosines(w, SETS),
    "canonical": alignment.canonical,
    "procrustes": lambda w: alignment.procrustes(w, W * 1.0),
    "align_sets": lambda w: alignment.align_sets(w, W * 1.0, SETS).rotation,
    "hessian": lambda w: curvature.hessian(TIED, w, B),
    "left_out": low_rank.left_out,
    "signature": neuron_groups.signature,
    "strength": neurons.strength,
    "neuron_order": neurons.neuron_order,
    "rescale": lambda w: neurons.rescale((w, W.T * 1.0))[0],
    "angles": plane.angles_2d,
    "feature_geometry": lambda w: tuple(tegum_factors.feature_geometry(w).tolist()),
    "expected_loss": lambda w: tg.expected_loss(TIED, w, B).loss,
    "expected_loss of a pair": lambda w: tg.expected_loss(UNTIED, (w, W.T), B).loss,
    "loss_by_active": lambda w: tg.loss_by_active(TIED, w, B).given,
    "linear.loss": lambda w: linear.loss(w, 1.0, np.eye(3)),
    "loss_one": lambda w: sparse_expansion.loss_one(w),
    "thomson": thomson.energy,
    "attacks": lambda w: robustness.attacks(np.asarray(w).T @ np.asarray(w, float), 0.1),
}  # fmt: skip

#: Functions of a row of 0 and 1, and that row.
OF_A_ROW: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "b": (lambda b: tg.expected_loss(TIED, W, b).loss, B),
    "feature_probability": (lambda p: tg.Independent(3, p).mean(), 1 - B),
    "importance": (lambda I: TIED.replace(importance=I).importance_vector(), 1 - B),
    "axis": (lambda v: Grid(TIED, EXACT, {"l1": v}).axes[0].values, B[:2]),
    "isolated_loss": (lambda w: activity.isolated_loss(w, 0.5), B),
    "isolated_weight": (activity.isolated_weight, B),
    "reduction": (activity.dedicated_reduction, B),
    "optimum": (lambda I: linear.optimum(I, 1.0, 2).loss, B),
    "best_bias": (lambda mean: linear.best_bias(W, mean), B),
    "digons": (lambda I: packing.digon_losses(I, 2, 0.5), B),
    "losses_two": (lambda r: phases.losses_two(r, 0.5), B),
    "losses_two, p": (lambda p: phases.losses_two(1.0, p), B),
    "loss_zero": (sparse_expansion.loss_zero, B),
    "two_features": (lambda w: two_features.loss_without_bias(w, 1.0, 0.5), B),
    "plateau": (lambda y: stickiness.plateau(y, 0, 0.1), B),
    "align": (lambda g: alignment.align(W * 1.0, W * 1.0, groups=g).rotation, B),
}

OF_A_NUMBER: dict[str, Callable[[Any], Any]] = {
    "feature_probability": lambda p: tg.Independent(3, p).mean(),
    "importance": lambda I: TIED.replace(importance=I).importance_vector(),
    "l1": lambda x: TIED.replace(l1=x).l1,
    "learning_rate": lambda x: tg.Training(learning_rate=x).learning_rate,
    "uniform_variance": linear.uniform_variance,
    "digons": lambda p: packing.digon_losses(np.ones(3), 2, p),
    "pair_spectrum": principal.pair_spectrum,
    "term_weights": lambda p: sparse_expansion.term_weights(3, p),
    "reduction": activity.dedicated_reduction,
    "attacks": lambda size: robustness.attacks(np.eye(3), size),
    "tolerance": lambda x: tg.expected_loss(TIED, W, B, tolerance=0.5 * x).loss,
    "tolerance by active": lambda x: tg.loss_by_active(TIED, W, B, tolerance=x / 2).given,
    "threshold": lambda x: len(tg.factors(W * 1.0, x / 2)),
    "step": lambda x: curvature.hessian(TIED, W, B, step=x / 1024),
    "apart": lambda x: len(two_minima.local_minima(0.5, apart=x)),
}
OF_AN_INTEGER: dict[str, Callable[[Any], Any]] = {
    "n_features": lambda n: tg.Independent(n, 0.5).n_features,
    "n_hidden": lambda m: tg.ReLUOutput(m).n_hidden,
    "steps": lambda t: tg.Training(steps=t).steps,
    "checkpoints": lambda k: tg.Training(checkpoints=k).checkpoints,
    "jobs": lambda k: tg.expected_loss(TIED, W, B, jobs=k).loss,
    "seeds": lambda k: tg.train(TIED, None, EXACT, k, progress=False).W.to_numpy(),
    "seed": lambda k: tg.train(TIED, None, EXACT, seed=k, progress=False).W.to_numpy(),
    "optimum": lambda m: linear.optimum(np.ones(3), 1.0, m).loss,
    "digons": lambda m: packing.digon_losses(np.ones(3), m, 0.5),
    "least_loss": lambda m: principal.least_loss(np.eye(3), m),
    "term_weights": lambda n: sparse_expansion.term_weights(n, 0.5),
    "k": lambda k: sparse_expansion.loss_k_sampled(
        W, None, 1.0, k, samples=8, rng=np.random.default_rng(0)
    ),
}


def same(one: Any, other: Any) -> None:
    if isinstance(one, xr.DataArray):
        one = one.to_numpy()
    if isinstance(one, np.ndarray):
        np.testing.assert_allclose(np.asarray(other), one, rtol=1e-12, atol=1e-12)
    elif isinstance(one, tuple):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert one == other


@pytest.mark.parametrize("name", OF_W)
def test_weights(name: str) -> None:
    wanted = OF_W[name](W * 1.0)
    for convert in ARRAYS.values():
        same(wanted, OF_W[name](convert(W)))


@pytest.mark.parametrize("name", OF_A_ROW)
def test_rows(name: str) -> None:
    call, row = OF_A_ROW[name]
    wanted = call(row * 1.0)
    for convert in ROWS.values():
        same(wanted, call(convert(row)))


@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_numbers(name: str) -> None:
    wanted = OF_A_NUMBER[name](1.0)
    for convert in NUMBERS.values():
        same(wanted, OF_A_NUMBER[name](convert(1)))


@pytest.mark.parametrize("name", OF_AN_INTEGER)
def test_integers(name: str) -> None:
    wanted = OF_AN_INTEGER[name](1)
    for convert in WHOLE.values():
        same(wanted, OF_AN_INTEGER[name](convert(1)))


def test_ranges() -> None:
    same(TIED.replace(importance=range(3)), TIED.replace(importance=(0, 1, 2)))
    same(tg.Training(checkpoints=range(0, 30, 10)).checkpoints, (0, 10, 20))
    same(Grid(TIED, EXACT, {"l1": range(3)}).axes[0].values, np.arange(3.0))
    same(tg.expected_loss(TIED, W, range(3)).loss, tg.expected_loss(TIED, W, [0, 1, 2]).loss)
    same(tg.loss_by_active(TIED, W, orders=range(2)).active, np.arange(2))
    same(phases.losses_two(range(3), 0.5), phases.losses_two([0, 1, 2], 0.5))
    followed = branches.follow(TIED, 0.5 * W, target="l1", values=range(1), hessian=False)
    assert followed.sizes["l1"] == 1


@pytest.mark.parametrize("kind", ["float32", "integers", "unsigned", "bools"])
def test_weights_to_start_from(kind: str) -> None:
    def start(convert: Callable[[Any], Any]) -> xr.Dataset:
        return xr.Dataset({"W": (("hidden", "feature"), convert(W)), "b": ("feature", convert(B))})

    training = EXACT.replace(steps=0)
    runs = tg.train(TIED, None, training, start=start(ARRAYS[kind]), progress=False)
    same(runs.W.to_numpy()[0], W * 1.0)
    same(runs.b.to_numpy()[0], B * 1.0)


#: What has no meaning as a number or an array of them.
NONSENSE: tuple[Any, ...] = ("abc", None, 1j, {"a": 1}, [[1.0], [1.0, 2.0]], object())


@pytest.mark.parametrize(
    "call",
    [
        *(call for name, call in OF_W.items() if name != "attacks"),
        *(call for name, (call, _) in OF_A_ROW.items() if name not in ("b", "align")),
        *(
            call
            for name, call in OF_A_NUMBER.items()
            if not name.startswith(("tol", "thr", "step"))
        ),
        *(call for name, call in OF_AN_INTEGER.items() if name != "jobs"),
        # None is the default of this one
        lambda x: tg.expected_loss(TIED, W, tolerance="abc" if x is None else x),
        lambda x: tg.loss_by_active(TIED, W, tolerance=x),
        lambda x: tg.factors(W, x),
        lambda x: curvature.hessian(TIED, W, step=x),
        lambda x: curvature.signature(TIED, W, zero=x),
        lambda x: tg.expected_loss(TIED, W, gradient=x),
        lambda x: neurons.stored(W, threshold=x),
        lambda x: low_rank.left_out(W, rank=x),
        catalogue.thomson_energy,
    ],
)
def test_nonsense_is_refused_in_one_line(call: Callable[[Any], Any]) -> None:
    for value in NONSENSE:
        with pytest.raises(TegumError) as caught:
            call(value)
        assert "\n" not in str(caught.value)
        assert " must " in str(caught.value)


@pytest.mark.parametrize("value", [True, np.True_, [0.5, True, 0.5], "1"])
def test_a_bool_among_numbers_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match="must be a real number; got"):
        TIED.replace(importance=value)
