"""Computation in superposition: |x| of many features by few neurons."""

from __future__ import annotations

from typing import Final

from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.computation import circuits as small
from tegum.experiments.computation import claims as rules
from tegum.experiments.computation import figures, sweep

SECTION: Final = "Computation in Superposition"
_SWEPT: Final = f"{SECTION}: Superposition vs Sparsity"
_MOTIF: Final = "The Asymmetric Superposition Motif"


def measure(lab: Lab) -> Tables:
    """The sweep of (100, 40) models, and the small models."""
    return {**sweep.measure(lab), **small.measure(lab)}


_CHOSEN = (
    "At each density the model of lowest held-out loss is shown, of ten seeds from random weights "
    f"(thirty at 1−S = {sweep.STAGES[0]:g}) and, at sparser densities, of the curriculum that goes "
    f"on from those thirty: with all of them to {sweep.DECIDED:g}, with the best ten below; fewer "
    "in a quick run."
)
_SHOWN = ("neurons-by-sparsity", "routes", "models")
_SMALL = f"(n = {small.FEATURES}, m = {small.HIDDEN}, importance .8^i)"

EXPERIMENT = Experiment(
    name="computation",
    title="Neurons compute on features in superposition",
    section=SECTION,
    summary="Untied two-layer models without hidden bias learn y = |x|: with two neurons for each "
    "feature, with n = 100 features on m = 40 neurons from dense to sparse, and in small models "
    "whose circuits can be read.",
    measure=measure,
    figures=(
        FigureSpec(
            "small-circuit",
            "|x| = ReLU(x) + ReLU(−x): with two neurons for each feature one reads +x, one −x, "
            "and the output adds them. Weights below .05 are left out. Neurons are rescaled so "
            "that the largest input weight is ±1. The model of lowest loss of 64 (fewer in a quick "
            "run).",
            figures.draw_small,
            ("small_circuit",),
        ),
        FigureSpec(
            "neurons-by-sparsity",
            "Every column is one of 40 neurons, its segments the input weights of the features "
            "that count on it, rescaled so that the largest is 1; sorted by the strongest "
            "feature, at the bottom. Dense features: one feature to a neuron. The sparser they "
            "are, the more neurons (red line below) store others too, those of the least "
            "important features first. Colour: how much a feature shares its neurons with "
            f"others. {_CHOSEN}",
            figures.draw_stacks,
            ("weights", "models"),
        ),
        FigureSpec(
            "routes",
            "Descent from random weights (orange) against a curriculum that goes from 1−S = 0.3 "
            "to sparser features, each stage from the weights of the last (blue). Points are "
            "seeds, lines the seeds of lowest loss. From random weights sparse models end at "
            "losses tens of times higher, with all neurons polysemantic and fewer features "
            "computed on both sides: what they look like is no guide to what is best.",
            figures.draw_routes,
            ("models",),
        ),
        FigureSpec(
            "kinds-of-neurons",
            "Left: every neuron of the best model at 1−S = 0.03, by the importance of the feature "
            "it is strongest for and by how much weight other features have on it; red stores "
            "more than one. Right: for the red ones with a clear primary feature, how often that "
            "feature is what the neuron is active for, among its highest activations and the "
            "lower half of those above a twentieth of the largest.",
            figures.draw_kinds,
            ("neurons",),
        ),
        FigureSpec(
            "motif-frequency",
            f"The part of 24 seeds (6 in a quick run) whose model {_SMALL} holds a proved "
            "instance of asymmetric superposition with inhibition: by density; with two neurons "
            "for each feature (green); and with the features of every neuron renamed at random "
            f"(grey). Dashed: the {rules.FREQUENT:.0%} that are asked for at 1−S = "
            f"{small.MOTIF_DENSITY:g}.",
            figures.draw_motifs,
            ("motif_models", "renamed"),
        ),
        FigureSpec(
            "motif-circuit",
            "An instance of the motif: the neuron “shared” stores a primary feature with input "
            "weight ±1 and a secondary one with a smaller weight, and has output weights the "
            "other way round, so that the primary feature disturbs the secondary output strongly; "
            "the neuron “inhibits” sees the primary feature too and takes that away. Only the two "
            "features and the neurons that matter to them are drawn. From the model of lowest "
            f"loss {_SMALL} at 1−S = {small.MOTIF_DENSITY:g} that has an instance.",
            figures.draw_motif,
            ("motif_circuit",),
        ),
    ),
    claims=(
        Claim(
            id="40.a",
            section=f"{SECTION}: Basic Results",
            statement="With two neurons for each feature a model computes |x| without "
            "superposition: one neuron for x > 0, one for x < 0, each with output weight 1.",
            rule=f"a neuron for each sign of each of {small.SMALL} features, output weights 1 ± "
            f"{rules.UNIT:g}, all other weights below {rules.UNIT:g}, in the model of lowest loss",
            judge=rules.judge_pairs,
            evidence=("small-circuit", "small_models"),
        ),
        Claim(
            id="41.a",
            section=_SWEPT,
            statement="When features are dense every neuron stores one feature.",
            rule=f"at 1−S = 1 and 0.3 at most {rules.IMPURE:.0%} of the neurons of the model of "
            f"lowest loss are polysemantic (|v| and |v w| > {sweep.COUNTED:g}, rescaled)",
            judge=rules.judge_dense,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="41.b",
            section=_SWEPT,
            statement="The sparser the features, the more weight is on features beyond a "
            "neuron's largest.",
            rule="from 1−S = 1 to 0.001 the mean of Σ|v| beyond the largest falls by more than "
            f"{rules.SLACK:g} nowhere, and ends higher than it begins",
            judge=rules.judge_mass,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="41.c",
            section=_SWEPT,
            statement="When features are sparse the model computes |x| for more features than it "
            "has pairs of neurons.",
            rule=f"more than {rules.MANY} outputs answer x = ±1 by over {sweep.COMPUTED:g} at "
            f"every 1−S ≤ {rules.SPARSE:g}",
            judge=rules.judge_many,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="42.a",
            section=_SWEPT,
            statement="At intermediate sparsity pure neurons and highly polysemantic ones are "
            "found in one model.",
            rule=f"at 1−S = {rules.MIDDLE:g} at least {rules.KINDS} of each",
            judge=rules.judge_both_kinds,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="42.b",
            section=_SWEPT,
            statement="Neurons of the most important features tend to be monosemantic.",
            rule="rank correlation of the importance of a neuron's first feature and its weight "
            f"beyond the largest < {rules.CORRELATION:g} at 1−S = {rules.MIDDLE:g}",
            judge=rules.judge_importance,
            evidence=("kinds-of-neurons", "neurons"),
            quick=False,
        ),
        Claim(
            id="43.a",
            section=_SWEPT,
            statement="The largest activations of a polysemantic neuron with a primary feature "
            "are nearly all that feature's.",
            rule=f"at 1−S = {rules.MIDDLE:g}, over polysemantic neurons whose second weight is at "
            f"most {rules.CLEAR:g} of the first, ≥ {rules.TOP_SHARE:.0%} of the highest 1 % of "
            f"activations (above {sweep.LEAST:g} of the largest) are dominated by the primary "
            "feature, on average",
            judge=rules.judge_top,
            evidence=("kinds-of-neurons", "neurons"),
            quick=False,
        ),
        Claim(
            id="43.b",
            section=_SWEPT,
            statement="Lower activations of such neurons are of many features.",
            rule=f"of the lower half of activations less than {rules.LOW_SHARE:.0%} are the "
            "primary feature's on average, and for every neuron less than of the highest 1 %",
            judge=rules.judge_low,
            evidence=("kinds-of-neurons", "neurons"),
            quick=False,
        ),
        Claim(
            id="44.a",
            section=_MOTIF,
            statement="Small models of sparse features hold a motif: a neuron stores two features "
            "with weights of unequal size and output weights the other way round, and another "
            "neuron inhibits the output that would be disturbed.",
            rule=f"in ≥ {rules.FREQUENT:.0%} of seeds {_SMALL} at 1−S = 0.1, each instance proved "
            "by ablation where only the two features are active",
            judge=rules.judge_motif,
            evidence=("motif-frequency", "motif-circuit", "motif_models", "motifs"),
            quick=False,
        ),
        Claim(
            id="44.b",
            section=_MOTIF,
            statement="It belongs to superposition: dense features have none, and models with two "
            "neurons for each feature have none.",
            rule=f"no instance in any model at 1−S ≥ 0.5, nor with m = 2n = {small.ENOUGH}",
            judge=rules.judge_no_motif,
            evidence=("motif-frequency", "motif_models"),
            quick=False,
        ),
        Claim(
            id="44.c",
            section=_MOTIF,
            statement="It is made, not met by chance.",
            rule=f"less than {rules.RARE:.0%} of the same models with the features of each neuron "
            "renamed at random have it, in shape or proved",
            judge=rules.judge_renamed,
            evidence=("motif-frequency", "renamed"),
        ),
        Claim(
            id="44.d",
            section=_MOTIF,
            statement="The inhibition keeps the loss low.",
            rule="for every instance cutting the inhibitory weight raises the loss on whole "
            f"samples by more than {rules.SURE:g} standard errors",
            judge=rules.judge_rise,
            evidence=("motifs",),
            quick=False,
        ),
        Claim(
            id="45.a",
            section=f"{SECTION}: Basic Results",
            statement="Scaling a neuron's input weights up and its output weights down leaves the "
            "model as it is.",
            rule=f"random factors e^±2 and the canonical form change no output by {rules.MOVED:g}, "
            "and the canonical form not at all by more",
            judge=rules.judge_rescaling,
            evidence=("rescaled",),
        ),
        Claim(
            id="45.b",
            section=_SWEPT,
            statement="Losses at different sparsities are losses of different tasks, and do not "
            "say which model is better.",
            rule="the sparsest model has a lower loss than the one of 1−S = 0.3, and a higher one "
            "on the latter's task",
            judge=rules.judge_tasks,
            evidence=("tasks",),
        ),
    ),
)
