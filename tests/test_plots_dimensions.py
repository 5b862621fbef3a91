"""Oracles: artists hold the numbers of the tables; layouts keep distances; text is apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from figure_text import assert_text_is_inside_and_apart
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from tegum import plots
from tegum.errors import SpecError
from tegum.plots import geometries, graphs

LEVELS = np.geomspace(1, 10, 9)


def models() -> pd.DataFrame:
    """Two seeds; the chosen ones stick to 1 at three levels and to 1/2 at two."""
    chosen = [1.0, 1.01, 0.99, 0.8, 0.51, 0.49, 0.4, 0.3, 0.2]
    rows = [
        {"feature_probability": 1 / x, "D_star": y + 0.05 * k, "chosen": k == 0}
        for x, y in zip(LEVELS, chosen, strict=True)
        for k in range(2)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def features(panels: int = 1) -> pd.DataFrame:
    """Ten features at each level, of five geometries."""
    names = ["tetrahedron", "digon", "square antiprism", "hexagon", "not represented"]
    rows = [
        {"feature_probability": 1 / x, "dimensionality": k / 10, "geometry": names[k // 2]}
        for x in LEVELS
        for k in range(10)
    ]
    parts = [pd.DataFrame(rows).assign(panel=f"panel {k}") for k in range(panels)]
    return pd.concat(parts)


def parts(*sizes: int, panel: str = "a") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete graphs of these sizes, named by size, on features numbered in reverse."""
    names = {1: "dedicated", 2: "digon", 3: "triangle", 4: "tetrahedron", 5: "pentagon"}
    nodes, links, number = [], [], 100
    for k, size in enumerate(sizes):
        own = [number - i for i in range(size)]
        number -= size
        geometry = names.get(size, "unnamed")
        nodes += [{"panel": panel, "feature": i, "factor": k, "geometry": geometry} for i in own]
        for i, j in combinations(range(size), 2):
            # a ring of strong links and weak chords
            gram = -1.0 if (i - j) % size in (1, size - 1) else 0.3
            link = {"panel": panel, "feature": own[i], "feature_j": own[j], "gram": gram}
            links.append(link)
    columns = ["panel", "feature", "feature_j", "gram"]
    return pd.DataFrame(nodes), pd.DataFrame(links, columns=columns)


def two_graphs() -> tuple[pd.DataFrame, pd.DataFrame]:
    one, two = parts(5, 2, 2, 1), parts(7, 4, 4, 4, 3, panel="b")
    return pd.concat([one[0], two[0]]), pd.concat([one[1], two[1]])


FIGURES: dict[str, Callable[[], Figure]] = {
    "curve": lambda: plots.dimensions_per_feature(models()),
    "scatter": lambda: plots.dimensionality(features(), models()[lambda t: t["chosen"]]),
    "two scatters": lambda: plots.dimensionality(features(2)),
    "graphs": lambda: plots.feature_graphs(*two_graphs()),
    "graphs, rows": lambda: plots.feature_graphs(*two_graphs(), columns=1),
}


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_inside_the_figure_and_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_text_is_inside_and_apart(FIGURES[name](), monkeypatch)


def test_the_curve_goes_through_the_chosen_models_and_its_plateaus_are_named() -> None:
    table = models()
    axes = plots.dimensions_per_feature(table).axes[0]
    chosen = table[table["chosen"]].sort_values("feature_probability", ascending=False)
    line = next(line for line in axes.lines if line.get_linestyle() == "-")
    np.testing.assert_allclose(line.get_xdata(), LEVELS)
    np.testing.assert_allclose(line.get_ydata(), chosen["D_star"])
    words = {text.get_text() for text in axes.texts}
    assert f"D* = 1 ± 0.03 for 1/(1−S) = 1 to {LEVELS[2]:.3g}" in words
    assert f"D* = 1/2 ± 0.03 for 1/(1−S) = {LEVELS[4]:.3g} to {LEVELS[5]:.3g}" in words


def test_every_feature_is_a_dot_near_its_level_in_the_colour_of_its_geometry() -> None:
    table = features()
    axes = plots.dimensionality(table).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert sum(len(np.asarray(line.get_xdata())) for line in dots) == len(table)
    digons = next(d for d in dots if same_color(d.get_color(), geometries.COLOURS["digon"]))
    own = table[table["geometry"] == "digon"]
    assert sorted(np.asarray(digons.get_ydata())) == sorted(own["dimensionality"])
    nearest = np.abs(np.log(np.asarray(digons.get_xdata())[:, None] / LEVELS)).min(1)
    assert nearest.max() < np.log(LEVELS[1]) / 2


def test_other_polytopes_share_one_entry_of_the_legend() -> None:
    assert geometries.present(["hexagon", "digon", "cube"]) == ["digon", geometries.OTHER]


def test_a_graph_has_a_point_per_feature_and_a_line_per_link() -> None:
    nodes, links = two_graphs()
    figure = plots.feature_graphs(nodes, links)
    assert len(figure.axes) == 2
    for axes, panel in zip(figure.axes, "ab", strict=True):
        own, known = nodes[nodes["panel"] == panel], links[links["panel"] == panel]
        points = next(c for c in axes.collections if isinstance(c, PathCollection))
        lines = next(c for c in axes.collections if isinstance(c, LineCollection))
        assert len(np.asarray(points.get_offsets())) == len(own)
        assert len(lines.get_segments()) == len(known)
    title = figure.axes[1].get_title()
    assert "3 tetrahedra" in title
    assert "1 triangle" in title
    assert "1 unnamed of 7 features" in title


def test_a_graph_may_be_without_links() -> None:
    nodes, links = parts(1, 1)
    (axes,) = plots.feature_graphs(nodes, links).axes
    points = next(c for c in axes.collections if isinstance(c, PathCollection))
    assert len(np.asarray(points.get_offsets())) == 2
    assert links.empty


def test_parts_do_not_overlap_and_linked_features_are_close() -> None:
    nodes, links = parts(5, 7, 2, 1, 4, 2)
    at = graphs.layout(nodes, links)
    factor = nodes["factor"].to_numpy()
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    same = factor[:, None] == factor[None]
    assert distance[~same].min() > 2 * graphs._ROOM - 1e-9
    for k in range(6):
        centre = at[factor == k].mean(0)
        radius = np.linalg.norm(at[factor == k] - centre, axis=1).max()
        others = np.linalg.norm(at[factor != k] - centre, axis=1)
        assert others.min() > radius


def test_the_layout_does_not_depend_on_the_order_of_links() -> None:
    nodes, links = parts(5, 2)
    turned = links.rename(columns={"feature": "feature_j", "feature_j": "feature"})
    for other in (links.iloc[::-1], turned):
        at, again = graphs.layout(nodes, links), graphs.layout(nodes, other)
        apart, once_more = (np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (at, again))
        np.testing.assert_allclose(apart, once_more, atol=1e-6)


def test_distances_in_the_plane_are_kept() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(9, 2))
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    at = graphs.spread(distance)
    np.testing.assert_allclose(np.linalg.norm(at[:, None] - at[None], axis=-1), distance, atol=1e-9)
    np.testing.assert_allclose(at.mean(0), 0, atol=1e-12)


def test_no_small_move_of_a_point_lowers_the_stress() -> None:
    distance = np.ones((5, 5)) - np.eye(5)  # a 4-simplex does not fit into the plane
    distance[0, 1] = distance[1, 0] = 0.7

    def stress(at: np.ndarray) -> float:
        return float(((np.linalg.norm(at[:, None] - at[None], axis=-1) - distance) ** 2).sum())

    at = graphs.spread(distance)
    rng = np.random.default_rng(4)
    assert all(stress(at + 1e-2 * rng.normal(size=at.shape)) > stress(at) for _ in range(50))


def test_bad_tables_are_refused() -> None:
    with pytest.raises(SpecError, match="must have a column 'D_star'"):
        plots.dimensions_per_feature(models().drop(columns="D_star"))
    with pytest.raises(SpecError, match="one row per feature_probability among the chosen"):
        plots.dimensions_per_feature(models().drop(columns="chosen"))
    with pytest.raises(SpecError, match="must have a column 'geometry'"):
        plots.dimensionality(features().drop(columns="geometry"))
    nodes, links = parts(2)
    with pytest.raises(SpecError, match="must have a column 'gram'"):
        plots.feature_graphs(nodes, links.drop(columns="gram"))
    with pytest.raises(SpecError, match="must have one row per feature"):
        plots.feature_graphs(pd.concat([nodes, nodes]), links)
