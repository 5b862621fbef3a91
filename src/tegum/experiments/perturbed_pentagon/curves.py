"""Five features in two dimensions: exact minima, followed over the density of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry, plane
from tegum.analysis.alignment import align, canonical
from tegum.analysis.branches import Crossing, crossings, follow
from tegum.dims import F64
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.loss.expected import expected_loss
from tegum.models import ReLUOutput
from tegum.problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: The density of the other features, and that of the varied one relative to it.
REST: Final = 0.05
RELATIVE: Final = "relative_density"
SPARSEST, DENSEST = 0.1, 10.0
#: Where the paper has the crossing: "~2.5x less".
PAPER: Final = 0.4
#: What `train` and `follow` vary: feature 0 is the varied one.
TARGET: Final = "feature_probability[0]"

PENTAGON, DIGONS, OTHERS = "pentagon", "digons without it", "digons with it"
#: Models that are neither.
ELSE: Final = "something else"
#: The varied feature is at 0 when it is shorter.
ABSENT: Final = 0.1
#: Five features go round the circle when no gap is as wide (NaN when fewer are represented).
_OPEN: Final = 90.0
#: Points of the exact curves from one tenth to tenfold: (full, quick). Every density at which
#: models are trained is among them.
_POINTS: Final = (73, 25)

#: Where each branch is followed from: relative density, W, b.
_AROUND: Final = 2 * np.pi * np.arange(5) / 5
IDEAL: Final = np.array([np.cos(_AROUND), np.sin(_AROUND)])
_STARTS: Final = {
    PENTAGON: (1.0, 1.13 * IDEAL, np.full(5, -0.24)),
    DIGONS: (SPARSEST, np.array([[0.0, 1, 0, -1, 0], [0, 0, 1, 0, -1]]), np.zeros(5)),
    OTHERS: (
        1.0,
        np.array([[1.0, -1, 0, 0, 0], [0, 0, 1.05, -1, -0.4]]),
        np.array([0, 0, -0.15, 0, 0.01]),
    ),
}


def problem(n_features: int = 5, n_hidden: int = 2) -> Problem:
    """ReLU-output models on features of equal importance and density."""
    law = Independent(n_features=n_features, feature_probability=REST)
    return Problem(law, ReLUOutput(n_hidden=n_hidden))


def densities(points: int) -> F64:
    """Relative densities, evenly on a logarithmic scale; an odd number of them includes 1."""
    return np.round(np.geomspace(SPARSEST, DENSEST, points), 9)


def measure(lab: Lab) -> Tables:
    """`curves` and `shapes` of the three branches, `ends`, `crossings`."""
    import pandas as pd

    relative = np.unique([*densities(lab.pick(*_POINTS)), PAPER])
    found = {name: _followed(name, relative) for name in _STARTS}
    curves = [_curve(branch, name, relative) for name, branch in found.items()]
    shapes = [_shapes(branch, name, relative) for name, branch in found.items()]
    met = crossings(found[PENTAGON], found[DIGONS])
    ends = [
        {"branch": name, "low": float(b["low"]) / REST, "high": float(b["high"]) / REST}
        for name, b in found.items()
    ]
    sides = [f"{what}_{side}" for what in ("loss", "slope", "norm") for side in ("one", "other")]
    return {
        "curves": pd.concat(curves, ignore_index=True),
        "shapes": pd.concat(shapes, ignore_index=True),
        "ends": pd.DataFrame(ends),
        "crossings": pd.DataFrame([_crossing(c) for c in met], columns=[RELATIVE, "loss", *sides]),
    }


def _followed(name: str, relative: F64) -> xr.Dataset:
    start, W, b = _STARTS[name]
    return follow(problem(), W, b, target=TARGET, values=REST * relative, start=REST * start)


def _curve(branch: xr.Dataset, name: str, relative: F64) -> pd.DataFrame:
    """loss, slope ∂L/∂r, norm of the varied feature, angle to its neighbours, `curvature`."""
    import pandas as pd

    W, b = branch["W"].to_numpy(), branch["b"].to_numpy()
    columns = {
        "loss": branch["loss"].to_numpy(),
        "slope": slopes(W, b),
        "norm": geometry.norms(W)[:, 0],
        "angle": neighbour_angle(W) if name == PENTAGON else np.full(len(W), np.nan),
        "curvature": branch["curvature"].to_numpy(),
    }
    return pd.DataFrame({RELATIVE: relative, "branch": name, **columns})


def _crossing(met: Crossing) -> dict[str, float]:
    row = {RELATIVE: met.value / REST, "loss": met.loss}
    for side, model in (("one", met.one), ("other", met.other)):
        W, b = model["W"].to_numpy(), model["b"].to_numpy()
        row[f"loss_{side}"] = float(model["loss"])
        row[f"slope_{side}"] = slopes(W[None], b[None])[0]
        row[f"norm_{side}"] = geometry.norms(W)[0]
    return row


def slopes(W: F64, b: F64) -> F64:
    """∂L/∂r of models W (model, 2, 5), b (model, 5) at the density r · REST of feature 0.

    Exact, and the same at every r: with W and b as they are, the loss is linear in the probability
    of one independent feature. At a minimum it is the slope of the branch, too.
    """
    out = np.full(len(W), np.nan)
    there = np.isfinite(b).all(axis=1)
    law = problem().distribution
    low, high = (
        expected_loss(
            problem().replace(distribution=law.with_probability(p, 0)), W[there], b[there]
        ).loss
        for p in (0.25, 0.5)
    )
    out[there] = REST * (np.asarray(high) - np.asarray(low)) / 0.25
    return out


def neighbour_angle(W: F64) -> F64:
    """The mean angle, in degrees, of feature 0 of W (..., 2, 5) to its neighbours; (...)."""
    angles = plane.angles_2d(W)
    turned = np.sort((angles - angles[..., :1]) % 360.0, axis=-1)
    mean: F64 = (turned[..., 1] + 360.0 - turned[..., -1]) / 2
    return mean


def _shapes(branch: xr.Dataset, name: str, relative: F64) -> pd.DataFrame:
    import pandas as pd

    W, b = branch["W"].to_numpy(), branch["b"].to_numpy()
    rows = [
        shape(W[k], b[k], r).assign(**{RELATIVE: r, "branch": name})
        for k, r in enumerate(relative)
        if np.isfinite(W[k]).all()
    ]
    return pd.concat(rows, ignore_index=True)


def shape(W: F64, b: F64, relative: float) -> pd.DataFrame:
    """The features of one model in a common position: a row per `place`, 0 for the varied one.

    A represented varied feature lies along +x, the others follow counterclockwise; without it the
    model is turned, and the others are ordered, as close to the regular pentagon as possible.
    """
    import pandas as pd

    if geometry.norms(W)[0] > geometry.REPRESENTED:
        turned = canonical(W)
        order = np.concatenate([[0], 1 + np.argsort(plane.angles_2d(turned)[1:])])
        turned = turned[:, order]
    else:
        placed = align(W, IDEAL, groups=[0, 1, 1, 1, 1])
        order, turned = placed.order, placed.apply(W)
    columns = {"w0": turned[0], "w1": turned[1], "norm": geometry.norms(turned), "b": b[order]}
    columns["dimensionality"] = geometry.dimensionality(turned)
    columns["positive"], columns["arriving"] = _positive(turned, relative)
    return pd.DataFrame({"place": np.arange(5), "feature": order, **columns})


def _positive(W: F64, relative: float) -> tuple[F64, F64]:
    """Σ_{j≠i} max(W_i·W_j, 0)² of each feature, and the same weighted by the sources' densities."""
    squared = np.maximum(geometry.gram(W) * (1 - np.eye(5)), 0.0) ** 2
    return squared.sum(axis=1), squared @ np.array([relative, 1, 1, 1, 1])


def kind(W: F64) -> str:
    """Which of the three branches a model looks like, by its shape alone."""
    norms, pairs = geometry.norms(W), geometry.antipodal_pairs(W)
    if len(pairs) == 2:
        paired = {i for pair in pairs for i in pair}
        if 0 in paired:
            return OTHERS
        return DIGONS if norms[0] < ABSENT else ELSE
    return PENTAGON if not pairs and (plane.gaps_2d(W) < _OPEN).all() else ELSE
