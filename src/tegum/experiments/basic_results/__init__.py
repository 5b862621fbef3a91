"""The first demonstration: twenty features in five dimensions, and the linear model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.experiments._shared import sweep_figures as figures
from tegum.experiments._shared import sweeps
from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.basic_results import claims as rules
from tegum.experiments.basic_results import linear

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION: Final = "Demonstrating Superposition: Basic Results"


def measure(lab: Lab) -> Tables:
    """The sweep of ReLU-output models, the linear model at the same densities, the packing."""
    shape = (sweeps.SMALL_FEATURES, sweeps.SMALL_HIDDEN, sweeps.SMALL_DECAY)
    packing = sweeps.predicted(*shape)
    return {**sweeps.small(lab).named(), **linear.measure(lab), "packing": packing}


def draw_models(tables: Tables) -> Figure:
    """The linear model, then the best ReLU-output model of each density."""
    import pandas as pd

    features, pairs = (
        pd.concat(
            [
                sweeps.at(tables[f"linear_{name}"], 1.0).assign(panel="linear, 1−S = 1"),
                figures.with_panels(tables[name], "ReLU, "),
            ]
        )
        for name in ("features", "pairs")
    )
    return figures.composition(features, pairs)


def draw_counts(tables: Tables) -> Figure:
    """Represented and dedicated features over sparsity."""
    return figures.counts(tables["models"], tables["packing"])


def draw_seeds(tables: Tables) -> Figure:
    """Losses of all seeds."""
    return figures.seeds(tables["models"])


_CHOSEN = (
    "At each density the model of lowest expected loss is shown, of 32 seeds (1−S = 1) to 768 "
    "(sparsest); fewer in a quick run."
)
_SHOWN = ("models-shown", "seeds", "models", "features", "pairs")
_COUNTED = ("counts", "models-shown", "seeds", "models")
_COUNT_RULE = "; ".join(
    f"1−S={p:g}: {'–'.join(map(str, dict.fromkeys(shown)))} represented, {alone} dedicated"
    for p, (shown, alone) in rules.COUNTS.items()
)

EXPERIMENT = Experiment(
    name="basic-results",
    title="Superposition appears with sparsity",
    section=SECTION,
    summary="n = 20 features of importance .7^i in m = 5 dimensions: the linear model, and "
    "ReLU-output models from dense to sparse features.",
    measure=measure,
    figures=(
        FigureSpec(
            "models-shown",
            "WᵀW with the biases b to its right, and below it the norm of each feature, coloured "
            "by how much it shares its direction with others (dark: not at all). The linear model "
            "and the ReLU model on dense features keep the five most important features and "
            "nothing else. The sparser the features, the more are kept: first the less important "
            "ones in antipodal pairs (dark red off the diagonal), at last all in superposition, "
            f"with positive overlaps and negative biases. {_CHOSEN}",
            draw_models,
            ("features", "pairs", "linear_features", "linear_pairs"),
        ),
        FigureSpec(
            "counts",
            "Represented features (norm above .5) and dedicated ones (that share with no other). "
            "Lines: the model of lowest loss at each density; bands: all seeds. Diamonds: what "
            "packing antipodal pairs at least loss predicts; from 1−S = 0.03 on the trained "
            f"models do better than pairs. {_CHOSEN}",
            draw_counts,
            ("models", "packing"),
        ),
        FigureSpec(
            "seeds",
            "How far the loss of every seed lies above the lowest of its density, seeds in order "
            "of loss; dots mark the chosen models, the dashed line 1 %. All dense models are "
            "alike; of the sparsest very few come within 1 % of the best.",
            draw_seeds,
            ("models",),
        ),
        linear.FIGURE,
    ),
    claims=(
        Claim(
            id="3.a",
            section=SECTION,
            statement="The linear model keeps the m most important features, orthogonal, and "
            "nothing else, at any sparsity.",
            rule=f"no entry of G is further than {linear.ENTRY:g} from diag(1×5, 0)",
            judge=linear.judge_projector,
            evidence=("models-shown", "linear_pairs"),
        ),
        Claim(
            id="3.b",
            section=SECTION,
            statement="On dense features (1−S = 1) the ReLU-output model does the same, and sets "
            "the other features to their mean.",
            rule=f"no entry of G is further than {linear.ENTRY:g} from diag(1×5, 0); biases of "
            f"features that are not represented 1/2 ± {rules.BIAS:g}",
            judge=rules.judge_dense,
            evidence=_SHOWN,
        ),
        Claim(
            id="3.c",
            section=SECTION,
            statement="With sparser features more than m are represented, and fewer and fewer "
            "have a dimension to themselves.",
            rule=f"{_COUNT_RULE}; each ± {rules.COUNT_SLACK}",
            judge=rules.judge_counts,
            evidence=_COUNTED,
        ),
        Claim(
            id="3.d",
            section=SECTION,
            statement="At 1−S = 0.03 an arrangement beyond antipodal pairs is the best: more "
            "features than in the best packing of pairs, at lower loss.",
            rule="more features than the packing, at a loss lower by over two standard errors",
            judge=rules.judge_beyond_pairs,
            evidence=(*_COUNTED, "packing"),
            quick=False,
        ),
        Claim(
            id="3.e",
            section=SECTION,
            statement="When features are sparse, none has a dimension to itself.",
            rule=f"no dedicated feature at 1−S ≤ {rules.SPARSE:g}",
            judge=rules.judge_none_dedicated,
            evidence=_COUNTED,
        ),
        Claim(
            id="3.f",
            section=SECTION,
            statement="When features are sparse, positive overlaps and negative biases appear.",
            rule=f"at every 1−S ≤ {rules.SPARSE:g}, among represented features, some G_ij > "
            f"{rules.PRESENT:g} (i ≠ j) and some b_i < −{rules.PRESENT:g}",
            judge=rules.judge_positive_interference,
            evidence=_SHOWN,
        ),
        Claim(
            id="3.g",
            section=SECTION,
            statement="When features are sparse, about twelve of them share the five dimensions.",
            rule=f"{rules.SPARSE_COUNTS[0]}–{rules.SPARSE_COUNTS[1]} represented, ± "
            f"{rules.COUNT_SLACK}, at every 1−S ≤ {rules.SPARSE:g}",
            judge=rules.judge_sparse_counts,
            evidence=_COUNTED,
            quick=False,
        ),
        Claim(
            id="3.h",
            section=SECTION,
            statement="The sparser the features, the more of them are represented.",
            rule="from dense to sparse the number of represented features need not fall if at each "
            "density any model within 1 % of the lowest loss may be taken",
            judge=rules.judge_monotone,
            evidence=_COUNTED,
            quick=False,
        ),
        Claim(
            id="3.i",
            section=SECTION,
            statement="The least important of the represented features are the first to share.",
            rule="at 1−S = 0.3 and 0.1 some represented features share and some do not; those "
            "that do not are the more important ones, without exception",
            judge=rules.judge_order,
            evidence=_SHOWN,
        ),
        Claim(
            id="3.j",
            section=SECTION,
            statement="Features share in antipodal pairs at first, and in other arrangements when "
            "they are sparse.",
            rule="at 1−S = 0.3 and 0.1 all features that share are in antipodal pairs (cosine ≤ "
            f"−0.98); at every 1−S ≤ {rules.SPARSE:g} less than half of the represented ones are",
            judge=rules.judge_pairs_first,
            evidence=_SHOWN,
        ),
        Claim(
            id="5.a",
            section=SECTION,
            statement="The best linear model does not depend on sparsity: its loss is the "
            "variance of a feature times the importance that does not fit.",
            rule=f"lowest loss ≤ {linear.LOSS_RATIO:g} σ² Σ_{{i≥m}} I_i at every density",
            judge=linear.judge_loss,
            evidence=("linear-loss", "linear_models"),
        ),
        Claim(
            id="5.b",
            section=SECTION,
            statement="The linear model has no superposition at any sparsity.",
            rule="features 0–4 and no others represented, each with superposition < "
            f"{linear.ALONE:g}, at every density",
            judge=linear.judge_alone,
            evidence=("models-shown", "linear_features"),
        ),
    ),
)
