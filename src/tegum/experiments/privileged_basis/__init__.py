"""Superposition in a privileged basis: neurons, by a ReLU on the hidden layer."""

from __future__ import annotations

from typing import Final

from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.privileged_basis import basis, figures, limits, sweep
from tegum.experiments.privileged_basis import claims as rules

SECTION: Final = "Superposition in a Privileged Basis"


def measure(lab: Lab) -> Tables:
    """The best model of each density, two models under rotations, and neurons that turn linear."""
    return {**sweep.measure(lab), **basis.measure(lab), **limits.measure(lab)}


_SHOWN = ("neurons", "counts", "candidates", "weights")
_CHOSEN = (
    f"At each density {sweep.MODELS[0]} models were trained, the best {sweep.REFINED[0]} of them "
    "refined, and the best of every density refined at all the others, too; that of lowest "
    "held-out loss is shown (fewer in a quick run)."
)


def _stage(stage: tuple[tuple[float, ...], int, int]) -> str:
    densities, mono, represented = stage
    return (
        f"{mono} monosemantic neuron{'s' * (mono != 1)} and {represented} represented features at "
        f"1−S = {', '.join(f'{p:g}' for p in densities)}"
    )


EXPERIMENT = Experiment(
    name="privileged-basis",
    title="Neurons: from one feature each to many",
    section=SECTION,
    summary="ReLU-hidden models h = ReLU(Wx), x' = ReLU(Wᵀh + b), n = 10, m = 5, I_i = .75^i: a "
    "thousand at each of fifteen densities.",
    measure=measure,
    figures=(
        FigureSpec(
            "neurons",
            "Each column is a neuron. Above: its weights, features down. Below: the same weights "
            "stacked, with the feature's number, coloured by how much the feature shares its "
            "direction (dark: not at all), negative ones hatched. Dense features have a neuron "
            "each. Sparser, two neurons code three features, then three code five. From 1−S = .12 "
            "on no neuron has a feature to itself: four features excite three neurons each (blue "
            "cells of a row) and inhibit the others (red), four excite two, one of them shared; at "
            f".04 a ninth joins. At .02 each of ten excites a pair of its own. {_CHOSEN}",
            figures.draw_neurons,
            ("weights",),
        ),
        FigureSpec(
            "counts",
            "Monosemantic neurons (one weight above .2 in size) and represented features of the "
            f"models of lowest loss; diamonds: what the paper's models show. {_CHOSEN}",
            figures.draw_counts,
            ("candidates",),
        ),
        FigureSpec(
            "structures",
            "The loss of a kind of model over the lowest loss of the density, for every kind that "
            "is the best somewhere and for one that is not: models are the best of a density, "
            "refined there and at all the other densities, sorted by what they became. A kind that "
            "is the best in a range of densities (at 0) loses on both sides of it: structures "
            "switch, like the phases of features. The model of one monosemantic neuron and seven "
            "features comes near at 1−S = .12 (8.3 on the axis), and is nowhere the best.",
            figures.draw_structures,
            ("candidates",),
        ),
        FigureSpec(
            "basis",
            "W of a model with a linear and of one with a ReLU hidden layer, at 1−S = "
            f"{basis.AT:g}. Linear: every neuron has some of every represented feature, as in any "
            "rotation of W. ReLU: three neurons have a feature each, two code three features. Of "
            f"{basis.SEEDS[0]} seeds (fewer in a quick run) that of lowest loss.",
            figures.draw_basis,
            ("basis_weights",),
        ),
        FigureSpec(
            "rotations",
            "Left: outputs before and after a random rotation of the hidden space: with a linear "
            "hidden layer they stay the same (on the diagonal), with a ReLU they change. Right: "
            "the concentration Σ W_ki⁴ / Σ ‖W_i‖⁴ (1: a neuron for each feature) of the trained "
            f"weights, lines, and of {basis.ROTATIONS} rotations of them: with a ReLU features are "
            "aligned with neurons more than after nearly any rotation, without one they are not.",
            figures.draw_rotations,
            ("outputs", "rotations"),
        ),
        FigureSpec(
            "limits",
            "How often each of the five neurons is active; above the dashed line (95 %) it is "
            "linear as far as the data go. Left: with a bias of the hidden layer (blue) all "
            f"neurons are, without one (vermilion) none (the best of {limits.SEEDS[0]} seeds; "
            f"marks a little apart to be seen). Right: without one, at 1−S = {limits.AT:g}, many "
            f"unimportant features make up for it (the best of {limits.LARGE_SEEDS[0]}).",
            figures.draw_limits,
            ("active",),
        ),
    ),
    claims=(
        Claim(
            id="36.a",
            section=SECTION,
            statement="With a linear hidden layer the hidden space may be rotated: W and OW are "
            "the same model.",
            rule=f"no output changes by {basis.UNCHANGED:g} in {basis.ROTATIONS} random rotations",
            judge=basis.judge_linear,
            evidence=("rotations",),
        ),
        Claim(
            id="36.b",
            section=SECTION,
            statement="With a ReLU on the hidden layer it may not: the basis is privileged. Only "
            "the order of neurons is free.",
            rule=f"each of {basis.ROTATIONS} rotations changes some output by over "
            f"{basis.CHANGED:g}; orders of neurons change none by {basis.UNCHANGED:g}",
            judge=basis.judge_relu,
            evidence=("rotations",),
        ),
        Claim(
            id="37.a",
            section=SECTION,
            statement="With a ReLU on the hidden layer features align with neurons; without one "
            "they do not.",
            rule="Σ W_ki⁴ / Σ ‖W_i‖⁴ is above that of ≥ "
            f"{basis.ALIGNED:.0%} of the rotations of W with the ReLU, not without",
            judge=basis.judge_aligned,
            evidence=("basis", "rotations", "basis_weights"),
        ),
        Claim(
            id="37.b",
            section=SECTION,
            statement="The weights of the ReLU-hidden model are sparse, those of the linear one "
            "are not.",
            rule=f"of the weights of represented features over half are below {basis.SMALL:g} in "
            "size with the ReLU, less than half without",
            judge=basis.judge_sparse,
            evidence=("basis", "basis_weights"),
        ),
        Claim(
            id="38.a",
            section=SECTION,
            statement="Dense features (1−S ≥ .5) have a neuron each: all neurons are monosemantic, "
            "and the five most important features are represented.",
            rule=f"{_stage(rules.DEDICATED)}; {rules.RULE}",
            judge=rules.judge_dedicated,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.b",
            section=SECTION,
            statement="Sparser (1−S from .4 to .2), three neurons stay monosemantic and two code "
            "three features, as (1, 1), (1, −1) and (−1, 1).",
            rule=f"{_stage(rules.TRIPLE)}, in that code; {rules.RULE}",
            judge=rules.judge_triple,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.c",
            section=SECTION,
            statement="At 1−S = .15 two neurons are monosemantic, and seven features represented.",
            rule=f"{_stage(rules.TWO)}; {rules.RULE}",
            judge=rules.judge_two,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.d",
            section=SECTION,
            statement="At 1−S = .12 one neuron is monosemantic, and seven features represented. "
            "(Recorded as differing: such a model exists, but one of eight features without any "
            "monosemantic neuron has a lower loss.)",
            rule=f"{_stage(rules.ONE)}; {rules.RULE}",
            judge=rules.judge_one,
            evidence=(*_SHOWN, "structures"),
            expected="differs",
            quick=False,
        ),
        Claim(
            id="38.e",
            section=SECTION,
            statement="From 1−S = .08 to .05 no neuron is monosemantic, and eight features are "
            "represented.",
            rule=f"{_stage(rules.EIGHT)}; {rules.RULE}",
            judge=rules.judge_eight,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.f",
            section=SECTION,
            statement="From 1−S = .04 on all ten features are represented by the five neurons. "
            "(Recorded as differing: at .04 a model of nine, which the trainings at that density "
            "miss and those at others lead to, has a loss 7 % below the best of ten; at .03 they "
            "are equal within the errors.)",
            rule=f"{_stage(rules.TEN)}; {rules.RULE}",
            judge=rules.judge_ten,
            evidence=(*_SHOWN, "structures"),
            expected="differs",
            quick=False,
        ),
        Claim(
            id="38.g",
            section=SECTION,
            statement="Ten features are stored as the ten pairs of five neurons, each pair excited "
            "by one feature.",
            rule="at every density whose best model represents ten features, the neurons with W_ki "
            "> .2 are those of every pair, once; there is such a density",
            judge=rules.judge_pairs,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.h",
            section=SECTION,
            statement="As features become sparse, neurons shift from monosemantic to polysemantic, "
            "and both kinds exist in one model.",
            rule="the number of monosemantic neurons never rises from dense to sparse, and falls; "
            f"both kinds at 1−S = {rules.BOTH:g}",
            judge=rules.judge_shift,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="38.i",
            section=SECTION,
            statement="There are ranges of sparsity in which the best model has the same "
            "structure.",
            rule="one signature (which features each neuron stores, with which signs, in any order "
            "of neurons) "
            + " and one ".join(
                f"at 1−S = {', '.join(f'{p:g}' for p in densities)}" for densities in rules.SAME
            ),
            judge=rules.judge_same,
            evidence=(*_SHOWN, "structures"),
            quick=False,
        ),
        Claim(
            id="39.a",
            section=SECTION,
            statement="Given a bias of the hidden layer, the model makes it positive, and its "
            "neurons are linear.",
            rule=f"all hidden biases positive, all neurons active in over {limits.LINEAR:.0%} of "
            "samples, at every density measured",
            judge=limits.judge_bias,
            evidence=("limits", "active"),
        ),
        Claim(
            id="39.b",
            section=SECTION,
            statement="Without a hidden bias, a model with enough features makes one up from them.",
            rule=f"all neurons active in over {limits.LINEAR:.0%} of samples with the most "
            "features, none with the fewest",
            judge=limits.judge_simulated,
            evidence=("limits", "active"),
        ),
    ),
)
