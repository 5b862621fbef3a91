"""The overlay of models in the plane: what is drawn where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from figure_text import assert_text_is_inside_and_apart

from tegum import plots
from tegum.errors import SpecError


def table(values: tuple[float, ...] = (0.1, 1.0, 10.0)) -> pd.DataFrame:
    """A triangle per value, and at the lowest one of which a feature is at 0."""
    rows = []
    for k, value in enumerate(values):
        name = "pair" if k == 0 else "triangle"
        for place, angle in enumerate(2 * np.pi * np.arange(3) / 3):
            size = 0.0 if k == 0 and place == 0 else 1 + 0.1 * k
            xy = {"w0": size * np.cos(angle), "w1": size * np.sin(angle)}
            rows.append({"at": value, "name": name, "place": place, **xy})
    return pd.DataFrame(rows)


def test_features_lie_where_the_table_has_them() -> None:
    figure = plots.morph(table(), at="at", label="density", by="name", shown=[0.1, 10.0])
    pair, triangle, _, low, high = figure.axes
    assert [axes.get_title() for axes in (pair, triangle, low, high)] == [
        *("pair", "triangle", "0.1", "10")
    ]
    for axes, models, outlines in ((pair, 1, 0), (triangle, 2, 2), (low, 1, 0), (high, 1, 1)):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        joined = [line for line in axes.lines if len(line.get_xdata()) == 4]
        assert (len(dots), len(joined)) == (3 * models, outlines)
    ends = sorted(
        float(np.ravel(line.get_xdata())[-1]) for line in high.lines if line.get_marker() == "o"
    )
    assert ends == pytest.approx([-0.6, -0.6, 1.2])
    assert high.get_xlim() == pair.get_xlim()


def test_colours_rise_in_lightness_with_the_value() -> None:
    figure = plots.morph(table(), at="at", label="density", by="name", shown=[0.1, 1, 10])
    shades = [sum(axes.lines[-1].get_markerfacecolor()[:3]) for axes in figure.axes[3:]]
    assert shades == sorted(shades)


def test_words_are_legible(monkeypatch: pytest.MonkeyPatch) -> None:
    values = tuple(np.geomspace(0.1, 10, 9))
    figure = plots.morph(table(values), at="at", label="relative density", by="name", shown=values)
    assert_text_is_inside_and_apart(figure, monkeypatch)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": table().drop(columns="place")}, "must have a column 'place'"),
        ({"data": pd.concat([table()] * 2)}, "must have one row per at and place"),
        ({"data": table((0.0, 1.0, 2.0))}, "must have at > 0"),
        ({"shown": [5.0]}, "morph.shown must be values of at in the table"),
    ],
)
def test_bad_tables_are_named(change: dict[str, object], words: str) -> None:
    given = {"data": table(), "at": "at", "label": "x", "by": "name", **change}
    with pytest.raises(SpecError, match=words):
        plots.morph(given.pop("data"), **given)  # type: ignore[arg-type]
