"""Losses by the number of active features, energies of packings, and signs of interference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.engines.sampled.draw import samples
from tegum.experiments._shared import sweeps
from tegum.experiments._shared.sweeps import Recipe
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.theory import sparse_expansion as expansion
from tegum.theory import thomson
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

N_FEATURES, N_HIDDEN = 5, 2
IMPORTANCE: Final = powers(0.9, N_FEATURES)
DENSITIES: Final = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
#: A seed that no training here uses: its samples are new to every model.
_FRESH_SEED: Final = 1_000_000
_BATCH: Final = 1024
#: The kinds of configurations of points.
REGULAR, RANDOM, DROPPED = "regular shapes", "random points", "random, some features left out"
#: (features, hidden dimensions, features left out) of the random configurations.
_SIZES: Final = ((5, 2, 0), (8, 3, 0), (20, 5, 0), (80, 20, 0), (10, 2, 5), (20, 5, 8), (60, 9, 20))
_DRAWS: Final = 3
#: Where interference of trained models is looked at; "Basic Results" has no need of the last two.
_SIGNS: Final = (
    *(recipe for recipe in sweeps.SMALL_RECIPES if 0.01 <= recipe.density <= 0.3),
    Recipe(0.2, 64, (12, 2000), steps=3000),
    Recipe(0.05, 128, (32, 2000), steps=3000),
)


def measure(lab: Lab) -> Tables:
    """Orders of the loss, packing energies, and the signs of interference in trained models."""
    return {**_orders(lab), "packings": _packings(lab), "interference": _signs(lab)}


class Trained(NamedTuple):
    """A trained model and where it was trained."""

    p: float
    W: F64
    b: F64


def _orders(lab: Lab) -> Tables:
    """Train (5, 2) models over sparsity, and take the loss of the best of each apart."""
    import pandas as pd

    seeds = lab.pick(8, 4)
    plan = Training(steps=lab.pick(3000, 2000), learning_rate=5e-3, schedule="cosine")
    chosen = best(lab.score(lab.train(_problem(0.1), {DENSITY: DENSITIES}, plan, seeds)))
    orders, losses, biases = [], [], []
    for p in DENSITIES:
        at = chosen.sel(feature_probability=p)
        model = Trained(p, *(at[name].to_numpy().astype(np.float64) for name in ("W", "b")))
        rng = np.random.default_rng(DENSITIES.index(p))
        orders.append(order_table(model, lab.pick(60_000, 30_000), rng))
        loss, error = fresh_loss(model, lab.pick(2**18, 2**16))
        head = {DENSITY: p, "loss": loss, "error": error, "best_of": seeds}
        losses.append({**head, "chosen_by": float(at["loss"])})
        biases.append({DENSITY: p, **bias_effect(model)})
    return {
        "orders": pd.concat(orders, ignore_index=True),
        "losses": pd.DataFrame(losses),
        "bias_effect": pd.DataFrame(biases),
    }


def _problem(p: float) -> Problem:
    law = Independent(n_features=N_FEATURES, feature_probability=p)
    return Problem(law, ReLUOutput(n_hidden=N_HIDDEN), IMPORTANCE)


def order_table(model: Trained, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """One row per order k: L_k in closed form (NaN for k >= 3), sampled, and its part of the loss.

    `contribution` is p^k (1−p)^(n−k) L_k from the closed form where there is one, and
    `contribution_error` the standard error of those that are sampled.
    """
    import pandas as pd

    exact = np.full(N_FEATURES + 1, np.nan)
    exact[0] = expansion.loss_zero(model.b, IMPORTANCE)
    exact[1] = expansion.loss_one(model.W, model.b, IMPORTANCE)
    exact[2] = expansion.loss_two(model.W, model.b, IMPORTANCE)
    found = [
        expansion.loss_k_sampled(model.W, model.b, IMPORTANCE, k, samples=count, rng=rng)
        for k in range(N_FEATURES + 1)
    ]
    sampled, error = np.array(found).T
    weight = expansion.term_weights(N_FEATURES, model.p)
    known = np.isfinite(exact)
    return pd.DataFrame(
        {
            DENSITY: model.p,
            "k": np.arange(N_FEATURES + 1),
            "closed_form": exact,
            "sampled": sampled,
            "error": error,
            "contribution": weight * np.where(known, exact, sampled),
            "contribution_error": weight * np.where(known, 0.0, error),
        }
    )


def fresh_loss(model: Trained, wanted: int) -> tuple[float, float]:
    """The loss on new samples drawn by the engine, and its standard error.

    At least `wanted` samples, more where p is small, for a loss of rare events needs more.
    The held-out loss that chose the model will not do: the lowest of N is biased downwards.
    """
    problem, most = _problem(model.p), 8 * wanted
    steps = int(min(wanted * max(1.0, 0.05 / model.p), most)) // _BATCH
    x = samples(problem, Training(batch_size=_BATCH), seed=_FRESH_SEED, steps=steps)
    rows = x.reshape(-1, N_FEATURES)
    some = rows[rows.any(axis=1)].astype(np.float64)  # the others all have the loss of x = 0
    count, silent = len(rows), len(rows) - len(some)
    at_zero = float(expansion.loss_zero(model.b, IMPORTANCE))
    error = some - np.maximum(some @ model.W.T @ model.W + model.b, 0.0)
    squared = error**2 @ IMPORTANCE
    mean = (squared.sum() + silent * at_zero) / count
    variance = (((squared - mean) ** 2).sum() + silent * (at_zero - mean) ** 2) / (count - 1)
    return float(mean), sqrt(variance / count)


def bias_effect(model: Trained) -> dict[str, float]:
    """What overlapping outputs cost when one feature is active: with the biases, and without.

    Σ_{i≠j} I_j ∫₀¹ ReLU(G_ji x + b_j)² dx over G_ji > 0, for b and for b = 0.
    """
    G = model.W.T @ model.W
    overlap = np.where(np.eye(N_FEATURES) == 1, 0.0, np.maximum(G, 0.0))
    nodes, weights = np.polynomial.legendre.leggauss(64)
    x = (nodes + 1) / 2
    signal = overlap[..., None] * x + np.where(overlap > 0, model.b[:, None], 0.0)[..., None]
    cost = (np.maximum(signal, 0.0) ** 2 @ weights) / 2
    return {
        "positive_overlaps": float((overlap**2).sum()),
        "cost": float(IMPORTANCE @ cost.sum(axis=1)),
        "cost_without_bias": float(IMPORTANCE @ (overlap**2).sum(axis=1) / 3),
        "largest_bias": float(model.b.max()),
    }


class Points(NamedTuple):
    """Features on the unit sphere, as columns; zero columns are features left out."""

    name: str
    kind: str
    W: F64


def _packings(lab: Lab) -> pd.DataFrame:
    """The energy of every configuration beside its 1-sparse loss, sampled and integrated."""
    import pandas as pd

    rng = np.random.default_rng(20_22)
    count = lab.pick(50_000, 10_000)
    rows = []
    for name, kind, W in (*shapes(), *random_points(rng)):
        sampled, error = sampled_loss(W, count, rng)
        rows.append(
            {
                "name": name,
                "kind": kind,
                "n_hidden": W.shape[0],
                "n_features": W.shape[1],
                "left_out": int((W == 0).all(axis=0).sum()),
                "energy": float(thomson.energy(W)),
                "sampled": sampled,
                "error": error,
                "integrated": integrated_loss(W),
                "samples": count,
            }
        )
    return pd.DataFrame(rows)


def shapes() -> Iterator[Points]:
    """Regular polygons, simplices, cross-polytopes and other polyhedra, inscribed in the sphere."""
    named = {3: "triangle", 4: "square", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}
    for k, name in named.items():
        angle = 2 * np.pi * np.arange(k) / k
        yield Points(name, REGULAR, np.stack([np.cos(angle), np.sin(angle)]))
    golden = (1 + sqrt(5)) / 2
    rectangle = np.array([(0, a, b * golden) for a, b in product((1, -1), repeat=2)])
    twelve = np.concatenate([np.roll(rectangle, k, axis=1) for k in range(3)])
    others = {
        "digon": np.array([[1.0], [-1.0]]),
        "tetrahedron": np.eye(4) - 1 / 4,
        "4-simplex": np.eye(5) - 1 / 5,
        "octahedron": np.concatenate([np.eye(3), -np.eye(3)]),
        "cube": np.array(list(product((1.0, -1.0), repeat=3))),
        "icosahedron": twelve,
    }
    for name, rows in others.items():
        yield Points(name, REGULAR, _on_sphere(rows))


def _on_sphere(rows: F64) -> F64:
    """Points (k, d) as unit columns (rank, k), in coordinates of the space they span."""
    points = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    left, size, _ = np.linalg.svd(points, full_matrices=False)
    rank = int((size > 1e-9 * size[0]).sum())
    return np.asarray((left[:, :rank] * size[:rank]).T)


def random_points(rng: np.random.Generator) -> Iterator[Points]:
    """Directions drawn uniformly from the sphere, in some cases beside zero columns."""
    for n, m, left_out in _SIZES:
        for draw in range(_DRAWS):
            W = rng.normal(size=(m, n))
            W /= np.linalg.norm(W, axis=0)
            W[:, n - left_out :] = 0.0
            kind = DROPPED if left_out else RANDOM
            yield Points(f"({n}, {m}) without {left_out}, draw {draw + 1}", kind, W)


def sampled_loss(W: F64, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """L_1 at b = 0 from `count` random inputs with one active feature, and its standard error.

    L_1 is a sum over the n places of the active feature: n times the mean over random places.
    """
    n = W.shape[1]
    active, value = rng.integers(n, size=count), rng.random(count)
    error = -np.maximum((value * W[:, active]).T @ W, 0.0)  # (count, n)
    error[np.arange(count), active] += value
    squared = (error**2).sum(axis=1)
    return n * float(squared.mean()), n * float(squared.std(ddof=1)) / sqrt(count)


def integrated_loss(W: F64) -> float:
    """L_1 at b = 0 by Gauss-Legendre quadrature of the model's squared error over x in [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = 0.0
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        x = node * np.eye(W.shape[1])  # one input per active feature
        total += weight * ((x - np.maximum(x @ W.T @ W, 0.0)) ** 2).sum()
    return float(total)


def _signs(lab: Lab) -> pd.DataFrame:
    """Σ G_ij² over positive and over negative off-diagonal entries, a row per trained model.

    Most of these models are those of the basic results, and trained once for both.
    """
    recipes = sorted(_SIGNS, key=lambda recipe: -recipe.density)
    models = sweeps.sweep(lab, sweeps.problem(*sweeps.SMALL), recipes)["models"]
    return models.drop(columns=["represented", "dedicated"])
