"""Oracles: shapes known by hand, planted copies, all permutations."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
import xarray as xr
from polytopes import planted as product
from polytopes import turn

import tegum
from tegum.analysis import curvature
from tegum.analysis.local_minima import minima, same_minimum
from tegum.distributions import Anticorrelated, Correlated, Groups, Independent
from tegum.errors import SpecError
from tegum.models import Linear, ReLUOutput, TwoLayer
from tegum.problem import Problem
from tegum.training import Training


def relu(n: int, m: int, p: float = 0.05, importance: object = 1.0) -> Problem:
    return Problem(Independent(n, p), ReLUOutput(m), importance)  # type: ignore[arg-type]


@cache
def trained(problem: Problem, seeds: int, *densities: float) -> xr.Dataset:
    axes = {"feature_probability": densities} if densities else None
    return tegum.train(problem, axes, Training(engine="exact"), seeds, progress=False)


def planted(
    problem: Problem, models: list[tuple[np.ndarray, np.ndarray]], status: list[int] | None = None
) -> xr.Dataset:
    """A Dataset of given models, with their expected losses."""
    W, b = (np.array(arrays) for arrays in zip(*models, strict=True))
    loss = tegum.expected_loss(problem, W, b, method="series").loss
    given = [1] * len(W) if status is None else status
    return xr.Dataset(
        {
            "W": (("seed", "hidden", "feature"), W),
            "b": (("seed", "feature"), b),
            "loss": ("seed", loss),
            "status": ("seed", given),
        },
        coords={"seed": np.arange(len(W))},
        attrs={"problem": problem.to_json()},
    )


# --- What training finds -----------------------------------------------------------------------


def test_a_hundred_starts_find_the_pentagon_and_two_digons() -> None:
    runs = trained(relu(5, 2), 100)  # about 4 % of all end in two digons
    found = minima(runs)
    first, second = (found.table.iloc[k] for k in range(2))
    assert (first["shape"], first["represented"]) == ("pentagon", 5)
    assert (second["shape"], second["represented"]) == ("2 x digon", 4)
    for row in (first, second):  # 2 · 5 weights and 5 biases, less one rotation
        assert tuple(row[["negative", "rotation", "flat", "positive"]]) == (0, 1, 0, 14)
    # by hand: the losses of the two fall into two heaps
    low = runs["loss"].to_numpy() < 0.012
    assert first["count"] == low.sum() > second["count"] == (~low).sum() > 0
    assert first["seeds"] == tuple(np.flatnonzero(low))
    assert first["share"] + second["share"] == pytest.approx(1.0)
    assert second["above"] == pytest.approx(second["loss"] / first["loss"] - 1)
    assert found.points.loc[0, ["models", "converged", "unconverged"]].tolist() == [100, 100, 0]
    # a pentagon is a tight frame: two equal eigenvalues, together the five squared lengths
    spectrum, diagonal = np.array(first["spectrum"]), np.array(first["diagonal"])
    np.testing.assert_allclose(spectrum[:2], diagonal.sum() / 2, rtol=1e-6)
    assert f"{low.sum()} of 100" in str(found)
    assert "pentagon" in repr(found)


def test_three_digons_have_three_rotations() -> None:
    table = minima(trained(relu(6, 3), 6)).table
    assert table.loc[0, "shape"] == "3 x digon"
    signs = ["negative", "rotation", "flat", "positive"]
    assert table.loc[0, signs].tolist() == [0, 3, 0, 21]


def test_every_axis_point_has_its_own_minima_and_a_model_of_each() -> None:
    runs = trained(relu(5, 2), 10, 0.05, 0.3)
    found = minima(runs, hessian=False)
    assert "negative" not in found.table
    assert found.table.groupby("feature_probability")["count"].sum().tolist() == [10, 10]
    assert found.points["minima"].sum() == len(found.table) == found.models.sizes["minimum"]
    for row in found.table.itertuples():
        model = found.models.isel(minimum=row.minimum)
        assert float(model["loss"]) == row.loss
        assert int(model["seed"]) in row.seeds
        assert float(model["feature_probability"]) == row.feature_probability
    polished = tegum.polish(found.models, steps=50)  # it is a Dataset of its problems
    np.testing.assert_allclose(polished["loss"], found.models["loss"], rtol=1e-9)


def test_a_family_of_flat_minima_is_one() -> None:
    # Without a nonlinearity every projector on a plane is as good: the choice of a plane in five
    # dimensions has 2 · 3 parameters.
    problem = Problem(Independent(5, 0.2, "signed"), Linear(2))
    found = minima(trained(problem, 8)).table
    assert found[["count", "negative", "rotation", "flat"]].to_numpy().tolist() == [[8, 0, 1, 6]]
    assert bool(found.loc[0, "family"])
    assert len(minima(trained(problem, 8), hessian=False).table) == 8


def test_untied_weights_have_a_whole_linear_group() -> None:
    problem = Problem(
        Independent(4, 0.2, "signed"),
        TwoLayer(2, hidden_activation="identity", activation="identity"),
    )
    runs = trained(problem, 4)
    table = minima(runs).table
    assert table["rotation"].tolist() == [4]
    assert table["flat"].tolist() == [4]  # planes in four dimensions
    assert table["shape"].tolist() == [""]


# --- Symmetries --------------------------------------------------------------------------------


def copies(rng: np.random.Generator, W: np.ndarray, b: np.ndarray, orders: list[list[int]]):  # type: ignore[no-untyped-def]
    return [(turn(rng, len(W)) @ W[:, order], b[order]) for order in orders]


def test_planted_copies_fall_together_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    problem = relu(7, 3)
    W, b = rng.normal(size=(3, 7)), rng.normal(size=7)
    other = W.copy()
    other[:, 0] *= 1.05
    orders = [rng.permutation(7).tolist() for _ in range(5)]
    runs = planted(problem, [*copies(rng, W, b, orders), *copies(rng, other, b, orders[:2])])
    counts = sorted(minima(runs, hessian=False).table["count"])
    assert counts == [2, 5]


def test_unequal_importances_do_not_change_places() -> None:
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(2, 4)), rng.normal(size=4)
    problem = relu(4, 2, importance=(1.0, 1.0, 0.5, 0.5))
    inside, across = copies(rng, W, b, [[1, 0, 3, 2], [2, 1, 0, 3]])
    assert same_minimum(problem, (W, b), inside) is not None
    assert same_minimum(problem, (W, b), across) is None
    assert same_minimum(relu(4, 2), (W, b), across) is not None
    assert same_minimum(problem, (W, b), (W, b + 0.1)) is None


@pytest.mark.parametrize("law", [Correlated, Anticorrelated])
def test_sets_change_places_as_wholes(law: type[Correlated]) -> None:
    rng = np.random.default_rng(2)
    problem = Problem(law(3, 2, 0.2), ReLUOutput(3))
    W, b = rng.normal(size=(3, 6)), rng.normal(size=6)
    for order, whole in (
        ([1, 0, 2, 3, 4, 5], True),  # within a set
        ([4, 5, 2, 3, 1, 0], True),  # two sets, one of them turned round
        ([2, 1, 0, 3, 4, 5], False),  # one member each
    ):
        (copy,) = copies(rng, W, b, [order])
        found = same_minimum(problem, (W, b), copy)
        assert (found is not None) == whole
        if found is not None:
            assert found.tolist() == order


def test_sets_of_other_laws_or_importances_stay() -> None:
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(3, 4)), rng.normal(size=4)
    (swapped,) = copies(rng, W, b, [[2, 3, 0, 1]])
    laws = [
        Correlated(2, 2, (0.2, 0.3)),
        Groups((Correlated(1, 2, 0.2), Anticorrelated(1, 2, 0.2))),
    ]
    for law in laws:
        assert same_minimum(Problem(law, ReLUOutput(3)), (W, b), swapped) is None
    even = Problem(Correlated(2, 2, 0.2), ReLUOutput(3), (1.0, 0.5, 1.0, 0.5))
    uneven = even.replace(importance=(1.0, 0.5, 1.0, 0.6))
    assert same_minimum(even, (W, b), swapped) is not None
    assert same_minimum(uneven, (W, b), swapped) is None


@pytest.mark.parametrize("seed", range(4))
def test_the_search_agrees_with_all_permutations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = Groups((Correlated(2, 2, 0.2), Independent(2, 0.2)))
    problem = Problem(blocks, ReLUOutput(2))
    block = [0, 0, 1, 1, 2, 3]
    # few different values: many permutations nearly fit
    W, b = rng.integers(-1, 2, (2, 6)).astype(float), rng.integers(1, 3, 6).astype(float)
    for order in itertools.islice(itertools.permutations(range(6)), seed, None, 7):
        other = (W[:, order], b[list(order)])
        wanted = any(
            np.allclose(W[:, p].T @ W[:, p], other[0].T @ other[0])
            and np.allclose(b[list(p)], other[1])
            for p in map(list, itertools.permutations(range(6)))
            if {p[0] // 2, p[1] // 2, p[2] // 2, p[3] // 2} == {0, 1} and block[p[0]] == block[p[1]]
        )
        assert (same_minimum(problem, (W, b), other) is not None) == wanted


def test_large_products_of_polytopes_are_found_and_told_apart() -> None:
    rng = np.random.default_rng(4)
    names = ["pentagon"] * 8 + ["digon"] * 4 + ["tetrahedron"] * 5
    W, of = product(rng, *names)
    problem, b = relu(len(of), len(W)), np.full(len(of), -0.1)
    order = rng.permutation(len(of)).tolist()
    ((V, c),) = copies(rng, W, b, [order])
    found = same_minimum(problem, (W, b), (V, c))
    assert found is not None
    np.testing.assert_allclose(W[:, found].T @ W[:, found], V.T @ V, atol=1e-9)
    # one feature turned out of its place by half a degree, its length kept
    V[:, 0] += 0.009 * np.linalg.svd(V[:, :1])[0][:, 1]
    V[:, 0] /= np.linalg.norm(V[:, 0])
    assert same_minimum(problem, (W, b), (V, c)) is None


def test_a_bias_without_effect_does_not_count() -> None:
    W = np.array([[1.0, -1.0, 0.0]])
    zero, low, high = (np.array([0.0, 0.0, last]) for last in (0.0, -0.7, 0.025))
    assert same_minimum(relu(3, 1), (W, zero), (W, low)) is not None
    assert same_minimum(relu(3, 1), (W, zero), (W, high)) is None
    leaky = Problem(Independent(3, 0.1), Linear(1))
    assert same_minimum(leaky, (W, zero), (W, low)) is None


def test_a_thousand_alike_are_not_searched_for_ever() -> None:
    # 20 features of no length: 20! orders that all fit, or of which none does
    W, b = np.zeros((2, 20)), np.full(20, 0.02)
    assert same_minimum(relu(20, 2), (W, b), (W, b)) is not None
    W[0, :2] = 1.0, -1.0
    other = W.copy()
    other[0, 1] = -1.1
    assert same_minimum(relu(20, 2), (W, b), (other, b)) is None


def test_only_converged_models_count() -> None:
    W, b = np.array([[1.0, -1.0]]), np.zeros(2)
    runs = planted(relu(2, 1), [(W, b)] * 5, [1, 0, 2, 3, 1])
    found = minima(runs)
    assert found.table["count"].tolist() == [2]
    row = found.points.iloc[0]
    assert [row[name] for name in ("running", "stalled", "diverged")] == [1, 1, 1]
    assert (row["converged"], row["unconverged"]) == (2, 3)
    assert "3 unconverged are left out" in str(found)
    assert "no minimum" not in str(found)
    none = minima(planted(relu(2, 1), [(W, b)], [0]))
    assert len(none.table) == none.models.sizes["minimum"] == 0
    assert str(none) == "0 distinct minima of 0 converged models; 1 unconverged are left out"


def test_a_saddle_is_not_called_a_minimum() -> None:
    """Σ (w_i w·x − x_i)² with w = 0: any feature that is taken lowers it."""
    problem = Problem(Independent(2, 0.2, "signed"), Linear(1))
    found = minima(planted(problem, [(np.zeros((1, 2)), np.zeros(2))]))
    assert found.table["negative"].tolist() == [2]
    assert "1 of them no minimum: a saddle has ways down" in str(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: minima(r, tolerance=0), "minima.tolerance must be in"),
        (lambda r: minima(r, loss_tolerance=2), "minima.loss_tolerance must be in"),
        (lambda r: minima(r.drop_vars("status")), "minima.runs must hold status"),
        (lambda r: minima(xr.Dataset({"status": 0, "loss": 0})), "must be a Dataset of"),
        (lambda r: curvature.hessian(relu(2, 1), np.ones((1, 2)), step=0), "step must be > 0"),
        (lambda r: curvature.hessian(relu(2, 1), np.ones((3, 1, 2))), "must be one model"),
        (lambda r: curvature.hessian(relu(2, 1), np.ones((1, 2)), [1.0]), "hessian.b must have"),
        (lambda r: curvature.signature(relu(2, 1), np.ones((1, 2)), zero=1), "zero must be in"),
        (
            lambda r: same_minimum(relu(2, 1), (np.ones((1, 3)), None), (np.ones((1, 3)), None)),
            "same_minimum.W must have shape .*1, 2",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    runs = planted(relu(2, 1), [(np.ones((1, 2)), np.zeros(2))])
    with pytest.raises(SpecError, match=message):
        call(runs)
