"""Figures of learning as geometric transformations, and the film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.geometric_transformations.measure import STORY_DENSITY, STORY_SEEDS

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure


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
    return plots.features_3d(last.assign(panel=f"step {last['step'].iloc[0]:,}"))


def animate(tables: Tables) -> Animation:
    """The film."""
    curves, own = tables["curves"], tables["stages"]
    curve = curves[curves["seed"] == own["seed"].iloc[0]]
    return plots.motion_3d(tables["moments"], curve, own)


FIGURES: Final = (
    FigureSpec(
        "stages-shown",
        "One training where each of its stages has settled; a stage ends where the loss falls "
        "fastest. Points are the six features W_i, coloured by set, with the way they came "
        "since the panel before; triangles join the features of a set; straight lines between "
        "features are coloured by inner product; the circle is the unit sphere. A: all near "
        "zero. B: the sets push apart along one line. C: each set opens into a triangle, one "
        "above the other. D: the triangles turn against each other into an antiprism, the "
        "octahedron, in which every feature is antipodal to one of the other set (dark red). "
        f"n = 6, m = 3, 1−S = {STORY_DENSITY:g}; of {STORY_SEEDS[0]} seeds (fewer in a quick run) "
        "the one that passes through most of the paper's stages. The whole is turned so that the "
        "line is upright.",
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
        f"at the octahedron, as nearly all do, of {STORY_SEEDS[0]} (fewer in a quick run, where a "
        "kind may be absent).",
        draw_kinds,
        ("kinds",),
    ),
)
