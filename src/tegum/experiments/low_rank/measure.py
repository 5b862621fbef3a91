"""What n features leave out in n − 1 dimensions: the simplex where dense, and when it gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry
from tegum.analysis.branches import crossings, follow
from tegum.analysis.low_rank import left_out, projection
from tegum.analysis.tegum_factors import factors
from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.loss import expected_loss, polish
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Sizes whose simplices are constructed.
CONSTRUCTED: Final = tuple(range(3, 13))
#: Starts of the models of each size. Most dense ones end with another sign of the features in what
#: they leave out, and there are 2^(n-1) of these.
STARTS: Final = {3: 32, 4: 64, 5: 128, 6: 256}
_QUICK: Final = (3, 4)
#: Densities of these models: (full, quick).
_DENSITIES: Final = (
    (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9),
    (0.2, 0.5, 0.6, 0.8),
)
_POINTS: Final = (91, 31)
TRIANGLE, PAIR = "triangle", "pair and one alone"
#: What is drawn of three features.
DENSE, SPARSE = 0.8, 0.2
#: Losses within this part of the lowest are the same minimum.
SAME: Final = 1e-6
_RANDOM: Final = 200
#: Densities around the crossing of larger sizes.
_NEAR: Final = np.array([0.35, 0.4, 0.45, 0.5, 0.55])


def problem(n_features: int, density: float = DENSE) -> Problem:
    """Equal features with one hidden dimension fewer than there are of them."""
    features = Independent(n_features=n_features, feature_probability=density)
    return Problem(features, ReLUOutput(n_hidden=n_features - 1))


def measure(lab: Lab) -> Tables:
    """Constructed polytopes, the lowest minima of each size, both arrangements followed."""
    import pandas as pd

    found = {n: _found(lab, n) for n in lab.pick(tuple(STARTS), _QUICK)}
    return {
        "simplices": pd.DataFrame([simplex(n) for n in CONSTRUCTED]),
        "projections": projections(),
        "fits": pd.concat([_fits(runs, n) for n, runs in found.items()], ignore_index=True),
        "features": _features(found[3]),
        **_branches(lab, tuple(found)),
    }


def simplex(n: int) -> dict[str, Any]:
    """The n basis vectors projected orthogonally to (1, …, 1): extremes, and its name."""
    W = projection(np.ones(n))
    (factor,) = factors(W, threshold=0.05)  # as cosines of -1/11 link its features, too
    return {"n_features": n, **_extremes(W), "name": factor.name}


def _extremes(W: F64) -> dict[str, float]:
    """The least and the largest cosine of two features of W (hidden, feature), and length."""
    cosines, norms = geometry.cosines(W), geometry.norms(W)
    off = cosines[~np.eye(len(cosines), dtype=bool)]
    return {
        "least_cosine": off.min(), "largest_cosine": off.max(),
        "least_norm": norms.min(), "largest_norm": norms.max(),
    }  # fmt: skip


def projections() -> pd.DataFrame:
    """Random directions left out: are they found again, and is the projector the nearest to 1?

    `angle`: the sine of the largest angle between the directions and `left_out` of their
    projection; `distance`: ‖1 − WᵀW‖_F; `nearest`: the least distance of other symmetric matrices
    that are zero on the directions, WᵀHW with H a random symmetric matrix close to 1.
    """
    import pandas as pd

    random, rows = np.random.default_rng(0), []
    for n in CONSTRUCTED:
        for k in range(1, n):
            V = random.standard_normal((n, k))
            W = projection(V)
            again, basis = left_out(W), np.linalg.qr(V)[0]
            sine = np.linalg.norm(basis - again @ (again.T @ basis), ord=2)
            nearest = min(_distance(W, _near_one(random, n - k)) for _ in range(_RANDOM))
            own = _distance(W, np.eye(n - k))
            rows.append((n, k, sine, own, nearest))
    return pd.DataFrame(rows, columns=["n_features", "left_out", "angle", "distance", "nearest"])


def _distance(W: F64, inner: F64) -> float:
    return float(np.linalg.norm(np.eye(W.shape[1]) - W.T @ inner @ W))


def _near_one(random: np.random.Generator, size: int) -> F64:
    change = random.standard_normal((size, size))
    return np.asarray(np.eye(size) + 0.05 * (change + change.T))


def _found(lab: Lab, n: int) -> xr.Dataset:
    """Minima from random starts: large weights, and no steps of Adam, which all go to few ends."""
    plan = Training(engine="exact", curve_points=0, init_std=1.0, warm_start=0)
    axes = {DENSITY: np.array(lab.pick(*_DENSITIES))}
    return lab.train(problem(n), axes, plan, seeds=STARTS[n]).transpose(DENSITY, "seed", ...)


def _fits(runs: xr.Dataset, n: int) -> pd.DataFrame:
    """The lowest minimum at each density, of the starts and the simplex.

    `simplex`: the loss of the simplex; `share`: the part of the starts that found the lowest;
    `along`: the length of (1, …, 1)/√n projected on what is left out, 1 for the simplex; `names`:
    of the tegum factors.
    """
    import pandas as pd

    started = best(runs)
    simplices = _simplices(started, n)
    rows = []
    for k, p in enumerate(runs[DENSITY].to_numpy()):
        found = min((m.isel({DENSITY: k}) for m in (started, simplices)), key=_loss)
        least, W = _loss(found), found["W"].transpose("hidden", "feature").to_numpy()
        loss = runs["loss"].isel({DENSITY: k}).to_numpy()
        rows.append(
            {
                "n_features": n,
                DENSITY: p,
                "loss": least,
                "simplex": _loss(simplices.isel({DENSITY: k})),
                "starts": len(loss),
                "share": (loss <= least * (1 + SAME)).mean(),
                **_extremes(W),
                "along": np.linalg.norm(left_out(W, rank=1e-3).T @ np.ones(n)) / np.sqrt(n),
                "names": " + ".join(sorted(factor.name for factor in factors(W, 0.1))),
            }
        )
    return pd.DataFrame(rows)


def _loss(model: xr.Dataset) -> float:
    return float(model["loss"])


def _simplices(models: xr.Dataset, n: int) -> xr.Dataset:
    """The simplex of the best scale and bias, at the densities of some models."""
    W, b = (models[name].transpose(DENSITY, ...) for name in ("W", "b"))
    ideal = np.broadcast_to(projection(np.ones(n)), W.transpose(DENSITY, "hidden", "feature").shape)
    placed = {
        "W": ((DENSITY, "hidden", "feature"), ideal.copy()),
        "b": b.copy(data=np.full(b.shape, 0.1)),
    }
    return polish(models.assign(placed))


def _features(runs: xr.Dataset) -> pd.DataFrame:
    """Three features in the plane: projected, and in the lowest dense and sparse minimum."""
    import pandas as pd

    models = {"projected ⊥ (1, 1, 1)": projection(np.ones(3))}
    for p in (DENSE, SPARSE):
        W = best(runs)["W"].sel({DENSITY: p}).transpose("hidden", "feature").to_numpy()
        models[f"lowest loss, 1−S = {p:g}"] = W
    rows = []
    for name, W in models.items():
        turn = _turned(W)
        rows += [(name, i, *turn[:, i]) for i in range(3)]
    return pd.DataFrame(rows, columns=["panel", "feature", "w0", "w1"])


def _turned(W: F64) -> F64:
    """The feature that is most by itself along +y."""
    i = int(np.argmin(geometry.superposition(W)))
    x, y = W[:, i] / np.linalg.norm(W[:, i])
    return np.asarray(np.array([[y, -x], [x, y]]) @ W)


def _branches(lab: Lab, sizes: tuple[int, ...]) -> Tables:
    """Both arrangements over the density, and where their losses cross."""
    import pandas as pd

    p = np.round(np.linspace(0.05, 0.95, lab.pick(*_POINTS)), 9)
    three = _followed(3, p)
    curves = [
        pd.DataFrame({DENSITY: p, "branch": name, "loss": branch["loss"], "slope": _slopes(branch),
                      "curvature": branch["curvature"]})
        for name, branch in three.items()
    ]  # fmt: skip
    rows = [
        {"n_features": n, DENSITY: met.value, "loss": met.loss, "other": _loss(met.other)}
        for n in sizes
        for met in crossings(*(three if n == 3 else _followed(n, _NEAR)).values())
    ]
    ends = [{"branch": name, "low": float(b["low"]), "high": float(b["high"])}
            for name, b in three.items()]  # fmt: skip
    return {
        "curves": pd.concat(curves, ignore_index=True),
        "switches": pd.DataFrame(rows, columns=["n_features", DENSITY, "loss", "other"]),
        "ends": pd.DataFrame(ends),
    }


def _followed(n: int, p: F64) -> dict[str, xr.Dataset]:
    """The simplex and the pair with all others alone."""
    pair = projection(np.eye(n)[0] + np.eye(n)[1])
    return {
        TRIANGLE: follow(problem(n), projection(np.ones(n)), target=DENSITY, values=p, start=DENSE),
        PAIR: follow(problem(n), pair, target=DENSITY, values=p, start=p.min()),
    }


def _slopes(branch: xr.Dataset) -> F64:
    """∂L/∂p at a minimum, where weights may be held: central differences of a cubic in p."""
    step, out = 1e-4, []
    for k, p in enumerate(branch[DENSITY].to_numpy()):
        W, b = (branch[name].isel({DENSITY: k}).to_numpy() for name in ("W", "b"))
        if not np.isfinite(W).all():
            out.append(np.nan)
            continue
        up, down = (float(expected_loss(problem(3, q), W, b).loss) for q in (p + step, p - step))
        out.append((up - down) / (2 * step))
    return np.array(out)
