"""The drawing of sets in the plane: what is on it, and that its words are apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from figure_text import assert_text_is_inside_and_apart
from matplotlib.colors import to_hex

from tegum import plots
from tegum.errors import SpecError
from tegum.plots.plane_sets import COLOURS


def models(count: int = 2) -> pd.DataFrame:
    """Two pairs: the first merged, the second not; a panel each, two headings."""
    angle = np.radians([30.0, 30.0, 120.0, 240.0])
    one = pd.DataFrame({"feature": range(4), "set": [0, 0, 1, 1]})
    one = one.assign(w0=np.cos(angle), w1=np.sin(angle))
    parts = [
        one.assign(panel=f"model {k}\nloss +{k} %", heading=f"case {k % 2}") for k in range(count)
    ]
    return pd.concat(parts, ignore_index=True)


def test_every_feature_is_a_dot_in_the_colour_of_its_set() -> None:
    figure = plots.sets_2d(models(), columns=2)
    assert len(figure.axes) == 2
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    filled = [d for d in dots if d.get_markerfacecolor() != "none"]
    colours = [to_hex(dot.get_markerfacecolor()) for dot in filled]
    assert colours == [to_hex(COLOURS[0])] * 2 + [to_hex(COLOURS[1])] * 2
    np.testing.assert_allclose(
        [[float(dot.get_xdata()[0]), float(dot.get_ydata()[0])] for dot in filled],
        models(1)[["w0", "w1"]],
    )
    (ring,) = (d for d in dots if d.get_markerfacecolor() == "none")
    assert to_hex(ring.get_markeredgecolor()) == to_hex(COLOURS[0])
    assert ring.get_xdata()[0] == pytest.approx(np.cos(np.pi / 6))


def test_rows_have_headings_and_words_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = plots.sets_2d(models(5), rows="heading", columns=2)
    assert [text.get_text() for text in figure.texts] == ["case 0", "case 1"]
    assert len(figure.axes) == 5
    assert_text_is_inside_and_apart(figure, monkeypatch)


def test_bad_tables_are_refused() -> None:
    with pytest.raises(SpecError, match="must have a column 'set'"):
        plots.sets_2d(models().drop(columns="set"))
    with pytest.raises(SpecError, match="one row per feature"):
        plots.sets_2d(models().assign(panel="all"))
    with pytest.raises(SpecError, match="whole numbers >= 0 as set"):
        plots.sets_2d(models().assign(set=0.5))
    with pytest.raises(SpecError, match="whole numbers >= 0 as set; got nan"):
        plots.sets_2d(models().assign(set=np.nan))
    with pytest.raises(SpecError, match="whole numbers >= 0 as set; got 'a'"):
        plots.sets_2d(models().assign(set="a"))
    with pytest.raises(SpecError, match=r"plots\.columns must be >= 1; got 0"):
        plots.sets_2d(models(), columns=0)
