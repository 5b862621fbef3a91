"""Feature directions in space, moving: a training as a film."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes

from tegum.errors import SpecError
from tegum.plots import _projection, space, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._colours import Paint
from tegum.plots._place import Place, documented
from tegum.plots._sources import is_dataset, require, require_one, table_of, with_hidden
from tegum.plots._trainings import Trainings

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SIDE, _EDGE, _TITLE, _CURVE, _BETWEEN = 2.6, 0.06, 0.34, 2.0, 0.78
_MILLISECONDS: Final = 90
_HOLD: Final = 14  # frames of the last moment
_TAIL: Final = 18  # past moments that leave a trail
_POINT: Final = 10.0


@documented
def motion_3d(
    data: pd.DataFrame | xr.Dataset,
    curve: pd.DataFrame | None = None,
    stages: pd.DataFrame | None = None,
    *,
    turn: float = 40.0,
    view: tuple[float, float] = space.VIEW,
    **place: Unpack[Place],
) -> FuncAnimation:
    """The features of one model moving in space, one frame per step, drawn as in `features_3d`.

    The point of view turns slowly. At the right a dot runs along the loss curve, log-log, where
    one is given; above is the step, with the name of the stage. Save it with
    `save_film(motion_3d(...), "film.mp4")`, or show it in a notebook with `.to_jshtml()`.

    Args:
        data: columns `step`, `feature`, `w0`, `w1`, `w2`, optionally `set`; or a Dataset of one
            model with three hidden dimensions and checkpoints, which has its curve with it.
        curve: columns `step`, `loss`.
        stages: columns `name`, `start`: the steps at which stages begin.
        turn: degrees around the third axis during the film.
        view: where it begins; see `features_3d`.

    Returns:
        The film.

    Raises:
        SpecError: a column is missing, or a step has not one row for each feature.

    Source: "Superposition and Learning Dynamics".
    """
    canvas = Canvas("motion_3d", place, composed="it is drawn anew at every step")
    if is_dataset(data):
        with_hidden("motion_3d", data, 3, "level_traces")
        seen = Trainings("motion_3d", data)
        if curve is None and "loss" in seen.seen:
            curve = seen.curve()
        data = seen.features()
    data = table_of("motion_3d", data)
    require("motion_3d", data, ["step", "feature", *_projection.XYZ])
    full = data["step"].nunique() * data["feature"].nunique()
    require_one("motion_3d", data, ["step", "feature"])
    if len(data) != full:
        raise SpecError.of(
            "motion_3d", "table", "must have one row per step and feature", len(data)
        )
    settings = style.under_users()
    with mpl.rc_context(settings):
        scene, beside = _sheet(canvas, curve is not None)
        dot = None if curve is None else _curve(beside, curve)
        style.write_plain_powers(canvas.figure.axes)
    steps = np.unique(data["step"].to_numpy())
    moments = {step: rows.sort_values("feature") for step, rows in data.groupby("step")}
    paths = np.stack([moments[step][_projection.XYZ].to_numpy(dtype=float) for step in steps])
    size = space.reach(data)

    def show(frame: int) -> list[Axes]:
        """Draw one frame anew; the last moment stays for a while."""
        k = min(frame, len(steps) - 1)
        azimuth = view[0] + turn * frame / (len(steps) + _HOLD)
        with mpl.rc_context(settings):
            scene.clear()
            _moment(scene, moments[steps[k]], paths[max(0, k - _TAIL) : k + 1], size,
                    _projection.View(azimuth, view[1]))  # fmt: skip
            scene.set_title(_words(int(steps[k]), stages), pad=5)
        if dot is not None and curve is not None:
            nearest = curve.iloc[int((curve["step"] - steps[k]).abs().argmin())]
            dot.set_data([nearest["step"]], [nearest["loss"]])
        return [scene]

    show(0)
    return FuncAnimation(
        canvas.figure,
        show,
        frames=len(steps) + _HOLD,
        interval=_MILLISECONDS,
        cache_frame_data=False,
    )


def _moment(
    axes: Axes, rows: pd.DataFrame, past: _projection.Points, size: float, view: _projection.View
) -> None:
    _projection.frame(axes, size, view)
    colours = Paint("motion_3d", rows, first="set", numbers=False)(rows)
    for feature, colour in enumerate(colours):
        if len(past) > 1:
            _projection.trail(axes, past[:, feature], colour, view)
    _projection.draw(axes, rows, colours, view, "auto", _POINT)


def _sheet(canvas: Canvas, with_curve: bool) -> tuple[Axes, Axes]:
    """The axes of space, and those of the curve at the right, the same where there is none."""
    title = _TITLE * style.grown("axes.titlesize")
    low = 0.42 * style.grown("axes.labelsize")
    more = (_BETWEEN + _CURVE) / _SIDE if with_curve else 0.0
    around = (2 * _EDGE, 2 * _EDGE)
    room = Room(cell=(_SIDE * (1 + more), _SIDE), gap=(0.0, title), rest=around)
    cells = canvas.cells(1, 1, room)
    side = _SIDE * cells.scale
    scene = canvas.panel(_EDGE, _EDGE + title, side, side)
    if not with_curve:
        return scene, scene
    left, wide = _EDGE + side + _BETWEEN - 0.1, side * (1 + more) - side - _BETWEEN
    return scene, canvas.side(left, _EDGE + title + 0.25, wide, side - low - 0.25)


def _curve(axes: Axes, curve: pd.DataFrame):  # type: ignore[no-untyped-def]
    """The loss curve; returns the dot that runs along it."""
    require("motion_3d.curve", curve, ["step", "loss"])
    shown = curve[curve["step"] > 0]
    axes.plot(shown["step"], shown["loss"], color=style.ink(), lw=1.3)
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="loss")
    return axes.plot(
        [], [], "o", color=style.VERMILION, ms=7, mec=style.paper(), mew=0.8, zorder=5
    )[0]


def _words(step: int, stages: pd.DataFrame | None) -> str:
    name = ""
    if stages is not None:
        require("motion_3d.stages", stages, ["name", "start"])
        begun = stages[stages["start"] <= step]
        name = f"{begun['name'].iloc[-1]}, " if len(begun) else ""
    return f"{name}step {step:,}"
