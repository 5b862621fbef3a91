"""The strategic picture: models without superposition, and what they cost."""

from __future__ import annotations

from typing import Final

from tegum.experiments.base import Claim, Experiment, FigureSpec, Lab, Tables
from tegum.experiments.strategic_picture import experts, figures, penalty, slopes
from tegum.theory import activity

SECTION: Final = "The Strategic Picture of Superposition"


def measure(lab: Lab) -> Tables:
    """Models with a penalty on activity, small penalties exactly, reductions per activation."""
    return {
        **penalty.measure(lab),
        "slopes": slopes.measure(lab),
        "experts": experts.measure(lab),
    }


_SIZE = f"n = {penalty.N_FEATURES}, m = {penalty.N_HIDDEN}, 1−S = {penalty.PROBABILITY:g}"
_CHOSEN = (
    f"The model of lowest regularised loss of {penalty.SEEDS[0]} (fewer in a quick run), on "
    "held-out samples"
)

EXPERIMENT = Experiment(
    name="strategic-picture",
    title="Without superposition, and what it costs",
    section=SECTION,
    summary="A penalty λ‖h‖₁ on hidden activity, from small to large; loss reduction per "
    "activation of a neuron.",
    measure=measure,
    figures=(
        FigureSpec(
            "isolated",
            "One feature on one ReLU neuron, tied, without biases: its weight under a penalty "
            "λ‖h‖₁. The theory: the feature survives below λ/I = (8/9)√(2/3) (line), and jumps to "
            "0 there; up to 16/(9√3) a model that has it may keep it (dashed). Dots: the trained "
            "model of lowest loss with the penalty, of 16; rings: the largest weight of all 16 "
            "(off the curve it is still falling).",
            figures.draw_isolated,
            ("isolated",),
        ),
        FigureSpec(
            "penalised",
            f"Models of {_SIZE} under the penalty. Left, at importances .7^i: from the least "
            "important on features die, and as soon as no more than five are left (dashed) none "
            "overlap; the loss rises. Right, at equal importance: features get into antipodal "
            "pairs, each along a neuron, and stay in superposition as long as there are any. "
            f"{_CHOSEN}.",
            figures.draw_penalised,
            ("penalised",),
        ),
        FigureSpec(
            "slopes",
            "Small penalties, by exact descent on the expected loss: superposition Σ_i sup_i falls "
            "in proportion to λ (slope 1), the loss rises with λ² (slope 2); both as parts of what "
            "they are without a penalty.",
            figures.draw_slopes,
            ("slopes",),
        ),
        FigureSpec(
            "experts",
            "If only active neurons cost, what counts is the loss reduction per activation. A "
            "neuron for one feature has more of it than one for an antipodal pair, also with the "
            "best weights and biases of a pair (diamonds), except at 1−S = 1; the difference "
            "(right, where it is positive) vanishes as features become sparse. Lines: closed "
            "forms; marks: expected losses.",
            figures.draw_experts,
            ("experts",),
        ),
    ),
    claims=(
        Claim(
            id="46.a",
            section=SECTION,
            statement="A penalty λ‖h‖₁ kills features below a threshold of importance: an isolated "
            f"feature survives up to λ/I = (8/9)√(2/3) = {activity.SURVIVES:.4f}.",
            rule=f"over {penalty.MARGIN:.0%} from the threshold the weight of lowest regularised "
            f"loss is within {penalty.WEIGHT:g} of the theory; some on both sides",
            judge=penalty.judge_threshold,
            evidence=("isolated",),
        ),
        Claim(
            id="46.b",
            section=SECTION,
            statement="The penalty removes superposition, at a higher loss.",
            rule=f"{_SIZE}, I_i = .7^i: at some λ 1 … {penalty.N_HIDDEN} features are represented, "
            f"no two overlap by {penalty.OVERLAP:g}, and the loss without the penalty is higher "
            "than that at λ = 0 by over two standard errors; lowest regularised loss",
            judge=penalty.judge_removed,
            evidence=("penalised",),
        ),
        Claim(
            id="46.c",
            section=SECTION,
            statement="The less important features are killed first, none survives below the "
            "threshold.",
            rule="the number of represented features does not rise with λ, they are the most "
            f"important ones, and none has λ/I ≥ {activity.SURVIVES:.4f}",
            judge=penalty.judge_killed,
            evidence=("penalised",),
            quick=False,
        ),
        Claim(
            id="46.d",
            section=SECTION,
            statement="It does so with features of equal importance, too. (Recorded as differing: "
            "an antipodal pair along one neuron costs no more activity than two dedicated "
            "neurons, and stays as long as any feature does.)",
            rule="at some λ > 0 features are represented and no two overlap by "
            f"{penalty.OVERLAP:g}",
            judge=penalty.judge_uniform,
            evidence=("penalised",),
            expected="differs",
        ),
        Claim(
            id="46.e",
            section=SECTION,
            statement="It does so in an untied model, too. (Recorded as differing: without a bound "
            "on norms, W_in becomes small and W_out large, which avoids the penalty.)",
            rule=f"at λ = {penalty.SHOWN:g} no two represented features overlap by "
            f"{penalty.OVERLAP:g}",
            judge=penalty.judge_untied,
            evidence=("penalised",),
            expected="differs",
        ),
        Claim(
            id="47.a",
            section=SECTION,
            statement="A small penalty raises the loss at second order.",
            rule=f"log-log slope of the rise against λ 2 ± {slopes.SLOPE:g} in every arrangement",
            judge=slopes.judge_loss,
            evidence=("slopes",),
        ),
        Claim(
            id="47.b",
            section=SECTION,
            statement="A small penalty reduces superposition at first order.",
            rule=f"Σ_i sup_i falls, with log-log slope 1 ± {slopes.SLOPE:g} in every arrangement",
            judge=slopes.judge_superposition,
            evidence=("slopes",),
        ),
        Claim(
            id="48.a",
            section=SECTION,
            statement="Loss reduction per activation is 1/3 − p/4 for a dedicated neuron, and "
            "(2/3 − 5p/6)/(2 − p) for an antipodal pair.",
            rule=f"expected losses agree with both within {experts.EQUAL:g} at every density",
            judge=experts.judge_forms,
            evidence=("experts",),
        ),
        Claim(
            id="48.b",
            section=SECTION,
            statement="By that measure superposition is not optimal, but asymptotically as good as "
            "dedicated neurons.",
            rule=f"the deficit is p²/(4(2 − p)) > 0 within {experts.EQUAL:g} at every density, and "
            f"the ratio ≥ {experts.AS_GOOD:g} at the sparsest",
            judge=experts.judge_deficit,
            evidence=("experts",),
        ),
        Claim(
            id="48.c",
            section=SECTION,
            statement="Nor is it with the best weights and biases of a pair. (Recorded as "
            "differing: at 1−S = 1 every neuron is always active, and one for a mixture of both "
            "features reduces the loss by a thousandth more; at all other densities dedicated "
            "neurons do.)",
            rule="the pair of lowest expected loss has a smaller reduction than a dedicated neuron "
            "at every density where it is an optimum",
            judge=experts.judge_best,
            evidence=("experts",),
            expected="differs",
        ),
    ),
)
