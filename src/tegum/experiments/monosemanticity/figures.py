"""Figures of the experiment on monosemantic neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.experiments.base import FigureSpec, Tables, some
from tegum.experiments.monosemanticity.claims import of_rates
from tegum.experiments.monosemanticity.measure import MONOSEMANTIC, NEGATIVE
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PUBLISHED: Final = "−1, decaying"


def _figure(columns: int, width: float, height: float, **how: Any) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns, **how)


@style.styled
def draw_training(tables: Tables) -> Figure:
    """Loss, monosemantic neurons and the mean bias over training, by initial bias."""
    from matplotlib import colormaps

    figure, panels = _figure(3, 9.6, 3.2)
    rows = tables["path"].assign(step=lambda t: t["step"].clip(lower=1))
    biases = sorted(rows.loc[rows["part"] == "biases", "initial_bias"].unique(), reverse=True)
    shades = colormaps["viridis_r"](np.linspace(0.1, 1, len(biases)))
    lines = []
    for bias, shade in zip(biases, shades, strict=True):
        own = rows[rows["initial_bias"].eq(bias) & rows["part"].ne("published")]
        lines.append((f"{bias:g}".replace("-", "−"), own, shade))
    lines.append((_PUBLISHED, rows[rows["part"] == "published"], style.VERMILION))
    for label, own, colour in lines:
        for part, some_rows in own.groupby("part"):
            mean = some_rows.groupby("step")[["loss", "monosemantic", "bias"]].mean()
            named = label if part != "longer" else None
            look: dict[str, Any] = {"color": colour, "lw": 1.2, "ls": "--" if not named else "-"}
            scale = 1 / some_rows["n"].iloc[0]
            panels[0].plot(mean.index, mean["loss"], label=named, **look)
            panels[1].plot(mean.index, mean["monosemantic"] * scale, **look)
            panels[2].plot(mean.index, mean["bias"], **look)
    panels[0].set(ylabel="loss", yscale="log")
    panels[0].yaxis.set_ticks((0.5, 1, 2), ("0.5", "1", "2"))
    panels[0].yaxis.set_ticks([], minor=True)
    panels[1].set_ylabel("monosemantic neurons / features")
    panels[2].set_ylabel("mean bias of the neurons")
    for axes in panels:
        axes.set(xscale="log", xlabel="steps")
    panels[0].legend(title="initial bias", fontsize="small")
    return figure


@style.styled
def draw_biases(tables: Tables) -> Figure:
    """Monosemantic and dead neurons, and the loss, over the initial bias."""
    figure, (left, right) = _figure(2, 7.2, 3.0)
    rows = tables["models"]
    rows = rows[rows["part"].isin(["biases", "published"])]
    names = [f"{b:g}" for b in sorted(rows["initial_bias"].unique(), reverse=True)]
    names = [_PUBLISHED if name == "-1" else name.replace("-", "−") for name in names]
    at = rows["initial_bias"].rank(method="dense", ascending=False) - 1
    for axes, column, colour, label in (
        (left, "monosemantic", style.BLUE, "monosemantic"),
        (left, "dead", style.GREY, "dead"),
        (right, "loss", style.VERMILION, None),
    ):
        axes.plot(at, rows[column], ".", color=colour, ms=5, alpha=0.6)
        mean = rows.groupby(at)[column].mean()
        axes.plot(mean.index, mean, "-", color=colour, lw=1, label=label)
    for axes in (left, right):
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_xlabel("initial bias")
        _from_zero(axes)
    left.set_ylabel("neurons")
    left.legend()
    right.set_ylabel("loss")
    return figure


@style.styled
def draw_neurons(tables: Tables) -> Figure:
    """Monosemantic neurons over how many there are."""
    figure, axes = _figure(1, 4.6, 3.2)
    rows = tables["models"]
    rows = rows[rows["part"].isin(["neurons", "biases"]) & (rows["initial_bias"] == NEGATIVE)]
    mean = rows.groupby("k")[["monosemantic", "known", "n"]].mean()
    axes.plot(rows["k"], rows["monosemantic"] / rows["n"], ".", color=style.BLUE, alpha=0.6)
    axes.plot(mean.index, mean["monosemantic"] / mean["n"], "-", lw=1, color=style.BLUE,
              label="monosemantic neurons / features")  # fmt: skip
    axes.plot(mean.index, mean["known"] / mean["n"], "--", lw=1, color=style.GREEN,
              label="features with such a neuron / features")  # fmt: skip
    axes.axhline(1, ls=":", lw=1, color=style.GREY)
    axes.set_xscale("log", base=2)
    axes.set_xticks(mean.index, [f"{k:g}" for k in mean.index])
    axes.set_xlabel("neurons k")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
    return figure


@style.styled
def draw_activations(tables: Tables) -> Figure:
    """What each neuron makes of each feature alone."""
    rows = some(tables["activations"])
    biases = sorted(rows["initial_bias"].unique(), reverse=True)
    figure, panels = _figure(len(biases), 6.4, 5.2, squeeze=False, sharey=True)
    shape = rows["neuron"].max() + 1, rows["feature"].max() + 1
    for axes, bias in zip(panels[0], biases, strict=True):
        own, image = rows[rows["initial_bias"] == bias], np.zeros(shape)
        image[own["neuron"], own["feature"]] = own["activation"]
        shown = axes.imshow(image, vmin=0, vmax=0.6, aspect="auto", interpolation="nearest",
                            cmap="Greys")  # fmt: skip
        axes.set_title(f"initial bias {bias:g}".replace("-", "−"))
        axes.set_xlabel("feature")
    panels[0][0].set_ylabel("neuron, most monosemantic first")
    figure.colorbar(shown, ax=panels, aspect=40, label="activation by the feature alone")
    return figure


@style.styled
def draw_final_biases(tables: Tables) -> Figure:
    """The bias of each neuron, those of monosemantic ones first."""
    figure, axes = _figure(1, 5.2, 3.0)
    for bias, own in tables["neurons"].groupby("initial_bias"):
        colour = style.BLUE if bias == 0 else style.VERMILION
        label = f"initial bias {bias:g}".replace("-", "−")
        axes.plot(own["neuron"], own["bias"], ".", ms=2.5, color=colour, label=label)
        _mark(axes, int((own["share"] > MONOSEMANTIC).sum()), colour)
    axes.axhline(0, lw=0.8, color=style.GREY)
    axes.set_xlabel("neuron, most monosemantic first")
    axes.set_ylabel("bias")
    axes.legend(markerscale=3)
    return figure


def _from_zero(axes: Axes) -> None:
    """From 0 to somewhat above all points, which may be near to one another."""
    axes.set_ylim(0, 1.08 * max(axes.dataLim.y1, 1e-9))


def _mark(axes: Axes, count: int, colour: str) -> None:
    axes.axvline(count, ls="--", lw=1, color=colour)


@style.styled
def draw_rates(tables: Tables) -> Figure:
    """Loss and monosemantic neurons over the learning rate, by Adam and by LAMB."""
    figure, panels = _figure(2, 7.4, 3.1)
    rows = of_rates(tables)
    for optimizer, marker in (("adam", "o"), ("lamb", "s")):
        for bias, colour in ((0.0, style.BLUE), (NEGATIVE, style.VERMILION)):
            own = rows[(rows["optimizer"] == optimizer) & (rows["initial_bias"] == bias)]
            if not len(own):  # a quick run has one rate, by Adam
                continue
            mean = own.groupby("rate")[["loss", "monosemantic"]].mean()
            label = f"{'Adam' if optimizer == 'adam' else 'LAMB'}, {bias:g}".replace("-", "−")
            for axes, column in zip(panels, mean, strict=True):
                axes.plot(mean.index, mean[column], f"{marker}-", ms=4, lw=1, color=colour,
                          mfc=colour if optimizer == "adam" else "none", label=label)  # fmt: skip
    panels[0].set_ylabel("loss")
    panels[1].set_ylabel("monosemantic neurons")
    ticks = (0.001, 0.003, 0.01, 0.03)
    for axes in panels:
        axes.set(xscale="log", xlabel="learning rate")
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        _from_zero(axes)
    panels[0].legend(fontsize="small", title="optimiser, initial bias")
    return figure


_SIZE = "256 features in 32 fixed random dimensions, decoded by 512 neurons, 1−S = 1/64"

FIGURES = (
    FigureSpec(
        "training",
        f"{_SIZE}: loss of a batch (in the end, of fresh samples), neurons with more than 0.999 of "
        "their activations from one feature, and the mean bias, over training from different "
        "initial biases (means of seeds). The published start begins at −1 and decays over the "
        "first half. Dashed, in a full run: four times as many steps; without a negative start it "
        "comes later.",
        draw_training,
        ("path",),
    ),
    FigureSpec(
        "biases",
        "The same models at their end: monosemantic neurons, neurons that no single feature makes "
        "fire, and the loss on fresh samples. Dots are seeds.",
        draw_biases,
        ("models",),
    ),
    FigureSpec(
        "activations",
        "What every neuron makes of every feature alone, from no bias and from a negative one, "
        "first seed. Neurons are sorted by how monosemantic they are, features by the neuron that "
        "they excite most: a clean diagonal is one neuron for each feature.",
        draw_activations,
        ("activations",),
    ),
    FigureSpec(
        "final-biases",
        "The biases that these neurons end with, in the same order. Dashed: how many are "
        "monosemantic.",
        draw_final_biases,
        ("neurons",),
    ),
    FigureSpec(
        "neurons",
        f"Monosemantic neurons over their number, from an initial bias of {NEGATIVE:g}. Several "
        "neurons may be of one feature.".replace("-", "−"),
        draw_neurons,
        ("models",),
    ),
    FigureSpec(
        "rates",
        "Loss and monosemantic neurons over the learning rate, from no bias and from a negative "
        "one: by Adam, and by LAMB, as published.",
        draw_rates,
        ("models",),
    ),
)
