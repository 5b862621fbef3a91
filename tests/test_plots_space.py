"""Figures in space and over training: projection, connections, words apart; films."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from figure_text import assert_text_is_inside_and_apart
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from PIL import Image

from tegum import plots
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.experiments.base import FigureSpec, Tables
from tegum.plots import _projection, style
from tegum.report import figures
from tegum.report.inlay import Shared, inlay

OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)], axis=1)
CUBE = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, 8) / np.sqrt(3)


def points(W: F64, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame(
        {"feature": range(W.shape[1]), **dict(zip(_projection.XYZ, W, strict=True))}
    )
    return table.assign(**columns)


def two_sets(**columns: object) -> pd.DataFrame:
    return points(OCTAHEDRON, set=[0, 0, 0, 1, 1, 1], **columns)


def moving() -> pd.DataFrame:
    return pd.concat([two_sets(step=s).assign(w2=lambda t, s=s: t["w2"] * s / 9) for s in (3, 9)])


def grid() -> pd.DataFrame:
    return pd.concat([two_sets(kind=k, panel=p) for k in "ab" for p in ("first", "second")])


def traces() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    steps = np.geomspace(1, 10_000, 50)
    features = pd.concat(
        [
            pd.DataFrame({"step": steps, "feature": i, "dimensionality": top * (steps > at)})
            for i, (top, at) in enumerate([(0.5, 100), (0.5, 1000), (0.2, 10)])
        ]
    )
    curve = pd.DataFrame({"seed": 0, "step": steps, "loss": 1 + 1 / steps})
    return features, curve, pd.DataFrame({"seed": [0], "start": [90.0], "end": [200.0]})


def stage_tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    _, curve, _ = traces()
    rows = {"name": ["A", "B"], "seed": 0, "start": [0, 100], "end": [100, 10_000]}
    stages = pd.DataFrame({**rows, "settled": [20, 1000], "loss": [1.05, 1.001]})
    rates = pd.DataFrame({"step": curve["step"], "rate": 1 / curve["step"]})
    return pd.concat([curve, curve.assign(seed=1, loss=curve["loss"] * 2)]), stages, rates


FIGURES: dict[str, Callable[[], Figure]] = {
    "features_3d": lambda: plots.features_3d(points(CUBE, importance=np.linspace(0.1, 1, 8))),
    "features_3d, rows": lambda: plots.features_3d(grid(), rows="kind"),
    "features_3d, paths": lambda: plots.features_3d(two_sets(), paths=moving()),
    "level_traces": lambda: plots.level_traces(*traces()),
    "excess_curves": lambda: plots.excess_curves(*traces()[1:], chosen=0),
    "stage_curve": lambda: plots.stage_curve(*stage_tables()),
    "stage_curve, plain": lambda: plots.stage_curve(*stage_tables()[:2]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_words_are_inside_and_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_text_is_inside_and_apart(FIGURES[name](), monkeypatch)


@pytest.mark.parametrize(
    ("view", "across", "up", "towards"),
    [((0, 0), 1, 2, 0), ((-90, 0), 0, 2, 1), ((-90, 90), 0, 1, 2)],
)
def test_axes_seen_along_an_axis(
    view: tuple[float, float], across: int, up: int, towards: int
) -> None:
    flat, depth = _projection.View(*view).project(np.eye(3))
    np.testing.assert_allclose(flat[across], [1, 0], atol=1e-12)
    np.testing.assert_allclose(flat[up], [0, 1], atol=1e-12)
    assert abs(depth[towards]) == pytest.approx(1)
    # what is nearer has the larger number: from the front, x; from −y, minus y
    assert depth[towards] == pytest.approx(-1 if view == (-90, 0) else 1)


def test_a_projection_keeps_lengths_across_and_along() -> None:
    vectors = np.random.default_rng(0).standard_normal((20, 3))
    flat, depth = _projection.View(33.0, 21.0).project(vectors)
    np.testing.assert_allclose((flat**2).sum(1) + depth**2, (vectors**2).sum(1))


@pytest.mark.parametrize(
    ("W", "edges", "count"),
    [(CUBE, "near", 12), (OCTAHEDRON, "near", 12), (OCTAHEDRON, "all", 15), (CUBE, "auto", 28),
     (np.tile(CUBE, 2)[:, :9], "none", 0)],
)  # fmt: skip
def test_connections(W: F64, edges: str, count: int) -> None:
    axes = plots.features_3d(points(W), edges=edges).axes[0]
    assert sum(len(line.get_xdata()) == 2 for line in axes.lines) == count


def test_connections_have_the_colour_of_their_inner_product() -> None:
    W = np.array([[1.0, -1.0], [0, 0], [0, 0]])
    axes = plots.features_3d(points(W), view=(-90, 0)).axes[0]  # both at depth 0: nothing paled
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert to_rgb(line.get_color()) == pytest.approx(to_rgb(style.STRUTS(0.0)))
    assert to_rgb(style.STRUTS(0.5)) == pytest.approx((180 / 255,) * 3, abs=0.01)  # 0: grey


def test_sets_of_three_are_shaded() -> None:
    axes = plots.features_3d(two_sets()).axes[0]
    shades = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    assert [to_rgb(shade.get_facecolor()) for shade in shades] == [
        to_rgb(colour) for colour in style.CYCLE[:2]
    ]


def test_levels_colour_what_rises_and_shade_jumps() -> None:
    above, below = plots.level_traces(*traces()).axes
    colours = [line.get_color() for line in above.lines if len(line.get_xdata()) == 50]
    assert colours == [style.CYCLE[1], style.CYCLE[0], style.FAINT]  # the last to rise is first
    for axes in (above, below):
        (shade,) = axes.patches
        assert (shade.get_x(), shade.get_x() + shade.get_width()) == (90.0, 200.0)


def test_jumps_carry_the_numbers_of_their_features() -> None:
    features, curve, _ = traces()
    jumps = pd.DataFrame({"start": [90.0, 100, 2000], "end": [200.0, 210, 3000]})
    above, below = plots.level_traces(features, curve, jumps.assign(feature=[7, 3, 5])).axes
    # The first two overlap. A number stands at the middle of its jump, on the axis of log steps.
    assert [text.get_text() for text in above.texts] == ["features 7, 3", "feature 5"]
    assert above.texts[1].xy[0] == pytest.approx(6e6**0.5)
    assert not below.texts


def test_without_jumps_nothing_is_shaded() -> None:
    features, curve, jumps = traces()
    for axes in plots.level_traces(features, curve, jumps[:0].assign(feature=0)).axes:
        assert not axes.patches
    (axes,) = plots.excess_curves(curve, jumps[:0]).axes
    assert np.isnan(axes.lines[1].get_ydata()).all()


def test_a_film_has_every_moment_and_a_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tegum.plots.motion._HOLD", 2)

    def animate(tables: Tables) -> object:
        curve = traces()[1]
        return plots.motion_3d(tables["m"], curve, pd.DataFrame({"name": ["A"], "start": [0]}))

    spec = FigureSpec("f", "A film.", lambda t: plots.features_3d(t["m"].query("step == 9")),
                      ("m",), animate)  # fmt: skip
    drawing = figures.draw(spec, {"m": moving()}, "salt")
    assert drawing.gif is not None
    film = Image.open(io.BytesIO(drawing.gif))
    assert film.format == "GIF"
    assert film.n_frames == 4
    assert film.info["loop"] == 0  # for ever
    page = inlay(drawing, "p", Shared())
    assert 'media="(prefers-reduced-motion: reduce), print" srcset="data:image/webp' in page
    moving_picture = base64.b64decode(page.rpartition("base64,")[2].partition('"')[0])
    same = Image.open(io.BytesIO(moving_picture))
    assert (same.format, same.n_frames, same.info["loop"]) == ("WEBP", 4, 0)
    for frame in range(4):
        film.seek(frame)
        same.seek(frame)
        same.load()
        assert same.info["duration"] == film.info["duration"] > 0
        assert np.array_equal(same.convert("RGB"), film.convert("RGB"))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.features_3d(points(CUBE).drop(columns="w2")), "must have a column 'w2'"),
        (lambda: plots.features_3d(grid()), "must have one row per feature in a panel"),
        (lambda: plots.features_3d(points(CUBE), edges="some"), "features_3d.edges must be one of"),
        (lambda: plots.features_3d(points(CUBE), rows="kind"), "must have a column 'kind'"),
        (lambda: plots.motion_3d(points(CUBE)), "motion_3d.table must have a column 'step'"),
        (lambda: plots.motion_3d(moving()[:-1]), "must have one row per step and feature; got 11"),
        (lambda: plots.level_traces(traces()[1], traces()[1]), "must have the columns 'feature', "),
        (
            lambda: plots.excess_curves(traces()[1], traces()[2].drop(columns="end")),
            "excess_curves.jumps.table must have a column 'end'",
        ),
        (
            lambda: plots.stage_curve(stage_tables()[0], stage_tables()[1].assign(seed=9)),
            "stage_curve.stages must be of a seed in the curves; got 9",
        ),
    ],
)
def test_bad_input(draw: Callable[[], object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        draw()
