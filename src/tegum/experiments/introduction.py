"""The paper's first figure: five features in two dimensions, from dense to sparse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum import plots
from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.experiments._shared import sweep_figures as figures
from tegum.experiments._shared.sweeps import Recipe, among, at, known, problem, sweep
from tegum.experiments.base import Claim, Experiment, FigureSpec, Judgement, Lab, Tables, when

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from tegum.dims import F64

SECTION: Final = "Introduction"
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

RECIPES: Final = (
    Recipe(1.0, 32, (8, 4000), batch_size=1024),
    Recipe(0.3, 64, (24, 3000)),
    Recipe(0.2, 64, (32, 3000)),
    Recipe(0.1, 64, (24, 3000)),
    Recipe(0.03, 64, (24, 3000)),
)


def measure(lab: Lab) -> Tables:
    """(5, 2) models with I_i = .9^i: all seeds, and the features of the best at each density."""
    return sweep(lab, problem(5, 2, 0.9), RECIPES).named()


def judge_dense(tables: Tables) -> Judgement:
    """1.a: the two most important features at right angles, of norm 1."""
    W, _ = model(tables, DENSE)
    norms, angle = geometry.norms(W), _angle(W[:, 0], W[:, 1])
    off = float(np.abs(norms[:2] - 1).max())
    return when(
        abs(angle - 90) <= RIGHT_ANGLE and off <= UNIT,
        f"angle {angle:.2f}°, norms {norms[0]:.3f}, {norms[1]:.3f}; {_known(tables, DENSE)}",
        angle=angle,
        norm_0=norms[0],
        norm_1=norms[1],
    )


def judge_left_out(tables: Tables) -> Judgement:
    """1.b: the other dense features have no direction, and their mean as bias."""
    W, b = model(tables, DENSE)
    largest, off = float(geometry.norms(W)[2:].max()), float(np.abs(b[2:] - 0.5).max())
    return when(
        largest < ABSENT and off <= BIAS,
        f"largest norm {largest:.3f}, biases {_list(b[2:])}; {_known(tables, DENSE)}",
        largest_norm=largest,
        bias_off=off,
    )


def judge_pairs(tables: Tables) -> Judgement:
    """1.c: two antipodal pairs at right angles; the fifth feature left out."""
    W, _ = model(tables, MIDDLE)
    pairs = geometry.antipodal_pairs(W)
    cosines, faint = geometry.cosines(W), float(geometry.norms(W)[4])
    found = sorted(i for pair in pairs for i in pair) == [0, 1, 2, 3]
    worst = max((float(cosines[i, j]) for i, j in pairs), default=1.0)
    across = _angle(W[:, pairs[0][0]], W[:, pairs[1][0]]) if found else float("nan")
    return when(
        found and abs(across - 90) <= RIGHT_ANGLE and faint < FAINT,
        f"pairs {pairs}, cosines ≤ {worst:.3f}, angle between them {across:.1f}°, "
        f"‖W_4‖ = {faint:.3f}; {_known(tables, MIDDLE)}",
        pairs=len(pairs),
        worst_cosine=worst,
        angle=across,
        fifth_norm=faint,
    )


def judge_pentagon(tables: Tables) -> Judgement:
    """1.d: five features around the circle, a little longer than 1, with negative biases."""
    W, b = model(tables, SPARSE)
    norms, gaps = geometry.norms(W), geometry.gaps_2d(W)
    off = float(np.abs(gaps - 72).max())  # NaN unless all five are represented
    low, high = PENTAGON_NORMS
    inside = bool((norms >= low).all() and (norms <= high).all())
    return when(
        off <= PENTAGON and inside and bool((b < 0).all()),
        f"gaps {_list(gaps, 1)}°, norms {_list(norms)}, biases {_list(b)}; "
        f"{_known(tables, SPARSE)}",
        largest_gap_off=off,
        least_norm=norms.min(),
        largest_norm=norms.max(),
        largest_bias=b.max(),
    )


def judge_stages(tables: Tables) -> Judgement:
    """1.e: how many features and antipodal pairs there are, from dense to sparse."""
    found = {}
    for p in STAGES:
        W, _ = model(tables, p)
        found[p] = (int(geometry.count_represented(W)), int(geometry.count_antipodal_pairs(W)))
    W, _ = model(tables, min(STAGES))
    off = float(np.abs(geometry.gaps_2d(W) - 72).max())
    words = ", ".join(f"{found[p]} at 1−S={p:g}" for p in STAGES)
    return when(
        found == STAGES and off <= STAGE_GAP,
        f"(represented, pairs) = {words}; gaps at 1−S={min(STAGES):g} within {off:.1f}° of 72°; "
        f"{known(among(tables['models'], tuple(STAGES)))}",
        largest_gap_off=off,
    )


def model(tables: Tables, density: float) -> tuple[F64, F64]:
    """W (2, 5) and b (5,) of the model of lowest loss at a density."""
    rows = at(tables["features"], density).sort_values("feature")
    return rows[["w0", "w1"]].to_numpy(dtype=float).T, rows["b"].to_numpy(dtype=float)


def _known(tables: Tables, density: float) -> str:
    return known(among(tables["models"], (density,)))


def _angle(a: F64, b: F64) -> float:
    """Degrees between two directions, 0 … 180; NaN for a zero vector."""
    with np.errstate(invalid="ignore"):
        cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _list(values: F64, digits: int = 3) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)


def draw_features(tables: Tables) -> Figure:
    """The three panels of the paper."""
    shown = tables["features"]
    return plots.features_2d(shown[_among(shown, (DENSE, MIDDLE, SPARSE))], columns=3)


def draw_stages(tables: Tables) -> Figure:
    """All densities."""
    return plots.features_2d(tables["features"], columns=len(RECIPES))


def draw_seeds(tables: Tables) -> Figure:
    """Losses of all seeds."""
    return figures.seeds(tables["models"])


def _among(table: pd.DataFrame, densities: tuple[float, ...]) -> pd.Series:
    return table[DENSITY].isin(densities)


_CHOSEN = (
    "At each density the model of lowest expected loss is shown, of 32 seeds for 1−S = 1 and of "
    "64 for the others (fewer in a quick run)."
)

EXPERIMENT = Experiment(
    name="introduction",
    title="Five features in two dimensions",
    section=SECTION,
    summary="ReLU-output models with n = 5, m = 2 and importances .9^i, from dense to sparse.",
    measure=measure,
    figures=(
        FigureSpec(
            "features",
            "Each line is the direction of a feature in the plane of the two hidden dimensions; "
            "the dashed circle has radius 1. Dense features: the two most important ones at right "
            f"angles. Sparser: four in two antipodal pairs, then all five in a pentagon. {_CHOSEN}",
            draw_features,
            ("features",),
        ),
        FigureSpec(
            "stages",
            "The same at all densities that were measured: pairs already at 1−S = 0.3, and the "
            f"pentagon still at 0.03. {_CHOSEN}",
            draw_stages,
            ("features",),
        ),
        FigureSpec(
            "seeds",
            "How far the loss of every seed lies above the lowest of its density, seeds in order "
            "of loss; dots mark the chosen models (drawn at the bottom: nothing above the lowest), "
            "the dashed line 1 %. Under it a seed has found the best model, or its mirror image.",
            draw_seeds,
            ("models",),
        ),
    ),
    claims=(
        Claim(
            id="1.a",
            section=SECTION,
            statement="With dense features (1−S = 1) the two most important ones are represented "
            "at right angles.",
            rule=f"angle of W_0 and W_1 90 ± {RIGHT_ANGLE:g}°, both norms 1 ± {UNIT:g}",
            judge=judge_dense,
            evidence=("features", "seeds", "models"),
        ),
        Claim(
            id="1.b",
            section=SECTION,
            statement="With dense features the three least important ones are not represented; "
            "their biases give the mean.",
            rule=f"norms of features 2, 3, 4 below {ABSENT:g}, their biases 1/2 ± {BIAS:g}",
            judge=judge_left_out,
            evidence=("features", "seeds", "models"),
        ),
        Claim(
            id="1.c",
            section=SECTION,
            statement="With sparser features (1−S = 0.2) four are represented, in two antipodal "
            "pairs at right angles.",
            rule=f"features 0–3 in two pairs of cosine ≤ {geometry.ANTIPODAL:g}, the pairs at "
            f"90 ± {RIGHT_ANGLE:g}°; ‖W_4‖ < {FAINT:g}",
            judge=judge_pairs,
            evidence=("features", "seeds", "models"),
        ),
        Claim(
            id="1.d",
            section=SECTION,
            statement="With sparse features (1−S = 0.1) all five are represented, as a pentagon.",
            rule=f"five gaps of 72 ± {PENTAGON:g}°, norms in {PENTAGON_NORMS[0]:g} … "
            f"{PENTAGON_NORMS[1]:g}, all biases negative",
            judge=judge_pentagon,
            evidence=("features", "seeds", "models"),
        ),
        Claim(
            id="1.e",
            section=SECTION,
            statement="From dense to sparse, features go from a dimension each through antipodal "
            "pairs to a pentagon.",
            rule="(represented, antipodal pairs) is "
            + ", ".join(f"{v} at 1−S = {p:g}" for p, v in STAGES.items())
            + f"; gaps at the last 72 ± {STAGE_GAP:g}°",
            judge=judge_stages,
            evidence=("stages", "seeds", "models"),
        ),
    ),
)
