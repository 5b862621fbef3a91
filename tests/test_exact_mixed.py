"""Expected losses of matrix targets, and of every law that claims one, by slow loops over cases."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import tegum as tg
from tegum.distributions import Distribution

#: Chance and values of x: what a loop by hand says of a law.
Cases = list[tuple[float, list[float]]]

MAP = tg.LinearMap([[1.0, 0.5, 0.0, -0.25], [0.0, -1.0, 2.0, 0.0], [0.3, 0.0, 0.0, 1.0]])
ROWS = [[0.0, 1.0, -2.0, 0.5], [0.3, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.5, -1.0, 0.2, 0.7]]
VALUES = tg.Discrete((-1.0, 0.5, 2.0), (1, 2, 1))
ODDS = {-1.0: 0.25, 0.5: 0.5, 2.0: 0.25}


def weights(n: int = 4, m: int = 2, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, n)) * 0.8, rng.normal(size=n) * 0.3


def of_rows(problem: tg.Problem, W: Any, b: Any, cases: Cases) -> float:
    """The mean loss over cases, number by number."""
    slope = {"relu": 0.0, "leaky": 0.01, "identity": 1.0}[problem.model.output_activation]
    n, total, chance = problem.n_features, 0.0, 0.0
    for weight, x in cases:
        y = list(x)
        if isinstance(problem.target, tg.LinearMap):
            y = [sum(m * v for m, v in zip(row, x, strict=True)) for row in problem.target.matrix]
        h = [sum(W[k][j] * x[j] for j in range(n)) for k in range(len(W))]
        for i, wanted in enumerate(y):
            z = b[i] + sum(W[k][i] * h[k] for k in range(len(W)))
            total += weight * problem.importance_vector()[i] * (wanted - max(z, slope * z)) ** 2
        chance += weight
    assert chance == pytest.approx(1.0, abs=1e-12)
    return total


def apart(p: tuple[float, ...], values: dict[float, float]) -> Cases:
    """Independent features of these values."""
    one = [[(1 - q, 0.0), *((q * c, v) for v, c in values.items())] for q in p]
    return [(float(np.prod([c for c, _ in row])), [v for _, v in row]) for row in product(*one)]


def tree() -> Cases:
    """0 above 1 and 2, which exclude one another, and 3 below 1; all of them 1 where active."""
    found: Cases = [(0.4, [0, 0, 0, 0])]
    found += [(0.6 * 0.2, [1, 0, 0, 0]), (0.6 * 0.3, [1, 0, 1, 0])]
    return [*found, (0.6 * 0.5 * 0.3, [1, 1, 0, 0]), (0.6 * 0.5 * 0.7, [1, 1, 0, 1])]


def forest() -> Cases:
    """Trees 0 > 1 and 2 > 3, whose features have discrete values."""
    found: Cases = []
    for above, below, other, last in product((0.0, *ODDS), repeat=4):
        chance = 1.0
        for parent, child, p, q in ((above, below, 0.5, 0.3), (other, last, 0.2, 0.9)):
            chance *= p * ODDS[parent] if parent else 1 - p
            if parent:
                chance *= q * ODDS[child] if child else 1 - q
            elif child:
                chance = 0.0
        found.append((chance, [above, below, other, last]))
    return found


def sets(kind: str) -> Cases:
    """Two pairs, active together or one at a time, worth 2 and −1."""
    found: Cases = []
    for pair in product((False, True), repeat=2):
        chance = float(
            np.prod([p if on else 1 - p for p, on in zip((0.3, 0.8), pair, strict=True)])
        )
        if kind == "correlated":
            found.append((chance, [2.0 * pair[0], 2.0 * pair[0], -1.0 * pair[1], -1.0 * pair[1]]))
            continue
        for first, second in product((0, 1), repeat=2):
            x = [0.0] * 4
            if pair[0]:
                x[first] = 2.0
            if pair[1]:
                x[2 + second] = -1.0
            found.append((chance / 4, x))
    return found


def weighed(*parts: tuple[float, Cases]) -> Cases:
    return [(share * chance, x) for share, cases in parts for chance, x in cases]


P = (0.3, 0.05, 0.9, 0.5)
TREE = tg.Hierarchy((-1, 0, 0, 1), (0.6, 0.5, 0.3, 0.7), True, "one")
FOREST = tg.Hierarchy((-1, 0, -1, 2), (0.5, 0.3, 0.2, 0.9), False, VALUES)
TWOS = [tg.Constant(2.0), tg.Constant(-1.0)]
OWN = tg.Samples(ROWS, (1, 2, 3, 4))
ALL: dict[str, tuple[Distribution, Cases]] = {
    "one": (tg.Independent(4, P, "one"), apart(P, {1.0: 1.0})),
    "constant": (tg.Independent(4, P, tg.Constant(-0.7)), apart(P, {-0.7: 1.0})),
    "discrete": (tg.Independent(4, P, VALUES), apart(P, ODDS)),
    "tree": (TREE, tree()),
    "forest": (FOREST, forest()),
    "together": (tg.Correlated(2, 2, (0.3, 0.8), TWOS), sets("correlated")),
    "in turn": (tg.Anticorrelated(2, 2, (0.3, 0.8), TWOS), sets("anticorrelated")),
    "samples": (OWN, [(0.1 * (k + 1), row) for k, row in enumerate(ROWS)]),
    "mixture": (
        tg.Mixture([TREE, OWN, FOREST], (1, 1, 2)),
        weighed(
            (0.25, tree()),
            (0.25, [(0.1 * (k + 1), row) for k, row in enumerate(ROWS)]),
            (0.5, forest()),
        ),
    ),
    "side by side": (
        tg.Groups([tg.Mixture([tg.Independent(2, (0.2, 0.4), "one"), tg.Samples([[3.0, 1.0]])]),
                   tg.Hierarchy((-1, 0), (0.5, 0.2), False, tg.Constant(2.0))]),
        [
            (left * right, [*x, *y])
            for left, x in weighed(
                (0.5, apart((0.2, 0.4), {1.0: 1.0})), (0.5, [(1.0, [3.0, 1.0])])
            )
            for right, y in [(0.5, [0.0, 0.0]), (0.4, [2.0, 0.0]), (0.1, [2.0, 2.0])]
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("activation", ["relu", "leaky", "identity"])
@pytest.mark.parametrize("target", ["x", MAP], ids=["x", "map"])
@pytest.mark.parametrize("name", ALL)
def test_finite_laws_have_the_losses_of_a_slow_loop(
    name: str, target: Any, activation: str
) -> None:
    law, cases = ALL[name]
    model = tg.ReLUOutput(2, activation=activation)
    problem = tg.Problem(law, model, importance=(1, 2, 0.5, 3), target=target)
    for seed in range(3):
        W, b = weights(seed=seed)
        wanted = of_rows(problem, W.tolist(), b.tolist(), cases)
        found = tg.expected_loss(problem, W, b)
        assert float(found.loss) == pytest.approx(wanted, rel=1e-11)
        assert float(found.error) <= 1e-10 * wanted


def test_two_features_that_vary_have_the_loss_of_a_quadrature() -> None:
    """Uniform ones, each on or off: three nodes of Gauss in each of 200 parts of [0, 1]."""
    p, M = (0.4, 0.7), np.array([[0.5, -1.0], [2.0, 1.0]])
    problem = tg.Problem(tg.Independent(2, p), tg.ReLUOutput(2), (1, 0.5), tg.LinearMap(M))
    W, b = weights(2, seed=3)
    nodes, shares = np.polynomial.legendre.leggauss(3)
    on = ((np.arange(200)[:, None] + (nodes + 1) / 2) / 200).ravel()
    values = np.concatenate([[0.0], on])
    each = [np.concatenate([[1 - q], q * np.tile(shares / 400, 200)]) for q in p]
    x = np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1)
    errors = (x @ M.T - np.maximum(x @ W.T @ W + b, 0)) ** 2 @ problem.importance_vector()
    wanted = each[0] @ errors @ each[1]
    assert float(tg.expected_loss(problem, W, b).loss) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("untied", [False, True])
def test_a_matrix_of_units_asks_for_the_features(untied: bool) -> None:
    """M = 1 is the target x; M = 2 and the decoder twice as large is four times its loss."""
    laws = (
        tg.Independent(5, 0.3),
        tg.Correlated(1, 5, 0.4, "signed"),
        tg.Independent(5, 0.2, "one"),
    )
    model = tg.TwoLayer(2, hidden_activation="identity") if untied else tg.ReLUOutput(2)
    for law in laws:
        W, b = weights(5, seed=2)
        given = (W, weights(5, seed=4)[0].T) if untied else W
        usual = tg.Problem(law, model, importance=(1, 2, 3, 4, 5))
        same = usual.replace(target=tg.LinearMap(np.eye(5)))
        one, other = (tg.expected_loss(p, given, b, gradient=True) for p in (usual, same))
        assert float(other.loss) == pytest.approx(float(one.loss), rel=1e-8)
        assert one.gradient is not None
        assert other.gradient is not None
        for name, slope in one.gradient.items():
            np.testing.assert_allclose(other.gradient[name], slope, rtol=1e-6, atol=1e-8)
        if untied:
            twice = usual.replace(target=tg.LinearMap(2 * np.eye(5)))
            found = tg.expected_loss(twice, (given[0], 2 * given[1]), 2 * b)
            assert float(found.loss) == pytest.approx(4 * float(one.loss), rel=1e-8)


def test_lines_have_the_losses_of_second_moments() -> None:
    """Σ I E[(M x − A x − b)²], for any number of features."""
    n = 30
    rng = np.random.default_rng(0)
    M, law = rng.normal(size=(20, n)), tg.Independent(n, 0.2)
    problem = tg.Problem(law, tg.Linear(4), target=tg.LinearMap(M))
    W, b = weights(n, 4)
    D = np.vstack([M, np.zeros((10, n))]) - W.T @ W
    square = D @ law.second_moment() @ D.T
    each = np.diag(square) - 2 * b * (D @ law.mean()) + b**2
    assert float(tg.expected_loss(problem, W, b).loss) == pytest.approx(each[:20].sum(), rel=1e-10)
    assert tg.expected_loss(problem, W, b).method == "closed form"


def test_gradients_of_matrix_targets_are_those_of_finite_differences() -> None:
    laws = (tg.Independent(4, 0.4), tg.Correlated(2, 2, 0.3, "signed"), *(ALL[k][0] for k in ALL))
    for seed, law in enumerate(laws):
        for activation in ("relu", "identity"):
            model = tg.ReLUOutput(2, activation=activation)
            problem = tg.Problem(law, model, importance=(1, 2, 0.5, 0.5), target=MAP)
            W, b = weights(seed=seed)
            found = tg.expected_loss(problem, W, b, gradient=True)
            assert found.gradient is not None
            rng = np.random.default_rng(seed)
            to_w, to_b, step = rng.normal(size=W.shape), rng.normal(size=4), 1e-5
            up, down = (
                float(tg.expected_loss(problem, W + h * to_w, b + h * to_b).loss)
                for h in (step, -step)
            )
            slope = (found.gradient["W"] * to_w).sum() + (found.gradient["b"] * to_b).sum()
            assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)


def test_the_exact_engine_descends_on_matrix_targets() -> None:
    """Where no direction of 50 leads further down, and no lower than a sampled training by far."""
    for law in (tg.Independent(4, 0.3), TREE, OWN):
        problem = tg.Problem(law, tg.TwoLayer(2, hidden_activation="identity"), target=MAP)
        best = tg.best(tg.train(problem, training=tg.Training(engine="exact"), seeds=3))
        given, b = (best.W_in.to_numpy(), best.W_out.to_numpy()), best.b.to_numpy()
        here = float(tg.expected_loss(problem, given, b).loss)
        assert float(best.loss) == pytest.approx(here, rel=1e-8, abs=1e-12)
        rng = np.random.default_rng(2)
        around = tg.expected_loss(
            problem,
            tuple(part + 1e-3 * rng.normal(size=(50, *part.shape)) for part in given),
            b + 1e-3 * rng.normal(size=(50, 4)),
        ).loss
        assert (around > here).all()


def test_matrix_targets_without_an_exact_loss_say_so() -> None:
    wide = tg.LinearMap(np.ones((1, 13)))
    cases: list[tuple[tg.Problem, str]] = [
        (tg.Problem(tg.Independent(13, 0.1), tg.ReLUOutput(2), target=wide),
         "Problem.distribution must have at most 12 active features that vary"),
        (tg.Problem(tg.Independent(4, 0.1, "exponential"), tg.ReLUOutput(2), target=MAP),
         "Problem.distribution must have magnitudes among uniform, signed, one"),
        (tg.Problem(tg.Independent(4, 0.1), tg.ReLUOutput(2, activation="gelu"), target=MAP),
         "ReLUOutput.activation must be relu, leaky or identity"),
    ]  # fmt: skip
    for problem, said in cases:
        with pytest.raises(tg.SpecError) as caught:
            tg.expected_loss(problem, np.zeros((2, problem.n_features)))
        assert str(caught.value).startswith(said)
        assert "the sampled engine" in str(caught.value)
    problem = tg.Problem(tg.Independent(4, 0.1), tg.ReLUOutput(2), target=MAP)
    with pytest.raises(tg.SpecError, match="cannot be 'series' for a LinearMap"):
        tg.expected_loss(problem, *weights(), method="series")
    with pytest.raises(tg.SpecError, match=r"Problem\.target must be 'x' or 'abs' for a loss by"):
        tg.loss_by_active(problem, *weights())
