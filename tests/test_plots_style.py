"""Oracles: colours rise in lightness; labels say the number at their tick."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import style as sheets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from plot_runs import dataset

from tegum import plots
from tegum.plots import style
from tegum.plots._powers import plain_power


def test_colours_mean_what_they_should() -> None:
    assert style.SIGNED(0.5) == (1.0, 1.0, 1.0, 1.0)
    red, blue = style.SIGNED(0.0), style.SIGNED(1.0)
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    for scale in (style.SHARED, style.IMPORTANCE):
        colours = scale(np.linspace(0, 1, 50))[:, :3]
        luminance = colours @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(luminance) > 0).all()


@pytest.mark.parametrize("limits", [(1e-4, 1.0), (0.2, 0.9), (0.03, 40.0)])
def test_powers_are_plain_text_and_say_the_number_at_their_tick(
    limits: tuple[float, float],
) -> None:
    @style.styled
    def draw() -> Figure:
        figure = Figure(figsize=(4, 3))
        axes = figure.subplots()
        axes.loglog(limits, limits)
        return figure

    figure = draw()
    FigureCanvasAgg(figure).draw()
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        ticks = axis.get_major_ticks() + axis.get_minor_ticks()
        labels = {tick.label1.get_text(): float(tick.get_loc()) for tick in ticks}
        labels.pop("", None)
        assert labels
        for text, value in labels.items():
            factor, _, power = text.rpartition("×")
            assert power.startswith("10"), text
            exponent = float(power[2:].translate(raised))
            assert float(factor or 1) * 10**exponent == pytest.approx(value)


def test_what_is_no_power_stays_as_it_is() -> None:
    assert plain_power("$x_1$") == "$x_1$"
    assert plain_power("0.5") == "0.5"


def test_what_the_user_has_changed_wins_and_the_rest_is_ours() -> None:
    with mpl.rc_context(
        {"font.size": 14.0, "axes.edgecolor": "red", "font.family": "DejaVu Serif"}
    ):
        before = dict(mpl.rcParams)
        (axes,) = plots.counts(dataset(20, 5)).axes
        assert dict(mpl.rcParams) == before
    assert axes.yaxis.label.get_fontsize() == 14.0
    assert axes.yaxis.get_ticklabels()[0].get_fontsize() == pytest.approx(14 * 8 / 9)
    assert axes.yaxis.label.get_fontfamily() == ["DejaVu Serif"]
    assert axes.spines["left"].get_edgecolor() == to_rgba("red")
    assert not axes.spines["top"].get_visible()  # ours
    assert axes.lines[0].get_color() == style.BLUE


def test_a_style_sheet_holds() -> None:
    with sheets.context("ggplot"):
        (axes,) = plots.counts(dataset(20, 5)).axes
        first = mpl.rcParams["axes.prop_cycle"].by_key()["color"][0]
    assert axes.get_facecolor() == to_rgba("#E5E5E5")
    assert axes.lines[0].get_color() == first
    with sheets.context("dark_background"):
        (axes,) = plots.counts(dataset(20, 5)).axes
    assert to_rgba(axes.yaxis.get_ticklabels()[0].get_color()) == to_rgba("white")


def test_in_the_look_nothing_is_the_users() -> None:
    plain = plots.counts(dataset(20, 5))
    with sheets.context("dark_background"), mpl.rc_context({"font.size": 31.0}):
        before = dict(mpl.rcParams)
        with plots.look():
            figure = plots.counts(dataset(20, 5))
        assert dict(mpl.rcParams) == before
    for own, ours in zip(figure.axes, plain.axes, strict=True):
        assert own.get_facecolor() == ours.get_facecolor()
        assert own.yaxis.label.get_fontsize() == ours.yaxis.label.get_fontsize() == style.TEXT
        assert [a.get_color() for a in own.lines] == [a.get_color() for a in ours.lines]


def test_in_axes_of_the_user_nothing_is_ours() -> None:
    with sheets.context("ggplot"):
        axes = Figure().subplots()
        plots.counts(dataset(20, 5), ax=axes)
        assert axes.yaxis.label.get_fontsize() == mpl.rcParams["font.size"] * 1.2  # "large"
        assert axes.spines["top"].get_visible()
