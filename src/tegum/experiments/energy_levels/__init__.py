"""Energy levels: features that jump between dimensionalities, and the loss that falls with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.analysis import dynamics
from tegum.experiments.base import Claim, Experiment, FigureSpec, Tables
from tegum.experiments.energy_levels import measure as levels
from tegum.experiments.energy_levels.measure import LATE, OFF, SIGNIFICANT, SIZE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION: Final = "Superposition and Learning Dynamics"
_FIRST: Final = 60.0  # step where axes begin: nothing has happened before


def draw_levels(tables: Tables) -> Figure:
    """D_i of every feature of the chosen model, and its loss."""
    curve, found = tables["curve"], tables["jumps"]
    own = found[found["seed"] == curve["seed"].iloc[0]]
    since = float(tables["trainings"].set_index("seed").loc[curve["seed"].iloc[0], "since"])
    later = curve[curve["step"] >= since]["loss"]
    margin = 0.06 * float(later.max() - later.min())
    return plots.level_traces(
        tables["dimensionality"],
        curve,
        own[own["end"] > since],
        first=_FIRST,
        lowest=float(later.min()) - margin,
        highest=float(later.max()) + 6 * margin,
    )


def draw_trainings(tables: Tables) -> Figure:
    """The losses of all seeds."""
    found, since = tables["jumps"], tables["trainings"][["seed", "since"]]
    late = found.merge(since, on="seed").query("end > since")
    late = late.assign(start=late[["start", "since"]].max(axis=1))
    chosen = int(tables["curve"]["seed"].iloc[0])
    return plots.excess_curves(tables["losses"], late, chosen, first=_FIRST)


EXPERIMENT = Experiment(
    name="energy-levels",
    title="Features jump between energy levels",
    section=SECTION,
    summary="n = 60 equally important features in m = 4 dimensions at 1−S = 0.3, trained at a "
    "constant learning rate: dimensionalities D_i and expected losses at every 60th step.",
    measure=levels.measure,
    figures=(
        FigureSpec(
            "levels",
            "Dimensionality of every feature of one model over training (log-spaced steps), and "
            "below it its expected loss. At first all features share all dimensions; then some "
            "rise to 1/2, where they are in antipodal pairs, and the others fall to 0 (grey if "
            "they were never above 1/4). Shaded: a feature, whose number is above, changes level "
            "after 70 % of the pairs have formed; the loss then falls there and hardly anywhere "
            "else. A feature that rises before it has a partner (D "
            "beyond 1/2) lowers it little; the partner's jump lowers it much. Shown is the seed "
            f"of 24 (fewer in a quick run) whose loss falls fastest after step {LATE:,} within a "
            "jump; losses above the shown range belong to the first pairs.",
            draw_levels,
            ("dimensionality", "curve", "jumps", "trainings"),
        ),
        FigureSpec(
            "trainings",
            "How far the expected loss of every seed lies above the lowest of all, over training; "
            "coloured where, after 70 % of the pairs have formed, a feature of that model is "
            "changing level (vermilion: the model shown above). Plateaus end when a feature "
            "jumps, and all seeds end with four antipodal pairs.",
            draw_trainings,
            ("losses", "jumps", "trainings", "curve"),
        ),
    ),
    claims=(
        Claim(
            id="30.a",
            section=SECTION,
            statement="Late in training, when most features have settled, single features jump "
            "from one dimensionality to another.",
            rule=f"in the chosen model of 24 a feature changes level (crosses the middle between "
            f"0 and 1/2 by {dynamics.MARGIN:g}) by more than {SIZE:g}, beginning after step "
            f"{LATE:,}",
            judge=levels.judge_late,
            evidence=("levels", "jumps", "trainings"),
            quick=False,
        ),
        Claim(
            id="30.b",
            section=SECTION,
            statement="As a feature jumps, the loss drops.",
            rule=f"after step {LATE:,} the interval between checkpoints in which the loss of the "
            f"chosen model falls most lies within a jump of more than {SIZE:g}",
            judge=levels.judge_coincident,
            evidence=("levels", "trainings", "jumps"),
            quick=False,
        ),
        Claim(
            id="30.c",
            section=SECTION,
            statement="In the end every feature is in an antipodal pair or not represented.",
            rule=f"the last D_i of the chosen model are within {OFF:g} of 0 or 1/2",
            judge=levels.judge_final,
            evidence=("levels", "trainings"),
            quick=False,
        ),
        Claim(
            id="30.d",
            section=SECTION,
            statement="What looks like a smooth decrease of the loss is made of such jumps.",
            rule="after 70 % of the pairs have formed, of all seeds with jumps together: jumps "
            "hold more of the fall of the loss than jumps moved around the time at random, "
            f"circular-shift test, p < {SIGNIFICANT:g}",
            judge=levels.judge_share,
            evidence=("trainings", "jumps", "share"),
        ),
    ),
)
