"""Oracles: colours rise in lightness; labels say the number at their tick."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tegum.plots import style


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
    assert style.plain_power("$x_1$") == "$x_1$"
    assert style.plain_power("0.5") == "0.5"
