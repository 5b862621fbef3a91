"""The graph of a model: which edges and nodes are drawn, where, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots.circuits import circuit


def table() -> pd.DataFrame:
    rows = [
        *(("in", 0, 3, 1.0), ("in", 0, 5, -0.5), ("in", 7, 3, 0.02), ("in", 7, 5, 1.0)),
        *(("out", 0, 3, 0.6), ("out", 0, 5, 2.0), ("out", 7, 3, 0.0), ("out", 7, 5, -2.0)),
    ]
    found = pd.DataFrame(rows, columns=["side", "neuron", "feature", "weight"])
    return found.assign(role=np.where(found["neuron"] == 7, "inhibits", ""))


def test_edges_and_nodes() -> None:
    (axes,) = circuit(table()).axes
    lines = axes.get_lines()
    assert len(lines) == 6  # two weights are below .1
    by_weight = sorted(
        (line.get_linewidth(), to_hex(line.get_color()).upper(), line.get_xdata()[0])
        for line in lines
    )
    assert [round(w, 2) for w, _, _ in by_weight] == [1.1, 1.32, 2.2, 2.2, 4.4, 4.4]
    assert [c for _, c, _ in by_weight].count(style.VERMILION) == 2
    assert sorted(x for _, _, x in by_weight) == [0, 0, 0, 2, 2, 2]
    words = {text.get_text() for text in axes.texts}
    assert {"$x_{3}$", "$y_{5}$", "0", "7", "inhibits", "+0.60", "−2.00"} <= words
    assert "+0.02" not in words
    assert len([w for w in words if w.startswith(("+", "−"))]) == 5  # +1.00 is there twice


def test_numbers_keep_apart() -> None:
    """No two numbers of a graph with all its edges stand on one another."""
    rng = np.random.default_rng(0)
    rows = [
        (side, k, i, rng.uniform(0.5, 1))
        for side in ("in", "out")
        for k in range(4)
        for i in (0, 1)
    ]
    full = pd.DataFrame(rows, columns=["side", "neuron", "feature", "weight"])
    figure = circuit(full)
    figure.canvas.draw()
    boxes = [
        text.get_window_extent() for text in figure.axes[0].texts if text.get_text().startswith("+")
    ]
    assert len(boxes) == 16
    overlaps = sum(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert overlaps == 0


def test_panels_and_plain_edges() -> None:
    both = pd.concat([table().assign(panel="a"), table().assign(panel="b")])
    figure = circuit(both, numbered=False, least=0.0)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    assert all(len(axes.get_lines()) == 8 for axes in figure.axes)
    assert not [t for t in figure.axes[0].texts if t.get_text().startswith("+")]


def test_bad_tables() -> None:
    with pytest.raises(SpecError, match=r"^circuit\.table must have sides 'in' and 'out'; got \["):
        circuit(table().assign(side="up"))
    with pytest.raises(SpecError, match=r"^circuit\.table must have a column 'weight'"):
        circuit(table().drop(columns="weight"))
    with pytest.raises(SpecError):
        circuit(pd.concat([table(), table()]))


@pytest.mark.parametrize(("neurons", "numbered"), [(3, True), (4, False)])
def test_numbers_that_edges_would_cross_out_are_left_out(neurons: int, numbered: bool) -> None:
    rows = [
        (side, neuron, feature, 1.0)
        for side in ("in", "out")
        for neuron in range(neurons)
        for feature in range(10)
    ]
    table = pd.DataFrame(rows, columns=["side", "neuron", "feature", "weight"])
    words = [text.get_text() for text in circuit(table).axes[0].texts]
    assert ("+1.00" in words) == numbered
