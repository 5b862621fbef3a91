"""Every drawing function in axes of the user's, at the widths of a paper and of a slide.

Oracles: boxes of text that are disjoint and inside; the artists of a figure of its own.
"""

from __future__ import annotations

import inspect
import re
from itertools import combinations
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from figure_text import texts_drawn
from matplotlib import style as sheets
from matplotlib.animation import Animation
from matplotlib.figure import Figure
from matplotlib.text import Text
from plot_tables import DRAWING, given_for, made, runs_of_every_kind

import tegum as tg
from tegum import plots
from tegum.errors import SpecError

#: Inches: a column of a paper, its page, a slide.
WIDTHS = (3.25, 6.5, 10.0)
#: Sizes of text larger than ours, at widths.
LARGE = [(12, 6.5), (12, 10.0), (16, 3.25), (16, 6.5)]
#: Functions whose panels are several axes, or no axes at all.
COMPOSED = {"gram", "motion_3d", "neurons", "panels"}
PAIR_OF_NEURONS = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
LONG = "an_unusually_long_name"


@pytest.fixture(scope="module")
def runs() -> dict[str, xr.Dataset]:
    return runs_of_every_kind()


@pytest.fixture(scope="module")
def tables(runs: dict[str, xr.Dataset]) -> dict[str, dict[str, Any]]:
    """By function, what it is given: tables, which are made once."""
    return {name: given_for(name, runs, table=True) for name in DRAWING}


def figure_of(drawn: Any) -> Figure:
    """The figure, of a film too."""
    if isinstance(drawn, Animation):
        drawn._draw_was_started = True  # or it warns that it was never shown
        drawn = drawn._fig
    assert isinstance(drawn, Figure)
    return drawn


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[Text, None]:
    """The texts that are drawn."""
    return texts_drawn(monkeypatch)


def assert_inside_and_apart(figure: Figure, shown: dict[Text, None]) -> None:
    """Every text is within the figure, and touches no other by more than a pixel."""
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    assert boxes
    width, height = figure.bbox.width, figure.bbox.height
    outside = [
        words for words, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]  # fmt: skip
    assert outside == []
    touching = [
        (words, others)
        for (words, box), (others, other) in combinations(boxes, 2)
        if min(box.x1, other.x1) - max(box.x0, other.x0) > 1
        and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    ]
    assert touching == []


@pytest.mark.parametrize("width", [3.25, pytest.param(6.5, marks=pytest.mark.slow), 10.0])
@pytest.mark.parametrize("name", DRAWING)
def test_text_is_inside_and_apart_at_every_width(
    name: str, width: float, tables: dict[str, dict[str, Any]], shown: dict[Text, None]
) -> None:
    figure = figure_of(getattr(plots, name)(**tables[name], figsize=width))
    assert figure.get_figwidth() == width
    assert_inside_and_apart(figure, shown)


@pytest.mark.parametrize(
    ("size", "width"),
    [(12, 3.25), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in LARGE)],
)
@pytest.mark.parametrize("name", DRAWING)
def test_larger_text_has_its_room(
    name: str,
    size: float,
    width: float,
    tables: dict[str, dict[str, Any]],
    shown: dict[Text, None],
) -> None:
    with mpl.rc_context({"font.size": size}):
        if (name, size, width) == ("panels", 16, 3.25):
            with pytest.raises(SpecError, match=r"panels\.figsize must be at least .* inches wide"):
                plots.panels(**tables[name], figsize=width)
            return
        figure = figure_of(getattr(plots, name)(**tables[name], figsize=width))
        assert_inside_and_apart(figure, shown)


def test_panels_that_text_squashes_are_spoken_of(runs: dict[str, xr.Dataset]) -> None:
    with mpl.rc_context({"font.size": 30}):
        figure = plots.loss_curves(runs["sweep"], figsize=(3.25, 2))
        with pytest.warns(
            UserWarning, match="^loss_curves: the text leaves no room .*; make figsi"
        ):
            figure.draw_without_rendering()
        figure.draw_without_rendering()  # it is said once


@pytest.mark.parametrize(
    "name", ["against_theory", "dimensionality", "dimensions_per_feature", "level_traces"]
)
def test_a_grid_hides_no_line(name: str, tables: dict[str, dict[str, Any]]) -> None:
    with sheets.context("ggplot"):
        for axes in figure_of(getattr(plots, name)(**tables[name])).axes:
            assert axes.xaxis.get_zorder() < min(line.get_zorder() for line in axes.lines)


@pytest.mark.parametrize("name", ["circuit", "dimensionality", "feature_graphs", "loss_curves"])
def test_a_legend_is_beside_the_axes_where_room_can_be_made(
    name: str, tables: dict[str, dict[str, Any]]
) -> None:
    count = panels_of(name, tables[name])
    users = Figure(figsize=(4 * count, 4), layout="constrained")
    panels = np.atleast_1d(users.subplots(1, count))
    getattr(plots, name)(**tables[name], **({"ax": panels[0]} if count == 1 else {"axes": panels}))
    users.draw_without_rendering()
    legend = panels[-1].get_legend().get_window_extent()
    assert not legend.overlaps(panels[-1].get_window_extent())
    assert users.bbox.x0 <= legend.x0 < legend.x1 <= users.bbox.x1
    assert users.bbox.y0 <= legend.y0 < legend.y1 <= users.bbox.y1


@pytest.mark.parametrize("name", DRAWING)
def test_a_size_is_kept_and_text_keeps_its_own(
    name: str, tables: dict[str, dict[str, Any]], shown: dict[Text, None]
) -> None:
    figure = figure_of(getattr(plots, name)(**tables[name], figsize=(8, 5.5)))
    assert tuple(figure.get_size_inches()) == (8, 5.5)
    assert_inside_and_apart(figure, shown)
    # small text, that of numbers on edges, titles, and formulas
    assert {text.get_fontsize() for text in shown} <= {7.0, 8.0, 9.0, 10.0}


def panels_of(name: str, arguments: dict[str, Any]) -> int:
    """How many axes a function asks for, by its own words."""
    with pytest.raises(SpecError) as caught:
        getattr(plots, name)(**arguments, axes=[Figure().subplots()] * 9)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"{name}.axes must be ")
    words = said.partition(" must be ")[2].split()[0]
    return 1 if words == "one;" else int(words)


@pytest.mark.parametrize("sheet", ["default", "ggplot"])
@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("name", DRAWING)
def test_axes_of_ones_own_are_drawn_into_or_refused_in_a_line(
    name: str, table: bool, sheet: str, runs: Any, tables: Any
) -> None:
    """As many artists of each kind as in a figure of its own, and no figure but the user's."""
    arguments = tables[name] if table else given_for(name, runs)
    draw = getattr(plots, name)
    with sheets.context(sheet):
        own = figure_of(draw(**arguments))
        if name in COMPOSED:
            with pytest.raises(SpecError, match=rf"^{name}\.ax must not be given, .*see figsize"):
                draw(**arguments, ax=Figure().subplots())
            return
        count = panels_of(name, arguments)
        users = Figure(figsize=(4 * count, 4))
        panels = np.atleast_1d(users.subplots(1, count))
        place = {"ax": panels[0]} if count == 1 else {"axes": panels}
        assert draw(**arguments, **place) is users
        users.draw_without_rendering()
    for ours, users_own in zip(own.axes, panels, strict=False):
        for kind in ("lines", "images", "collections"):
            assert len(getattr(ours, kind)) == len(getattr(users_own, kind))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"ax": 3}, "counts.ax must be axes of matplotlib; got 3"),
        ({"figsize": "wide"}, "counts.figsize must be a width or (width, height) in inches, 1 to"),
        ({"figsize": (3, -1)}, "counts.figsize must be a width or (width, height) in inches, 1 to"),
        ({"figsize": float("nan")}, "counts.figsize must be a width or (width, height)"),
        ({"figsize": 5, "ax": Figure().subplots()}, "counts.ax must be given without axes and fig"),
    ],
)
def test_a_place_that_is_none_is_refused_in_a_line(
    place: dict[str, Any], words: str, runs: dict[str, xr.Dataset]
) -> None:
    with pytest.raises(SpecError) as caught:
        plots.counts(runs["sweep"], **place)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_has_no_room_says_how_much_it_needs(runs: dict[str, xr.Dataset]) -> None:
    with pytest.raises(SpecError, match=r"features_3d\.figsize must be at least 1\.6 inches wide"):
        plots.features_3d(runs["space"], figsize=1.2)
    with pytest.raises(SpecError, match=r"norms\.figsize must be at least .* wide, and higher"):
        plots.norms(runs["plane"], figsize=(6, 1))


def test_a_word_that_is_no_argument_is_a_type_error(runs: dict[str, xr.Dataset]) -> None:
    with pytest.raises(TypeError, match='norms has no argument "colums": it is columns here'):
        plots.norms(runs["plane"], colums=3)


@pytest.mark.parametrize("name", DRAWING)
def test_the_last_arguments_are_seen_and_explained(name: str) -> None:
    draw = getattr(plots, name)
    assert list(inspect.signature(draw).parameters)[-3:] == ["ax", "axes", "figsize"]
    assert "figsize: the figure's width, or (width, height), in inches" in inspect.getdoc(draw)


def test_panels_are_set_in_as_many_columns_as_fit(runs: dict[str, xr.Dataset]) -> None:
    """Of at least .9 in, beside a bar of 1 in."""
    table = tables_of_panels(5)
    across = {w: columns_of(plots.features_2d(table, figsize=w)) for w in WIDTHS}
    assert across == {3.25: 2, 6.5: 4, 10.0: 5}
    # at most four in a row: three and two, not four and one
    assert columns_of(plots.features_3d(space_of_panels(5))) == 3
    assert columns_of(plots.features_3d(space_of_panels(5), columns=4)) == 4


def columns_of(figure: Figure) -> int:
    titled = [axes for axes in figure.axes if axes.get_title()]
    return len({round(axes.get_position().x0, 6) for axes in titled})


def tables_of_panels(count: int) -> pd.DataFrame:
    rows = [(k, i, np.cos(i), np.sin(i), 0.9**i) for k in range(count) for i in range(4)]
    return pd.DataFrame(rows, columns=["panel", "feature", "w0", "w1", "importance"]).assign(
        panel=lambda table: table["panel"].map("model {}".format)
    )


def space_of_panels(count: int) -> pd.DataFrame:
    return tables_of_panels(count).assign(w2=0.1)


def test_the_list_of_the_papers_figures_names_functions_that_are_there() -> None:
    rows = [line for line in plots.__doc__.splitlines() if re.match(r"    \S", line)]
    named = {name for line in rows for name in re.findall(r"(\w+)\((?:best|runs|one|table)", line)}
    assert len(rows) == 12
    assert named <= set(DRAWING)
    assert not named & {"against_theory", "loss_surface"}  # they take no Dataset


@pytest.fixture(scope="module")
def awkward() -> dict[str, xr.Dataset]:
    """Two neurons in rows of importance under long names; three dimensions of many sets."""
    axes: dict[str, Any] = {
        "lone": None,
        "rows": {"importance": 0.9 ** np.arange(15.0).reshape(3, 5)},
        "named": {LONG: ("importance[0]", [0.5, 1, 2])},
    }
    found = {name: tg.best(made(PAIR_OF_NEURONS, axis)) for name, axis in axes.items()}
    sets = tg.Problem(tg.Correlated(7, 2, 0.2), tg.ReLUOutput(3))
    return {**found, "sets": tg.best(made(sets))}


@pytest.mark.parametrize("width", [None, 3.25])
@pytest.mark.parametrize(
    ("name", "which"),
    [
        *((name, "lone") for name in ("neurons", "stacks")),
        *((name, "rows") for name in ("features_2d", "gram", "neurons", "norms")),
        *((name, "named") for name in ("features_2d", "gram", "neurons", "norms")),
        ("features_3d", "sets"),
    ],
)
def test_words_of_awkward_runs_are_inside_and_apart(
    name: str,
    which: str,
    width: float | None,
    awkward: dict[str, xr.Dataset],
    shown: dict[Text, None],
) -> None:
    by = {"by": LONG} if which == "named" else {}
    figure = getattr(plots, name)(awkward[which], **by, figsize=width)
    assert_inside_and_apart(figure, shown)
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    ends = {"lone": [], "rows": ["row 0", "row 1", "row 2"], "named": ["0.5", "1", "2"], "sets": []}
    assert len(titles) == len(ends[which])
    assert all(one.endswith(end) for one, end in zip(titles, ends[which], strict=True))


def test_the_bar_of_what_varies_has_two_numbers_at_least(runs: dict[str, xr.Dataset]) -> None:
    for ends in [(0.5, 2.0), (0.9, 1.1), (1.2, 1.21), (0.001, 1000.0)]:
        table = tables_of_panels(2).rename(columns={"feature": "place"})
        table["at"] = table["panel"].map({"model 0": ends[0], "model 1": ends[1]})
        figure = plots.morph(table, at="at")
        figure.draw_without_rendering()
        axis = figure.axes[-1].yaxis
        marked = [tick for tick in axis.get_majorticklocs() if ends[0] <= tick <= ends[1]]
        assert len(marked) >= 2
        assert all(tick.get_text() for tick in axis.get_ticklabels())
