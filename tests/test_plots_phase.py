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
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tegum import plots
from tegum.errors import SpecError
from tegum.plots import landscapes, phase_maps, style

RATIOS = np.geomspace(0.1, 10, 5)
DENSITIES = np.geomspace(0.01, 1, 4)


def cells(panels: int = 1) -> pd.DataFrame:
    """Random lengths and superpositions on a 4 × 5 grid of each panel, rows in any order."""
    rng = np.random.default_rng(panels)
    parts = []
    for k in range(panels):
        p, r = (a.ravel() for a in np.meshgrid(DENSITIES, RATIOS, indexing="ij"))
        columns = {"relative_importance": r, "feature_probability": p}
        columns |= {"norm": 1.2 * rng.random(r.size), "superposition": 1.2 * rng.random(r.size)}
        parts.append(pd.DataFrame(columns).assign(panel=f"panel {k}"))
    return pd.concat(parts).sample(frac=1, random_state=1)


def lines() -> pd.DataFrame:
    parts = [
        pd.DataFrame({"relative_importance": RATIOS, "feature_probability": p, "curve": name})
        for p, name in ((0.3, "of the candidates"), (0.4, "of the best"))
    ]
    return pd.concat(parts)


def surface() -> pd.DataFrame:
    w = np.linspace(-1.5, 1.5, 7)
    w2, w1 = (a.ravel() for a in np.meshgrid(w, w, indexing="ij"))
    parts = []
    for p in (0.1, 0.9):
        loss = 0.2 + p * (w1 - 0.5) ** 2 + (w2 + 1) ** 2
        parts.append(pd.DataFrame({"w1": w1, "w2": w2, "loss": loss, "feature_probability": p}))
    return pd.concat(parts)


def minima() -> pd.DataFrame:
    columns = {"w1": [0.5, -0.5, 1.0, 0.4], "w2": [-1.0, 1.0, 0.5, -1.0]}
    p = [0.1, 0.1, 0.1, 0.9]
    return pd.DataFrame({**columns, "loss": [0.2, 0.2, 0.4, 0.3], "feature_probability": p})


def branches() -> pd.DataFrame:
    p = np.linspace(0.1, 0.9, 9)
    falling = pd.DataFrame({"feature_probability": p, "branch": "first", "loss": p, "slope": 1.0})
    flat = pd.DataFrame({"feature_probability": p, "branch": "second", "loss": 0.45, "slope": 0.0})
    flat.loc[:1, ["loss", "slope"]] = np.nan
    return pd.concat([falling, flat])


FIGURES: dict[str, Callable[[], Figure]] = {
    "phase_map": lambda: plots.phase_map(cells()),
    "phase_map, lines": lambda: plots.phase_map(cells(2), lines()),
    "phase_map, rows": lambda: plots.phase_map(cells(5), lines(), columns=2),
    "loss_surface": lambda: plots.loss_surface(surface(), minima()),
    "loss_surface, rows": lambda: plots.loss_surface(surface(), columns=1),
    "crossing": lambda: plots.crossing(branches(), at="feature_probability"),
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


def titled(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_title().startswith(("panel", "1−S"))]


def mesh(axes: Axes) -> QuadMesh:
    (found,) = (artist for artist in axes.collections if isinstance(artist, QuadMesh))
    return found


def test_cells_have_the_colour_of_their_row_at_their_place() -> None:
    table = cells(2)
    panels = titled(plots.phase_map(table))
    assert len(panels) == 2
    for axes in panels:
        drawn = mesh(axes)
        corners = drawn.get_coordinates()
        colours = np.asarray(drawn.get_array())
        rows = table[table["panel"] == axes.get_title()]
        for row in rows.itertuples():
            x, y = row.relative_importance, 1 / row.feature_probability
            i, j = np.argwhere(
                (corners[:-1, :-1, 0] < x)
                & (x < corners[1:, 1:, 0])
                & (corners[1:, 1:, 1] < y)  # densities rise, so sparsity falls
                & (y < corners[:-1, :-1, 1])
            )[0]
            expected = phase_maps.mixed(np.float64(row.norm), np.float64(row.superposition))
            np.testing.assert_allclose(colours[i, j], expected)
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert axes.get_xlim()[0] < 0.1 < 10 < axes.get_xlim()[1]
        assert axes.get_ylim()[0] < 1 < 100 < axes.get_ylim()[1]


def test_colours_mean_what_the_key_says() -> None:
    corners = phase_maps.mixed(np.array([0.0, 0.0, 1.0, 1.0, 3.0]), np.array([0.0, 1, 0, 1, 2]))
    white, alone, shares = (1.0, 1.0, 1.0), to_rgb(phase_maps.ALONE), to_rgb(phase_maps.SHARES)
    np.testing.assert_allclose(corners, [white, white, alone, shares, shares])
    half = phase_maps.mixed(np.float64(0.5), np.float64(0.0))
    np.testing.assert_allclose(half, (np.array(white) + alone) / 2)
    missing = phase_maps.mixed(np.float64(np.nan), np.float64(0.0))
    np.testing.assert_allclose(missing, to_rgb(style.FAINT))


def test_missing_cells_are_grey() -> None:
    table = cells().sort_values(["feature_probability", "relative_importance"])[1:]
    colours = np.asarray(mesh(titled(plots.phase_map(table))[0]).get_array())
    np.testing.assert_allclose(colours[0, 0], to_rgb(style.FAINT))


def test_boundaries_are_drawn_in_every_panel_or_in_their_own() -> None:
    table, curves = cells(2), lines()
    for axes in titled(plots.phase_map(table, curves)):
        assert [len(line.get_xdata()) for line in axes.lines] == [5, 5]
        np.testing.assert_allclose(axes.lines[0].get_ydata(), 1 / 0.3)
        np.testing.assert_allclose(axes.lines[1].get_ydata(), 1 / 0.4)
        np.testing.assert_allclose(axes.lines[0].get_xdata(), RATIOS)
        assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
    figure = plots.phase_map(table, curves.assign(panel="panel 1"))
    assert {axes.get_title(): len(axes.lines) for axes in titled(figure)} == {
        "panel 0": 0,
        "panel 1": 2,
    }
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["of the candidates", "of the best"]


def test_surfaces_are_relative_to_the_lowest_loss_of_their_panel() -> None:
    table = surface()
    panels = titled(plots.loss_surface(table, minima()))
    assert [axes.get_title() for axes in panels] == ["1−S = 0.9", "1−S = 0.1"]
    for axes, p in zip(panels, (0.9, 0.1), strict=True):
        loss = table.loc[table["feature_probability"] == p, "loss"].to_numpy().reshape(7, 7)
        np.testing.assert_allclose(mesh(axes).get_array(), loss / loss.min())
        assert axes.get_aspect() == 1.0
    contours = [a for a in panels[0].collections if not isinstance(a, QuadMesh)]
    np.testing.assert_allclose(contours[0].levels, landscapes.LEVELS)


def test_the_lowest_minima_are_dots_and_others_rings() -> None:
    dense, sparse = titled(plots.loss_surface(surface(), minima()))
    marks = {
        str(line.get_markerfacecolor()): np.transpose(line.get_data()).tolist()
        for line in sparse.lines
        if line.get_marker() == "o"
    }
    assert marks == {style.VERMILION: [[0.5, -1.0], [-0.5, 1.0]], "white": [[1.0, 0.5]]}
    dots = [line for line in dense.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [np.transpose(line.get_data()).tolist() for line in dots] == [[[0.4, -1.0]]]


def test_crossing_draws_every_branch_and_stresses_the_lowest() -> None:
    top, bottom = plots.crossing(branches(), at="feature_probability").axes
    for axes, values in ((top, ("loss", [0.1, 0.2, 0.3, 0.4])), (bottom, ("slope", [1.0] * 4))):
        thin, strong = axes.lines[0], axes.lines[1]
        assert strong.get_linewidth() > thin.get_linewidth()
        rows = branches()
        first = rows[rows["branch"] == "first"]
        np.testing.assert_allclose(thin.get_ydata(), first[values[0]])
        seen = np.asarray(strong.get_ydata())
        np.testing.assert_allclose(seen[:4], values[1])
        assert np.isnan(seen[4:]).all()
        second = np.asarray(axes.lines[3].get_ydata())
        assert np.isnan(second[:4]).all()
        assert not np.isnan(second[4:]).any()
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["first", "second"]
    assert bottom.get_xlabel() == "1−S"


def test_curves_may_be_numbered() -> None:
    numbered = lines().assign(
        curve=lambda t: t["curve"].map({"of the candidates": 1, "of the best": 2})
    )
    figure = plots.phase_map(cells(), numbered)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["1", "2"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.phase_map(cells().drop(columns="norm")), "must have a column 'norm'"),
        (lambda: plots.phase_map(cells()[:0]), "phase_map.table must have rows"),
        (
            lambda: plots.phase_map(pd.concat([cells(), cells()])),
            "must have one row per feature_probability and relative_importance in a panel",
        ),
        (
            lambda: plots.phase_map(cells().assign(relative_importance=0.0)),
            "must have relative_importance and feature_probability > 0; got 0.0",
        ),
        (lambda: plots.phase_map(cells(), by="colour"), "must have a column 'colour'"),
        (
            lambda: plots.phase_map(cells(), lines().drop(columns="curve")),
            "must have a column 'curve'",
        ),
        (lambda: plots.loss_surface(surface()[1:]), "must be a full grid in the panel '1−S = 0.1'"),
        (
            lambda: plots.loss_surface(surface().assign(loss=0.0)),
            "loss_surface.table must have losses > 0; got 0.0",
        ),
        (
            lambda: plots.loss_surface(surface(), minima().drop(columns="feature_probability")),
            "must have a column 'feature_probability'",
        ),
        (lambda: plots.crossing(branches(), at="r"), "crossing.table must have a column 'r'"),
        (
            lambda: plots.crossing(branches().assign(branch="one"), at="feature_probability"),
            "must have one row per feature_probability and branch",
        ),
    ],
)
def test_bad_tables_are_named(call: Callable[[], object], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        call()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
