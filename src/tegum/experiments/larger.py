"""Eighty features in twenty dimensions: the basic results at a larger scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments._shared import sweep_figures as figures
from tegum.experiments._shared import sweeps
from tegum.experiments._shared.sweeps import Recipe
from tegum.experiments.base import Claim, Experiment, FigureSpec, Judgement, Lab, Tables, when

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SECTION: Final = "Demonstrating Superposition: Basic Results"
FEATURES, HIDDEN, DECAY = 80, 20, 0.9

#: 1−S: represented features as read off the paper's figure.
READ: Final = {0.3: 26, 0.1: 32, 0.03: 41}
#: What counts may be off by.
COUNT_SLACK: Final = 3
#: A packing describes a model whose loss is this close to its own, relatively.
LOSS_SLACK: Final = 0.05
#: Pairs describe the models at these densities …
PAIRED: Final = (0.3, 0.1)
#: … and no longer at this one.
BEYOND: Final = 0.03
#: Down to this density the small model is a scaled-down copy.
SCALES_TO: Final = 0.01

RECIPES: Final = (
    Recipe(1.0, 8, (2, 1500), steps=3000, learning_rate=1e-2),
    Recipe(0.3, 32, (3, 1000), steps=3000, learning_rate=1e-2),
    Recipe(0.1, 32, (3, 1000), steps=3000, learning_rate=1e-2),
    Recipe(0.03, 96, (4, 1200), steps=3000, learning_rate=1e-2),
    Recipe(0.01, 32, (4, 1500), steps=3000, batch_size=512, learning_rate=1e-2),
    Recipe(0.003, 32, (4, 2000), batch_size=1024, learning_rate=1e-2),
    Recipe(0.001, 32, (4, 3000), batch_size=1024, learning_rate=1e-2),
)


def measure(lab: Lab) -> Tables:
    """The sweep at (80, 20), that at (20, 5) to compare it with, and the packing."""
    large = sweeps.sweep(lab, sweeps.problem(FEATURES, HIDDEN, DECAY), RECIPES)
    packing = sweeps.predicted(FEATURES, HIDDEN, DECAY)
    return {**large.named(), "small_models": sweeps.small(lab).models, "packing": packing}


def judge_pairs(tables: Tables) -> Judgement:
    """4.a: counts and losses of the packing, and counts of the figure, at 1−S = .3 and .1."""
    return _against_packing(tables, PAIRED)


def judge_beyond(tables: Tables) -> Judgement:
    """4.b: the same at 1−S = .03, where pairs are no longer the best that there is.

    Differs: as with 20 features, where eleven (three pairs and a pentagon) beat the ten of the
    best packing, arrangements beyond pairs have a loss that is lower by a tenth.
    """
    return _against_packing(tables, (BEYOND,))


def _against_packing(tables: Tables, densities: tuple[float, ...]) -> Judgement:
    good, words = True, []
    values: dict[str, float] = {}
    for p in densities:
        row, packing = _best(tables["models"], p), sweeps.at(tables["packing"], p).iloc[0]
        shown, alone = int(row["represented"]), int(row["dedicated"])
        predicted, by_themselves = int(packing["represented"]), int(packing["dedicated"])
        ratio = float(row["loss"] / packing["loss"])
        good &= max(abs(shown - predicted), abs(shown - READ[p])) <= COUNT_SLACK
        good &= abs(alone - by_themselves) <= COUNT_SLACK and abs(ratio - 1) <= LOSS_SLACK
        words.append(
            f"{shown}/{alone} (packing {predicted}/{by_themselves}, figure about {READ[p]}), loss "
            f"{ratio:.3f} of the packing's; " + sweeps.known(sweeps.among(tables["models"], (p,)))
        )
        values |= {f"represented_{p:g}": shown, f"dedicated_{p:g}": alone, f"ratio_{p:g}": ratio}
    return when(good, "represented/dedicated " + "; ".join(words), **values)


def judge_rescaled(tables: Tables) -> Judgement:
    """4.c: represented features per dimension as in the small model, down to 1−S = .01."""
    return _rescaled(tables, SCALES_TO)


def judge_rescaled_sparse(tables: Tables) -> Judgement:
    """4.d: the same for all densities.

    Differs: at the sparse end more features fit per dimension the more dimensions there are.
    """
    return _rescaled(tables, min(sweeps.DENSITIES))


def _rescaled(tables: Tables, sparsest: float) -> Judgement:
    worst, words = 0.0, []
    judged = tuple(p for p in sweeps.DENSITIES if p >= sparsest)
    for p in judged:
        large, small = (_best(tables[name], p) for name in ("models", "small_models"))
        shares = large["represented"] / HIDDEN, small["represented"] / sweeps.SMALL_HIDDEN
        worst = max(worst, abs(shares[0] / shares[1] - 1))
        words.append(f"{shares[0]:.2f}, {shares[1]:.2f} at 1−S={p:g}")
    known = [
        sweeps.known(sweeps.among(tables[name], judged)) for name in ("models", "small_models")
    ]
    return when(
        worst <= figures.RESCALED,
        f"represented per dimension, m={HIDDEN} and m={sweeps.SMALL_HIDDEN}: {'; '.join(words)}; "
        f"largest difference {worst:.1%}; m={HIDDEN}: {known[0]}; m={sweeps.SMALL_HIDDEN}: "
        f"{known[1]}",
        largest_difference=worst,
    )


def _best(models: pd.DataFrame, density: float) -> pd.Series:
    return sweeps.among(models, (density,)).iloc[0]


def draw_models(tables: Tables) -> Figure:
    """The best ReLU-output model of each density."""
    features, pairs = (figures.with_panels(tables[name]) for name in ("features", "pairs"))
    return figures.composition(features, pairs)


def draw_counts(tables: Tables) -> Figure:
    """Represented and dedicated features over sparsity."""
    return figures.counts(tables["models"], tables["packing"])


def draw_rescaled(tables: Tables) -> Figure:
    """Represented features per dimension, of both sizes."""
    sizes = (HIDDEN, sweeps.SMALL_HIDDEN)
    return figures.rescaled(tables["models"], tables["small_models"], sizes)


def draw_seeds(tables: Tables) -> Figure:
    """Losses of all seeds."""
    return figures.seeds(tables["models"])


_CHOSEN = (
    "At each density the model of lowest expected loss is shown, of 8 seeds (1−S = 1), 96 "
    "(0.03) or 32 (elsewhere); fewer in a quick run."
)
_COUNTED = ("counts", "models-shown", "seeds", "models", "packing")
_PACKING_RULE = (
    f"represented within {COUNT_SLACK} of the packing's and of the figure's, dedicated within "
    f"{COUNT_SLACK} of the packing's, loss within {LOSS_SLACK:.0%} of the packing's"
)

EXPERIMENT = Experiment(
    name="larger",
    title="A larger model is a scaled-up small one",
    section=SECTION,
    summary="n = 80 features of importance .9^i in m = 20 dimensions, from dense to sparse.",
    measure=measure,
    figures=(
        FigureSpec(
            "models-shown",
            "WᵀW with the biases b to its right, and below it the norm of each feature, coloured "
            "by how much it shares its direction with others (dark: not at all). As in the small "
            "model, sparser features first share in antipodal pairs, the least important ones "
            f"first, then all are in superposition. {_CHOSEN}",
            draw_models,
            ("features", "pairs"),
        ),
        FigureSpec(
            "counts",
            "Represented features (norm above .5) and dedicated ones (that share with no other). "
            "Lines: the model of lowest loss at each density; bands: all seeds. Diamonds: what "
            "packing antipodal pairs at least loss predicts. Where features are sparse, trained "
            f"models hold far more than pairs can. {_CHOSEN}",
            draw_counts,
            ("models", "packing"),
        ),
        FigureSpec(
            "rescaled",
            "Represented features per hidden dimension, of this model and of the small one (n = "
            "20, m = 5); the band is 15 % around the small one. They agree until features are "
            f"very sparse: then more of them fit in a dimension of the larger model. {_CHOSEN}",
            draw_rescaled,
            ("models", "small_models"),
        ),
        FigureSpec(
            "seeds",
            "How far the loss of every seed lies above the lowest of its density, seeds in order "
            "of loss; dots mark the chosen models, the dashed line 1 %.",
            draw_seeds,
            ("models",),
        ),
    ),
    claims=(
        Claim(
            id="4.a",
            section=SECTION,
            statement="At 1−S = 0.3 and 0.1 the larger model, too, keeps its most important "
            "features apart and puts the others in antipodal pairs.",
            rule=_PACKING_RULE,
            judge=judge_pairs,
            evidence=_COUNTED,
        ),
        Claim(
            id="4.b",
            section=SECTION,
            statement="At 1−S = 0.03 forty features in twenty antipodal pairs are the best model. "
            "(Recorded as differing: arrangements beyond pairs hold a few more features at a loss "
            "lower by a tenth, as in the small model, where three pairs and a pentagon beat five "
            "pairs.)",
            rule=_PACKING_RULE,
            judge=judge_beyond,
            evidence=_COUNTED,
            expected="differs",
            quick=False,
        ),
        Claim(
            id="4.c",
            section=SECTION,
            statement="The larger model is a rescaled version of the small one: it represents as "
            "many features per dimension.",
            rule=f"represented / m within {figures.RESCALED:.0%} of the small model's at every "
            f"1−S ≥ {SCALES_TO:g}",
            judge=judge_rescaled,
            evidence=("rescaled", "models-shown", "models", "small_models"),
        ),
        Claim(
            id="4.d",
            section=SECTION,
            statement="The larger model remains a rescaled version of the small one however "
            "sparse features are. (Recorded as differing: where interference is rare, the more "
            "dimensions there are, the more nearly orthogonal directions each of them offers; "
            "with importances that fall equally per dimension, m = 5, 10 and 20 hold about 2.4, "
            "3.0 and 3.3 features per dimension at 1−S = 0.001.)",
            rule=f"represented / m within {figures.RESCALED:.0%} of the small model's at every "
            "density",
            judge=judge_rescaled_sparse,
            evidence=("rescaled", "models", "small_models"),
            expected="differs",
            quick=False,
        ),
    ),
)
