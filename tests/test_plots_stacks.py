"""Oracles: heights and colours of the artists are those of the table; text is disjoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from figure_text import assert_text_is_inside_and_apart
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import tegum as tg
from tegum import plots
from tegum.analysis import geometry, neurons
from tegum.errors import SpecError
from tegum.plots import style
from tegum.runs import tables

#: Neurons: polysemantic (2 and 3), dedicated (0), silent, dedicated (1).
W = np.array([[0, 0, 0.9, -0.8], [1.1, 0, 0, 0.1], [0, 0.05, 0, 0], [0, 1.0, 0, 0]])


def dataset(models: int = 2, untied: bool = False, m: int = 5, n: int = 8) -> xr.Dataset:
    rng = np.random.default_rng(m)
    dims = ("feature_probability", "hidden", "feature")
    arrays = {"W": (dims, rng.normal(0, 0.5, (models, m, n)))}
    if untied:
        arrays = {"W_in": arrays["W"]}
        shape = (models, n, m)
        arrays["W_out"] = ((dims[0], dims[2], dims[1]), rng.normal(0, 0.5, shape))
    return xr.Dataset(
        arrays,
        {"feature_probability": np.geomspace(1, 0.1, models)},
        {"problem": json.dumps({"importance": [0.8**i for i in range(n)]})},
    )


def hand_made() -> xr.Dataset:
    return xr.Dataset({"W": (("hidden", "feature"), W)})


FIGURES: dict[str, Callable[[], Figure]] = {
    "neurons": lambda: plots.neurons(dataset(3)),
    "neurons, one": lambda: plots.neurons(dataset(1)),
    "neurons, rows": lambda: plots.neurons(dataset(3), columns=2),
    "stacks": lambda: plots.stacks(dataset(3)),
    "stacks, untied": lambda: plots.stacks(dataset(2, True, 16, 10), colour="importance"),
    "stacks, many": lambda: plots.stacks(dataset(2, True, 40, 20), colour="importance", columns=1),
    "stacks, all kinds": lambda: plots.stacks(hand_made()),
    "neuron_weights": lambda: plots.neuron_weights(dataset(3)),
    "neuron_weights, one feature": lambda: plots.neuron_weights(dataset(1, n=1)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_inside_the_figure_and_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_text_is_inside_and_apart(FIGURES[name](), monkeypatch)


def segments(axes: Axes, k: int) -> list[tuple[float, float, bool, tuple[float, ...]]]:
    """(foot, height, hatched, colour) of what stands over column k, from the bottom."""
    found = [
        (bar.get_y(), bar.get_height(), bool(bar.get_hatch()), bar.get_facecolor())
        for bar in axes.patches
        if bar.get_x() < k < bar.get_x() + bar.get_width() and bar.get_y() >= 0
    ]
    return sorted(found)


def test_stacks_of_hand_made_neurons() -> None:
    axes = plots.stacks(hand_made()).axes[0]
    shade = style.SHARED(style.SHARED_RANGE(geometry.superposition(W)))
    # in order: neuron 1 (feature 0), 3 (feature 1), 0 (2 and 3), 2 (silent)
    expected = [
        [(0, 1.1, False, 0), (1.1, 0.1, False, 3)],
        [(0, 1.0, False, 1)],
        [(0, 0.9, False, 2), (0.9, 0.8, True, 3)],
        [(0, 0.05, False, 1)],
    ]
    for k, column in enumerate(expected):
        found = segments(axes, k)
        assert len(found) == len(column)
        for (foot, height, hatched, colour), (y, size, negative, feature) in zip(
            found, column, strict=True
        ):
            assert (foot, height, hatched) == (pytest.approx(y), pytest.approx(size), negative)
            np.testing.assert_allclose(colour, shade[feature])
    line = sorted((bar.get_x(), bar.get_facecolor()) for bar in axes.patches if bar.get_y() < 0)
    colours = [style.BLUE, style.BLUE, style.VERMILION, style.FAINT]
    assert [colour for _, colour in line] == [to_rgba(colour) for colour in colours]
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2", "3"]


def test_a_number_on_hatching_stands_on_a_ground_within_its_segment() -> None:
    axes = plots.stacks(dataset(1)).axes[0]
    numbers = [text for text in axes.texts if text.get_bbox_patch()]
    hatched = [bar for bar in axes.patches if bar.get_hatch()]
    assert len(numbers) > 3
    for text in numbers:
        x, y = text.get_position()
        (bar,) = (b for b in hatched if b.contains_point(axes.transData.transform((x, y))))
        ground = text.get_bbox_patch()
        assert ground is not None
        assert ground.get_facecolor() == bar.get_facecolor()
        clip = ground.get_clip_box()
        assert clip is not None
        assert ground.get_clip_on()
        np.testing.assert_allclose(clip.extents, bar.get_window_extent().extents)


def test_maps_and_stacks_have_the_same_columns() -> None:
    runs = dataset(2)
    figure = plots.neurons(runs)
    maps = [axes for axes in figure.axes if axes.get_title()]
    stacks = [axes for axes in figure.axes if len(axes.patches) > 8]
    for k, (above, below) in enumerate(zip(maps, stacks, strict=True)):
        w = runs.W.values[k]
        ordered = w[neurons.neuron_order(w)]
        np.testing.assert_allclose(above.images[0].get_array(), ordered.T)
        heights = [sum(s[1] for s in segments(below, j)) for j in range(5)]
        np.testing.assert_allclose(heights, np.abs(ordered).sum(axis=1))
        for side in ("x0", "x1"):
            places = [getattr(axes.get_position(), side) for axes in (above, below)]
            assert places[0] == pytest.approx(places[1])


def test_untied_weights_are_drawn_rescaled_and_coloured_by_importance() -> None:
    runs = dataset(1, True)
    axes = plots.stacks(runs, colour="importance", order="primary").axes[0]
    tallest = [max(s[1] for s in segments(axes, k)) for k in range(5)]
    np.testing.assert_allclose(tallest, 1)
    v, w = neurons.rescale((runs.W_in.values[0], runs.W_out.values[0]))
    order = neurons.neuron_order((v, w), by="primary")
    first = segments(axes, 0)[0]
    importance = 0.8 ** np.abs(v[order[0]]).argmax()
    np.testing.assert_allclose(
        first[3], style.IMPORTANCE((importance - 0.8**7) / (1 - 0.8**7)), atol=1e-6
    )


def test_neuron_table() -> None:
    runs = dataset(2, True)
    table = tables.neuron_table(runs)
    assert list(table) == [
        *("feature_probability", "neuron", "feature", "weight", "weight_out"),
        *("superposition", "importance"),
    ]
    row = table.query("feature_probability == 0.1 and neuron == 3 and feature == 6").iloc[0]
    assert row["weight"] == runs.W_in.values[1, 3, 6]
    assert row["weight_out"] == runs.W_out.values[1, 6, 3]
    assert row["superposition"] == geometry.superposition(runs.W_in.values[1])[6]
    assert row["importance"] == 0.8**6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.stacks(hand_made(), colour="importance"), "a column 'importance'"),
        (lambda: plots.stacks(tables.neuron_table(dataset(1))[:-1]), "for every neuron and"),
        (
            lambda: plots.stacks(
                tables.neuron_table(dataset(2)).drop(columns="feature_probability")
            ),
            "must have one row per neuron and feature",
        ),
        (lambda: plots.neurons(dataset(), columns=0), "columns must be >= 1"),
    ],
)
def test_bad_input(call: Callable[[], Figure], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        call()


def test_diverged_models_leave_their_panel_empty() -> None:
    runs = dataset(2)
    figure = plots.neurons(runs.where(runs["feature_probability"] < 1))
    assert len([axes for axes in figure.axes if axes.get_title()]) == 2


def test_only_what_is_drawn_as_nothing_is_silent() -> None:
    """Neurons: one with an output, one whose outputs are weak, one without weights."""
    table = pd.DataFrame(
        [
            *((0, 0, 1.0, 1.0), (0, 1, 0.0, 0.0)),
            *((1, 0, 3.0, 0.01), (1, 1, 3.0, 0.01)),  # 3 · .01 is .03, and as 1 · .03 drawn high
            *((2, 0, 0.0, 1.0), (2, 1, 0.0, 1.0)),
        ],
        columns=["neuron", "feature", "weight", "weight_out"],
    ).assign(superposition=0.5)
    figure = plots.stacks(table)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["monosemantic", "weak output", "silent"]
    axes = figure.axes[0]
    heights = [sum(part[1] for part in segments(axes, k)) for k in range(3)]
    line = sorted((bar.get_x(), bar.get_facecolor()) for bar in axes.patches if bar.get_y() < 0)
    kinds = {to_rgba(style.BLUE): 1.0, to_rgba(style.GREY): 2.0, to_rgba(style.FAINT): 0.0}
    assert [kinds[colour] for _, colour in line] == heights


@pytest.mark.parametrize(
    ("model", "word"), [(tg.ReLUOutput, "dimension"), (tg.ReLUHidden, "neuron")]
)
def test_what_is_no_neuron_is_not_called_one(model: Any, word: str) -> None:
    problem = tg.Problem(tg.Independent(3, 0.1), model(2))
    runs = tg.from_weights(problem, W=np.eye(2, 3), b=np.zeros(3))
    for draw in (plots.neurons, plots.stacks, plots.neuron_weights):
        labels = {axes.get_xlabel() for axes in draw(runs).axes} - {""}
        assert labels == {word}
