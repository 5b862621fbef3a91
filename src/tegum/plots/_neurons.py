"""Models as neurons for the figures: read from a table, drawn as a map or as stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from tegum.analysis import neurons as analysis
from tegum.dims import F64, I64
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._panels import split
from tegum.plots._sources import require

if TYPE_CHECKING:
    import pandas as pd

Colour = Literal["superposition", "importance"]

#: Inches: the height of the stacks, and of the line under them that tells kinds of neurons.
STACK, _LINE = 1.6, 0.07
#: Segments at least this high, in inches, carry the number of their feature.
_NUMBERED = 0.13
#: Around a number on hatching, in heights of it: lines that touch it are read as strokes.
_PAD = 0.18
#: Segments below this part of the axis are thinner than a line, and there may be thousands.
_UNSEEN = 1 / 800
#: The line under a neuron that stores one feature, under one that stores more, under one whose
#: outputs are weak, and under one without weights to speak of: (number, words, colour).
KINDS: Final = (
    (1, "monosemantic", style.BLUE),
    (2, "polysemantic", style.VERMILION),
    (3, "weak output", style.GREY),
    (0, "silent", style.FAINT),
)


@dataclass(frozen=True)
class Model:
    """One panel: weights (neuron, feature) with neurons in order, and what colours features."""

    title: str
    W: F64
    kinds: I64  # (neuron,), numbers of `KINDS`
    shade: F64  # (feature,)


def read_models(
    owner: str,
    table: pd.DataFrame,
    colour: Colour | None,
    by: str | None,
    threshold: float,
    order: analysis.Order,
) -> list[Model]:
    require(owner, table, ["neuron", "feature", "weight", *([colour] if colour else [])])
    found = []
    for part in split(owner, table, by, ["neuron", "feature"]):
        columns = [name for name in ("weight", "weight_out", colour) if name in part.rows]
        shape = (part.rows["neuron"].nunique(), part.rows["feature"].nunique())
        if len(part.rows) != shape[0] * shape[1]:
            rule = f"must have a row for every neuron and feature in the panel {part.title!r}"
            raise SpecError.of(owner, "table", rule, len(part.rows))
        arrays = {str(c): part.rows[c].to_numpy(dtype=float).reshape(shape) for c in columns}
        W, out = arrays["weight"], arrays.get("weight_out")
        both: F64 | tuple[F64, F64] = W
        if out is not None:
            both = analysis.rescale((W, out.T))
            W = both[0]
        rank = analysis.neuron_order(both, threshold=threshold, by=order)
        held = np.minimum(analysis.features_per_neuron(both, threshold=threshold), 2)
        # what is drawn of an untied model are its input weights, which may be handed to no output
        kinds = np.where((held == 0) & (np.abs(W).max(axis=1) > threshold), 3, held)
        shade = arrays[colour][0] if colour else np.zeros(shape[1])
        found.append(Model(part.title, W[rank], kinds[rank], shade))
    return found


def draw_map(axes: Axes, model: Model, *, labelled: bool) -> None:
    axes.imshow(
        model.W.T, cmap=style.SIGNED, norm=style.SIGNED_RANGE, interpolation="none", aspect="auto"
    )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.FAINT)
    if labelled:
        n = model.W.shape[1]
        axes.set_yticks([0, n - 1] if n > 1 else [0])
        axes.set_ylabel("feature", labelpad=3)


def draw_stack(
    axes: Axes,
    model: Model,
    reach: float,
    scale: tuple[Colormap, Normalize],
    *,
    labelled: bool,
) -> None:
    m, colour = len(model.W), {kind: shade for kind, _, shade in KINDS}
    line = _LINE / STACK * reach
    colours = scale[0](scale[1](model.shade))
    for k, weights in enumerate(np.nan_to_num(model.W)):
        foot = 0.0
        for i in np.argsort(-np.abs(weights), kind="stable"):
            height = abs(float(weights[i]))
            if height <= _UNSEEN * reach:
                break  # the rest of the stack is thinner still
            _segment(axes, (k, foot, height), int(i), weights[i] < 0, colours[i], (m, reach))
            foot += height
        axes.add_patch(
            Rectangle((k - 0.41, -1.4 * line), 0.82, line, fc=colour[model.kinds[k]], lw=0)
        )
    axes.set(xlim=(-0.5, m - 0.5), ylim=(-1.5 * line, reach), xticks=[])
    axes.spines["bottom"].set_visible(False)
    ticks = [t for t in MaxNLocator(4, integer=True).tick_values(0, reach) if t <= reach]
    axes.set_yticks(ticks, labels=[f"{t:g}" for t in ticks] if labelled else [])
    if labelled:
        axes.set_ylabel("|weight|", labelpad=3)


def _segment(
    axes: Axes,
    place: tuple[int, float, float],
    feature: int,
    negative: bool,
    colour: Any,
    size: tuple[int, float],
) -> None:
    """One weight: its bar, hatched if negative, and the number of its feature if there is room."""
    (k, foot, height), (m, reach) = place, size
    edge = min(0.5, 12 * height / reach)  # thin segments would be all edge
    bar = Rectangle((k - 0.41, foot), 0.82, height, fc=colour, ec=style.paper(), lw=edge)
    if negative:
        bar.set_hatch("////")
    axes.add_patch(bar)
    inches = np.array([axes.bbox.width, axes.bbox.height]) / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    letter = style.grown("legend.fontsize")
    room = height / reach * inches[1] >= _NUMBERED * letter and inches[0] / m >= 0.2 * letter
    if room:
        dark = float(np.dot(colour[:3], [0.2126, 0.7152, 0.0722])) < 0.5
        number = axes.text(
            k,
            foot + height / 2,
            str(feature),
            ha="center",
            va="center",
            size=style.small(),
            color="white" if dark else style.INK,
            bbox={"boxstyle": f"square,pad={_PAD}", "fc": colour, "lw": 0} if negative else None,
        )
        if negative:
            number.set(clip_path=bar, clip_on=True)  # its ground covers no neighbour
