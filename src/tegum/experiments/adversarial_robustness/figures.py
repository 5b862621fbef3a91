"""Figures of the experiment on attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.dims import DENSITY
from tegum.experiments.adversarial_robustness.claims import means as means_of
from tegum.experiments.adversarial_robustness.claims import within
from tegum.experiments.adversarial_robustness.measure import LONG, RANGE
from tegum.experiments.base import FigureSpec, Tables
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_KINDS = (
    ("per_example", "analytic, worst for each sample", style.BLUE, "o"),
    ("per_model", "analytic, one for all samples", style.SKY, "D"),
    ("iterated", "gradient, ten steps", style.VERMILION, "s"),
    ("one_step", "gradient, one step", style.ORANGE, "^"),
)


@style.styled
def draw_vulnerability(tables: Tables) -> Figure:
    """Vulnerability and features per dimension over 1/(1−S), and against each other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.45, 1))
    rows = within(tables)
    everyone = tables["attacked"]
    everyone = everyone[1 / everyone[DENSITY] <= RANGE * (1 + 1e-9)]
    base = float(rows["per_example"].iloc[0])
    left.plot(
        1 / rows[DENSITY], rows["per_example"] / base, "o-", ms=4, color=style.BLUE,
        label="vulnerability (dense = 1)",
    )  # fmt: skip
    left.plot(
        1 / rows[DENSITY], rows["features_per_dimension"], "s-", ms=4, color=style.VERMILION,
        label="features per dimension 1/D*",
    )  # fmt: skip
    density_axis(left)
    left.set_ylim(bottom=0)
    left.set_ylabel("vulnerability, features per dimension")
    left.legend(loc="upper left")
    right.scatter(
        everyone["features_per_dimension"], everyone["per_example"] / base, s=16,
        color=style.FAINT, label="other seeds",
    )  # fmt: skip
    right.scatter(
        rows["features_per_dimension"], rows["per_example"] / base, s=20, color=style.BLUE,
        label="lowest loss",
    )  # fmt: skip
    right.set_xlabel("features per dimension 1/D*")
    right.set_ylabel("vulnerability (dense = 1)")
    right.set_xlim(left=0)
    right.set_ylim(bottom=0)
    right.legend(loc="upper left")
    return figure


@style.styled
def draw_masking(tables: Tables) -> Figure:
    """Four kinds of attack over the whole range of densities, and samples without gradient."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, name, words in (
        (panels[0], "attacked", "λ a tenth of E‖x‖"),
        (panels[1], "long", f"λ = {LONG:g}"),
    ):
        rows = tables[name]
        rows = rows[rows["chosen"]].sort_values(DENSITY, ascending=False)
        for kind, label, colour, marker in _KINDS:
            axes.plot(1 / rows[DENSITY], rows[kind], marker=marker, ms=4, color=colour, label=label)
        density_axis(axes)
        axes.set_ylim(bottom=0)
        axes.set_title(words)
        axes.set_ylabel("rise of the loss over λ²")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    panels[2].plot(1 / rows[DENSITY], 100 * rows["masked"], "o-", ms=4, color=style.GREY)
    density_axis(panels[2])
    panels[2].set_title("no gradient to follow")
    panels[2].set_ylabel("samples without a gradient, %")
    panels[2].set_ylim(0, 100)
    return figure


@style.styled
def draw_training(tables: Tables) -> Figure:
    """What adversarial training does to superposition, features, loss and vulnerability."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 2.9), layout="constrained")
    panels = figure.subplots(1, 3)
    rows, means = tables["hardened"], means_of(tables)
    _curve(panels[0], rows, means, "features_per_dimension", style.VERMILION)
    panels[0].set_ylabel("features per dimension 1/D*")
    panels[0].axhline(1.0, color=style.FAINT, lw=1, zorder=style.BEHIND)
    panels[0].set_ylim(bottom=0)
    _curve(panels[1], rows, means, "loss", style.GREEN)
    panels[1].set_ylabel("loss of samples as they are")
    panels[1].set_ylim(bottom=0)
    _curve(panels[2], rows, means, "per_example", style.BLUE)
    panels[2].set_ylabel("rise of the loss by attacks, over λ²")
    panels[2].set_ylim(bottom=0)
    for axes in panels:
        axes.set_xlabel("attack in training, over E‖x‖")
    return figure


def _curve(axes: Axes, rows: pd.DataFrame, means: pd.DataFrame, column: str, colour: str) -> None:
    axes.plot(rows["relative"], rows[column], ".", ms=4, color=style.GREY, label="seeds")
    axes.plot(means.index, means[column], "-", color=colour, label="mean")


FIGURES = (
    FigureSpec(
        "vulnerability",
        "How much the worst small attack raises the loss, in units of the dense model, and "
        "features per dimension (n = 100, m = 30). For each sample the worst of the analytic "
        "attacks ±λ G_i/‖G_i‖ is taken, λ a tenth of the mean length of an input; the rise is "
        "divided by λ². Both rise together: vulnerability is over three where all features are in "
        "antipodal pairs, two per dimension, and goes on as features get sparser. Right: one "
        "against the other. The model of lowest held-out loss of two seeds; of one in a quick run.",
        draw_vulnerability,
        ("attacked",),
    ),
    FigureSpec(
        "masking",
        "Four kinds of attack on the same models (n = 100, m = 30; of lowest held-out loss of two "
        "seeds, one in a quick run). Left, λ a tenth of E‖x‖: following the gradient for ten "
        "steps, which may raise many outputs at once, is the strongest at nearly all densities; "
        "when features are very sparse, samples with active ones decide. Middle, longer attacks: "
        "they reach past the negative biases of very sparse models, where only the analytic "
        "attacks find the way. Right: in the end most samples have no gradient, as no output is "
        "active and none is wanted.",
        draw_masking,
        ("attacked", "long"),
    ),
    FigureSpec(
        "adversarial-training",
        "Models trained on samples under attack (n = 60, m = 12, 1−S = 0.05). Left: features per "
        "dimension fall to one and below, but only for attacks nearly as long as the inputs. "
        "Middle: the price, on samples that nobody attacks. Right: what is gained against attacks "
        "of a tenth of the mean length of an input. Points are four seeds (fewer in a quick run), "
        "lines their mean.",
        draw_training,
        ("hardened",),
    ),
)
