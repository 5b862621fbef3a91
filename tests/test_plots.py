"""Oracles: the numbers in the artists are those of the table; boxes of text are disjoint."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figure_text import assert_text_is_inside_and_apart
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from plot_runs import DENSITIES, dataset

import tegum as tg
from tegum import plots
from tegum.errors import SpecError
from tegum.plots import style
from tegum.runs import tables


def drawn(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def titled(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_title()]


def count_rows(seeds: int) -> pd.DataFrame:
    return tables.count_table(dataset(20, 5, seeds))


def theory_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {"feature_probability": DENSITIES, "represented": [5, 7, 10], "dedicated": [5, 3, 0]}
    )


def measured_rows(scale: float = 1.0) -> pd.DataFrame:
    theory = scale * np.geomspace(1e-4, 1, 6)
    return pd.DataFrame(
        {
            "theory": theory,
            "measured": 1.1 * theory,
            "error": 0.1 * theory,
            "label": ["first", "second"] * 3,
        }
    )


FIGURES: dict[str, Callable[[], Figure]] = {
    "features_2d": lambda: plots.features_2d(dataset()),
    "features_2d, one": lambda: plots.features_2d(dataset().isel(feature_probability=0)),
    "features_2d, rows": lambda: plots.features_2d(dataset(), columns=2),
    "gram": lambda: plots.gram(dataset(20, 5)),
    "gram, large": lambda: plots.gram(dataset(80, 20), columns=2),
    "gram, one": lambda: plots.gram(dataset().isel(feature_probability=1)),
    "norms": lambda: plots.norms(dataset(20, 5)),
    "norms, large": lambda: plots.norms(dataset(80, 20), columns=2),
    "norms, single feature": lambda: plots.norms(dataset(1, 1)),
    "panels": lambda: plots.panels(dataset(20, 5)),
    "panels, large": lambda: plots.panels(dataset(80, 20), columns=2),
    "panels, one": lambda: plots.panels(dataset(20, 5).isel(feature_probability=2)),
    "counts": lambda: plots.counts(dataset(20, 5, seeds=4), theory_rows()),
    "counts, best": lambda: plots.counts(dataset(20, 5)),
    "loss_curves": lambda: plots.loss_curves(dataset(20, 5, seeds=3)),
    "loss_curves, one": lambda: plots.loss_curves(dataset().isel(feature_probability=0)),
    "against_theory": lambda: plots.against_theory(measured_rows()),
    "against_theory, plain": lambda: plots.against_theory(measured_rows()[["theory", "measured"]]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_inside_the_figure_and_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_text_is_inside_and_apart(FIGURES[name](), monkeypatch)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_leave_matplotlib_as_it_was(name: str) -> None:
    before = dict(mpl.rcParams)
    figure = FIGURES[name]()
    assert dict(mpl.rcParams) == before
    assert type(figure.canvas) is FigureCanvasBase  # of no window


def test_features_2d_draws_the_directions() -> None:
    runs = dataset()
    figure = plots.features_2d(runs)
    panels = titled(figure)
    assert [axes.get_title() for axes in panels] == ["1−S = 1", "1−S = 0.3", "1−S = 0.03"]
    for axes, W in zip(panels, runs.W.values.astype(float), strict=True):
        lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
        spokes = [line for line in lines if line.get_linewidth() == 2.0]
        # The most important feature is drawn last.
        for line, tip in zip(spokes, W.T[::-1], strict=True):
            np.testing.assert_allclose(np.transpose(line.get_data()), [[0, 0], tip])
        assert axes.get_aspect() == 1.0
        assert axes.get_xlim() == axes.get_ylim()
        assert axes.get_xlim()[1] >= np.linalg.norm(W, axis=0).max()
        assert to_rgba(spokes[-1].get_color()) == style.IMPORTANCE(1.0)
        assert to_rgba(spokes[0].get_color()) == style.IMPORTANCE(0.0)


def test_equal_importance_needs_no_scale() -> None:
    table = tables.feature_table(dataset()).assign(importance=1.0)
    assert len(plots.features_2d(table).axes) == 3
    figure = plots.features_2d(table.drop(columns="importance"))
    assert len(figure.axes) == 3
    dots = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    assert {dot.get_markerfacecolor() for dot in dots} == {style.BLUE}


def test_gram_draws_the_table() -> None:
    runs = dataset(7, 3)
    figure = plots.gram(runs)
    squares = titled(figure)
    strips = [axes for axes in figure.axes if axes.images and axes not in squares]
    assert len(squares) == len(strips) == 3
    for k, (square, strip) in enumerate(zip(squares, strips, strict=True)):
        W = runs.W.values[k].astype(float)
        np.testing.assert_allclose(square.images[0].get_array(), W.T @ W, rtol=1e-12)
        np.testing.assert_array_equal(strip.images[0].get_array()[:, 0], runs.b.values[k])
        for axes in (square, strip):
            assert axes.images[0].get_clim() == (-1.0, 1.0)
            assert axes.images[0].cmap is style.SIGNED
            assert axes.images[0].origin == "upper"


def test_norms_draws_bars_from_the_first_feature_down() -> None:
    runs = dataset(7, 3)
    table = tables.feature_table(runs)
    for source in (runs, table.sample(frac=1, random_state=0)):
        for k, axes in enumerate(titled(plots.norms(source))):
            rows = table[table["feature_probability"] == DENSITIES[k]]
            np.testing.assert_allclose([bar.get_width() for bar in axes.patches], rows["norm"])
            middles = [bar.get_y() + bar.get_height() / 2 for bar in axes.patches]
            np.testing.assert_allclose(middles, np.arange(7))
            colours = [bar.get_facecolor() for bar in axes.patches]
            np.testing.assert_allclose(colours, style.SHARED(rows["superposition"].to_numpy()))
            bottom, top = axes.get_ylim()
            assert bottom > top


def test_panels_set_maps_over_bars() -> None:
    figure = plots.panels(dataset(7, 3))
    maps = titled(figure)
    bars = [axes for axes in figure.axes if len(axes.patches) == 7]
    assert len(maps) == len(bars) == 3
    for above, below in zip(maps, bars, strict=True):
        assert above.get_position().x0 == pytest.approx(below.get_position().x0)
        assert above.get_position().y0 > below.get_position().y1


def test_panel_column_is_used_as_it_stands() -> None:
    table = tables.feature_table(dataset())
    linear = table.query("feature_probability == 1.0").assign(panel="linear model")
    relu = table.assign(panel=[f"ReLU, {p:g}" for p in table["feature_probability"]])
    figure = plots.norms(pd.concat([linear, relu]))
    words = ["linear model", "ReLU, 1", "ReLU, 0.3", "ReLU, 0.03"]
    assert [axes.get_title() for axes in titled(figure)] == words
    figure = plots.norms(table.rename(columns={"feature_probability": "r"}), by="r")
    assert [axes.get_title() for axes in titled(figure)] == ["r = 1", "r = 0.3", "r = 0.03"]


def test_counts_follow_the_lowest_loss_and_span_all() -> None:
    rows = [
        {"feature_probability": p, "loss": loss, "represented": r, "dedicated": d}
        for p, loss, r, d in [
            (1.0, 0.2, 4, 3),
            (1.0, 0.1, 5, 5),
            (0.1, 0.3, 9, 1),
            (0.1, 0.4, 7, 2),
            (0.1, np.nan, 0, 0),
        ]
    ]
    figure = plots.counts(pd.DataFrame(rows), theory_rows())
    axes = figure.axes[0]
    lines = {line.get_label(): np.transpose(line.get_data()) for line in axes.lines}
    np.testing.assert_allclose(lines["represented"], [[1, 5], [10, 9]])
    np.testing.assert_allclose(lines["dedicated"], [[1, 5], [10, 1]])
    np.testing.assert_allclose(lines["represented, predicted"][:, 1], [5, 7, 10])
    band = axes.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in band} >= {(1.0, 4.0), (1.0, 5.0), (10.0, 7.0), (10.0, 9.0)}
    assert band[:, 1].min() == 4.0  # the diverged model is not there
    assert axes.get_xscale() == "log"


def test_loss_curves_stress_the_best_seed() -> None:
    rows = pd.DataFrame({"step": [1, 10] * 2, "seed": [0, 0, 1, 1], "loss": [1.0, 0.5, 2.0, 0.1]})
    lines = plots.loss_curves(rows).axes[0].lines
    np.testing.assert_array_equal(lines[1].get_ydata(), [2.0, 0.1])
    assert lines[1].get_linewidth() > lines[0].get_linewidth()


@pytest.mark.parametrize(("scale", "axis"), [(1.0, "log"), (-1.0, "linear")])
def test_against_theory_draws_both_on_equal_axes(scale: float, axis: str) -> None:
    rows = measured_rows(scale).assign(error=1e-5)
    axes = plots.against_theory(rows, quantity="energy").axes[0]
    first = axes.containers[0].lines[0]
    np.testing.assert_allclose(first.get_xydata(), rows[["theory", "measured"]][::2])
    assert axes.get_xscale() == axes.get_yscale() == axis
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_ylabel() == "energy, measured"


@pytest.mark.parametrize("draw", [plots.features_2d, plots.gram, plots.norms, plots.panels])
def test_diverged_models_leave_their_panel_empty(draw: Callable[..., Figure]) -> None:
    runs = dataset()
    drawn(draw(runs.where(runs["feature_probability"] < 1)))
    drawn(draw(runs * np.nan))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: plots.features_2d(dataset(6, 3)),
            "features_2d.data must have 2 hidden dimensions: see features_3d",
        ),
        (lambda: plots.features_2d(dataset(6, 4)), "norms or gram; got 4"),
        (
            lambda: plots.features_2d(tables.feature_table(dataset(6, 3))),
            "features_2d.table must have two dimensions, w0",
        ),
        (
            lambda: plots.features_2d(tables.feature_table(dataset(6, 4))),
            "must have the columns 'w0', 'w1' (tg.runs.tables.feature_table(runs) makes a table)",
        ),
        (
            lambda: plots.norms(dataset(6, 2, seeds=2)),
            "must have one row per feature in a panel where feature_probability = 1.0, and has 2 "
            "models along 'seed': take tg.best(runs), runs.sel({'seed': 0}), or by='seed'; got",
        ),
        (
            lambda: plots.features_2d(dataset(6, 2).rename(feature_probability="r")),
            "in a panel, and has 3 models along 'r': take runs.sel({'r': 1.0}), or by='r'; got 18",
        ),
        (lambda: plots.norms(dataset(), by="colour"), "must have a column 'colour'"),
        (lambda: plots.norms(dataset(), columns=0), "plots.columns must be >= 1; got 0"),
        (lambda: plots.gram(tables.feature_table(dataset())), "gram.pairs must be given"),
        (
            lambda: plots.gram(tables.feature_table(dataset()), tables.gram_table(dataset())[36:]),
            "gram.pairs must have the panels [1.0, 0.3, 0.03]",
        ),
        (
            lambda: plots.gram(tables.feature_table(dataset()), tables.gram_table(dataset())[1:]),
            "gram.pairs must have 36 rows in the panel '1−S = 1'; got 35",
        ),
        (lambda: plots.counts(count_rows(3).drop(columns="loss")), "must have a column 'loss'"),
        (lambda: plots.norms(tables.feature_table(dataset())[:0]), "must have rows"),
        (
            lambda: plots.loss_curves(tables.loss_table(dataset(seeds=2)).assign(panel="all")),
            "must have one row per step and seed in a group",
        ),
    ],
)
def test_bad_tables_are_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def equal(n: int = 5) -> pd.DataFrame:
    """Features of equal importance on a circle, the last two at one place."""
    turn = np.linspace(0, 2 * np.pi, n)
    return pd.DataFrame({"feature": np.arange(n), "w0": np.cos(turn), "w1": np.sin(turn)})


def test_equal_importance_is_coloured_by_number_written_at_the_tips() -> None:
    """Features 0 and 4 point the same way: one place has both numbers."""
    (axes,) = plots.features_2d(equal().assign(importance=1.0)).axes
    dots = {
        tuple(np.ravel(line.get_xydata())): line for line in axes.lines if line.get_marker() == "o"
    }
    colours = {to_rgba(dot.get_markerfacecolor()) for dot in dots.values()}
    assert colours == {to_rgba(colour) for colour in style.CYCLE[:5]}
    words = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
    assert set(words) == {"0, 4", "1", "2", "3"}
    for number, at in words.items():
        tip = equal()[["w0", "w1"]].to_numpy()[int(number[0])]
        assert at @ tip > 1.05  # beyond the tip …
        np.testing.assert_allclose(at / np.linalg.norm(at), tip, atol=1e-9)  # … along the feature


def test_sets_have_colours_where_importance_is_equal_and_else_importance_has() -> None:
    table = equal().assign(set=[0, 0, 1, 1, 2])
    figure = plots.features_2d(table)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    drawn_first = [to_rgba(style.CYCLE[k]) for k in (2, 1, 1, 0, 0)]
    assert [to_rgba(dot.get_markerfacecolor()) for dot in dots] == drawn_first
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "set 1",
        "set 2",
        "set 3",
    ]
    figure = plots.features_2d(table.assign(importance=[1, 0.9, 0.8, 0.7, 0.6]))
    assert not figure.legends
    assert len(figure.axes) == 2  # with a bar


def test_the_sets_of_a_dataset_are_those_of_its_problem() -> None:
    problem = tg.Problem(tg.Anticorrelated(2, 2, 0.2), tg.ReLUOutput(2))
    runs = tg.from_weights(problem, W=np.eye(2, 4), b=np.zeros(4))
    assert len(plots.features_2d(runs).legends[0].get_texts()) == 2
    alone = tg.from_weights(tg.Problem(tg.Independent(4, 0.2), tg.ReLUOutput(2)), W=np.eye(2, 4))
    assert not plots.features_2d(alone).legends
    joint = tg.from_weights(tg.Problem(tg.Samples(np.eye(4)), tg.ReLUOutput(2)), W=np.eye(2, 4))
    assert not plots.features_2d(joint).legends  # one block of all features tells none apart


def test_long_legends_are_a_bar_of_short_numbers() -> None:
    """Twenty densities: numbers of three digits, and of more where three are the same."""
    steps = np.array([1, 10])
    densities = [*np.geomspace(1, 0.01, 18), 0.50001, 0.50002]
    rows = [(p, s, p / s) for p in densities for s in steps]
    table = pd.DataFrame(rows, columns=["feature_probability", "step", "loss"])
    figure = plots.loss_curves(table)
    assert figure.axes[0].get_legend() is None
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[0] == "1−S = 1"
    assert labels[-1] == "1−S = 0.50002"
    few = plots.loss_curves(table[table["feature_probability"].isin(densities[1:9])])
    words = [text.get_text() for text in few.axes[0].get_legend().get_texts()]
    assert words == [f"1−S = {p:.3g}" for p in densities[1:9]]
