"""What the experiment `introduction` claims, and the rules that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry, plane
from tegum.experiments._shared.sweeps import at, known
from tegum.experiments.base import Claims, Judgement, Tables, when

if TYPE_CHECKING:
    from tegum.dims import F64

DENSE, MIDDLE, SPARSE = 1.0, 0.2, 0.1  #: 1−S of the three panels

#: Directions at right angles are within this many degrees of it.
RIGHT_ANGLE: Final = 3.0
#: Norms of features with a dimension to themselves are within this of 1.
UNIT: Final = 0.03
#: A feature is left out when its norm is below this …
ABSENT: Final = 0.05
#: … or, where pairs fill the plane, below this.
FAINT: Final = 0.1
#: The bias of a left-out dense feature is its mean, 1/2, within this.
BIAS: Final = 0.05
#: The gaps of a pentagon are within this many degrees of 72.
PENTAGON: Final = 8.0
#: The norms of a pentagon's features.
PENTAGON_NORMS: Final = (1.05, 1.15)
#: (represented, antipodal pairs) at 1−S.
STAGES: Final = {1.0: (2, 0), 0.3: (4, 2), 0.03: (5, 0)}
#: The gaps at the sparsest of these.
STAGE_GAP: Final = 10.0

_PANELS: Final = ("features", "seeds", "models")

claims = Claims("Introduction")


@claims(
    "1.a",
    "With dense features (1−S = 1) the two most important ones are represented at right angles.",
    rule=f"angle of W_0 and W_1 90 ± {RIGHT_ANGLE:g}°, both norms 1 ± {UNIT:g}",
    evidence=_PANELS,
)
def dense(tables: Tables) -> Judgement:
    W, _ = model(tables, DENSE)
    norms, angle = geometry.norms(W), _angle(W[:, 0], W[:, 1])
    return when(
        abs(angle - 90) <= RIGHT_ANGLE and np.abs(norms[:2] - 1).max() <= UNIT,
        f"angle {angle:.2f}°, norms {norms[0]:.3f}, {norms[1]:.3f}; "
        f"{known(tables['models'], DENSE)}",
        angle=angle, norm_0=norms[0], norm_1=norms[1],
    )  # fmt: skip


@claims(
    "1.b",
    "With dense features the three least important ones are not represented; their biases give "
    "the mean.",
    rule=f"norms of features 2, 3, 4 below {ABSENT:g}, their biases 1/2 ± {BIAS:g}",
    evidence=_PANELS,
)
def left_out(tables: Tables) -> Judgement:
    W, b = model(tables, DENSE)
    largest, off = geometry.norms(W)[2:].max(), np.abs(b[2:] - 0.5).max()
    return when(
        largest < ABSENT and off <= BIAS,
        f"largest norm {largest:.3f}, biases {_list(b[2:])}; {known(tables['models'], DENSE)}",
        largest_norm=largest, bias_off=off,
    )  # fmt: skip


@claims(
    "1.c",
    "With sparser features (1−S = 0.2) four are represented, in two antipodal pairs at right "
    "angles.",
    rule=f"features 0–3 in two pairs of cosine ≤ {geometry.ANTIPODAL:g}, the pairs at "
    f"90 ± {RIGHT_ANGLE:g}°; ‖W_4‖ < {FAINT:g}",
    evidence=_PANELS,
)
def pairs(tables: Tables) -> Judgement:
    W, _ = model(tables, MIDDLE)
    found, cosines, faint = geometry.antipodal_pairs(W), geometry.cosines(W), geometry.norms(W)[4]
    first_four = sorted(i for pair in found for i in pair) == [0, 1, 2, 3]
    worst = max((cosines[pair] for pair in found), default=1.0)
    across = _angle(W[:, found[0][0]], W[:, found[1][0]]) if first_four else np.nan
    return when(
        abs(across - 90) <= RIGHT_ANGLE and faint < FAINT,
        f"pairs {found}, cosines ≤ {worst:.3f}, angle between them {across:.1f}°, "
        f"‖W_4‖ = {faint:.3f}; {known(tables['models'], MIDDLE)}",
        pairs=len(found), worst_cosine=worst, angle=across, fifth_norm=faint,
    )  # fmt: skip


@claims(
    "1.d",
    "With sparse features (1−S = 0.1) all five are represented, as a pentagon.",
    rule=f"five gaps of 72 ± {PENTAGON:g}°, norms in {PENTAGON_NORMS[0]:g} … "
    f"{PENTAGON_NORMS[1]:g}, all biases negative",
    evidence=_PANELS,
)
def pentagon(tables: Tables) -> Judgement:
    W, b = model(tables, SPARSE)
    norms, gaps = geometry.norms(W), plane.gaps_2d(W)
    off = np.abs(gaps - 72).max()  # NaN unless all five are represented
    low, high = PENTAGON_NORMS
    return when(
        off <= PENTAGON and low <= norms.min() and norms.max() <= high and b.max() < 0,
        f"gaps {_list(gaps, 1)}°, norms {_list(norms)}, biases {_list(b)}; "
        f"{known(tables['models'], SPARSE)}",
        largest_gap_off=off, least_norm=norms.min(), largest_norm=norms.max(),
        largest_bias=b.max(),
    )  # fmt: skip


@claims(
    "1.e",
    "From dense to sparse, features go from a dimension each through antipodal pairs to a "
    "pentagon.",
    rule="(represented, antipodal pairs) is "
    + ", ".join(f"{v} at 1−S = {p:g}" for p, v in STAGES.items())
    + f"; gaps at the last 72 ± {STAGE_GAP:g}°",
    evidence=("stages", "seeds", "models"),
)
def stages(tables: Tables) -> Judgement:
    models = {p: model(tables, p)[0] for p in STAGES}
    found = {
        p: (int(geometry.count_represented(W)), int(geometry.count_antipodal_pairs(W)))
        for p, W in models.items()
    }
    last = min(STAGES)
    off = np.abs(plane.gaps_2d(models[last]) - 72).max()
    words = ", ".join(f"{counts} at 1−S={p:g}" for p, counts in found.items())
    return when(
        found == STAGES and off <= STAGE_GAP,
        f"(represented, pairs) = {words}; gaps at 1−S={last:g} within {off:.1f}° of 72°; "
        f"{known(tables['models'], *STAGES)}",
        largest_gap_off=off,
    )


def model(tables: Tables, density: float) -> tuple[F64, F64]:
    """W (2, 5) and b (5,) of the model of lowest loss at a density."""
    rows = at(tables["features"], density).sort_values("feature")
    return rows[["w0", "w1"]].to_numpy(dtype=float).T, rows["b"].to_numpy(dtype=float)


def _angle(a: F64, b: F64) -> float:
    """Degrees between two directions, 0 … 180; NaN for a zero vector."""
    with np.errstate(invalid="ignore"):
        cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _list(values: F64, digits: int = 3) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)
