"""Learning as geometric transformations: two correlated sets on their way to an octahedron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.experiments.base import Claim, Experiment, FigureSpec, Tables
from tegum.experiments.geometric_transformations import claims as rules
from tegum.experiments.geometric_transformations import stages

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

SECTION: Final = "Superposition and Learning Dynamics"


def draw_stages(tables: Tables) -> Figure:
    """The chosen training where each stage has settled."""
    return plots.features_3d(tables["features"], paths=tables["paths"])


def draw_loss(tables: Tables) -> Figure:
    """Its loss, cut into stages."""
    return plots.stage_curve(tables["curves"], tables["stages"], tables["rates"])


def draw_kinds(tables: Tables) -> Figure:
    """Other ways to the octahedron."""
    return plots.features_3d(tables["kinds"], rows="kind")


def draw_last(tables: Tables) -> Figure:
    """Of the film: its last moment."""
    moments = tables["moments"]
    last = moments[moments["step"] == moments["step"].max()]
    return plots.features_3d(last.assign(panel=f"step {int(last['step'].iloc[0]):,}"))


def animate(tables: Tables) -> Animation:
    """The film."""
    curves, own = tables["curves"], tables["stages"]
    curve = curves[curves["seed"] == own["seed"].iloc[0]]
    return plots.motion_3d(tables["moments"], curve, own)


_STORY = (
    f"n = 6, m = 3, 1−S = {stages.STORY_DENSITY:g}; of {stages.STORY_SEEDS[0]} seeds (fewer in a "
    "quick run) the one that passes through most of the paper's stages."
)
_DENSITIES = f"1−S = {', '.join(f'{p:g}' for p in stages.FINAL_DENSITIES)}"
_SHOWN = ("stages-shown", "loss", "film", "trajectories")

EXPERIMENT = Experiment(
    name="geometric-transformations",
    title="Learning moves features through simple geometric steps",
    section=SECTION,
    summary="Two sets of three correlated features in three dimensions: where trainings end, and, "
    "from a small start at a low learning rate, the stages they go through.",
    measure=stages.measure,
    figures=(
        FigureSpec(
            "stages-shown",
            "One training where each of its stages has settled; a stage ends where the loss falls "
            "fastest. Points are the six features W_i, coloured by set, with the way they came "
            "since the panel before; triangles join the features of a set; straight lines between "
            "features are coloured by inner product; the circle is the unit sphere. A: all near "
            "zero. B: the sets push apart along one line. C: each set opens into a triangle, one "
            "above the other. D: the triangles turn against each other into an antiprism, the "
            "octahedron, in which every feature is antipodal to one of the other set (dark red). "
            f"{_STORY} The whole is turned so that the line is upright.",
            draw_stages,
            ("features", "paths"),
        ),
        FigureSpec(
            "film",
            "The same training in motion, colours as above, frames log-spaced in steps, with its "
            "expected loss; the point of view turns slowly.",
            draw_last,
            ("moments", "curves", "stages"),
            animate,
        ),
        FigureSpec(
            "loss",
            "Expected loss of the same training (black; dots: where a stage has settled) and of "
            "other seeds (grey), and the rate at which it falls. The peaks of the rate, found by "
            "rule, cut the training into the stages.",
            draw_loss,
            ("curves", "stages", "rates"),
        ),
        FigureSpec(
            "kinds",
            "Three kinds of trajectory, told apart by how the two sets lie in the second stage: on "
            "one line (an eighth of all seeds), at an angle (most), or on the same side (rare). "
            "Each row: where the first and the second stage have settled, where both sets are "
            "first at right angles, and the end. Shown is the first seed of each kind that arrives "
            f"at the octahedron, as nearly all do, of {stages.STORY_SEEDS[0]} (fewer in a quick "
            "run, where a kind may be absent).",
            draw_kinds,
            ("kinds",),
        ),
    ),
    claims=(
        Claim(
            id="31.a",
            section=SECTION,
            statement="The best model is an octahedron whose antipodal pairs join the two sets.",
            rule=f"at each of {_DENSITIES}, the model of lowest expected loss of "
            f"{stages.FINAL_SEEDS[0]} has six features (norm > ½), all |cosines| within sets < "
            f"{stages.RIGHT:g}, and for every feature one of the other set at a cosine < "
            f"{stages.ANTIPODAL:g}",
            judge=rules.judge_best,
            evidence=("ends",),
        ),
        Claim(
            id="31.b",
            section=SECTION,
            statement="That octahedron is a strong attractor.",
            rule=f"at each of {_DENSITIES}, at least {100 * rules.OCTAHEDRA:.0f} % of "
            f"{stages.FINAL_SEEDS[0]} seeds end there, as in 31.a",
            judge=rules.judge_octahedra,
            evidence=("ends",),
            quick=False,
        ),
        Claim(
            id="31.c",
            section=SECTION,
            statement="Learning goes through distinct regimes that show in the loss curve.",
            rule=f"at 1−S = {stages.DROPS_DENSITY:g}, from a small start at a low rate, the rate "
            f"−d ln loss / d ln step has {stages.FALLS} or more peaks in more than half of "
            f"{stages.DROPS_SEEDS[0]} seeds",
            judge=rules.judge_falls,
            evidence=("drops", "loss"),
        ),
        Claim(
            id="31.d",
            section=SECTION,
            statement="After a start near zero the two sets push apart along one axis (one of "
            "several trajectories).",
            rule="where the second stage of the chosen training has settled: all cosines within "
            f"sets > {stages.ALIGNED:g}, all between sets < {stages.OPPOSED:g}",
            judge=rules.judge_line,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="31.e",
            section=SECTION,
            statement="Then each set opens into a triangle, and learning pauses before the "
            "triangles are an antiprism.",
            rule=f"{stages.FALLS} falls of the loss or more in the chosen training; before the "
            f"last all |cosines| within sets < {stages.RIGHT:g}, and some feature has no other at "
            f"a cosine < {stages.ANTIPODAL:g}",
            judge=rules.judge_open,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="31.f",
            section=SECTION,
            statement="At last the triangles have turned into an antiprism, an octahedron.",
            rule=f"at the end of the chosen training: all |cosines| within sets < "
            f"{stages.RIGHT:g}, and for every feature one of the other set at a cosine < "
            f"{stages.ANTIPODAL:g}",
            judge=rules.judge_end,
            evidence=_SHOWN,
            quick=False,
        ),
        Claim(
            id="31.g",
            section=SECTION,
            statement="The turning of the triangles comes last: sets open first, and become "
            "antipodal to each other afterwards.",
            rule="in more than half of the seeds some feature has no other at a cosine < "
            f"{stages.ANTIPODAL:g} when all |cosines| within sets are first < {stages.RIGHT:g}, "
            "and every feature has one at the end",
            judge=rules.judge_turn,
            evidence=("trajectories", "kinds"),
            quick=False,
        ),
        Claim(
            id="31.h",
            section=SECTION,
            statement="The octahedron attracts along a few different trajectories.",
            rule="by the cosine between the sets' mean directions in the second stage "
            "(line: < −.9, corner: −.9 … .9, same side: > .9), at least "
            f"{100 * rules.KIND:g} % of the seeds are of each kind, and more than half of each "
            "kind end as in 31.f",
            judge=rules.judge_kinds,
            evidence=("kinds", "trajectories"),
            quick=False,
        ),
    ),
)
