"""Superposition and adversarial robustness: vulnerability, masked gradients, robust models."""

from __future__ import annotations

from typing import Final

from tegum.experiments.adversarial_robustness import claims as rules
from tegum.experiments.adversarial_robustness import measure as models
from tegum.experiments.adversarial_robustness.figures import FIGURES
from tegum.experiments.base import Claim, Experiment, Lab, Tables

SECTION: Final = "Relationship to Adversarial Robustness"


def measure(lab: Lab) -> Tables:
    """Models at all densities under attack; models trained on attacks."""
    return {**models.attacked(lab), "hardened": models.hardened(lab)}


_RISE = "the mean rise of the loss by the worst of the 2n analytic attacks on each sample, over λ²"
_TRAINED = ("adversarial-training", "hardened")

EXPERIMENT = Experiment(
    name="adversarial-robustness",
    title="Superposition makes models vulnerable",
    section=SECTION,
    items=(32, 33, 34, 35),
    summary="Analytic and gradient attacks on models from dense to sparse features, and models "
    "trained on attacked samples.",
    measure=measure,
    figures=FIGURES,
    claims=(
        Claim(
            id="32.a",
            item=32,
            section=SECTION,
            statement="As superposition forms, models get more than three times as vulnerable to "
            "small attacks.",
            rule=f"vulnerability ({_RISE}) of some model at 1/(1−S) ≤ {models.RANGE:g} > "
            f"{rules.RISE:g} × that of the dense model",
            judge=rules.judge_rise,
            evidence=("vulnerability", "attacked"),
        ),
        Claim(
            id="32.b",
            item=32,
            section=SECTION,
            statement="Vulnerability closely tracks the number of features per dimension, 1/D*.",
            rule=f"Pearson's correlation of the two over 1 ≤ 1/(1−S) ≤ {models.RANGE:g} > "
            f"{rules.CORRELATION:g}",
            judge=rules.judge_tracks,
            evidence=("vulnerability", "attacked"),
        ),
        Claim(
            id="33.a",
            item=33,
            section=SECTION,
            statement="On extremely sparse features the analytic attacks work better than gradient "
            "descent, which most samples give no gradient. (Recorded as differing: where a sample "
            "has no gradient, no output is near its threshold, as biases are negative, and an "
            "attack of a tenth of the mean length does not reach it either. Samples with active "
            "features decide, and there following the gradient raises many outputs at once.)",
            rule="at the sparsest density the rise by ten gradient steps is lower than that of "
            f"the analytic attacks by over two standard errors, and over {rules.MASKED:.0%} of "
            "the samples have no gradient",
            judge=rules.judge_masked,
            evidence=("masking", "attacked"),
            expected="differs",
        ),
        Claim(
            id="33.b",
            item=33,
            section=SECTION,
            statement="They do work better where attacks are long enough to reach the thresholds.",
            rule=f"the same for attacks of length {models.LONG:g}",
            judge=rules.judge_masked_long,
            evidence=("masking", "long"),
        ),
        Claim(
            id="34.a",
            item=34,
            section=SECTION,
            statement="Training on attacked samples reduces superposition.",
            rule="1/D* (mean over seeds) falls with the length of attacks in training, each step "
            f"by no less than −{rules.EQUAL:.0%}",
            judge=rules.judge_less_superposition,
            evidence=_TRAINED,
        ),
        Claim(
            id="34.b",
            item=34,
            section=SECTION,
            statement="Only unreasonably large attacks eliminate superposition: about 80 % of the "
            "length of an input.",
            rule=f"attacks of ≤ {rules.SMALL:g} E‖x‖ take less than {rules.KEPT:.0%} of 1/D*; "
            f"1/D* > {rules.FREE:g} for all below {rules.LARGE:g} E‖x‖, and ≤ {rules.FREE:g} for "
            "some from there to E‖x‖",
            judge=rules.judge_large_needed,
            evidence=_TRAINED,
        ),
        Claim(
            id="35.a",
            item=35,
            section=SECTION,
            statement="Robust models perform worse where nobody attacks.",
            rule="the loss (mean over seeds) rises with the length of attacks in training, each "
            f"step by no less than −{rules.EQUAL:.0%}",
            judge=rules.judge_worse,
            evidence=_TRAINED,
        ),
        Claim(
            id="35.b",
            item=35,
            section=SECTION,
            statement="What they are trained for they get: robustness.",
            rule=f"vulnerability ({_RISE}) of the models trained on the longest attacks is lower "
            f"than without attacks by over {rules.EQUAL:.0%}",
            judge=rules.judge_robust,
            evidence=_TRAINED,
        ),
    ),
)
